import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { seededRandom } from "../../src/engine/random.js";
import { makeRange, type RangeSetting } from "../../src/search/ranges.js";
import { drawValues } from "../../src/search/trials.js";

const draws = (setting: RangeSetting, count: number, seed = 1) => {
  const range = makeRange(setting);
  const random = seededRandom(seed, "search");
  return Array.from({ length: count }, () => range.draw(random));
};
const numbers = (setting: RangeSetting, count: number) => draws(setting, count) as number[];

/** The share of draws below each quarter of the way from 0 to 1, by how far `place` says that a draw is. */
const shares = (values: readonly number[], place: (x: number) => number) =>
  [0.25, 0.5, 0.75].map((quarter) => values.filter((x) => place(x) < quarter).length / values.length);

const seed = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const ordered = <T extends number>(number: fc.Arbitrary<T>) =>
  fc
    .tuple(number, number)
    .filter(([a, b]) => a !== b)
    .map(([a, b]): [number, number] => (a < b ? [a, b] : [b, a]));

describe("a range", () => {
  const positive = ordered(fc.double({ min: 1e-12, max: 1e12, noNaN: true }));
  const any = ordered(fc.double({ min: -1e12, max: 1e12, noNaN: true }));
  const whole = ordered(fc.integer({ min: -1_000_000, max: 1_000_000 }));

  test.each([
    ["log", positive.map((log): RangeSetting => ({ log }))],
    ["linear", any.map((linear): RangeSetting => ({ linear }))],
    ["integer", whole.map((integer): RangeSetting => ({ integer }))],
  ] as const)("%s stays within its bounds", (name, settings) => {
    fc.assert(
      fc.property(settings, seed, (setting, seed) => {
        const [low, high] = setting[name]!;
        for (const x of draws(setting, 20, seed) as number[]) {
          expect(x).toBeGreaterThanOrEqual(low);
          expect(x).toBeLessThanOrEqual(high);
          if (name === "integer") expect(x).toBe(Math.round(x));
        }
      }),
    );
  });

  // 4000 draws: the share below a quantile has a standard deviation of at most 0.008
  it("log is even by magnitude", () => {
    const values = numbers({ log: [0.001, 10] }, 4000);
    const found = shares(values, (x) => Math.log10(x / 0.001) / 4);
    for (const [i, share] of found.entries()) expect(Math.abs(share - 0.25 * (i + 1))).toBeLessThan(0.032);
  });

  it("linear is even", () => {
    const values = numbers({ linear: [-3, 5] }, 4000);
    const found = shares(values, (x) => (x + 3) / 8);
    for (const [i, share] of found.entries()) expect(Math.abs(share - 0.25 * (i + 1))).toBeLessThan(0.032);
  });

  it("integer gives both bounds and all between, each as often", () => {
    const values = numbers({ integer: [2, 5] }, 4000);
    for (const n of [2, 3, 4, 5]) {
      expect(Math.abs(values.filter((x) => x === n).length / 4000 - 0.25)).toBeLessThan(0.03);
    }
  });

  it("choice gives each of its values, whatever they are, and no other", () => {
    const choice = [[64], [128, 128], "full", null, { name: "adam", learningRate: 0.1 }];
    const found = draws({ choice }, 1000);
    const counts = choice.map((value) => found.filter((x) => x === value).length);
    expect(counts.reduce((sum, count) => sum + count)).toBe(1000);
    for (const count of counts) expect(Math.abs(count / 1000 - 0.2)).toBeLessThan(0.06);
  });

  it("gives numbers that people can read", () => {
    for (const x of [...numbers({ log: [0.001, 0.3] }, 50), ...numbers({ linear: [0, 0.5] }, 50)]) {
      expect(String(x).replace(/^0\.0*/, "").length).toBeLessThanOrEqual(6);
    }
  });
});

describe("the values of a trial", () => {
  const ranges = new Map<string, RangeSetting>([
    ["training.optimizer.learningRate", { log: [0.001, 1] }],
    ["model.dropout", { linear: [0, 0.5] }],
  ]);

  it("are the same every time and in any order of the ranges; other trials and seeds have others", () => {
    const values = drawValues(ranges, 1, 7);
    expect(drawValues(ranges, 1, 7)).toEqual(values);
    expect(drawValues(new Map([...ranges].reverse()), 1, 7)).toEqual(values);
    const others = [drawValues(ranges, 1, 8), drawValues(ranges, 2, 7)];
    for (const other of others) {
      for (const path of ranges.keys()) expect(other[path]).not.toBe(values[path]);
    }
  });

  it("are these, on every machine", () => {
    const drawn = [0, 1].map((trial) => Object.values(drawValues(ranges, 1, trial)));
    expect(drawn).toEqual([
      [0.368801, 0.0267508],
      [0.379725, 0.0995867],
    ]);
  });
});
