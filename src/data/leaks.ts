import { log } from "../engine/scalar.js";
import { largestOf, MOST_DIFFERENT } from "./arrays.js";
import { spacedRows } from "./split.js";
import { type Column, cellsOf, isMissing, type NumberColumn, takeCells } from "./table.js";

/**
 * What a column may give away: the target of every row; that of nearly every row, by its few values, by missing or by a
 * cut; the target but for its last digits, as a price in another currency does; or which rows are of one thing, such as a
 * customer, and have one target, so that a network knows a held-out row by another one of that thing.
 */
export type Leak = "target" | "mostly" | Cut | "line" | "groups";

/** Nearly all rows of one target are above this number or date, and nearly all of another one are not. */
export interface Cut {
  readonly above: number;
}

/** Of numbers or dates. */
type MeasuredColumn = Exclude<Column, { type: "category" }>;

/** Fewer rows look like something by chance. */
const FEW_ROWS = 20;
/** A column of more different values names things. */
const MOST_VALUES = 20;
/** A column in which more cells are missing does not tell the target of every row. */
const MOST_MISSING = 0.05;
/** What comes about by chance in fewer of all columns is not taken for chance. */
const CHANCE = 1e-5;

/** `mostNames`: of a column with more different names nothing is said, as a Map could not hold them */
export function leakOf(column: Column, target: Column, mostNames = MOST_DIFFERENT - 2): Leak | undefined {
  const { length: rows } = cellsOf(column);
  if (rows < FEW_ROWS) return undefined;
  if (column.type === "number" && target.type === "number") {
    if (areSame(column, target)) return "target";
    if (areOnLine(column, target)) return "line";
  }
  if (isMissingByTarget(column, target) || (column.type !== "category" && isSplitByTarget(column, target)))
    return "target";
  if (tellsMostly(coderOf(column), target)) return "mostly";
  const most = mayName(column) ? Math.min(Math.max(rows / 2, MOST_VALUES), mostNames) : MOST_VALUES;
  const known = targetsOf(coderOf(column), target, most);
  if (known && isBeyondChance(known)) {
    if (known.values <= MOST_VALUES) return "target";
    if (known.values <= known.rows / 2) return "groups";
  }
  if (lacksCells(column) && tellsMostly((row) => Number(isMissing(column, row)), target)) return "mostly";
  return column.type === "category" ? undefined : cutByTarget(column, target);
}

function lacksCells(column: Column): boolean {
  return column.type === "category" ? column.codes.includes(-1) : column.values.some(Number.isNaN);
}

function areSame(column: NumberColumn, target: NumberColumn): boolean {
  return column.values.every((value, row) => value === target.values[row]);
}

/** Who guesses the commonest class of each value is wrong in as small a share of the rows, */
const MOSTLY = 0.02;
/** and as small a share of the rows where always guessing the commonest class is wrong. */
const MOSTLY_OF_BASELINE = 0.1;

function tellsMostly(codeOf: (row: number) => number, target: Column): boolean {
  const rowsOf = new Map<number, Map<number, number>>();
  const ofAll = new Map<number, number>();
  for (const [row, known] of cellsOf(target).entries()) {
    if (isMissing(target, row)) continue;
    const code = codeOf(row);
    const ofValue = rowsOf.get(code) ?? new Map<number, number>();
    rowsOf.set(code, ofValue);
    if (rowsOf.size > MOST_VALUES) return false;
    ofValue.set(known, (ofValue.get(known) ?? 0) + 1);
    ofAll.set(known, (ofAll.get(known) ?? 0) + 1);
    if (target.type !== "category" && ofAll.size > MOST_VALUES) return false; // they are no classes
  }
  const wrong = [...rowsOf.values()].reduce((sum, ofValue) => sum + wrongRows(ofValue), 0);
  return isNearlyRight(wrong, ofAll);
}

/** Right in all rows is another matter, which chance may have done. */
function isNearlyRight(wrong: number, ofAll: ReadonlyMap<number, number>): boolean {
  return wrong > 0 && wrong <= mostWrong(ofAll);
}

