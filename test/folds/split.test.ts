import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dependenceOf } from "../../src/data/dependence.js";
import type { Table } from "../../src/data/table.js";
import { foldsOf, unlearnedClasses } from "../../src/folds/split.js";
import type { NetworkSpec } from "../../src/model/spec.js";
import { membersOf } from "../../src/train/members.js";
import { layOutFolds } from "../../src/train/parallel.js";
import { findTask } from "../../src/train/task.js";
import { columns, refusal } from "../data/source.js";
import { plainNetwork } from "../model/plain.js";
import { dataSettings } from "../train/settings.js";

interface Options {
  folds?: number;
  seed?: number;
  validates?: boolean;
  groups?: string;
  time?: string;
}

const foldsFor = (
  table: Table,
  { folds = 5, seed = 1, validates = false, groups, time }: Options = {},
  kind: "regression" | "classification" = "regression",
) => {
  const task = findTask(table, dataSettings(), kind);
  const dependence = dependenceOf(task.table, ["y"], dataSettings({ groups, time }));
  return foldsOf(task.table, { folds, seed, validates }, task.classes, dependence);
};

/** `sizes[c]` rows of each class c. */
const classesTable = (sizes: readonly number[]) =>
  columns({ y: sizes.flatMap((size, c) => Array<string>(size).fill(`class ${c}`)) });
const numbersTable = (rows: number) => columns({ y: Array.from({ length: rows }, (_, row) => row) });
const ascending = (rows: Iterable<number>) => [...rows].sort((a, b) => a - b);
const refused = async (action: () => unknown) => {
  const { kind, message, details } = await refusal(action);
  return [kind, message, details.at, details.have, details.try];
};

describe("folds", () => {
  it("test every row once, and learn from all others", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 80 }),
        fc.integer({ min: 2, max: 12 }),
        fc.nat(1000),
        (rows, most, seed) => {
          const folds = foldsFor(numbersTable(rows), { folds: Math.min(most, rows), seed });
          expect(ascending(folds.flatMap(({ test }) => [...test]))).toEqual([...Array(rows).keys()]);
          for (const { learning, test } of folds) {
            expect(ascending([...learning, ...test])).toEqual([...Array(rows).keys()]);
            expect(Math.abs(test.length - rows / folds.length)).toBeLessThan(1);
          }
        },
      ),
    );
  });

  it.each([
    [
      3,
      [
        [8, 4, 2],
        [8, 3, 3],
        [7, 4, 3],
      ],
    ],
    [
      5,
      [
        [5, 2, 2],
        [5, 2, 2],
        [5, 2, 1],
        [4, 3, 1],
        [4, 2, 2],
      ],
    ],
  ])("%i of them have as many rows of each class as scikit-learn's StratifiedKFold gives", (folds, expected) => {
    const sizes = [23, 11, 8];
    const ends = [23, 34, 42];
    const classOf = (row: number) => ends.findIndex((end) => row < end);
    const counts = foldsFor(classesTable(sizes), { folds }, "classification").map(({ test }) =>
      sizes.map((_, c) => test.filter((row) => classOf(row) === c).length),
    );
    expect(counts).toEqual(expected);
  });

  it("are others for another seed, and for the split of a single training", () => {
    const tested = (seed: number) => [...foldsFor(numbersTable(40), { seed })[0]!.test];
    expect(tested(1)).toEqual(tested(1));
    expect(tested(2)).not.toEqual(tested(1));
    const [alone] = membersOf(numbersTable(40), { fraction: 0.2, members: 1, seed: 1 }, undefined);
    expect(tested(1)).not.toEqual([...alone!.validation]);
  });

  it("by groups never learn from the group of a row that they test", () => {
    const g = Array.from({ length: 60 }, (_, row) => `g${(row * 7) % 13}`);
    const table = columns({ g, y: g.map((_, row) => row) });
    const folds = foldsFor(table, { folds: 4, groups: "g" });
    expect(ascending(folds.flatMap(({ test }) => [...test]))).toEqual([...Array(60).keys()]);
    for (const { learning, test } of folds) {
      const learned = new Set(Array.from(learning, (row) => g[row]));
      expect([...test].filter((row) => learned.has(g[row]))).toEqual([]);
    }
  });

  it("by time learn from all rows before those that they test", () => {
    const day = Array.from({ length: 23 }, (_, row) => `2024-01-${String(1 + ((row * 5) % 23)).padStart(2, "0")}`);
    const folds = foldsFor(columns({ day, y: day.map((_, row) => row) }), { folds: 4, time: "day" });
    const days = (rows: Uint32Array) => Array.from(rows, (row) => Number(day[row]!.slice(-2))).sort((a, b) => a - b);
    expect(folds.map(({ test }) => days(test))).toEqual([
      [8, 9, 10, 11],
      [12, 13, 14, 15],
      [16, 17, 18, 19],
      [20, 21, 22, 23],
    ]);
    for (const [fold, { learning }] of folds.entries()) {
      expect(days(learning)).toEqual(Array.from({ length: 7 + 4 * fold }, (_, i) => 1 + i));
    }
  });

  it("tell which classes they test and can't learn", () => {
    const table = columns({ day: [1, 2, 3, 4, 5, 6], y: ["a", "b", "a", "c", "b", "c"] });
    const { classes } = findTask(table, dataSettings(), "auto");
    const folds = foldsFor(table, { folds: 2, time: "day" }, "classification");
    expect(unlearnedClasses(table, folds, classes)).toEqual([{ number: 0, names: ["c"] }]);
  });
});

