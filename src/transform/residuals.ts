import * as z from "zod";

/** Quantiles are kept in steps of half a percent, so that each whole percent of an interval has its two. */
const STEPS = 200;

/**
 * Of how far the truth was from what was predicted, in rows that were held out: the quantiles 1/200 to 199/200, ascending. Null where too few rows tell them.
 */
export const residualState = z.array(z.number().nullable()).length(STEPS - 1);
export type ResidualState = z.output<typeof residualState>;

/**
 * The order statistics that make an interval hold a further value with at least its probability, whatever the distribution: of
 * n values the lower quantile p is number ⌊p(n + 1)⌋, the upper one number ⌈p(n + 1)⌉ (split conformal prediction; Lei et al.,
 * Distribution-Free Predictive Inference for Regression, 2018).
 */
export function residualsOf(values: Float64Array): ResidualState {
  const ascending = values.slice().sort();
  return Array.from({ length: STEPS - 1 }, (_, i) => {
    const place = ((i + 1) * (ascending.length + 1)) / STEPS;
    const value = ascending[(2 * (i + 1) <= STEPS ? Math.floor(place) : Math.ceil(place)) - 1];
    return value === undefined ? null : Number(value.toPrecision(8));
  });
}

/** The two that so many percent lie between; undefined where too few rows tell them. */
export function residualBounds(state: ResidualState, percent: number): readonly [number, number] | undefined {
  const half = STEPS / 2;
  const low = state[half - percent - 1] ?? null;
  const high = state[half + percent - 1] ?? null;
  return low === null || high === null ? undefined : [low, high];
}

/** The largest whole percent that there are bounds for; 0: none. */
export function mostPercent(state: ResidualState): number {
  let percent = 99;
  while (percent > 0 && !residualBounds(state, percent)) percent--;
  return percent;
}
