import { expect, it } from "vitest";
import type { PipelineState } from "../../src/transform/pipeline.js";
import { profiledBy } from "../../src/transform/reprofile.js";
import { columns } from "../data/source.js";

it("of categories without a place as large a share is expected among other training rows as among the first", () => {
  const profile = { shares: [0.9], missing: 0, other: 0.1, unplaced: { rows: 4, variance: 3 } };
  const pipeline: PipelineState = [{ name: "k", type: "category", categories: ["a"], other: false, profile }];
  const cells = Array.from({ length: 20 }, (_, i) => (i < 5 ? "new" : i < 7 ? undefined : "a"));
  const [state] = profiledBy(pipeline, columns({ k: cells }), 40);
  expect(state!.profile).toEqual({ shares: [0.65], other: 0.25, missing: 0.1, unplaced: { rows: 2, variance: 1.5 } });
});
