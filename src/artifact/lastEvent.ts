import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";

export const EVENTS_FILE = "events.ndjson";

/** Longer than a line is. */
const TAIL_BYTES = 2 ** 16;

/**
 * Whether the last training in a run folder wrote the model that is there: it has not if it was killed, stopped or failed,
 * or is not done yet. A folder without events, or with ones that can't be read, has no training to tell of.
 */
export function wroteItsModel(folder: string): boolean {
  try {
    const lines = tail(join(folder, EVENTS_FILE)).trimEnd().split("\n");
    return /"event":"end".*"model":"/.test(lines.at(-1) ?? "");
  } catch {
    return true;
  }
}

function tail(path: string): string {
  const descriptor = openSync(path, "r");
  try {
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES));
    return bytes.toString("utf8", 0, readSync(descriptor, bytes, 0, bytes.length, size - bytes.length));
  } finally {
    closeSync(descriptor);
  }
}
