import { z } from "zod";
import { type Predictions, type TargetState, type Truth, targetNames } from "../transform/target.js";
import { type Scores, scoreKinds, scoresOf } from "./metrics.js";
import { tally } from "./tally.js";

/** What a rule that looks at no input has learned from the training rows. */
export const baselineState = z.discriminatedUnion("task", [
  z.strictObject({ task: z.literal("regression"), means: z.array(z.number()).min(1) }),
  /** of the training rows, by class */
  z.strictObject({ task: z.literal("classification"), shares: z.array(z.number().min(0).max(1)).min(2) }),
]);
export type BaselineState = z.output<typeof baselineState>;

/** A baseline and how it does on some rows. */
export interface Baseline {
  /** in words */
  readonly rule: string;
  readonly scores: Scores;
}

/** The means of the training rows, or how often each class is theirs. */
export function learnBaseline(target: TargetState, training: Truth): BaselineState {
  if (training.task === "regression") return { task: "regression", means: training.values.map(mean) };
  const { classes } = training;
  const count = target.task === "classification" ? target.classes.length : 0;
  const once = new Uint32Array(classes.length).fill(1);
  return {
    task: "classification",
    shares: tally(classes, classes, count, once).map(({ truth }) => truth / classes.length),
  };
}

export function baselineFits(baseline: BaselineState, target: TargetState): boolean {
  if (baseline.task === "regression")
    return target.task === "regression" && baseline.means.length === target.targets.length;
  return target.task === "classification" && baseline.shares.length === target.classes.length;
}

export function scoreBaseline(target: TargetState, state: BaselineState, truth: Truth): Baseline {
  return { rule: ruleOf(target, state), scores: scoresOf(target, truth, predictionsOf(state, truth)) };
}

/** The scores by a task's first metric in which a network is no better than the baseline. */
export function notBetter(target: TargetState, network: Scores, baseline: Scores): string[] {
  const kinds = scoreKinds(target);
  return firstScores(target).filter((name) =>
    kinds[name] === "higher" ? !(network[name]! > baseline[name]!) : !(network[name]! < baseline[name]!),
  );
}

/** The names of a task's first metric: one for each target. */
export function firstScores(target: TargetState): string[] {
  return Object.keys(scoreKinds(target)).slice(0, targetNames(target).length);
}

function ruleOf(target: TargetState, state: BaselineState): string {
  if (target.task === "classification" && state.task === "classification") {
    return `always "${target.classes[mostFrequent(state.shares)]}"`;
  }
  return state.task === "regression" && state.means.length === 1
    ? "always the mean of the training rows"
    : "always the means of the training rows";
}

/** Of each row the same: the means; or the most frequent class, and as probabilities the shares. */
function predictionsOf(state: BaselineState, truth: Truth): Predictions {
  if (state.task === "regression") {
    const rows = truth.task === "regression" ? truth.values[0]!.length : 0;
    return { task: "regression", values: state.means.map((value) => new Float64Array(rows).fill(value)) };
  }
  const rows = truth.task === "classification" ? truth.classes.length : 0;
  const width = state.shares.length;
  const probabilities = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) probabilities.set(state.shares, row * width);
  const classes = new Int32Array(rows).fill(mostFrequent(state.shares));
  return { task: "classification", classes, probabilities };
}

/** Of equally frequent ones the first. */
function mostFrequent(shares: readonly number[]): number {
  return shares.indexOf(Math.max(...shares));
}

/** By parts of the whole, so that the sum of very large values doesn't leave the range of doubles. */
function mean(values: Float64Array): number {
  const first = values[0]!; // taken off first, so that values far from zero keep their digits
  return values.reduce((sum, value) => sum + (value / values.length - first / values.length), first);
}
