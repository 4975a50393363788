import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { classifiedRows } from "../../src/score/classifiedRows.js";
import { type MetricName, metricsAt, type Occasion } from "../../src/score/metrics.js";
import { badness, type Scores, scoreNames, scorersOf, scoresOf } from "../../src/score/scoring.js";
import type { TargetState } from "../../src/transform/target.js";

/** What scikit-learn 1.2.1 says; null where it refuses, warns that a score is ill-defined, or gives NaN, and mape where a truth is 0. */
interface Reference {
  readonly regression: readonly Case[];
  readonly classification: readonly Case[];
}
interface Case {
  readonly of: string;
  readonly truth: number[];
  readonly predicted: number[];
  readonly scores: Readonly<Record<string, number | null>>;
  /** [rows, classes], of a classification */
  readonly probabilities?: number[];
  readonly classes?: number;
  /** what is predicted, of a regression */
  readonly quantile?: number;
  readonly distribution?: "poisson";
}
const reference = JSON.parse(readFileSync(new URL("metrics.json", import.meta.url), "utf8")) as Reference; // as it was written

const numbersOf = (...names: string[]): TargetState => ({
  task: "regression",
  targets: names.map((name) => ({ name, scaler: { name: "none" } })),
});
const classesOf = (count: number): TargetState => ({
  task: "classification",
  name: "y",
  type: "category",
  classes: Array.from({ length: count }, (_, c) => `c${c}`),
});
const numbers = (...values: number[][]) =>
  ({ task: "regression", values: values.map((v) => Float64Array.from(v)) }) as const;
const classes = (values: number[], probabilities: number[]) => {
  const predicted = { classes: Int32Array.from(values), probabilities: Float32Array.from(probabilities) };
  return { task: "classification", ...predicted } as const;
};

const namesAt = (occasion: Occasion, target: TargetState, bestBy?: MetricName | "loss") =>
  scoreNames(target, metricsAt(target, occasion, bestBy));

const argumentsOf = (of: Case): Parameters<typeof scorersOf> => {
  const { truth, predicted, probabilities, classes: count = 0, quantile, distribution } = of;
  if (probabilities) return [classesOf(count), classes(truth, []), classes(predicted, probabilities)];
  const estimated = { ...(quantile !== undefined && { quantile }), ...(distribution && { distribution }) };
  return [{ ...numbersOf("y"), ...estimated }, numbers(truth), numbers(predicted)];
};

function meets(scores: Scores, expected: Case["scores"]): void {
  expect(Object.keys(scores).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, score] of Object.entries(scores)) {
    const wanted = expected[name]!;
    if (wanted === null) expect(score, name).toBeNaN();
    else expect(Math.abs(score - wanted), name).toBeLessThanOrEqual(1e-12 * Math.max(1, Math.abs(wanted)));
  }
}

const cases = [...reference.regression, ...reference.classification];

