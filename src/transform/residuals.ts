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

const predicted = z.number().describe("what is predicted in a band, on average");

/** How far the truth was from what was predicted, in rows that were held out, by what was predicted. */
export const residualState = z.strictObject({
  /** how far that was off, on average; bands ascend by what they predict */
  distances: z.array(z.strictObject({ predicted, distance: z.number().positive() })).min(1),
  /** of residuals over the distance where they are: the quantiles 1/200 to 199/200, null where too few rows tell them */
  bands: z.array(z.strictObject({ predicted, quantiles: z.array(z.number().nullable()).length(STEPS - 1) })).min(1),
});
export type ResidualState = z.output<typeof residualState>;

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
 * quantiles are taken band by band where there are rows enough, and go from one band to the next along a straight line.
 */
export function residualsOf(held: HeldOut): ResidualState {
  const ascending = range(0, held.predictions.length).sort((a, b) => held.predictions[a]! - held.predictions[b]!);
  const units = countUnits(held, ascending);
  const overall = mean(held.residuals.map(Math.abs));
  const distances = bandsOf(held, ascending, Math.min(Math.floor(units / ROWS_FOR_DISTANCE), MOST_DISTANCES)).map(
    (rows) => ({
      predicted: mean(take(held.predictions, rows)),
      // a band that happens to have no error would make any other one infinite
      distance: shortened(Math.max(mean(take(held.residuals, rows).map(Math.abs)), overall / 20) || 1),
    }),
  );
  const distance = alongBands(distances, ({ distance }) => distance);
  const relative = { ...held, residuals: held.residuals.map((r, row) => r / distance(held.predictions[row]!)) };
  const inBands = (count: number) =>
    bandsOf(held, ascending, count).map((rows) => ({
      predicted: mean(take(held.predictions, rows)),
      quantiles: quantilesOf(relative, rows),
    }));
  let count = Math.min(Math.floor(units / ROWS_FOR_QUANTILES), MOST_QUANTILES);
  let bands = inBands(count);
  // where groups lie in several bands, one may have too few of them
  while (count > 1 && bands.some(({ quantiles }) => quantiles.includes(null))) bands = inBands(--count);
  return { distances, bands };
}

function countUnits({ groupOf }: HeldOut, rows: Uint32Array): number {
  return groupOf ? countDifferent(take(groupOf, rows)) : rows.length;
}

/** So many bands of rows of like predictions, one at least; rows of the same prediction are in the same one. */
function bandsOf({ predictions }: HeldOut, ascending: Uint32Array, count: number): Uint32Array[] {
  const bands: Uint32Array[] = [];
  for (let band = 1, start = 0; band <= Math.max(count, 1); band++) {
    let end = Math.round((band * ascending.length) / Math.max(count, 1));
    while (end < ascending.length && predictions[ascending[end]!] === predictions[ascending[end - 1]!]) end++;
    if (end <= start) continue;
    bands.push(ascending.subarray(start, end));
    start = end;
  }
  return bands;
}

/**
 * The order statistics that make an interval hold a further value with at least its probability, whatever the distribution: of
 * n values the lower quantile p is number ⌊p(n + 1)⌋, the upper one number ⌈p(n + 1)⌉. Of groups the values of each count as
 * one together (Lee, Barber and Willett, Distribution-Free Inference with Hierarchical Data, 2023).
 */
function quantilesOf(held: HeldOut, rows: Uint32Array): (number | null)[] {
  const { residuals, groupOf } = held;
  const units = countUnits(held, rows);
  const weightOf = groupOf ? sharesOfGroups(take(groupOf, rows)) : new Float64Array(rows.length).fill(1);
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

/** Of each row one over how many rows its group has. */
function sharesOfGroups(groupOf: Int32Array): Float64Array {
  const counts = new Map<number, number>();
  for (const group of groupOf) counts.set(group, (counts.get(group) ?? 0) + 1);
  return Float64Array.from(groupOf, (group) => 1 / counts.get(group)!);
}

/** A number of bands at any prediction: along the straight lines between them, as in the outer ones beyond them. */
function alongBands<Band extends { readonly predicted: number }>(
  bands: readonly Band[],
  of: (band: Band) => number,
): (prediction: number) => number {
  const at = bands.map(({ predicted }) => predicted);
  const values = bands.map(of);
  return (prediction) => {
    if (!(prediction > at[0]!)) return values[0]!;
    if (prediction >= at.at(-1)!) return values.at(-1)!;
    return interpolate(prediction, at, values);
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
  const quantile = (i: number) => {
    const isKnown = bands.every(({ quantiles }) => (quantiles[i] ?? null) !== null);
    return isKnown ? alongBands(bands, ({ quantiles }) => quantiles[i]!) : undefined;
  };
  const low = quantile(half - percent - 1);
  const high = quantile(half + percent - 1);
  if (!low || !high) return undefined;
  const distance = alongBands(distances, ({ distance }) => distance);
  return (prediction) => {
    const usual = distance(prediction);
    return [low(prediction) * usual, high(prediction) * usual];
  };
}

/** The largest whole percent that there are bounds for; 0: none. */
export function mostPercent(state: ResidualState): number {
  let percent = 99;
  while (percent > 0 && !residualBounds(state, percent)) percent--;
  return percent;
}
