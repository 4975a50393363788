import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { systemFiles } from "../../src/artifact/files.js";
import { type Holder, isRunning, thisProcess } from "../../src/artifact/holder.js";
import { awaitLock, LOCK_FILE, type Lock, type LockSurroundings, takeLock } from "../../src/artifact/lock.js";
import { refusal } from "../data/source.js";

let folder: string;
let lockFile: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nnfit-lock-"));
  lockFile = join(folder, LOCK_FILE);
});
const taken: Lock[] = [];
afterEach(() => {
  for (const lock of taken.splice(0)) lock.release();
  rmSync(folder, { recursive: true });
});

function take(surroundings?: Partial<LockSurroundings>): Lock {
  const lock = takeLock(folder, "runs/a", { files: systemFiles, now: Date.now, isRunning, ...surroundings });
  taken.push(lock);
  return lock;
}
const refused = (surroundings?: Partial<LockSurroundings>) => refusal(() => take(surroundings));
const holderOf = () => JSON.parse(readFileSync(lockFile, "utf8")) as Holder; // what takeLock wrote
/** A lock file of some other holder, whose last heartbeat was so long ago. */
function left(change: Partial<Holder>, secondsAgo = 0, file = lockFile): Holder {
  const holder = { ...thisProcess("other"), ...change };
  writeFileSync(file, `${JSON.stringify(holder)}\n`);
  age(secondsAgo, file);
  return holder;
}
function age(seconds: number, file = lockFile): void {
  const time = Date.now() / 1000 - seconds;
  utimesSync(file, time, time);
}
const GONE = 4_194_304; // beyond the largest process number that Linux gives
const WHILE = 3_600;

