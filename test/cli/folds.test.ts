import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import {
  cells,
  contents,
  digest,
  folder,
  json,
  nnfit,
  numbers,
  type Outcome,
  put,
  records,
  start,
  text,
  works,
} from "./nnfit.js";
import { ended, written } from "./processes.js";

/** Two overlapping clouds of points, in ten groups, on sixty days. */
const points = Array.from({ length: 60 }, (_, i) => {
  const kind = i % 3 === 0 ? "far" : "near";
  const away = kind === "far" ? 1.5 : 0;
  const noise = (n: number) => (((i + 1) * n) % 101) / 50 - 1;
  const day = `2024-${i < 30 ? "01" : "03"}-${String(1 + ((i * 7) % 30)).padStart(2, "0")}`;
  return [(away + noise(37)).toFixed(3), (away - noise(53)).toFixed(3), `p${(i * 7) % 10}`, day, kind];
});
const header = "a,b,patient,day,kind";
const lines = [header, ...points.map((cells) => cells.join(","))];
const table = lines.join("\n");

const config = {
  data: { train: "t.csv", target: "kind", ignore: ["patient", "day"] },
  model: { hidden: [8] },
  training: { epochs: 6, batchSize: 8, optimizer: { name: "adam", learningRate: 0.01 } },
};
const inFolder = (changes: object = {}) =>
  folder({ "t.csv": table, "c.json": JSON.stringify({ ...config, ...changes }) });
const grouped = { data: { train: "t.csv", target: "kind", ignore: ["day"], groups: "patient" } };
const inTime = { data: { train: "t.csv", target: "kind", ignore: ["patient"], time: "day" } };

interface Result {
  model: string | null;
  scores: Record<string, number>;
  deviations: Record<string, number>;
  outOfFold: { rows: number; scores: Record<string, number> };
  baseline: { scores: Record<string, number> };
  folds: { fold: number; testRows: number; trainingRows: number; scores: Record<string, number> }[];
}

const outOfFold = (cwd: string, run = "runs/c") => records(text(cwd, run, "out-of-fold.csv"));

it("folds leave alone a run folder whose model was trained with another config", async () => {
  const cwd = inFolder({ output: "r", training: { ...config.training, epochs: 1 } });
  await works(["train", "c.json"], { cwd });
  const before = contents(join(cwd, "r"));
  const other = ["train", "c.json", "--folds", "2", "--set", "model.hidden=[4]"];
  const { code, err } = await nnfit(other, { cwd });
  expect([code, err]).toEqual([2, expect.stringContaining("--out r-folds")]);
  expect(contents(join(cwd, "r"))).toEqual(before);
  await works([...other, "--out", "r-folds"], { cwd });
  await works(["train", "c.json", "--folds", "2"], { cwd }); // the same config
});

