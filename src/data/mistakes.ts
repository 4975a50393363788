/** So many different words among numbers are looked at, */
export const MOST_MISTAKES = 20;
/** and so many of them are told. */
const MOST_TOLD = 5;

/** The different words of a column that are not like its other cells. */
export function mistakesText(words: readonly string[]): string {
  const told = words.slice(0, MOST_TOLD).map((word) => `"${word}"`);
  if (words.length > MOST_TOLD) return `${told.join(", ")} and others`;
  return [told.slice(0, -1).join(", "), ...told.slice(-1)].filter((words) => words !== "").join(" and ");
}

/**
 * What to do about cells that are not like the others. `words`: their different words; `missing`: those for a missing
 * cell; `orWords`: what makes a column of words of it, if that is of use.
 */
export function waysOut(
  words: readonly string[],
  { name, cells, missing, orWords }: { name: string; cells: number; missing: Iterable<string>; orWords: string },
): string {
  const asMissing = `data.missing: ${JSON.stringify([...missing, ...words])}`;
  const [number, cell] = cells === 1 ? ["a number in its place", "the cell"] : ["numbers in their places", "the cells"];
  const correcting = words.some((word) => LIMIT.test(word))
    ? `${number}, such as half of a lower limit`
    : `correcting ${cell}`;
  const deleting = deletingRows(words, { name, cells });
  return `${deleting}${correcting}${orWords ? "," : " or"} ${asMissing}${orWords}`;
}

/** What to try first about cells with such words, where the words say that their rows are no data; else nothing. */
export function deletingRows(words: readonly string[], { name, cells }: { name: string; cells: number }): string {
  if (!words.some((word) => isNoRow(word, name))) return "";
  const [row, totals] =
    cells === 1 ? ["the row", "it is a total or a heading"] : ["rows", "they are totals or headings"];
  return `deleting ${row}, if ${totals}, `;
}

/** What laboratories write for a value beyond what they can measure. */
const LIMIT = /^[<>≤≥]\s*[\d.,]+$/;

/** A word for a total, or the column's name again: its row is likely no row of data. */
function isNoRow(text: string, name: string): boolean {
  const word = text.toLowerCase();
  return /^(grand |sub-?)?(totals?|sum|mean|average|summe|gesamt|somme)\b/.test(word) || word === name.toLowerCase();
}
