import { range } from "../data/split.js";
import { withResiduals } from "../transform/predictionIntervals.js";
import { invertTarget, type TargetState } from "../transform/target.js";
import { fitTemperature } from "../transform/temperature.js";
import type { Truth } from "../transform/truth.js";
import type { TrainingOptions } from "./options.js";
import { classFactors } from "./weights.js";

interface HeldOutOptions extends Pick<TrainingOptions, "calibrate" | "classWeights"> {
  readonly weights?: Float64Array | undefined;
  /** [rows]: the number of its group, where rows of a group belong together */
  readonly groupOf?: Int32Array | undefined;
  /** from a model that may have learned from these rows, so that it seems less far off than it is */
  readonly goesOn?: boolean;
}

/**
 * The same target with what rows tell that the network did not learn from: of numbers how far off it is, and of classes, where
 * that is asked for, the temperature that fits the probabilities best to the truth, weighted as in training.
 */
export function heldOutTarget(
  target: TargetState,
  outputs: Float32Array,
  truth: Truth,
  { calibrate, classWeights, weights, groupOf, goesOn = false }: HeldOutOptions,
): TargetState {
  if (target.task === "regression" || truth.task === "regression")
    return goesOn ? target : withResiduals(target, outputs, truth, groupOf);
  if (!calibrate) return target;
  const predictions = invertTarget(target, outputs);
  if (predictions.task === "regression") return target;
  const factors = classFactors(classWeights, target, truth);
  const factorOf = factors?.(range(0, truth.classes.length)) ?? (() => 1);
  const weightOf = (row: number) => factorOf(row) * (weights?.[row] ?? 1);
  if (!truth.classes.some((_, row) => weightOf(row) > 0)) return target; // no temperature is better than another
  return { ...target, temperature: fitTemperature(predictions.probabilities, truth.classes, weightOf) };
}