describe("nnfit train --folds 4", () => {
  const cwd = inFolder();
  let told: Outcome;
  let result: Result;
  beforeAll(async () => {
    told = await works(["train", "c.json", "--folds", "4", "--json"], { cwd });
    result = json<Result>(told.out);
  });

  it("writes scores, predictions and the config, and no model", () => {
    expect(Object.keys(contents(join(cwd, "runs")))).toEqual(["c/config.json", "c/folds.csv", "c/out-of-fold.csv"]);
    expect(result.model).toBe(null);
  });

  it("tells each fold, the mean and deviation, and the scores of all rows at once, in a table", () => {
    const rows = told.err.split("\n").map((line) => line.trim().split(/ {2,}/));
    const start = rows.findIndex(([first]) => first === "fold");
    expect(rows[start]).toEqual(["fold", "rows", "epoch", ...Object.keys(result.scores)]);
    const scoresOf = (line: number, other: number) => rows[start + line]!.slice(other).map(Number);
    const expected = (scores: Record<string, number>) => Object.values(scores).map((score) => expect.closeTo(score, 4));
    for (const [i, { scores }] of result.folds.entries()) {
      expect(rows[start + 1 + i]!.slice(0, 2)).toEqual([String(i + 1), "15"]);
      expect(scoresOf(1 + i, 3)).toEqual(expected(scores));
    }
    expect(rows.slice(start + 5, start + 8).map(([first]) => first)).toEqual(["mean", "± deviation", "out of fold"]);
    expect(scoresOf(5, 1)).toEqual(expected(result.scores));
    expect(scoresOf(6, 1)).toEqual(expected(result.deviations));
    expect(scoresOf(7, 2)).toEqual(expected(result.outOfFold.scores));
    expect(told.err).toContain(
      "folds     4, stratified by kind: each fold is tested on 15 rows and trained on all others; the first fold:",
    );
    expect(told.err).toMatch(/rows +36 for training, 9 for validation/);
    expect(told.err).toMatch(/^fold 3\/4 {2}accuracy \d\.\d+, logLoss 0\.\d+$/m);
    expect(told.err).toContain("model     not kept; the same command without --folds trains one\n");
  });

  it("predicts every row once, in the order of the table, by a fold that did not learn from it", () => {
    const predicted = outOfFold(cwd);
    expect(predicted.map(({ line }) => Number(line))).toEqual(points.map((_, row) => row + 2));
    expect(predicted.map(({ row }) => Number(row))).toEqual(points.map((_, row) => row + 1));
    expect(predicted.map(({ truth }) => truth)).toEqual(points.map((cells) => cells.at(-1)));
    const columns = ["row", "line", "fold", "truth", "prediction", "probability_far", "probability_near"];
    expect(Object.keys(predicted[0]!)).toEqual(columns);
    const right = predicted.filter(({ prediction }, row) => prediction === points[row]!.at(-1)).length;
    expect(right / 60).toBe(result.outOfFold.scores.accuracy);
    for (const { fold, scores, testRows } of result.folds) {
      const ofFold = predicted
        .map((record, row) => ({ record, row }))
        .filter(({ record }) => record.fold === String(fold));
      expect(ofFold).toHaveLength(testRows);
      const right = ofFold.filter(({ record, row }) => record.prediction === points[row]!.at(-1)).length;
      expect(right / testRows).toBe(scores.accuracy);
      expect(ofFold.filter(({ row }) => row % 3 === 0)).toHaveLength(5); // stratified
    }
  });

  it("tells rows as they stand in the table, also past cells of several lines and rows without a target", async () => {
    const rows = points.map(([a, b, , , kind], i) => `${a},${b},"p\n${i}",${i % 10 === 4 ? "" : kind}`);
    const cwd = folder({
      "t.csv": ["a,b,note,kind", ...rows].join("\n"),
      "c.json": JSON.stringify({ ...config, data: { train: "t.csv", target: "kind" } }),
    });
    await works(["train", "c.json", "--folds", "3", "--set", "training.epochs=1"], { cwd });
    const tested = outOfFold(cwd);
    expect(tested).toHaveLength(54);
    for (const { row, line, truth } of tested) {
      expect(truth).toBe(points[Number(row) - 1]!.at(-1));
      expect(Number(line)).toBe(2 * Number(row));
    }
  });

  it("predicts what a model does that is trained by hand on a fold's learning rows", async () => {
    const predicted = outOfFold(cwd);
    const tested = predicted.map(({ fold }) => fold === "2");
    const only = (which: boolean) => [header, ...lines.slice(1).filter((_, row) => tested[row] === which)].join("\n");
    const byHand = folder({ "t.csv": only(false), "test.csv": only(true), "c.json": JSON.stringify(config) });
    await works(["train", "c.json"], { cwd: byHand });
    const { out } = await works(["predict", "runs/c", "test.csv", "--proba"], { cwd: byHand });
    const ofFold = cells(text(cwd, "runs/c/out-of-fold.csv")).filter(([, , fold]) => fold === "2" || fold === "fold");
    expect(ofFold.map((record) => record.slice(4))).toEqual(cells(out));
  });

  it("writes the same bytes with one thread and with two", async () => {
    for (const threads of ["1", "2"]) {
      await works(["train", "c.json", "--folds", "4", "--threads", threads, "--out", threads], { cwd });
      for (const file of ["folds.csv", "out-of-fold.csv"]) {
        expect(digest(join(cwd, threads, file))).toBe(digest(join(cwd, "runs/c", file)));
      }
    }
  });

  it("has a line for each fold in folds.csv, as --json tells it", () => {
    const written = text(cwd, "runs/c/folds.csv");
    expect(cells(written)[0]!.slice(0, 7)).toEqual([
      "fold",
      "trainingRows",
      "validationRows",
      "testRows",
      "epochs",
      "keptEpoch",
      "stopped",
    ]);
    expect(numbers(written, "logLoss")).toEqual(result.folds.map(({ scores }) => scores.logLoss));
    expect(numbers(written, "trainingRows")).toEqual([36, 36, 36, 36]);
    expect(result).toMatchObject({ version: 1, task: "classification", members: 1, backend: "wasm" });
    const mean = numbers(written, "accuracy").reduce((sum, accuracy) => sum + accuracy / 4, 0);
    expect(result.scores.accuracy).toBeCloseTo(mean, 12);
  });

  it("chooses each fold's best epoch by the rows of a validation table, where there is one", async () => {
    const cwd = folder({ "t.csv": table, "v.csv": lines.slice(0, 20).join("\n"), "c.json": JSON.stringify(config) });
    const { err } = await works(["train", "c.json", "--folds", "3", "--set", "data.validation=v.csv"], { cwd });
    expect(err).toMatch(/rows +40 for training, 19 for validation\n/);
    expect(numbers(text(cwd, "runs/c/folds.csv"), "validationRows")).toEqual([19, 19, 19]);
  });

  it("leaves a model that is there", async () => {
    const cwd = inFolder();
    await works(["train", "c.json"], { cwd });
    const before = digest(join(cwd, "runs/c/model.safetensors"));
    await works(["train", "c.json", "--folds", "2"], { cwd });
    expect(digest(join(cwd, "runs/c/model.safetensors"))).toBe(before);
    await works(["train", "runs/c/config.json", "--folds", "2", "--out", "again"], { cwd });
    expect(text(cwd, "again/folds.csv")).toBe(text(cwd, "runs/c/folds.csv"));
  });

  it("judges by the mean of the folds what --fail-if and --baseline ask", async () => {
    const { accuracy } = result.scores;
    const train = (...gates: string[]) => nnfit(["train", "c.json", "--folds", "4", "--out", "g", ...gates], { cwd });
    const failed = await train("--fail-if", `accuracy <= ${accuracy}`);
    expect(failed.code).toBe(1);
    expect(failed.err).toContain(`have  accuracy ${accuracy}`);
    writeFileSync(join(cwd, "earlier.json"), told.out);
    expect((await train("--fail-if", `accuracy < ${accuracy}`, "--baseline", "earlier.json")).code).toBe(0);
  });
});

