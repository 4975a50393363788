import * as z from "zod";
import { interpolate } from "./interpolate.js";
import { mean } from "./moments.js";

/** Quantiles are kept in steps of half a percent, so that each whole percent of an interval has its two. */
const STEPS = 200;

/** What tells how far rows of some prediction are off; more of such groups tell it no better. */
const ROWS_OF_A_GROUP = 50;
const MOST_GROUPS = 10;

/** How far the truth was from what was predicted, in rows that were held out. */
export const residualState = z
  .strictObject({
    /** of groups of rows with like predictions, ascending: what was predicted, on average */
    predicted: z.array(z.number()).min(1),
    /** and how far that was off, on average; more than 0 */
    distances: z.array(z.number().positive()).min(1),
    /** of residuals over the distance that is usual where they are: the quantiles 1/200 to 199/200, null where too few rows tell them */
    quantiles: z.array(z.number().nullable()).length(STEPS - 1),
  })
  .refine(({ predicted, distances }) => predicted.length === distances.length);
export type ResidualState = z.output<typeof residualState>;

/**
 * The order statistics that make an interval hold a further value with at least its probability, whatever the distribution: of
 * n values the lower quantile p is number ⌊p(n + 1)⌋, the upper one number ⌈p(n + 1)⌉. They are taken of residuals over the
 * distance that is usual for such a prediction, so that intervals are as wide as it tells (locally weighted split conformal
 * prediction; Lei et al., Distribution-Free Predictive Inference for Regression, 2018, 5.2).
 *
 * @param predictions [rows], of rows that no training has seen
 * @param residuals [rows]: truth − prediction
 */
export function residualsOf(predictions: Float64Array, residuals: Float64Array): ResidualState {
  const usual = distancesOf(predictions, residuals);
  const distance = distanceAt(usual);
  const ascending = residuals.map((residual, row) => residual / distance(predictions[row]!)).sort();
  const quantiles = Array.from({ length: STEPS - 1 }, (_, i) => {
    const place = ((i + 1) * (ascending.length + 1)) / STEPS;
    const value = ascending[(2 * (i + 1) <= STEPS ? Math.floor(place) : Math.ceil(place)) - 1];
    return value === undefined ? null : shortened(value);
  });
  return { ...usual, quantiles };
}

type Distances = Pick<ResidualState, "predicted" | "distances">;

function distancesOf(predictions: Float64Array, residuals: Float64Array): Distances {
  const rows = Array.from(predictions.keys()).sort((a, b) => predictions[a]! - predictions[b]!);
  const groups = Math.min(Math.max(Math.floor(rows.length / ROWS_OF_A_GROUP), 1), MOST_GROUPS);
  const overall = mean(residuals.map(Math.abs));
  const predicted: number[] = [];
  const distances: number[] = [];
  for (let group = 1, start = 0; group <= groups; group++) {
    let end = Math.round((group * rows.length) / groups);
    while (end < rows.length && predictions[rows[end]!] === predictions[rows[end - 1]!]) end++; // like predictions are one group
    if (end <= start) continue;
    const own = rows.slice(start, end);
    predicted.push(mean(own.map((row) => predictions[row]!)));
    // a group that happens to have no error would make any other one infinite
    distances.push(shortened(Math.max(mean(own.map((row) => Math.abs(residuals[row]!))), overall / 20) || 1));
    start = end;
  }
  return { predicted, distances };
}

/** The distance that is usual for a prediction: along the straight lines between groups, as in the outer ones beyond them. */
function distanceAt({ predicted, distances }: Distances): (prediction: number) => number {
  const last = predicted.length - 1;
  return (prediction) => {
    if (!(prediction > predicted[0]!)) return distances[0]!;
    if (prediction >= predicted[last]!) return distances[last]!;
    return interpolate(prediction, predicted, distances);
  };
}

function shortened(value: number): number {
  return Number(value.toPrecision(8));
}

/** For a prediction, the two residuals that so many percent lie between; undefined where too few rows tell them. */
export function residualBounds(
  state: ResidualState,
  percent: number,
): ((prediction: number) => [low: number, high: number]) | undefined {
  const half = STEPS / 2;
  const low = state.quantiles[half - percent - 1] ?? null;
  const high = state.quantiles[half + percent - 1] ?? null;
  if (low === null || high === null) return undefined;
  const distance = distanceAt(state);
  return (prediction) => {
    const usual = distance(prediction);
    return [low * usual, high * usual];
  };
}

/** The largest whole percent that there are bounds for; 0: none. */
export function mostPercent(state: ResidualState): number {
  let percent = 99;
  while (percent > 0 && !residualBounds(state, percent)) percent--;
  return percent;
}
