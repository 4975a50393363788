import { describe, expect, it } from "vitest";
import { leakOf } from "../../src/data/leaks.js";
import type { Column } from "../../src/data/table.js";

const words = (cells: readonly (string | null)[]): Column => {
  const categories = [...new Set(cells.filter((cell) => cell !== null))];
  const codes = Int32Array.from(cells, (cell) => (cell === null ? -1 : categories.indexOf(cell)));
  return { type: "category", name: "x", codes, categories, decimal: "." };
};
const numbers = (cells: readonly (number | null)[]): Column => ({
  type: "number",
  name: "x",
  values: Float64Array.from(cells, (cell) => cell ?? Number.NaN),
});
const rows = <Cell>(count: number, cell: (i: number) => Cell) => Array.from({ length: count }, (_, i) => cell(i));

/** A third of the rows is of the class "yes". */
const isYes = (i: number) => i % 3 === 0;
const churn = (count: number) => words(rows(count, (i) => (isYes(i) ? "yes" : "no")));

describe("a column gives the target away", () => {
  it.each<[string, Column]>([
    ["by a reason that only one class has", words(rows(300, (i) => (isYes(i) ? "abc"[i % 2]! : null)))],
    ["by several states of each class", words(rows(300, (i) => (isYes(i) ? "closed" : `open${i % 2}`)))],
    [
      "by a date that only one class has",
      { ...numbers(rows(300, (i) => (isYes(i) ? 19_000 + i : null))), type: "date", order: "dayFirst" } as Column,
    ],
    ["by an amount that is 0 for the other class", numbers(rows(300, (i) => (isYes(i) ? 10 + i / 7 : 0)))],
    ["by codes", numbers(rows(300, (i) => (isYes(i) ? 3 : (i % 3) * 10)))],
    ["by a text that only one class has", words(rows(300, (i) => (isYes(i) ? `because ${i}` : null)))],
  ])("%s", (_, column) => {
    expect(leakOf(column, churn(300))).toBe("target");
  });

  it("or not, where the target has more classes than the stack holds", () => {
    const codes = Int32Array.from({ length: 300_000 }, (_, row) => row);
    const target = { type: "category", name: "y", codes, categories: Array.from(codes, String) } as const;
    expect(leakOf(numbers(Array.from(codes, (code) => code % 2)), target)).toBeUndefined();
  });

  it("for each name, however many names other rows have that lack a target", () => {
    const names = words(rows(1000, (i) => (i < 600 ? `other ${i}` : `cust ${i % 100}`)));
    expect(leakOf(names, words(rows(1000, (i) => (i < 600 ? null : isYes(i % 100) ? "yes" : "no"))))).toBe("groups");
  });

  it("for each name of rows that belong together, if a Map can hold them", () => {
    const names = numbers(rows(300, (i) => i % 100));
    const bought = words(rows(300, (i) => (isYes(i % 100) ? "yes" : "no")));
    expect(leakOf(names, bought)).toBe("groups");
    expect(leakOf(names, bought, 99)).toBe("groups");
    expect(leakOf(names, bought, 98)).toBeUndefined();
  });

  it("by a number or a date for each of several classes, with decimals or not", () => {
    const grades = words(rows(300, (i) => "ABCDE"[i % 5]!));
    expect(leakOf(numbers(rows(300, (i) => [4, 3.7, 3.3, 3, 2][i % 5]!)), grades)).toBe("target");
    const ends = { ...numbers(rows(300, (i) => 19_000.5 + 90 * (i % 5))), type: "date" } as Column;
    expect(leakOf(ends, grades)).toBe("target");
  });

  it.each<[string, Column]>([
    ["a different word in each row", words(rows(300, (i) => `id${i}`))],
    ["a different number in each row", numbers(rows(300, (i) => i))],
    ["numbers with decimals, all different", numbers(rows(300, (i) => (i * 0.37) % 1))],
    ["nothing", words(rows(300, () => null))],
    [
      "a number that is there in few rows",
      numbers(rows(300, (i) => (i % 10 < 2 ? (isYes(i) ? 2 : 1) + i / 1000 : null))),
    ],
    ["numbers that overlap between the classes", numbers(rows(300, (i) => 100 + (isYes(i) ? i : 30 - i) / 7))],
    [
      "numbers that lack in a tenth of the rows",
      numbers(rows(300, (i) => (i % 10 ? (isYes(i) ? 2 : 1) + i / 1e3 : null))),
    ],
    ["names that few rows share", words(rows(300, (i) => `c${(i * 37) % 201}`))],
    ["names in some rows of both classes", words(rows(300, (i) => (i % 4 === 0 ? null : `c${i}`)))],
  ])("but not where it has %s", (_, column) => {
    expect(leakOf(column, churn(300))).toBeUndefined();
  });

  it("along a straight line, but for its last digits", () => {
    const price = rows(300, (i) => 1000 + ((i * 37) % 100) + i / 10);
    const known = numbers(price);
    expect(leakOf(numbers(price), known)).toBe("target");
    expect(leakOf(numbers(price.map((value) => Math.round(108 * value) / 100 + 1e6)), known)).toBe("line");
    expect(leakOf(numbers(price.map((value, i) => (i % 50 === 0 ? null : -value))), known)).toBe("line");
    expect(leakOf(numbers(price.map((value, i) => (i % 10 === 0 ? null : -value))), known)).toBeUndefined();
    expect(leakOf(numbers(price.map((value, i) => value + ((i * 7) % 11) / 5)), known)).toBeUndefined(); // r² .998
    const without = (some: number) => numbers(price.map((value, i) => (i < some ? null : value)));
    const lower = numbers(price.map((value) => value - 0.5));
    expect(leakOf(lower, without(280))).toBe("line"); // rows without a target tell nothing
    expect(leakOf(lower, without(281))).toBeUndefined();
    expect(leakOf(numbers(rows(300, () => 5)), known)).toBeUndefined();
    expect(leakOf(numbers(price), numbers(rows(300, () => 5)))).toBeUndefined();
  });

  it("in nearly every row, by its few values", () => {
    const grades = words(rows(300, (i) => "ABCDE"[i % 5]!));
    const codes = (wrong: number) => words(rows(300, (i) => (i < wrong ? "?" : `code ${i % 5}`)));
    expect(leakOf(codes(4), grades)).toBe("mostly");
    const closed = words(rows(300, (i) => (isYes(i) && i !== 150 ? "closed" : "open")));
    expect(leakOf(closed, churn(300))).toBe("mostly");
    expect(leakOf(closed, numbers(rows(300, (i) => Number(isYes(i)))))).toBe("mostly");
    expect(leakOf(codes(4), numbers(rows(300, (i) => i % 5)))).toBe("mostly");
    expect(leakOf(codes(4), numbers(rows(300, (i) => (i % 5) + (i === 299 ? 0.5 : 0))))).toBe("mostly");
    expect(leakOf(numbers(rows(300, (i) => (i < 4 ? 7 : (i % 5) * 10))), grades)).toBe("mostly");
    const some = words(rows(300, (i) => (i % 7 ? "ABCDE"[i % 5]! : null)));
    expect(leakOf(codes(4), some)).toBe("mostly");
    expect(leakOf(codes(20), grades)).toBeUndefined();
    const rare = words(rows(300, (i) => (i % 60 === 0 ? "yes" : "no")));
    expect(leakOf(words(rows(300, (i) => (i % 120 === 0 ? "a" : "b"))), rare)).toBeUndefined(); // as good as always "no"
    expect(leakOf(words(rows(300, (i) => `${i % 21}`)), grades)).toBeUndefined();
  });

  it("in nearly every row, by cells that are there", () => {
    const reason = (wrong: number) => words(rows(300, (i) => (isYes(i) ? `because ${i}` : i < wrong ? "so" : null)));
    expect(leakOf(reason(5), churn(300))).toBe("mostly"); // of three rows
    expect(leakOf(reason(20), churn(300))).toBeUndefined();
    const ended = numbers(rows(300, (i) => (isYes(i) && i > 5 ? 100 + ((i * 7) % 200) : null)));
    expect(leakOf(ended, churn(300))).toBe("mostly");
  });

  describe("in nearly every row, by a cut", () => {
    const spent = (wrong: number, cell = (i: number) => (i * 37) % 200) =>
      rows(300, (i) => (isYes(i) === i >= wrong ? 50 + cell(i) / 100 : cell(i) / 4));
    const asDates = (cells: number[]) => ({ ...numbers(cells.map((cell) => 19_000 + cell)), type: "date" }) as Column;

    it.each([1, 6])("with %i rows on the wrong side, above or not", (wrong) => {
      const below = 199 / 4;
      const above = Math.min(...spent(wrong).filter((cell) => cell >= 50));
      expect(leakOf(numbers(spent(wrong)), churn(300))).toEqual({ above: below });
      expect(leakOf(numbers(spent(wrong).map((cell) => -cell)), churn(300))).toEqual({ above: -above });
      expect(leakOf(asDates(spent(wrong)), churn(300))).toEqual({ above: 19_000 + below });
      expect(leakOf(numbers(spent(wrong)), numbers(rows(300, (i) => Number(isYes(i)))))).toEqual({ above: below });
    });

    it("but not with more than the fiftieth part of the rows, or the tenth of those that a constant gets wrong", () => {
      expect(leakOf(numbers(spent(7)), churn(300))).toBeUndefined();
      const rare = (i: number) => i % 15 === 7;
      const some = (wrong: number) =>
        numbers(rows(300, (i) => (rare(i) === i >= wrong ? 60 - i / 600 : ((i * 37) % 200) / 4)));
      const target = words(rows(300, (i) => (rare(i) ? "yes" : "no")));
      expect(leakOf(some(2), target)).toEqual({ above: 49.75 });
      expect(leakOf(some(3), target)).toBeUndefined();
    });

    it("where few cells are missing, which tell a target themselves or are wrong", () => {
      const lacking = (which: (i: number) => boolean) =>
        numbers(spent(2).map((cell, i) => (which(i) ? Number.NaN : cell)) as number[]);
      expect(
        leakOf(
          lacking((i) => isYes(i) && i < 40),
          churn(300),
        ),
      ).toMatchObject({ above: 49.75 });
      expect(
        leakOf(
          lacking((i) => i > 20 && i < 30),
          churn(300),
        ),
      ).toMatchObject({ above: 49.75 });
      expect(
        leakOf(
          lacking((i) => i > 20 && i < 36),
          churn(300),
        ),
      ).toBeUndefined();
      expect(
        leakOf(
          lacking((i) => isYes(i) && i < 60),
          churn(300),
        ),
      ).toBeUndefined();
    });

    it("also between two classes of several, if the others are few", () => {
      const target = (others: number) =>
        words(rows(300, (i) => (i >= 10 && i < 10 + others ? "other" : isYes(i) ? "yes" : "no")));
      expect(leakOf(numbers(spent(2)), target(4))).toEqual({ above: 49.75 });
      expect(leakOf(numbers(spent(2)), target(5))).toBeUndefined();
      expect(leakOf(numbers(spent(0)), words(rows(300, (i) => "abc"[i % 3]!)))).toBeUndefined();
    });

    it("of a long column, of which some rows tell first whether there is one", () => {
      const many = (wrong: number) =>
        numbers(rows(50_000, (i) => (isYes(i) === i % wrong > 0 ? 50 + (i % 97) / 100 : ((i * 37) % 199) / 4)));
      expect(leakOf(many(51), churn(50_000))).toEqual({ above: 49.5 });
      expect(leakOf(many(49), churn(50_000))).toBeUndefined();
      expect(leakOf(many(5), churn(50_000))).toBeUndefined();
      const isRare = (i: number) => i % 2500 === 3;
      const target = words(rows(50_000, (i) => (isRare(i) ? "yes" : "no")));
      const rare = numbers(rows(50_000, (i) => (isRare(i) && i > 3 ? 50 + i / 1e6 : ((i * 37) % 199) / 4)));
      expect(leakOf(rare, target)).toEqual({ above: 49.5 });
    });

    it("but not by a number that tells much, as honest ones do", () => {
      const honest = rows(2000, (i) => (isYes(i) ? 3 : 0) + 3 * Math.sin(i * i)); // of one row in eight not
      expect(leakOf(numbers(honest), churn(2000))).toBeUndefined();
    });
  });

  it("but not where chance would do it: a rare class beyond all others, or few rows", () => {
    const rare = words(rows(300, (i) => (i === 299 ? "yes" : "no")));
    expect(leakOf(numbers(rows(300, (i) => i / 7)), rare)).toBeUndefined();
    expect(leakOf(words(rows(300, (i) => (i === 299 ? "b" : "a"))), rare)).toBeUndefined();
    expect(leakOf(churn(19), churn(19))).toBeUndefined();
    const often = words(rows(26, (i) => `w${i % 18}`)); // eight times it could have been otherwise
    expect(leakOf(often, words(rows(26, (i) => (i % 2 ? "yes" : "no"))))).toBeUndefined();
  });
});

describe("a column names things that have one target each", () => {
  it.each<[string, Column]>([
    ["by words", words(rows(300, (i) => `c${Math.floor(i / 3) * 7}`))],
    ["by numbers", numbers(rows(300, (i) => 1000 + ((Math.floor(i / 3) * 37) % 100)))],
  ])("%s", (_, customers) => {
    const target = words(rows(300, (i) => (Math.floor(i / 3) % 4 === 0 ? "yes" : "no")));
    expect(leakOf(customers, target)).toBe("groups");
    const amount = numbers(rows(300, (i) => Math.sin(Math.floor(i / 3))));
    expect(leakOf(customers, amount)).toBe("groups");
    expect(leakOf(customers, churn(300))).toBeUndefined();
  });
});
