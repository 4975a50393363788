import { expect, it } from "vitest";
import { deviation, mean, sampleDeviation } from "../../src/transform/moments.js";

it("moments keep their digits far from zero, and of very small and very large values", () => {
  expect(mean([1e15, 1e15 + 1, 1e15 + 5])).toBe(1e15 + 2);
  expect(deviation([1e15, 1e15 + 2])).toBe(1);
  expect(deviation([1e-200, 3e-200]) / 1e-200).toBeCloseTo(1, 12);
  expect(deviation([-1e200, 1e200]) / 1e200).toBeCloseTo(1, 12);
});

it("a sample's deviation has one degree less, and a single value none", () => {
  expect(sampleDeviation([1, 3])).toBeCloseTo(Math.SQRT2, 12);
  expect(deviation([1, 3])).toBe(1);
  expect(sampleDeviation([5])).toBeNaN();
  expect(deviation([5])).toBe(0);
  expect(mean([])).toBeNaN();
});
