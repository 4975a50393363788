import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mostByChance } from "../../src/transform/chance.js";
import { driftOf, driftOfCategories } from "../../src/transform/drift.js";

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
  const counts = fc
    .array(fc.nat(50), { minLength: 2, maxLength: 20 })
    .filter((counts) => counts.filter((n) => n > 0).length > 1);
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

it("means nothing where all rows are in one bin", () => {
  expect(driftOf([0, 1], 10, [0, 7])).toBeUndefined();
  expect(driftOf([0, 1], 10, [1, 7])?.index).toBeGreaterThan(0);
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

it.each([
  [200, 100, 5000],
  [200, 1000, 20_000],
  [900, 5000, 5000],
  [900, 1000, 100],
  [200, 40, 1000],
  [40, 200, 2000, 0],
  [60, 200, 2000, 0],
  [30, 100, 2000, 0],
  [60, 300, 300, 0],
  [600, 1000, 200, 0],
])(
  "of %i categories large drift is not found where there is none: %i training rows, %i new",
  (categories, trainingRows, rows, power = 1) => {
    // the share of the i-th category is 1/iᵖ: some are frequent and most rare, or all alike
    let state = 1;
    const random = () => {
      state = (state * 48271) % 2147483647;
      return state / 2147483647;
    };
    const upTo: number[] = [];
    for (let i = 0; i < categories; i++) upTo.push((upTo.at(-1) ?? 0) + (i + 1) ** -power);
    const draw = (n: number) => {
      const counts = new Array<number>(categories).fill(0);
      for (let i = 0; i < n; i++) counts[upTo.findIndex((sum) => sum > random() * upTo.at(-1)!)]!++;
      return counts;
    };
    let broken = 0;
    for (let i = 0; i < 100; i++) {
      const learned = draw(trainingRows);
      const seen = learned.flatMap((count, category) => (count > 0 ? [category] : []));
      const training = [...seen.map((category) => learned[category]! / trainingRows), 0];
      const found = draw(rows);
      const known = seen.map((category) => found[category]!);
      const counts = [...known, rows - known.reduce((sum, count) => sum + count, 0)];
      const { index, chance } = driftOfCategories(training, trainingRows, counts, seen.length)!;
      if (index > Math.max(0.25, chance)) broken++;
    }
    expect(broken).toBeLessThan(3);
  },
);

it("is found among many categories where they change places", () => {
  const training = [0.5, 0.2, ...new Array<number>(200).fill(0.3 / 200), 0];
  const counts = [...training.map((share) => share * 1000)];
  [counts[0], counts[1]] = [counts[1]!, counts[0]!];
  const { index, chance } = driftOfCategories(training, 1000, counts, 202)!;
  expect(index).toBeGreaterThan(Math.max(0.25, chance));
  const bins = [0.5, 0.2, 0.3]; // the rare ones are compared as one
  const rows = bins.map((share) => share * 1000);
  expect(chance).toBeCloseTo(driftOf(bins, 1000, rows)!.chance, 12);
});

it.each([
  ["one of 150 that two training rows had has all the rows", 2, (i: number) => (i === 3 ? 200 : 0)],
  ["half of 100 that 40 training rows had each are gone", 40, (i: number) => (i % 2 === 0 ? 80 : 0)],
])("is found where %s", (_, each, rows) => {
  const categories = each === 2 ? 150 : 100;
  const training = [...new Array<number>(categories).fill(1 / categories), 0];
  const counts = training.map((_, i) => (i < categories ? rows(i) : 0));
  const { index, chance } = driftOfCategories(training, categories * each, counts, categories)!;
  expect(index).toBeGreaterThan(Math.max(0.25, chance));
});

describe("of categories that are rare among few new rows", () => {
  // four in ten rows have the first; 300 others have 20 of 10,000 rows each
  const training = [0.4, ...new Array<number>(300).fill(0.6 / 300), 0];
  const driftWith = (rows: Record<number, number>, other = 0, shares = training) => {
    const counts = [40, ...new Array<number>(300).fill(0), other];
    for (const [category, count] of Object.entries(rows)) counts[Number(category)] = count;
    return driftOfCategories(shares, 10_000, counts, 301)!;
  };
  const spread = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [2 + i, 1]));

  it("one that has far more rows than chance gives it is found", () => {
    expect(driftWith({ 1: 60 }).index).toBeGreaterThan(0.25);
    expect(driftWith({ 1: 60 }).index).toBeGreaterThan(driftWith({ 1: 60 }).chance);
  });

  it("one that has the most by chance is not, as it may be any of all of them", () => {
    const mostOfOne = mostByChance(100, 20, 10_000);
    expect(mostOfOne).toBeLessThan(mostByChance(100, 20, 10_000, 300));
    expect(driftWith({ 1: mostOfOne + 1, ...spread(59 - mostOfOne) }).index).toBeLessThan(0.01);
  });

  it("nor one that has the most by chance in any of several columns", () => {
    const most = mostByChance(100, 20, 10_000, 301);
    const of = { ...spread(59 - most), 1: most + 1 };
    const counts = Array.from({ length: 302 }, (_, i) => (i === 0 ? 40 : ((of as Record<number, number>)[i] ?? 0)));
    const [alone, among] = [1, 1000].map(
      (comparisons) => driftOfCategories(training, 10_000, counts, 301, comparisons)!,
    );
    expect(most).toBeLessThan(mostByChance(100, 20, 10_000, 301_000));
    expect([alone!.index > 0.01, among!.index < 0.01]).toEqual([true, true]);
  });

  it("those without a place of their own are compared with the other rare ones, however many they are", () => {
    const shares = training.with(1, 0.6 / 300 - 0.0004).with(301, 0.0004);
    expect(driftWith({}, 60, shares).index).toBeLessThan(0.01);
  });
});
