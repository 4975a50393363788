import { countDifferentNumbers, largestOf, placeAmong, take, takeMatrixRows, tallied } from "../data/arrays.js";
import { range, spacedRows } from "../data/split.js";
import { type Column, cellsOf, columnOf, type Table } from "../data/table.js";
import type { ScaledRows } from "./prepare.js";

/** So large a share of copies is no chance. */
const MANY = 0.1;
/** Nor is a smaller one, */
const SOME = 0.02;
/** if some column of numbers tells different rows apart: as large a share of them has different numbers there. */
const TELLING = 0.5;
const FEWEST_NUMBERS = 20;

/**
 * How many rows are copies of earlier ones, with the same cells in these columns, inputs and targets, where these are too
 * many to be chance. Of columns of few values rows are alike without being copies: none are counted then.
 */
export function countCopies(table: Table, names: readonly string[]): number {
  const columns = names.map((name) => columnOf(table, name)!); // they were learned from
  if (columns.some(tellsAlone)) return 0;
  const different = firstOfEach(hashesOf(table.rows, columns));
  const copies = table.rows - different.length;
  if (haveFewCopies(different.length, table.rows, SOME)) return 0;
  const enough = Math.max(TELLING * different.length, FEWEST_NUMBERS);
  const isTelling = columns.some(
    (column) => column.type !== "category" && countDifferentNumbers(column.values) >= enough,
  );
  const byChance = copiesByChance(columns, different, table.rows);
  return isTelling && copies > MUCH_MORE * (byChance + Math.sqrt(byChance)) ? copies : 0;
}

/** So many times as many copies as chance makes, give or take their root, are not by chance: columns may depend on one another a little. */
const MUCH_MORE = 3;

/** How many rows would be like earlier ones if the columns of those that differ had nothing to do with one another. */
function copiesByChance(columns: readonly Column[], different: Uint32Array, rows: number): number {
  const pairs = (rows * (rows - 1)) / 2;
  return columns.reduce((alike, column) => alike * shareAlike(cellsOf(column), different), pairs);
}

/** The share of all pairs of some rows whose cells are alike. */
function shareAlike(cells: Float64Array | Int32Array, rows: Uint32Array): number {
  const { counts } = tallied(take(cells, rows));
  const alike = counts.reduce((sum, count) => sum + count * (count - 1), 0);
  return alike / (rows.length * (rows.length - 1));
}

function haveFewCopies(different: number, rows: number, share = MANY): boolean {
  return rows - different < share * rows;
}

/**
 * How many rows are like one that is learned from, in inputs and targets, where these are too many to be chance: where nearly all
 * of the learned rows differ.
 */
export function countSeen({ X, y, size }: ScaledRows, learned: Uint32Array, held: Uint32Array): number {
  const hashes = hashesOfRows(size, [X, y]);
  const known = tallied(take(hashes, learned)).different;
  if (!haveFewCopies(known.length, learned.length)) return 0;
  const seen = held.reduce((count, row) => count + Number(known[placeAmong(known, hashes[row]!)] === hashes[row]), 0);
  return haveFewCopies(held.length - seen, held.length) ? 0 : seen;
}

/**
 * Whether rows of X [rows, columns] seem to be those that a model has learned from: nearly all of some that it has are among
 * them. Where X has copies of its own, rows may be alike by chance.
 */
export function holdLearned(X: Float32Array, rows: number, some: readonly (readonly number[])[]): boolean {
  const width = X.length / rows;
  const looked = spacedRows(rows, ENOUGH_LOOKED);
  if (!haveFewCopies(new Set(hashesAmong(X, width, looked)).size, looked.length)) return false;
  const learned = new Set(hashesOfRows(some.length, [Float32Array.from(some.flat())]));
  const telling = tellingColumn(some);
  const values = new Set(some.map((row) => Math.fround(row[telling]!)));
  const alike = range(0, rows).filter((row) => values.has(X[row * width + telling]!)); // few, so that few are hashed
  const found = new Set(hashesAmong(X, width, alike));
  const seen = [...learned].filter((hash) => found.has(hash)).length;
  return seen >= FEWEST_SEEN && haveFewCopies(seen, learned.size);
}

/** Whether rows differ is told by so many. */
const ENOUGH_LOOKED = 10_000;

/** The one with the most different values. */
function tellingColumn(rows: readonly (readonly number[])[]): number {
  const different = rows[0]!.map((_, column) => new Set(rows.map((row) => row[column])).size);
  return different.indexOf(largestOf(different));
}

function hashesAmong(X: Float32Array, width: number, rows: Uint32Array): Float64Array {
  return hashesOfRows(rows.length, [takeMatrixRows(X, width, rows)]);
}

/** One or two rows may be alike. */
const FEWEST_SEEN = 5;

const FIRST_LOOK = 1000;

/** Rows are no copies of others if one column has different numbers in them, which is found sooner. */
function tellsAlone(column: Column): boolean {
  if (column.type === "category") return false;
  const { values } = column;
  const tells = (numbers: Float64Array) => haveFewCopies(countDifferentNumbers(numbers), numbers.length, SOME);
  return tells(values.subarray(0, FIRST_LOOK)) && tells(values);
}

/** The rows that are not like an earlier one, of any number of rows: a Set could not hold them. */
function firstOfEach(hashes: Float64Array): Uint32Array {
  const { different } = tallied(hashes);
  const isKnown = new Uint8Array(different.length);
  return range(0, hashes.length).filter((row) => {
    const place = placeAmong(different, hashes[row]!);
    const isFirst = isKnown[place] === 0;
    isKnown[place] = 1;
    return isFirst;
  });
}

/** A hash of each row's cells. */
function hashesOf(rows: number, columns: readonly Column[]): Float64Array {
  const hash = new Hashes(rows);
  for (const column of columns) {
    const cells = cellsOf(column);
    for (let row = 0; row < rows; row++) hash.add(row, cells[row]!);
  }
  return hash.values;
}

/** The same of matrices, [rows, …] each. */
function hashesOfRows(rows: number, matrices: readonly Float32Array[]): Float64Array {
  const hash = new Hashes(rows);
  for (const matrix of matrices) {
    const width = matrix.length / rows;
    for (const [place, value] of matrix.entries()) hash.add(Math.floor(place / width), value);
  }
  return hash.values;
}

/** Of each row 53 bits: among a million different rows two are taken for one in one of 20,000 tables. */
class Hashes {
  private readonly high: Int32Array;
  private readonly low: Int32Array;
  private readonly cell = new Float64Array(1);
  private readonly bits = new Int32Array(this.cell.buffer);

  constructor(rows: number) {
    this.high = new Int32Array(rows).fill(0x9e3779b9);
    this.low = new Int32Array(rows).fill(0x85ebca6b);
  }

  add(row: number, value: number): void {
    const { high, low, bits } = this;
    this.cell[0] = Number.isNaN(value) ? Number.NaN : value + 0; // NaN has many bits, and 0 has two signs
    high[row] = mixed(mixed(high[row]! ^ bits[0]!, 0xcc9e2d51) ^ bits[1]!, 0xcc9e2d51);
    low[row] = mixed(mixed(low[row]! ^ bits[0]!, 0x1b873593) ^ bits[1]!, 0x1b873593);
  }

  get values(): Float64Array {
    return Float64Array.from(this.high, (bits, row) => (bits >>> 0) * 2 ** 21 + (this.low[row]! >>> 11));
  }
}

function mixed(bits: number, factor: number): number {
  const product = Math.imul(bits, factor);
  return Math.imul(product ^ (product >>> 15), 0x2c1b3c6d) ^ (product >>> 13);
}
