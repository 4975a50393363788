import { type Column, cellsOf, columnOf, type Table } from "../data/table.js";

/** A table has so large a share of copies by mistake, not by chance, */
const MANY = 0.1;
/** if some column of numbers tells its different rows apart: as large a share of them has different numbers there. */
const TELLING = 0.5;
const FEWEST_NUMBERS = 20;

/**
 * How many rows are copies of earlier ones, with the same cells in these columns, inputs and targets, where these are too
 * many to be chance. Of columns of few values rows are alike without being copies: none are counted then.
 */
export function countCopies(table: Table, names: readonly string[]): number {
  const columns = names.map((name) => columnOf(table, name)!); // they were learned from
  const cells = columns.map(bitsOf);
  const seen = new Set<number>();
  for (let row = 0; row < table.rows; row++) {
    const hash = new RowHash();
    for (const bits of cells) {
      hash.add(bits[2 * row]!);
      hash.add(bits[2 * row + 1]!);
    }
    seen.add(hash.value);
  }
  const copies = table.rows - seen.size;
  if (copies < MANY * table.rows) return 0;
  const isTelling = columns.some(
    (column) =>
      column.type !== "category" && new Set(column.values).size >= Math.max(TELLING * seen.size, FEWEST_NUMBERS),
  );
  return isTelling ? copies : 0;
}

/** Two words of 32 bits for each cell. */
function bitsOf(column: Column): Uint32Array {
  return new Uint32Array(Float64Array.from(cellsOf(column), (x) => (Number.isNaN(x) ? Number.NaN : x + 0)).buffer);
}

/** Of 53 bits: among a million different rows two are taken for one in one of 20,000 tables. */
class RowHash {
  private high = 0x9e3779b9;
  private low = 0x85ebca6b;

  add(bits: number): void {
    this.high = mixed(this.high ^ bits, 0xcc9e2d51);
    this.low = mixed(this.low ^ bits, 0x1b873593);
  }

  get value(): number {
    return (this.high >>> 0) * 2 ** 21 + (this.low >>> 11);
  }
}

function mixed(bits: number, factor: number): number {
  const product = Math.imul(bits, factor);
  return Math.imul(product ^ (product >>> 15), 0x2c1b3c6d) ^ (product >>> 13);
}
