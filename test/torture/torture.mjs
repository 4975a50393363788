// What nnfit does where nothing goes well, in many rounds: node test/torture/torture.mjs [--rounds N] [--only KIND]
// A kind of round is an entry of `kinds`: it does one round and throws where a promise is broken; or it says why it
// can't be done here. Prints one line a kind, and ends with exit code 1 where any promise was broken.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { killRound } from "./kill.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const bin = join(root, "bin", "nnfit.cjs");
const HANGS_AFTER_MILLISECONDS = 60_000;
const NOBODY = 65_534;
/** Two seconds are promised on a machine that is not busy otherwise. */
const MOST_MILLISECONDS_TO_STOP = 5000;

/** A folder with a table, a config and an earlier run of it. */
const home = mkdtempSync(join(realpathSync(tmpdir()), "nnfit-torture-"));
chmodSync(home, 0o755);
const rows = Array.from({ length: 400 }, (_, i) => `${i},${(i * 7) % 40},${i % 3 ? "x" : "y"}`);
writeFileSync(join(home, "t.csv"), `${["a,b,kind", ...rows].join("\n")}\n`);
const config = { data: { train: "t.csv", target: "b" }, model: { hidden: [40, 40] }, training: { epochs: 3 } };
writeFileSync(join(home, "c.json"), JSON.stringify(config));
const old = join(home, "old");
/** A training of a second or two, which has time to be disturbed. */
const long = { ...config, training: { epochs: 3000, checkpoint: { everySeconds: 0.1 } } };
writeFileSync(join(home, "long.json"), JSON.stringify(long));

/** Runs nnfit to its end. It has to end by itself, and never by a fault of its own. */
async function nnfit(args, { stdio = "pipe", ...options } = {}, use = () => {}) {
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: home,
    stdio,
    timeout: HANGS_AFTER_MILLISECONDS,
    ...options,
  });
  const told = { out: "", err: "" };
  child.stdout?.on("data", (bytes) => {
    told.out += bytes;
  });
  child.stderr?.on("data", (bytes) => {
    told.err += bytes;
  });
  child.stdin?.on("error", () => {});
  use(child);
  const [code, signal] = await new Promise((resolve) => child.on("close", (...end) => resolve(end)));
  assert.equal(signal, null, `it hung: ${told.err}`);
  assert.notEqual(code, 3, told.err);
  assert.doesNotMatch(told.err, /^ {4}at |node:internal/m);
  return { code, ...told };
}

/** Starts a training of long.json, and tells how it ends: `{ code, signal, err }`. */
function startLong(...args) {
  const child = spawn(process.execPath, [bin, "train", "long.json", ...args], {
    ...{ cwd: home, timeout: HANGS_AFTER_MILLISECONDS, killSignal: "SIGKILL" },
  });
  let err = "";
  child.stdout.resume();
  child.stderr.on("data", (bytes) => {
    err += bytes;
  });
  const ended = new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal, err })));
  return { child, ended };
}

const bytesOf = (folder) => readFileSync(join(folder, "model.safetensors"));
let undisturbed;
/** The model that a training of long.json ends with if nothing happens to it. */
async function modelOfLong() {
  if (!undisturbed) {
    const folder = join(home, "undisturbed");
    const { code, err } = await startLong("--out", folder).ended;
    assert.equal(code, 0, err);
    undisturbed = bytesOf(folder);
  }
  return undisturbed;
}

const afterAWhile = (most) => new Promise((resolve) => setTimeout(resolve, Math.random() * most));

/** The same by a shell, for what only a shell can do to the streams. */
function inShell(command, options = {}) {
  const { status, stdout, stderr } = spawnSync("sh", ["-c", command, process.execPath, bin], {
    ...{ cwd: home, encoding: "utf8", timeout: HANGS_AFTER_MILLISECONDS, input: "" },
    ...options,
  });
  assert.notEqual(status, null, `it hung: ${command}`);
  assert.notEqual(status, 3, stderr);
  assert.doesNotMatch(stderr, /^ {4}at |node:internal/m);
  return { code: status, out: stdout, err: stderr };
}

/** That a run folder holds what is whole, and nothing that should be gone. */
async function expectWhole(folder) {
  const names = readdirSync(folder);
  assert.deepEqual(
    names.filter((name) => name.endsWith(".tmp") || name.startsWith("run.lock")),
    [],
  );
  if (names.includes("model.safetensors")) assert.equal((await nnfit(["inspect", folder])).code, 0);
  if (names.includes("config.json")) JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
  if (names.includes("history.csv")) {
    const lines = readFileSync(join(folder, "history.csv"), "utf8").split("\n");
    assert.equal(lines.pop(), "");
    for (const line of lines) assert.equal(line.split(",").length, lines[0].split(",").length);
  }
}