describe("the lock of a folder", () => {
  it("keeps a second run out and names the first, until it is released", async () => {
    const lock = take();
    const error = await refused();
    expect(error).toMatchObject({ kind: "files", message: "another run is using the output folder" });
    expect(error.details.at).toBe("runs/a");
    expect(error.details.have).toContain(`process ${process.pid} on ${hostname()}, since ${holderOf().since}`);
    expect(error.details.try).toContain("--out");
    lock.release();
    expect(readdirSync(folder)).toEqual([]);
    take().release();
  });

  it("is not taken from a process that runs, however long its heartbeat has stopped", async () => {
    take();
    age(WHILE);
    await refused();
  });

  it("is taken over from a process that is gone, at once", () => {
    left({ pid: GONE, began: "" });
    const lock = take();
    expect(holderOf().pid).toBe(process.pid);
    expect(readdirSync(folder)).toEqual([LOCK_FILE]);
    lock.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it.skipIf(process.platform !== "linux")("is taken over where the number now is another process's", () => {
    left({ began: "1" });
    take();
    expect(holderOf().began).not.toBe("1");
  });

  it.each<[string, Partial<Holder>]>([
    ["another host", { host: "elsewhere" }],
    ["another container, or before a restart, of the same name", { system: "another boot" }],
  ])("is taken over from %s when the heartbeat has stopped, and not before", async (_, change) => {
    left({ ...change, pid: GONE }, 30);
    const { details } = await refused();
    expect(details.have).toContain(`process ${GONE} on ${change.host ?? hostname()}`);
    left({ ...change, pid: process.pid }, 90);
    take();
    expect(holderOf()).toMatchObject({ pid: process.pid, host: hostname() });
    expect(readdirSync(folder)).toEqual([LOCK_FILE]);
  });

  it("compares heartbeats by the clock of whoever keeps the files, not by its own", async () => {
    left({ host: "elsewhere" }, 30);
    await refused({ now: () => Date.now() + 1e9 });
    left({ host: "elsewhere" }, 90);
    take({ now: () => Date.now() - 1e9 });
  });

  it.each(["", "{", '{"token":"a"'])(
    "whose holder was killed before it had written its name is in nobody's way: %#",
    (content) => {
      writeFileSync(lockFile, content);
      take();
      expect(holderOf()).toMatchObject({ pid: process.pid });
      expect(readdirSync(folder)).toEqual([LOCK_FILE]);
    },
  );

  it.each(["{\n", '{"pid":1}\n', `${"[".repeat(100_000)}\n`])(
    "that nobody can read is held, until its heartbeat has stopped: %#",
    async (content) => {
      writeFileSync(lockFile, content);
      expect((await refused()).details.have).toContain("an unknown process");
      age(90);
      take();
      expect(readdirSync(folder)).toEqual([LOCK_FILE]);
    },
  );

  it("is released once, and only by its holder", () => {
    const lock = take();
    const other = left({ host: "elsewhere" });
    lock.release();
    lock.release();
    expect(holderOf()).toEqual(other);
  });

  it("leaves no listener behind", () => {
    const before = process.listenerCount("exit");
    take().release();
    expect(process.listenerCount("exit")).toBe(before);
  });

  it.skipIf(process.platform === "win32")("can't be taken where a link to nothing stands in its place", async () => {
    symlinkSync("nothing", lockFile);
    expect(await refused()).toMatchObject({ kind: "files", details: { at: "runs/a" } });
  });

  it("can't be taken in a folder that is not there", async () => {
    const error = await refusal(() => takeLock(join(folder, "none"), "none"));
    expect(error).toMatchObject({ kind: "files", details: { at: "none" } });
  });
});

describe("waiting for a lock", () => {
  async function waited(surroundings?: Partial<LockSurroundings>) {
    const told: object[] = [];
    const tell = (silent: object) => void told.push(silent);
    await awaitLock(folder, "runs/a", tell, { files: systemFiles, now: Date.now, isRunning, ...surroundings });
    return told;
  }

  it("lasts until a holder that can't be asked counts as gone, and says so once", async () => {
    left({ host: "elsewhere", pid: 7 }, 58.5);
    const told = await waited();
    expect(told).toEqual([{ holder: expect.stringContaining("process 7 on elsewhere"), seconds: 2 }]);
    take();
    expect(readdirSync(folder)).toEqual([LOCK_FILE]);
  });

  it("ends in the error at its first sign of life", async () => {
    left({ host: "elsewhere", pid: 7 }, 30);
    setTimeout(age, 700, 0);
    const { message, details } = await refusal(waited);
    expect(message).toBe("another run is using the output folder");
    expect(details.have).toContain("process 7 on elsewhere");
  });

  it("ends when the lock is released", async () => {
    left({ host: "elsewhere" });
    setTimeout(() => rmSync(lockFile), 700);
    expect(await waited()).toHaveLength(1);
  });

  it("is for nobody who can be asked: who runs is refused at once, who is gone is not in the way", async () => {
    expect(await waited()).toEqual([]);
    left({ pid: GONE, began: "" });
    expect(await waited()).toEqual([]);
    left({});
    expect((await refusal(waited)).message).toBe("another run is using the output folder");
    writeFileSync(lockFile, "");
    expect(await waited()).toEqual([]); // killed before it wrote its name
  });
});

describe("the heartbeat", () => {
  it("moves the time of the lock every two seconds, and changes nothing in it", () => {
    let now = Date.now();
    const lock = take({ now: () => now });
    const before = readFileSync(lockFile, "utf8");
    age(WHILE);
    const old = systemFiles.modified(lockFile);
    now += 1_900;
    lock.beat();
    expect(systemFiles.modified(lockFile)).toBe(old);
    now += 200;
    lock.beat();
    expect(systemFiles.modified(lockFile)).toBeGreaterThan(old + 1e6);
    expect(readFileSync(lockFile, "utf8")).toBe(before);
  });

  it("goes on when the clock is set back", () => {
    let now = Date.now();
    const lock = take({ now: () => now });
    const beats = () => {
      age(WHILE);
      const old = systemFiles.modified(lockFile);
      lock.beat();
      return systemFiles.modified(lockFile) > old;
    };
    now -= 3_600_000;
    expect(beats()).toBe(true);
    now += 1_900;
    expect(beats()).toBe(false);
    now += 200;
    expect(beats()).toBe(true);
  });

  it.each([
    ["removed", () => rmSync(lockFile), "the lock of the output folder was removed"],
    ["taken over", () => left({ host: "elsewhere" }), "the lock of the output folder was taken over"],
  ])("finds that the lock was %s", async (_, lose, message) => {
    let now = Date.now();
    const lock = take({ now: () => now });
    lock.check();
    lose();
    expect(await refusal(() => lock.check())).toMatchObject({ kind: "files", message });
    now += 2_100;
    expect((await refusal(() => lock.beat())).message).toBe(message);
  });

  it("outlives a lock that can't be read once, but not twice in a row", async () => {
    let now = Date.now();
    let failures = 0;
    const read: typeof systemFiles.read = (path) => {
      if (failures-- > 0) throw Object.assign(new Error("failed"), { code: "EIO" });
      return systemFiles.read(path);
    };
    const lock = take({ now: () => now, files: { ...systemFiles, read } });
    const beat = () => {
      now += 2_100;
      lock.beat();
    };
    for (const _ of ["once", "and once more, later"]) {
      failures = 1;
      age(WHILE);
      beat();
      beat();
      expect(Date.now() - systemFiles.modified(lockFile)).toBeLessThan(WHILE * 500);
    }
    failures = 2;
    beat();
    const error = await refusal(beat);
    expect(error).toMatchObject({ kind: "files", message: expect.stringMatching(/the disk failed/) });
    expect(error.details).toMatchObject({ at: "runs/a/run.lock", try: expect.stringContaining("--out") });
  });

  it.each([
    ["the lock is a folder", () => mkdirSync(lockFile)],
    ["the folder of the lock is a file", () => [rmSync(folder, { recursive: true }), writeFileSync(folder, "")]],
  ])("finds that %s now", async (_, replace) => {
    let now = Date.now();
    const lock = take({ now: () => now });
    rmSync(lockFile);
    replace();
    const beats = () => {
      for (const _ of ["may be a moment's failure", "is none"]) {
        now += 2_100;
        lock.beat();
      }
    };
    expect(await refusal(beats)).toMatchObject({ kind: "files", details: { at: "runs/a/run.lock" } });
  });

  it("outlives a disk that fails for a moment", () => {
    let now = Date.now();
    let broken = true;
    const open: typeof systemFiles.open = (path, how) => {
      if (how === "r+" && broken) throw Object.assign(new Error("failed"), { code: "EIO" });
      return systemFiles.open(path, how);
    };
    const lock = take({ now: () => now, files: { ...systemFiles, open } });
    now += 2_100;
    lock.beat();
    age(WHILE);
    broken = false;
    now += 2_100;
    lock.beat();
    expect(Date.now() - systemFiles.modified(lockFile)).toBeLessThan(WHILE * 500);
  });
});

describe("taking over", () => {
  it("is left to the one who has claimed it", async () => {
    left({ pid: GONE, token: "stale" });
    left({ token: "claim" }, 0, `${lockFile}.stale`);
    expect((await refused()).details.have).toContain(`process ${process.pid} `);
    expect(holderOf().token).toBe("stale");
  });

  it("goes on where those who had claimed it were killed", () => {
    left({ pid: GONE, token: "stale" });
    left({ pid: GONE, token: "first" }, 0, `${lockFile}.stale`);
    left({ pid: GONE, token: "second" }, 0, `${lockFile}.first`);
    const lock = take();
    expect(holderOf().pid).toBe(process.pid);
    expect(readdirSync(folder)).toEqual([LOCK_FILE]);
    lock.release();
  });

  it("gives way to one who was quicker", async () => {
    left({ pid: GONE, token: "stale" });
    let quicker: Holder | undefined;
    const open: typeof systemFiles.open = (path, how) => {
      // somebody has taken it over, and tidied up, between our look at the lock and our claim
      if (path.endsWith(".stale")) quicker ??= left({ token: "quicker" });
      return systemFiles.open(path, how);
    };
    await refused({ files: { ...systemFiles, open } });
    expect(holderOf()).toEqual(quicker);
    expect(readdirSync(folder)).toEqual([LOCK_FILE]);
  });

  it("lets in one at a time, of many processes that take, leave and are killed at any operation", async () => {
    const contender = fileURLToPath(new URL("contender.mjs", import.meta.url));
    const children = [1, 2, 3, 4].map((number) =>
      spawn(process.execPath, [contender, folder, String(number), "150"], { stdio: ["pipe", "pipe", "inherit"] }),
    );
    await Promise.all(children.map((child) => once(child.stdout, "readable"))); // they are ready
    const told = await Promise.all(
      children.map(async (child) => {
        child.stdin.end();
        const [, counts] = (await text(child.stdout)).split("\n");
        return JSON.parse(counts!) as Record<"held" | "refused" | "killed" | "tookOver", number>; // what it prints
      }),
    );
    const sum = (what: keyof (typeof told)[number]) => told.reduce((sum, one) => sum + one[what], 0);
    expect(sum("held") + sum("refused") + sum("killed")).toBe(600);
    for (const what of ["held", "refused", "killed", "tookOver"] as const) expect(sum(what), what).toBeGreaterThan(0);
  });
});

it.runIf(process.platform === "linux")(
  "a holder that was killed and not yet reaped by its parent does not run",
  async () => {
    // the shell becomes a process that waits for nobody
    const parent = spawn("sh", ["-c", "sleep 100 & echo $!; exec sleep 100"], { stdio: ["ignore", "pipe", "ignore"] });
    onTestFinished(() => void parent.kill("SIGKILL"));
    const [line] = (await once(parent.stdout, "data")) as [Buffer];
    const pid = Number(line);
    await vi.waitFor(() => expect(readFileSync(`/proc/${parent.pid}/comm`, "utf8")).toBe("sleep\n")); // no shell any more
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const holder = { ...thisProcess("t"), pid, began: stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]! };
    expect(isRunning(holder)).toBe(true);
    process.kill(pid, "SIGKILL");
    await vi.waitFor(() => expect(isRunning(holder)).toBe(false));
    expect(existsSync(`/proc/${pid}`)).toBe(true);
  },
);
