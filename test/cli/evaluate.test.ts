import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { confusionLines } from "../../src/cli/scores.js";
import { precisionAndRecall } from "../../src/score/confusion.js";
import { dataset, folder, json, nnfit, numbers, put, records, works } from "./nnfit.js";

interface Baseline {
  readonly rule: string;
  readonly scores: Readonly<Record<string, number>>;
}

interface Evaluation {
  readonly task: string;
  readonly rows: number;
  readonly rowsWithoutTarget: number;
  readonly scores: Readonly<Record<string, number>>;
  readonly intervals?: Readonly<Record<string, readonly [number, number]>>;
  readonly resamples?: number;
  readonly baseline?: Baseline;
  readonly linear?: Baseline;
  readonly importance?: {
    readonly rows: number;
    readonly shuffles: number;
    readonly columns: readonly {
      readonly column: string;
      readonly worse: Readonly<Record<string, { mean: number }>>;
    }[];
  };
  readonly confusion?: { readonly classes: readonly string[]; readonly rows: readonly (readonly number[])[] };
}

const linesOf = (classes: string[], rows: number[][]) => confusionLines({ classes, rows, ...precisionAndRecall(rows) });

/** The network is then no better than a linear model. */
const AFTER_TWO_EPOCHS =
  "note: linear: by accuracy and logLoss the network is no better than this linear model\n" +
  "note: the model seems to have been trained on these rows, so the scores are optimistic\n";

const iris = readFileSync(dataset("iris"), "utf8");
const cwd = folder({
  "iris.csv": iris,
  "diabetes.csv": readFileSync(dataset("diabetes")),
  "iris.json":
    '{ "preset": "none", "data": { "train": "iris.csv", "target": "species" }, "training": { "epochs": 2 } }',
  "half.csv": readFileSync(dataset("diabetes"), "utf8").split("\n").slice(0, 222).join("\n"),
  "half.json":
    '{ "preset": "none", "data": { "train": "half.csv", "target": "progression" }, "training": { "epochs": 1 } }',
  "diabetes.json":
    '{ "preset": "none", "data": { "train": "diabetes.csv", "target": "progression" }, "scale": { "clamp": true }, "training": { "epochs": 2 } }',
});
let ofIris: Evaluation;
beforeAll(async () => {
  await Promise.all(["iris.json", "diabetes.json"].map((path) => works(["train", path], { cwd })));
  ofIris = await evaluate("runs/iris", "iris.csv");
});

