import { range } from "../data/split.js";
import { rowsCounted } from "./tally.js";

/**
 * The area under the ROC curve of class `c` against the rest, by the rows' probabilities of it, of [rows, classes]; NaN
 * where all rows or none are of the class, or a probability is NaN. By Mann and Whitney: the share of the pairs of a row of it and another in which
 * the first has the higher probability, an equal one counting half (what midranks come to).
 */
export function areaUnderCurve(truth: Int32Array, c: number, all: Float32Array): (times: Uint32Array) => number {
  const classes = all.length / truth.length;
  const probabilities = new Float32Array(truth.length);
  const positive = new Uint8Array(truth.length);
  for (let row = 0; row < truth.length; row++) {
    probabilities[row] = all[row * classes + c]!;
    positive[row] = Number(truth[row] === c);
  }
  if (probabilities.some(Number.isNaN)) return () => Number.NaN;
  const order = ascending(probabilities);
  return (times) => {
    const seen = [0, 0]; // negatives, positives of lower probability
    let pairs = 0;
    for (let from = 0, to = 0; from < order.length; from = to) {
      const equal = [0, 0];
      const probability = probabilities[order[from]!];
      for (; to < order.length && probabilities[order[to]!] === probability; to++) {
        const row = order[to]!;
        equal[positive[row]!]! += times[row]!;
      }
      pairs += equal[1]! * (seen[0]! + equal[0]! / 2);
      seen[0]! += equal[0]!;
      seen[1]! += equal[1]!;
    }
    return pairs / (seen[0]! * seen[1]!); // 0/0 without both
  };
}

/** The median, halfway between the middle two of an even number of values; NaN where one is. */
export function middle(values: Float64Array): (times: Uint32Array) => number {
  if (values.some(Number.isNaN)) return () => Number.NaN;
  const order = ascending(values);
  return (times) => {
    const rows = rowsCounted(times);
    const lower = (rows - 1) >> 1;
    const upper = rows >> 1;
    let low = Number.NaN;
    let until = 0;
    for (const row of order) {
      const before = until;
      until += times[row]!;
      if (before <= lower && lower < until) low = values[row]!;
      if (upper < until) return low + (values[row]! - low) / 2;
    }
    return Number.NaN;
  };
}

/** A digit of so many bits is sorted by at a time: counts of each value of it fit into the first cache. */
const DIGIT_BITS = 11;
const DIGITS = 2 ** DIGIT_BITS;

/**
 * The places of the values from the smallest to the largest, of equal ones the first first. None is negative or NaN: then
 * bits are in the order of the values, and are sorted by digits, from the lowest on (a radix sort).
 */
export function ascending(values: Float32Array | Float64Array): Uint32Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.byteLength / 4);
  const each = values.BYTES_PER_ELEMENT / 4;
  let order = range(0, values.length);
  let sorted = new Uint32Array(values.length);
  for (let word = 0; word < each; word++) {
    const at = IS_LITTLE_ENDIAN ? word : each - 1 - word;
    for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
      const starts = new Uint32Array(DIGITS + 1);
      for (let i = at; i < words.length; i += each) starts[((words[i]! >>> shift) & (DIGITS - 1)) + 1]!++;
      if (starts.includes(values.length)) continue; // all have the same digit
      for (let digit = 1; digit < DIGITS; digit++) starts[digit]! += starts[digit - 1]!;
      for (let i = 0; i < order.length; i++) {
        const place = order[i]!;
        const digit = (words[place * each + at]! >>> shift) & (DIGITS - 1);
        sorted[starts[digit]!++] = place;
      }
      [order, sorted] = [sorted, order];
    }
  }
  return order;
}

const IS_LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
