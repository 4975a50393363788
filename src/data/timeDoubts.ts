import { tallied } from "./arrays.js";
import type { DataOptions } from "./options.js";
import type { Table } from "./table.js";

/** Fewer different dates look like something by chance. */
const FEW_DATES = 20;
/** Where more dates are missing, they are not what the rows are there by. */
const MOST_MISSING = 0.05;

/** A column of dates that orders the rows in time, so that rows held out at random lie between those that are learned from. */
export function doubtAboutTime({ columns }: Table, data: DataOptions): string | undefined {
  const { target, ignore, weight, groups, time, validation } = data;
  if (time !== null || groups !== null || typeof validation === "string" || validation === 0) return undefined;
  const noInputs = [target, ignore, weight ?? []].flat();
  const series = columns.find(
    (column) => column.type === "date" && !noInputs.includes(column.name) && areSeries(column.values),
  );
  return (
    series &&
    `"${series.name}" orders the rows in time; if new rows will be later, data.time: "${series.name}" validates on the latest rows`
  );
}

/** Whether days are those of a series: in order, or evenly spaced, each with about as many rows. */
function areSeries(values: Float64Array): boolean {
  const missing = values.reduce((rows, day) => rows + Number(Number.isNaN(day)), 0);
  if (missing > MOST_MISSING * values.length) return false;
  const areInOrder = isMonotone(values, 1) || isMonotone(values, -1);
  const { different, counts } = tallied(values.filter((day) => !Number.isNaN(day)));
  if (different.length < FEW_DATES) return false;
  return areInOrder || (areEvenlySpread(counts) && areEvenlySpaced(different));
}

/** Whether no day is earlier (`direction` 1) or later (−1) than one in the rows before it. */
function isMonotone(values: Float64Array, direction: number): boolean {
  let last = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    const day = direction * value;
    if (day < last) return false;
    if (!Number.isNaN(day)) last = day;
  }
  return true;
}

/** So many of the gaps, */
const MOSTLY = 0.9;
/** are by no more than this from their median: months have 28 to 31 days. */
const UNEVEN = 0.1;

function areEvenlySpaced(ascending: Float64Array): boolean {
  const days = ascending.some(isWeekend) ? ascending : ascending.map(businessDay);
  const gaps = days.subarray(1).map((day, i) => day - days[i]!);
  const median = gaps.toSorted()[Math.floor(gaps.length / 2)]!;
  const even = gaps.filter((gap) => Math.abs(gap - median) <= UNEVEN * median);
  return even.length >= MOSTLY * gaps.length;
}

/** Of rows that come by chance the variance is the mean. */
const BELOW_CHANCE = 0.25;

function areEvenlySpread(rows: Uint32Array): boolean {
  const mean = rows.reduce((sum, count) => sum + count, 0) / rows.length;
  const variance = rows.reduce((sum, count) => sum + (count - mean) ** 2, 0) / rows.length;
  return variance <= BELOW_CHANCE * mean;
}

/** Days since Monday, 1969-12-29. */
const sinceMonday = (day: number) => day + 3;

function isWeekend(day: number): boolean {
  return sinceMonday(day) - 7 * Math.floor(sinceMonday(day) / 7) >= 5;
}

/** Its number among all days but Saturdays and Sundays. */
function businessDay(day: number): number {
  return sinceMonday(day) - 2 * Math.floor(sinceMonday(day) / 7);
}
