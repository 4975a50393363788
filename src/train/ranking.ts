/**
 * The area under the ROC curve of one class against the rest, by the rows' probabilities of that class; NaN where all
 * rows or none are positive. By Mann and Whitney: the share of the pairs of a positive and a negative row in which the
 * positive one has the higher probability, an equal one counting half (what midranks come to).
 */
export function areaUnderCurve(probabilities: Float32Array, positive: Uint8Array): (times: Uint32Array) => number {
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

/** The median, halfway between the middle two of an even number of values. */
export function middle(values: Float64Array): (times: Uint32Array) => number {
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

/** The places of the values from the smallest to the largest. */
function ascending(values: Float32Array | Float64Array): Uint32Array {
  return Uint32Array.from(values, (_, place) => place).sort((a, b) => values[a]! - values[b]!);
}
