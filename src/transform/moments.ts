/** NaN of no values. */
export function mean(values: ArrayLike<number>): number {
  const first = values[0] ?? Number.NaN; // taken off first, so that values far from zero keep their digits
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! - first;
  return first + sum / values.length;
}

/** The standard deviation of these values, none of which stands for others. */
export function deviation(values: ArrayLike<number>): number {
  return spread(values, values.length);
}

/** The standard deviation of what these values are a sample of: NaN of a single one. */
export function sampleDeviation(values: ArrayLike<number>): number {
  return values.length < 2 ? Number.NaN : spread(values, values.length - 1);
}

function spread(values: ArrayLike<number>, degrees: number): number {
  const center = mean(values);
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]! - center));
  if (largest === 0) return 0;
  // relative to the largest, so that no square is too large or too small for a double
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += ((values[i]! - center) / largest) ** 2;
  return largest * Math.sqrt(sum / degrees);
}
