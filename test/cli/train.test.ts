import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import {
  config,
  contents,
  dataset,
  folder,
  json,
  modelDigest,
  nnfit,
  numbers,
  type Outcome,
  put,
  records,
  start,
  text,
  words,
  works,
} from "./nnfit.js";

const epochs = (count: number) => ["--set", `training.epochs=${count}`];

/** y = 1000 + 50·a and z = 2 − b, of twenty rows. */
const numbersTable = [
  "a,b,y,z",
  ...Array.from({ length: 20 }, (_, i) => {
    const b = (i * 7) % 20;
    return `${i},${b},${1000 + 50 * i},${2 - b}`;
  }),
].join("\n");

/** A linear model and exact gradient descent. */
const linear = {
  data: { train: "t.csv", target: "y", ignore: ["z"], validation: 0 },
  model: { hidden: [] },
  training: { epochs: 2, batchSize: "full", optimizer: { name: "sgd", learningRate: 0.1 } },
};

const linearFolder = (changes: object = {}) =>
  folder({ "t.csv": numbersTable, "c.json": JSON.stringify({ ...linear, ...changes }) });

it("says that more epochs may help where the best are the last, unless a falling learning rate made them so", async () => {
  const cwd = linearFolder({ data: { ...linear.data, validation: 0.3 } });
  const told = async (...settings: string[]) =>
    (await works(["train", "c.json", ...settings.flatMap((setting) => ["--set", setting])], { cwd })).err;
  const remark = "            it still got better at the end: more epochs may help\n";
  const slow = "training.optimizer.learningRate=0.01";
  expect(await told("training.epochs=40", slow)).toContain(remark);
  expect(await told("training.epochs=40", slow, "model.members=2")).toContain(remark);
  expect(await told("training.epochs=40", slow, "training.schedule.learningRate=cosine")).not.toContain(remark);
  expect(await told("training.epochs=1", slow)).not.toContain(remark);
  const upAndDown = ["training.epochs=40", "training.optimizer.learningRate=0.9"];
  expect(await told(...upAndDown, "training.patience=3")).not.toContain(remark);
});

it("--quiet leaves out the epochs, and nothing else", async () => {
  const cwd = folder({
    "t.csv": "a,b,y\n1,2,3\n2,5,4\n3,4,8\n4,4,9\n5,1,2\n",
    "c.json":
      '{ "data": { "train": "t.csv", "target": "y" }, "task": "regression", "model": { "hidden": [2] }, "training": { "epochs": 3 } }',
  });
  const loud = await works(["train", "c.json"], { cwd });
  const digestOf = modelDigest(join(cwd, "runs/c"));
  const quiet = await works(["train", "c.json", "--quiet", "--out", "q"], { cwd });
  const told = loud.err.split("\n").filter((line) => !line.startsWith("epoch")).length;
  expect(loud.err).toMatch(/^epoch 3\/3/m);
  expect(quiet.err).not.toContain("epoch 1/3");
  expect(quiet.err.split("\n")).toHaveLength(told);
  expect(modelDigest(join(cwd, "q"))).toBe(digestOf);
});

