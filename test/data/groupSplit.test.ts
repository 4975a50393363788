import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dealGroups, equalShares, splitGroups } from "../../src/data/groupSplit.js";
import { seededRandom } from "../../src/engine/random.js";

const random = (seed = 1) => seededRandom(seed, "folds");
const seed = fc.nat(2 ** 31 - 1);
/** Groups of these sizes, their rows mixed. */
const groupsOf = (sizes: readonly number[]) => {
  const groups = Int32Array.from(sizes.flatMap((size, group) => Array<number>(size).fill(group)));
  random(7).shuffle(groups);
  return groups;
};
const counts = (codes: Iterable<number>, length: number) => {
  const counts = Array<number>(length).fill(0);
  for (const code of codes) counts[code]!++;
  return counts;
};
const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 5, maxLength: 40 });
/** Of each group the parts that its rows are in. */
const partsOfGroups = (groups: Int32Array, parts: Uint32Array) => {
  const of = new Map<number, Set<number>>();
  for (const [row, group] of groups.entries()) of.set(group, (of.get(group) ?? new Set()).add(parts[row]!));
  return [...of.values()];
};

describe("groups that are dealt to folds", () => {
  it("are never parted, and no fold is empty", () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 2, max: 5 }), seed, (sizes, folds, seed) => {
        const groups = groupsOf(sizes);
        const classes = Int32Array.from(groups, (group, row) => (group + row) % 3);
        for (const codes of [undefined, classes]) {
          const foldOf = dealGroups(groups, equalShares(folds), random(seed), codes);
          for (const parts of partsOfGroups(groups, foldOf)) expect(parts.size).toBe(1);
          expect(new Set(foldOf).size).toBe(folds);
        }
      }),
    );
  });

  it.each([
    [3, [22, 22, 23]],
    [4, [16, 17, 17, 17]],
    [5, [13, 13, 13, 14, 14]],
  ])("make %i folds of the sizes that scikit-learn's GroupKFold gives", (folds, expected) => {
    const groups = groupsOf([13, 9, 8, 8, 7, 5, 4, 4, 3, 2, 2, 1, 1]);
    const foldOf = dealGroups(groups, equalShares(folds), random());
    expect(counts(foldOf, folds).sort((a, b) => a - b)).toEqual(expected);
  });

  it("spread the classes, where that can be done", () => {
    // 20 groups of 10 rows, each of one class: 12 of the first, 4 of each other
    const groups = groupsOf(Array<number>(20).fill(10));
    const classOf = (group: number) => (group < 12 ? 0 : group < 16 ? 1 : 2);
    const classes = Int32Array.from(groups, classOf);
    const foldOf = dealGroups(groups, equalShares(4), random(), classes);
    for (let fold = 0; fold < 4; fold++) {
      const ofFold = [...classes].filter((_, row) => foldOf[row] === fold);
      expect(counts(ofFold, 3)).toEqual([30, 10, 10]);
    }
  });

  it("depend on the seed, which tells apart groups of equal size", () => {
    const groups = groupsOf(Array<number>(12).fill(4));
    const dealt = (seed: number) => [...dealGroups(groups, equalShares(3), random(seed))];
    expect(dealt(1)).toEqual(dealt(1));
    expect(dealt(2)).not.toEqual(dealt(1));
  });
});

describe("training and validation rows of whole groups", () => {
  it("part every row once, and no group; neither is empty", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 2, maxLength: 30 }),
        fc.double({ min: 0.01, max: 0.9, noNaN: true }),
        seed,
        (sizes, fraction, seed) => {
          const groups = groupsOf(sizes);
          const { training, validation } = splitGroups(groups, fraction, random(seed));
          expect([...training, ...validation].sort((a, b) => a - b)).toEqual([...groups.keys()]);
          expect(Math.min(training.length, validation.length)).toBeGreaterThan(0);
          const learned = new Set(Array.from(training, (row) => groups[row]));
          for (const row of validation) expect(learned.has(groups[row])).toBe(false);
        },
      ),
    );
  });

  it.each([0.1, 0.2, 0.3, 0.5])("hold out the share %d of the rows, if groups are small", (fraction) => {
    const groups = groupsOf(Array.from({ length: 200 }, (_, i) => 1 + (i % 7)));
    const { validation } = splitGroups(groups, fraction, random());
    expect(Math.abs(validation.length - fraction * groups.length)).toBeLessThanOrEqual(2);
  });

  it("hold out the smallest group where no group is as small as the fraction", () => {
    const groups = Int32Array.from([...Array<number>(50).fill(3), ...Array<number>(40).fill(5)]);
    expect(splitGroups(groups, 0.1, random()).validation).toEqual(Uint32Array.from({ length: 40 }, (_, i) => 50 + i));
  });
});
