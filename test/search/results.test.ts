import { describe, expect, it } from "vitest";
import type { MetricName } from "../../src/score/metrics.js";
import { searchOptionsOf } from "../../src/search/options.js";
import { scoreNameFor } from "../../src/search/results.js";
import { refusal } from "../data/source.js";

const nameFor = (bestBy: MetricName | "loss", ...ranges: string[]) => {
  const choices = Object.fromEntries(ranges.map((path) => [path, { choice: ["none", "balanced"] }]));
  return scoreNameFor(searchOptionsOf({ by: "auto", ...choices } as never), bestBy, { task: "classification" });
};

describe("the score that trials are compared by", () => {
  it("is what an epoch is chosen by, or a proper one in place of the loss", () => {
    for (const bestBy of ["accuracy", "error", "rocAuc"] as const) expect(nameFor(bestBy)).toBe(bestBy);
    expect(nameFor("loss")).toBe("logLoss");
  });

  it("is none of a quantile where trials predict others, nor what changes its meaning with them", async () => {
    const nameOf = (by: string, path: string, quantile?: number) => {
      const search = searchOptionsOf({ by, [path]: { choice: [0.1, 0.9] } } as never);
      return scoreNameFor(search, "loss", { task: "regression", quantile });
    };
    expect(nameOf("auto", "model.dropout", 0.9)).toBe("pinball");
    expect(nameOf("auto", "model.loss.quantile", 0.9)).toBe("rmse");
    expect(nameOf("pinball", "scale.target", 0.9)).toBe("pinball");
    for (const [by, path] of [
      ["pinball", "model.loss.quantile"],
      ["loss", "model.loss"],
      ["loss", "scale.target"],
    ] as const) {
      expect(await refusal(() => nameOf(by, path, 0.9))).toMatchObject({ details: { setting: "search.by" } });
    }
  });

  it("counts rare classes like others where class weights are searched", () => {
    expect(nameFor("accuracy", "training.classWeights")).toBe("balancedAccuracy");
    expect(nameFor("error", "training.classWeights")).toBe("balancedAccuracy");
    expect(nameFor("f1", "training.classWeights")).toBe("f1");
    expect(nameFor("loss", "training.classWeights")).toBe("logLoss");
  });
});
