import * as z from "zod";
import type { Task } from "../data/table.js";
import { exp, log } from "../engine/scalar.js";
import { mean } from "./moments.js";
import { Sample } from "./sample.js";
import type { ScalerName } from "./scalers.js";

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
  /** The linear model that estimates it, in words, and how its w·x + b is fitted. */
  readonly linear: { readonly rule: string } & (
    | { readonly fit: "leastSquares" }
    /** and shifted by the center of what that leaves */
    | { readonly fit: "shifted" }
    | ({ readonly fit: "generalized" } & GeneralizedLinear)
  );
  /** Scores that are not of this estimand alone are best for it too. */
  readonly isMean: boolean;
  /** how a target is scaled where a config does not say */
  readonly scaler: ScalerName;
  /**
   * It is above 0, and the network puts out its logarithm: no target is negative, each is divided by its size and nothing
   * more, and all digits of a prediction count, however small it is.
   */
  readonly isPositive?: true;
  /** How widely true values lie around an estimate, scaled as the network puts it out: up to a factor that is the same for all. */
  spread(estimate: number): number;
}

/** A generalized linear model (Nelder and Wedderburn, 1972): a mean μ is estimated by z = w·x + b = link(μ). */
export interface GeneralizedLinear {
  link(mu: number): number;
  inverseLink(z: number): number;
  /** of a true y: −log of its likelihood, but for what does not depend on μ */
  loss(y: number, mu: number, z: number): number;
  /** ∂ loss / ∂z */
  slope(y: number, mu: number): number;
  /** ∂² loss / ∂z² where y is as expected */
  curvature(mu: number): number;
}

function alike(): number {
  return 1;
}

export const estimands = {
  mean: (): Estimand => ({
    name: "mean",
    text: "mean",
    center: mean,
    linear: { rule: "ridge regression", fit: "leastSquares" },
    isMean: true,
    scaler: "standard",
    spread: alike,
  }),

  quantile: (q: number): Estimand => ({
    name: "quantile",
    text: q === 0.5 ? "median" : `${q} quantile`,
    center: (values) => new Sample(values).quantile(q),
    linear: { rule: `ridge regression, shifted to the ${q === 0.5 ? "median" : "quantile"}`, fit: "shifted" },
    isMean: false,
    scaler: "standard",
    spread: alike,
  }),

  /** the mean μ of counts: P(y) = μʸ·e^−μ / y! */
  poisson: (): Estimand => ({
    name: "poisson",
    text: "mean",
    center: mean,
    linear: {
      rule: "Poisson regression",
      fit: "generalized",
      link: log,
      inverseLink: exp,
      loss: (y, mu, z) => mu - y * z,
      slope: (y, mu) => mu - y,
      curvature: (mu) => mu,
    },
    isMean: true,
    scaler: "rms",
    isPositive: true,
    spread: Math.sqrt, // the variance is the mean
  }),
};
export type EstimandName = keyof typeof estimands;

/** What is estimated, as a model's target has it: with none of these the mean, or near it. */
export const estimatedState = {
  /** the quantile that is predicted */
  quantile: z.number().gt(0).lt(1).optional(),
  /** what numbers are distributed by, whose mean is predicted */
  distribution: z.literal("poisson").optional(),
};
export type EstimatedState = Readonly<z.output<z.ZodObject<typeof estimatedState>>>;

/** A target, as far as it says what of it is estimated. */
export interface Estimated extends EstimatedState {
  readonly task: Task;
}

export function estimandOf({ quantile, distribution }: Estimated): Estimand {
  if (quantile !== undefined) return estimands.quantile(quantile);
  return estimands[distribution ?? "mean"]();
}

/** Undefined where it has none, so that JSON leaves it out. */
export function estimatedIn({ quantile, distribution }: Estimated): EstimatedState {
  return { quantile, distribution };
}
