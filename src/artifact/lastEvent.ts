import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";

export const EVENTS_FILE = "events.ndjson";

/** Most last lines are shorter. */
const SOME_BYTES = 2 ** 12;

/**
 * Whether the last training in a run folder wrote the model that is there: it has not if it was killed, stopped or failed,
 * or is not done yet. A folder without events, or with ones that can't be read, has no training to tell of.
 */
export function wroteItsModel(folder: string): boolean {
  try {
    return /"event":"end".*"model":"/.test(lastLine(join(folder, EVENTS_FILE)));
  } catch {
    return true;
  }
}

function lastLine(path: string): string {
  const descriptor = openSync(path, "r");
  try {
    const { size } = fstatSync(descriptor);
    for (let length = Math.min(size, SOME_BYTES); ; length = Math.min(size, 16 * length)) {
      const bytes = Buffer.alloc(length);
      const text = bytes.toString("utf8", 0, readSync(descriptor, bytes, 0, length, size - length)).trimEnd();
      if (length === size || text.includes("\n")) return text.slice(text.lastIndexOf("\n") + 1);
    }
  } finally {
    closeSync(descriptor);
  }
}
