import * as z from "zod";
import { countCodes, largestOf } from "../data/arrays.js";
import { estimandOf } from "../transform/estimands.js";
import type { InputColumn } from "../transform/inputColumns.js";
import type { TargetState } from "../transform/target.js";
import type { Predictions, Truth } from "../transform/truth.js";
import { type KnownRows, learnLinear, linearFits, linearState, predictLinear } from "./linear.js";
import { metricsOf } from "./metrics.js";
import { savedScores } from "./saved.js";
import { type Scores, scoresOf } from "./scoring.js";

/** What else was learned and found out in training, for any task. */
const alongside = {
  linear: z.union([linearState, z.strictObject({ leftOut: z.string() })]),
  /** on the rows that the network was judged by, once it was */
  scores: z.strictObject({ baseline: savedScores, linear: savedScores.optional() }).optional(),
};

/** What a rule that looks at no input has learned from the training rows, and beside it a linear model. */
export const baselineState = z.discriminatedUnion("task", [
  z.strictObject({
    task: z.literal("regression"),
    /** of each target the mean of the training rows, or the quantile that is predicted */
    centers: z.array(z.number()).min(1),
    ...alongside,
  }),
  z.strictObject({
    task: z.literal("classification"),
    /** of the training rows, by class */
    shares: z.array(z.number().min(0).max(1)).min(2),
    ...alongside,
  }),
]);
export type BaselineState = z.output<typeof baselineState>;

/** A baseline and how it does on some rows. */
export interface Baseline {
  /** in words */
  readonly rule: string;
  readonly scores: Scores;
}

/** What a network is compared with. */
export interface Baselines {
  readonly baseline: Baseline;
  /** or why there is none */
  readonly linear: Baseline | { readonly leftOut: string };
}

/** The centers of the training rows, or how often each class is theirs; and a linear model of them. */
export function learnBaselines(target: TargetState, training: KnownRows): BaselineState {
  const learned = learnLinear(target, training);
  const linear = typeof learned === "string" ? { leftOut: learned } : learned;
  const { truth } = training;
  if (truth.task === "regression") {
    return { task: "regression", centers: truth.values.map(estimandOf(target).center), linear };
  }
  const { classes } = truth;
  const count = target.task === "classification" ? target.classes.length : 0;
  const shares = countCodes(classes, count).map((rows) => rows / classes.length);
  return { task: "classification", shares, linear };
}

/** Whether they are of this target, and of a network with these columns. */
export function baselinesFit(state: BaselineState, target: TargetState, columns: readonly InputColumn[]): boolean {
  const { linear } = state;
  if ("coefficients" in linear && !linearFits(linear, target, columns)) return false;
  if (state.task === "regression")
    return target.task === "regression" && state.centers.length === target.targets.length;
  return target.task === "classification" && state.shares.length === target.classes.length;
}

/** What each predicts of some rows. */
export interface BaselinePredictions {
  readonly baseline: Predictions;
  readonly linear?: Predictions;
}

export function predictBaselines(target: TargetState, state: BaselineState, rows: KnownRows): BaselinePredictions {
  const { linear } = state;
  const baseline = predictionsOf(target, state, rows.truth);
  return "coefficients" in linear ? { baseline, linear: predictLinear(linear, target, rows) } : { baseline };
}

export function scoreBaselines(target: TargetState, state: BaselineState, rows: KnownRows): Baselines {
  return scorePredictions(target, state, rows.truth, predictBaselines(target, state, rows));
}

export function scorePredictions(
  target: TargetState,
  state: BaselineState,
  truth: Truth,
  predictions: BaselinePredictions,
  rule = ruleOf(target, state),
): Baselines {
  const { linear } = state;
  const scores = scoresOfConstant(target, truth, predictions.baseline);
  const baseline = { rule, scores };
  if ("leftOut" in linear) return { baseline, linear };
  if (!predictions.linear) return { baseline, linear: { leftOut: "none could be fitted for some of the networks" } };
  return { baseline, linear: { rule: linearRule(target), scores: scoresOf(target, truth, predictions.linear) } };
}

/** As a rule has them that looks at no input: members of an ensemble may have different constants, which rank nothing. */
function scoresOfConstant(target: TargetState, truth: Truth, predictions: Predictions): Scores {
  if (predictions.task === "regression") return scoresOf(target, truth, predictions);
  const alike = { ...predictions, probabilities: new Float32Array(predictions.probabilities.length).fill(1) };
  const by = (isOfRanking: boolean) => metricsOf(target).filter(([, of]) => (of.isOfRanking ?? false) === isOfRanking);
  return { ...scoresOf(target, truth, predictions, by(false)), ...scoresOf(target, truth, alike, by(true)) };
}

/** The state with the scores on the rows that the network was judged by. */
export function withScores(state: BaselineState, { baseline, linear }: Baselines): BaselineState {
  const ofLinear = "scores" in linear ? { linear: linear.scores } : {};
  return { ...state, scores: { baseline: baseline.scores, ...ofLinear } };
}

export function linearRule(target: TargetState): string {
  return target.task === "classification" ? "logistic regression" : estimandOf(target).linear.rule;
}

export function ruleOf(target: TargetState, state: BaselineState): string {
  if (target.task === "classification" && state.task === "classification") {
    return `always "${target.classes[constantClass(target, state.shares)]}"`;
  }
  const isSingle = state.task === "regression" && state.centers.length === 1;
  return `always the ${estimandOf(target).text}${isSingle ? "" : "s"} of the training rows`;
}

/** Of several networks that each have a rule from their own training rows. */
export function ruleOfEach(target: TargetState, states: readonly BaselineState[]): string {
  const constants = states.map((state) =>
    String(state.task === "regression" ? state.centers : constantClass(target, state.shares)),
  );
  const rule = ruleOf(target, states[0]!); // there is one at least
  if (new Set(constants).size === 1) return rule;
  if (target.task === "classification") return `always the most frequent class of ${OF_EACH}`;
  return rule.replace("the training rows", OF_EACH);
}

const OF_EACH = "each network's training rows";

/** Of each row the same: the centers; or as probabilities the shares of the classes, and the class that they give. */
function predictionsOf(target: TargetState, state: BaselineState, truth: Truth): Predictions {
  if (state.task === "regression") {
    const rows = truth.task === "regression" ? truth.values[0]!.length : 0;
    return { task: "regression", values: state.centers.map((value) => new Float64Array(rows).fill(value)) };
  }
  const rows = truth.task === "classification" ? truth.classes.length : 0;
  const width = state.shares.length;
  const probabilities = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) probabilities.set(state.shares, row * width);
  const classes = new Int32Array(rows).fill(constantClass(target, state.shares));
  return { task: "classification", classes, probabilities };
}

/** The most frequent one, of equally frequent ones the first; or by the target's threshold, as the network's are. */
function constantClass(target: TargetState, shares: readonly number[]): number {
  if (target.task === "classification" && target.threshold !== undefined) return Number(shares[1]! >= target.threshold); // it has two
  return shares.indexOf(largestOf(shares));
}
