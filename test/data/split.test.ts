import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sampleRows, spacedRows, splitRows } from "../../src/data/split.js";
import { seededRandom } from "../../src/engine/random.js";

const random = (seed: number) => seededRandom(seed, "split");
const seed = fc.nat(2 ** 31 - 1);
const fraction = fc.double({ min: 0.01, max: 0.9, noNaN: true });

describe("training and validation rows", () => {
  it("are every row once, in ascending order", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 300 }), fraction, seed, (rows, fraction, seed) => {
        const { training, validation } = splitRows(rows, fraction, random(seed));
        expect([...training]).toEqual([...training].sort((a, b) => a - b));
        expect([...validation]).toEqual([...validation].sort((a, b) => a - b));
        expect([...training, ...validation].sort((a, b) => a - b)).toEqual(Array.from({ length: rows }, (_, i) => i));
      }),
    );
  });

  it("have the fraction asked for, and at least one row each", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 300 }), fraction, seed, (rows, fraction, seed) => {
        const { validation } = splitRows(rows, fraction, random(seed));
        expect(validation.length).toBe(Math.min(Math.max(Math.round(rows * fraction), 1), rows - 1));
      }),
    );
    expect(splitRows(150, 0.2, random(1)).validation).toHaveLength(30);
    expect(splitRows(2, 0.01, random(1)).validation).toHaveLength(1);
    expect(splitRows(2, 0.9, random(1)).training).toHaveLength(1);
  });

  it("take the same fraction of every class, and at least one row of each", () => {
    const sizes = fc.array(fc.integer({ min: 2, max: 60 }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(sizes, fraction, seed, (sizes, fraction, seed) => {
        const classes = Int32Array.from(sizes.flatMap((size, code) => Array<number>(size).fill(code)));
        random(seed + 1).shuffle(classes);
        const { training, validation } = splitRows(classes.length, fraction, random(seed), classes);
        expect(training.length + validation.length).toBe(classes.length);
        for (const [code, size] of sizes.entries()) {
          const held = validation.filter((row) => classes[row] === code).length;
          expect(held).toBe(Math.min(Math.max(Math.round(size * fraction), 1), size - 1));
          expect(training.filter((row) => classes[row] === code)).toHaveLength(size - held);
        }
      }),
    );
  });

  it("depend on the seed and nothing else", () => {
    const classes = Int32Array.from({ length: 100 }, (_, row) => row % 3);
    const held = (seed: number) => [...splitRows(100, 0.3, random(seed), classes).validation];
    expect(held(1)).toEqual(held(1));
    expect(held(2)).not.toEqual(held(1));
  });

  it("are drawn from all places alike", () => {
    const counts = new Array<number>(20).fill(0);
    for (let seed = 0; seed < 2000; seed++) {
      for (const row of splitRows(20, 0.25, random(seed)).validation) counts[row]!++;
    }
    // 500 expected of each row, with a deviation of √(2000 · ¼ · ¾) = 19.4
    for (const count of counts) expect(Math.abs(count - 500)).toBeLessThan(5 * 19.4);
  });

  it("are parted in tables of a million rows too", () => {
    const { training, validation } = splitRows(1_000_000, 0.2, random(1));
    expect([training.length, validation.length]).toEqual([800_000, 200_000]);
  });
});

describe("a sample of rows", () => {
  it("is all of them, if they are no more than wanted", () => {
    expect([...sampleRows(5, 5, random(1))]).toEqual([0, 1, 2, 3, 4]);
  });

  it("holds as many as wanted, ascending, each once, and others by another seed", () => {
    const sample = sampleRows(10_000, 300, random(1));
    expect(sample).toHaveLength(300);
    expect([...new Set(sample)].sort((a, b) => a - b)).toEqual([...sample]);
    expect(sampleRows(10_000, 300, random(2))).not.toEqual(sample);
    expect(sample.filter((row) => row < 5000).length).toBeGreaterThan(100);
    expect(sample.filter((row) => row >= 5000).length).toBeGreaterThan(100);
  });

  it("holds of each class its share, and one row at least", () => {
    const classes = Int32Array.from({ length: 10_000 }, (_, row) => (row === 77 ? 2 : row % 4 === 0 ? 1 : 0));
    const counts = [0, 0, 0];
    for (const row of sampleRows(10_000, 400, random(1), classes)) counts[classes[row]!]!++;
    expect(counts).toEqual([300, 100, 1]);
  });
});

describe("some rows of many", () => {
  it("are one of each stretch, ascending, and all where they are no more", () => {
    const rows = spacedRows(1000, 100);
    expect([...rows].every((row, i) => Math.floor(row / 10) === i)).toBe(true);
    expect([...spacedRows(3, 4)]).toEqual([0, 1, 2]);
    expect(new Set(spacedRows(150, 100)).size).toBe(100);
    expect([...spacedRows(1000, 100)]).toEqual([...rows]);
  });

  it.each([2, 5, 10])("are of all kinds alike, where %i kinds take turns", (kinds) => {
    const counts = new Array<number>(kinds).fill(0);
    for (const row of spacedRows(100_000, 20_000)) counts[row % kinds]!++;
    for (const count of counts) expect(Math.abs(count - 20_000 / kinds)).toBeLessThan(4 * Math.sqrt(20_000 / kinds));
  });
});
