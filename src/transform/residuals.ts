import * as z from "zod";
import { countDifferent, take } from "../data/arrays.js";
import { range } from "../data/split.js";
import { interpolate } from "./interpolate.js";
import { mean } from "./moments.js";

/** Quantiles are kept in steps of half a percent, so that each whole percent of an interval has its two. */
const STEPS = 200;

/** Rows of like predictions are a band: so many tell how far they are off, and so many more how that is distributed. */
const ROWS_FOR_DISTANCE = 50;
const MOST_DISTANCES = 20;
const ROWS_FOR_QUANTILES = 200;
const MOST_QUANTILES = 10;

/** null where too few rows tell them */
const quantiles = z.array(z.number().nullable()).length(STEPS - 1);

const bandedState = z.strictObject({
  /** of bands, ascending: what is predicted and how far that was off, on average */
  distances: z.array(z.strictObject({ predicted: z.number(), distance: z.number().positive() })).min(1),
  /** from the band's smallest prediction on: of residuals over the distance where they are the quantiles 1/200 to 199/200 */
  bands: z.array(z.strictObject({ from: z.number(), quantiles })).min(1),
});
export type ResidualState = z.output<typeof bandedState>;

/** As models had it whose intervals are as wide for every row. */
const unbandedState = quantiles.transform(
  (quantiles): ResidualState => ({
    distances: [{ predicted: 0, distance: 1 }],
    bands: [{ from: 0, quantiles }],
  }),
);

/** How far the truth was from what was predicted, in rows that were held out, by what was predicted. */
export const residualState = z.union([bandedState, unbandedState]);

/** Rows that no training has seen. */
export interface HeldOut {
  /** [rows] */
  readonly predictions: Float64Array;
  /** [rows]: truth − prediction */
  readonly residuals: Float64Array;
  /** [rows]: the number of its group, where rows of a group belong together and so count as one */
  readonly groupOf?: Int32Array | undefined;
}

/**
 * Residuals by bands of like predictions, so that intervals are as wide and as lopsided as such a prediction needs: locally
 * weighted split conformal prediction (Lei et al., Distribution-Free Predictive Inference for Regression, 2018, 5.2), whose
 * quantiles are those of a band, where there are rows enough for several. These are not interpolated: where many true values
 * are the same, as 0 among counts, an end that is a little off leaves all of them out.
 */
export function residualsOf(held: HeldOut): ResidualState {
  const ascending = range(0, held.predictions.length).sort((a, b) => held.predictions[a]! - held.predictions[b]!);
  const least = meanDistance(held, ascending) / 20; // a distance of 0 would make residuals near it infinite
  const distances = bandsOf(held, ascending, MOST_DISTANCES, ROWS_FOR_DISTANCE).map((rows) => ({
    predicted: mean(take(held.predictions, rows)),
    distance: shortened(Math.max(meanDistance(held, rows), least) || 1),
  }));
  const distance = distanceAt(distances);
  const relative = { ...held, residuals: held.residuals.map((r, row) => r / distance(held.predictions[row]!)) };
  const bands = bandsOf(held, ascending, MOST_QUANTILES, ROWS_FOR_QUANTILES).map((rows) => ({
    from: held.predictions[rows[0]!]!,
    quantiles: quantilesOf(relative, rows),
  }));
  return { distances, bands };
}

/**
 * At most so many bands of about as many rows of like predictions, each of so many rows or groups at least, or a single one;
 * rows of the same prediction are in the same band.
 */
function bandsOf(
  { predictions, groupOf }: HeldOut,
  ascending: Uint32Array,
  most: number,
  least: number,
): Uint32Array[] {
  const starts = [0];
  const groups = new Set<number>();
  for (let end = 1; end < ascending.length; end++) {
    const last = ascending[end - 1]!;
    if (groupOf) groups.add(groupOf[last]!);
    const size = end - starts.at(-1)!;
    const isFull = size >= ascending.length / most && (groupOf ? groups.size : size) >= least;
    if (!isFull || predictions[ascending[end]!] === predictions[last]) continue;
    starts.push(end);
    groups.clear();
  }
  const bands = starts.map((start, i) => ascending.subarray(start, starts[i + 1]));
  if (bands.length === 1 || countUnits(groupOf, bands.at(-1)!) >= least) return bands;
  return [...bands.slice(0, -2), ascending.subarray(starts.at(-2)!)]; // what is left over belongs to the band before it
}

