import { range } from "../data/split.js";
import { rowsCounted } from "./tally.js";

/** Calls `visit` with how many rows of a class, and how many others, have each probability of it, from the highest down. */
export type Ranked = (times: Uint32Array, visit: (positives: number, negatives: number) => void) => void;

/**
 * The area under the ROC curve of a class against the rest; NaN where all rows or none are of the class. By Mann and
 * Whitney: the share of the pairs of a row of it and another in which the first has the higher probability, an equal one
 * counting half (what midranks come to).
 */
export function areaUnderCurve(ranked: Ranked): (times: Uint32Array) => number {
  return (times) => {
    let [positives, negatives, pairs] = [0, 0, 0];
    ranked(times, (equalPositives, equalNegatives) => {
      pairs += equalNegatives * (positives + equalPositives / 2);
      positives += equalPositives;
      negatives += equalNegatives;
    });
    return pairs / (positives * negatives); // 0/0 without both
  };
}

/**
 * The average precision of a class against the rest: the mean, over the rows of the class, of the precision among all rows
 * with at least their probability (the area under the precision-recall curve as steps). NaN where no row is of the class.
 */
export function averagePrecision(ranked: Ranked): (times: Uint32Array) => number {
  return (times) => {
    let [positives, rows, sum] = [0, 0, 0];
    ranked(times, (equalPositives, equalNegatives) => {
      positives += equalPositives;
      rows += equalPositives + equalNegatives;
      if (equalPositives > 0) sum += (equalPositives * positives) / rows;
    });
    return sum / positives; // 0/0 without any
  };
}

/** Of two classes the second against the first; of more each one against the rest.   all [rows, classes], none NaN */
export function oneAgainstRest(truth: Int32Array, all: Float32Array): Ranked[] {
  const classes = all.length / truth.length;
  const against = classes === 2 ? [1] : Array.from({ length: classes }, (_, c) => c);
  return against.map((c) => rankedBy(truth, c, all));
}

function rankedBy(truth: Int32Array, c: number, all: Float32Array): Ranked {
  const classes = all.length / truth.length;
  const probabilities = new Float32Array(truth.length);
  for (let row = 0; row < truth.length; row++) probabilities[row] = all[row * classes + c]!;
  const order = ascending(probabilities).reverse();
  return (times, visit) => {
    for (let next = 0; next < order.length; ) {
      const probability = probabilities[order[next]!];
      let positives = 0;
      let negatives = 0;
      do {
        const row = order[next++]!;
        if (truth[row] === c) positives += times[row]!;
        else negatives += times[row]!;
      } while (next < order.length && probabilities[order[next]!] === probability);
      visit(positives, negatives);
    }
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