describe("what is said of few rows", () => {
  const rows = Array.from({ length: 60 }, (_, i) => `${(i * 37) % 101},g${i % 3},${i},${i % 2 ? "no" : "yes"}`);
  const advice = "; --folds 5 scores rows that chose nothing";
  const train = async (lines: readonly string[], ...args: string[]) => {
    const config = { data: { train: "t.csv", target: "y", ignore: ["t"] }, model: { hidden: [4] } };
    const cwd = folder({
      "t.csv": ["x,group,t,y", ...lines].join("\n"),
      "c.json": JSON.stringify({ ...config, training: { epochs: 20, optimizer: "adam" } }),
    });
    return (await works(["train", "c.json", ...args], { cwd })).err;
  };

  it("names folds where they are possible", async () => {
    expect(await train(rows)).toContain(advice);
    expect(await train(rows, "--set", "data.groups=x")).toContain(advice);
    expect(await train(rows, "--set", "data.groups=group")).not.toContain(advice); // three groups
    const byTime = ["--set", "data.time=t", "--set", "data.ignore=[]"];
    expect(await train(rows, ...byTime)).toContain(advice);
    expect(
      await train(
        rows.map((row) => row.replace(/,\d+,(no|yes)$/, ",7,$1")),
        ...byTime.slice(2),
      ),
    ).toContain(advice);
  });

  it("says nothing of a best epoch where none was chosen", async () => {
    expect(await train(rows)).toContain("a little too good");
    expect(await train(rows, "--set", "training.epochs=0")).not.toContain("too good");
  });

  it("tells of groups, and of rows of a rarer class, where those are few", async () => {
    const many = Array.from({ length: 6 }, (_, i) => rows.map((row) => row.replace(/,g(\d),/, `,g$1${i},`))).flat();
    const grouped = await train(many, "--set", "data.groups=group", "--set", "model.members=2");
    expect(grouped).toMatch(
      /too good, also compared with baseline and linear: .+ by about \d+ of these rows, of \d+ groups/,
    );
  });

  it("tells of groups of a validation table of its own too", async () => {
    const cwd = folder({
      "t.csv": ["x,group,t,y", ...rows].join("\n"),
      "v.csv": ["x,group,t,y", ...rows.map((row) => row.replace(/,g(\d),/, ",v$1,"))].join("\n"),
      "c.json": JSON.stringify({
        data: { train: "t.csv", validation: "v.csv", target: "y", ignore: ["t"], groups: "group" },
        model: { hidden: [4] },
        training: { epochs: 20, optimizer: "adam" },
      }),
    });
    const { err } = await works(["train", "c.json"], { cwd });
    expect(err).toContain("the best epoch was chosen by these same rows, of 3 groups");
  });

  it("says so where the score that epochs are to be chosen by is not defined", async () => {
    const late = rows.toSorted((a, b) => a.split(",")[3]!.localeCompare(b.split(",")[3]!)); // all of yes come last
    const timed = late.map((row, i) => row.replace(/,\d+,(no|yes)$/, `,${i},$1`));
    const byTime = ["--set", "data.time=t", "--set", "data.ignore=[]", "--set", "training.bestBy=rocAuc"];
    const told = await train(timed, ...byTime);
    expect(told).toContain("; kept epoch 20, the last, as rocAuc is not defined for the validation rows\n");
    expect(told).not.toContain("a little too good");
    expect(await train(timed, ...byTime, "--set", "model.members=2")).toContain(
      "; kept each network's last epoch, as rocAuc is not defined for the validation rows: 20, 20\n",
    );
  });

  it("says of the latest rows that they were not learned from, and how they may be", async () => {
    const byTime = ["--set", "data.time=t", "--set", "data.ignore=[]"];
    const told = await train(rows, ...byTime);
    expect(told).toContain("48 for training, the latest 12 for validation");
    expect(told).toContain("it did not learn from the latest rows; --set data.validation=0 trains on all rows");
    expect(await train(rows, ...byTime, "--set", "data.validation=0")).not.toContain("latest");
    expect(await train(rows)).not.toContain("latest");
  });

  it("says where the target has moved with time, and only there", async () => {
    const rising = (slope: number) =>
      train(
        Array.from({ length: 60 }, (_, i) => `${(i * 37) % 101},g,${i},${slope * i + ((i * 29) % 11)}`),
        ...["--set", "data.time=t", "--set", "data.ignore=[]"],
      );
    const note =
      "in the latest rows, which are held out, than in those before; a network follows such a trend a little way at most";
    expect(await rising(1)).toContain(`note: "y" is 2.1 standard deviations higher on average ${note}`);
    expect(await rising(-1)).toContain(`note: "y" is 2.1 standard deviations lower on average ${note}`);
    expect(await rising(0.01)).not.toContain("deviations");
  });

  it("tells of a warm-up that is longer than the training", async () => {
    const note =
      "note: the warm-up is longer than the training, so the learning rate reaches only 40.0% of its setting";
    expect(await train(rows, "--set", 'training.schedule.warmUp={"epochs":50}')).toContain(note);
    expect(await train(rows, "--set", 'training.schedule.warmUp={"epochs":20}')).not.toContain("warm-up");
  });

  it("tells of classes that no training row has", async () => {
    const late = Array.from(
      { length: 60 },
      (_, i) => `${(i * 37) % 61},g${i % 3},${i},${i < 50 ? ["a", "b"][i % 2] : "c"}`,
    );
    const told = "note: c has validation rows but none to train on";
    expect(
      await train(late, "--set", "data.time=t", "--set", "data.ignore=[]", "--set", "task=classification"),
    ).toContain(told);
    expect(await train(late, "--set", "task=classification")).not.toContain("none to train on");
  });

  it("tells of a rare class, unless something but accuracy is asked for", async () => {
    const lines = Array.from(
      { length: 100 },
      (_, i) => `${(i * 37) % 101},g${i % 3},${i},${i % 33 === 1 ? "yes" : "no"}`,
    );
    const told = 'note: "yes" is 3.0% of the rows, so accuracy says little';
    expect(await train(lines)).toContain(`${told}: a lower data.threshold or training.classWeights`);
    expect(await train(lines, "--set", "training.bestBy=accuracy")).toContain(
      `${told}: training.bestBy: "logLoss" chooses by probabilities, a lower data.threshold or training.classWeights`,
    );
    expect(await train(lines, "--set", "data.positive=no")).toContain(`${told}: a higher data.threshold or`);
    const three = lines.map((line, i) => (i % 50 === 4 ? line.replace("no", "maybe") : line));
    expect(await train(three)).toContain(
      'note: "maybe" is 2.0%, "yes" is 3.0% of the rows, so accuracy says little: training.classWeights',
    );
    expect(await train(lines, "--set", "training.bestBy=logLoss")).toContain(`${told}: a lower data.threshold or`);
    expect(await train(lines, "--set", "training.bestBy=rocAuc")).not.toContain(told);
    expect(await train(lines, "--set", "data.threshold=0.2")).not.toContain(told);
    const weighted = await train(lines, "--set", "training.classWeights=balanced");
    expect(weighted).not.toContain(told);
    expect(weighted).toMatch(/^ +balancedAccuracy +\S+ +0\.50000 /m);
  });

  it("names a class of one row where rows are held out", async () => {
    const lone = "in a single row, so it can be trained on or validated, not both: perhaps";
    const lines = [...rows, "5,g1,60,perhaps"];
    const several = ["--set", "model.members=3"]; // one network alone could not be judged by it
    const told = await train(lines, ...several);
    expect(told).toContain(lone);
    expect(told).not.toContain(advice);
    const both = await train([...lines, "6,g1,61,never"], ...several);
    expect(both).toContain("in a single row each, so they can be trained on or validated, not both: never, perhaps");
    expect(await train(lines, ...several, "--set", "data.validation=0")).not.toContain("in a single row");
  });
});

