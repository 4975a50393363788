import { inputColumns } from "../transform/inputColumns.js";
import type { Prepared } from "./prepare.js";

/** A table has so large a share of copies by mistake, not by chance, */
const MANY = 0.1;
/** if some column of numbers tells its different rows apart: as large a share of them has different numbers there. */
const TELLING = 0.5;
const FEWEST_NUMBERS = 20;

/**
 * How many rows are copies of earlier ones, with the same inputs and target, where these are too many to be chance. Of
 * columns of few values rows are alike without being copies: none are counted then.
 */
export function countCopies({ rows: { X, y, size }, pipeline }: Pick<Prepared, "rows" | "pipeline">): number {
  const [inputs, targets] = [bitsOf(X), bitsOf(y)];
  const [width, outputs] = [inputs.length / size, targets.length / size];
  const seen = new Set<number>();
  for (let row = 0; row < size; row++) {
    const hash = new RowHash();
    for (let i = row * width; i < (row + 1) * width; i++) hash.add(inputs[i]!);
    for (let i = row * outputs; i < (row + 1) * outputs; i++) hash.add(targets[i]!);
    seen.add(hash.value);
  }
  const copies = size - seen.size;
  if (copies < MANY * size) return 0;
  const isTelling = inputColumns(pipeline).some(({ kind }, place) => {
    if (kind !== "number") return false;
    const different = new Set<number>();
    for (let i = place; i < inputs.length; i += width) different.add(inputs[i]!);
    return different.size >= Math.max(TELLING * seen.size, FEWEST_NUMBERS);
  });
  return isTelling ? copies : 0;
}

function bitsOf(numbers: Float32Array): Uint32Array {
  return new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);
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
