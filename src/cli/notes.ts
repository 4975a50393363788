/** The notes that a command has told people so far: its JSON has them too. */
export const toldNotes: string[] = [];
