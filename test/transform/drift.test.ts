import fc from "fast-check";
import { expect, it } from "vitest";
import { driftOf } from "../../src/transform/drift.js";

const index = (training: number[], counts: number[], rows = 1e9) => driftOf(training, rows, counts)!.index;

it("is the population stability index of many rows", () => {
  // (0.2 − 0.5)·ln(0.2 / 0.5) + (0.8 − 0.5)·ln(0.8 / 0.5)
  expect(index([0.5, 0.5], [2e8, 8e8])).toBeCloseTo(0.41589, 5);
  expect(index([0.1, 0.2, 0.7], [3e8, 3e8, 4e8])).toBeCloseTo(
    0.2 * Math.log(3) + 0.1 * Math.log(1.5) - 0.3 * Math.log(4 / 7),
    5,
  );
});

it("is 0 for the training rows themselves, and finite and positive for any others", () => {
  const counts = fc.array(fc.nat(50), { minLength: 2, maxLength: 20 }).filter((counts) => counts.some((n) => n > 0));
  fc.assert(
    fc.property(counts, fc.infiniteStream(fc.nat(50)), (training, others) => {
      const rows = training.reduce((sum, n) => sum + n, 0);
      const shares = training.map((n) => n / rows);
      expect(Math.abs(index(shares, training, rows))).toBeLessThan(1e-12);
      const other = training.map(() => others.next().value ?? 0);
      const drift = driftOf(shares, rows, other);
      expect(drift === undefined).toBe(other.every((n) => n === 0));
      if (drift) expect(drift.index).toBeGreaterThanOrEqual(-1e-12);
      if (drift) expect(Number.isFinite(drift.index)).toBe(true);
    }),
  );
});

it.each([
  [20, 1000],
  [50, 120],
  [400, 400],
])(
  "exceeds what it calls chance in few of the tables of %i rows that are like the %i of training",
  (rows, training) => {
    let state = 1;
    const random = () => {
      state = (state * 48271) % 2147483647; // Park and Miller's generator
      return state / 2147483647;
    };
    const draw = (n: number) => {
      const counts = Array<number>(10).fill(0);
      for (let i = 0; i < n; i++) counts[Math.floor(random() * 10)]!++;
      return counts;
    };
    let exceeded = 0;
    for (let i = 0; i < 2000; i++) {
      const shares = draw(training).map((n) => n / training);
      const { index, chance } = driftOf(shares, training, draw(rows))!;
      if (index > chance) exceeded++;
    }
    expect(exceeded).toBeLessThan(12);
  },
);