describe("nnfit train configs/iris.json without a preset", () => {
  const cwd = folder();
  const run = join(cwd, "runs", "iris");
  let told: Outcome;
  beforeAll(async () => {
    told = await works(["train", config("iris"), "--set", "preset=none", ...epochs(3)], { cwd });
  });

  it("writes runs/<name of the config> in the working directory, and nothing else", () => {
    expect(Object.keys(contents(cwd))).toEqual([
      "runs/iris/config.json",
      "runs/iris/events.ndjson",
      "runs/iris/history.csv",
      "runs/iris/model.safetensors",
    ]);
  });

  it("leaves standard output to data", () => {
    expect(told.out).toBe("");
  });

  it("writes a line of history for each epoch", () => {
    const history = text(run, "history.csv");
    expect(history.split("\n")[0]).toMatch(/^epoch,loss,val_loss,val_accuracy,/);
    expect(numbers(history, "epoch")).toEqual([1, 2, 3]);
    for (const record of records(history)) {
      for (const cell of Object.values(record)) expect(Number(cell)).toBeGreaterThan(0);
    }
  });

  it("tells each epoch's losses and scores in a line, one below the other", () => {
    const lines = told.err.split("\n").filter((line) => line.startsWith("epoch "));
    const history = records(text(run, "history.csv"));
    expect(lines.length).toBe(3);
    expect(new Set(lines.map((line) => line.indexOf("val_accuracy"))).size).toBe(1);
    expect(lines[0]).toMatch(/val_accuracy \S+ +val_logLoss \S+$/); // no costlier score
    for (const [row, line] of lines.entries()) {
      expect(line).toMatch(new RegExp(`^epoch ${row + 1}/3 `));
      const figures = [...line.matchAll(/(\w+) ([\d.e+-]+)(?= |$)/g)].map(
        ([, name, value]) => [name!, value!] as const,
      );
      expect(figures.map(([name]) => name).slice(0, 3)).toEqual(["loss", "val_loss", "val_accuracy"]);
      for (const [name, value] of figures) expect(Number(value) / Number(history[row]?.[name])).toBeCloseTo(1, 4);
    }
  });

  it("tells where the model is and its scores on the validation rows", () => {
    const best = Math.min(...numbers(text(run, "history.csv"), "val_loss"));
    const kept = records(text(run, "history.csv")).find(({ val_loss }) => Number(val_loss) === best)!;
    expect(told.err).toContain("runs/iris/model.safetensors");
    expect(told.err).toMatch(
      new RegExp(`scores +of the 30 validation rows\n.*\n +accuracy +${Number(kept.val_accuracy).toPrecision(5)} `),
    );
    expect(told.err).toContain(`kept epoch ${kept.epoch}`);
  });

  it("tells of the model that was there before, whether it predicts the same or something else", async () => {
    const cwd = linearFolder();
    const line = (err: string) =>
      err
        .split("\n")
        .find((line) => line.includes("replaces one"))
        ?.trim();
    const score = (err: string, name: string) => new RegExp(`^ +${name} +(\\S+)`, "m").exec(err)?.[1];
    const first = await works(["train", "c.json"], { cwd });
    const second = await works(["train", "c.json", "--set", "data.target=z"], { cwd });
    const third = await works(["train", "c.json", "--set", "data.target=z", ...epochs(3)], { cwd });
    expect(line(first.err)).toBeUndefined();
    expect(line(second.err)).toBe("replaces one that predicts y");
    expect(line(third.err)).toBe(
      `replaces one with rmse ${score(second.err, "rmse")}, mae ${score(second.err, "mae")} on its 20 training rows`,
    );
    expect(score(third.err, "rmse")).not.toBe(score(second.err, "rmse"));
  });

  it("tells a predict command that works", async () => {
    const command = told.err.match(/nnfit (predict .*)/)?.[1] ?? "";
    put(cwd, { "new.csv": text(dataset("iris")) });
    await works(words(command), { cwd });
    expect(records(text(cwd, "predictions.csv")).length).toBe(150);
  });

  it("writes the config with every setting there is", async () => {
    type Schema = { properties?: Record<string, Schema> };
    const schema = json<Schema>((await works(["schema"])).out);
    const missing = (part: Schema, value: unknown, path: string): string[] =>
      Object.entries(part.properties ?? {}).flatMap(([key, below]) => {
        if (key === "$schema" || key === "search") return []; // neither changes a training
        const inner = (value as Record<string, unknown> | undefined)?.[key];
        return inner === undefined ? [`${path}${key}`] : missing(below, inner, `${path}${key}.`);
      });
    const resolved = json<{ training: { epochs: number } }>(text(run, "config.json"));
    expect(missing(schema, resolved, "")).toEqual([]);
    expect(resolved.training.epochs).toBe(3);
  });

  it("writes a config that gives the same bytes again", async () => {
    await works(["train", "runs/iris/config.json", "--out", "again"], { cwd });
    expect(modelDigest(join(cwd, "again"))).toBe(modelDigest(run));
    const [first, second] = [run, join(cwd, "again")].map((path) => json<{ data: object }>(text(path, "config.json")));
    expect({ ...second, data: {} }).toEqual({ ...first, data: {} }); // paths in data are as seen from the folder
  });
});

