import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";

/**
 * What a run does with files, one operation of the system each. An argument wherever a file matters, so that a test can
 * make any of them fail. All but `isFolder` throw what the system says.
 */
export interface FileSystem {
  /** r: to read; r+: to write over; wx: a new file, an error where there is one; a: to append */
  open(path: string, how: "r" | "r+" | "wx" | "a"): number;
  /** Writes some of the bytes from `offset` on, and returns how many. */
  write(file: number, bytes: Uint8Array, offset: number): number;
  /** Makes what was written last through a power cut. */
  sync(file: number): void;
  /** bytes */
  size(file: number): number;
  truncate(file: number, size: number): void;
  close(file: number): void;
  read(path: string): Buffer;
  rename(from: string, to: string): void;
  /** No error where there is no such file. */
  remove(path: string): void;
  /** With those above it. No error where it is there. */
  makeFolder(path: string): void;
  /** If nothing is in it. No error where it stays, or there is no such folder. */
  removeFolder(path: string): void;
  list(folder: string): string[];
  /** when it was last written, in milliseconds, by the clock of whoever keeps the file */
  modified(path: string): number;
  isFolder(path: string): boolean;
  /** its path without symbolic links */
  real(path: string): string;
}

export const systemFiles: FileSystem = {
  open: (path, how) => openSync(path, how),
  write: (file, bytes, offset) => writeSync(file, bytes, offset),
  sync: fsyncSync,
  size: (file) => fstatSync(file).size,
  truncate: ftruncateSync,
  close: closeSync,
  read: (path) => readFileSync(path),
  rename: renameSync,
  remove: (path) => rmSync(path, { force: true }),
  makeFolder,
  removeFolder(path) {
    try {
      rmdirSync(path);
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException; // node:fs throws nothing else
      if (!["ENOENT", "ENOTEMPTY", "EEXIST"].includes(code)) throw error;
    }
  },
  list: (folder) => readdirSync(folder),
  modified: (path) => statSync(path).mtimeMs,
  isFolder: (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false,
  real: (path) => realpathSync(path),
};

/** Node's own way to make those above it too has no end in /proc, and tells of a read-only file system that the folder is not there. */
function makeFolder(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException; // node:fs throws nothing else
    if (systemFiles.isFolder(path)) return;
    if (code !== "ENOENT" || dirname(path) === path) throw error;
    makeFolder(dirname(path));
    if (!systemFiles.isFolder(path)) mkdirSync(path);
  }
}

/** Writes all of the bytes: a system may write a part of them, and does so before a disk is full. */
export function writeAll(files: FileSystem, file: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) {
    const more = files.write(file, bytes, written);
    if (more === 0) throw Object.assign(new Error("the disk takes no more bytes"), { code: "ENOSPC" });
    written += more;
  }
}
