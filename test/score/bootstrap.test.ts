import { describe, expect, it } from "vitest";
import { take } from "../../src/data/arrays.js";
import { seededRandom } from "../../src/engine/random.js";
import { bootstrap, pairedDifferences, workFor } from "../../src/score/bootstrap.js";
import { scoresOf } from "../../src/score/scoring.js";
import type { TargetState } from "../../src/transform/target.js";
import { takeTruth } from "../../src/transform/truth.js";

const random = seededRandom(3, "split");
const target: TargetState = { task: "regression", targets: [{ name: "y", scaler: { name: "none" } }] };
const two: TargetState = { task: "classification", name: "y", type: "category", classes: ["a", "b"] };

/** Rows whose errors are normal. */
function numbers(rows: number) {
  const y = Float64Array.from({ length: rows }, () => 100 + random.normal());
  const truth = { task: "regression", values: [y] } as const;
  return [target, truth, { task: "regression", values: [y.map((value) => value + random.normal())] }] as const;
}

/** Rows of two classes, of which nine in ten are right. */
function classes(truths: Int32Array, predicted = truths.map((y) => (random.uniform() < 0.9 ? y : 1 - y))) {
  const probabilities = Float32Array.from({ length: 2 * truths.length }, (_, i) =>
    predicted[i >> 1] === i % 2 ? 0.8 : 0.2,
  );
  const predictions = { task: "classification", classes: predicted, probabilities } as const;
  return [two, { task: "classification", classes: truths }, predictions] as const;
}

