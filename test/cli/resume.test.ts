import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventSchema, type TrainingEvent } from "../../src/artifact/events.js";
import { bin, environment, folder, json, modelDigest, nnfit, numbers, start, text, works } from "./nnfit.js";
import { ended, written } from "./processes.js";

const rows = Array.from({ length: 60 }, (_, i) => `${i % 17},${i % 29},${(i * i) % 97}`);
const table = ["a,b,y", ...rows].join("\n");
const begun = {
  data: { train: "t.csv", target: "y" },
  task: "regression",
  model: { hidden: [8], dropout: 0.1 },
  training: { epochs: 5, batchSize: 8, optimizer: { name: "adam" }, checkpoint: { everyEpochs: 2 } },
};
const put = (config: object = begun) => folder({ "t.csv": table, "c.json": JSON.stringify(config) });
const set = (...values: string[]) => values.flatMap((value) => ["--set", value]);
const train = (cwd: string, ...args: string[]) => nnfit(["train", "c.json", ...args], { cwd });
const checkpointsOf = (run: string) => readdirSync(join(run, "checkpoints")).sort();
const result = (cwd: string) => [modelDigest(join(cwd, "runs", "c")), text(cwd, "runs", "c", "history.csv")];

const eventsOf = (lines: string): TrainingEvent[] =>
  lines
    .trimEnd()
    .split("\n")
    .map((line) => eventSchema.parse(JSON.parse(line)));

/** A training that is killed as soon as it has written its second checkpoint. */
async function killed(config: object = begun): Promise<string> {
  const cwd = put(config);
  const child = start(["train", "c.json", "--events", "-", ...set("training.epochs=100000")], { cwd });
  child.stderr.resume();
  await written(child.stdout, /"checkpoint".*\n(.*\n)*.*"checkpoint".*\n/);
  child.kill("SIGKILL");
  await once(child, "close");
  return cwd;
}

/** Longer than it takes to be stopped. */
const long = {
  ...begun,
  model: { hidden: [128, 128], dropout: 0.1 },
  training: { ...begun.training, epochs: 400, schedule: { learningRate: "cosine" }, checkpoint: { everySeconds: 0.2 } },
};

