import { describe, expect, it } from "vitest";
import type { MetricName } from "../../src/score/metrics.js";
import { searchOptionsOf } from "../../src/search/options.js";
import { scoreNameFor } from "../../src/search/results.js";

const nameFor = (bestBy: MetricName | "loss", ...ranges: string[]) => {
  const choices = Object.fromEntries(ranges.map((path) => [path, { choice: ["none", "balanced"] }]));
  return scoreNameFor(searchOptionsOf({ by: "auto", ...choices } as never), bestBy, { task: "classification" });
};

describe("the score that trials are compared by", () => {
  it("is what an epoch is chosen by, or a proper one in place of the loss", () => {
    for (const bestBy of ["accuracy", "error", "rocAuc"] as const) expect(nameFor(bestBy)).toBe(bestBy);
    expect(nameFor("loss")).toBe("logLoss");
  });

  it("counts rare classes like others where class weights are searched", () => {
    expect(nameFor("accuracy", "training.classWeights")).toBe("balancedAccuracy");
    expect(nameFor("error", "training.classWeights")).toBe("balancedAccuracy");
    expect(nameFor("f1", "training.classWeights")).toBe("f1");
    expect(nameFor("loss", "training.classWeights")).toBe("logLoss");
  });
});
