import { type Column, columnOf, type Table, textOf } from "../data/table.js";
import { placesAmong } from "./categories.js";
import type { ColumnState } from "./pipeline.js";
import type { DateProfile, NumberProfile } from "./profile.js";

/**
 * What is odd about a cell: it should be a number or a date and is none; it is a category without a place of its own; it is
 * a number or a date beyond those of the training rows; it is missing.
 */
export type Oddity = "unreadable" | "unseen" | "outside" | "missing";

/** Tells of an odd cell, whose row is counted from the first of its table. */
export type Visitor = (row: number, oddity: Oddity, column: Column) => void;

/** So many different unseen categories are kept as examples. */
const MOST_EXAMPLES = 3;
const LONGEST_EXAMPLE = 40;

/** Counts the odd cells of one column, over the blocks of a table of any length. */
export class OddityTally {
  rows = 0;
  readonly counts: Record<Oddity, number> = { unreadable: 0, unseen: 0, outside: 0, missing: 0 };
  /** of cells that are unreadable or unseen */
  readonly examples = new Set<string>();

  /** the number or date that is farthest beyond the range, and how far */
  farthest = { value: Number.NaN, beyond: 0 };

  constructor(readonly state: ColumnState) {}

  /** The table has the column, of its type. */
  add(table: Table, visit?: Visitor): void {
    const column = columnOf(table, this.state.name)!;
    this.rows += table.rows;
    visitOddities(this.state, column, (row, oddity) => {
      this.counts[oddity]++;
      if (this.examples.size < MOST_EXAMPLES && (oddity === "unreadable" || oddity === "unseen")) {
        this.examples.add(oddText(column, row));
      }
      if (oddity === "outside" && column.type !== "category") this.measure(column.values[row]!);
      visit?.(row, oddity, column);
    });
  }

  private measure(value: number): void {
    const range = rangeOf(this.state);
    if (!range) return;
    const beyond = Math.max(range.smallest - value, value - range.largest);
    if (beyond > this.farthest.beyond) this.farthest = { value, beyond };
  }
}

/** What the training rows of numbers or dates were like: a new one beyond them is odd. */
export function rangeOf(state: ColumnState): NumberProfile | DateProfile | undefined {
  return state.type === "category" ? undefined : state.profile;
}

function visitOddities(state: ColumnState, column: Column, visit: (row: number, oddity: Oddity) => void): void {
  if (state.type !== "category" && column.type !== "category") {
    const range = rangeOf(state);
    const smallest = range?.smallest ?? Number.NEGATIVE_INFINITY;
    const largest = range?.largest ?? Number.POSITIVE_INFINITY;
    const { values, unreadable } = column;
    for (let row = 0; row < values.length; row++) {
      const value = values[row]!;
      if (Number.isNaN(value)) visit(row, unreadable?.has(row) ? "unreadable" : "missing");
      else if (value < smallest || value > largest) visit(row, "outside");
    }
  } else if (state.type === "category" && column.type === "category") {
    const placeOf = placesAmong(state.categories, column.decimal);
    const isKnown = column.categories.map((category) => placeOf(category) !== undefined);
    for (const [row, code] of column.codes.entries()) {
      if (code < 0) visit(row, "missing");
      else if (!isKnown[code]) visit(row, "unseen");
    }
  }
}

/** What stands in an odd cell, as one short line. */
export function oddText(column: Column, row: number): string {
  const text =
    column.type === "category"
      ? (column.categories[column.codes[row]!] ?? "")
      : (column.unreadable?.get(row) ?? textOf(column, row) ?? "");
  const characters = [...text.slice(0, 2 * LONGEST_EXAMPLE).replace(/\p{Cc}+/gu, " ")];
  return characters.length > LONGEST_EXAMPLE
    ? `${characters.slice(0, LONGEST_EXAMPLE).join("")}…`
    : characters.join("");
}
