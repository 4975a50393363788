import { describe, expect, it } from "vitest";
import { type EstimatedState, estimandOf, estimands, estimatedIn } from "../../src/transform/estimands.js";

const examples: Record<keyof typeof estimands, EstimatedState> = {
  mean: {},
  quantile: { quantile: 0.75 },
  poisson: { distribution: "poisson" },
};

describe.each(Object.entries(examples))("what is estimated by name: %s", (name, state) => {
  const target = { task: "regression", ...state } as const;
  const { center, text } = estimandOf(target);

  it("is what a target's state says", () => {
    expect(estimandOf(target).name).toBe(name);
    expect(estimandOf({ task: "regression", ...estimatedIn(target) }).text).toBe(text);
  });

  it("has a center that lies among the values, and is the value of equal ones", () => {
    expect(center(Float64Array.of(3, 3, 3))).toBe(3);
    const of = center(Float64Array.of(0, 7, 1, 2));
    expect(of).toBeGreaterThan(0);
    expect(of).toBeLessThan(7);
  });
});

it("the center is the mean, or the quantile as numpy has it", () => {
  const values = Float64Array.of(0, 10, 1, 2, 4);
  expect(estimands.mean().center(values)).toBe(3.4);
  expect(estimands.quantile(0.75).center(values)).toBe(4);
});
