import fc from "fast-check";
import { expect, it } from "vitest";
import { Sample } from "../../src/transform/sample.js";

const value = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: -3, max: 3 }));
const values = fc.array(fc.oneof({ arbitrary: value, weight: 9 }, fc.constant(Number.NaN)), { minLength: 1 });

it("has the present values in their order, the smallest and the largest", () => {
  fc.assert(
    fc.property(values, (values) => {
      const present = values.filter((value) => !Number.isNaN(value));
      const sample = new Sample(Float64Array.from(values));
      expect([...sample.values]).toEqual(present);
      expect(sample.smallest).toBe(present.reduce((a, b) => (b < a ? b : a), Number.POSITIVE_INFINITY));
      expect(sample.largest).toBe(present.reduce((a, b) => (b > a ? b : a), Number.NEGATIVE_INFINITY));
    }),
  );
});

it("has one median, whether the values are in order or not", () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 300 }), (values) => {
      const sample = new Sample(Float64Array.from(values));
      const selected = sample.median();
      expect(selected === sample.quantile(0.5)).toBe(true); // −0 is 0
      sample.sorted;
      expect(sample.median()).toBe(sample.quantile(0.5));
      expect([...sample.values]).toEqual(values); // still in their order
    }),
  );
});

it("has the values at any places, as sorting would put them there", () => {
  const places = fc.array(fc.integer({ min: 0, max: 1e6 }), { maxLength: 9 });
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 300 }), places, (values, some) => {
      const sample = new Sample(Float64Array.from(values));
      const wanted = some.map((place) => place % values.length).sort((a, b) => a - b);
      const selected = sample.atPlaces(wanted);
      expect(selected.every((x, i) => x === sample.sorted[wanted[i]!])).toBe(true); // −0 is 0
      expect([...sample.values]).toEqual(values); // still in their order
    }),
  );
});

it("has the median of long columns too, whatever their order and however many are equal", () => {
  const size = 12_345;
  const columns: ((i: number) => number)[] = [
    (i) => i,
    (i) => -i,
    (i) => i % 2,
    (i) => Math.floor((i / size) * 3),
    (i) => (i * 7919) % size,
    (i) => (i % 12 === 0 ? 1e9 : i % 5), // every guide but a few is an outlier
    () => 4,
    (i) => (i < 6172 ? 0 : 1),
  ];
  for (const column of columns) {
    for (const length of [size, size - 1]) {
      const sample = new Sample(Float64Array.from({ length }, (_, i) => column(i)));
      expect(sample.median()).toBe(sample.quantile(0.5));
    }
  }
});

it("has a middle between the largest numbers of either sign", () => {
  const sample = new Sample(Float64Array.of(-1.7e308, 1.7e308));
  expect([sample.median(), sample.quantile(0.5)]).toEqual([0, 0]);
  expect(sample.quantile(0.25) / 0.85e308).toBeCloseTo(-1, 12);
});
