import { range } from "../data/split.js";
import { estimandOf } from "../transform/estimands.js";
import { withResiduals } from "../transform/predictionIntervals.js";
import { invertTarget, type TargetState } from "../transform/target.js";
import { fitTemperature } from "../transform/temperature.js";
import type { Truth } from "../transform/truth.js";
import type { TrainingOptions } from "./options.js";
import { classFactors } from "./weights.js";

/**
 * The same target with what rows tell that the network did not learn from: of numbers how far off it is, and of classes, where
 * that is asked for, the temperature that fits the probabilities best to the truth, weighted as in training.
 */
export function heldOutTarget(
  target: TargetState,
  outputs: Float32Array,
  truth: Truth,
  {
    calibrate,
    classWeights,
    weights,
  }: Pick<TrainingOptions, "calibrate" | "classWeights"> & { weights?: Float64Array | undefined },
): TargetState {
  if (target.task === "regression" || truth.task === "regression") return withResiduals(target, outputs, truth);
  if (!calibrate) return target;
  const predictions = invertTarget(target, outputs);
  if (predictions.task === "regression") return target;
  const factors = classFactors(classWeights, target, truth);
  const factorOf = factors?.(range(0, truth.classes.length)) ?? (() => 1);
  const weightOf = (row: number) => factorOf(row) * (weights?.[row] ?? 1);
  if (!truth.classes.some((_, row) => weightOf(row) > 0)) return target; // no temperature is better than another
  return { ...target, temperature: fitTemperature(predictions.probabilities, truth.classes, weightOf) };
}

/** Of each target, summed over the rows that a network has learned from, as they count. */
export interface Sums {
  readonly predicted: readonly number[];
  readonly known: readonly number[];
}

/** Whether the means of such a target can be calibrated. */
export function hasCalibratedMeans(target: TargetState, { calibrate }: Pick<TrainingOptions, "calibrate">): boolean {
  return calibrate && target.task === "regression" && estimandOf(target).isPositive === true;
}

export function sumsOf(target: TargetState, outputs: Float32Array, truth: Truth, weights?: ArrayLike<number>): Sums {
  const predictions = invertTarget(target, outputs);
  if (predictions.task === "classification" || truth.task === "classification") throw new Error("classes have no sums");
  const sum = (values: Float64Array) => values.reduce((sum, value, row) => sum + (weights?.[row] ?? 1) * value, 0);
  return { predicted: predictions.values.map(sum), known: truth.values.map(sum) };
}

/**
 * The same target with the factors that make predictions add up to the true values of the rows learned from, as those of a
 * Poisson regression do. Networks don't by themselves, as they are stopped before their loss is at its minimum; and rows
 * held out are too few to tell by how much.
 */
export function balancedTarget(target: TargetState, sums: readonly Sums[]): TargetState {
  if (target.task === "classification" || sums.length === 0) return target;
  const targets = target.targets.map((state, t) => {
    const total = (of: keyof Sums) => sums.reduce((sum, each) => sum + each[of][t]!, 0);
    const factor = total("known") / total("predicted");
    return factor > 0 && Number.isFinite(factor) ? { ...state, factor } : state;
  });
  return { ...target, targets };
}
