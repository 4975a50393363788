import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/engine/random.js";
import { importances } from "../../src/score/importance.js";
import type { Input } from "../../src/transform/inputColumns.js";
import type { TargetState } from "../../src/transform/target.js";
import type { Predictions } from "../../src/transform/truth.js";

const regression: TargetState = {
  task: "regression",
  targets: [{ name: "y", scaler: { name: "standard", mean: 0, deviation: 1 } }],
};
const classes: TargetState = { task: "classification", name: "y", type: "category", classes: ["no", "yes"] };
const inputs: Pick<Input, "name" | "places">[] = [
  { name: "a", places: [0] },
  { name: "b", places: [1, 2] },
  { name: "c", places: [3] },
];
const WIDTH = 4;

function someX(rows: number): Float32Array {
  const random = seededRandom(3, "weights");
  return Float32Array.from({ length: rows * WIDTH }, () => random.normal());
}
const numbersBy = (f: (row: Float32Array) => number) => (X: Float32Array) =>
  Float64Array.from({ length: X.length / WIDTH }, (_, row) => f(X.subarray(row * WIDTH, (row + 1) * WIDTH)));
const predictBy = (f: (row: Float32Array) => number) => {
  const numbers = numbersBy(f);
  return (X: Float32Array): Predictions => ({ task: "regression", values: [numbers(X)] });
};
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values: readonly number[]) => Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));

describe("importances", () => {
  const X = someX(300);
  const f = (row: Float32Array) => 3 * row[0]! + row[1]! * row[2]!;
  const predict = predictBy(f);
  const y = numbersBy((row) => f(row) + row[3]! / 2)(X); // the last column is in the truth, and not in what is predicted
  const truth = { task: "regression", values: [y] } as const;

  it("of a column that nothing is made of is 0, and the most important comes first", () => {
    const { columns, rows, shuffles } = importances(regression, inputs, { X, truth }, predict);
    expect({ rows, shuffles }).toEqual({ rows: 300, shuffles: 5 });
    expect(columns.map(({ column }) => column)).toEqual(["a", "b", "c"]);
    expect(columns[2]!.worse).toEqual({ rmse: { mean: 0, deviation: 0 } });
  });

  it("of shuffles that cancel out is 0, and not what rounding leaves", () => {
    let calls = 0;
    const rightRows = [10, 9, 8, 13, 10, 10]; // of 20, before and after each shuffle
    const predict = (): Predictions => {
      const right = rightRows[calls++ % 6]!;
      const guess = Int32Array.from({ length: 20 }, (_, row) => Number(row < right));
      return { task: "classification", classes: guess, probabilities: new Float32Array(40).fill(0.5) };
    };
    const truth = { task: "classification", classes: new Int32Array(20).fill(1) } as const;
    const { columns } = importances(classes, inputs.slice(0, 1), { X: someX(20), truth }, predict);
    expect((0.5 - 0.45 + (0.5 - 0.4) + (0.5 - 0.65)) / 5).not.toBe(0);
    expect(columns[0]!.worse.accuracy!.mean).toBe(0);
  });

  it("that is no number comes last", () => {
    let calls = 0;
    const broken = (X: Float32Array) => (++calls > 1 && calls < 7 ? predictBy(() => Number.NaN)(X) : predict(X));
    const { columns } = importances(regression, inputs, { X, truth }, broken);
    expect(columns.map(({ column }) => column)).toEqual(["b", "c", "a"]);
  });

  it("is what dealing the cells to all other rows makes of the score", () => {
    const { columns } = importances(regression, inputs, { X, truth }, predict);
    const pick = (row: number) => X.subarray(row * WIDTH, (row + 1) * WIDTH);
    const before = Math.sqrt(mean(Array.from(y, (value, i) => (value - f(pick(i))) ** 2)));
    for (const [column, places] of [
      ["a", [0]],
      ["b", [1, 2]],
    ] as const) {
      const errors = Array.from(y, (value, i) =>
        mean(
          Array.from(y, (_, j) => {
            const row = pick(i).slice();
            for (const place of places) row[place] = pick(j)[place]!;
            return (value - f(row)) ** 2;
          }),
        ),
      );
      const expected = Math.sqrt(mean(errors)) - before;
      const { worse } = columns.find((of) => of.column === column)!;
      const chance = worse.rmse!.deviation / Math.sqrt(5);
      expect(chance).toBeLessThan(0.05 * expected);
      expect(Math.abs(worse.rmse!.mean - expected)).toBeLessThan(4 * chance + 0.01 * expected);
    }
  });

  it("leaves a column's two inputs together: a number stays with whether it was missing", () => {
    const paired = X.slice();
    for (let row = 0; row < 300; row++) paired[row * WIDTH + 2] = -paired[row * WIDTH + 1]!;
    const sum = predictBy((row) => row[0]! + row[1]! + row[2]!);
    const exact = { task: "regression", values: [numbersBy((row) => row[0]!)(paired)] } as const;
    const { columns } = importances(regression, inputs, { X: paired, truth: exact }, sum);
    expect(columns.find(({ column }) => column === "b")!.worse.rmse!.mean).toBeCloseTo(0, 12);
  });

  it("is the same each time, and leaves X as it was", () => {
    const copy = X.slice();
    const [first, second] = [1, 2].map(() => importances(regression, inputs, { X, truth }, predict));
    expect(second).toEqual(first);
    expect(X).toEqual(copy);
  });

  it("of classes is told by log-loss and accuracy", () => {
    const yes = Int32Array.from({ length: 300 }, (_, row) => Number(X[row * WIDTH]! > 0));
    const ofClasses = (of: Float32Array): Predictions => {
      const chances = numbersBy((row) => 1 / (1 + Math.exp(-4 * row[0]!)))(of);
      const probabilities = Float32Array.from([...chances].flatMap((p) => [1 - p, p]));
      return { task: "classification", classes: Int32Array.from(chances, (p) => Number(p > 0.5)), probabilities };
    };
    const known = { X, truth: { task: "classification", classes: yes } } as const;
    const { columns } = importances(classes, inputs, known, ofClasses);
    const share = mean([...yes]);
    const { worse } = columns[0]!;
    expect(columns[0]!.column).toBe("a");
    // every row was right; of dealt ones, as many are as agree by chance
    const agree = share ** 2 + (1 - share) ** 2;
    expect(Math.abs(worse.accuracy!.mean - (1 - agree))).toBeLessThan(0.05);
    expect(worse.logLoss!.mean).toBeGreaterThan(1);
  });

  it("of a long table draws 2,000 rows, and predicts no others", () => {
    const long = someX(5000);
    const seen: number[] = [];
    const counted = (of: Float32Array) => {
      seen.push(of.length / WIDTH);
      return predict(of);
    };
    const known = { X: long, truth: { task: "regression", values: [numbersBy(f)(long)] } } as const;
    const { rows, columns } = importances(regression, inputs, known, counted);
    expect(rows).toBe(2000);
    expect(new Set(seen)).toEqual(new Set([2000]));
    expect(seen).toHaveLength(1 + 5 * inputs.length);
    const spread = deviation([...numbersBy((row) => 3 * row[0]!)(long)]);
    expect(columns[0]!.worse.rmse!.mean / (spread * Math.SQRT2)).toBeCloseTo(1, 1);
  });
});
