import { range } from "../data/split.js";
import { rowsCounted } from "./tally.js";

/**
 * The area under the ROC curve of class `c` against the rest, by the rows' probabilities of it, of [rows, classes]; NaN
 * where all rows or none are of the class, or a probability is NaN. By Mann and Whitney: the share of the pairs of a row
 * of it and another in which the first has the higher probability, an equal one counting half (what midranks come to).
 */
export function areaUnderCurve(truth: Int32Array, c: number, all: Float32Array): (times: Uint32Array) => number {
  const ranked = oneAgainstRest(truth, c, all);
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
 * The average precision of class `c` against the rest, with arguments as for `areaUnderCurve`: the mean, over the rows of
 * the class, of the precision among all rows with at least their probability (the area under the precision-recall curve as
 * steps). NaN where no row is of the class, or a probability is NaN.
 */
export function averagePrecision(truth: Int32Array, c: number, all: Float32Array): (times: Uint32Array) => number {
  const ranked = oneAgainstRest(truth, c, all);
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

/** Calls `visit` with how many rows of class `c`, and how many others, have each probability of it, from the highest down. */
type Ranked = (times: Uint32Array, visit: (positives: number, negatives: number) => void) => void;

/** Visits nothing where a probability is NaN. */
function oneAgainstRest(truth: Int32Array, c: number, all: Float32Array): Ranked {
  const classes = all.length / truth.length;
  const probabilities = Float32Array.from(truth, (_, row) => all[row * classes + c]!);
  const order = probabilities.some(Number.isNaN) ? new Uint32Array() : ascending(probabilities);
  return (times, visit) => {
    for (let last = order.length - 1; last >= 0; ) {
      const equal = [0, 0]; // others, and rows of the class
      const probability = probabilities[order[last]!];
      for (; last >= 0 && probabilities[order[last]!] === probability; last--) {
        const row = order[last]!;
        equal[Number(truth[row] === c)]! += times[row]!;
      }
      visit(equal[1]!, equal[0]!);
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