describe("bootstrap intervals", () => {
  it("of a mean are those of theory: ± 1.96 standard errors", () => {
    const of = classes(new Int32Array(400).fill(1));
    const scores = scoresOf(...of);
    const accuracy = scores.accuracy!;
    const [low, high] = bootstrap(...of, scores).of.accuracy!;
    const error = 1.96 * Math.sqrt((accuracy * (1 - accuracy)) / 400);
    expect((accuracy - low) / error).toBeGreaterThan(0.85);
    expect((accuracy - low) / error).toBeLessThan(1.15);
    expect((high - accuracy) / error).toBeGreaterThan(0.85);
    expect((high - accuracy) / error).toBeLessThan(1.15);
  });

  it("of many rows, of which a part is resampled, are as narrow as theory has them, and around the score", () => {
    const rows = 200_000;
    expect(workFor(rows, 5).rows).toBeLessThan(rows);
    const of = numbers(rows);
    const scores = scoresOf(...of);
    const { of: intervals } = bootstrap(...of, scores);
    const [low, high] = intervals.rmse!;
    const width = 2 * 1.96 * Math.sqrt(1 / (2 * rows)); // the standard error of a normal deviation of 1
    expect((high - low) / width).toBeGreaterThan(0.8);
    expect((high - low) / width).toBeLessThan(1.2);
    expect(low).toBeLessThan(scores.rmse!);
    expect(high).toBeGreaterThan(scores.rmse!);
  });

  it("reach as far above the score as below it where its error is symmetric", () => {
    const of = numbers(20_000);
    const scores = scoresOf(...of);
    const [low, high] = bootstrap(...of, scores).of.mae!;
    expect((high - scores.mae!) / (scores.mae! - low)).toBeGreaterThan(0.9); // 1.645 for 1.96 would be .84
    expect((high - scores.mae!) / (scores.mae! - low)).toBeLessThan(1.1);
  });

  it("of accuracy are as wide as few groups make them, whose rows are right or wrong together", () => {
    const rightIn = Array.from({ length: 40 }, (_, group) => group % 4 > 0);
    const of = classes(
      new Int32Array(1000),
      Int32Array.from({ length: 1000 }, (_, row) => Number(!rightIn[Math.floor(row / 25)])),
    );
    const groups = { codes: Int32Array.from({ length: 1000 }, (_, row) => Math.floor(row / 25)), count: 40, alone: 0 };
    const scores = scoresOf(...of);
    const width = ([low, high]: readonly [number, number]) => high - low;
    const alone = bootstrap(...of, scores).of.accuracy!;
    expect(width(bootstrap(...of, scores, groups).of.accuracy!)).toBeGreaterThan(4 * width(alone));
  });

  it("by groups are those of one row of each, where the rows of a group are alike", () => {
    const [, truth, { task, values }] = numbers(40);
    const single = [target, truth, { task, values }] as const;
    const scores = scoresOf(...single);
    const ofSingle = bootstrap(...single, scores).of.rmse!;
    for (const times of [25, 20_000]) {
      const rows = Uint32Array.from({ length: 40 * times }, (_, row) => row % 40);
      const many = [target, takeTruth(truth, rows), { task, values: values.map((of) => take(of, rows)) }] as const;
      const groups = { codes: Int32Array.from(rows), count: 40 };
      const [low, high] = bootstrap(...many, scores, groups).of.rmse!;
      const tolerance = times === 25 ? 1e-9 : 0.15 * (ofSingle[1] - ofSingle[0]); // of many rows a part is taken, fewer times
      expect(Math.abs(low - ofSingle[0])).toBeLessThan(tolerance);
      expect(Math.abs(high - ofSingle[1])).toBeLessThan(tolerance);
    }
  });

  it("by many groups, of which a part is resampled, are as narrow as theory has them", () => {
    const groups = 200_000;
    const rows = Uint32Array.from({ length: 3 * groups }, (_, row) => Math.floor(row / 3));
    const [, truth, { task, values }] = numbers(groups);
    const of = [target, takeTruth(truth, rows), { task, values: values.map((of) => take(of, rows)) }] as const;
    const scores = scoresOf(...of);
    const [low, high] = bootstrap(...of, scores, { codes: Int32Array.from(rows), count: groups }).of.rmse!;
    const width = 2 * 1.96 * Math.sqrt(1 / (2 * groups));
    expect((high - low) / width).toBeGreaterThan(0.8);
    expect((high - low) / width).toBeLessThan(1.2);
    expect(low < scores.rmse! && scores.rmse! < high).toBe(true);
  });

  it("by groups of very different sizes, of which a part is resampled, are about as wide as of all of them", () => {
    const sizes = Array.from({ length: 3000 }, (_, group) => (group < 3 ? 60_000 : 60));
    const rows = Uint32Array.from(sizes.flatMap((size, group) => Array<number>(size).fill(group)));
    const [, truth, { task, values }] = numbers(3000);
    const of = [target, takeTruth(truth, rows), { task, values: values.map((of) => take(of, rows)) }] as const;
    const scores = scoresOf(...of);
    const [low, high] = bootstrap(...of, scores, { codes: Int32Array.from(rows), count: 3000 }).of.mae!;
    // each of the three is drawn 0, 1, 2, … times: the mean of the errors, some 2 by 3, is then one of few groups
    const errors = values[0]!.slice(0, 3).map((value, i) => Math.abs(value - truth.values[0]![i]!));
    const spread = Math.max(...errors) - Math.min(...errors);
    expect(high - low).toBeGreaterThan(0.15 * spread);
  });

  it("of one row or one group there are none", () => {
    const one = classes(Int32Array.of(1), Int32Array.of(1));
    expect(bootstrap(...one, scoresOf(...one)).of.accuracy).toBeNull();
    const of = numbers(20);
    expect(bootstrap(...of, scoresOf(...of), { codes: new Int32Array(20), count: 1 }).of.rmse).toBeNull();
  });

  it("of shares of independent rows are Wilson's, as scipy has them", () => {
    const of = (right: number, rows: number) => {
      const truths = Int32Array.from({ length: rows }, (_, row) => row % 2);
      const predicted = classes(
        truths,
        truths.map((y, row) => (row < right ? y : 1 - y)),
      );
      return bootstrap(...predicted, scoresOf(...predicted)).of;
    };
    const close = (found: readonly [number, number] | null | undefined, low: number, high: number) => {
      expect(found![0]).toBeCloseTo(low, 12);
      expect(found![1]).toBeCloseTo(high, 12);
    };
    close(of(15, 15).accuracy, 0.7961166989641515, 1);
    close(of(95, 100).error, 0.021543679154367973, 0.11175046923191913);
  });

  it("of scores of all classes are none where few resamples have rows of each", () => {
    const rare = [...new Array<number>(30).fill(0), 1, 2]; // one row each: both are in four of ten resamples
    const predicted = Int32Array.from(rare, (y, row) => (row % 4 ? y : 1));
    const probabilities = Float32Array.from({ length: 96 }, (_, i) =>
      predicted[Math.floor(i / 3)] === i % 3 ? 0.8 : 0.1,
    );
    const three: TargetState = { ...two, classes: ["a", "b", "c"] };
    const of = [
      three,
      { task: "classification", classes: Int32Array.from(rare) },
      { task: "classification", classes: predicted, probabilities },
    ] as const;
    const { f1, balancedAccuracy, accuracy } = bootstrap(...of, scoresOf(...of)).of;
    expect([f1, balancedAccuracy]).toEqual([null, null]);
    expect(accuracy![0]).toBeLessThan(accuracy![1]);
  });

  it("are the same for the same rows", () => {
    const of = numbers(50);
    expect(bootstrap(...of, scoresOf(...of))).toEqual(bootstrap(...of, scoresOf(...of)));
  });

  it("are null where the score is not defined, and stand where only some resamples lack it", () => {
    const single = classes(new Int32Array(20).fill(1));
    expect(bootstrap(...single, scoresOf(...single)).of.rocAuc).toBeNull();
    const right = classes(Int32Array.of(0, 1, 0, 1, 1), Int32Array.of(0, 1, 0, 1, 1)); // as are all resamples
    expect(bootstrap(...right, scoresOf(...right)).of).toMatchObject({ f1: null, accuracy: [expect.any(Number), 1] });
    const rare = classes(Int32Array.from({ length: 20 }, (_, row) => Number(row < 2))); // a resample in eight has no positive
    const [low, high] = bootstrap(...rare, scoresOf(...rare)).of.rocAuc!;
    expect(0 <= low && low <= high && high <= 1).toBe(true);
  });

  it("are null for a share of rows without predictions, as for all else", () => {
    const [of, truth] = classes(Int32Array.of(0, 1, 1, 0));
    const probabilities = new Float32Array(8).fill(Number.NaN);
    const unknown = { task: "classification", classes: new Int32Array(4), probabilities } as const;
    const intervals = bootstrap(of, truth, unknown, scoresOf(of, truth, unknown)).of;
    for (const [name, interval] of Object.entries(intervals)) expect(interval, name).toBeNull();
  });

  it("of mape are none where a true value is 0, though resamples may lack it", () => {
    for (const rows of [200, 200_000]) {
      const [, truth, predictions] = numbers(rows); // of the longer one a part is resampled, which may lack the row
      truth.values[0][7] = 0;
      const scores = scoresOf(target, truth, predictions);
      expect(scores.mape).toBeNaN();
      const { mape, mae } = bootstrap(target, truth, predictions, scores).of;
      expect([mape, mae]).toEqual([null, [expect.any(Number), expect.any(Number)]]);
      const pair = [predictions, predictions] as const;
      expect(pairedDifferences(target, truth, pair, [scores, scores]).of.mape).toBeNull();
    }
  });

  it("of a mean over classes are of the resamples that have each of them", () => {
    const truths = Int32Array.from({ length: 200 }, (_, row) => (row < 2 ? 2 : row % 2));
    const predicted = truths.map((y) => (y === 2 ? 0 : random.uniform() < 0.9 ? y : 1 - y));
    const probabilities = Float32Array.from({ length: 600 }, (_, i) =>
      predicted[Math.floor(i / 3)] === i % 3 ? 0.8 : 0.1,
    );
    const three: TargetState = { ...two, classes: ["a", "b", "c"] };
    const of = [
      three,
      { task: "classification", classes: truths },
      { task: "classification", classes: predicted, probabilities },
    ] as const;
    const scores = scoresOf(...of);
    const [low, high] = bootstrap(...of, scores).of.balancedAccuracy!;
    expect(scores.balancedAccuracy).toBeLessThan(0.65); // 0 of the rare class, .9 of the others
    expect(high - low).toBeLessThan(0.08);
    expect(high).toBeLessThan(0.667);
  });

  it("of one row there are none: every resample of it is that row", () => {
    const of = numbers(1);
    const scores = scoresOf(...of);
    expect(bootstrap(...of, scores).of.mae).toBeNull();
  });

  it("are of 1,000 resamples, fewer where that would take long", () => {
    expect(workFor(150, 9)).toEqual({ rows: 150, resamples: 1000 });
    for (const [rows, columns] of [
      [20_000, 5],
      [1_000_000, 6],
      [300_000, 32],
    ] as const) {
      const work = workFor(rows, columns);
      expect(work.resamples).toBeGreaterThanOrEqual(200);
      expect(work.rows * work.resamples * columns).toBeLessThanOrEqual(6e7);
    }
  });
});