function mostWrong(ofAll: ReadonlyMap<number, number>): number {
  return Math.min(MOSTLY * sumOf(ofAll), MOSTLY_OF_BASELINE * wrongRows(ofAll));
}

function sumOf(counts: ReadonlyMap<number, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

/** Rows that are not of the commonest class. */
function wrongRows(rowsOf: ReadonlyMap<number, number>): number {
  return sumOf(rowsOf) - largestOf([...rowsOf.values()]);
}

/** Of more rows so many first tell whether a cut may be nearly right. */
const ENOUGH_ROWS = 10_000;

/** The cut that is wrong in the fewest rows, if it is nearly right. */
function cutByTarget(column: MeasuredColumn, target: Column): Cut | undefined {
  const { length: rows } = column.values;
  if (rows > ENOUGH_ROWS) {
    const some = spacedRows(rows, ENOUGH_ROWS);
    const found = bestCut(takeCells(column, some), takeCells(target, some));
    if (found && found.wrong > 3 * mostWrong(found.ofAll) + 10) return undefined; // far more than chance adds to a few
  }
  const found = bestCut(column, target);
  return found && isNearlyRight(found.wrong, found.ofAll) ? { above: found.above } : undefined;
}

/** Undefined where none can be nearly right; being missing counts as a value of its own. */
function bestCut(
  { values }: MeasuredColumn,
  target: Column,
): (Cut & { wrong: number; ofAll: ReadonlyMap<number, number> }) | undefined {
  const targets = cellsOf(target);
  const ofAll = new Map<number, number>();
  for (const [row, known] of targets.entries()) {
    if (isMissing(target, row)) continue;
    ofAll.set(known, (ofAll.get(known) ?? 0) + 1);
    if (target.type !== "category" && ofAll.size > MOST_VALUES) return undefined; // they are no classes
  }
  // whoever is nearly right tells the two commonest classes apart
  const [first, second] = [...ofAll].sort(([, a], [, b]) => b - a);
  if (!first || !second) return undefined;
  const [a, b] = [first, second].map(([known]) => presentOf(values, targets, known)) as [Float64Array, Float64Array];
  const missing = [first[1] - a.length, second[1] - b.length] as const;
  const both = first[1] + second[1];
  if (missing[0] + missing[1] > MOST_MISSING * both) return undefined;
  const { above, wrong } = cutBetween(a.sort(), b.sort());
  return { above, wrong: wrong + Math.min(...missing) + sumOf(ofAll) - both, ofAll };
}

/** The values of the rows of one target. */
function presentOf(values: Float64Array, targets: ArrayLike<number>, known: number): Float64Array {
  return values.filter((value, row) => targets[row] === known && !Number.isNaN(value));
}

/** Through two ascending lists of values: as few as may be of the one are above the cut, and of the other not, or the reverse. */
function cutBetween(a: Float64Array, b: Float64Array): Cut & { wrong: number } {
  let best = { wrong: Number.POSITIVE_INFINITY, above: Number.NaN };
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const above = Math.min(a[i] ?? Number.POSITIVE_INFINITY, b[j] ?? Number.POSITIVE_INFINITY);
    while (i < a.length && a[i] === above) i++;
    while (j < b.length && b[j] === above) j++;
    const wrong = Math.min(i + b.length - j, j + a.length - i);
    if (wrong < best.wrong) best = { wrong, above };
  }
  return best;
}

/** A straight line through the column's values has at least this r² of the target. */
const ON_LINE = 0.9999;

/**
 * Of differences from the first row that has both, which lose no more digits than the number of rows has. The loop is
 * plain because each column of numbers is looked through.
 */
