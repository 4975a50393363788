import {
  accessSync,
  chmodSync,
  constants,
  createWriteStream,
  existsSync,
  lstatSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import type { Readable } from "node:stream";
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
    throw fileError("write the predictions", out, error); // such as a link to itself
  }
  const [what] = Object.entries(read).find(([, path]) => written !== undefined && numberOf(path) === written) ?? [];
  if (what === undefined) return;
  throw new NnfitError("usage", `the predictions would overwrite ${what}`, {
    at: `--out ${out}`,
    try: "another file name",
  });
}

/** A file appears when it is complete: until then it is a temporary file beside it. Devices and pipes are written to. */
export async function writePredictions(path: string, text: Readable, json: boolean): Promise<void> {
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() ?? true;
  const place = throughLinks(path); // a symbolic link stays one
  const target = isFile ? `${place}.${process.pid}.tmp` : path;
  if (isFile) rmSync(target, { force: true }); // what somebody has put there, a symbolic link too, is not written through
  const mode = isFile ? modeOf(place, path) : undefined;
  const file = createWriteStream(target, {
    flush: isFile,
    ...(isFile && { flags: "wx" }),
    ...(mode !== undefined && { mode }),
  });
  const signals = watchSignals((signal) => {
    if (isFile) rmSync(target, { force: true });
    if (json) printFailure(stoppedFailure(signal));
    process.kill(process.pid, signal); // nobody listens any more: it ends the process
  });
  let failed: Error | undefined;
  file.on("error", (error) => {
    failed = error;
  });
  try {
    await pipeline(text, file);
    if (mode !== undefined) quietly(() => chmodSync(target, mode)); // without what the umask has taken; some disks know no modes
    if (isFile) rename(target, place, path);
  } catch (error) {
    if (isFile) rmSync(target, { force: true });
    throw error === failed ? fileError("write the predictions", path, error) : error;
  } finally {
    signals.stop();
  }
}

function rename(from: string, to: string, path: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    throw fileError("write the predictions", path, error);
  }
}

/** The permissions of a file that is replaced; none where there is none. One that may not be written to stays. */
function modeOf(place: string, path: string): number | undefined {
  const found = statSync(place, { throwIfNoEntry: false });
  if (!found) return undefined;
  try {
    accessSync(place, constants.W_OK);
  } catch (error) {
    throw fileError("write the predictions", path, error);
  }
  return found.mode & 0o777;
}

/** Where a path leads, also where a link's file is not there yet. */
function throughLinks(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) return path;
  return throughLinks(resolve(dirname(path), readlinkSync(path)));
}
