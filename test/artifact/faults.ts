import { type FileSystem, systemFiles } from "../../src/artifact/files.js";

/** What goes wrong: a system error, or only a part of the bytes is written. */
export const faults = ["EIO", "EACCES", "ENOSPC", "short write"] as const;
export type Fault = (typeof faults)[number];

export interface FaultyFiles extends FileSystem {
  /** the operations so far, by name */
  readonly done: (keyof FileSystem)[];
}

/** Those that a full disk lets through: they take no room. */
const withoutRoom = new Set<keyof FileSystem>([
  "truncate",
  "close",
  "read",
  "remove",
  "removeFolder",
  "list",
  "modified",
  "size",
]);

/** The system's files, of which operation number `n` (from 1) fails; and with `forEver` all after it that can. */
export function faultyFiles(n: number, fault: Fault, forEver: boolean, files = systemFiles): FaultyFiles {
  const done: (keyof FileSystem)[] = [];
  const fails = (name: keyof FileSystem) => {
    done.push(name);
    if (done.length < n || (done.length > n && !forEver)) return false;
    if (done.length === n || (fault !== "ENOSPC" && fault !== "short write")) return true;
    return !withoutRoom.has(name);
  };
  const failing = <Operands extends unknown[], Result>(
    name: keyof FileSystem,
    operation: (...operands: Operands) => Result,
  ) => {
    return (...operands: Operands): Result => {
      if (fails(name) && fault !== "short write") {
        throw Object.assign(new Error(`${fault}: made to fail, ${name}`), { code: fault });
      }
      return operation(...operands);
    };
  };
  return {
    done,
    open: failing("open", files.open),
    write(file, bytes, offset) {
      if (!fails("write")) return files.write(file, bytes, offset);
      const half = Math.floor((bytes.length - offset) / 2);
      if (fault === "short write") return half === 0 ? 0 : files.write(file, bytes.subarray(0, offset + half), offset);
      if (fault === "ENOSPC") files.write(file, bytes.subarray(0, offset + half), offset); // what a disk does before it is full
      throw Object.assign(new Error(`${fault}: made to fail, write`), { code: fault });
    },
    sync: failing("sync", files.sync),
    size: failing("size", files.size),
    truncate: failing("truncate", files.truncate),
    close(file) {
      files.close(file); // a system does that even where it reports an error, and tests are not to run out of files
      if (fails("close") && fault !== "short write") {
        throw Object.assign(new Error(`${fault}: made to fail, close`), { code: fault });
      }
    },
    read: failing("read", files.read),
    rename: failing("rename", files.rename),
    remove: failing("remove", files.remove),
    makeFolder: failing("makeFolder", files.makeFolder),
    removeFolder: failing("removeFolder", files.removeFolder),
    list: failing("list", files.list),
    modified: failing("modified", files.modified),
    isFolder: failing("isFolder", files.isFolder),
    real: failing("real", files.real),
  };
}
