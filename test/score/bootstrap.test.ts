import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/engine/random.js";
import { bootstrap, workFor } from "../../src/score/bootstrap.js";
import { scoresOf } from "../../src/score/metrics.js";
import type { TargetState } from "../../src/transform/target.js";

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
function classes(truths: Int32Array) {
  const predicted = truths.map((y) => (random.uniform() < 0.9 ? y : 1 - y));
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

  it("are the same for the same rows", () => {
    const of = numbers(50);
    expect(bootstrap(...of, scoresOf(...of))).toEqual(bootstrap(...of, scoresOf(...of)));
  });

  it("are null where the score is not defined, and stand where only some resamples lack it", () => {
    const single = classes(new Int32Array(20).fill(1));
    expect(bootstrap(...single, scoresOf(...single)).of).toMatchObject({
      rocAuc: null,
      accuracy: [expect.any(Number), 1],
    });
    const rare = classes(Int32Array.from({ length: 20 }, (_, row) => Number(row < 2))); // a resample in eight has no positive
    const [low, high] = bootstrap(...rare, scoresOf(...rare)).of.rocAuc!;
    expect(0 <= low && low <= high && high <= 1).toBe(true);
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