describe.concurrent("nnfit train tells what it understood", () => {
  it("of a table with words, numbers and missing cells", async () => {
    const { err } = await works(["train", config("penguins"), ...epochs(1)], { cwd: folder() });
    expect(err).toMatch(/table .*penguins\.csv: 344 rows, 8 columns/);
    expect(err).toContain("4 numbers: bill_length_mm, bill_depth_mm, flipper_length_mm, body_mass_g");
    expect(err).toContain("2 categories: island, sex");
    expect(err).toMatch(/left out +year: ignored by the config/);
    expect(err).toMatch(/species.*3 classes: Adelie \(152\), Chinstrap \(68\), Gentoo \(124\)/);
    expect(err).toMatch(/275 for training, 69 for validation/);
    expect(err).toContain("14 → 32 → 32 → 3"); // 3 islands, 4 numbers and their flags, 2 sexes and one place for a missing one
    expect(err).toContain(`${(14 * 32 + 32 + 32 * 32 + 32 + 32 * 3 + 3).toLocaleString("en")} weights`);
    expect(err).toContain("18 batches"); // ⌈275 / 16⌉
  });

  it("and which columns and rows it leaves out, and why", async () => {
    const rows = Array.from({ length: 20 }, (_, i) => `row ${i},same,,${i % 5},${i === 3 ? "" : i % 3}`);
    const cwd = folder({
      "t.csv": ["id,constant,empty,x,y", ...rows].join("\n"),
      "c.json": '{ "data": { "train": "t.csv", "target": "y" }, "training": { "epochs": 1 } }',
    });
    const { err } = await works(["train", "c.json"], { cwd });
    expect(err).toMatch(/left out +id: an identifier/);
    expect(err).toMatch(/left out +constant: the same in every training row/);
    expect(err).toMatch(/left out +empty: empty/);
    expect(err).toMatch(/left out +1 row without a target/);
    expect(err).toMatch(/y.*: a regression/);
  });

  it("and takes two different numbers for two classes, and says how to be told otherwise", async () => {
    const table = ["a,y", ...Array.from({ length: 20 }, (_, i) => `${i},${i < 10 ? 3 : 7}`)].join("\n");
    const cwd = folder({ "t.csv": table, "c.json": '{ "data": { "train": "t.csv", "target": "y" } }' });
    const { err } = await works(["train", "c.json", ...epochs(1)], { cwd });
    expect(err).toMatch(/2 classes: 3 \(10\), 7 \(10, positive\)/);
    expect(err).toMatch(/two different values, 3 and 7.*"task": "regression"/);
  });

  it("and the positive one of two classes can be chosen: F1 is of it, and its probability comes last", async () => {
    const row = (i: number) => `${(i * 37) % 50},${(i * 53) % 40},${(i * 37) % 50 > 30 + (i % 3) ? "churn" : "stay"}`;
    const cwd = folder({
      "t.csv": ["a,b,y", ...Array.from({ length: 200 }, (_, i) => row(i))].join("\n"),
      "c.json": JSON.stringify({
        data: { train: "t.csv", target: "y", positive: "churn" },
        model: { hidden: [8] },
        training: { epochs: 40, optimizer: { name: "adam", learningRate: 0.01 } },
      }),
    });
    const { err } = await works(["train", "c.json"], { cwd });
    expect(err).toMatch(/2 classes: stay \(\d+\), churn \(\d+, positive\)/);
    const { out } = await works(["evaluate", "runs/c", "t.csv", "--json"], { cwd });
    const { confusion, scores } = json<{ confusion: { classes: string[]; rows: number[][] }; scores: object }>(out);
    expect(confusion.classes).toEqual(["stay", "churn"]);
    const [[, falsePositive], [falseNegative, truePositive]] = confusion.rows as [[number, number], [number, number]];
    expect(truePositive).toBeGreaterThan(0);
    expect(scores).toMatchObject({
      f1: expect.closeTo(truePositive / (truePositive + (falsePositive + falseNegative) / 2), 12),
    });
    const predicted = await works(["predict", "runs/c", "t.csv", "--proba"], { cwd });
    expect(predicted.out).toMatch(/^prediction,probability_stay,probability_churn\n/);

    const unknown = await nnfit(["train", "c.json", "--set", "data.positive=chrun"], { cwd });
    expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining('the target has no class "chrun"')]);
    expect(unknown.err).toContain('  have  churn, stay\n  try   "churn"');
    const other = await nnfit(
      ["train", "c.json", "--continue-from", "runs/c", "--set", "data.positive=stay", "--out", "on"],
      { cwd },
    );
    expect([other.code, other.err]).toEqual([
      2,
      expect.stringContaining("the model to continue from has a different positive class"),
    ]);
  });

  it("and takes a few whole numbers for numbers, and says how to be told otherwise", async () => {
    const table = ["a,y", ...Array.from({ length: 30 }, (_, i) => `${i},${1 + (i % 3)}`)].join("\n");
    const cwd = folder({ "t.csv": table, "c.json": '{ "data": { "train": "t.csv", "target": "y" } }' });
    const { err } = await works(["train", "c.json", ...epochs(1)], { cwd });
    expect(err).toMatch(
      /y .*: a regression\n +the target has 3 different values, 1, 2 and 3; .*"task": "classification"/,
    );
  });
});

describe.concurrent("the run folder", () => {
  it("is the config's output, seen from the config; --out wins over it and over --set", async () => {
    const cwd = folder({
      "t.csv": numbersTable,
      "sub/c.json": JSON.stringify({ ...linear, data: { ...linear.data, train: "../t.csv" }, output: "../of-config" }),
    });
    const written = () => Object.keys(contents(cwd)).filter((name) => name.endsWith("model.safetensors"));
    await works(["train", "sub/c.json"], { cwd });
    expect(written()).toEqual(["of-config/model.safetensors"]);
    await works(["train", "sub/c.json", "--set", "output=unused", "--out", "of-flag"], { cwd });
    expect(written()).toEqual(["of-config/model.safetensors", "of-flag/model.safetensors"]);
  });

  it("keeps files that are not nnfit's, and leaves what somebody else has put beside its own", async () => {
    const foreign = {
      "model.safetensors": `${"\u0000".repeat(200)}somebody else's`,
      "config.json": '{"model_type":"bert"}',
      "history.csv": "year,event\n1066,Hastings\n",
    };
    for (const [file, content] of Object.entries(foreign)) {
      const cwd = linearFolder();
      put(cwd, { [`proj/${file}`]: content });
      const before = contents(join(cwd, "proj"));
      const { code, err } = await nnfit(["train", "c.json", "--out", "proj"], { cwd });
      expect([code, err]).toEqual([2, expect.stringContaining(`the run folder holds a ${file} that is not nnfit's`)]);
      expect(contents(join(cwd, "proj"))).toEqual(before);
      const folds = await nnfit(["train", "c.json", "--out", "proj", "--folds", "2", "--keep"], { cwd });
      expect([folds.code, folds.err]).toEqual([code, expect.stringContaining(`holds a ${file} that is not nnfit's`)]);
      expect(contents(join(cwd, "proj"))).toEqual(before);
    }
    const cwd = linearFolder();
    put(cwd, {
      "proj/checkpoints/best.pt": "mine",
      "proj/checkpoints/old/1.safetensors": "mine",
      "proj/checkpoints/000001.safetensors": "",
      "proj/events.ndjson": "", // what a training leaves that is killed at once
    });
    await works(["train", "c.json", "--out", "proj"], { cwd });
    const left = Object.keys(contents(join(cwd, "proj"))).filter((file) => file.startsWith("checkpoints"));
    expect(left).toEqual(["checkpoints/best.pt", "checkpoints/old/1.safetensors"]);
  });

  it("is left as it was where a file stands in the place of its checkpoints", async () => {
    const cwd = linearFolder();
    put(cwd, { "proj/checkpoints": "mine" });
    const before = contents(join(cwd, "proj"));
    expect(await nnfit(["train", "c.json", "--out", "proj"], { cwd })).toMatchObject({ code: 5 });
    expect(contents(join(cwd, "proj"))).toEqual(before);
  });

  it("may have a space in its name: the predict command still works", async () => {
    const cwd = linearFolder();
    const { err } = await works(["train", "c.json", "--out", "my run"], { cwd });
    put(cwd, { "new.csv": numbersTable });
    await works(words(err.match(/nnfit (predict .*)/)?.[1] ?? ""), { cwd });
    expect(records(text(cwd, "predictions.csv")).length).toBe(20);
  });
});