describe("folds are refused", () => {
  it("if there are more than rows", async () => {
    expect(await refused(() => foldsFor(numbersTable(4), { folds: 5 }))).toEqual([
      "data",
      "5 folds need at least 5 rows with a target",
      "t.csv",
      "4",
      "4 folds",
    ]);
  });

  it("if there are more than groups", async () => {
    const table = columns({ g: ["a", "b", "a", "b"], y: [1, 2, 3, 4] });
    const what = ["data", "3 folds need at least 3 groups", 't.csv, column "g"', "2", "2 folds"];
    expect(await refused(() => foldsFor(table, { folds: 3, groups: "g" }))).toEqual(what);
  });

  it("if there are too few times, or one has too many rows", async () => {
    const at = 't.csv, column "t"';
    const few = columns({ t: [1, 2, 2, 1, 3, 3], y: [1, 2, 3, 4, 5, 6] });
    expect(await refused(() => foldsFor(few, { folds: 3, time: "t" }))).toEqual([
      "data",
      "3 folds need at least 4 different times",
      at,
      "3",
      "2 folds",
    ]);
    const crowded = columns({ t: [0, 1, 2, 3, 3, 3, 3, 3], y: [1, 2, 3, 4, 5, 6, 7, 8] });
    expect(await refused(() => foldsFor(crowded, { folds: 3, time: "t" }))).toEqual([
      "data",
      "too many rows have the same time for 3 folds of about equal size",
      at,
      undefined,
      "fewer folds",
    ]);
  });

  it("if a fold would have no row of a class to learn from, or none to judge by", async () => {
    const message = async (sizes: readonly number[], validates: boolean) =>
      (await refused(() => foldsFor(classesTable(sizes), { folds: 3, validates }, "classification"))).slice(1, 3);
    expect(await message([1, 9], false)).toEqual(['the class "class 0" has one row, too few for 3 folds', "t.csv:2"]);
    expect(await message([9, 2], true)).toEqual(['the class "class 1" has 2 rows, too few for 3 folds', "t.csv:11"]);
    expect(foldsFor(classesTable([9, 2]), { folds: 3 }, "classification")).toHaveLength(3);
    expect(foldsFor(classesTable([9, 3]), { folds: 3, validates: true }, "classification")).toHaveLength(3);
  });
});

describe("the members of an ensemble", () => {
  const g = Array.from({ length: 60 }, (_, row) => (row * 11) % 10);
  const table = columns({ g, y: g.map((_, row) => row) });
  const partsBy = (option: "groups" | "time", members: number, fraction = 0.2) =>
    membersOf(
      table,
      { fraction, members, seed: 1 },
      undefined,
      dependenceOf(table, ["y"], dataSettings({ [option]: "g" })),
    );

  it.each([1, 5, 7])("hold out whole groups, if there are %i", (count) => {
    const members = partsBy("groups", count);
    for (const { training, validation } of members) {
      const learned = new Set(Array.from(training, (row) => g[row]));
      expect([...validation].filter((row) => learned.has(g[row]!))).toEqual([]);
      expect([training.length, validation.length]).toEqual([48, 12]);
    }
    const held = members.slice(0, 5).flatMap(({ validation }) => [...validation]);
    if (count > 1) expect(ascending(held)).toEqual([...Array(60).keys()]);
  });

  it.each([1, 5])("hold out the latest rows, if there are %i", (count) => {
    for (const { training, validation } of partsBy("time", count)) {
      expect(Array.from(validation, (row) => g[row]).sort()).toEqual([...Array(6).fill(8), ...Array(6).fill(9)]);
      expect([...training].every((row) => g[row]! < 8)).toBe(true);
    }
  });

  it("have as many turns as there are groups, if those are few", () => {
    const two = columns({ g: ["a", "a", "b", "b", "b"], y: [1, 2, 3, 4, 5] });
    const members = membersOf(
      two,
      { fraction: 0.2, members: 2, seed: 1 },
      undefined,
      dependenceOf(two, ["y"], dataSettings({ groups: "g" })),
    );
    expect(members.map(({ validation }) => [...validation]).sort()).toEqual([
      [0, 1],
      [2, 3, 4],
    ]);
  });

  it("can't hold out anything of a single group or time", async () => {
    const one = columns({ g: ["a", "a", "a"], y: [1, 2, 3] });
    const split = (option: "groups" | "time", value: Table) => () =>
      membersOf(
        value,
        { fraction: 0.2, members: 1, seed: 1 },
        undefined,
        dependenceOf(value, ["y"], dataSettings({ [option]: "g" })),
      );
    expect((await refusal(split("groups", one))).message).toBe(
      "all rows belong to one group, so they can't be split into training and validation rows",
    );
    expect((await refusal(split("time", columns({ g: [4, 4], y: [1, 2] })))).message).toBe(
      "all rows have the same time, so they can't be split into training and validation rows",
    );
  });
});

describe("folds on threads", () => {
  const spec: NetworkSpec = {
    inputs: 4,
    hidden: [8],
    outputs: 1,
    ...plainNetwork,
    activation: { name: "relu" },
    initializer: { name: "heUniform" },
    loss: { name: "mse" },
  };
  const layouts = (threads: number, members: number, folds: number) => {
    const { lanes, layoutOf } = layOutFolds(spec, { batchSize: 8, members, folds }, threads);
    return [lanes, ...Array.from({ length: folds }, (_, fold) => layoutOf(fold).workers)];
  };

  it("have one each, and in the last round what the others left over", () => {
    expect(layouts(1, 5, 3)).toEqual([1, 0, 0, 0]);
    expect(layouts(2, 5, 5)).toEqual([2, 1, 1, 1, 1, 2]);
    expect(layouts(2, 1, 5)).toEqual([2, 1, 1, 1, 1, 1]);
    expect(layouts(8, 5, 2)).toEqual([2, 4, 4]);
    expect(layouts(4, 3, 4)).toEqual([4, 1, 1, 1, 1]);
  });
});
