import { expect, it } from "vitest";
import { largestOf, tallied } from "../../src/data/arrays.js";

it("tallies numbers: all NaN are one, and so are both zeros", () => {
  const { different, counts } = tallied(Float64Array.of(3, Number.NaN, -1, 0, -0, 3, Number.NaN, 3));
  expect([...different]).toEqual([-1, -0, 3, Number.NaN]);
  expect([...counts]).toEqual([1, 2, 3, 2]);
  expect(tallied(new Int32Array(0)).different.length).toBe(0);
});

it("finds the largest of more numbers than the stack holds", () => {
  expect(largestOf(Array.from({ length: 300_000 }, (_, i) => (i * 7) % 300_000))).toBe(299_999);
});