it.concurrent("takes values of --set over those of the config: numbers, lists and words", async () => {
  const cwd = linearFolder();
  const set = ["training.epochs=3", "model.hidden=[5,4]", "model.activation=tanh", "data.validation=0.25"];
  const { err } = await works(["train", "c.json", ...set.flatMap((value) => ["--set", value])], { cwd });
  expect(err).toContain("2 → 5 → 4 → 1, tanh");
  expect(err).toContain("15 for training, 5 for validation");
  expect(records(text(cwd, "runs", "c", "history.csv")).length).toBe(3);
});

describe.concurrent("validation", () => {
  const rmse = (truth: number[], predicted: number[]) =>
    Math.sqrt(truth.reduce((sum, y, row) => sum + (predicted[row]! - y) ** 2, 0) / truth.length);

  it("on a table of its own; epochs are judged in the target's own units, for people and with --json for scripts", async () => {
    const held = "y,b,a\n1125,3,2.5\n1525,4,10.5\n1225,9,4.5\n";
    const cwd = linearFolder({ data: { ...linear.data, validation: "held.csv" } });
    put(cwd, { "held.csv": held });
    const { out: summary, err } = await works(["train", "c.json", "--json"], { cwd });
    expect(err).toContain("20 for training, 3 for validation");
    const { out } = await works(["predict", "runs/c", "held.csv"], { cwd });
    const last = records(text(cwd, "runs", "c", "history.csv")).at(-1)!;
    expect(Number(last.val_rmse) / rmse(numbers(held, "y"), numbers(out, "prediction"))).toBeCloseTo(1, 5);
    expect(Number(last.val_rmse)).toBeGreaterThan(20); // y is in the thousands
    expect(err).toContain(`epoch 2/2  loss ${Number(last.loss).toPrecision(5)} `);
    expect(err).toContain(`val_rmse ${Number(last.val_rmse).toPrecision(5)} `);
    expect(json<object>(summary)).toMatchObject({
      model: "runs/c/model.safetensors",
      task: "regression",
      trainingRows: 20,
      validationRows: 3,
      judgedRows: 3,
      epochs: 2,
      keptEpoch: 2,
      scores: { rmse: Number(last.val_rmse), mae: Number(last.val_mae), r2: Number(last.val_r2) },
    });
  });

  it("on a table of its own, many of whose rows are learned from too, is told of", async () => {
    const cwd = linearFolder({ data: { ...linear.data, validation: "t.csv" } });
    const { err } = await works(["train", "c.json"], { cwd });
    expect(err).toContain("note: 20 of the 20 validation rows are copies of training rows, so scores look too good");
    put(cwd, { "held.csv": "y,b,a\n1125,3,2.5\n1525,4,10.5\n1225,9,4.5\n" });
    const other = await works(["train", "c.json", "--set", "data.validation=held.csv"], { cwd });
    expect(other.err).not.toContain("copies");
  });

  it.each([
    ["groups", "who", "a,4,2,9", "in the same group as a training row", '"4"'],
    ["time", "due", "x,2,2024-01-06,9", "earlier than a training row", '"2024-01-06"'],
  ])("on a table of its own keeps data.%s", async (option, column, wrong, what, have) => {
    const header = option === "groups" ? "kind,who,a,y" : "kind,a,due,y";
    const learned = Array.from({ length: 20 }, (_, i) =>
      option === "groups" ? `k${i % 2},${i % 5},${i},${i % 7}` : `k${i % 2},${i},2024-01-${10 + i},${i % 7}`,
    );
    const right = option === "groups" ? ["a,7,3,2", "b,8,3,1"] : ["a,7,2024-01-29,3", "b,9,2024-02-03,2"];
    const data = { train: "t.csv", target: "y", validation: "v.csv", [option]: column };
    const cwd = folder({
      "t.csv": [header, ...learned].join("\n"),
      "v.csv": [header, ...right].join("\n"),
      "w.csv": [header, ...right, wrong].join("\n"),
      "c.json": JSON.stringify({ ...linear, data }),
    });
    await works(["train", "c.json"], { cwd });
    const { code, err } = await nnfit(["train", "c.json", "--set", "data.validation=w.csv"], { cwd });
    expect(code).toBe(4);
    expect(err).toContain(`error: a validation row is ${what}, so its score would be optimistic`);
    expect(err).toContain(`at    w.csv:4, column "${column}"\n  have  ${have}`);
  });

  it.skipIf(process.platform === "win32")("of a pipe are read once", async () => {
    const cwd = linearFolder({ data: { train: "t.csv", target: "y", validation: "pipe" } });
    execFileSync("mkfifo", [join(cwd, "pipe")]);
    const writer = spawn("sh", ["-c", "cat t.csv > pipe"], { cwd });
    onTestFinished(() => void writer.kill("SIGKILL"));
    const { err } = await works(["train", "c.json"], { cwd });
    expect(err).toContain("model     runs/c/model.safetensors");
  });

  it("of none: patience has nothing to go by, and that is said", async () => {
    const { err } = await works(["train", "c.json", "--set", "training.patience=1"], { cwd: linearFolder() });
    expect(err).toMatch(/^ +no early stopping, because there are no validation rows$/m);
    const best = await works(["train", "c.json", "--set", "training.bestBy=mae"], { cwd: linearFolder() });
    expect(best.err).toMatch(/^ +no choice of the best epoch, because there are no validation rows$/m);
  });

  it("of none: all rows are learned from and judged by", async () => {
    const cwd = linearFolder();
    const { err } = await works(["train", "c.json"], { cwd });
    expect(err).toContain("20 for training, none for validation");
    expect(err).toMatch(/scores .* 20 training rows/);
    expect(text(cwd, "runs", "c", "history.csv")).toMatch(/^epoch,loss\b(?!.*val_)/);
    const { out } = await works(["predict", "runs/c", "t.csv"], { cwd });
    const y = numbers(numbersTable, "y");
    const deviation = rmse(
      y,
      y.map(() => y.reduce((sum, value) => sum + value, 0) / y.length),
    );
    const [, network, ofMean] = /^ +rmse +(\S+) +(\S+)/m.exec(err) ?? [];
    expect(ofMean).toBe(deviation.toPrecision(5));
    expect(err).toMatch(/^ {2}baseline {2}always the mean of the training rows$/m);
    expect(err).toContain("by rmse the network is no better than this rule"); // after two updates
    expect(err).toMatch(/linear +ridge regression\n +by rmse the network is no better than this linear model\n/);
    const squash = ["train", "c.json", "--set", "scale.inputs=robustSmooth", "--out", "squashed"];
    expect((await works(squash, { cwd })).err).toMatch(/no better than this linear model\n/); // no number is far out
    put(cwd, { "t.csv": `${numbersTable}\n1000,3,51000,-1\n` });
    expect((await works(squash, { cwd })).err).toMatch(
      /no better than this linear model, which takes numbers as they are; with scale.inputs: "standard" the network takes them so too\n/,
    );
    const evaluated = await works(["evaluate", "squashed", "t.csv"], { cwd });
    expect(evaluated.err).toMatch(/no better than this linear model\n/);
    expect(Number(network) / rmse(numbers(numbersTable, "y"), numbers(out, "prediction"))).toBeCloseTo(1, 4);
  });
});

