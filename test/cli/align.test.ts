import { describe, expect, it } from "vitest";
import { aligned, columnsBelow, narrowed, padEnd, padStart, shortened, widthOf } from "../../src/cli/align.js";
import { importanceLines } from "../../src/cli/scores.js";
import { oneLine } from "../../src/cli/text.js";

describe("the width of a text", () => {
  it.each([
    ["", 0],
    ["iris", 4],
    ["größe", 5],
    ["gro\u0308\u00dfe", 5], // the umlaut is a mark of its own
    ["日本語", 6],
    ["한국어", 6],
    ["🌹", 2],
    ["\u200bx", 1],
  ])("of %j on a terminal is %i", (text, width) => {
    expect(widthOf(text)).toBe(width);
    expect(widthOf(padEnd(text, 8))).toBe(8);
    expect(widthOf(padStart(text, 8))).toBe(8);
  });

  it("is cut between characters", () => {
    expect(shortened("日本語です", 10)).toBe("日本語です");
    expect(shortened("日本語です", 9)).toBe("日本語で…");
    expect(shortened("日本語です", 8)).toBe("日本語…");
    expect(shortened("abc", 3)).toBe("abc");
  });

  it("is that of one line", () => {
    expect(oneLine("a\r\n\tb\u001b[31mc")).toBe("a b [31mc");
  });
});

describe("aligned", () => {
  it("has columns that begin below each other, whatever stands in them", () => {
    const lines = aligned([
      ["name", "x"],
      ["日本", "1"],
      ["a\nb", "2"],
    ]);
    expect(lines).toEqual(["  name  x", "  日本  1", "  a b   2"]);
  });

  it("is not made wide by a few long cells", () => {
    const [long, short] = aligned([
      ["x".repeat(60), "1"],
      ["y", "2"],
    ]);
    expect(long).toBe(`  ${"x".repeat(60)}  1`);
    expect(short).toBe(`  y${" ".repeat(39)}  2`);
  });
});

it("columns that have no room beside others are below them, again with the names of the lines", () => {
  const rows = [
    ["", "first", "second", "third"],
    ["a", "1", "2", "3"],
    ["long name", "1", "2", ""],
  ];
  expect(columnsBelow(rows, 31)).toEqual(aligned(rows, ""));
  expect(columnsBelow(rows, 30)).toEqual([
    "           first  second",
    "a          1      2",
    "long name  1      2",
    "           third",
    "a          3",
    "long name",
  ]);
  expect(columnsBelow(rows, 5)).toHaveLength(9); // a column each, though none has room
});

it("an importance that is no number is told as such", () => {
  const columns = [{ column: "a", worse: { rmse: { mean: Number.NaN, deviation: Number.NaN } } }];
  expect(importanceLines({ rows: 9, shuffles: 5, columns }).slice(1)).toEqual(["column  rmse", "a       - ± -"]);
});

it("names are shortened as far as a table has to fit, and other cells never", () => {
  const rows = [
    ["column", "number"],
    ["a".repeat(50), "1".repeat(10)],
  ];
  const isName = (row: number, column: number) => row > 0 && column === 0;
  expect(narrowed(rows, 30, isName)).toEqual([`  column            number`, `  ${"a".repeat(15)}…  1111111111`]);
  expect(narrowed(rows, Number.POSITIVE_INFINITY, isName)[1]).toBe(`  ${"a".repeat(39)}…  1111111111`);
  expect(narrowed(rows, 5, isName)[1]).toBe(`  ${"a".repeat(7)}…  1111111111`);
});
