import { describe, expect, it } from "vitest";
import { BestEpoch, type Candidate } from "../../src/train/bestEpoch.js";
import type { TargetState } from "../../src/transform/target.js";

const regression: TargetState = {
  task: "regression",
  targets: [{ name: "y", scaler: { name: "none", state: {} } }],
} as unknown as TargetState; // no more of it is looked at

const done = (epoch: number, loss?: number, rmse = 0): Candidate => ({
  report: { epoch, loss: 1, validation: loss === undefined ? undefined : { loss, scores: { rmse } } },
  weights: Float32Array.of(epoch),
});
const keptAfter = (best: BestEpoch, judged: readonly (readonly [loss: number, rmse: number])[]) =>
  judged.map(([loss, rmse], i) => {
    best.take(done(i + 1, loss, rmse));
    return best.kept.report.epoch;
  });

describe("the epoch that is kept", () => {
  it("is the one of the lowest loss, of equal ones the first", () => {
    const best = new BestEpoch({ bestBy: "loss", patience: 0, target: regression }, done(0));
    const losses = [3, 2, 2, 4, 1].map((loss) => [loss, 0] as const);
    expect(keptAfter(best, losses)).toEqual([1, 2, 2, 2, 5]);
    expect([best.kept.weights[0], best.latest.report.epoch]).toEqual([5, 5]);
  });

  it("is the one of the best score, of equal ones the last, and never one whose score is not defined", () => {
    const best = new BestEpoch({ bestBy: "rmse", patience: 0, target: regression }, done(0));
    const scores = [Number.NaN, Number.NaN, 3, 5, 3, Number.NaN, 2].map((rmse) => [0, rmse] as const);
    expect(keptAfter(best, scores)).toEqual([1, 2, 3, 3, 5, 5, 7]);
  });

  it("is worth waiting for as long as patience says", () => {
    const best = new BestEpoch({ bestBy: "loss", patience: 2, target: regression }, done(0));
    const waits = [3, 4, 2, 2, 5].map((loss, i) => {
      best.take(done(i + 1, loss));
      return best.isOutOfPatience;
    });
    expect(waits).toEqual([false, false, false, false, true]);
    const patient = new BestEpoch({ bestBy: "loss", patience: 0, target: regression }, best.latest, best.kept);
    expect(patient.isOutOfPatience).toBe(false);
  });

  it("is not worth waiting for where others are as good", () => {
    const best = new BestEpoch({ bestBy: "rmse", patience: 2, target: regression }, done(0));
    expect(
      keptAfter(best, [
        [0, 3],
        [0, 3],
        [0, 2],
      ]),
    ).toEqual([1, 2, 3]);
    expect([best.improvedEpoch, best.isOutOfPatience]).toEqual([3, false]);
    best.take(done(4, 0, 2));
    const resumed = new BestEpoch(
      { bestBy: "rmse", patience: 2, target: regression },
      best.latest,
      best.kept,
      best.improvedEpoch,
    );
    for (const each of [best, resumed]) {
      expect([each.kept.report.epoch, each.improvedEpoch, each.isOutOfPatience]).toEqual([4, 3, false]);
      each.take(done(5, 0, 2));
      expect([each.kept.report.epoch, each.improvedEpoch, each.isOutOfPatience]).toEqual([5, 3, true]);
    }
  });

  it("is not waited for without end where its score is not defined", () => {
    const best = new BestEpoch({ bestBy: "rmse", patience: 2, target: regression }, done(0));
    expect(
      keptAfter(best, [
        [0, Number.NaN],
        [0, Number.NaN],
      ]),
    ).toEqual([1, 2]);
    expect(best.isOutOfPatience).toBe(false);
    best.take(done(3, 0, Number.NaN));
    expect(best.isOutOfPatience).toBe(true);
  });

  it("is waited for anew once its score is defined", () => {
    const best = new BestEpoch({ bestBy: "rmse", patience: 2, target: regression }, done(0));
    keptAfter(best, [
      [0, Number.NaN],
      [0, 7],
    ]);
    best.take(done(3, 0, 8));
    expect([best.improvedEpoch, best.isOutOfPatience]).toEqual([2, false]);
    best.take(done(4, 0, 8));
    expect(best.isOutOfPatience).toBe(true);
  });

  it("is the last one where no rows judge it, once its weights are known to be good", () => {
    const best = new BestEpoch({ bestBy: "loss", patience: 1, target: regression }, done(0));
    best.take(done(1));
    expect([best.kept.report.epoch, best.isOutOfPatience]).toEqual([0, false]);
    best.keepLatest();
    expect(best.kept.report.epoch).toBe(1);
  });
});
