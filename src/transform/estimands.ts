import * as z from "zod";
import type { Task } from "../data/table.js";
import { mean } from "./moments.js";
import { Sample } from "./sample.js";

/**
 * What a loss estimates of the numbers that are possible for a row: the functional of their distribution that it elicits
 * (Gneiting, Making and Evaluating Point Forecasts, 2011).
 */
export interface Estimand {
  readonly name: EstimandName;
  /** in words, after "the" */
  readonly text: string;
  /** of values that differ by nothing that is known: the constant that predicts them best */
  center(values: Float64Array): number;
  readonly linear: {
    /** the linear model that estimates it, in words */
    readonly rule: string;
    /** that this is one of means, shifted by the center of what it leaves */
    readonly isShifted?: true;
  };
  /** Scores that are not of this estimand alone are best for it too. */
  readonly isMean: boolean;
}

export const estimands = {
  mean: (): Estimand => ({
    name: "mean",
    text: "mean",
    center: mean,
    linear: { rule: "ridge regression" },
    isMean: true,
  }),

  quantile: (q: number): Estimand => ({
    name: "quantile",
    text: `${q} quantile`,
    center: (values) => new Sample(values).quantile(q),
    linear: { rule: "ridge regression, shifted to the quantile", isShifted: true },
    isMean: false,
  }),
};
export type EstimandName = keyof typeof estimands;

/** What is estimated, as a model's target has it. */
export const estimatedState = {
  /** the quantile that is predicted; none: the mean, or near it */
  quantile: z.number().gt(0).lt(1).optional(),
};
export type EstimatedState = Readonly<z.output<z.ZodObject<typeof estimatedState>>>;

/** A target, as far as it says what of it is estimated. */
export interface Estimated extends EstimatedState {
  readonly task: Task;
}

export function estimandOf({ quantile }: Estimated): Estimand {
  return quantile === undefined ? estimands.mean() : estimands.quantile(quantile);
}

/** What is left out where it is not defined says that it is the mean. */
export function estimatedIn({ quantile }: Estimated): EstimatedState {
  return { quantile };
}
