import * as z from "zod";
import { take } from "./arrays.js";
import type { CellFormat } from "./csv.js";
import { type DayOrder, dateText } from "./dates.js";
import type { Decimal } from "./numbers.js";

export const columnType = z.enum(["number", "category", "date"]);
export type ColumnType = z.output<typeof columnType>;

/** What is done with a target: a number is predicted, or one of several classes. */
export const task = z.enum(["regression", "classification"]);
export type Task = z.output<typeof task>;

/** A column of numbers; NaN where a cell is missing. */
export interface NumberColumn {
  readonly type: "number";
  readonly name: string;
  readonly values: Float64Array;
  /** what stood in cells that are no numbers, by row, where that is no error: they count as NaN */
  readonly unreadable?: ReadonlyMap<number, string>;
  /** a cell such as 00501, if one of the first was written so: numbers that count or measure have no zeros before them */
  readonly withZeros?: string;
  /** a cell such as 1.485, if its first ones may have points between thousands: all have three digits after a point, or none */
  readonly withGroups?: string;
}

/** A column of words: each cell the number of its category in order of appearance, −1 where it is missing. */
export interface CategoryColumn {
  readonly type: "category";
  readonly name: string;
  readonly codes: Int32Array;
  readonly categories: readonly string[];
  /** the words that stood in cells which are missing */
  readonly missingWords?: readonly string[];
  /** the mark that a number among its words would have, a point where nothing is said, and that between its thousands */
  readonly decimal?: Decimal;
  readonly thousands?: CellFormat["thousands"];
}

/** A column of moments, in days since the beginning of 1970; NaN where a cell is missing. */
export interface DateColumn {
  readonly type: "date";
  readonly name: string;
  readonly values: Float64Array;
  /** what comes first in its dates such as 3/4/2024, where that is known */
  readonly order?: DayOrder;
  /** one of its dates whose year of two digits was taken for a late one, and may be of the century before */
  readonly withLateYear?: string;
  /** what stood in cells that are no dates, by row, where that is no error: they count as NaN */
  readonly unreadable?: ReadonlyMap<number, string>;
}

export type Column = NumberColumn | CategoryColumn | DateColumn;

/** What tells the cells of a column apart: numbers, days or codes. */
export function cellsOf(column: Column): Float64Array | Int32Array {
  return column.type === "category" ? column.codes : column.values;
}

/** Typed columns of equal length. */
export interface Table {
  readonly rows: number;
  readonly columns: readonly Column[];
  /** where it was read from, for errors */
  readonly source: string;
  /** the line that each row begins on */
  readonly lines: Int32Array;
}

export function columnOf({ columns }: Table, name: string): Column | undefined {
  let named = byName.get(columns);
  if (!named) {
    named = new Map(columns.toReversed().map((column) => [column.name, column])); // of two of one name the first
    byName.set(columns, named);
  }
  return named.get(name);
}

/** Looked for one by one, thousands of columns would take a thousand times as long. */
const byName = new WeakMap<readonly Column[], ReadonlyMap<string, Column>>();

/** The cell as it would be written, or undefined where it is missing. */
export function textOf(column: Column, row: number): string | undefined {
  if (column.type === "category") return column.categories[column.codes[row]!];
  const value = column.values[row]!;
  if (Number.isNaN(value)) return undefined;
  return column.type === "date" ? dateText(value) : String(value);
}

export function isMissing(column: Column, row: number): boolean {
  return column.type === "category" ? column.codes[row]! < 0 : Number.isNaN(column.values[row]!);
}

/** The table of some of the rows, in the order given. */
export function takeRows(table: Table, rows: Uint32Array): Table {
  return {
    ...table,
    rows: rows.length,
    lines: take(table.lines, rows),
    columns: table.columns.map((column) => takeCells(column, rows)),
  };
}

/** The column of some of the rows, in the order given. */
export function takeCells<Taken extends Column>(column: Taken, rows: Uint32Array): Taken {
  return column.type === "category"
    ? { ...column, codes: take(column.codes, rows) }
    : { ...column, values: take(column.values, rows) };
}
