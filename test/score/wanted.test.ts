import { describe, expect, it } from "vitest";
import { comparedScores, notBetter, wantedScores } from "../../src/score/wanted.js";
import type { TargetState } from "../../src/transform/target.js";

const classes: TargetState = { task: "classification", name: "y", type: "category", classes: ["a", "b", "c"] };
const numbers: TargetState = {
  task: "regression",
  targets: ["y", "z"].map((name) => ({ name, scaler: { name: "none" } })),
};

describe("the scores that a network is to be good by", () => {
  it.each([
    [classes, "accuracy", "none", ["accuracy"]],
    [classes, "loss", "none", ["accuracy"]],
    [classes, "rocAuc", "none", ["rocAuc"]],
    [classes, "accuracy", "balanced", ["balancedAccuracy"]],
    [classes, "error", "balanced", ["balancedAccuracy"]],
    [classes, "f1", "balanced", ["f1"]],
    [numbers, "rmse", "none", ["rmse_y", "rmse_z"]],
    [numbers, "mae", "none", ["mae_y", "mae_z"]],
    [numbers, "loss", "none", ["rmse_y", "rmse_z"]],
  ] as const)("%#: are those that it is chosen by", (target, bestBy, classWeights, names) => {
    expect(wantedScores(target, { bestBy, classWeights })).toEqual(names);
  });
});

describe("the scores that a network is compared by", () => {
  const compared = (target: TargetState, bestBy: string, classWeights: unknown = "none") =>
    comparedScores(target, { bestBy, classWeights });

  it("are of classes also the log-loss, unless weights are to change probabilities", () => {
    expect(compared(classes, "accuracy")).toEqual(["accuracy", "logLoss"]);
    expect(compared(classes, "logLoss")).toEqual(["logLoss"]);
    expect(compared({ ...classes, classes: ["a", "b"], threshold: 0.3 }, "accuracy")).toEqual([
      "balancedAccuracy",
      "logLoss",
    ]);
    expect(compared(classes, "accuracy", "balanced")).toEqual(["balancedAccuracy"]);
    expect(compared(numbers, "mae")).toEqual(["mae_y", "mae_z"]);
  });
});

describe("a network is no better than something simpler", () => {
  it("where its score is worse or as good", () => {
    expect(notBetter(classes, ["accuracy"], { accuracy: 0.5 }, { accuracy: 0.5 })).toEqual(["accuracy"]);
    expect(notBetter(classes, ["accuracy"], { accuracy: 0.51 }, { accuracy: 0.5 })).toEqual([]);
    const worse = notBetter(numbers, ["rmse_y", "rmse_z"], { rmse_y: 3, rmse_z: 1 }, { rmse_y: 2, rmse_z: 2 });
    expect(worse).toEqual(["rmse_y"]);
  });

  it("but not where no row is wrong", () => {
    for (const [name, best] of [
      ["accuracy", 1],
      ["error", 0],
    ] as const) {
      expect(notBetter(classes, [name], { [name]: best }, { [name]: best })).toEqual([]);
      expect(notBetter(classes, [name], { [name]: 0.5 }, { [name]: best })).toEqual([name]);
    }
  });

  it("but not by a score that is not defined for either", () => {
    const names = ["r2_y", "r2_z"];
    expect(notBetter(numbers, names, { r2_y: Number.NaN, r2_z: 0 }, { r2_y: Number.NaN, r2_z: 1 })).toEqual(["r2_z"]);
    expect(notBetter(numbers, names, { r2_y: Number.NaN, r2_z: 0 }, { r2_y: 0, r2_z: Number.NaN })).toEqual([]);
    expect(notBetter(classes, ["logLoss"], { logLoss: Number.NaN }, { logLoss: 1 })).toEqual([]);
  });
});
