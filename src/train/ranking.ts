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
  const order = truth.length <= MOST_KEYS ? byKeys(probabilities) : ascending(probabilities);
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
    const rows = times.reduce((sum, count) => sum + count, 0);
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

/** A probability's bits are a whole number of up to 30 bits; a double has 23 more for the row. */
const MOST_KEYS = 2 ** 23;

/** The same order as `ascending`, four times as fast: as whole numbers, bits above and row below, they sort without a function. */
function byKeys(probabilities: Float32Array): Uint32Array {
  const bits = new Uint32Array(probabilities.buffer);
  const keys = new Float64Array(bits.length);
  for (let row = 0; row < bits.length; row++) keys[row] = bits[row]! * MOST_KEYS + row;
  keys.sort();
  const order = new Uint32Array(bits.length);
  for (let place = 0; place < order.length; place++) order[place] = keys[place]! % MOST_KEYS;
  return order;
}

/** The places of the values from the smallest to the largest. */
function ascending(values: Float32Array | Float64Array): Uint32Array {
  return Uint32Array.from(values, (_, place) => place).sort((a, b) => values[a]! - values[b]!);
}
