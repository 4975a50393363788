import { NnfitError } from "../errors.js";
import { countDifferentNumbers } from "./arrays.js";
import { dateText, daysIn } from "./dates.js";
import { isNamedLikeIdentifier, nameRows } from "./identifiers.js";
import { type Cut, type Leak, leakOf } from "./leaks.js";
import { nominalBy } from "./nominal.js";
import {
  doubtAboutCodes,
  doubtAboutCount,
  doubtAboutNumbers,
  doubtAboutOutliers,
  doubtAboutTotal,
} from "./numberDoubts.js";
import type { DataOptions } from "./options.js";
import { type Column, cellsOf, columnOf, type DateColumn, type Table, type Task } from "./table.js";
import { doubtAboutTime } from "./timeDoubts.js";
import { type Doubt, doubtAboutMissing, doubtAboutSpelling, doubtAboutWords } from "./wordDoubts.js";

/** A target of more different words, all of which look like numbers, is not one of classes unless somebody says so. */
const MOST_CLASSES = 20;

/** How a config wants to learn from a table. */
interface Learning {
  readonly task: Task | "auto";
  /** the loss is of squared errors, which the largest of them decide */
  readonly squaresErrors: boolean;
}

/**
 * In words, each column that is likely to be something else than what it was taken for, if nobody said what it is.
 *
 * @throws NnfitError for a target of numbers that would be learned as a class each
 */
export function doubtsAbout(table: Table, data: DataOptions, learning: Learning): string[] {
  const targets = [data.target].flat();
  const settled = new Set([...data.ignore, ...Object.keys(data.types), data.groups, data.time, data.weight]);
  const isLeftOut = (column: Column) => column.type === "number" && nameRows(column); // and needs no word here
  const doubtful = table.columns.filter(
    (column) => !settled.has(column.name) && (targets.includes(column.name) || !isLeftOut(column)),
  );
  const inputs = doubtful.filter(({ name }) => !targets.includes(name));
  const isOnlyInput = inputs.length === 1; // it is what the user wants to learn from
  const isNominal = nominalBy(targets.flatMap((name) => columnOf(table, name) ?? []));
  const found = doubtful.flatMap((column) => {
    if (targets.includes(column.name)) return doubtsAboutTarget(column, data, learning, table);
    const doubt = leakText(column, table, data) ?? doubtAboutInput(column, data, isOnlyInput);
    return doubt ?? (column.type === "number" && isNominal(column) ? nominalText(column.name) : undefined);
  });
  return [...found, doubtAboutTime(table, data)].filter((doubt) => doubt !== undefined);
}

function doubtsAboutTarget(
  column: Column,
  data: DataOptions,
  { task, squaresErrors }: Learning,
  { source, lines }: Table,
): (string | undefined)[] {
  if (column.type === "category") {
    const doubt = task === "classification" ? undefined : doubtAboutWords(column, data, true);
    if (doubt?.makesNumbers && column.categories.length > MOST_CLASSES) throw notClasses(doubt, source);
    const others = doubt?.makesNumbers ? [] : [doubtAboutMissing(column, data), doubtAboutSpelling(column, true)];
    return [doubt, ...others].map(textOf);
  }
  if (task === "classification") return [];
  if (column.type === "date") return [doubtAboutYears(column)];
  const doubt = doubtAboutNumbers(column, data) ?? doubtAboutTotal(column, lines);
  return [doubt ?? (squaresErrors ? doubtAboutOutliers(column, lines) : undefined)];
}

function doubtAboutInput(column: Column, data: DataOptions, isOnlyInput: boolean): string | undefined {
  if (column.type === "date") return doubtAboutYears(column);
  if (column.type === "category") {
    const doubt = doubtAboutWords(column, data, false) ?? doubtAboutSpelling(column, false);
    return textOf(doubt) ?? doubtAboutIdentifier(column, data);
  }
  const doubt = doubtAboutNumbers(column, data) ?? doubtAboutCodes(column);
  return doubt ?? (isOnlyInput ? undefined : (doubtAboutCount(column) ?? doubtAboutIdentifier(column, data)));
}

function textOf(doubt: Doubt | undefined): string | undefined {
  return doubt && [doubt.what, doubt.way].filter((part) => part !== undefined).join("; ");
}

const tells: Record<Exclude<Leak, "groups" | Cut>, (target: string) => string> = {
  target: (target) => `gives away the target "${target}" in every row`,
  mostly: (target) => `alone tells the target "${target}" in nearly every row`,
  line: (target) => `tells the target "${target}" almost exactly, along a straight line`,
};

function leakText(column: Column, table: Table, data: DataOptions): string | undefined {
  const { name } = column;
  for (const target of [data.target].flat()) {
    const known = columnOf(table, target);
    const leak = known && leakOf(column, known);
    if (leak === "groups" && data.groups === null)
      return `all rows with the same "${name}" have the same "${target}"; if new rows will have other values, data.groups: "${name}" validates on unseen values`;
    if (leak && leak !== "groups")
      return `"${name}" ${typeof leak === "object" ? cutText(leak, column, target) : tells[leak](target)}; if new rows won't have it, data.ignore: ["${name}"] leaves it out`;
  }
  return undefined;
}

function cutText({ above }: Cut, { type }: Column, target: string): string {
  return `tells the target "${target}" in nearly every row, by being above ${type === "date" ? dateText(above) : above} or not`;
}

function nominalText(name: string): string {
  return `"${name}" is read as numbers, but neighbouring ones have little in common; if new rows have the same ones, data.types: { "${name}": "category" } reads them as categories`;
}

function notClasses({ what, way }: Doubt, source: string): NnfitError {
  return new NnfitError("data", `the target ${what}`, {
    at: source,
    try: `${way}; or "task": "classification", if each value is a class`,
  });
}

function doubtAboutYears({ name, order, withLateYear }: DateColumn): string | undefined {
  if (withLateYear === undefined) return undefined;
  const year = dateText(daysIn(withLateYear, order)!).slice(0, 4); // it was read before
  return `"${name}" has two-digit years, and ${withLateYear} is read as a date in ${year}; four-digit years are unambiguous`;
}

/** Of fewer different values each may well mean something to a network. */
const MANY_VALUES = 20;

function doubtAboutIdentifier(column: Column, data: DataOptions): string | undefined {
  const { name } = column;
  if (data.groups !== null || !isNamedLikeIdentifier(name)) return undefined;
  if (column.type === "number" && !column.values.every(Number.isInteger)) return undefined;
  const cells = cellsOf(column);
  const values = countDifferentNumbers(cells);
  return values > MANY_VALUES && values <= cells.length / 2
    ? `"${name}" is named like an identifier, and rows share its values; if new rows will have other values, data.groups: "${name}" validates on unseen values, and doesn't learn from it`
    : undefined;
}