const evaluate = async (model: string, rows: string) =>
  json<Evaluation>((await works(["evaluate", model, rows, "--json"], { cwd })).out);

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe.concurrent("nnfit evaluate", () => {
  it("gives the accuracy and log-loss of what nnfit predict says", async () => {
    const { task, rows, scores } = ofIris;
    const predicted = records((await works(["predict", "runs/iris", "iris.csv", "--proba"], { cwd })).out);
    const truth = records(iris).map(({ species }) => species!);
    const right = predicted.map(({ prediction }, row) => Number(prediction === truth[row]));
    const surprise = predicted.map((record, row) => -Math.log(Number(record[`probability_${truth[row]}`])));
    expect({ task, rows }).toEqual({ task: "classification", rows: 150 });
    expect(scores.accuracy).toBe(mean(right));
    expect(scores.logLoss).toBeCloseTo(mean(surprise), 6);
  });

  it("says that rows are those of training only where they are", async () => {
    const note = "the model seems to have been trained on these rows";
    const [header, ...rows] = readFileSync(dataset("diabetes"), "utf8").trimEnd().split("\n");
    const table = (of: string[]) => [header, ...of].join("\n");
    await works(["train", "half.json"], { cwd });
    const told = async (input: string) => (await works(["evaluate", "runs/half", "-"], { cwd, input })).err;
    expect(await told(table(rows))).toContain(note);
    expect(await told(table(rows.slice(221)))).not.toContain(note);
    expect(await told(table(rows.slice(0, 221).reverse()))).toContain(note);
  });

  it("--importance of one row says that there is none", async () => {
    const input = iris.split("\n").slice(0, 2).join("\n");
    const { out, err } = await works(["evaluate", "runs/iris", "-", "--importance"], { cwd, input });
    expect(out).not.toContain("importance:");
    expect(err).toContain("left out  the importance of columns: a single row can't be shuffled");
  });

  it("--importance tells what each column is worth, the same each time", async () => {
    const { out } = await works(["evaluate", "runs/iris", "iris.csv", "--importance"], { cwd });
    const again = await works(["evaluate", "runs/iris", "iris.csv", "--importance"], { cwd });
    expect(again.out).toBe(out);
    const table = out.slice(out.indexOf("importance:")).trimEnd().split("\n");
    expect(table[0]).toBe(
      "importance: how much worse each score gets when a column is shuffled (mean of 5 shuffles ± deviation)",
    );
    expect(table[1]).toMatch(/^column +logLoss +accuracy$/);
    const names = table.slice(2).map((line) => line.trim().split(/ +/)[0]!);
    expect([...names].sort()).toEqual(["petal_length_cm", "petal_width_cm", "sepal_length_cm", "sepal_width_cm"]);

    const { importance } = json<Evaluation>(
      (await works(["evaluate", "runs/iris", "iris.csv", "--importance", "--json"], { cwd })).out,
    );
    expect(importance).toMatchObject({ rows: 150, shuffles: 5 });
    expect(importance!.columns.map(({ column }) => column)).toEqual(names);
    const losses = importance!.columns.map(({ worse }) => worse.logLoss!.mean);
    expect(losses).toEqual([...losses].sort((a, b) => b - a));
    expect(ofIris.importance).toBeUndefined();
  });

  it("gives rmse, mae and r2 of what nnfit predict says, in the target's own units", async () => {
    const { task, scores } = await evaluate("runs/diabetes", "diabetes.csv");
    const { out } = await works(["predict", "runs/diabetes", "diabetes.csv"], { cwd });
    const truth = numbers(readFileSync(dataset("diabetes"), "utf8"), "progression");
    const errors = numbers(out, "prediction").map((value, row) => value - truth[row]!);
    const squared = mean(errors.map((error) => error ** 2));
    const variance = mean(truth.map((y) => (y - mean(truth)) ** 2));
    expect(task).toBe("regression");
    expect(scores.rmse! / Math.sqrt(squared)).toBeCloseTo(1, 6);
    expect(scores.mae! / mean(errors.map(Math.abs))).toBeCloseTo(1, 6);
    expect(scores.r2).toBeCloseTo(1 - squared / variance, 6);
    expect(scores.rmse).toBeGreaterThan(30); // the target goes from 25 to 346
  });

  it("says the same as text, from a file or from standard input", async () => {
    const { rows, scores, intervals, baseline, linear } = ofIris;
    const told = await works(["evaluate", "runs/iris"], { cwd, input: iris });
    const [first, table, rules] = told.out.split("\n\n").map((part) => part.split("\n"));
    expect(first).toEqual([`rows  ${rows}`]);
    expect(table!.map((line) => line.trim().split(/ {2,}/))).toEqual([
      ["network", "95 % interval", "baseline", "linear"],
      ...Object.entries(scores).map(([name, score]) => [
        name,
        score.toPrecision(5),
        intervals![name]!.map((end) => end.toPrecision(5)).join(" to "),
        baseline!.scores[name]!.toPrecision(5),
        linear!.scores![name]!.toPrecision(5),
      ]),
    ]);
    expect(new Set(table!.map((line) => line.search(/ \S+$/))).size).toBe(1); // one below the other
    expect(rules).toEqual([`baseline  ${baseline!.rule}`, `linear    ${linear!.rule}`]);
    expect(told.err).toBe(AFTER_TWO_EPOCHS);
  });

  it("gives 95 % intervals around the scores, the same every time, and none with --no-intervals", async () => {
    const { scores, intervals, resamples } = ofIris;
    expect(Object.keys(intervals!)).toEqual(Object.keys(scores));
    for (const [name, [low, high]] of Object.entries(intervals!)) {
      expect(low).toBeLessThan(scores[name]!);
      expect(high).toBeGreaterThan(scores[name]!);
    }
    expect(resamples).toBe(1000);
    expect(await evaluate("runs/iris", "iris.csv")).toEqual(ofIris);
    const without = ["evaluate", "runs/iris", "iris.csv", "--no-intervals"];
    expect(Object.keys(json<Evaluation>((await works([...without, "--json"], { cwd })).out))).not.toContain(
      "intervals",
    );
    expect((await works(without, { cwd })).out).not.toContain("95 %");
  });

  it("draws whole groups of rows for the intervals of a model that knows which belong together", async () => {
    const rows = Array.from({ length: 300 }, (_, row) => {
      const patient = Math.floor(row / 10);
      return [`p${patient}`, row % 7, (row * 31) % 11, ((patient * 13) % 30) + (row % 7)].join(",");
    });
    const table = `patient,a,b,y\n${rows.join("\n")}\n`;
    const cwd = folder({
      "t.csv": table,
      "t.json": '{ "data": { "train": "t.csv", "target": "y", "groups": "patient" } }',
    });
    await works(["train", "t.json", "--set", "preset=none", "--set", "training.epochs=2"], { cwd });

    expect((await works(["inspect", "runs/t"], { cwd })).out).toContain('rows of the same "patient" kept together\n');

    const whole = await works(["evaluate", "runs/t", "t.csv"], { cwd });
    expect(whole.err).toContain('intervals  of whole groups of rows, 30 by "patient"\n');
    expect(whole.err).not.toContain("too narrow");
    const evaluated = async (input: string) =>
      json<Evaluation & { groups?: unknown }>((await works(["evaluate", "runs/t", "--json"], { cwd, input })).out);
    const byGroups = await evaluated(table);
    expect(byGroups.groups).toEqual({ column: "patient", count: 30 });

    const anonymous = table.replace("patient", "other");
    const byRows = await evaluated(anonymous);
    expect(byRows.groups).toBeUndefined();
    expect(byRows.scores).toEqual(byGroups.scores);
    const width = ({ intervals }: Evaluation) => intervals!.rmse![1] - intervals!.rmse![0];
    expect(width(byGroups)).toBeGreaterThan(1.5 * width(byRows));
    expect((await works(["evaluate", "runs/t"], { cwd, input: anonymous })).err).toContain(
      'note: the table lacks "patient", which marks the rows that belong together, so the intervals may be far too narrow\n',
    );

    const few = table.split("\n").slice(0, 51).join("\n");
    expect((await works(["evaluate", "runs/t"], { cwd, input: few })).err).toContain(
      "note: intervals from 5 groups tend to be too narrow\n",
    );
    const empty = table.replaceAll(/^p\d+/gm, "");
    expect((await works(["evaluate", "runs/t"], { cwd, input: empty })).err).toContain(
      'note: many rows lack "patient"',
    );
    const one = await works(["evaluate", "runs/t"], { cwd, input: table.split("\n").slice(0, 11).join("\n") });
    expect(one.err).toContain('intervals  none, because all rows belong together by "patient"\n');
    const without = await works(["evaluate", "runs/t", "t.csv", "--no-intervals"], { cwd });
    expect(without.err).not.toContain("intervals");
  });

  it("counts predicted against true classes in a confusion matrix, of classes alone", async () => {
    const predicted = records((await works(["predict", "runs/iris", "iris.csv"], { cwd })).out);
    const truth = records(iris).map(({ species }) => species!);
    const classes = ["setosa", "versicolor", "virginica"];
    const rows = classes.map((of) =>
      classes.map((as) => truth.filter((y, row) => y === of && predicted[row]!.prediction === as).length),
    );
    const sum = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
    expect(ofIris.confusion).toEqual({
      classes,
      rows,
      recall: rows.map((row, c) => row[c]! / sum(row)),
      precision: rows.map((row, c) => row[c]! / sum(rows.map((row) => row[c]!))),
    });
    const told = (await works(["evaluate", "runs/iris", "iris.csv"], { cwd })).out.split("\n\n")[3]!;
    const lines = told.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^truth \\ predicted +setosa +versicolor +virginica +recall$/);
    expect(lines.slice(1, -1).map((line) => line.split(/ +/).slice(0, -1))).toEqual(
      classes.map((name, c) => [name, ...rows[c]!.map(String)]),
    );
    expect(new Set(lines.slice(0, -1).map((line) => line.length)).size).toBe(1); // aligned at the right
    expect(await evaluate("runs/diabetes", "diabetes.csv")).not.toHaveProperty("confusion");
  });

  it("scores a rule that looks at no input beside the network", async () => {
    const [header, ...rows] = iris.trimEnd().split("\n");
    const input = [header, ...rows.slice(0, 60)].join("\n"); // 50 of setosa, the first of three equally frequent classes
    const { out } = await works(["evaluate", "runs/iris", "--json"], { cwd, input });
    const { baseline } = json<Evaluation>(out);
    expect(baseline).toMatchObject({ rule: 'always "setosa"', scores: { accuracy: 50 / 60 } });
    expect(baseline!.scores.logLoss).toBeCloseTo(Math.log(3), 6);
    const told = await works(["evaluate", "runs/iris"], { cwd, input });
    expect(told.out).toMatch(/^accuracy +\S+ +\S+ to \S+ +0\.83333 /m);
    expect(told.out).toMatch(/^baseline {2}always "setosa"$/m);
  });

  it("says so where the network is no better than that rule", async () => {
    const setosas = iris.split("\n").slice(0, 51);
    const input = [...setosas, setosas[1]!.replace("setosa", "versicolor")].join("\n"); // the rule is right but once
    const { err } = await works(["evaluate", "runs/iris"], { cwd, input });
    expect(err).toMatch(/^note: baseline: by accuracy the network is no better/m);
    expect((await works(["evaluate", "runs/iris", "iris.csv"], { cwd })).err).toBe(AFTER_TWO_EPOCHS);
  });

  it("scores a linear model beside it, the same as training did, and says so where the network is no better", async () => {
    const { linear, scores } = ofIris;
    expect(linear!.rule).toBe("logistic regression");
    expect(Object.keys(linear!.scores)).toEqual(Object.keys(scores));
    expect(linear!.scores.accuracy).toBeGreaterThan(0.95);
    expect(scores.accuracy).toBeLessThan(0.95);
    const all = ["--set", "data.validation=0", "--out", "runs/all"];
    const trained = json<Evaluation>((await works(["train", "diabetes.json", "--json", ...all], { cwd })).out);
    const { out } = await works(["evaluate", "runs/all", "diabetes.csv", "--json", "--no-intervals"], { cwd });
    expect(trained.linear!.rule).toBe("ridge regression");
    expect(json<Evaluation>(out).linear).toEqual(trained.linear);
    expect(json<Evaluation>(out).baseline).toEqual(trained.baseline);
    expect(trained.linear!.scores.r2).toBeCloseTo(0.5177, 3); // of scikit-learn's linear regression: 0.51775
  });

  it("gives the linear model the table's own numbers, however the network's are scaled", async () => {
    const heavy = Array.from({ length: 120 }, (_, i) => {
      const [a, b] = [Math.exp(((i * 37) % 120) / 15), i % 40 === 7 ? 1e6 : ((i * 53) % 120) ** 2];
      return `${a},${b},${3 * a - b / 100 + ((i * 7) % 5)}`;
    });
    const where = folder({
      "h.csv": ["a,b,y", ...heavy].join("\n"),
      "h.json": '{"data":{"train":"h.csv","target":"y"}}',
    });
    const rmse = async (scaler: string) => {
      const sets = [`scale.inputs=${scaler}`, "preset=none", "training.epochs=1", "data.validation=0"];
      const args = ["train", "h.json", "--json", "--out", scaler, ...sets.flatMap((set) => ["--set", set])];
      const trained = json<Evaluation>((await works(args, { cwd: where })).out).linear!.scores.rmse!;
      const { out } = await works(["evaluate", scaler, "h.csv", "--json", "--no-intervals"], { cwd: where });
      expect(json<Evaluation>(out).linear!.scores.rmse, scaler).toBe(trained);
      return trained;
    };
    const usual = await rmse("standard");
    for (const scaler of ["robustSmooth", "log1pStandard", "quantileNormal"])
      expect(Math.abs((await rmse(scaler)) / usual - 1), scaler).toBeLessThan(1e-3);
  });

  it("says so where no linear model was fitted", async () => {
    const names = Array.from({ length: 5100 }, (_, j) => `x${j}`);
    const targets = Array.from({ length: 20 }, (_, t) => `y${t}`);
    const rows = [0, 1, 2, 3].map((i) => [...names, ...targets].map((_, j) => (i + j) % 4).join(","));
    const data = { train: "t.csv", target: targets, validation: 0 };
    const cwd = folder({
      "t.csv": [[...names, ...targets].join(","), ...rows].join("\n"),
      "c.json": JSON.stringify({ data, model: { hidden: [] }, training: { epochs: 1 } }),
    });
    const without = "linear +none: more than 100000 weights";
    expect((await works(["train", "c.json"], { cwd })).err).toMatch(new RegExp(`^ +${without}$`, "m"));
    expect((await works(["evaluate", "runs/c", "t.csv"], { cwd })).out).toMatch(new RegExp(`^${without}$`, "m"));
    const { out } = await works(["evaluate", "runs/c", "t.csv", "--json"], { cwd });
    expect(json<Evaluation>(out).linear).toEqual({ leftOut: "more than 100000 weights" });
  });

  it("leaves a matrix of more than 20 classes to --json", async () => {
    const rows = Array.from({ length: 84 }, (_, i) => `${i % 21},c${String(i % 21).padStart(2, "0")}`);
    const cwd = folder({
      "t.csv": ["x,y", ...rows].join("\n"),
      "c.json": '{ "data": { "train": "t.csv", "target": "y" }, "training": { "epochs": 1 } }',
    });
    await works(["train", "c.json"], { cwd });
    const { out, err } = await works(["evaluate", "runs/c", "t.csv"], { cwd });
    expect(out).not.toContain("predicted");
    expect(err).toContain("21 classes; --json has it");
    const { confusion } = json<Evaluation>((await works(["evaluate", "runs/c", "t.csv", "--json"], { cwd })).out);
    expect(confusion!.rows.flat().reduce((sum, count) => sum + count, 0)).toBe(84);
  });

  it("makes no matrix of more than 2000 classes", async () => {
    const rows = Array.from({ length: 4002 }, (_, i) => `${i % 23},c${i % 2001}`);
    const cwd = folder({
      "t.csv": ["x,y", ...rows].join("\n"),
      "c.json":
        '{ "data": { "train": "t.csv", "target": "y" }, "model": { "hidden": [2] }, "training": { "epochs": 1 } }',
    });
    await works(["train", "c.json"], { cwd });
    const input = ["x,y", ...rows.slice(0, 9)].join("\n");
    const { err } = await works(["evaluate", "runs/c"], { cwd, input });
    expect(err).toContain("the confusion matrix of 2,001 classes; there is none of more than 2,000");
    expect(json((await works(["evaluate", "runs/c", "--json"], { cwd, input })).out)).not.toHaveProperty("confusion");
  });

  it("gives null and - for a score that the rows don't define", async () => {
    const input = iris.split("\n").slice(0, 11).join("\n"); // of one class
    const { out } = await works(["evaluate", "runs/iris", "--json"], { cwd, input });
    expect(json<Evaluation>(out).scores).toMatchObject({ rocAuc: null, accuracy: expect.any(Number) });
    expect((await works(["evaluate", "runs/iris"], { cwd, input })).out).toMatch(/^rocAuc +- +- +- +-$/m);
  });

  it("leaves out rows without a target, and counts them", async () => {
    const [header, ...rows] = iris.trimEnd().split("\n");
    const some = rows.slice(0, 10).map((row, i) => (i % 5 ? row : row.replace(/[^,]*$/, "")));
    const input = [header, ...some].join("\n");
    const told = await works(["evaluate", "runs/iris", "--json"], { cwd, input });
    const without = [header, ...rows.slice(0, 10).filter((_, i) => i % 5)].join("\n");
    const { scores } = json<Evaluation>(
      (await works(["evaluate", "runs/iris", "--json"], { cwd, input: without })).out,
    );
    expect(json<Evaluation>(told.out)).toMatchObject({ rows: 8, rowsWithoutTarget: 2, scores });
    expect(told.err).toMatch(/left out +2 rows without a target/);
  });

  it("names the line and column of a class that the model does not know", async () => {
    const input = `${iris}5,3,1,0.2,setossa\n`;
    const { code, out, err } = await nnfit(["evaluate", "runs/iris"], { cwd, input });
    expect({ code, out }).toEqual({ code: 4, out: "" });
    expect(err).toMatch(/^error: "setossa" is not a class that the model knows/);
    expect(err).toMatch(/^ {2}at +standard input:152, column "species"$/m);
    expect(err).toMatch(/^ {2}have +setosa, versicolor, virginica$/m);
    expect(err).toMatch(/^ {2}try +"setosa", if it is the same$/m);
  });

  it("names the line of the first row that the model makes no number of, and how many there are", async () => {
    const lines = iris.split("\n").slice(0, 61);
    for (const row of [4, 9]) lines[row] = `1e38,-1e38,1e38,-1e38,${lines[row]!.split(",").at(-1)}`;
    const far = folder({ "far.csv": lines.join("\n") });
    const { code, out, err } = await nnfit(["evaluate", join(cwd, "runs/iris"), "far.csv"], { cwd: far });
    expect({ code, out }).toEqual({ code: 4, out: "" });
    expect(err).toBe(
      "error: the network's output for this row is not finite\n" +
        "  at    far.csv:5\n" +
        `  have  2 of 60 rows without a prediction by ${join(cwd, "runs/iris")}\n` +
        "  try   nnfit check, to see what is far from the training rows, or the table without such rows\n",
    );
  });

  it("numbers the columns of a confusion matrix that names would make too wide", () => {
    const short = linesOf(
      ["a", "b"],
      [
        [3, 12],
        [0, 5],
      ],
    );
    expect(short).toEqual([
      "truth \\ predicted     a      b  recall",
      "a                     3     12   20.0%",
      "b                     0      5    100%",
      "precision          100%  29.4%",
    ]);
    const classes = ["very damp grey soil", "cotton crop", "soil with vegetation stubble", "mixture class, all types"];
    const wide = linesOf(classes, [
      [3, 12, 0, 100],
      [0, 5, 0, 0],
      [0, 0, 1, 0],
      [0, 0, 0, 2],
    ]);
    expect(wide).toEqual([
      "truth \\ predicted                  #1     #2    #3    #4  recall",
      "#1 very damp grey soil              3     12     0   100    2.6%",
      "#2 cotton crop                      0      5     0     0    100%",
      "#3 soil with vegetation stubble     0      0     1     0    100%",
      "#4 mixture class, all types         0      0     0     2    100%",
      "precision                        100%  29.4%  100%  2.0%",
    ]);
  });

  it("keeps the names of its columns where numbers would be no narrower", () => {
    const digits = [..."0123456789"];
    const lines = linesOf(
      digits,
      digits.map((_, r) => digits.map((_, c) => (r === c ? 100 : 1))),
    );
    expect(lines[0]).toMatch(/^truth \\ predicted +0 +1 +2 +3 +4 +5 +6 +7 +8 +9 +recall$/);
    expect(lines[1]).toMatch(/^0 +100 +1 /);
  });

  it("cuts long names of classes there, and aligns wide characters", () => {
    const lines = linesOf(
      ["x".repeat(90), "日本語\n", "b"],
      [
        [1, 0, 0],
        [0, 2, 0],
        [0, 0, 3],
      ],
    );
    expect(lines).toEqual([
      `truth \\ predicted${" ".repeat(26)}    #1    #2    #3  recall`,
      `#1 ${"x".repeat(39)}…     1     0     0    100%`,
      `#2 日本語 ${" ".repeat(33)}     0     2     0    100%`,
      `#3 b${" ".repeat(39)}     0     0     3    100%`,
      `precision${" ".repeat(34)}  100%  100%  100%`,
    ]);
  });

  it("names the classes where they are numbers, and a word is none", async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i % 7},${i % 2}`);
    const here = folder({
      "t.csv": ["x,y", ...rows].join("\n"),
      "new.csv": "x,y\n1,0\n2,FALSE\n",
      "c.json":
        '{ "data": { "train": "t.csv", "target": "y" }, "model": { "hidden": [2] }, "training": { "epochs": 1 } }',
    });
    await works(["train", "c.json"], { cwd: here });
    const { code, err } = await nnfit(["evaluate", "runs/c", "new.csv"], { cwd: here });
    expect([code, err.split("\n").slice(0, 3)]).toEqual([
      4,
      ['error: "FALSE" is not a class that the model knows', '  at    new.csv:3, column "y"', "  have  0, 1"],
    ]);
  });
});

describe("nnfit evaluate, of two classes", () => {
  const rows = Array.from({ length: 60 }, (_, i) => `${i % 7},${(i * 5) % 11},${i % 3 ? "no" : "yes"}`);
  const here = folder({
    "t.csv": ["a,b,y", ...rows].join("\n"),
    "one.csv": ["a,b,y", rows[0]].join("\n"),
    "c.json": '{ "data": { "train": "t.csv", "target": "y" }, "training": { "epochs": 1 } }',
  });
  beforeAll(() => works(["train", "c.json", "--set", "model.members=2"], { cwd: here }));

  it("names the positive one, and from which probability it is predicted if not from a half", async () => {
    const started = async (...more: string[]) =>
      (await works(["evaluate", "runs/c", "t.csv", ...more], { cwd: here })).out.split("\n\n")[0];
    expect(await started()).toBe('rows      60\npositive  "yes"');
    expect(await started("--threshold", "0.3")).toBe(
      'rows      60\npositive  "yes", predicted from a probability of 0.3 on',
    );
  });

  it("speaks of several networks, also beside --json", async () => {
    for (const more of [[], ["--json"]]) {
      const { err } = await works(["evaluate", "runs/c", "one.csv", ...more], { cwd: here });
      expect(err).toMatch(/^note: linear: by accuracy the networks are no better than this linear model$/m);
    }
  });

  it("says why a single row has no intervals", async () => {
    const { err } = await works(["evaluate", "runs/c", "one.csv"], { cwd: here });
    expect(err).toContain("  intervals  none, because there is only one row\n");
    expect((await works(["evaluate", "runs/c", "one.csv", "--no-intervals"], { cwd: here })).err).not.toContain(
      "intervals",
    );
  });

  it("says that intervals from few rows tend to be too narrow, also those of differences", async () => {
    const input = ["a,b,y", ...rows.slice(0, 20)].join("\n");
    put(here, { "few.csv": input });
    const args = ["evaluate", "runs/c", "few.csv"];
    const note = "note: intervals from 20 rows tend to be too narrow: those of logLoss, .*, averagePrecision";
    expect((await works(args, { cwd: here })).err).toMatch(new RegExp(`^${note}$`, "m"));
    const against = await works([...args, "--against", "runs/c"], { cwd: here });
    expect(against.err).toMatch(new RegExp(`^${note} and of all differences$`, "m"));
  });
});

describe("nnfit evaluate --against", () => {
  interface Compared extends Evaluation {
    readonly against: {
      readonly model: string;
      readonly seemsLearned: boolean;
      readonly scores: Readonly<Record<string, number>>;
      readonly difference: Readonly<Record<string, number>>;
      readonly intervals?: Readonly<Record<string, readonly [number, number] | null>>;
    };
  }
  const words = ["evaluate", "runs/iris", "iris.csv", "--against", "runs/longer"];

  beforeAll(async () => {
    await works(["train", "iris.json", "--set", "training.epochs=60", "--out", "runs/longer"], { cwd });
  });

  it("tells by how much each score differs from another model's on the same rows", async () => {
    const { scores, against } = json<Compared>((await works([...words, "--json"], { cwd })).out);
    expect(against).toMatchObject({ model: "runs/longer", scores: (await evaluate("runs/longer", "iris.csv")).scores });
    for (const [name, difference] of Object.entries(against.difference)) {
      expect(difference).toBeCloseTo(scores[name]! - against.scores[name]!, 12);
      const [low, high] = against.intervals![name]!;
      expect(low).toBeLessThan(difference);
      expect(high).toBeGreaterThan(difference);
    }
    expect(against.intervals!.logLoss![0]).toBeGreaterThan(0); // two epochs are worse than sixty
  });

  it("says which is better, unless it may be by chance", async () => {
    const { out, err } = await works(words, { cwd });
    const [heading, header, ...lines] = out.trimEnd().split("\n\n").at(-1)!.split("\n");
    expect(heading).toBe("against runs/longer, on the same rows (difference: network less other)");
    expect(header!.trim().split(/ {2,}/)).toEqual(["other", "difference", "95 % interval", "network is"]);
    const { against } = json<Compared>((await works([...words, "--json"], { cwd })).out);
    expect(lines.find((line) => line.startsWith("logLoss "))!.split(/ {2,}/)).toEqual([
      "logLoss",
      against.scores.logLoss!.toPrecision(5),
      against.difference.logLoss!.toPrecision(3),
      against.intervals!.logLoss!.map((end) => end.toPrecision(3)).join(" to "),
      "worse",
    ]);
    expect(err).toContain("note: runs/longer seems to have been trained on these rows, so its scores are optimistic\n");
    const back = await works(["evaluate", "runs/longer", "iris.csv", "--against", "runs/iris"], { cwd });
    expect(back.out).toMatch(/^logLoss .* better$/m);
    const same = await works(["evaluate", "runs/iris", "iris.csv", "--against", "runs/iris"], { cwd });
    expect(same.out).toMatch(/^accuracy +\S+ +0 +- +equal$/m);
  });

  it("tells differences alone with --no-intervals", async () => {
    const { against } = json<Compared>((await works([...words, "--json"], { cwd })).out);
    const without = [...words, "--no-intervals"];
    const { model, seemsLearned, scores, difference } = against;
    expect(json<Compared>((await works([...without, "--json"], { cwd })).out).against).toEqual({
      model,
      seemsLearned,
      scores,
      difference,
    });
    const { out } = await works(without, { cwd });
    const lines = out.trimEnd().split("\n\n").at(-1)!.split("\n");
    expect(lines[1]!.trim().split(/ {2,}/)).toEqual(["other", "difference"]);
    expect(lines.find((line) => line.startsWith("logLoss "))!.split(/ {2,}/)).toEqual([
      "logLoss",
      scores.logLoss!.toPrecision(5),
      difference.logLoss!.toPrecision(3),
    ]);
  });

  it("names the first row that only one of the models takes for one with a target", async () => {
    const cells = Array.from({ length: 40 }, (_, i) => `${i % 7},${(i * 3) % 5},${i % 8 === 5 ? -999 : i}`);
    const here = folder({
      "t.csv": ["a,b,y", ...cells].join("\n"),
      "c.json": '{ "preset": "none", "data": { "train": "t.csv", "target": "y" }, "training": { "epochs": 1 } }',
    });
    await works(["train", "c.json", "--out", "all"], { cwd: here });
    await works(["train", "c.json", "--out", "some", "--set", 'data.missing=["-999"]'], { cwd: here });
    for (const [first, other] of [
      ["all", "some"],
      ["some", "all"],
    ] as const) {
      const { code, out, err } = await nnfit(["evaluate", first, "t.csv", "--against", other], { cwd: here });
      expect({ code, out }).toEqual({ code: 4, out: "" });
      expect(err).toBe(
        "error: the models don't take the same rows for ones with a target\n" +
          "  at    t.csv:7\n" +
          "  have  a target for all and none for some: what they take for missing (data.missing) differs\n",
      );
    }
  });

  it("says so where the models predict a mean and a quantile, which no score is fair to", async () => {
    const loss = ["--set", 'model.loss={"name":"quantile","q":0.9}'];
    await works(["train", "diabetes.json", "--out", "runs/upper", ...loss], { cwd });
    const against = async (first: string, other: string) =>
      (await works(["evaluate", first, "diabetes.csv", "--no-intervals", "--against", other], { cwd })).err;
    const note = "a score favours the one that predicts what it is of";
    expect(await against("runs/diabetes", "runs/upper")).toContain(
      `note: the model predicts the mean, but runs/upper the 0.9 quantile: ${note}\n`,
    );
    expect(await against("runs/upper", "runs/diabetes")).toContain(
      `note: the model predicts the 0.9 quantile, but runs/diabetes the mean: ${note}\n`,
    );
    expect(await against("runs/upper", "runs/upper")).not.toContain(note);
  });

  it("stops where the table of scores does, if targets are many", async () => {
    const names = Array.from({ length: 8 }, (_, t) => `y${t}`);
    const cells = Array.from({ length: 60 }, (_, i) =>
      [i % 7, ...names.map((_, t) => ((i * (t + 3)) % 11) + i)].join(),
    );
    const here = folder({
      "t.csv": [["a", ...names].join(), ...cells].join("\n"),
      "c.json": JSON.stringify({ preset: "none", data: { train: "t.csv", target: names }, training: { epochs: 1 } }),
    });
    await works(["train", "c.json"], { cwd: here });
    const { out } = await works(["evaluate", "runs/c", "t.csv", "--against", "runs/c"], { cwd: here });
    const tables = out.split("\n\n").filter((part) => /^rmse_y0 /m.test(part));
    const namesIn = (lines: readonly string[]) => lines.map((line) => line.split(" ")[0]);
    const [scores, against] = tables.map((table) => table.trimEnd().split("\n"));
    expect(scores).toHaveLength(1 + 20 + 1);
    expect(scores!.at(-1)).toBe("and 20 more, listed by --json");
    expect(against!.at(-1)).toBe("and 20 more, listed by --json");
    expect(namesIn(against!.slice(2))).toEqual(namesIn(scores!.slice(1)));
  });

  it("takes models of one target, and rows that can be read twice", async () => {
    const other = await nnfit(["evaluate", "runs/iris", "iris.csv", "--against", "runs/diabetes"], { cwd });
    expect([other.code, other.err]).toEqual([
      2,
      expect.stringMatching(
        /don't predict the same.*\n {2}at .*\n {2}have {2}progression; the first model predicts classes of species: setosa,/,
      ),
    ]);
    const piped = await nnfit(["evaluate", "runs/iris", "--against", "runs/longer"], { cwd, input: iris });
    expect([piped.code, piped.err]).toEqual([2, expect.stringContaining("can't come from standard input")]);
  });
});
