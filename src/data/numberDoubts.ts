import { isCompactDate } from "./dates.js";
import { MARKS, otherMark } from "./numbers.js";
import type { DataOptions } from "./options.js";
import type { NumberColumn } from "./table.js";

/** Fewer rows look like something by chance. */
const FEW_ROWS = 20;

/** What the numbers of a column may be that they were not read as. */
export function doubtAboutNumbers(column: NumberColumn, data: DataOptions): string | undefined {
  const range = extent(column.values);
  return doubtAboutMarks(column, data) ?? doubtAboutDigits(column, range) ?? doubtAboutStandIn(column, range, data);
}

function doubtAboutMarks({ name, withGroups }: NumberColumn, { decimal }: DataOptions): string | undefined {
  if (withGroups === undefined) return undefined;
  const [mark, other] = [MARKS[decimal], otherMark(decimal)];
  return `"${name}" may have ${mark} between thousands, as in ${withGroups}, but they are read as decimal ${mark}; data.decimal: "${other}" and data.thousands: "${decimal}" change that`;
}

function doubtAboutDigits({ name, values }: NumberColumn, { least, most }: Extent): string | undefined {
  if (Math.max(-least, most) <= Number.MAX_SAFE_INTEGER) return undefined;
  if (!values.some(isRounded) || !values.every((value) => Number.isNaN(value) || Number.isInteger(value)))
    return undefined;
  return `"${name}" has whole numbers beyond 2^53, which are rounded, so different ones may become the same; data.types: { "${name}": "category" } keeps them apart, data.ignore: ["${name}"] leaves them out`;
}

/** What is written in place of a number that nobody has. */
const NINES = /^(?:-99+|999+)$/;

function doubtAboutStandIn(
  { name, values }: NumberColumn,
  range: Extent,
  { missing }: DataOptions,
): string | undefined {
  const value = [range.least, range.most].find((extreme) => NINES.test(String(extreme)));
  if (value === undefined) return undefined;
  const others = values.filter((other) => other !== value && !Number.isNaN(other));
  const rows = values.reduce((count, other) => count + Number(other === value), 0);
  if (others.length === 0 || rows < 2) return undefined;
  const { least, most } = extent(others);
  const isFar = value < 0 ? least >= 0 : value - most > most - least;
  if (!isFar) return undefined;
  const limit = value < 0 ? `at least ${least}` : `at most ${most}`;
  const words = JSON.stringify([...missing, String(value)]);
  return `"${name}" is ${value} in ${rows} rows and ${limit} in all others; if it stands for a missing value, data.missing: ${words} says so`;
}

/** A value is far out that is so many times as far from the middle as the quartiles are from one another, */
const FAR = 100;
/** if hardly any row is a fraction of that far out. */
const LESS_FAR = 20;
const FEW_OUTLIERS = 0.01;

/** A total is so close to the sum of what it is of, which may be rounded. */
const ROUNDED = 1e-4;
/** Numbers that cancel each other out have any sum. */
const MOSTLY = 0.5;

/** A row of a target that is the sum of all others; `lines`: where each row begins. */
export function doubtAboutTotal({ name, values }: NumberColumn, lines: Int32Array): string | undefined {
  const { least, most } = extent(values);
  const total = most > -least ? most : least;
  let sum = -total;
  let size = -Math.abs(total);
  let rows = -1;
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    if (Number.isNaN(value) || value === 0) continue;
    sum += value;
    size += Math.abs(value);
    rows++;
  }
  const isSum = Math.abs(sum - total) <= ROUNDED * Math.abs(total);
  if (rows < FEW_ROWS || !isSum || Math.abs(total) < MOSTLY * size) return undefined;
  return `line ${lines[values.indexOf(total)]} looks like a row of totals, as its "${name}", ${total}, is the sum of all others; it is learned from like any other row unless it is deleted`;
}

/** A target of which some values are so far out that a mean, and a squared error, is mostly theirs. */
export function doubtAboutOutliers({ name, values }: NumberColumn, lines: Int32Array): string | undefined {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  if (sorted.length < FEW_ROWS) return undefined;
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]!;
  const [low, middle, high] = [at(0.25), at(0.5), at(0.75)];
  const distance = (value: number) => Math.abs(value - middle) / (high - low);
  const extreme = distance(sorted[0]!) > distance(sorted.at(-1)!) ? sorted[0]! : sorted.at(-1)!;
  if (high === low || distance(extreme) < FAR) return undefined;
  const outliers = sorted.reduce((count, value) => count + Number(distance(value) > LESS_FAR), 0);
  if (outliers > FEW_OUTLIERS * sorted.length) return undefined;
  return `"${name}" has values far from all others, such as ${extreme} in line ${lines[values.indexOf(extreme)]}, while half of them lie from ${low} to ${high}; if they are no mistakes, model.loss: "mae" and scale.target: "robust" keep them from outweighing all others`;
}

/** What else the numbers of an input may stand for. */
export function doubtAboutCodes({ name, withZeros, values }: NumberColumn): string | undefined {
  if (holdsCompactDates(values)) {
    return `"${name}" is a column of numbers that may be dates; data.types: { "${name}": "date" } reads them as dates`;
  }
  return withZeros !== undefined
    ? `"${name}" is read as numbers, but values such as ${withZeros} look like codes; data.types: { "${name}": "category" } reads them as categories`
    : undefined;
}

/** Whether an input only counts the rows. */
export function doubtAboutCount(column: NumberColumn): string | undefined {
  return countsRows(column)
    ? `"${column.name}" looks like a row number; if it means nothing else, data.ignore: ["${column.name}"] leaves it out`
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
  if (values.length < FEW_ROWS || !values.every(Number.isInteger)) return false;
  const { least } = extent(values);
  const seen = new Uint8Array(values.length);
  for (const value of values) {
    const place = value - least;
    if (place >= values.length || seen[place] === 1) return false;
    seen[place] = 1;
  }
  return true;
}

/** The smallest and the largest number; infinite, where there is none. */
interface Extent {
  readonly least: number;
  readonly most: number;
}

/** In a plain loop, as each column of numbers is looked through. */
function extent(values: Float64Array): Extent {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return { least, most };
}