it.concurrent("learns several targets at once, each in its own units", async () => {
  const cwd = linearFolder({ data: { train: "t.csv", target: ["y", "z"], validation: 0.2 } });
  await works(["train", "c.json", ...epochs(200)], { cwd });
  expect(text(cwd, "runs", "c", "history.csv").split("\n")[0]).toBe(
    "epoch,loss,val_loss,val_rmse_y,val_rmse_z,val_mae_y,val_mae_z,val_r2_y,val_r2_z",
  );
  const { out } = await works(["predict", "runs/c", "t.csv"], { cwd });
  expect(out.split("\n")[0]).toBe("prediction_y,prediction_z");
  for (const target of ["y", "z"]) {
    const truth = numbers(numbersTable, target);
    const predicted = numbers(out, `prediction_${target}`);
    const range = Math.max(...truth) - Math.min(...truth);
    expect(Math.max(...predicted.map((value, row) => Math.abs(value - truth[row]!)))).toBeLessThan(range / 1000);
  }
  const { scores } = json<{ scores: object }>((await works(["evaluate", "runs/c", "t.csv", "--json"], { cwd })).out);
  expect(Object.keys(scores)).toEqual(
    ["rmse", "mae", "r2", "medianAbsoluteError", "mape"].flatMap((score) => [`${score}_y`, `${score}_z`]),
  );
});

it.concurrent("writes the model as initialised and the header of a history for 0 epochs", async () => {
  const cwd = linearFolder({ data: { ...linear.data, validation: 0.2 } });
  const { err } = await works(["train", "c.json", ...epochs(0)], { cwd });
  expect(err).not.toMatch(/^epoch /m);
  expect(err).toMatch(/baseline .*\n +by rmse the network is no better than this rule/);
  expect(text(cwd, "runs", "c", "history.csv")).toBe("epoch,loss,val_loss,val_rmse,val_mae,val_r2\n");
  const { out } = await works(["predict", "runs/c", "t.csv"], { cwd });
  expect(numbers(out, "prediction").every(Number.isFinite)).toBe(true);
});

it("a network that predicts a quantile is scored and compared by its pinball loss, in train, evaluate and search", async () => {
  const search = { "training.optimizer.learningRate": { choice: [0.001, 0.01] } };
  const cwd = linearFolder({ model: { hidden: [], loss: { name: "quantile", q: 0.9 } } });
  put(cwd, { "s.json": JSON.stringify({ ...JSON.parse(text(cwd, "c.json")), search }) });
  const { err } = await works(["train", "c.json"], { cwd });
  expect(err).toMatch(/^ {2}baseline +always the 0.9 quantile of the training rows$/m);
  const { out } = await works(["evaluate", "runs/c", "t.csv", "--json", "--fail-if", "pinball > 1e6"], { cwd });
  const { scores } = json<{ scores: Record<string, number> }>(out);
  const truth = numbers(text(cwd, "t.csv"), "y");
  const predicted = numbers((await works(["predict", "runs/c", "t.csv"], { cwd })).out, "prediction");
  const errors = predicted.map((yHat, row) => yHat - truth[row]!);
  const pinball = errors.reduce((sum, e) => sum + Math.max(0.1 * e, -0.9 * e), 0) / errors.length;
  expect(scores.pinball! / pinball).toBeCloseTo(1, 5); // predictions are written in the digits of a float32
  expect(err).toMatch(/^ {2}linear +ridge regression, shifted to the quantile$/m);
  put(cwd, { "earlier.json": out });
  const gated = (...more: string[]) =>
    nnfit(["evaluate", "runs/c", "t.csv", "--baseline", "earlier.json", ...more], { cwd });
  expect((await gated()).code).toBe(0);
  put(cwd, { "earlier.json": out.replace('"quantile":0.9', '"quantile":0.5') });
  expect(await gated()).toMatchObject({
    code: 4,
    err: expect.stringContaining("of a model that predicts something else"),
  });
  put(cwd, { "earlier.json": out.replace(/"rmse":[\d.]+/, '"rmse":0.001') });
  expect((await gated()).code).toBe(0); // it is not what the model is after
  const found = await works(["search", "s.json", "--set", "data.validation=0.3", "--runs", "2"], { cwd });
  expect(found.err).toMatch(/best +trial \d: pinball /);
  const mean = await nnfit(["train", "c.json", "--set", "model.loss=mse", "--set", "training.bestBy=pinball"], { cwd });
  expect([mean.code, mean.err]).toEqual([2, expect.stringContaining("a regression of this loss")]);
});