describe("scores", () => {
  it.each(cases)("are scikit-learn's: $of", (of) => {
    meets(scoresOf(...argumentsOf(of)), of.scores);
  });

  it.each(cases)("of rows that count several times are those of a table that has them so often: $of", (of) => {
    const { truth, predicted, probabilities, classes } = of;
    const times = Uint32Array.from(truth, (_, row) => (row * 7 + 1) % 4);
    const drawn = [...times].flatMap((count, row) => Array<number>(count).fill(row));
    const take = (values: number[], width = 1) => drawn.flatMap((row) => values.slice(row * width, (row + 1) * width));
    const table = {
      ...of,
      truth: take(truth),
      predicted: take(predicted),
      ...(probabilities && { probabilities: take(probabilities, classes) }),
    };
    const scores = scorersOf(...argumentsOf(of)).map(([name, score]) => [name, score(times)]);
    const expected = Object.entries(scoresOf(...argumentsOf(table)));
    meets(
      Object.fromEntries(scores),
      Object.fromEntries(expected.map(([name, score]) => [name, Number.isNaN(score) ? null : score])),
    );
  });

  it("logLoss of a probability of 0 is finite", () => {
    expect(scoresOf(classesOf(2), classes([1], []), classes([0], [1, 0])).logLoss).toBeCloseTo(23 * Math.LN2, 12);
  });

  it("of ranks share one ranking of each class", () => {
    const rows = classifiedRows(Int32Array.of(0, 1, 2), Int32Array.of(0, 1, 2), new Float32Array(9));
    expect(rows.rankings()).toHaveLength(3);
    expect(rows.rankings()).toBe(rows.rankings());
  });

  it("of predictions that are no numbers are not defined", () => {
    const nothing = classes([0, 0, 0], Array(6).fill(Number.NaN));
    for (const [name, score] of Object.entries(scoresOf(classesOf(2), classes([0, 1, 1], []), nothing)))
      expect(score, name).toBeNaN();
    const oneOfThree = classes([0, 1, 1], [0.9, 0.1, 0.2, 0.8, Number.NaN, Number.NaN]);
    for (const [name, score] of Object.entries(scoresOf(classesOf(2), classes([0, 1, 1], []), oneOfThree)))
      expect(score, name).toBeNaN();
    for (const truth of [
      [1, 2, 3],
      [2, 2, 2],
    ]) {
      const scores = scoresOf(numbersOf("y"), numbers(truth), numbers([1, Number.NaN, 3]));
      for (const [name, score] of Object.entries(scores)) expect(score, name).toBeNaN();
    }
  });

  it("mape is not defined if a row that counts is truly 0", () => {
    const [[, score]] = scorersOf(numbersOf("y"), numbers([0, 4, 2]), numbers([0, 5, 2])).filter(
      ([name]) => name === "mape",
    ) as [[string, (times: Uint32Array) => number]]; // there is one
    expect(score(Uint32Array.of(1, 1, 1))).toBeNaN();
    expect(score(Uint32Array.of(0, 1, 1))).toBe(1 / 8);
  });

  it("mape is the same in any unit", () => {
    const of = (unit: number) =>
      scoresOf(numbersOf("y"), numbers([4 * unit, -2 * unit]), numbers([5 * unit, -2 * unit]));
    expect(of(2 ** -80).mape).toBe(1 / 8);
  });

  it("r2 of a truth that never changes: 1 if it is met, else 0", () => {
    expect(scoresOf(numbersOf("y"), numbers([3, 3]), numbers([3, 3])).r2).toBe(1);
    expect(scoresOf(numbersOf("y"), numbers([3, 3]), numbers([3, 4])).r2).toBe(0);
    const tenths = Array<number>(10).fill(0.1); // whose sum is not 1
    expect(scoresOf(numbersOf("y"), numbers(tenths), numbers(tenths.map(() => 0.2))).r2).toBe(0);
    const r2 = scorersOf(numbersOf("y"), numbers([5, ...tenths]), numbers([5, ...tenths.map(() => 0.2)]));
    expect(new Map(r2).get("r2")!(Uint32Array.of(0, ...tenths.map(() => 1)))).toBe(0); // of the rows that count
  });

  it("r2 of the mean is 0, whatever is lost in rounding", () => {
    for (let rows = 2; rows < 40; rows++) {
      const truth = Array.from({ length: rows }, (_, i) => ((i * 37) % 11) / 7);
      const mean = truth.toSorted().reduce((sum, value) => sum + value / rows, 0);
      expect(scoresOf(numbersOf("y"), numbers(truth), numbers(truth.map(() => mean))).r2, `${rows} rows`).toBe(0);
    }
  });

  it("are those of the task, named after the target where there are several", () => {
    const values = numbers([1, 2], [3, 5]);
    const names = ["rmse_a", "rmse_b", "mae_a", "mae_b", "r2_a", "r2_b"];
    expect(Object.keys(scoresOf(numbersOf("a", "b"), values, values)).slice(0, 6)).toEqual(names);
    expect(namesAt("history", numbersOf("a", "b"))).toEqual(names);
    expect(scoreNames(numbersOf("a"))).toEqual(["rmse", "mae", "r2", "medianAbsoluteError", "mape"]);
  });

  it("of several targets are one number, in which no target's unit counts", () => {
    const scaled = (...scales: number[]): TargetState => ({
      task: "regression",
      targets: scales.map((scale, t) => ({ name: "ab"[t]!, scaler: { name: "standard", center: 7, scale } })),
    });
    const bad = (target: TargetState, name: "rmse" | "r2", scores: Scores) =>
      badness(name, target, { loss: 0, scores });
    expect(bad(scaled(1000, 2), "rmse", { rmse_a: 500, rmse_b: 3 })).toBeCloseTo((0.5 + 1.5) / 2, 9);
    expect(bad(scaled(1, 2), "rmse", { rmse_a: 0.5, rmse_b: 3 })).toBeCloseTo((0.5 + 1.5) / 2, 9);
    expect(bad(scaled(1000, 2), "rmse", { rmse_a: 0, rmse_b: 9 })).toBeGreaterThan(
      bad(scaled(1000, 2), "rmse", { rmse_a: 100, rmse_b: 1 }),
    );
    expect(bad(scaled(1000, 2), "r2", { r2_a: 0.9, r2_b: 0.5 })).toBeCloseTo(-0.7, 9);
    expect(badness("rmse", numbersOf("y"), { loss: 0, scores: { rmse: 3.7 } })).toBe(3.7);
  });

  it("of an epoch are two in its line and those that cost little in its record", () => {
    expect(namesAt("line", numbersOf("a"))).toEqual(["rmse", "mae"]);
    expect(namesAt("line", numbersOf("a"), "mape")).toEqual(["rmse", "mae", "mape"]);
    expect(namesAt("line", numbersOf("a", "b"), "r2").slice(4)).toEqual(["r2_a", "r2_b"]);
    expect(namesAt("history", classesOf(3), "f1")).toEqual(["accuracy", "logLoss", "f1"]);
    expect(namesAt("line", classesOf(3), "loss")).toEqual(namesAt("line", classesOf(3), "accuracy"));
    expect(namesAt("history", numbersOf("a"))).toEqual(["rmse", "mae", "r2"]);
    expect(namesAt("line", classesOf(3))).toEqual(["accuracy", "logLoss"]);
    const ofEpoch = metricsAt(classesOf(2), "history");
    const scores = scoresOf(classesOf(2), classes([1], []), classes([0], [1, 0]), ofEpoch);
    expect(Object.keys(scores)).toEqual(["accuracy", "logLoss"]);
  });
});