function countUnits(groupOf: HeldOut["groupOf"], rows: Uint32Array): number {
  return groupOf ? countDifferent(take(groupOf, rows)) : rows.length;
}

/** Of |residuals|, where each group counts as much as another. */
function meanDistance({ residuals, groupOf }: HeldOut, rows: Uint32Array): number {
  const shares = sharesOf(groupOf, rows);
  let [sum, total] = [0, 0];
  for (const [i, row] of rows.entries()) {
    sum += shares[i]! * Math.abs(residuals[row]!);
    total += shares[i]!;
  }
  return sum / total;
}

/**
 * The order statistics that make an interval hold a further value with at least its probability, whatever the distribution: of
 * n values the lower quantile p is number ⌊p(n + 1)⌋, the upper one number ⌈p(n + 1)⌉. Of groups the values of each count as
 * one together (Lee, Barber and Willett, Distribution-Free Inference with Hierarchical Data, 2023).
 */
function quantilesOf({ residuals, groupOf }: HeldOut, rows: Uint32Array): (number | null)[] {
  const units = countUnits(groupOf, rows);
  const weightOf = sharesOf(groupOf, rows);
  const order = range(0, rows.length).sort((a, b) => residuals[rows[a]!]! - residuals[rows[b]!]!);
  const rounding = 1e-9 * units; // of sums of shares
  let [next, counted] = [0, 0];
  /** the number of the last value up to which so many count at most, or of the first up to which so many do */
  const numberOf = (place: number, isLower: boolean) => {
    const isIn = (count: number) => (isLower ? count <= place + rounding : count < place - rounding);
    while (next < order.length && isIn(counted + weightOf[order[next]!]!)) counted += weightOf[order[next++]!]!;
    return isLower ? next - 1 : next;
  };
  return Array.from({ length: STEPS - 1 }, (_, i) => {
    const place = ((i + 1) * (units + 1)) / STEPS;
    const at = order[numberOf(place, 2 * (i + 1) <= STEPS)];
    return at === undefined ? null : shortened(residuals[rows[at]!]!);
  });
}

/** Of each row one over how many of these rows its group has. */
function sharesOf(groupOf: HeldOut["groupOf"], rows: Uint32Array): Float64Array {
  if (!groupOf) return new Float64Array(rows.length).fill(1);
  const counts = new Map<number, number>();
  for (const row of rows) counts.set(groupOf[row]!, (counts.get(groupOf[row]!) ?? 0) + 1);
  return Float64Array.from(rows, (row) => 1 / counts.get(groupOf[row]!)!);
}

/** The distance at any prediction: along the straight lines between bands, as in the outer ones beyond them. */
function distanceAt(bands: ResidualState["distances"]): (prediction: number) => number {
  const at = bands.map(({ predicted }) => predicted);
  const distances = bands.map(({ distance }) => distance);
  return (prediction) => {
    if (!(prediction > at[0]!)) return distances[0]!;
    if (prediction >= at.at(-1)!) return distances.at(-1)!;
    return interpolate(prediction, at, distances);
  };
}

function shortened(value: number): number {
  return Number(value.toPrecision(8));
}

/** For a prediction, the two residuals that so many percent lie between; undefined where too few rows tell them. */
export function residualBounds(
  { distances, bands }: ResidualState,
  percent: number,
): ((prediction: number) => [low: number, high: number]) | undefined {
  const half = STEPS / 2;
  const [low, high] = [half - percent - 1, half + percent - 1];
  const known = bands.map(({ quantiles }) => [quantiles[low] ?? null, quantiles[high] ?? null] as const);
  if (known.flat().includes(null)) return undefined;
  const distance = distanceAt(distances);
  return (prediction) => {
    const usual = distance(prediction);
    const at = bands.findLastIndex(({ from }) => from <= prediction);
    const [least, most] = known[Math.max(at, 0)]!; // what is below all bands is in the first
    return [least! * usual, most! * usual];
  };
}

/** The largest whole percent that there are bounds for; 0: none. */
export function mostPercent(state: ResidualState): number {
  let percent = 99;
  while (percent > 0 && !residualBounds(state, percent)) percent--;
  return percent;
}
