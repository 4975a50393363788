import { log, normalQuantile } from "../engine/scalar.js";
import { mayExceed, mostByChance } from "./chance.js";

/** Added to the rows of each bin, so that an empty one has a logarithm: half a row, as Jeffreys' prior has it. */
const HALF_A_ROW = 0.5;

export interface Drift {
  /** the population stability index: 0 for equal distributions */
  readonly index: number;
  /** what chance alone exceeds, in any of the columns compared, in one of a thousand tables of so many rows */
  readonly chance: number;
}

/**
 * How far a distribution is from that of training, by the shares a and e of their rows in the same bins:
 * PSI = Σ (a − e)·ln(a / e), the Kullback–Leibler divergences of both directions added up.
 *
 * `training` are shares of `trainingRows`, `counts` are rows, `comparisons` is how many columns are compared. Undefined where there is no row, or a single bin.
 */
export function driftOf(
  training: readonly number[],
  trainingRows: number,
  counts: ArrayLike<number>,
  comparisons = 1,
): Drift | undefined {
  const pairs = training
    .map((share, bin): [number, number] => [share * trainingRows, counts[bin]!])
    .filter(([expected, actual]) => expected > 0 || actual > 0);
  const rows = pairs.reduce((sum, [, actual]) => sum + actual, 0);
  if (rows === 0 || pairs.length < 2) return undefined;
  const shareOf = (count: number, all: number) => (count + HALF_A_ROW) / (all + HALF_A_ROW * pairs.length);
  let index = 0;
  for (const [expected, actual] of pairs) {
    const e = shareOf(expected, trainingRows);
    const a = shareOf(actual, rows);
    index += (a - e) * log(a / e);
  }
  return { index, chance: (1 / trainingRows + 1 / rows) * rareChiSquare(pairs.length - 1, comparisons) };
}

/** Bins of which fewer rows are to be expected in either table say little of their share (Cochran, 1954). */
const FEW_ROWS = 5;

/**
 * The drift of a column of categories, of which there may be any number. The rare ones are compared as one, unless one of
 * them has more rows than chance gives it. The bin `other`, of whatever has no place of its own, is one of them however
 * many rows it has: which of the rare ones have places was chosen by the training rows, and by chance others would have.
 */
export function driftOfCategories(
  training: readonly number[],
  trainingRows: number,
  counts: ArrayLike<number>,
  other: number,
  comparisons = 1,
): Drift | undefined {
  const rows = Array.from(counts).reduce((sum, count) => sum + count, 0);
  // Told by both tables together: what is frequent in one alone is so in part by luck, which the other then seems to lack.
  const fewest = Math.min(trainingRows, rows) / (trainingRows + rows);
  const isRare = (bin: number) => bin === other || (training[bin]! * trainingRows + counts[bin]!) * fewest < FEW_ROWS;
  const rare = training.flatMap((_, bin) => (isRare(bin) ? [bin] : []));
  const isRisen = (bin: number) => {
    const few = Math.max(1, Math.round(training[bin]! * trainingRows));
    return bin !== other && counts[bin]! > mostByChance(rows, few, trainingRows, comparisons * rare.length);
  };
  const together = new Set(rare.filter((bin) => !isRisen(bin)));
  return driftOf(pooled(training, together), trainingRows, pooled(counts, together), comparisons);
}

/** The same numbers, those of some bins added up as the last. */
function pooled(numbers: ArrayLike<number>, bins: ReadonlySet<number>): number[] {
  const all = Array.from(numbers);
  const kept = all.filter((_, bin) => !bins.has(bin));
  return bins.size === 0 ? kept : [...kept, all.reduce((sum, number, bin) => sum + (bins.has(bin) ? number : 0), 0)];
}

/**
 * What χ² of so many degrees of freedom seldom exceeds by chance (Wilson and Hilferty, 1931). Without drift the
 * index is (1/n + 1/m)·χ² of one degree less than there are bins (Yurdakul, Statistical Properties of Population
 * Stability Index, 2018).
 */
function rareChiSquare(degrees: number, comparisons: number): number {
  if (degrees === 0) return 0;
  const ninth = 2 / (9 * degrees);
  return degrees * (1 - ninth - normalQuantile(mayExceed(comparisons)) * Math.sqrt(ninth)) ** 3;
}
