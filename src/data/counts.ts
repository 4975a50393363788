/** Fewer rows look like something by chance. */
const FEW_ROWS = 20;
/** Of counts so rarely 0 the logarithm of a mean is of little use. */
const ZEROS = 0.03;
/** Numbers of classes and grades have no longer tail above than below. */
const SKEWED = 0.25;

/** Whether the numbers may count something: whole ones from 0 on, some of them 0, with a tail of large ones. */
export function mayBeCounts(values: Float64Array): boolean {
  const counts = values.filter((value) => !Number.isNaN(value));
  if (counts.length < FEW_ROWS || !counts.every((value) => value >= 0 && Number.isInteger(value))) return false;
  const zeros = counts.reduce((rows, value) => rows + Number(value === 0), 0);
  return zeros >= ZEROS * counts.length && counts.some((value) => value > 1) && skewness(counts) > SKEWED;
}

/** Σ(y − ȳ)³/m divided by (Σ(y − ȳ)²/m)^1.5 */
function skewness(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let squares = 0;
  let cubes = 0;
  for (const value of values) {
    squares += (value - mean) ** 2;
    cubes += (value - mean) ** 3;
  }
  return cubes / values.length / (squares / values.length) ** 1.5;
}
