import { fstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { NnfitError } from "../errors.js";

/** Where events go besides the run folder's file: a descriptor that is open. Refuses one that is not. */
export function checkDescriptor(descriptor: number): void {
  if (!isGiven(descriptor)) {
    throw new NnfitError("usage", `the file descriptor ${descriptor} is not open`, {
      at: `--events ${descriptor}`,
      try: `a shell opens it: nnfit train config.json --events ${descriptor} ${descriptor}> events.ndjson`,
    });
  }
}

const OPEN_FILES = "/proc/self/fd";

/** That it was open when the process began. On Linux what Node has opened for itself is told from that. */
function isGiven(descriptor: number): boolean {
  try {
    fstatSync(descriptor);
  } catch {
    return false;
  }
  const file = fileAt(descriptor);
  if (file?.startsWith("anon_inode:")) return false;
  if (!file?.startsWith("pipe:")) return true;
  // of a pipe that was given the other end is elsewhere
  return !readdirSync(OPEN_FILES).some((other) => fileAt(other) === file && isForReading(other));
}

/** What is open there, such as "pipe:[123]"; undefined where the system doesn't say. */
function fileAt(descriptor: number | string): string | undefined {
  try {
    return readlinkSync(`${OPEN_FILES}/${descriptor}`);
  } catch {
    return undefined;
  }
}

function isForReading(descriptor: string): boolean {
  const flags = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, "utf8"))?.[1] ?? "";
  return (Number.parseInt(flags, 8) & 3) === 0;
}
