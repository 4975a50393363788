import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { forwardBlocks, splitLatest } from "../../src/data/timeSplit.js";

const times = fc.array(fc.nat(25), { minLength: 2, maxLength: 120 }).map((values) => Int32Array.from(values));
const timesOf = (codes: Int32Array, rows: Uint32Array) => Array.from(rows, (row) => codes[row]!);
const most = (values: readonly number[]) => Math.max(...values);
const least = (values: readonly number[]) => Math.min(...values);
const ascending = (rows: Iterable<number>) => [...rows].sort((a, b) => a - b);

/** Times of n rows that all differ, not in the order of the rows. */
const different = (n: number) => Int32Array.from({ length: n }, (_, row) => (row * 13 + 5) % n);

describe("blocks in the order of time", () => {
  it("are tested by what is earlier alone, all of it", () => {
    fc.assert(
      fc.property(times, fc.integer({ min: 2, max: 6 }), (codes, folds) => {
        const blocks = forwardBlocks(codes, folds);
        if (!blocks) return;
        expect(blocks).toHaveLength(folds);
        for (const [fold, { before, block }] of blocks.entries()) {
          expect(Math.min(before.length, block.length)).toBeGreaterThan(0);
          expect(most(timesOf(codes, before))).toBeLessThan(least(timesOf(codes, block)));
          expect([...before]).toEqual(ascending(before));
          const earlier = blocks[fold - 1];
          if (earlier) expect([...before]).toEqual(ascending([...earlier.before, ...earlier.block]));
        }
        const last = blocks.at(-1)!;
        expect(ascending([...last.before, ...last.block])).toEqual([...codes.keys()]);
      }),
    );
  });

  it.each([
    [
      23,
      4,
      [
        [7, 4],
        [11, 4],
        [15, 4],
        [19, 4],
      ],
    ],
    [
      100,
      5,
      [
        [20, 16],
        [36, 16],
        [52, 16],
        [68, 16],
        [84, 16],
      ],
    ],
    [
      10,
      9,
      [
        [1, 1],
        [2, 1],
        [3, 1],
        [4, 1],
        [5, 1],
        [6, 1],
        [7, 1],
        [8, 1],
        [9, 1],
      ],
    ],
    [
      7,
      2,
      [
        [3, 2],
        [5, 2],
      ],
    ],
  ])("of %i rows in %i folds have the sizes that scikit-learn's TimeSeriesSplit gives", (rows, folds, expected) => {
    const blocks = forwardBlocks(different(rows), folds);
    expect(blocks?.map(({ before, block }) => [before.length, block.length])).toEqual(expected);
  });

  it("don't part rows of one time", () => {
    // three rows a day, of 8 days: cuts would be at 6, 12 and 18 of 24, which they may be; in 4 folds at 8, which is moved
    const days = Int32Array.from({ length: 24 }, (_, row) => row % 8);
    expect(forwardBlocks(days, 3)?.map(({ block }) => block.length)).toEqual([6, 6, 6]);
    expect(forwardBlocks(days, 4)?.map(({ before, block }) => [before.length, block.length])).toEqual([
      [6, 6],
      [12, 3],
      [15, 3],
      [18, 6],
    ]);
  });

  it("are refused where one time has too many of the rows", () => {
    expect(forwardBlocks(Int32Array.from([0, 0, 0, 0, 0, 1, 2, 3]), 3)).toBeUndefined();
    expect(forwardBlocks(Int32Array.from([0, 1, 2, 2, 2, 2, 2, 2]), 3)).toBeUndefined();
    expect(forwardBlocks(Int32Array.from([0, 0, 0, 1, 2, 3, 4, 5]), 3)).toBeUndefined(); // nothing is before the first
    expect(forwardBlocks(Int32Array.from([0, 0, 1, 2, 3, 4, 5, 6]), 3)).toHaveLength(3);
  });
});

describe("validation rows in the order of time", () => {
  it("are the latest, about the fraction asked for", () => {
    const { training, validation } = splitLatest(different(50), 0.2);
    expect(ascending(timesOf(different(50), validation))).toEqual([40, 41, 42, 43, 44, 45, 46, 47, 48, 49]);
    expect(training).toHaveLength(40);
  });

  it("are later than all training rows, and both are some", () => {
    expect(splitLatest(Int32Array.from([0, 1, 0, 0, 0, 0]), 0.5)).toEqual({
      training: Uint32Array.of(0, 2, 3, 4, 5),
      validation: Uint32Array.of(1),
    });
    const twoTimes = times.filter((codes) => new Set(codes).size > 1);
    fc.assert(
      fc.property(twoTimes, fc.double({ min: 0.01, max: 0.9, noNaN: true }), (codes, fraction) => {
        const { training, validation } = splitLatest(codes, fraction);
        expect(Math.min(training.length, validation.length)).toBeGreaterThan(0);
        expect(most(timesOf(codes, training))).toBeLessThan(least(timesOf(codes, validation)));
        expect(ascending([...training, ...validation])).toEqual([...codes.keys()]);
      }),
    );
  });
});