it("folds are compared with the baseline and judged by their means, not by all of their rows at once", async () => {
  const amounts = Array.from({ length: 60 }, (_, i) => `${(i * 17) % 60},${i === 7 ? 1e4 : (i * 17) % 60}`);
  const cwd = folder({
    "t.csv": ["x,y", ...amounts].join("\n"),
    "c.json": JSON.stringify({
      data: { train: "t.csv", target: "y" },
      scale: { target: "robust" },
      model: { hidden: [4], loss: "huber" },
      training: { epochs: 2 },
    }),
  });
  // One fold tests the outlier: its error is some 10⁴ / √20 = 2236, whatever predicts it. In the two others it draws the
  // mean away by 10⁴ / 40 = 250, and the network less. All rows at once would have an error of 10⁴ / √60 = 1291.
  const { err, out } = await works(["train", "c.json", "--folds", "3", "--json", "--fail-if", "rmse > 1000"], { cwd });
  const { scores, outOfFold, baseline } = json<Result>(out);
  expect(scores.rmse).toBeLessThan(850);
  expect(baseline.scores.rmse).toBeGreaterThan(850);
  expect(outOfFold.scores.rmse).toBeGreaterThan(1200);
  expect(err).toMatch(/^ *baseline +rmse/m);
  expect(err).not.toContain("no better than this rule");
});

describe("nnfit train --folds 3 --keep", () => {
  it("keeps the networks of all folds as one model, which says that scaling saw all rows", async () => {
    const cwd = inFolder({ model: { hidden: [8], members: 2 } });
    const { err, out } = await works(["train", "c.json", "--folds", "3", "--keep", "--json"], { cwd });
    const { model, outOfFold: judged } = json<Result>(out);
    expect(model).toBe("runs/c/model.safetensors");
    expect(err).toContain("scaling is learned once from all rows, so that the networks can form one model");
    expect(err).toContain("runs/c/model.safetensors: the 6 networks of all folds");
    const described = await works(["inspect", "runs/c", "--json"], { cwd });
    expect(json<object>(described.out)).toMatchObject({
      members: 6,
      training: { trainingRows: 60, validationRows: 60, scores: judged.scores },
    });
    const { out: predicted } = await works(["predict", "runs/c", "t.csv"], { cwd });
    expect(cells(predicted)).toHaveLength(61);
  });
});

