import { exp, log, log1p } from "../engine/scalar.js";
import type { GeneralizedLinear } from "../transform/estimands.js";
import { mean } from "../transform/moments.js";
import { approximateSolver, solver } from "./curvature.js";
import { addRow, type Design, dotRow, totalWeight, weightsOf } from "./design.js";
import { minimize, type Objective } from "./lbfgs.js";
import { dot } from "./vectors.js";

/** Of each output a weight for each of a design's columns less its mean, and an intercept. */
export interface Coefficients {
  /** [outputs, width] */
  readonly weights: Float64Array;
  readonly intercepts: Float64Array;
}

/**
 * Ridge regression: minimizes Σ weight·(y − w·x − b)² + α·|w|² for each target, by the normal equations
 * (XᵀWX + αI)·w = XᵀWy.
 * y: of each target the values of the design's rows
 */
export function ridge(design: Design, y: readonly Float64Array[], alpha: number): Coefficients {
  const { rows, width, starts, columns, values, means } = design;
  const weightOf = weightsOf(design);
  const solve = solver(design, alpha);
  const weights = new Float64Array(width * y.length);
  const intercepts = new Float64Array(y.length);
  for (const [t, target] of y.entries()) {
    const center = mean(design.weights ? target.map((value, r) => weightOf(r) * value) : target);
    const largest = target.reduce((most, value) => Math.max(most, Math.abs(value - center)), 0) || 1;
    const w = new Float64Array(width);
    let total = 0;
    for (let r = 0; r < rows; r++) {
      // over the largest, so that very large targets don't leave the range of doubles
      const value = (weightOf(r) * (target[r]! - center)) / largest;
      total += value;
      for (let e = starts[r]!; e < starts[r + 1]!; e++) w[columns[e]!]! += value * values[e]!;
    }
    for (let j = 0; j < width; j++) w[j]! -= total * means[j]!;
    solve(w);
    for (let j = 0; j < width; j++) weights[t * width + j] = w[j]! * largest;
    intercepts[t] = center;
  }
  return { weights, intercepts };
}

/** How long a regression may take, and what it is solved by; most tables need less. */
export interface Effort {
  /** how often the curvature is worked out anew, where it depends on the weights: as often as XᵀWX is */
  readonly rounds: number;
  /** of loss and gradient, in each round */
  readonly evaluations: number;
  /** The steps are Newton's, also where the curvature is solved in steps of its own. */
  readonly isExact: boolean;
}
export const effortOfLogistic: Effort = { rounds: 1, evaluations: 50, isExact: false };
export const effortOfGeneralized: Effort = { rounds: 10, evaluations: 10, isExact: true };

/** It is done when a step promises to better the mean loss by less: of probabilities, */
const ENOUGH = 1e-9;
/** and of means, as a share of the curvature at their center. */
const ENOUGH_OF_MEANS = 1e-12;

/**
 * Logistic regression: minimizes the weighted sum of the cross-entropies + |w|²/2, which is scikit-learn's default; with
 * one output for two classes, with more an output a class (multinomial).
 *
 * The curvature of softmax is at most ½·XᵀWX for each class, that of the sigmoid ¼·XᵀWX (Böhning, Multinomial logistic
 * regression algorithm, 1992): that is the preconditioner.
 */
export function logistic(design: Design, classes: Int32Array, outputs: number): Coefficients {
  const curvature = outputs === 1 ? 1 / 4 : 1 / 2;
  const { coefficients } = penalized(design, effortOfLogistic, {
    start: logShares(classes, outputs, weightsOf(design)),
    enough: ENOUGH,
    at: (z, row, slopes) => crossEntropy(z, classes[row]!, slopes),
    curvature: () => curvature,
  });
  return coefficients; // if it was not done, as good as: most of the gain comes first
}

/**
 * A generalized linear model of each target: minimizes the weighted sum of the losses + |w|²/2, which of the Poisson
 * distribution is scikit-learn's PoissonRegressor with α = 1/rows; undefined where it does not get there. The
 * preconditioner is the curvature, worked out anew in each round, which makes the first step of a round Newton's.
 * y: of each target the values of the design's rows
 */
export function generalized(
  design: Design,
  y: readonly Float64Array[],
  of: GeneralizedLinear,
): Coefficients | undefined {
  const weightOf = weightsOf(design);
  const weights = new Float64Array(design.width * y.length);
  const intercepts = new Float64Array(y.length);
  for (const [t, target] of y.entries()) {
    const center = mean(target.map((value, r) => weightOf(r) * value)) || 1 / design.rows; // of 0 there is no logarithm
    const { isDone, coefficients } = penalized(design, effortOfGeneralized, {
      start: Float64Array.of(of.link(center)),
      enough: ENOUGH_OF_MEANS * of.curvature(center),
      at: (z, row, slopes) => {
        const mu = of.inverseLink(z[0]!);
        slopes[0] = of.slope(target[row]!, mu);
        return of.loss(target[row]!, mu, z[0]!);
      },
      curvature: (z) => of.curvature(of.inverseLink(z)),
    });
    if (!isDone) return undefined;
    weights.set(coefficients.weights, t * design.width);
    intercepts.set(coefficients.intercepts, t);
  }
  return { weights, intercepts };
}

/** The loss of a row's outputs z = w·x + b. */
interface RowLoss {
  /** the intercepts to begin with, one for each output */
  readonly start: Float64Array;
  /** It is done when a step promises to better the mean loss by less. */
  readonly enough: number;
  /** its value; writes its slopes by z */
  at(z: Float64Array, row: number, slopes: Float64Array): number;
  /** ∂²/∂z² of an output, about or at most; of a single output by its z */
  curvature(z: number): number;
}

