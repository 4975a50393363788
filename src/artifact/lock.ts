import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileError, NnfitError } from "../errors.js";
import { type FileSystem, systemFiles, writeAll } from "./files.js";
import { type Holder, holderSchema, isRunning, thisProcess } from "./holder.js";
import { parseJson } from "./json.js";
import { quietly } from "./write.js";

/**
 * A lock keeps two runs out of one folder. It is a file that names its holder, made exclusively; its time of change is
 * the holder's heartbeat. A lock is stale when its holder's process is gone, or where that can't be known, as on another
 * machine, when the heartbeat has stopped; or when its holder was killed before it wrote its name.
 *
 * Of several that find the same stale lock, one may take it over: who makes the file `run.lock.<token>` exclusively, by
 * the stale lock's token. It looks again that the lock is still that one, puts its own in its place by a rename, and
 * only then removes the claim. So a lock is replaced once at most, and the place of a stale lock is never empty. A claim
 * whose own holder was killed is claimed in the same way, by its token.
 */
export interface Lock {
  /** Makes the heartbeat go on: to be called often, does something every few seconds. Throws where the lock is lost. */
  beat(): void;
  /** That the lock is still this process's. */
  check(): void;
  release(): void;
}

export interface LockSurroundings {
  readonly files: FileSystem;
  /** milliseconds */
  readonly now: () => number;
  readonly isRunning: (holder: Holder) => boolean | undefined;
}

const system: LockSurroundings = { files: systemFiles, now: Date.now, isRunning };

export const LOCK_FILE = "run.lock";
const BEAT_MILLISECONDS = 2_000;
/** Between two looks at a lock that is waited for. */
const BETWEEN_WAITING_LOOKS_MILLISECONDS = 500;
/** No heartbeat for so long, and who can't be asked counts as gone. A step and a judging of the rows are shorter. */
const PATIENCE_MILLISECONDS = 60_000;
/** Who has just made a lock writes its name into it in less time than so many looks take, or was killed before it could. */
const LOOKS = 200;
const BETWEEN_LOOKS_MILLISECONDS = 5;

const LF = 0x0a;

/** Each further try follows a lock that went away in between. */
const MOST_TRIES = 1_000;

/** What stands in the file of a lock or a claim. */
interface Found {
  readonly token: string;
  /** not known where its name was cut short, or something else wrote the file */
  readonly holder: Holder | undefined;
  /** the holder was killed before it had written its name */
  readonly isCutShort: boolean;
  /** the last heartbeat */
  readonly modified: number;
}

/** Takes the lock of a folder, or throws an error that names who has it. `name` is how errors call the folder. */
export function takeLock(folder: string, name: string, surroundings = system): Lock {
  const { files, now } = surroundings;
  const path = join(folder, LOCK_FILE);
  const mine = thisProcess(randomUUID(), new Date(now()));
  const release = () =>
    quietly(() => {
      if (look(path, files)?.token === mine.token) files.remove(path);
    });
  try {
    // looked at again: whoever was stopped for long before it wrote its name finds that another has taken the lock over
    for (let tries = 1; !create(path, mine, files) || look(path, files)?.token !== mine.token; tries++) {
      if (tries > MOST_TRIES) throw Object.assign(new Error("it is in the way"), { code: "EEXIST" }); // and can't be read
      const found = look(path, files);
      if (found && takeOver(folder, found, mine, surroundings)) break;
    }
  } catch (error) {
    release();
    if (error instanceof Held) throw error.of(name);
    throw fileError("lock the output folder", name, error);
  }
  return heldLock(path, name, mine, surroundings, release);
}

/** Who holds a lock and can't be asked, and how many seconds later it counts as gone if it gives no sign of life. */
export interface SilentHolder {
  readonly holder: string;
  readonly seconds: number;
}

/**
 * Waits where it can't be known whether a folder's lock is held, until it can: its holder counts as gone, or gives a sign
 * of life, which is the error that `takeLock` ends in. One that can be asked is not waited for.
 */
export async function awaitLock(
  folder: string,
  name: string,
  tell: (silent: SilentHolder) => void,
  surroundings = system,
): Promise<void> {
  const { files, isRunning } = surroundings;
  const path = join(folder, LOCK_FILE);
  if (!existsSync(path)) return;
  const probe = thisProcess(randomUUID());
  const begun = performance.now();
  let before: Found | undefined;
  try {
    for (;;) {
      const found = look(path, files);
      if (!found || found.isCutShort) return;
      const { holder, modified } = found;
      const isAlive = holder && isRunning(holder);
      if (isAlive || (before && before.modified !== modified)) throw new Held(holder, modified);
      const left = PATIENCE_MILLISECONDS - (clockOf(folder, probe, files) - modified);
      if (isAlive === false || left <= 0 || performance.now() - begun > PATIENCE_MILLISECONDS) return;
      if (!before) tell({ holder: described(holder), seconds: Math.ceil(left / 1000) });
      before = found;
      await setTimeout(Math.min(left, BETWEEN_WAITING_LOOKS_MILLISECONDS));
    }
  } catch (error) {
    if (error instanceof Held) throw error.of(name);
    throw fileError("lock the output folder", name, error);
  }
}

/** Takes away the lock that a killed process has left in a folder. One that is held stays. */
export function removeStale(folder: string, name: string): void {
  if (existsSync(join(folder, LOCK_FILE))) quietly(() => takeLock(folder, name).release());
}

