import { NnfitError } from "../errors.js";
import { countDifferent, MOST_DIFFERENT, placeAmong } from "./arrays.js";
import { asDates, type DayOrderChoice, notDate } from "./dateColumn.js";
import { checkNames } from "./header.js";
import { numberReaderOf, wholeNumber } from "./numbers.js";
import type { DataOptions } from "./options.js";
import type { WantedColumn } from "./read.js";
import {
  type CategoryColumn,
  type Column,
  columnOf,
  isMissing,
  type NumberColumn,
  type Table,
  textOf,
} from "./table.js";

/**
 * How rows hang together: what is learned from some of them tells too much about others. Rows of one group stay on one
 * side; in time, later rows never teach about earlier ones.
 */
export type Dependence = { readonly kind: "none" } | OfRows;

interface OfRows {
  readonly kind: "groups" | "time";
  /** the column that says so */
  readonly column: string;
  /** of each row the number of its group, or which of the different times it has, from 0, the earliest */
  readonly codes: Int32Array;
}

export type DependenceOptions = Pick<DataOptions, "groups" | "time" | "dates">;

/** What the config says of a table's rows. `targets` are the names of the targets. */
export function dependenceOf(
  table: Table,
  targets: readonly string[],
  { groups, time, dates }: DependenceOptions,
): Dependence {
  if (groups !== null && time !== null) {
    throw new NnfitError("usage", "rows are held out by groups or by time, not by both", {
      setting: "data.groups",
      have: `groups by "${groups}", time by "${time}"`,
      try: "leaving out data.groups or data.time",
    });
  }
  if (groups !== null)
    return { kind: "groups", column: groups, codes: codesOf(complete(table, targets, groups, "groups")) };
  if (time !== null)
    return { kind: "time", column: time, codes: timesOf(complete(table, targets, time, "time"), table, dates) };
  return { kind: "none" };
}

/** The column, and why it is no input, where it is none: numbers and dates that order the rows are inputs as others are. */
export function asideBy(dependence: Dependence, table: Table): { name: string; why: string } | undefined {
  if (dependence.kind === "none") return undefined;
  const { kind, column } = dependence;
  if (kind === "groups") return { name: column, why: "marks which rows belong together" };
  const isWords = columnOf(table, column)?.type === "category"; // of which later rows have others
  return isWords ? { name: column, why: "gives the order of the rows" } : undefined;
}

/** Which rows belong together: of each row the number of its group, from 0. */
export interface Groups {
  readonly codes: Int32Array;
  readonly count: number;
  /** so many of them are a single row that does not say its group */
  readonly alone: number;
}

/** The groups of a table that a model is scored on. A row that doesn't say its group is one of its own. */
export function groupsIn(column: Column, most = MOST_DIFFERENT): Groups {
  const codes = codesOf(column, most);
  let count = countDifferent(codes);
  let alone = 0;
  for (let row = 0; row < codes.length; row++) {
    if (!isMissing(column, row)) continue;
    if (alone > 0) codes[row] = count++; // they had one code, which the first of them keeps
    alone++;
  }
  return { codes, count, alone };
}

/** The column, if it is there and has a value in every row. */
function complete(table: Table, targets: readonly string[], name: string, option: "groups" | "time"): Column {
  const setting = `data.${option}`;
  const header = table.columns.map(({ name }) => name);
  checkNames([name], header, setting, table.source);
  if (targets.includes(name)) throw new NnfitError("usage", `"${name}" is already a target`, { setting });
  const column = columnOf(table, name)!; // its name was just looked up
  const row = table.lines.findIndex((_, row) => isMissing(column, row));
  if (row < 0) return column;
  const what = option === "groups" ? "its group" : "its time";
  throw new NnfitError("data", `a row lacks ${what}`, {
    at: `${table.source}:${table.lines[row]}, column "${name}"`,
    try: `filling the cell, leaving the row out, or no ${setting}`,
  });
}