/** Minimizes the weighted sum of the rows' losses + |w|²/2. */
function penalized(
  design: Design,
  { rounds, evaluations, isExact }: Effort,
  { start, enough, at: lossAt, curvature }: RowLoss,
): { coefficients: Coefficients; isDone: boolean } {
  const { rows, width, means } = design;
  const outputs = start.length;
  const weightOf = weightsOf(design);
  const size = width * outputs;
  const z = new Float64Array(outputs);
  const slopes = new Float64Array(outputs);
  const totals = new Float64Array(outputs);
  const offsets = new Float64Array(outputs);
  /** x: the weights [outputs, width], then the intercepts */
  function at(x: Float64Array, gradient: Float64Array): number {
    let loss = 0;
    for (let k = 0; k < outputs; k++) {
      offsets[k] = x[size + k]!;
      for (let j = 0; j < width; j++) offsets[k]! -= means[j]! * x[k * width + j]!;
    }
    for (let i = 0; i < size; i++) {
      loss += (x[i]! * x[i]!) / 2;
      gradient[i] = x[i]!;
    }
    totals.fill(0);
    for (let r = 0; r < rows; r++) {
      for (let k = 0; k < outputs; k++) z[k] = offsets[k]! + dotRow(design, r, x, k * width);
      const weight = weightOf(r);
      loss += weight * lossAt(z, r, slopes);
      for (let k = 0; k < outputs; k++) {
        const slope = weight * slopes[k]!;
        totals[k]! += slope;
        addRow(design, r, slope, gradient, k * width);
      }
    }
    for (let k = 0; k < outputs; k++) {
      for (let j = 0; j < width; j++) gradient[k * width + j]! -= means[j]! * totals[k]!;
      gradient[size + k] = totals[k]!;
    }
    return loss;
  }

  const x = new Float64Array(size + outputs);
  x.set(start, size);
  let isDone = false;
  for (let round = 1; round <= rounds && !isDone; round++) {
    const shift = dot(means, x);
    const curvatures = Float64Array.from({ length: rows }, (_, r) => {
      return weightOf(r) * curvature(x[size]! + dotRow(design, r, x, 0) - shift);
    });
    isDone = minimize({ at, precondition: preconditioner(design, curvatures, isExact) }, x, evaluations, enough * rows);
  }
  return { coefficients: { weights: x.subarray(0, size), intercepts: x.subarray(size) }, isDone };
}

/**
 * Solves H·d = g for the weights and the intercept of each output, H the curvature of Σ loss + |w|²/2 where that of the
 * rows' losses by z is known. Around the means by these curvatures, weights and intercept are independent of each other.
 */
function preconditioner(design: Design, curvatures: Float64Array, isExact: boolean): Objective["precondition"] {
  const { rows, width, means, starts, columns, values } = design;
  const total = totalWeight({ rows, weights: curvatures });
  const centers = new Float64Array(width);
  for (let r = 0; r < rows; r++)
    for (let e = starts[r]!; e < starts[r + 1]!; e++) centers[columns[e]!]! += (curvatures[r]! / total) * values[e]!;
  const solve = (isExact ? solver : approximateSolver)({ ...design, weights: curvatures, means: centers }, 1);
  const moved = centers.map((center, j) => center - means[j]!);
  return (g) => {
    const outputs = g.length / (width + 1);
    for (let k = 0; k < outputs; k++) {
      const d = g.subarray(k * width, (k + 1) * width);
      const intercept = width * outputs + k;
      for (let j = 0; j < width; j++) d[j]! -= moved[j]! * g[intercept]!;
      solve(d);
      g[intercept] = g[intercept]! / total - dot(moved, d);
    }
  };
}

/** Where the intercepts begin: logits that give each class its share, and one that no row has a small one. */
function logShares(classes: Int32Array, outputs: number, weightOf: (row: number) => number): Float64Array {
  const counts = new Float64Array(Math.max(outputs, 2)).fill(1);
  for (const [row, c] of classes.entries()) counts[c]! += weightOf(row);
  if (outputs === 1) return Float64Array.of(log(counts[1]! / counts[0]!));
  return counts.map((count) => log(count / (classes.length + outputs)));
}

/** −log of the probability of the class; writes its gradient by the logits, p − y. */
function crossEntropy(logits: Float64Array, y: number, residuals: Float64Array): number {
  const normalizer = inverseLink(logits, residuals);
  if (logits.length === 1) {
    residuals[0]! -= y;
    return normalizer - y * logits[0]!;
  }
  residuals[y]! -= 1;
  return normalizer - logits[y]!;
}

/**
 * Writes the probabilities that logits z stand for: softmax, or of a single one the sigmoid. Returns the logarithm of
 * what they are normalized by, log Σ exp(z) or log(1 + exp(z)).
 */
export function inverseLink(logits: Float64Array, p: Float64Array): number {
  if (logits.length === 1) {
    const z = logits[0]!;
    const small = exp(-Math.abs(z));
    p[0] = (z >= 0 ? 1 : small) / (1 + small);
    return Math.max(z, 0) + log1p(small);
  }
  let largest = logits[0]!;
  for (let k = 1; k < logits.length; k++) largest = Math.max(largest, logits[k]!);
  let sum = 0;
  for (let k = 0; k < logits.length; k++) {
    p[k] = exp(logits[k]! - largest);
    sum += p[k]!;
  }
  for (let k = 0; k < logits.length; k++) p[k]! /= sum;
  return largest + log(sum);
}