function pick(items) {
  return items[Math.floor(Math.random() * items.length)];
}

const kinds = {
  "full disk": {
    unable() {
      const place = mkdtempSync(join(home, "mount-"));
      if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", place]).status !== 0)
        return "no disk can be mounted";
      spawnSync("umount", [place]);
      return undefined;
    },
    async round() {
      const place = mkdtempSync(join(home, "mount-"));
      const kilobytes = 4 * Math.ceil(Math.random() * 30);
      assert.equal(spawnSync("mount", ["-t", "tmpfs", "-o", `size=${kilobytes}k`, "tmpfs", place]).status, 0);
      try {
        const run = join(place, "run");
        let had = false;
        try {
          cpSync(old, run, { recursive: true });
          had = true;
        } catch {
          rmSync(run, { recursive: true, force: true }); // the earlier run does not fit either
        }
        const { code, err } = await nnfit(["train", "c.json", "--out", run, "--set", `training.seed=${kilobytes}`]);
        assert.ok(code === 0 || code === 5, err);
        if (code === 5) assert.match(err, /the disk is full/);
        const names = readdirSync(place);
        if (names.includes("run")) await expectWhole(run);
        if (had || code === 0) assert.equal((await nnfit(["predict", run, "t.csv"])).code, 0);
      } finally {
        spawnSync("umount", [place]);
      }
    },
  },

  "read-only folder": {
    unable() {
      if (process.getuid?.() !== 0) return "only root can be another user";
      const { code } = inShell('"$0" "$1" --version', { uid: NOBODY, gid: NOBODY });
      return code === 0 ? undefined : "another user can't read nnfit here";
    },
    async round() {
      const folder = mkdtempSync(join(home, "read-only-"));
      cpSync(old, join(folder, "run"), { recursive: true });
      chmodSync(folder, 0o555);
      const out = pick([join(folder, "run"), join(folder, "new")]);
      const { code, err } = await nnfit(["train", "c.json", "--out", out], { uid: NOBODY, gid: NOBODY });
      assert.equal(code, 5, err);
      assert.match(err, /permission denied/);
      const predicted = await nnfit(["predict", join(folder, "run"), "t.csv", "--out", join(folder, "p.csv")], {
        ...{ uid: NOBODY, gid: NOBODY },
      });
      assert.equal(predicted.code, 5, predicted.err);
      assert.deepEqual(readdirSync(folder), ["run"]);
      await expectWhole(join(folder, "run"));
    },
  },

  "closed pipe": {
    async round() {
      const { code, err } = await nnfit(["predict", old, "t.csv"], {}, (child) => {
        if (Math.random() < 0.5) child.stdout.destroy();
        else child.stdout.once("data", () => child.stdout.destroy());
      });
      assert.equal(code, 0, err);
      assert.doesNotMatch(err, /error/);
    },
  },

  "closed streams": {
    unable: () => (process.platform === "win32" ? "there is no POSIX shell" : undefined),
    async round() {
      const closed = inShell('"$0" "$1" predict old - <&-');
      assert.ok([4, 5].includes(closed.code), `${closed.code} ${closed.err}`);
      assert.match(closed.err, /^error: /m);
      const empty = inShell('"$0" "$1" predict old - < /dev/null');
      assert.equal(empty.code, 4, empty.err);
      const silent = join(home, `silent-${Math.random()}`);
      const command = `"$0" "$1" train c.json --out '${silent}' ${pick(["2>&-", ">&- 2>&-", "<&- >&- 2>&-", "2> /dev/null"])}`;
      assert.equal(inShell(command).code, 0, command);
      await expectWhole(silent);
    },
  },

  "no home, no terminal": {
    async round() {
      const out = mkdtempSync(join(home, "bare-"));
      const env = pick([
        {},
        { TERM: "dumb" },
        { TERM: "dumb", HOME: "/no/such/folder" },
        { HOME: "" },
        { NO_COLOR: "1" },
      ]);
      const { code, err } = await nnfit(["train", "c.json", "--out", out], { env });
      assert.equal(code, 0, err);
      assert.ok(!err.includes(String.fromCharCode(27)) && !err.includes("\r"), "it draws where there is no terminal");
      const digest = (folder) => readFileSync(join(folder, "model.safetensors"));
      assert.ok(digest(out).equals(digest(old)), "another model than with a home");
      await expectWhole(out);
    },
  },

  signals: {
    unable: () => (process.platform === "win32" ? "there are no signals" : undefined),
    async round() {
      const whole = await modelOfLong();
      const run = mkdtempSync(join(home, "signals-"));
      const signal = pick(["SIGINT", "SIGTERM"]);
      const { child, ended } = startLong("--out", run);
      await afterAWhile(2000);
      child.kill(signal);
      const sent = performance.now();
      const isTwice = Math.random() < 0.3;
      if (isTwice) await afterAWhile(50).then(() => child.kill(signal));
      const { code, signal: died, err } = await ended;
      assert.ok(performance.now() - sent < MOST_MILLISECONDS_TO_STOP, `it took long to stop: ${err}`);
      // a signal alone ends what has written nothing yet, what has only to save its model, and what got a second one
      assert.ok([0, signal === "SIGINT" ? 130 : 143].includes(code) || died === signal, `${code} ${died}: ${err}`);
      if (died === null) await expectWhole(run);
      if (code === 130 || code === 143) assert.match(err, /resume {4}nnfit train long\.json .* --resume/);
      const checkpoints = existsSync(join(run, "checkpoints")) ? readdirSync(join(run, "checkpoints")) : [];
      const goesOn = checkpoints.some((name) => name.endsWith(".safetensors"));
      if (code !== 0) {
        const again = await startLong("--out", run, ...(goesOn ? ["--resume"] : [])).ended;
        assert.equal(again.code, 0, again.err);
      }
      assert.ok(bytesOf(run).equals(whole), "other bytes than if nothing had happened");
      await expectWhole(run);
      rmSync(run, { recursive: true });
    },
  },

  "several runs, one folder": {
    async round() {
      const whole = await modelOfLong();
      const run = join(mkdtempSync(join(home, "several-")), "run");
      const started = Array.from({ length: 2 + Math.floor(Math.random() * 7) }, () => startLong("--out", run));
      const ends = await Promise.all(started.map(({ ended }) => ended));
      // one that starts when the first has ended trains the same anew
      assert.ok(ends.some(({ code }) => code === 0));
      const pids = started.map(({ child }) => String(child.pid));
      for (const { code, err } of ends) {
        if (code === 0) continue;
        assert.equal(code, 5, err);
        const [, holder] = err.match(/process (\d+)/) ?? [];
        assert.ok(pids.includes(holder), `it does not name who has the folder: ${err}`);
      }
      assert.ok(bytesOf(run).equals(whole), "other bytes than of one run alone");
      await expectWhole(run);
    },
  },

  "kill -9": {
    /** One round is one kill. */
    round: killRound,
    inSuite: false, // where resume.test.ts does fifty
  },

  "hostile models": {
    /** One round is a thousand of them. */
    async round() {
      const test = ["vitest", "run", "test/artifact/hostile.test.ts", "-t", "generated models"];
      const env = { ...process.env, NNFIT_ROUNDS: "1000" };
      const { status, stdout } = spawnSync("npx", test, {
        cwd: root,
        env,
        encoding: "utf8",
        shell: process.platform === "win32",
      });
      assert.equal(status, 0, stdout);
    },
    inSuite: false, // where the test itself is
  },
};

const { values } = parseArgs({ options: { rounds: { type: "string", default: "200" }, only: { type: "string" } } });
const inSuite = process.env.VITEST !== undefined;
let broken = 0;
try {
  assert.equal((await nnfit(["train", "c.json", "--out", old])).code, 0);
  for (const [name, kind] of Object.entries(kinds)) {
    if ((values.only ?? name) !== name || (inSuite && kind.inSuite === false)) continue;
    const why = kind.unable?.();
    if (why) {
      console.log(`${name}: left out, because ${why}`);
      continue;
    }
    const failures = [];
    for (let round = 1; round <= Number(values.rounds); round++) {
      await kind.round().catch((error) => failures.push(`round ${round}: ${error.message}`));
    }
    console.log(`${name}: ${values.rounds} rounds, ${failures.length} promises broken`);
    for (const failure of failures) console.log(`  ${failure}`);
    broken += failures.length;
  }
} finally {
  rmSync(home, { recursive: true, force: true });
}
process.exitCode = Math.min(broken, 1);