it("a network of the loss mae predicts a median, and is compared with what predicts one", async () => {
  // nothing tells y, whose mean lies far above its median
  const rows = Array.from(
    { length: 200 },
    (_, i) => `${(i * 37) % 101},${Math.round(Math.exp(((i * 29) % 200) / 25))}`,
  );
  const cwd = folder({
    "t.csv": ["x,y", ...rows].join("\n"),
    "c.json": JSON.stringify({
      data: { train: "t.csv", target: "y" },
      model: { hidden: [], loss: "mae" },
      training: { epochs: 20 },
    }),
  });
  const { err, out } = await works(["train", "c.json", "--json"], { cwd });
  expect(err).toMatch(/^ {2}baseline +always the median of the training rows$/m);
  expect(err).toMatch(/^ {2}linear +ridge regression, shifted to the median$/m);
  expect(err).toMatch(/^epoch +1\/20 .* val_mae .* val_pinball .* val_rmse/m);
  const { scores, baseline } = json<Record<"scores" | "baseline", { mae: number; scores: { mae: number } }>>(out);
  expect(scores.mae).toBeGreaterThan(0.9 * baseline.scores.mae);
  await works(["train", "c.json", "--set", "model.loss=mse", "--out", "mean"], { cwd });
  const against = await works(["evaluate", "runs/c", "t.csv", "--against", "mean", "--no-intervals"], { cwd });
  expect(against.err).toMatch(/predicts the median, but mean the mean/);
});

it("a network of counts is scored and compared by their deviance, and predicts none below 0", async () => {
  const count = (x: number, i: number) => Math.max(0, Math.round(Math.exp(1.5 * Math.sin(x)) + ((i * 7) % 5) - 2));
  const rows = Array.from({ length: 120 }, (_, i) => [i / 20, count(i / 20, i)]);
  const csv = (rows: readonly (readonly number[])[]) => ["x,y", ...rows.map((row) => row.join())].join("\n");
  const cwd = folder({
    "t.csv": csv(rows),
    "negative.csv": csv([...rows.slice(0, 5), [1, -3], ...rows.slice(5)]),
    "c.json": JSON.stringify({
      data: { train: "t.csv", target: "y" },
      model: { hidden: [8], loss: "poisson" },
      training: { epochs: 100, optimizer: { name: "adam", learningRate: 0.03 } },
    }),
  });
  const { err } = await works(["train", "c.json"], { cwd });
  expect(err).toMatch(/y \(scaled by rms\): a regression\n +the network predicts the logarithm of the mean/);
  expect(err).toMatch(/^ {2}baseline +always the mean of the training rows$/m);
  expect(err).toMatch(/^ {2}linear +Poisson regression$/m);

  const { out } = await works(["evaluate", "runs/c", "t.csv", "--json"], { cwd });
  const { scores, distribution, baseline } = json<{
    scores: Record<string, number>;
    distribution: string;
    baseline: { scores: Record<string, number> };
  }>(out);
  expect(distribution).toBe("poisson");
  const far = csv([[-1000, 0], [1000, 0], ...rows]);
  put(cwd, { "far.csv": far });
  const told = numbers((await works(["predict", "runs/c", "far.csv"], { cwd })).out, "prediction");
  expect(Math.min(...told)).toBeGreaterThanOrEqual(0);
  const deviances = told.slice(2).map((mu, row) => {
    const y = rows[row]![1]!;
    return 2 * ((y > 0 ? y * Math.log(y / mu) : 0) - y + mu);
  });
  const deviance = deviances.reduce((sum, each) => sum + each, 0) / deviances.length;
  expect(scores.poissonDeviance! / deviance).toBeCloseTo(1, 5); // predictions are written in the digits of a float32
  expect(deviance).toBeLessThan(baseline.scores.poissonDeviance!);

  const negative = ["--set", "data.train=negative.csv"];
  expect(await nnfit(["train", "c.json", ...negative], { cwd })).toMatchObject({
    code: 4,
    err: expect.stringContaining('negative.csv:7, column "y"'),
  });
  expect(await nnfit(["train", "c.json", "--set", "scale.target=standard"], { cwd })).toMatchObject({
    code: 2,
    err: expect.stringContaining('"auto", "maxabs", "rms"'),
  });
  // both are means, so that the scores which both have are compared
  await works(["train", "c.json", "--set", "model.loss=mse", "--out", "runs/mse"], { cwd });
  put(cwd, { "earlier.json": out });
  const compared = await nnfit(["evaluate", "runs/mse", "t.csv", "--baseline", "earlier.json"], { cwd });
  expect([0, 1]).toContain(compared.code);
  await works(["train", "c.json", "--continue-from", "runs/c", "--out", "runs/more"], { cwd });
});

describe.concurrent("the same bytes", () => {
  it("every time, from any working directory, for relative and absolute paths", async () => {
    const home = linearFolder({ model: { hidden: [8] } });
    const elsewhere = folder();
    mkdirSync(join(home, "sub"));
    const runs: [string, string][] = [
      [home, "c.json"],
      [join(home, "sub"), "../c.json"],
      [elsewhere, join(home, "c.json")],
    ];
    const digests: string[] = [];
    for (const [cwd, path] of runs) {
      await works(["train", path], { cwd });
      digests.push(modelDigest(join(cwd, "runs", "c")));
    }
    expect(new Set(digests).size).toBe(1);
  });

  it("with one thread and with several", async () => {
    const cwd = linearFolder({
      model: { hidden: [150, 70] },
      training: { epochs: 3, batchSize: 16, optimizer: "adam" },
    });
    const digests: string[] = [];
    for (const threads of ["1", "3"]) {
      const { out } = await works(["train", "c.json", "--out", threads, "--threads", threads, "--json"], { cwd });
      expect(json<object>(out)).toMatchObject({ threads: Number(threads) });
      digests.push(modelDigest(join(cwd, threads)));
    }
    expect(new Set(digests).size).toBe(1);
  });

  it("of networks that share weights, which are told of and stand in one file", async () => {
    const cwd = linearFolder({
      model: { hidden: [6, 5], tabm: 3, dropout: 0.1 },
      training: { epochs: 3, batchSize: 8, optimizer: "adam" },
    });
    const digests: string[] = [];
    for (const threads of ["1", "3"]) {
      const { err } = await works(["train", "c.json", "--out", threads, "--threads", threads], { cwd });
      expect(err).toContain("3 networks that share weights, dropout 0.1");
      digests.push(modelDigest(join(cwd, threads)));
    }
    expect(new Set(digests).size).toBe(1);
    const [told, judged] = [
      await works(["inspect", "1", "--json"], { cwd }),
      await works(["evaluate", "1", "t.csv"], { cwd }),
    ];
    expect(json<{ tensors: unknown }>(told.out)).toMatchObject({ network: { tabm: 3 } });
    expect(judged.out).toContain("rmse");
  });

  const nodes = process.env.NNFIT_NODES?.split(delimiter).filter(Boolean) ?? [];
  it.skipIf(nodes.length === 0)(
    "on other versions of Node (their paths in NNFIT_NODES)",
    { timeout: 300_000 },
    async () => {
      const cwd = folder();
      for (const [name, more] of [
        ["iris", []],
        ["penguins", []],
        ["diamonds", epochs(2)],
      ] as const) {
        await works(["train", config(name), ...more, "--out", `${name}-here`], { cwd });
        for (const [index, node] of nodes.entries()) {
          await works(["train", config(name), ...more, "--out", `${name}-${index}`], { cwd, node });
          expect(modelDigest(join(cwd, `${name}-${index}`)), `${name} on ${node}`).toBe(
            modelDigest(join(cwd, `${name}-here`)),
          );
        }
      }
    },
  );
});

