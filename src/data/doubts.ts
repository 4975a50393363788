import { NnfitError } from "../errors.js";
import { dateText, daysIn, isCompactDate } from "./dates.js";
import { leakOf } from "./leaks.js";
import { MARKS, otherMark } from "./numbers.js";
import type { DataOptions } from "./options.js";
import { type Column, columnOf, type DateColumn, type NumberColumn, type Table, type Task } from "./table.js";
import { type Doubt, doubtAboutWords } from "./wordDoubts.js";

/** A target of more different words, all of which look like numbers, is not one of classes unless somebody says so. */
const MOST_CLASSES = 20;

/** Fewer rows look like something by chance. */
const FEW_ROWS = 20;

/**
 * In words, each column that is likely to be something else than what it was taken for, if nobody said what it is.
 *
 * @throws NnfitError for a target of numbers that would be learned as a class each
 */
export function doubtsAbout(table: Table, data: DataOptions, task: Task | "auto"): string[] {
  const targets = [data.target].flat();
  const labels = task === "classification" ? targets : [];
  const settled = new Set([...data.ignore, ...Object.keys(data.types), data.groups, data.time, data.weight, ...labels]);
  const doubtful = table.columns.filter(({ name }) => !settled.has(name));
  const inputs = doubtful.filter(({ name }) => !targets.includes(name));
  return doubtful.flatMap((column) => {
    const isTarget = targets.includes(column.name);
    const leak = isTarget ? undefined : leakText(column, table, data);
    if (leak) return leak;
    if (column.type === "category") {
      const doubt = doubtAboutWords(column, data, isTarget);
      if (doubt?.makesNumbers && isTarget && column.categories.length > MOST_CLASSES)
        throw notClasses(doubt, table.source);
      return doubt ? [doubt.what, doubt.way].filter((part) => part !== undefined).join("; ") : [];
    }
    if (column.type === "date") return doubtAboutYears(column) ?? [];
    const doubt =
      doubtAboutMarks(column, data) ??
      doubtAboutDigits(column) ??
      (isTarget ? undefined : doubtAboutNumbers(column, inputs.length));
    return doubt ?? [];
  });
}

function leakText(column: Column, table: Table, data: DataOptions): string | undefined {
  const { name } = column;
  for (const target of [data.target].flat()) {
    const known = columnOf(table, target);
    const leak = known && leakOf(column, known);
    if (leak === "target")
      return `"${name}" gives away the target "${target}" in every row; if new rows won't have it, data.ignore: ["${name}"] leaves it out`;
    if (leak === "groups" && data.groups === null)
      return `all rows with the same "${name}" have the same "${target}"; if new rows will have other values, data.groups: "${name}" validates on unseen values`;
  }
  return undefined;
}

function doubtAboutMarks({ name, withGroups }: NumberColumn, { decimal }: DataOptions): string | undefined {
  if (withGroups === undefined) return undefined;
  const [mark, other] = [MARKS[decimal], otherMark(decimal)];
  return `"${name}" may have ${mark} between thousands, as in ${withGroups}, but they are read as decimal ${mark}; data.decimal: "${other}" and data.thousands: "${decimal}" change that`;
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

function doubtAboutDigits({ name, values }: NumberColumn): string | undefined {
  if (!values.some(isRounded) || !values.every((value) => Number.isNaN(value) || Number.isInteger(value)))
    return undefined;
  return `"${name}" has whole numbers beyond 2^53, which are rounded, so different ones may become the same; data.types: { "${name}": "category" } keeps them apart, data.ignore: ["${name}"] leaves them out`;
}

/** A column that is the only input is what the user wants to learn from. */
function doubtAboutNumbers(column: NumberColumn, inputs: number): string | undefined {
  const { name, withZeros, values } = column;
  if (holdsCompactDates(values)) {
    return `"${name}" is a column of numbers that may be dates; data.types: { "${name}": "date" } reads them as dates`;
  }
  if (withZeros !== undefined) {
    return `"${name}" is read as numbers, but values such as ${withZeros} look like codes; data.types: { "${name}": "category" } reads them as categories`;
  }
  return inputs > 1 && countsRows(column)
    ? `"${name}" looks like a row number; if it means nothing else, data.ignore: ["${name}"] leaves it out`
    : undefined;
}

/** Beyond 2⁵³ doubles are further apart than one; of numbers of more than twenty digits nobody means each. */
function isRounded(value: number): boolean {
  return Math.abs(value) > Number.MAX_SAFE_INTEGER && Math.abs(value) < 1e20;
}

/** 20240301 and the like. */
function holdsCompactDates(values: Float64Array): boolean {
  if (!values.every((value) => Number.isNaN(value) || isCompactDate(value))) return false;
  return values.reduce((count, value) => count + Number(!Number.isNaN(value)), 0) >= FEW_ROWS;
}

/** Whole numbers, none twice and none left out between the smallest and the largest. */
function countsRows({ values }: NumberColumn): boolean {
  if (values.length < FEW_ROWS) return false;
  let smallest = values[0]!;
  for (const value of values) {
    if (!Number.isInteger(value)) return false;
    if (value < smallest) smallest = value;
  }
  const seen = new Uint8Array(values.length);
  for (const value of values) {
    const place = value - smallest;
    if (place >= values.length || seen[place] === 1) return false;
    seen[place] = 1;
  }
  return true;
}
