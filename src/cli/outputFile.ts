import { randomUUID } from "node:crypto";
import {
  accessSync,
  constants,
  createWriteStream,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { quietly } from "../artifact/write.js";
import { fileError, NnfitError } from "../errors.js";
import { printFailure, stoppedFailure } from "./failure.js";
import { watchSignals } from "./signals.js";

/** Refuses to write over a file that is read; `read` has each by what it is. */
export function refuseInputs(out: string, read: Readonly<Record<string, string>>): void {
  const numberOf = (path: string) => {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stat?.isFile() ? `${stat.dev} ${stat.ino}` : undefined;
  };
  let written: string | undefined;
  try {
    written = numberOf(out);
  } catch (error) {
    throw cantWrite(out, error); // such as a link to itself
  }
  const isWritten = (path: string) => {
    try {
      return written !== undefined && numberOf(path) === written;
    } catch {
      return false; // reading it will tell what is wrong
    }
  };
  const [what] = Object.entries(read).find(([, path]) => isWritten(path)) ?? [];
  if (what === undefined) return;
  throw new NnfitError("usage", `the predictions would overwrite ${what}`, {
    at: `--out ${out}`,
    try: "another file name",
  });
}

/** A file appears when it is complete: until then it is a temporary file beside it. Devices and pipes are written to. */
export async function writePredictions(path: string, text: Readable, json: boolean): Promise<void> {
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() ?? true;
  let output: Output | undefined;
  const signals = watchSignals((signal) => {
    output?.discard();
    if (json) printFailure(stoppedFailure(signal));
    process.kill(process.pid, signal); // nobody listens any more: it ends the process
  });
  let failed: Error | undefined;
  try {
    output = isFile ? fileOutput(path) : deviceOutput(path);
    output.stream.on("error", (error) => {
      failed = error;
    });
    await pipeline(text, output.stream);
    output.publish();
  } catch (error) {
    output?.discard();
    throw error === failed ? cantWrite(path, error) : error;
  } finally {
    signals.stop();
  }
}

interface Output {
  readonly stream: Writable;
  /** when all is written */
  publish(): void;
  /** what was written so far */
  discard(): void;
}

function deviceOutput(path: string): Output {
  return { stream: createWriteStream(path), publish() {}, discard() {} };
}

function fileOutput(path: string): Output {
  const place = throughLinks(path); // a symbolic link stays one
  const replaced = replacedBy(place, path);
  const [folder, base] = [dirname(place), temporaryBase(basename(place))];
  const temporary = join(folder, `${base}.${randomUUID()}.tmp`);
  const fd = opened(temporary, replaced, path);
  if (replaced) keepRights(fd, replaced);
  quietly(() => removeAbandoned(folder, base, fstatSync(fd).mtimeMs));
  return {
    stream: createWriteStream(temporary, { fd, flush: true }),
    publish() {
      try {
        renameSync(temporary, place);
      } catch (error) {
        throw cantWrite(path, error);
      }
    },
    discard: () => rmSync(temporary, { force: true }),
  };
}

function opened(temporary: string, replaced: Stats | undefined, path: string): number {
  try {
    return openSync(temporary, "wx", replaced && permissionsOf(replaced)); // through no link that somebody has put there
  } catch (error) {
    throw cantWrite(path, error);
  }
}

function cantWrite(path: string, error: unknown): NnfitError {
  return fileError("write the predictions", path, error);
}

/** The file that is replaced, if there is one. One that may not be written to stays. */
function replacedBy(place: string, path: string): Stats | undefined {
  const found = statSync(place, { throwIfNoEntry: false });
  try {
    if (found) accessSync(place, constants.W_OK);
  } catch (error) {
    throw cantWrite(path, error);
  }
  return found;
}

function permissionsOf({ mode }: Stats): number {
  return mode & 0o777;
}

/** Gives an open file the owner, the group and the permissions of another, as far as the system allows it. */
function keepRights(fd: number, of: Stats): void {
  const { uid, gid } = fstatSync(fd);
  if (uid !== of.uid) quietly(() => fchownSync(fd, of.uid, gid)); // not everybody may give files away,
  if (gid !== of.gid) quietly(() => fchownSync(fd, fstatSync(fd).uid, of.gid)); // but to a group of one's own
  quietly(() => fchmodSync(fd, permissionsOf(of))); // without what the umask has taken; some disks know no modes
}

/** What systems allow for a file's name, in bytes. */
const LONGEST_NAME = 255;
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;
const AFTER_BASE = ".".length + 36 + ".tmp".length; // a UUID has 36 characters

/** As much of a file's name as leaves room for what its temporary file has after it. */
function temporaryBase(name: string): string {
  const letters = [...name];
  while (Buffer.byteLength(letters.join("")) > LONGEST_NAME - AFTER_BASE) letters.pop();
  return letters.join("");
}

const DAY_MILLISECONDS = 24 * 60 * 60 * 1000;

/** Removes the temporary files of predictions that were killed: they have not been written to for a day. */
function removeAbandoned(folder: string, base: string, now: number): void {
  for (const name of readdirSync(folder)) {
    const isTemporary = name.startsWith(`${base}.`) && name.endsWith(".tmp");
    if (!isTemporary || !UUID.test(name.slice(base.length + 1, -".tmp".length))) continue;
    const path = join(folder, name);
    const found = lstatSync(path);
    if (found.isFile() && now - found.mtimeMs > DAY_MILLISECONDS) rmSync(path);
  }
}

/** Where a path leads, also where a link's file is not there yet. */
function throughLinks(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) return path;
  return throughLinks(resolve(dirname(path), readlinkSync(path)));
}
