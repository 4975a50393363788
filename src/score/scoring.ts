import { estimatedIn } from "../transform/estimands.js";
import { scalingOf } from "../transform/scalers.js";
import type { TargetState } from "../transform/target.js";
import { type Predictions, rowCountOf, type Truth } from "../transform/truth.js";
import { classifiedRows } from "./classifiedRows.js";
import { type Better, type Metric, type MetricName, metrics, metricsOf, type Scorer } from "./metrics.js";

/** Scores by name, such as `rmse`; of several targets `rmse_<target>`. NaN where one is not defined for the rows. */
export type Scores = Readonly<Record<string, number>>;

/** The scores of these predictions: every one, or those by some of the target's metrics. */
export function scoresOf(target: TargetState, truth: Truth, predictions: Predictions, by = metricsOf(target)): Scores {
  const once = new Uint32Array(rowCountOf(truth)).fill(1);
  const scorers = scorersOf(target, truth, predictions, by);
  return Object.fromEntries(scorers.map(([name, score]) => [name, score(once)]));
}

/** The same before it is said how many times each row counts. */
export function scorersOf(
  target: TargetState,
  truth: Truth,
  predictions: Predictions,
  by = metricsOf(target),
): [string, Scorer][] {
  if (truth.task === "classification" && predictions.task === "classification") {
    const { classes, probabilities } = predictions;
    const rows = classifiedRows(truth.classes, classes, probabilities);
    // without probabilities there are no classes either, though something stands in their place
    const isUnknown = lacksProbabilities(probabilities, rows.classes);
    return by.flatMap(([name, metric]): [string, Scorer][] => {
      if (metric.task !== "classification") return [];
      return [[name, isUnknown ? () => Number.NaN : metric.of(rows)]];
    });
  }
  if (truth.task === "classification" || predictions.task === "classification") return [];
  return by.flatMap(([name, metric]) => {
    if (metric.task !== "regression") return [];
    return truth.values.map((values, t): [string, Scorer] => [
      scoreName(target, name, t),
      metric.of(values, predictions.values[t]!, estimatedIn(target)),
    ]);
  });
}

/** Whether a row has none. As they are shares of one sum, it then lacks that of its first class too. */
function lacksProbabilities(probabilities: Float32Array, classes: number): boolean {
  for (let first = 0; first < probabilities.length; first += classes)
    if (Number.isNaN(probabilities[first])) return true;
  return false;
}

/** The names that `scoresOf` gives, in its order, with whether more or less is better. */
export function scoreKinds(target: TargetState): Record<string, Better> {
  const kinds = metricsOf(target).flatMap(([name, { better }]) =>
    scoresOfMetric(target, name).map((name): [string, Better] => [name, better]),
  );
  return Object.fromEntries(kinds);
}

/** The names that `scoresOf` gives, in its order. */
export function scoreNames(target: TargetState, by = metricsOf(target)): string[] {
  return by.flatMap(([name]) => scoresOfMetric(target, name));
}

/** The names of a metric's scores: one for each target. */
export function scoresOfMetric(target: TargetState, name: string): string[] {
  return target.task === "regression" ? target.targets.map((_, t) => scoreName(target, name, t)) : [name];
}

function scoreName(target: TargetState, metric: string, t: number): string {
  const severalTargets = target.task === "regression" && target.targets.length > 1;
  return severalTargets ? `${metric}_${target.targets[t]!.name}` : metric;
}

/**
 * The score that an epoch is judged by, so that less is better. Over several targets it is the mean, for which errors in a
 * target's units are divided by what it is scaled by: another unit of one of them changes nothing.
 */
export function badness(
  name: MetricName | "loss",
  target: TargetState,
  { loss, scores }: { readonly loss: number; readonly scores: Scores },
): number {
  if (name === "loss") return loss;
  const { better, isInUnits = false } = metrics[name] as Metric;
  const values = scoresOfMetric(target, name).map((name) => scores[name]!);
  const units = isInUnits && values.length > 1 ? unitsOf(target) : values.map(() => 1);
  const mean = values.reduce((sum, value, t) => sum + value / units[t]!, 0) / values.length;
  return better === "lower" ? mean : -mean;
}

/** How much of each target one is when it is scaled. */
function unitsOf(target: TargetState): number[] {
  if (target.task === "classification") return [1];
  return target.targets.map(({ scaler }) => {
    const { invert } = scalingOf(scaler);
    return Math.abs(invert(1) - invert(0));
  });
}