it("says where calibration finds nothing in the probabilities, and inspect compares by what training did", async () => {
  const rows = (yes: string, no: string) =>
    Array.from({ length: 60 }, (_, i) => `${i},${(i * 7) % 60 < 30 ? yes : no}`);
  const cwd = folder({
    "t.csv": ["x,y", ...rows("yes", "no")].join("\n"),
    "v.csv": ["x,y", ...rows("no", "yes")].join("\n"), // whatever the network has learned is wrong here
    "c.json": JSON.stringify({
      data: { train: "t.csv", target: "y", validation: "v.csv" },
      model: { hidden: [8] },
      training: { epochs: 300, optimizer: "adam", calibrate: true, bestBy: "f1", classWeights: "balanced" },
    }),
  });
  const { err } = await works(["train", "c.json"], { cwd });
  expect(err).toContain(
    "(temperature 1000, fitted to these rows); the scores of the epochs are from before calibration",
  );
  expect(err).toContain("the network has learned nothing that holds for these rows");
  expect(err).toContain("probabilities follow the class weights, not the shares of the classes in the table");
  const [, ofBaseline] = /^ +f1 +\S+ +(\S+)/m.exec(err) ?? [];
  expect((await works(["inspect", "runs/c"], { cwd })).out).toMatch(new RegExp(`^baseline {2}f1 ${ofBaseline} `, "m"));
});

describe.concurrent("a training that diverges", () => {
  // the loss of this linear model grows 361-fold with each update, so it leaves the range of float32 after some epochs
  const soon = ["--set", "training.optimizer.learningRate=10", ...epochs(100)];
  const atOnce = ["--set", "training.optimizer.learningRate=1e30", ...epochs(100)];

  it("exits with 7, names epoch and batch, and keeps the last good weights", async () => {
    const cwd = linearFolder();
    const { code, out, err } = await nnfit(["train", "c.json", ...soon], { cwd });
    const good = numbers(text(cwd, "runs", "c", "history.csv"), "epoch").at(-1)!;
    expect(code).toBe(7);
    expect(out).toBe("");
    expect(good).toBeGreaterThan(3);
    expect(err).toMatch(/^error: training diverged/m);
    expect(err).toMatch(new RegExp(`^ {2}at +epoch ${good + 1}, batch 1$`, "m"));
    expect(err).toMatch(/^ {2}have +.*runs\/c\/model\.safetensors/m);
    expect(err).toMatch(/^ {2}try +.*learningRate/m);
    const { training } = json<{ training: { keptEpoch: number; stopped: string } }>(
      (await works(["inspect", "runs/c", "--json"], { cwd })).out,
    );
    expect(training.stopped).toBe("diverged");
    expect(training.keptEpoch).toBeGreaterThanOrEqual(good - 1); // the last epoch may have made the weights that fail
    const predictions = await works(["predict", "runs/c", "t.csv"], { cwd });
    expect(numbers(predictions.out, "prediction").every(Number.isFinite)).toBe(true);
  });

  it("tells scripts the scores of the weights that are kept, beside the error", async () => {
    const cwd = linearFolder();
    const { code, out } = await nnfit(["train", "c.json", ...soon, "--json"], { cwd });
    expect(code).toBe(7);
    const result = json<{ scores: object; keptEpoch: number }>(out);
    expect(result).toMatchObject({
      model: "runs/c/model.safetensors",
      stopped: "diverged",
      error: { code: "diverged", exit: 7 },
    });
    const { training } = json<{ training: object }>((await works(["inspect", "runs/c", "--json"], { cwd })).out);
    expect(training).toMatchObject({ keptEpoch: result.keptEpoch, scores: result.scores });
  });

  it("writes no model when there are no good weights, and leaves an older one as it was", async () => {
    const cwd = linearFolder();
    expect((await nnfit(["train", "c.json", ...atOnce], { cwd })).code).toBe(7);
    expect(Object.keys(contents(cwd))).not.toContain("runs/c/model.safetensors");
    await works(["train", "c.json"], { cwd });
    const before = contents(join(cwd, "runs", "c"));
    const { code, err } = await nnfit(["train", "c.json", ...atOnce], { cwd });
    expect(code).toBe(7);
    expect(err).toMatch(/^ {2}at +epoch 2, batch 1$/m);
    expect(contents(join(cwd, "runs", "c"))["model.safetensors"]).toBe(before["model.safetensors"]);
  });
});

it("goes on to the end where nobody reads its story any more", async () => {
  const cwd = linearFolder();
  const child = start(["train", "c.json", "--set", "training.epochs=300"], { cwd });
  child.stderr.once("data", () => child.stderr.destroy());
  const [code] = await once(child, "close");
  expect(code).toBe(0);
  expect(existsSync(join(cwd, "runs/c/model.safetensors"))).toBe(true);
});
