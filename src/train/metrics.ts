import { log } from "../engine/scalar.js";
import { none } from "../family.js";
import type { Predictions, TargetState, Truth } from "../transform/target.js";

type Better = "higher" | "lower";

/** A score of predicted numbers against the true ones, in their own units. */
interface RegressionMetric {
  readonly about: string;
  readonly options: typeof none;
  readonly task: "regression";
  readonly better: Better;
  of(truth: Float64Array, predicted: Float64Array): number;
}

/** A score of predicted classes and their probabilities [rows, classes]. */
interface ClassificationMetric {
  readonly about: string;
  readonly options: typeof none;
  readonly task: "classification";
  readonly better: Better;
  of(truth: Int32Array, predicted: Int32Array, probabilities: Float32Array): number;
}

type Metric = RegressionMetric | ClassificationMetric;

/** A float32 probability can't be told from 0 or 1 closer than this; scikit-learn clips at the same. */
const SMALLEST_PROBABILITY = 2 ** -23;

/** The first one of a task stands beside the progress of a training. */
export const metrics = {
  rmse: {
    about: "root of the mean squared error, in the target's units",
    options: none,
    task: "regression",
    better: "lower",
    of: (truth, predicted) => Math.sqrt(mean(truth, (y, row) => (predicted[row]! - y) ** 2)),
  },
  mae: {
    about: "mean absolute error, in the target's units",
    options: none,
    task: "regression",
    better: "lower",
    of: (truth, predicted) => mean(truth, (y, row) => Math.abs(predicted[row]! - y)),
  },
  r2: {
    about: "share of the target's variance that is explained: 1 is perfect, 0 as good as predicting the mean",
    options: none,
    task: "regression",
    better: "higher",
    of: (truth, predicted) => {
      const center = mean(truth, (y) => y);
      const total = mean(truth, (y) => (y - center) ** 2);
      const left = mean(truth, (y, row) => (predicted[row]! - y) ** 2);
      return total > 0 ? 1 - left / total : Number(left === 0);
    },
  },
  accuracy: {
    about: "share of the rows whose class is right",
    options: none,
    task: "classification",
    better: "higher",
    of: (truth, predicted) => mean(truth, (y, row) => Number(predicted[row] === y)),
  },
  logLoss: {
    about: "mean of −log of the probability that was given to the right class",
    options: none,
    task: "classification",
    better: "lower",
    of: (truth, predicted, probabilities) => {
      const classes = probabilities.length / predicted.length;
      return mean(truth, (y, row) => -log(Math.max(probabilities[row * classes + y]!, SMALLEST_PROBABILITY)));
    },
  },
} satisfies Record<string, Metric>;

/** Scores by name, such as `rmse`; of several targets `rmse_<target>`. */
export type Scores = Readonly<Record<string, number>>;

export function scoresOf(target: TargetState, truth: Truth, predictions: Predictions): Scores {
  const scores: [string, number][] = [];
  for (const [name, metric] of Object.entries(metrics)) {
    if (metric.task === "classification") {
      if (truth.task === "regression" || predictions.task === "regression") continue;
      scores.push([name, metric.of(truth.classes, predictions.classes, predictions.probabilities)]);
    } else {
      if (truth.task === "classification" || predictions.task === "classification") continue;
      for (const [t, values] of truth.values.entries()) {
        scores.push([scoreName(target, name, t), metric.of(values, predictions.values[t]!)]);
      }
    }
  }
  return Object.fromEntries(scores);
}

/** The names that `scoresOf` gives, in its order. */
export function scoreNames(target: TargetState): string[] {
  return Object.entries(metrics)
    .filter(([, { task }]) => task === target.task)
    .flatMap(([name]) =>
      target.task === "regression" ? target.targets.map((_, t) => scoreName(target, name, t)) : [name],
    );
}

function scoreName(target: TargetState, metric: string, t: number): string {
  const severalTargets = target.task === "regression" && target.targets.length > 1;
  return severalTargets ? `${metric}_${target.targets[t]!.name}` : metric;
}

function mean(values: Float64Array | Int32Array, of: (value: number, row: number) => number): number {
  let sum = 0;
  for (let row = 0; row < values.length; row++) sum += of(values[row]!, row);
  return sum / values.length;
}