it("a training with another config leaves no folds of the one before, and one with the same keeps them", async () => {
  const cwd = inFolder({ training: { ...config.training, epochs: 1 } });
  await works(["train", "c.json", "--folds", "2"], { cwd });
  const same = await works(["train", "c.json"], { cwd });
  expect(same.err).not.toContain("folds.csv");
  expect(readdirSync(join(cwd, "runs/c"))).toContain("folds.csv");
  const other = await works(["train", "c.json", "--set", "model.hidden=[3]"], { cwd });
  expect(other.err).toContain("note: folds.csv and out-of-fold.csv came from another config and are removed");
  expect(readdirSync(join(cwd, "runs/c"))).not.toContain("folds.csv");
  expect(readdirSync(join(cwd, "runs/c"))).not.toContain("out-of-fold.csv");
});

describe.skipIf(process.platform === "win32")("folds that are stopped", () => {
  const training = { ...config.training, epochs: 4000, checkpoint: { everySeconds: 0.1 } };
  const resumed = (cwd: string, args: readonly string[]) =>
    works(["train", "c.json", ...args, "--resume", "--json"], { cwd });
  const results = (cwd: string) => {
    const { "run.lock": _, ...files } = contents(join(cwd, "runs/c"));
    return files;
  };

  it.each<[string, object, string[]]>([
    ["one after the other", {}, ["--folds", "3", "--threads", "1"]],
    [
      "side by side, of ensembles on threads",
      { model: { hidden: [8], members: 2 } },
      ["--folds", "3", "--threads", "4"],
    ],
    ["that are kept", {}, ["--folds", "3", "--keep"]],
    ["in time", inTime, ["--folds", "3"]],
  ])("go on to the same bytes: %s", async (_, changes, args) => {
    const whole = inFolder({ training, ...changes });
    await works(["train", "c.json", ...args], { cwd: whole });
    const cwd = inFolder({ training, ...changes });
    const stop = async (signal: NodeJS.Signals, wait: number, more: string[] = []) => {
      const child = start(["train", "c.json", ...args, ...more], { cwd });
      onTestFinished(() => void child.kill("SIGKILL"));
      child.stdout.resume();
      let told = "";
      child.stderr.on("data", (bytes: Buffer) => {
        told += bytes;
      });
      await written(child.stderr, /^ {2}training /m);
      await pause(wait);
      child.kill(signal);
      await once(child, "close");
      return { told, code: child.exitCode };
    };
    const { told, code } = await stop("SIGINT", 150);
    expect(code).toBe(130);
    expect(told).toMatch(/stopped {3}by Ctrl-C \(SIGINT\) after \d of 3 folds; checkpoint saved in runs\/c\/folds\n/);
    expect(told).toContain(`resume    nnfit train c.json ${[...args, "--resume"].join(" ")}\n`);
    expect(Object.keys(results(cwd))).not.toContain("folds.csv");
    await stop("SIGKILL", 250, ["--resume"]);
    const { err, out } = await resumed(cwd, args);
    expect(err).toContain("resume    from runs/c/folds\n");
    expect(json(out)).not.toHaveProperty("error");
    expect(results(cwd)).toEqual(results(whole));
  });

  it("go on with nothing but what they were begun with, and say what differs", async () => {
    const cwd = inFolder({ training: { ...training, epochs: 100_000 } });
    const child = start(["train", "c.json", "--folds", "3"], { cwd });
    onTestFinished(() => void child.kill("SIGKILL"));
    await written(child.stderr, /^ {2}training /m);
    await pause(300);
    child.kill("SIGTERM");
    expect(await ended(child, 5)).toEqual({ code: 143, signal: null });
    const before = contents(join(cwd, "runs/c"));
    for (const [args, differs] of [
      [["--folds", "4"], "folds: 3, now 4"],
      [["--folds", "3", "--keep"], "keep: false, now true"],
      [["--folds", "3", "--set", "model.hidden=[4]"], "model.hidden: [8], now [4]"],
    ] as const) {
      const { code, err } = await nnfit(["train", "c.json", ...args, "--resume"], { cwd });
      expect(code).toBe(2);
      expect(err).toContain("error: the folds were started with a different config, options or data");
      expect(err).toContain(`have  ${differs}`);
    }
    const single = await nnfit(["train", "c.json", "--resume"], { cwd });
    expect(single.code).toBe(2);
    expect(single.err).toContain("have  checkpoints of folds, in runs/c/folds\n  try   the same command with --folds");
    expect(contents(join(cwd, "runs/c"))).toEqual(before);
    const anew = await works(["train", "c.json", "--folds", "2", "--set", "training.epochs=1"], { cwd });
    expect(anew.err).toContain("note: the folds start over; the earlier checkpoints for --resume are removed");
    const done = contents(join(cwd, "runs/c"));
    const again = await works(["train", "c.json", "--folds", "2", "--set", "training.epochs=1", "--resume"], { cwd });
    expect(again.err).toContain("resume    from the first fold, because there is no checkpoint");
    expect(contents(join(cwd, "runs/c"))).toEqual(done);
  });

  it("stay when the same folds start over, until there is a newer one of any fold", async () => {
    const cwd = inFolder({ training: { ...training, epochs: 100_000 } });
    const begun = async (...more: string[]) => {
      const child = start(["train", "c.json", "--folds", "3", "--threads", "1", ...more], { cwd });
      onTestFinished(() => void child.kill("SIGKILL"));
      let told = "";
      child.stderr.on("data", (bytes: Buffer) => {
        told += bytes;
      });
      await written(child.stderr, /^ {2}training /m);
      return { child, told: () => told };
    };
    const checkpoints = () => Object.keys(contents(join(cwd, "runs/c"))).filter((name) => /^folds.+rs$/.test(name));
    const first = await begun();
    await expect.poll(() => checkpoints().length).toBeGreaterThan(0);
    first.child.kill("SIGTERM");
    await once(first.child, "close");
    const earlier = checkpoints();
    const second = await begun("--set", 'training.checkpoint={"everySeconds":3600}');
    await pause(300);
    second.child.kill("SIGKILL");
    await once(second.child, "close");
    await expect
      .poll(second.told)
      .toContain(
        "the folds start over; the earlier checkpoints stay until one of these is written: stop it now, and --resume goes",
      );
    expect(checkpoints()).toEqual(earlier);
    const third = await begun();
    await expect.poll(() => checkpoints().filter((name) => earlier.includes(name))).toEqual([]);
    third.child.kill("SIGTERM");
    await once(third.child, "close");
    const fourth = await begun("--resume");
    await expect.poll(fourth.told).toContain("resume    from runs/c/folds\n");
  });

  it("all end where one can't go on, however often they keep what they have", async () => {
    const often = { ...training, epochs: 1e6, checkpoint: { everySeconds: 1e-6 } };
    const cwd = inFolder({ training: often });
    const child = start(["train", "c.json", "--folds", "2", "--threads", "2"], { cwd });
    onTestFinished(() => void child.kill("SIGKILL"));
    await written(child.stderr, /^ {2}training /m);
    await pause(400);
    child.kill("SIGINT");
    expect(await ended(child, 5)).toEqual({ code: 130, signal: null });
    const ofFold = join(cwd, "runs/c/folds/2");
    for (const file of readdirSync(ofFold)) writeFileSync(join(ofFold, file), "no checkpoint");
    const again = start(["train", "c.json", "--folds", "2", "--threads", "2", "--resume"], { cwd });
    onTestFinished(() => void again.kill("SIGKILL"));
    const told = written(again.stderr, /error: .*\n/);
    expect(await ended(again, 5)).toEqual({ code: 6, signal: null });
    expect(await told).toContain("error: not a model file that nnfit wrote");
  });

  it("take away nothing but their own checkpoints", async () => {
    const cwd = inFolder({ training: { ...config.training, epochs: 1 }, output: "." });
    put(cwd, { "folds/split1.csv": "mine", "folds/2/notes.txt": "mine", "folds/3/000001.safetensors": "old" });
    await works(["train", "c.json", "--folds", "2"], { cwd });
    const left = Object.keys(contents(cwd)).filter((file) => file.startsWith("folds"));
    expect(left.filter((file) => !file.endsWith(".csv") || file.includes("split"))).toEqual(
      expect.arrayContaining(["folds/split1.csv", "folds/2/notes.txt"]),
    );
    expect(left.filter((file) => file.endsWith(".safetensors"))).toEqual([]);
  });

  it("leave the model and config there were, where they are to be kept", async () => {
    const cwd = inFolder({ training: { ...config.training, epochs: 1 } });
    await works(["train", "c.json"], { cwd });
    const before = contents(join(cwd, "runs/c"));
    const child = start(["train", "c.json", "--folds", "3", "--keep", "--set", "training.epochs=100000"], { cwd });
    onTestFinished(() => void child.kill("SIGKILL"));
    await written(child.stderr, /^ {2}training /m);
    await pause(300);
    child.kill("SIGINT");
    expect(await ended(child, 5)).toEqual({ code: 130, signal: null });
    expect(contents(join(cwd, "runs/c"))).toMatchObject(before);
  });
});

