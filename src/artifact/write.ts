import { basename, dirname } from "node:path";
import { fileError } from "../errors.js";
import { type FileSystem, systemFiles, writeAll } from "./files.js";

/**
 * Writes a file wholly or not at all: a temporary file beside it, written to its last byte, flushed, read back and
 * compared, then renamed over the old one. Until the rename the old file stays as it was. `name` is how errors call it.
 */
export function writeWhole(path: string, bytes: Uint8Array, files = systemFiles, name = path): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    files.remove(temporary); // left by a process of the same number that was killed
    const file = files.open(temporary, "wx");
    try {
      writeAll(files, file, bytes);
      files.sync(file);
    } finally {
      files.close(file);
    }
    if (Buffer.compare(files.read(temporary), bytes) !== 0)
      throw new Error("the disk returned different bytes from those written");
    files.rename(temporary, path);
    flushFolder(dirname(path), files);
  } catch (error) {
    quietly(() => files.remove(temporary)); // what stands there may not be ours; the first error is the one to report
    throw fileError("write the file", name, error);
  }
}

/** Removes the temporary files of a file that processes left which were killed. Only who has the lock may. */
export function removeTemporaries(path: string, files = systemFiles): void {
  const name = basename(path);
  for (const other of files.list(dirname(path))) {
    const isTemporary = other.startsWith(`${name}.`) && /^\.\d+\.tmp$/.test(other.slice(name.length));
    if (isTemporary) files.remove(`${dirname(path)}/${other}`);
  }
}

/** For what is tidied up after an error or at the end: tried twice, and if that fails too, nothing more can be done. */
export function quietly(action: () => void, tries = 2): void {
  try {
    action();
  } catch {
    if (tries > 1) quietly(action, tries - 1);
  }
}

/** File systems that can't flush a folder say one of these. */
const UNABLE = new Set(["EINVAL", "ENOTSUP", "ENOSYS"]);

/** Makes a rename last through a power cut, where the system lets a folder be flushed (Windows does not). */
function flushFolder(path: string, files: FileSystem): void {
  if (process.platform === "win32") return;
  const folder = files.open(path, "r");
  try {
    files.sync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException; // a file system throws nothing else
    if (!UNABLE.has(code ?? "")) throw error;
  } finally {
    files.close(folder);
  }
}
