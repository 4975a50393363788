import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { fileError } from "../errors.js";

/**
 * Writes a file wholly or not at all: a temporary file beside it, written to its last byte, flushed, read back and
 * compared, then renamed over the old one. Until the rename the old file stays as it was.
 */
export function writeWhole(path: string, bytes: Uint8Array): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    rmSync(temporary, { force: true }); // left by a process of the same number that was killed
    const file = openSync(temporary, "wx");
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    if (Buffer.compare(readFileSync(temporary), bytes) !== 0)
      throw new Error("the disk gave back other bytes than were written");
    renameSync(temporary, path);
    flushFolder(dirname(path));
  } catch (error) {
    try {
      rmSync(temporary, { force: true });
    } catch {} // what stands there is not ours; the first error is the one to report
    throw fileError("write the file", path, error);
  }
}

/** Makes a rename last through a power cut, where the system lets a folder be flushed (Windows does not). */
function flushFolder(path: string): void {
  if (process.platform === "win32") return;
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