it("kept folds that diverge leave the model and config there were, and checkpoints", async () => {
  const cwd = inFolder({ training: { ...config.training, epochs: 1 } });
  await works(["train", "c.json"], { cwd });
  put(join(cwd, "runs/c"), { "checkpoints/000001.safetensors": "" });
  const before = contents(join(cwd, "runs/c"));
  const folds = ["train", "c.json", "--folds", "2", "--keep", "--set", "training.optimizer.learningRate=1e30"];
  const { code, err } = await nnfit(folds, { cwd });
  expect(code).toBe(7);
  expect(err).not.toContain("folds.csv");
  expect(contents(join(cwd, "runs/c"))).toEqual(before);
});

it("folds are refused beside a model whose folder has a training that did not finish", async () => {
  const cwd = inFolder({ training: { ...config.training, epochs: 1 } });
  await works(["train", "c.json"], { cwd });
  put(join(cwd, "runs/c"), { "events.ndjson": '{"version":1,"event":"start"}\n' });
  const { code, err } = await nnfit(["train", "c.json", "--folds", "2"], { cwd });
  expect([code, err]).toEqual([2, expect.stringContaining("holds a model, and a training that did not finish")]);
});

describe("nnfit train --folds 3 --keep where a training was killed", () => {
  it("leaves nothing of that training: neither its history nor what it would go on from", async () => {
    const cwd = inFolder({ model: { hidden: [8] } });
    await works(["train", "c.json"], { cwd });
    put(join(cwd, "runs/c"), {
      "events.ndjson": '{"version":1,"event":"start"}\n',
      "checkpoints/000001.safetensors": "",
    });
    const { err } = await works(["train", "c.json", "--folds", "3", "--keep"], { cwd });
    expect(err).toContain("the earlier run's checkpoints for --resume are removed");
    expect(readdirSync(join(cwd, "runs/c")).sort()).toEqual([
      "config.json",
      "folds.csv",
      "model.safetensors",
      "out-of-fold.csv",
    ]);
    const predicted = await works(["predict", "runs/c", "t.csv"], { cwd });
    expect(predicted.err).not.toContain("earlier training");
  });
});

