import { describe, expect, it } from "vitest";
import { nominalBy } from "../../src/data/nominal.js";
import type { Column, NumberColumn } from "../../src/data/table.js";
import { type Random, seededRandom } from "../../src/engine/random.js";

const numbers = (values: readonly number[], name = "x"): NumberColumn => ({
  type: "number",
  name,
  values: Float64Array.from(values),
});
const classes = (codes: readonly number[]): Column => ({
  type: "category",
  name: "y",
  codes: Int32Array.from(codes),
  categories: ["a", "b", "c"],
});
const list = <Value>(length: number, of: (i: number) => Value) => Array.from({ length }, (_, i) => of(i));

/** Rows that each have one of some values; `of` gives the target of a value. */
function drawn(values: number, rows: number, of: (value: number, random: Random) => number) {
  const random = seededRandom(3, "split");
  const x = list(rows, () => random.below(values));
  return { x, y: x.map((value) => of(value, random)) };
}
/** A number for each value that has nothing to do with its size. */
const effects = (values: number) => {
  const random = seededRandom(4, "split");
  return list(values, () => random.normal());
};

describe("whole numbers are names of categories", () => {
  const effect = effects(60);
  const { x, y } = drawn(60, 1200, (value, random) => effect[value]! + random.normal());
  const codes = numbers(x.map((value) => 100 + 7 * value));

  it("if the target's mean differs between them, and neighbours have nothing in common", () => {
    expect(nominalBy([numbers(y)])(codes)).toBe(true);
    expect(nominalBy([numbers(y.map(() => 0)), numbers(y)])(codes)).toBe(true); // one of several targets
    const far = y.map((value, row) => (row % 100 === 0 ? 1e9 : value));
    expect(nominalBy([numbers(far)])(codes)).toBe(true);
  });

  it("if a class is commoner with some than with others", () => {
    expect(nominalBy([classes(y.map((value) => Number(value > 0.2) + Number(value > 1)))])(codes)).toBe(true);
  });

  it("also if some cells or targets are missing", () => {
    const some = (cells: number[], which: number) =>
      numbers(cells.map((cell, row) => (row % 10 === which ? Number.NaN : cell)));
    expect(nominalBy([some(y, 3)])(some(x, 4))).toBe(true);
  });

  it("told by some of very many rows", () => {
    const often = (cells: number[]) => numbers(list(120_000, (row) => cells[row % cells.length]!));
    expect(nominalBy([often(y)])(often(x))).toBe(true);
  });

  it("but not if they have decimals, are nearly all different, or too few", () => {
    expect(nominalBy([numbers(y)])(numbers(x.map((value) => value / 2)))).toBe(false);
    expect(nominalBy([numbers(y)])(numbers(x.map((_, row) => row)))).toBe(false);
    const months = drawn(12, 1200, (value, random) => effect[value]! + random.normal());
    expect(nominalBy([numbers(months.y)])(numbers(months.x))).toBe(false);
  });
});

describe("whole numbers are an order", () => {
  const noise = (random: Random) => 0.5 * random.normal();
  it.each<[string, number, (value: number, random: Random) => number]>([
    ["an age", 70, (value, random) => value / 20 + noise(random)],
    [
      "an hour of two rush hours",
      24,
      (v, random) => Math.exp(-((v - 8) ** 2) / 8) + Math.exp(-((v - 18) ** 2) / 8) + noise(random),
    ],
    ["a week of the year", 52, (value, random) => Math.cos((2 * Math.PI * value) / 52) + noise(random)],
    [
      "a year of a random walk",
      40,
      (value, random) => list(value + 1, (i) => effects(40)[i]!).reduce((a, b) => a + b) + noise(random),
    ],
    ["a count in which 0 stands out", 30, (value, random) => (value === 0 ? 8 : 0) + noise(random)],
    ["a grade in steps", 25, (value, random) => Math.floor(value / 5) + noise(random)],
    ["noise", 60, (_, random) => random.normal()],
    ["noise with a heavy tail", 60, (_, random) => Math.exp(4 * random.normal())],
  ])("%s", (_, values, of) => {
    for (const rows of [6 * values, 40 * values]) {
      const { x, y } = drawn(values, rows, of);
      expect(nominalBy([numbers(y)])(numbers(x))).toBe(false);
      const middle = y.toSorted((a, b) => a - b)[rows >> 1]!;
      expect(nominalBy([classes(y.map((value) => Number(value > middle)))])(numbers(x))).toBe(false);
    }
  });
});

/** Up and down from value to value: neighbours are as unlike as can be. */
const upAndDown = (size: number) => (value: number, random: Random) => size * (value % 2 ? 1 : -1) + random.normal();

/** Values, rows, and the target of a value. */
type Drawn = Parameters<typeof drawn>;
describe("whole numbers are names only", () => {
  const effect = effects(60);
  const outOfOrder = (slope: number) => (value: number, random: Random) =>
    slope * value + effect[value]! + 0.5 * random.normal();
  const standingOut = (count: number) => (value: number, random: Random) =>
    (value % 4 === 2 && value < 4 * count ? 8 : 0) + random.normal();
  it.each<[string, Drawn, Drawn]>([
    ["of enough values", [20, 1200, upAndDown(1)], [19, 1200, upAndDown(1)]],
    ["if they tell a tenth of the target", [60, 20_000, upAndDown(0.4)], [60, 20_000, upAndDown(0.25)]],
    ["if they tell far more than chance does", [30, 300, upAndDown(1)], [30, 300, upAndDown(0.6)]],
    ["if many of them stand out, not one or two", [30, 1200, standingOut(7)], [30, 1200, standingOut(2)]],
    [
      "if neighbours have less in common than a slope gives them",
      [60, 2400, outOfOrder(0)],
      [60, 2400, outOfOrder(0.05)],
    ],
  ])("%s", (_, names, order) => {
    const areNames = ({ x, y }: ReturnType<typeof drawn>) => nominalBy([numbers(y)])(numbers(x));
    expect(areNames(drawn(...names))).toBe(true);
    expect(areNames(drawn(...order))).toBe(false);
  });
});