function areOnLine({ values: x }: NumberColumn, { values: y }: NumberColumn): boolean {
  const first = x.findIndex((value, row) => !Number.isNaN(value + y[row]!));
  if (first < 0) return false;
  const x0 = x[first]!;
  const y0 = y[first]!;
  let rows = 0;
  let missing = 0;
  let sumX = 0;
  let sumY = 0;
  let xx = 0;
  let yy = 0;
  let xy = 0;
  for (let row = 0; row < x.length; row++) {
    const dx = x[row]! - x0;
    const dy = y[row]! - y0;
    if (Number.isNaN(dy)) continue;
    if (Number.isNaN(dx)) {
      missing++;
      continue;
    }
    rows++;
    sumX += dx;
    sumY += dy;
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  if (rows < FEW_ROWS || missing > MOST_MISSING * (rows + missing)) return false;
  return (xy - (sumX * sumY) / rows) ** 2 > ON_LINE * (xx - (sumX * sumX) / rows) * (yy - (sumY * sumY) / rows);
}

/** Its values may be names, of which each row has one: words and whole numbers. */
function mayName(column: Column): boolean {
  if (column.type === "category") return !column.codes.includes(-1);
  return column.type === "number" && column.values.every(Number.isInteger);
}

/** Gives each row the code of its value, a missing cell being one too. */
function coderOf(column: Column): (row: number) => number {
  if (column.type === "category") return (row) => column.codes[row]! + 1;
  const { values } = column;
  const codes = new Map<number, number>();
  return (row) => {
    const value = values[row]!;
    const known = codes.get(value);
    if (known === undefined) codes.set(value, codes.size);
    return known ?? codes.size - 1;
  };
}

/** Of rows that have a target: how many they are, how many different values they have, and how many have the commonest target. */
interface Known {
  readonly rows: number;
  readonly values: number;
  readonly largest: number;
}

/** Undefined unless all rows of a value have the same target, and there are no more than `most` values, or one more. */
function targetsOf(codeOf: (row: number) => number, target: Column, most: number): Known | undefined {
  const targets = cellsOf(target);
  const first: number[] = [];
  const rowsOf = new Map<number, number>();
  let [rows, values] = [0, 0];
  for (const [row, known] of targets.entries()) {
    if (isMissing(target, row)) continue;
    const code = codeOf(row);
    if (first[code] === undefined && ++values > most + 1) return undefined;
    if ((first[code] ?? known) !== known) return undefined;
    first[code] = known;
    rowsOf.set(known, (rowsOf.get(known) ?? 0) + 1);
    rows++;
  }
  return { rows, values, largest: largestOf([...rowsOf.values()]) };
}

/** That all but the first row of each value have its target: the commonest target has so large a share of the rows. */
function isBeyondChance({ rows, values, largest }: Known): boolean {
  return (rows - values) * log(largest / rows) < log(CHANCE);
}

/** It is there in all rows of some targets, and in none of the others. */
function isMissingByTarget(column: Column, target: Column): boolean {
  const known = targetsOf((row) => Number(isMissing(column, row)), target, 2);
  return known !== undefined && known.values === 2 && isBeyondChance(known);
}

/** All numbers of one of two targets are below those of the other. */
function isSplitByTarget({ values }: MeasuredColumn, target: Column): boolean {
  const targets = cellsOf(target);
  const ranges = new Map<number, { low: number; high: number; rows: number }>();
  let missing = 0;
  for (const [row, value] of values.entries()) {
    const known = targets[row]!;
    if (isMissing(target, row)) continue;
    if (Number.isNaN(value)) {
      missing++;
      continue;
    }
    const range = ranges.get(known);
    if (!range) ranges.set(known, { low: value, high: value, rows: 1 });
    else {
      range.low = Math.min(range.low, value);
      range.high = Math.max(range.high, value);
      range.rows++;
    }
    if (ranges.size > 2) return false;
    const [a, b] = [...ranges.values()];
    if (a && b && a.low <= b.high && b.low <= a.high) return false;
  }
  const [a, b] = [...ranges.values()];
  if (!a || !b || missing > MOST_MISSING * (a.rows + b.rows)) return false;
  // of all orders of the rows two are like this, among as many as there are ways to choose the fewer of them
  let chance = log(2);
  for (let i = 1; i <= Math.min(a.rows, b.rows); i++) chance -= log((Math.max(a.rows, b.rows) + i) / i);
  return chance < log(CHANCE);
}