describe("nnfit train --folds by groups or time", () => {
  it("never tests a group that a fold learned from, and takes it for no input", async () => {
    const cwd = inFolder(grouped);
    const { err } = await works(["train", "c.json", "--folds", "5"], { cwd });
    expect(err).toMatch(/left out +patient: marks which rows belong together/);
    expect(err).toContain("folds     5, whole groups of patient: each fold is tested on 12 rows");
    const folds = new Map<string, Set<string>>();
    for (const [row, { fold }] of outOfFold(cwd).entries()) {
      const patient = points[row]![2]!;
      folds.set(patient, (folds.get(patient) ?? new Set()).add(fold!));
    }
    expect([...folds.values()].map(({ size }) => size)).toEqual(Array(10).fill(1));
  });

  it("tests later days with what was learned from earlier ones, and never the first", async () => {
    const cwd = inFolder(inTime);
    const { err, out } = await works(["train", "c.json", "--folds", "3", "--json"], { cwd });
    expect(err).toContain(
      "folds     3 in order of day: each fold is tested on 15 rows and trained on all before them, 15 to 45; the first fold:",
    );
    const tested = outOfFold(cwd).map(({ line, fold }) => [points[Number(line) - 2]![3]!, fold]);
    const days = points.map((cells) => cells[3]!).sort();
    expect(tested.map(([day]) => day).sort()).toEqual(days.slice(15));
    for (const [day, fold] of tested) expect(fold).toBe(String(Math.floor(days.indexOf(day!) / 15)));
    expect(json<Result>(out).outOfFold.rows).toBe(45);
    expect(json<Result>(out).folds.map(({ trainingRows }) => trainingRows)).toEqual([12, 24, 36]);
  });

  it("tells where a fold tests a class that it can't have learned; a score that a fold lacks has no mean", async () => {
    const late = Array.from(
      { length: 30 },
      (_, i) => `${(i * 7) % 11},${i},${i > 20 && i % 2 ? "new" : i % 3 ? "a" : "b"}`,
    );
    const data = { train: "t.csv", target: "kind", time: "day" };
    const cwd = folder({
      "t.csv": ["a,day,kind", ...late].join("\n"),
      "c.json": JSON.stringify({ ...config, data }),
    });
    const gate = ["--fail-if", "rocAuc < 0"];
    const { code, err } = await nnfit(["train", "c.json", "--folds", "4", ...gate], { cwd });
    expect(err).toContain("note: fold 3 is tested on rows of new but has none to train on\n");
    expect(err).not.toContain("note: fold 4");
    expect(err).toMatch(/^ {2}mean .* -$/m);
    expect(err).toContain("have  rocAuc is not defined for these rows");
    expect(code).toBe(1);
  });

  it("governs the rows that a single training holds out, too", async () => {
    const cwd = inFolder(inTime);
    const { err } = await works(["train", "c.json"], { cwd });
    expect(err).toMatch(/inputs +1 date: day \(days/);
    expect(err).toMatch(/rows +48 for training, the latest 12 for validation/);
    // weights are learned from the 48 earliest rows alone: what the others hold changes the validation, no update
    const cut = points.map((cells) => cells[3]!).sort()[48]!;
    const changed = points.map((cells) => (cells[3]! < cut ? cells : ["99", "-99", ...cells.slice(2)]));
    writeFileSync(join(cwd, "t.csv"), [header, ...changed.map((cells) => cells.join(","))].join("\n"));
    await works(["train", "c.json", "--out", "changed"], { cwd });
    const losses = (run: string, column: string) => numbers(text(cwd, run, "history.csv"), column);
    expect(losses("changed", "loss")).toEqual(losses("runs/c", "loss"));
    expect(losses("changed", "val_loss")).not.toEqual(losses("runs/c", "val_loss"));
  });
});

describe("nnfit train --folds refuses", () => {
  const refused = async (args: readonly string[], changes: object = {}) => {
    const { code, err, out } = await nnfit(["train", "c.json", ...args], { cwd: inFolder(changes) });
    expect(out).toBe("");
    return `${code} ${err}`;
  };

  it.each(["1", "0", "2.5", "-3", "many"])("%s folds", async (folds) => {
    expect(await refused([`--folds=${folds}`])).toMatch(
      /^2 [\s\S]*--folds <n>: it takes a whole number, 2 or more\n {2}have {2}".*"\n {2}try {3}nnfit train --help/,
    );
  });

  it("more folds than rows, or groups", async () => {
    expect(await refused(["--folds", "61"])).toMatch(/^4 [\s\S]*61 folds need at least 61 rows with a target/);
    expect(await refused(["--folds", "11"], grouped)).toMatch(
      /^4 [\s\S]*11 folds need at least 11 groups\n.*column "patient"\n {2}have {2}10\n {2}try {3}10 folds/,
    );
  });

  it("classes that are too rare", async () => {
    const cwd = folder({ "t.csv": `${table}\n0.1,0.2,p3,2024-03-01,rare`, "c.json": JSON.stringify(config) });
    const { code, err } = await nnfit(["train", "c.json", "--folds", "3"], { cwd });
    expect([code, err.split("\n")[0]]).toEqual([4, 'error: the class "rare" has one row, too few for 3 folds']);
    expect(err).toContain("try   leaving the class out, or giving it more rows");
  });

  it("classes that have rows enough for more folds alone", async () => {
    const rows = Array.from({ length: 12 }, (_, i) => `${i},${(i * 5) % 7},p,2024-03-01,${"abcd"[i % 4]}`);
    const cwd = folder({ "t.csv": [header, ...rows].join("\n"), "c.json": JSON.stringify(config) });
    const { code, err } = await nnfit(["train", "c.json", "--folds", "2"], { cwd });
    expect([code, err]).toEqual([
      4,
      expect.stringMatching(/the class "a" has 3 rows, too few for 2 folds[\s\S]*try {3}3 folds/),
    ]);
    await works(["train", "c.json", "--folds", "3"], { cwd });
  });

  it("a fold that can't learn, by its number", async () => {
    const rows = Array.from({ length: 60 }, (_, i) => `${(i * 37) % 11},${i % 7},p,${i},${i < 12 ? 0 : i % 5}`);
    const cwd = folder({
      "t.csv": [header, ...rows].join("\n"),
      "c.json": JSON.stringify({
        ...config,
        task: "regression",
        data: { train: "t.csv", target: "kind", time: "day" },
      }),
    });
    const { code, err } = await nnfit(["train", "c.json", "--folds", "5"], { cwd });
    expect([code, err]).toEqual([
      4,
      expect.stringMatching(/error: fold 1 can't learn from its 10 rows: the target "kind" is 0/),
    ]);
    expect((await works(["train", "c.json"], { cwd })).err).not.toContain("--folds 5 scores");
  });

  it("--keep without folds, or in time, or for too many networks", async () => {
    expect(await refused(["--keep"])).toMatch(/^2 [\s\S]*--keep needs --folds[\s\S]*try {3}--folds 5 --keep/);
    expect(await refused(["--folds", "3", "--keep"], inTime)).toMatch(
      /^2 [\s\S]*know only the earliest rows\n.*data\.time, c\.json:1/,
    );
    expect(await refused(["--folds", "40", "--keep", "--set", "model.members=7"])).toMatch(
      /^2 [\s\S]*can't have more than 256 networks[\s\S]*40 folds of 7/,
    );
  });

  it("groups and time at once, and columns that are not there, each at its line", async () => {
    const both = { data: { ...grouped.data, time: "day" } };
    expect(await refused(["--folds", "3"], both)).toMatch(
      /^2 [\s\S]*by groups or by time, not by both\n.*data\.groups, c\.json:1/,
    );
    expect(await refused(["--folds", "3", "--set", "data.groups=patients"])).toMatch(
      /^2 [\s\S]*no column "patients"[\s\S]*--set data\.groups=patients[\s\S]*try {3}"patient"/,
    );
  });

  it("a folder in the way of a file, before it trains", async () => {
    const cwd = inFolder();
    mkdirSync(join(cwd, "runs/c/out-of-fold.csv"), { recursive: true });
    const { code, err } = await nnfit(["train", "c.json", "--folds", "3"], { cwd });
    expect(code).toBe(5);
    expect(err).toContain("there is a folder where a file would be written\n  at    runs/c/out-of-fold.csv");
    expect(err).not.toContain("fold 1/3");
  });

  it("a training that diverges, naming the fold; what it scored is kept", async () => {
    const cwd = inFolder({ training: { ...config.training, optimizer: { name: "sgd", learningRate: 1e30 } } });
    const { code, out, err } = await nnfit(["train", "c.json", "--folds", "2", "--json"], { cwd });
    expect(code).toBe(7);
    expect(json(out)).toMatchObject({
      model: null,
      folds: [{ stopped: "diverged" }, { stopped: "diverged" }],
      error: { code: "diverged" },
    });
    expect(err).toMatch(/at {4}fold 1, epoch 1, batch \d+\n {8}t\.csv:.*\n {2}have {2}.*runs\/c\/folds\.csv/);
    expect(records(text(cwd, "runs/c/folds.csv")).map(({ stopped }) => stopped)).toEqual(["diverged", "diverged"]);
  });
});

it.runIf(process.platform !== "win32")("folds that a signal ends tell it to scripts", async () => {
  const cwd = inFolder({ training: { ...config.training, epochs: 1_000_000 } });
  const child = start(["train", "c.json", "--folds", "3", "--json"], { cwd });
  let out = "";
  child.stdout.on("data", (bytes: Buffer) => {
    out += bytes;
  });
  child.stderr.resume();
  const closed = once(child, "close");
  while (!existsSync(join(cwd, "runs/c"))) await pause(20);
  await pause(200); // before it has begun, a signal ends it without a word
  child.kill("SIGINT");
  const [code] = await closed;
  expect(code).toBe(130);
  const resume = "nnfit train c.json --folds 3 --json --resume";
  const message = "stopped by Ctrl-C (SIGINT) after 0 of 3 folds";
  const error = { code: "stopped", exit: 130, message, at: "runs/c/folds", try: resume };
  expect(json(out)).toEqual({ version: 1, error });
});