/** Replaces a lock, if it is stale. False where it changed meanwhile. */
function takeOver(folder: string, stale: Found, mine: Holder, { files, isRunning }: LockSurroundings): boolean {
  const path = join(folder, LOCK_FILE);
  const claimOn = ({ token }: Found) => `${path}.${token}`;
  const refuseIfAlive = ({ holder, isCutShort, modified }: Found) => {
    const silence = () => clockOf(folder, mine, files) - modified;
    const alive = !isCutShort && ((holder && isRunning(holder)) ?? silence() < PATIENCE_MILLISECONDS);
    if (alive) throw new Held(holder, modified);
  };

  refuseIfAlive(stale);
  let last = stale; // the lock, or of the claims on it that were left by the killed the last
  while (!create(claimOn(last), mine, files)) {
    const claim = look(claimOn(last), files);
    if (!claim) return false;
    refuseIfAlive(claim);
    last = claim;
  }
  if (look(path, files)?.token !== stale.token) {
    files.remove(claimOn(last));
    return false;
  }
  const temporary = `${path}.${mine.token}.tmp`;
  try {
    create(temporary, mine, files);
    files.rename(temporary, path);
  } catch (error) {
    for (const made of [temporary, claimOn(last)]) quietly(() => files.remove(made));
    throw error;
  }
  for (const other of files.list(folder)) {
    if (other.startsWith(`${LOCK_FILE}.`)) files.remove(join(folder, other)); // claims, which are of no use now
  }
  return true;
}

function heldLock(
  path: string,
  name: string,
  { token }: Holder,
  { files, now }: LockSurroundings,
  remove: () => void,
): Lock {
  let beaten = now();
  let wasUnreadable = false;
  const check = () => {
    const found = look(path, files);
    if (found?.token !== token) throw lost(found, name);
  };
  const release = () => {
    process.off("exit", release);
    remove();
  };
  process.on("exit", release);
  return {
    check,
    release,
    beat() {
      const passed = now() - beaten;
      if (passed >= 0 && passed < BEAT_MILLISECONDS) return; // a clock may be set back
      beaten = now();
      try {
        check();
        wasUnreadable = false;
      } catch (error) {
        if (error instanceof NnfitError) throw error;
        if (wasUnreadable) throw unreadable(error, name);
        wasUnreadable = true; // a network's disk may fail for a moment
        return;
      }
      quietly(() => writeAgain(path, files)); // the next one may succeed
    },
  };
}

/** Makes a file exclusively, with a holder in it. False where there is one. */
function create(path: string, holder: Holder, files: FileSystem): boolean {
  let file: number;
  try {
    file = files.open(path, "wx");
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
  try {
    writeAll(files, file, Buffer.from(`${JSON.stringify(holder)}\n`));
  } catch (error) {
    quietly(() => files.remove(path));
    throw error;
  } finally {
    files.close(file);
  }
  return true;
}

/** What stands in a file; undefined where there is none. A holder that is just writing its name is waited for. */
function look(path: string, files: FileSystem): Found | undefined {
  for (let looks = 1; ; looks++) {
    try {
      const bytes = files.read(path);
      const holder = holderIn(bytes);
      const isCutShort = bytes.at(-1) !== LF;
      const modified = files.modified(path);
      if (holder) return { token: holder.token, holder, isCutShort: false, modified };
      if (!isCutShort || looks === LOOKS) return { token: `unknown-${modified}`, holder, isCutShort, modified };
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error;
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BETWEEN_LOOKS_MILLISECONDS);
  }
}

function holderIn(bytes: Buffer): Holder | undefined {
  return holderSchema.safeParse(parseJson(bytes.toString())).data;
}

/** The time, by the clock of whoever keeps the folder's files: only with that one can heartbeats be compared. */
function clockOf(folder: string, mine: Holder, files: FileSystem): number {
  const probe = join(folder, `${LOCK_FILE}.${mine.token}.clock.tmp`);
  try {
    create(probe, mine, files);
    return files.modified(probe);
  } finally {
    quietly(() => files.remove(probe));
  }
}

/** Writes the first byte as it is, which changes nothing but the time. */
function writeAgain(path: string, files: FileSystem): void {
  const file = files.open(path, "r+");
  try {
    files.write(file, Buffer.from("{"), 0);
  } finally {
    files.close(file);
  }
}

/** Somebody else has the lock. */
class Held {
  constructor(
    private readonly holder: Holder | undefined,
    private readonly modified: number,
  ) {}

  of(folder: string): NnfitError {
    return new NnfitError("files", "another run is using the output folder", {
      at: folder,
      have: `${described(this.holder)}; last sign of life ${new Date(this.modified).toISOString()}`,
      try: `waiting until it has ended, or another folder with --out; if it was killed on another machine or in another container, it counts as gone ${PATIENCE_MILLISECONDS / 1000} s after its last sign of life`,
    });
  }
}

function described(holder: Holder | undefined): string {
  return holder ? `process ${holder.pid} on ${holder.host}, since ${holder.since}` : "an unknown process";
}

function lost(found: Found | undefined, folder: string): NnfitError {
  return new NnfitError("files", `the lock of the output folder was ${found ? "taken over" : "removed"}`, {
    at: `${folder}/${LOCK_FILE}`,
    have: found && described(found.holder),
    try: "training again into another folder with --out",
  });
}

function unreadable(error: unknown, folder: string): NnfitError {
  const way = "training again into another folder with --out";
  return fileError("read the lock of the output folder", `${folder}/${LOCK_FILE}`, error).with({ try: way });
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code; // what a FileSystem throws
}