/** The column of a validation table that has to fit what the config says of the training table's rows. */
export function dependenceColumns(dependence: Dependence, table: Table): WantedColumn[] {
  if (dependence.kind === "none") return [];
  const column = columnOf(table, dependence.column)!; // it was looked up before
  return [{ name: column.name, type: column.type, ...(column.type === "date" && { order: column.order }) }];
}

/** @throws NnfitError where validation rows are of a group that is learned from, or earlier than a row that is */
export function checkApart(training: Table, validation: Table, { groups, time, dates }: DependenceOptions) {
  const name = groups ?? time;
  if (name === null) return;
  const option = groups === null ? "time" : "groups";
  const [learned, held] = [training, validation].map((table) => complete(table, [], name, option)) as [Column, Column];
  const wrong =
    groups === null
      ? firstEarlier(valuesOf(learned, training, dates), valuesOf(held, validation, dates))
      : firstOfKnownGroup(learned, held);
  if (wrong < 0) return;
  const what = groups === null ? "earlier than a training row" : "in the same group as a training row";
  throw new NnfitError("data", `a validation row is ${what}, so its score would be optimistic`, {
    at: `${validation.source}:${validation.lines[wrong]}, column "${name}"`,
    have: `"${textOf(held, wrong)}"`,
    try: `other validation rows, a fraction of the training table as "validation", or no data.${option}`,
  });
}

/** The first row of a group that is learned from, or −1. */
function firstOfKnownGroup(learned: Column, held: Column): number {
  const known = new Set(groupNames(learned));
  return groupNames(held).findIndex((group) => known.has(group));
}

/** The first row at an earlier time than the latest that is learned from, or −1. */
function firstEarlier(learned: Float64Array, held: Float64Array): number {
  const latest = learned.reduce((latest, value) => Math.max(latest, value));
  return held.findIndex((value) => value < latest);
}

/** In order of appearance. */
function codesOf(column: Column, most = MOST_DIFFERENT): Int32Array {
  const codeOf = new Map<number | string | undefined, number>();
  const codeFor = (group: number | string | undefined) => {
    const known = codeOf.get(group);
    if (known !== undefined) return known;
    const code = codeOf.size;
    if (code === most) throw tooManyGroups(column.name, most);
    codeOf.set(group, code);
    return code;
  };
  return Int32Array.from(groupNames(column), codeFor);
}

function tooManyGroups(name: string, most: number): NnfitError {
  return new NnfitError("data", `a column has more than ${most} different groups`, {
    at: `column "${name}"`,
    try: "groups of more rows each, or no data.groups",
  });
}

/** Of each row. A whole number is the same group however it is written: 1 and 1.0. */
function groupNames(column: Column): (number | string | undefined)[] {
  if (column.type !== "category") return [...column.values];
  const groups = column.categories.map((word) => wholeNumber(word, column.decimal ?? ".") ?? word);
  return Array.from(column.codes, (code) => groups[code]);
}

/** By size, or the earlier date first. */
function timesOf(column: Column, table: Table, order: DayOrderChoice | undefined): Int32Array {
  const values = valuesOf(column, table, order);
  const different = values.toSorted().filter((value, i, sorted) => value !== sorted[i - 1]);
  return Int32Array.from(values, (value) => placeAmong(different, value));
}

/** Of each row a number, or a date in days. */
function valuesOf(given: Column, { source, lines }: Table, order: DayOrderChoice | undefined): Float64Array {
  const column = given.type === "category" ? (asNumbers(given) ?? asDates(given, order ?? "auto")) : given;
  const [wrong] = column.unreadable ?? [];
  if (wrong) {
    const [row, text] = wrong;
    throw notDate(
      text,
      { name: column.name, order: column.type === "date" ? column.order : undefined },
      `${source}:${lines[row]}, column "${column.name}"`,
      "neither a number nor a date",
    );
  }
  return column.values;
}

function asNumbers(column: CategoryColumn): NumberColumn | undefined {
  const { name, codes, categories } = column;
  const numbers = categories.map(numberReaderOf(column));
  if (numbers.includes(undefined)) return undefined;
  return { type: "number", name, values: Float64Array.from(codes, (code) => numbers[code] ?? Number.NaN) };
}