describe("differences of two predictions of the same rows", () => {
  /** Both err by the same large part of each row, and by a small one of their own; the second by `more` than the first. */
  function pair(rows: number, more: number) {
    const y = Float64Array.from({ length: rows }, () => 10 * random.normal());
    const common = y.map(() => 5 * random.normal());
    const of = (shift: number) => ({
      task: "regression" as const,
      values: [y.map((value, row) => value + Math.abs(common[row]!) + 0.5 * random.normal() + shift)],
    });
    const truth = { task: "regression", values: [y] } as const;
    return { truth, predictions: [of(0), of(more)] as const };
  }
  const compared = ({ truth, predictions }: ReturnType<typeof pair>) => {
    const scores = [scoresOf(target, truth, predictions[0]), scoresOf(target, truth, predictions[1])] as const;
    return pairedDifferences(target, truth, predictions, scores);
  };

  it("are the first's score less the second's, with an interval as theory has it for the mean of paired differences", () => {
    const of = pair(400, 0.2);
    const { scores, of: intervals } = compared(of);
    const [first, second] = of.predictions.map(({ values }) => values[0]!);
    const y = of.truth.values[0];
    const each = y.map((value, row) => Math.abs(first![row]! - value) - Math.abs(second![row]! - value));
    const mean = each.reduce((sum, d) => sum + d, 0) / 400;
    const error = Math.sqrt(each.reduce((sum, d) => sum + (d - mean) ** 2, 0) / 399 / 400);
    expect(scores.mae).toBeCloseTo(mean, 12);
    const [low, high] = intervals.mae!;
    expect((low - (mean - 1.96 * error)) / error).toBeCloseTo(0, 0);
    expect((high - (mean + 1.96 * error)) / error).toBeCloseTo(0, 0);
  });

  it("are told from chance where the intervals of both overlap", () => {
    const of = pair(400, 0.2);
    const { of: intervals, scores } = compared(of);
    const [, high] = intervals.mae!;
    expect(high).toBeLessThan(0);
    const alone = of.predictions.map((predictions) => {
      return bootstrap(target, of.truth, predictions, scoresOf(target, of.truth, predictions)).of.mae!;
    });
    expect(alone[0]![1]).toBeGreaterThan(alone[1]![0]);
    expect(scores.mae).toBeCloseTo(-0.2, 0);
  });

  it("of the same predictions are 0, without an interval", () => {
    const { truth, predictions } = pair(50, 0);
    const scores = scoresOf(target, truth, predictions[0]);
    const same = [predictions[0], predictions[0]] as const;
    const { scores: differences, of } = pairedDifferences(target, truth, same, [scores, scores]);
    for (const name of Object.keys(scores)) expect([differences[name], of[name]]).toEqual([0, null]);
  });

  it("of many rows, of which a part is resampled, are as narrow as those of all", () => {
    const of = pair(200_000, 0.01);
    expect(workFor(200_000, 10).rows).toBeLessThan(200_000);
    const { of: intervals, scores } = compared(of);
    const [low, high] = intervals.mae!;
    // each row's difference has about the deviation √2 · 0.5
    expect((high - low) / ((2 * 1.96 * Math.SQRT1_2) / Math.sqrt(200_000))).toBeGreaterThan(0.8);
    expect((high - low) / ((2 * 1.96 * Math.SQRT1_2) / Math.sqrt(200_000))).toBeLessThan(1.2);
    expect(low).toBeLessThan(scores.mae!);
    expect(high).toBeGreaterThan(scores.mae!);
  });
});
