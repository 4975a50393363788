import { once } from "node:events";
import { readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { thisProcess } from "../../src/artifact/holder.js";
import { contents, type Files, folder, nnfit, start, works } from "./nnfit.js";
import { ended, written } from "./processes.js";

const table = ["a,b", ...Array.from({ length: 40 }, (_, i) => `${i},${(i * 7) % 40}`), ""].join("\n");
const endless = { data: { train: "t.csv", target: "b" }, model: { hidden: [4] }, training: { epochs: 1_000_000 } };
const files = { "c.json": JSON.stringify(endless), "t.csv": table };
const short = ["train", "c.json", "--set", "training.epochs=2"];

/** Starts runs into one folder and waits until all but one have ended. */
async function contend(cwd: string, count: number) {
  const runs = Array.from({ length: count }, () => {
    const child = start(["train", "c.json"], { cwd });
    let err = "";
    child.stderr.on("data", (bytes: Buffer) => {
      err = (err + bytes).slice(-2000);
    });
    return { child, said: () => err, ended: once(child, "close") };
  });
  await new Promise<void>((resolve) => {
    let left = count;
    for (const { ended } of runs) ended.then(() => --left <= 1 && resolve());
  });
  return runs;
}

it("of several runs into one folder one wins, and the rest end with exit code 5 and name it; killed, it is in nobody's way", async () => {
  const cwd = folder(files);
  for (const count of [2, 8, 3, 5]) {
    const runs = await contend(cwd, count); // after the first round over the lock of a killed run
    const [winner, ...others] = runs.filter(({ child }) => child.exitCode === null);
    expect(others).toEqual([]);
    const losers = runs.filter((run) => run !== winner);
    expect(losers).toHaveLength(count - 1);
    for (const { child, said } of losers) {
      expect(child.exitCode).toBe(5);
      expect(said()).toMatch(/^error: another run is using the output folder$/m);
      expect(said()).toMatch(/^ {2}at +runs\/c$/m);
      expect(said()).toMatch(new RegExp(`^  have +process ${winner!.child.pid} on `, "m"));
    }
    while (!/^epoch /m.test(winner!.said())) await setTimeout(20); // the files are there
    winner!.child.kill("SIGKILL");
    await winner!.ended;
    const left = readdirSync(join(cwd, "runs", "c")).filter((name) => !name.endsWith(".tmp"));
    expect(left.sort()).toEqual(["config.json", "events.ndjson", "history.csv", "run.lock"]);
    const history = readFileSync(join(cwd, "runs", "c", "history.csv"), "utf8")
      .split("\n")
      .slice(0, -1);
    const epochs = history.slice(1).map((line) => Number(line.split(",")[0]));
    expect(epochs).toEqual(epochs.map((_, i) => i + 1)); // one run's lines, whole
  }
  await works(short, { cwd });
  expect(Object.keys(contents(join(cwd, "runs", "c")))).toEqual([
    "config.json",
    "events.ndjson",
    "history.csv",
    "model.safetensors",
  ]);
});

it("a run whose lock is taken away ends with exit code 5, and leaves the lock to whoever has it", async () => {
  const cwd = folder(files);
  const { child, said, ended } = (await contend(cwd, 2)).find(({ child }) => child.exitCode === null)!;
  const lock = join(cwd, "runs", "c", "run.lock");
  const other = readFileSync(lock, "utf8").replace(/"token":"[^"]*"/, '"token":"other"');
  writeFileSync(lock, other);
  await ended;
  expect(child.exitCode).toBe(5);
  expect(said()).toContain("the lock of the output folder was taken over");
  expect(readFileSync(lock, "utf8")).toBe(other);
});

it.each([
  ["it is done", [], 0],
  ["training diverges", ["--set", "training.optimizer.learningRate=1e30"], 7],
  ["a check fails", ["--fail-if", "rmse > 0"], 1],
])("the lock is released when %s", async (_, more, code) => {
  const cwd = folder(files);
  expect((await nnfit([...short, ...more], { cwd })).code).toBe(code);
  expect(readdirSync(join(cwd, "runs", "c"))).not.toContain("run.lock");
});

describe("a lock whose holder can't be asked", () => {
  const search = { search: { "training.optimizer.learningRate": { log: [0.001, 0.1] }, runs: 2 } };
  const limited = { ...endless, training: { epochs: 2 } };
  /** A folder with the lock of a process in another container, whose last sign of life was so long ago. */
  function locked(run: string, secondsAgo: number, more: Files = {}) {
    const holder = { ...thisProcess("other"), system: "another container", pid: 1 };
    const name = `runs/${run}/run.lock`;
    const cwd = folder({
      "c.json": JSON.stringify({ ...limited, ...search }),
      [name]: `${JSON.stringify(holder)}\n`,
      ...more,
    });
    const time = Date.now() / 1000 - secondsAgo;
    utimesSync(join(cwd, name), time, time);
    return { cwd, lock: join(cwd, name) };
  }

  it.concurrent.each([
    ["train", "c", []],
    ["train", "c", ["--resume", "--json"]],
    ["train", "c", ["--folds", "2"]],
    ["search", "c-search", []],
  ])("%s (runs/%s, %j) waits until it counts as gone", async (command, run, more) => {
    const { cwd } = locked(run, 55, { "t.csv": table });
    const { err } = await works([command, "c.json", ...more], { cwd });
    expect(err).toMatch(
      new RegExp(`^  waiting   up to [1-5] s: runs/${run} is locked by process 1 on .*, which can't be asked`),
    );
  });

  it.concurrent("is waited for before the table is read, until it moves", async () => {
    const { cwd, lock } = locked("c", 30);
    const child = start(["train", "c.json"], { cwd });
    const told = text(child.stderr);
    const end = ended(child, 20);
    while (child.exitCode === null) {
      await setTimeout(300);
      utimesSync(lock, new Date(), new Date());
    }
    expect(await end).toEqual({ code: 5, signal: null });
    expect(await told).toMatch(/^ {2}waiting .*\nerror: another run is using the output folder\n/); // and not that there is no table
  });

  it.skipIf(process.platform === "win32")("is not waited for any more when a signal comes", async () => {
    const { cwd } = locked("c", 0);
    const child = start(["train", "c.json"], { cwd });
    await written(child.stderr, /^ {2}waiting {3}up to [56]\d s/m);
    child.kill("SIGTERM");
    expect(await ended(child, 5)).toEqual({ code: null, signal: "SIGTERM" });
  });
});
