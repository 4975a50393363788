import fc from "fast-check";
import { expect, test } from "vitest";
import { ascending } from "../../src/score/ranking.js";

const compared = (values: Float32Array | Float64Array) =>
  Uint32Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);

test("values are ranked as a stable sort ranks them, by their last bit", () => {
  const values = fc.float64Array({ min: 0, noNaN: true, maxLength: 300 });
  const probabilities = fc.float32Array({ min: 0, max: 1, noNaN: true, maxLength: 300 });
  fc.assert(
    fc.property(fc.oneof(values, probabilities), (values) => {
      const unsigned = values.map(Math.abs); // fast-check has −0 among values from 0 on
      expect(ascending(unsigned)).toEqual(compared(unsigned));
    }),
  );
});

test("neighbouring, equal, subnormal and infinite values are ranked too", () => {
  const values = Float64Array.of(1 + Number.EPSILON, 1, Number.POSITIVE_INFINITY, Number.MIN_VALUE, 0, 1, 2 ** -1000);
  expect([...ascending(values)]).toEqual([4, 3, 6, 1, 5, 0, 2]);
  expect([...ascending(new Float32Array(5).fill(0.25))]).toEqual([0, 1, 2, 3, 4]);
  expect([...ascending(new Float64Array(0))]).toEqual([]);
});
