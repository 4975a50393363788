/** Of one class, how many rows have it, how many are predicted to, and how many are both. */
export interface ClassTally {
  truth: number;
  predicted: number;
  right: number;
}

/** Counts rows by class, each row so many times. */
export function tally(truth: Int32Array, predicted: Int32Array, classes: number, times: Uint32Array): ClassTally[] {
  const tallies = Array.from({ length: classes }, () => ({ truth: 0, predicted: 0, right: 0 }));
  for (let row = 0; row < truth.length; row++) {
    const count = times[row]!;
    const y = tallies[truth[row]!]!;
    y.truth += count;
    tallies[predicted[row]!]!.predicted += count;
    if (truth[row] === predicted[row]) y.right += count;
  }
  return tallies;
}

/** How many rows there are, each so many times. */
export function rowsCounted(times: Uint32Array): number {
  return times.reduce((rows, count) => rows + count, 0);
}

/** The mean of a share over the classes for which it is defined; NaN if it is for none. */
export function sharesByClass(tallies: readonly ClassTally[], share: (of: ClassTally) => number): number {
  const shares = tallies.map(share).filter((value) => !Number.isNaN(value)); // 0/0: no row to have a share of
  return shares.reduce((sum, value) => sum + value, 0) / shares.length;
}