describe.skipIf(process.platform === "win32")("a signal", () => {
  it("of a terminal that is closed keeps a checkpoint, and ends the process as usual", async () => {
    const cwd = put(long);
    const child = start(["train", "c.json"], { cwd });
    onTestFinished(() => void child.kill("SIGKILL"));
    await written(child.stderr, /^epoch +4\//m);
    child.kill("SIGHUP");
    expect(await ended(child, 5)).toEqual({ code: null, signal: "SIGHUP" }); // which a shell has as 129
    expect(text(cwd, "runs", "c", "events.ndjson")).toMatch(/"status":"stopped","exitCode":129/);
    expect((await works(["train", "c.json", "--resume"], { cwd })).err).toMatch(/resume +from .*checkpoints/);
  });

  const ensemble = { ...long, model: { ...long.model, members: 3 }, training: { ...long.training, epochs: 400 } };
  it.each([
    ["SIGINT", 130, "a network", long, []],
    ["SIGTERM", 143, "an ensemble on threads", ensemble, ["--threads", "3"]],
  ] as const)(
    "stops a training by %s with %i, and --resume ends as if there had been none: %s",
    async (signal, code, _, config, args) => {
      const cwd = put(config);
      const child = start(["train", "c.json", ...args], { cwd });
      onTestFinished(() => void child.kill("SIGKILL"));
      await written(child.stderr, /^epoch +4\//m);
      child.kill(signal);
      const told = await written(child.stderr, /resume .*\n/);
      expect(await ended(child, 5)).toEqual({ code, signal: null });
      expect(told).toContain(`stopped   by ${signal === "SIGINT" ? "Ctrl-C (SIGINT)" : signal} after `);
      expect(told).toContain(`resume    nnfit train c.json ${[...args, "--resume"].join(" ")}\n`);
      expect(readdirSync(join(cwd, "runs", "c"))).not.toContain("model.safetensors");

      const resumed = await works(["train", "c.json", "--resume", ...args], { cwd });
      expect(resumed.err).toMatch(/resume +from runs\/c\/checkpoints\/\d+\.safetensors, after \d+ epochs/);
      const whole = put(config);
      await works(["train", "c.json"], { cwd: whole });
      expect(result(cwd)).toEqual(result(whole));
      expect(readdirSync(join(cwd, "runs", "c"))).not.toContain("checkpoints");
    },
  );

  it.each([0, 200, 400])(
    "loses nothing when it comes %i ms after the last epoch, while scores are worked out",
    async (wait) => {
      const cell = (row: number, column: number) => ((row * (column + 3) * 7919) % 997) / 997;
      const rows = Array.from({ length: 20_000 }, (_, row) => [
        ...Array.from({ length: 40 }, (_, c) => cell(row, c)),
        `c${row % 7}`,
      ]);
      const header = [...Array.from({ length: 40 }, (_, c) => `x${c}`), "y"];
      const cwd = put({ data: { train: "wide.csv", target: "y" }, model: { hidden: [4] }, training: { epochs: 2 } });
      writeFileSync(join(cwd, "wide.csv"), [header, ...rows].map((cells) => cells.join(",")).join("\n"));
      const child = start(["train", "c.json"], { cwd });
      onTestFinished(() => void child.kill("SIGKILL"));
      await written(child.stderr, /^epoch +2\/2/m);
      const end = ended(child, 20);
      await pause(wait);
      child.kill("SIGTERM");
      const { code } = await end;
      if (code === 143) await works(["train", "c.json", "--resume"], { cwd });
      expect(readdirSync(join(cwd, "runs", "c"))).toContain("model.safetensors");
    },
  );

  it("ends a training at once when it is the second one", async () => {
    const cwd = put({
      ...begun,
      model: { hidden: [1500, 1500], members: 2 },
      training: { epochs: 1000, batchSize: "full" },
    });
    const child = start(["train", "c.json", "--threads", "2"], { cwd });
    onTestFinished(() => void child.kill("SIGKILL"));
    await written(child.stderr, /^epoch +1\//m);
    child.kill("SIGINT");
    setTimeout(() => child.kill("SIGINT"), 30);
    const { code, signal } = await ended(child, 2);
    expect(code ?? signal).toBeOneOf([130, "SIGINT"]); // 130, where all was written within 30 ms
  });

  it("ends what is still reading its table, and nothing is written", async () => {
    const cwd = put();
    execFileSync("mkfifo", [join(cwd, "slow.csv")]);
    const child = start(["train", "c.json", ...set("data.train=slow.csv")], { cwd });
    const pipe = openSync(join(cwd, "slow.csv"), "w"); // waits until it reads
    writeFileSync(pipe, "a,b,y\n1,2,3\n");
    child.kill("SIGTERM");
    expect(await ended(child, 2)).toEqual({ code: null, signal: "SIGTERM" });
    closeSync(pipe);
    expect(readdirSync(cwd).sort()).toEqual(["c.json", "slow.csv", "t.csv"]);
  });
});

describe("a checkpoint", () => {
  it("is one of two that are kept, and a model that predicts", async () => {
    const cwd = await killed();
    const run = join(cwd, "runs", "c");
    const files = checkpointsOf(run).filter((file) => !file.endsWith(".tmp"));
    expect(files.length).toBeOneOf([2, 3]); // 3, where it was killed before the oldest was removed
    const checkpoint = join("runs", "c", "checkpoints", files.at(-1)!);
    const { code, err } = await nnfit(["predict", "runs/c", "t.csv"], { cwd });
    expect([code, err]).toEqual([6, expect.stringContaining(`its last checkpoint, ${checkpoint}`)]);
    const { out } = await works(["predict", checkpoint, "t.csv"], { cwd });
    const epochs = numbers(text(run, "history.csv"), "val_loss");
    const inspected = json<{ training: { epochs: number; keptEpoch: number; stopped: string } }>(
      (await works(["inspect", checkpoint, "--json"], { cwd })).out,
    );
    expect(inspected.training.stopped).toBe("not yet done");
    expect(inspected.training.epochs % 2).toBe(0);

    const { keptEpoch } = inspected.training; // its predictions are those of a training that ends there
    expect(epochs[keptEpoch - 1]).toBe(Math.min(...epochs.slice(0, inspected.training.epochs)));
    const short = put();
    await works(["train", "c.json", ...set(`training.epochs=${keptEpoch}`)], { cwd: short });
    expect((await works(["predict", "runs/c", "t.csv"], { cwd: short })).out).toBe(out);
  });

  it("beside the model of an earlier training is told by what uses that model", async () => {
    const cwd = put();
    await works(["train", "c.json"], { cwd });
    expect((await works(["predict", "runs/c", "t.csv"], { cwd })).err).toBe("");
    const child = start(["train", "c.json", "--events", "-", ...set("training.epochs=100000")], { cwd });
    child.stderr.resume();
    await written(child.stdout, /"checkpoint".*\n/);
    const isOfEarlier =
      /^note: runs\/c\/model\.safetensors is from an earlier training: the last one in runs\/c is unfinished or was stopped/;
    expect((await works(["predict", "c.json", "t.csv"], { cwd })).err).toMatch(isOfEarlier);
    child.kill("SIGKILL");
    await once(child, "close");
    for (const command of ["predict", "evaluate", "check"]) {
      expect((await works([command, "runs/c", "t.csv"], { cwd })).err).toMatch(isOfEarlier);
    }
    await works(["train", "c.json"], { cwd });
    expect((await works(["predict", "runs/c", "t.csv"], { cwd })).err).toBe("");
  });

  it("changes nothing of the model, however often it is written", async () => {
    const digests = ['{ "everyEpochs": 1 }', '{ "everySeconds": 1e-6 }', '{ "everySeconds": 1e6 }'].map(
      async (every) => {
        const cwd = put();
        await works(["train", "c.json", ...set(`training.checkpoint=${every}`)], { cwd });
        return modelDigest(join(cwd, "runs", "c"));
      },
    );
    expect(new Set(await Promise.all(digests)).size).toBe(1);
  });

  it("that is damaged is passed over for the one before, which is said", async () => {
    const cwd = await killed();
    const run = join(cwd, "runs", "c");
    const raised = set("training.epochs=100000", "training.patience=40");
    const begunWith = ["--resume", ...set("training.epochs=100000")];
    const newest = checkpointsOf(run).findLast((file) => file.endsWith(".safetensors"))!;
    const path = join(run, "checkpoints", newest);
    const bytes = readFileSync(path);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(path, bytes);
    expect((await train(cwd, "--resume", ...raised)).code).toBe(2); // patience was 0
    const child = start(["train", "c.json", ...begunWith], { cwd });
    onTestFinished(() => void child.kill("SIGKILL"));
    const told = await written(child.stderr, /resume .*\n/);
    child.kill("SIGKILL");
    await once(child, "close");
    expect(told).toContain("note: a checkpoint was skipped: the model file is damaged");
    expect(told).toContain(`(runs/c/checkpoints/${newest})`);

    for (const file of checkpointsOf(run)) writeFileSync(join(run, "checkpoints", file), "");
    const { code, err } = await train(cwd, ...begunWith);
    expect(code).toBe(6);
    expect(err).toContain("runs/c/checkpoints/");
  });

  it("of the same training stays when it starts over, until there is a newer one", async () => {
    const cwd = await killed();
    const run = join(cwd, "runs", "c");
    const earlier = checkpointsOf(run).filter((file) => file.endsWith(".safetensors")); // what is half written goes
    const again = (where: string, ...more: string[]) => {
      const child = start(["train", "c.json", ...set("training.epochs=100000"), ...more], { cwd: where });
      onTestFinished(() => void child.kill("SIGKILL"));
      return child;
    };
    const stopped = again(cwd, ...set('training.checkpoint={"everySeconds":3600}'));
    const told = await written(stopped.stderr, /^epoch +4\//m);
    stopped.kill("SIGKILL");
    await once(stopped, "close");
    expect(told).toContain("training starts over; the earlier run's checkpoints stay until this one writes its own");
    expect(checkpointsOf(run)).toEqual(earlier);
    const resumed = await written(again(cwd, "--resume").stderr, /^ {2}resume .*\n/m);
    expect(resumed).toContain(`from runs/c/checkpoints/${earlier.at(-1)},`);

    const other = await killed();
    const before = checkpointsOf(join(other, "runs", "c"));
    await written(again(other).stderr, /^epoch +7\//m);
    for (const file of before) expect(checkpointsOf(join(other, "runs", "c"))).not.toContain(file);
  });

  it("of an earlier run of another config is removed when training starts over, which is said", async () => {
    const cwd = await killed();
    const { err } = await works(["train", "c.json"], { cwd });
    expect(err).toContain("note: training starts over; the earlier run's checkpoints for --resume are removed");
    const fresh = put();
    await works(["train", "c.json"], { cwd: fresh });
    expect(result(cwd)).toEqual(result(fresh));
  });
});

describe("--resume", () => {
  it("refuses another config or other data, and says what differs", async () => {
    const cwd = await killed();
    const changes = set("training.epochs=100000", "training.batchSize=16", "model.dropout=0", "data.validation=0");
    const { code, err } = await train(cwd, "--resume", ...changes);
    expect(code).toBe(2);
    expect(err).toContain("error: the run was started with a different config or data\n  at    runs/c\n");
    expect(err).toContain("training.batchSize: 8, now 16");
    expect(err).toContain("model.dropout: 0.1, now 0");
    expect(err).toContain("data.validation: 0.2, now 0");
    expect(err).not.toContain("training.epochs");

    writeFileSync(join(cwd, "t.csv"), table.replace("1,1,1", "1,2,1"));
    const other = await train(cwd, "--resume", ...set("training.epochs=100000"));
    expect(other.code).toBe(2);
    expect(other.err).toContain('have  column "b": changed\n');
    writeFileSync(join(cwd, "t.csv"), `${table}\n1,2,3`);
    const more = await train(cwd, "--resume", ...set("training.epochs=100000"));
    expect(more.err).toContain("number of rows: 60, now 61");
  });

  it("may be given more epochs, where no schedule depends on them", async () => {
    const cwd = put();
    const stopAt =
      (epoch: number, ...args: string[]) =>
      async () => {
        const child = start(["train", "c.json", ...args], { cwd });
        child.stdout.resume();
        await written(child.stderr, new RegExp(`^epoch +${epoch}/`, "m"));
        child.kill("SIGKILL");
        await once(child, "close");
      };
    const often = set('training.checkpoint={ "everyEpochs": 1 }');
    await stopAt(3, ...often, ...set("training.epochs=1000"))();
    expect((await train(cwd, "--resume", ...set("training.epochs=999"))).err).toContain(
      "training.epochs: 1000, now 999, and it can only be raised",
    );
    await works(
      ["train", "c.json", "--resume", ...set("training.epochs=1003", 'training.checkpoint={ "everyEpochs": 9999 }')],
      { cwd },
    );
    const whole = put();
    await works(["train", "c.json", ...set("training.epochs=1003")], { cwd: whole });
    expect(result(cwd)).toEqual(result(whole));

    const cosine = set("training.schedule.learningRate=cosine");
    await stopAt(3, ...often, ...cosine, ...set("training.epochs=1000"))();
    const { code, err } = await train(cwd, "--resume", ...cosine, ...set("training.epochs=1001"));
    expect(code).toBe(2);
    expect(err).toContain("training.epochs: 1000, now 1001, and training.schedule depends on it");
  });

  it("begins with the first epoch where a training was killed before it had a checkpoint, or there is none", async () => {
    const cwd = put({ ...begun, training: { ...begun.training, checkpoint: { everyEpochs: 1e6 } } });
    const child = start(["train", "c.json", "--events", "-", ...set("training.epochs=1000000")], { cwd });
    child.stderr.resume();
    await written(child.stdout, /"epoch":3,/);
    child.kill("SIGKILL");
    await once(child, "close");
    const resumed = await train(cwd, "--resume");
    expect([resumed.code, resumed.err]).toEqual([
      0,
      expect.stringMatching(/^ {2}resume {4}from the first epoch, because there is no checkpoint$/m),
    ]);
    expect(eventsOf(text(cwd, "runs", "c", "events.ndjson")).filter(({ event }) => event === "start")).toHaveLength(1);
    const whole = put();
    expect((await train(whole, "--resume")).code).toBe(0);
    expect(result(cwd)).toEqual(result(whole));
  });

  it("says so where there is nothing more to do", async () => {
    const cwd = put();
    mkdirSync(join(cwd, "runs/c/checkpoints"), { recursive: true });
    writeFileSync(join(cwd, "runs/c/checkpoints/000001.safetensors.7.tmp"), "half"); // killed while it wrote the first
    const first = await works(["train", "c.json", "--resume"], { cwd });
    expect(first.err).toContain("because there is no checkpoint");
    expect(first.err).not.toContain("earlier run's checkpoints");
    const before = result(cwd);
    const done = await train(cwd, "--resume", "--json");
    expect(done.code).toBe(0);
    expect(done.err).toContain("complete  runs/c/model.safetensors");
    const scores = { rmse: expect.any(Number), r2: expect.any(Number) };
    expect(json(done.out)).toMatchObject({ version: 1, model: "runs/c/model.safetensors", complete: true, scores });
    const gated = await train(cwd, "--resume", "--fail-if", "rmse > 0");
    expect([gated.code, gated.err]).toEqual([1, expect.stringContaining("rmse > 0")]);

    const model = readFileSync(join(cwd, "runs/c/model.safetensors"));
    writeFileSync(join(cwd, "runs/c/model.safetensors"), model.subarray(0, -1));
    const damaged = await train(cwd, "--resume", "--fail-if", "rmse > 1e9");
    expect([damaged.code, damaged.err]).toEqual([6, expect.stringContaining("the model file is damaged")]);
    writeFileSync(join(cwd, "runs/c/model.safetensors"), model);

    writeFileSync(join(cwd, "runs/c/run.lock"), ""); // it was killed when all but this was done
    expect((await train(cwd, "--resume")).err).toContain("complete  runs/c/model.safetensors");
    expect(readdirSync(join(cwd, "runs/c"))).not.toContain("run.lock");

    const shorter = await train(cwd, "--resume", ...set("training.epochs=4"));
    expect(shorter.err).toMatch(/^ {2}have {2}training\.epochs: 5, now 4$/m);
    const longer = await train(cwd, "--resume", ...set("training.epochs=6"));
    expect([longer.code, longer.err]).toEqual([2, expect.stringContaining("training.epochs: 5, now 6")]);
    writeFileSync(join(cwd, "t.csv"), table.replace("1,1,1", "1,2,1"));
    expect((await train(cwd, "--resume")).err).toContain('column "b": changed');
    expect(result(cwd)).toEqual(before);
  });

  it("says what is wrong with a complete run whose config is not there, or not the run's", async () => {
    const cwd = put();
    await works(["train", "c.json"], { cwd });
    const config = join(cwd, "runs/c/config.json");
    for (const [change, what] of [
      [() => rmSync(config), "can't read the config of the run that is complete: there is no such file"],
      [() => writeFileSync(config, "{}"), "the run is complete, but its config is not one that nnfit has written"],
      [
        () => writeFileSync(config, '{"data":'),
        "the run is complete, but its config is not one that nnfit has written",
      ],
    ] as const) {
      change();
      const { code, err } = await train(cwd, "--resume");
      expect([code, err]).toEqual([5, expect.stringContaining(`error: ${what}\n  at    runs/c/config.json\n  try `)]);
    }
  });

  it("says what is wrong where its events can't be read", async () => {
    const cwd = put();
    mkdirSync(join(cwd, "runs/c/events.ndjson"), { recursive: true });
    const { code, err } = await train(cwd, "--resume");
    expect([code, err]).toEqual([
      5,
      expect.stringContaining("can't read the events: it is a folder\n  at    runs/c/ev"),
    ]);
  });

  it("does not call a run complete over which one of another config could not begin", async () => {
    const cwd = put();
    await works(["train", "c.json"], { cwd });
    const inTheWay = "runs/c/checkpoints/000001.safetensors";
    mkdirSync(join(cwd, inTheWay), { recursive: true });
    const other = set("training.epochs=7");
    expect((await train(cwd, ...other)).code).toBe(5);
    rmdirSync(join(cwd, inTheWay));
    const note = /^note: .*model\.safetensors is from an earlier training/m;
    expect((await works(["predict", "runs/c", "t.csv"], { cwd })).err).toMatch(note);
    const resumed = await works(["train", "c.json", "--resume", ...other], { cwd });
    expect(resumed.err).toContain("from the first epoch, because there is no checkpoint");
    expect(numbers(text(cwd, "runs/c/history.csv"), "epoch")).toHaveLength(7);
    expect((await works(["predict", "runs/c", "t.csv"], { cwd })).err).not.toMatch(note);
  });

  it("cuts the history to what the checkpoint knows, whatever has been added since", async () => {
    const cwd = await killed();
    const run = join(cwd, "runs", "c");
    appendFileSync(join(run, "history.csv"), "9999,1,2,3,4,5\n77,0.");
    appendFileSync(join(run, "events.ndjson"), '{"version":1,"eve');
    const child = start(["train", "c.json", "--resume", ...set("training.epochs=100000")], { cwd });
    child.stdout.resume();
    await written(child.stderr, /^epoch +\d+\/(.*\n)+epoch/m);
    child.kill("SIGKILL");
    await once(child, "close");
    const epochs = numbers(text(run, "history.csv"), "epoch");
    expect(epochs).toEqual(epochs.map((_, i) => i + 1));
    for (const line of text(run, "events.ndjson").trimEnd().split("\n")) eventSchema.parse(JSON.parse(line));
  });
});

describe("events", () => {
  it("tell a run from start to end, in its folder and on standard output alike", async () => {
    const cwd = put();
    const { out } = await works(["train", "c.json", "--events", "-"], { cwd });
    expect(out).toBe(text(cwd, "runs", "c", "events.ndjson"));
    const events = eventsOf(out);
    const kinds = ["start", "epoch", "epoch", "checkpoint", "epoch", "epoch", "checkpoint", "epoch", "end"];
    expect(events.map(({ event }) => event)).toEqual(kinds);
    expect(events[0]).toMatchObject({ task: "regression", members: 1, epochs: 5, trainingRows: 48 });
    const losses = events.flatMap((event) => (event.event === "epoch" ? [event.loss] : []));
    expect(losses).toEqual(numbers(text(cwd, "runs", "c", "history.csv"), "loss"));
    expect(events.at(-1)).toMatchObject({ status: "done", exitCode: 0, epochs: 5, model: "runs/c/model.safetensors" });
  });

  it("go to a descriptor that is open, and one that is not is refused", async () => {
    const cwd = put();
    const file = openSync(join(cwd, "e.ndjson"), "w");
    const args = [bin, "train", "c.json", "--events", "3"];
    const stdio = ["ignore", "pipe", "pipe", file] as const;
    expect(spawnSync(process.execPath, args, { cwd, env: environment(), stdio: [...stdio] }).status).toBe(0);
    closeSync(file);
    expect(text(cwd, "e.ndjson")).toBe(text(cwd, "runs", "c", "events.ndjson"));
    if (process.platform === "linux") {
      const full = openSync("/dev/full", "w");
      const stdio = ["ignore", "pipe", "pipe", full] as const;
      const { status, stderr } = spawnSync(process.execPath, args, { cwd, env: environment(), stdio: [...stdio] });
      closeSync(full);
      expect([status, String(stderr)]).toEqual([
        0,
        expect.stringContaining("can't write events: the disk is full (--events 3)"),
      ]);
    }
    expect((await train(cwd, "--events", "999")).code).toBe(2);
    expect((await train(cwd, "--events", "x")).code).toBe(2);
    for (const ofNode of ["4", "7", "12"]) expect((await train(cwd, "--events", ofNode)).code, ofNode).toBe(2);
    expect((await train(cwd, "--events", "-", "--json")).code).toBe(2);
  });

  it.skipIf(process.platform === "win32")(
    "that can't grow any more end it with how to go on from its checkpoint",
    async () => {
      const cwd = put();
      const settings = set("training.epochs=5000", 'training.checkpoint={"everyEpochs":9}');
      for (const [more, where] of [
        [[], "checkpoints/\\d+.safetensors"] as const,
        [["--folds", "2"], "folds"] as const,
      ]) {
        const args = ["train", "c.json", "--quiet", ...settings, "--out", `out${more.length}`, ...more];
        const limited = ["-c", 'ulimit -f 100; exec "$0" "$@"', process.execPath, bin, ...args];
        const { status, stderr } = spawnSync("sh", limited, { cwd, env: environment() });
        const out = `out${more.length}`;
        expect([status, String(stderr)]).toEqual([
          5,
          expect.stringMatching(
            new RegExp(
              `^error: can't write the file: the file has reached .*\\n {2}at {4}${out}/.*\\n {2}try {3}a higher limit .*, then nnfit train .*--resume, which goes on from ${out}/${where}\\n$`,
              "m",
            ),
          ),
        ]);
      }
    },
  );

  it("nobody reads any more do not end a training", async () => {
    const cwd = put();
    const child = spawn(process.execPath, [bin, "train", "c.json", "--events", "-", ...set("training.epochs=300")], {
      cwd,
      env: environment(),
    });
    child.stdout.once("data", () => child.stdout.destroy());
    child.stderr.resume();
    const [code] = await once(child, "exit");
    expect(code).toBe(0);
    expect(eventsOf(text(cwd, "runs", "c", "events.ndjson")).at(-1)).toMatchObject({ event: "end", epochs: 300 });
  });

  it.skipIf(process.platform !== "linux")("that nobody takes do not hold up a training, nor its end", async () => {
    const cwd = put({ ...begun, training: { ...begun.training, batchSize: "full", checkpoint: { everySeconds: 30 } } });
    const pipe = join(cwd, "pipe");
    execFileSync("mkfifo", [pipe]);
    const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(pipe, "w");
    onTestFinished(() => [reader, writer].forEach(closeSync));
    const listened = (epochs: number) => {
      const args = [bin, "train", "c.json", "--events", "3", ...set(`training.epochs=${epochs}`)];
      const child = spawn(process.execPath, args, {
        cwd,
        env: environment(),
        stdio: ["ignore", "pipe", "pipe", writer],
      });
      onTestFinished(() => void child.kill("SIGKILL"));
      return child;
    };
    const stopped = listened(1e6);
    await written(stopped.stderr!, /^epoch +1000\//m); // their events are more than a pipe holds
    stopped.kill("SIGTERM");
    expect(await ended(stopped, 5)).toEqual({ code: 143, signal: null });

    const drained = () => {
      const bytes = Buffer.alloc(1 << 20);
      try {
        return bytes.toString("utf8", 0, readSync(reader, bytes));
      } catch {
        return ""; // there is nothing to read
      }
    };
    drained();
    const done = listened(1000);
    await written(done.stderr!, /^ {2}scores /m);
    let heard = "";
    const end = ended(done, 5);
    for (let over = false; !over; over = done.exitCode !== null) {
      heard += drained();
      await pause(5);
    }
    expect(await end).toEqual({ code: 0, signal: null });
    expect(heard + drained()).toBe(text(cwd, "runs", "c", "events.ndjson"));
  });

  it("tell how a training failed", async () => {
    const cwd = put();
    const args = set("training.optimizer.name=sgd", "training.optimizer.learningRate=1e30");
    const { code } = await train(cwd, ...args);
    expect(code).toBe(7);
    expect(eventsOf(text(cwd, "runs", "c", "events.ndjson")).at(-1)).toMatchObject({
      event: "end",
      status: "failed",
      exitCode: 7,
      error: { kind: "diverged" },
    });
  });
});

it("a training that is killed fifty times, often while it writes a checkpoint, ends as one that never was", () => {
  const rounds = fileURLToPath(new URL("../torture/kill.mjs", import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [rounds, "--rounds", "50"], { encoding: "utf8" });
  expect(stderr).toBe("");
  expect(stdout).toBe("kill -9: 50 rounds, 0 promises broken\n");
  expect(status).toBe(0);
}, 180_000);
