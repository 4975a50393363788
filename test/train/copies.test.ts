import { describe, expect, it } from "vitest";
import { cellsOf, type Table } from "../../src/data/table.js";
import { seededRandom } from "../../src/engine/random.js";
import { countCopies, countSeen, holdLearned } from "../../src/train/copies.js";
import type { ScaledRows } from "../../src/train/prepare.js";
import { columns } from "../data/source.js";

const copiesIn = (table: Table) =>
  countCopies(
    table,
    table.columns.map(({ name }) => name),
  );

const number = (row: number, of = 7919) => ((row * of) % 1009) / 100;
const list = <Value>(length: number, of: (row: number) => Value) => Array.from({ length }, (_, row) => of(row));

it("rows that stand several times are counted, but for one of each", () => {
  const twice = (row: number) => row % 50;
  const x = list(120, (row) => number(twice(row)));
  const kind = list(120, (row) => "abc"[twice(row) % 3]!);
  expect(copiesIn(columns({ x, kind, y: list(120, (row) => twice(row)) }))).toBe(70);
  expect(copiesIn(columns({ x, kind, y: list(120, (row) => row) }))).toBe(0); // the target differs
});

it("cells that are missing are alike, and numbers are told apart that a float32 could not", () => {
  const x = list(100, (row) => ((row >> 1) % 2 ? Number.NaN : 1 + (row >> 1) / 1e12));
  expect(copiesIn(columns({ x, z: list(100, (row) => number(row >> 1)) }))).toBe(50);
  expect(copiesIn(columns({ x: list(100, (row) => 1 + row / 1e12) }))).toBe(0);
});

it("few are not told", () => {
  const copiesOf = (last: number) => {
    const rows = list(100, (row) => Math.min(row, last));
    return copiesIn(columns({ x: rows.map((row) => number(row)), y: rows }));
  };
  expect(copiesOf(98)).toBe(0);
  expect(copiesOf(97)).toBe(2);
});

it("rows of few values are alike by chance, and are no copies", () => {
  const table = columns({
    a: list(400, (row) => "xy"[(row * 7) % 2]!),
    b: list(400, (row) => (row * 3) % 5),
    y: list(400, (row) => row % 2),
  });
  expect(copiesIn(table)).toBe(0);
});

it("rows of more values are so too, if fewer than half of the different ones have numbers of their own", () => {
  const table = (values: number) =>
    columns({
      a: list(400, (row) => (row % 200) % values),
      b: list(400, (row) => `b${row % 200}`),
    });
  expect(copiesIn(table(99))).toBe(0);
  expect(copiesIn(table(100))).toBe(200);
});

it("rows of one random number are alike by chance, and are no copies", () => {
  const random = seededRandom(1, "split");
  for (const seeds of [1, 2, 3]) {
    const table = columns({
      x: list(400, () => Math.round(1000 * random.normal()) / 1000),
      y: list(400, (row) => "ab"[(row * seeds + random.below(2)) % 2]!),
    });
    expect(copiesIn(table)).toBe(0);
    const [x, y] = table.columns.map((column) => [...cellsOf(column)]);
    const twice = { x: [...x!, ...x!.slice(0, 40)], y: [...y!, ...y!.slice(0, 40)].map((code) => "ab"[code]!) };
    expect(copiesIn(columns(twice))).toBeGreaterThanOrEqual(40);
  }
});

it("different rows are not taken for one", () => {
  expect(
    copiesIn(columns({ x: list(200_000, (row) => row), y: list(200_000, () => 1).map((y, row) => y + (row % 2)) })),
  ).toBe(0);
});

describe("held-out rows that are learned from too", () => {
  const seenIn = (x: number[], learned: number) => {
    const rows = { X: Float32Array.from(x), y: Float32Array.from(x), size: x.length } as ScaledRows; // no more is looked at
    return countSeen(
      rows,
      Uint32Array.from(list(learned, (row) => row)),
      Uint32Array.from(list(20, (i) => learned + i)),
    );
  };
  const held = (seen: number) => list(20, (i) => (i < seen ? i : 1000 + i));

  it("are counted, where they are too many to be chance", () => {
    const learned = list(100, (row) => row);
    expect(seenIn([...learned, ...held(7)], 100)).toBe(7);
    expect(seenIn([...learned, ...held(1)], 100)).toBe(0);
  });

  it("are not, where rows that are learned from are alike themselves", () => {
    expect(seenIn([...list(100, (row) => row % 50), ...held(7)], 100)).toBe(0);
  });
});

describe("rows that a model is scored on", () => {
  const row = (i: number) => [number(i), i % 3];
  const table = (rows: number[][]) => Float32Array.from(rows.flat());
  const some = list(20, (i) => row(5 * i));

  it("seem to be those that it has learned from where nearly all it has are among them", () => {
    const rows = list(100, row);
    expect(holdLearned(table(rows), 100, some)).toBe(true);
    expect(holdLearned(table(rows.slice(0, 96)), 96, some)).toBe(true);
    expect(holdLearned(table(rows.slice(0, 80)), 80, some)).toBe(false); // 16 of 20
    expect(holdLearned(table(list(100, (i) => row(1000 + i))), 100, some)).toBe(false);
  });

  it("don't where the few that it has may be among any, or rows are alike by chance", () => {
    expect(holdLearned(table(list(100, row)), 100, some.slice(0, 4))).toBe(false);
    expect(holdLearned(table(list(100, row)), 100, some.slice(0, 5))).toBe(true);
    expect(holdLearned(table(list(200, (i) => row(i % 100))), 200, some)).toBe(false);
  });
});
