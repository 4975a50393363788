import { log } from "../engine/scalar.js";
import { NnfitError } from "../errors.js";
import { type EstimandName, type Estimated, type EstimatedState, estimandOf } from "../transform/estimands.js";
import type { ClassifiedRows } from "./classifiedRows.js";
import { areaUnderCurve, averagePrecision, middle } from "./ranking.js";
import { rowsCounted, sharesByClass, tally } from "./tally.js";

export type Better = "higher" | "lower";

/** How many times each row counts: once, or in a resample as often as it was drawn. */
export type Times = Uint32Array;

/** A score of the rows, each counted so many times; NaN where it is not defined. What doesn't depend on it is done before. */
export type Scorer = (times: Times) => number;

/** Where a metric first appears: in the line of an epoch, in its record in history.csv, or at the end as it costs more. */
const occasions = ["line", "history", "end"] as const;
export type Occasion = (typeof occasions)[number];

interface Described {
  readonly about: string;
  readonly better: Better;
  readonly from: Occasion;
  /** A proper scoring rule: nothing does better than the true mean or probabilities. It compares any two networks. */
  readonly isProper?: true;
  /** a share of the rows, each of which is right or wrong */
  readonly isShare?: true;
  /** an error in the target's units */
  readonly isInUnits?: true;
  /** of classes by themselves, so that a rare one counts as much as a common one; the first such is what class weights are after */
  readonly isByClass?: true;
  /** a rare class hardly counts in it */
  readonly hidesRareClasses?: true;
  /** It depends on the order of the rows' probabilities alone. */
  readonly isOfRanking?: true;
  /** It is for predictions of this estimand alone, and comes first for them. */
  readonly estimand?: EstimandName;
  /** It comes first for predictions of this quantile. */
  readonly quantile?: number;
}

/** A score of predicted numbers against the true ones, in their own units. */
interface RegressionMetric extends Described {
  readonly task: "regression";
  of(truth: Float64Array, predicted: Float64Array, estimated: EstimatedState): Scorer;
}

/** A score of predicted classes and their probabilities. */
interface ClassificationMetric extends Described {
  readonly task: "classification";
  of(rows: ClassifiedRows): Scorer;
}

export type Metric = RegressionMetric | ClassificationMetric;
export type NamedMetric = readonly [name: MetricName, metric: Metric];

/** A float32 probability can't be told from 0 or 1 closer than this; scikit-learn clips at the same. */
const SMALLEST_PROBABILITY = 2 ** -23;

/** Of two sums over the same rows that should be equal. */
const ROUNDING = 1e-12;

/** A mean that became 0 in too few digits; the largest target over it is still a double. */
const SMALLEST_MEAN = 1e-150;

/** Whether a score, of one target or of several, is a share of the rows. */
export function isShare(name: string): boolean {
  return Object.hasOwn(metrics, name) && (metrics as Record<string, Metric>)[name]!.isShare === true; // looked up by its name
}

export const metrics = {
  rmse: {
    about: "root mean squared error, in the target's units",
    task: "regression",
    better: "lower",
    from: "line",
    isProper: true,
    isInUnits: true,
    of: (truth, predicted) => (times) => Math.sqrt(mean(times, (row) => (predicted[row]! - truth[row]!) ** 2)),
  },
  mae: {
    about: "mean absolute error, in the target's units: least for a median",
    task: "regression",
    better: "lower",
    from: "line",
    isInUnits: true,
    quantile: 0.5,
    of: (truth, predicted) => (times) => mean(times, (row) => Math.abs(predicted[row]! - truth[row]!)),
  },
  r2: {
    about: "share of the target's variance that is explained: 1 is perfect, 0 is as good as predicting the mean",
    task: "regression",
    better: "higher",
    from: "history",
    of: (truth, predicted) => (times) => {
      if (rowsCounted(times) < 2) return Number.NaN; // one row has no variance
      const first = truth[times.findIndex((count) => count > 0)]!;
      const center = first + mean(times, (row) => truth[row]! - first); // which is exact where the truth never changes
      const total = mean(times, (row) => (truth[row]! - center) ** 2);
      const left = mean(times, (row) => (predicted[row]! - truth[row]!) ** 2);
      if (total === 0) return Number.isNaN(left) ? left : Number(left === 0);
      const explained = 1 - left / total;
      return Math.abs(explained) < ROUNDING ? 0 : explained;
    },
  },
  medianAbsoluteError: {
    about: "median absolute error, in the target's units: not affected by a few large errors",
    task: "regression",
    better: "lower",
    from: "end",
    isInUnits: true,
    of: (truth, predicted) => middle(truth.map((y, row) => Math.abs(predicted[row]! - y))),
  },
  mape: {
    about:
      "mean of |error| / |true value|, as a share: 0.1 means off by a tenth on average; not defined if a true value is 0",
    task: "regression",
    better: "lower",
    from: "end",
    of: (truth, predicted) => (times) =>
      mean(times, (row) => {
        const y = truth[row]!;
        if (y === 0) return Number.NaN; // of which nothing is a share
        return Math.abs(predicted[row]! - y) / Math.abs(y); // scikit-learn divides by 2^-52 at least
      }),
  },
  pinball: {
    about:
      "pinball loss, in the target's units, for models with the loss quantile or mae: the mean error, weighted 1 − q where the prediction is too high and q where it is too low",
    task: "regression",
    better: "lower",
    from: "line",
    isProper: true,
    isInUnits: true,
    estimand: "quantile",
    of: (truth, predicted, { quantile }) => {
      const q = quantile ?? Number.NaN; // there is one
      return (times) =>
        mean(times, (row) => {
          const e = predicted[row]! - truth[row]!;
          return Math.max((1 - q) * e, -q * e);
        });
    },
  },
  poissonDeviance: {
    about:
      "mean deviance of the Poisson distribution, in the target's units, for models with the loss poisson: 2·(y·log(y/μ) − y + μ), y true and μ predicted",
    task: "regression",
    better: "lower",
    from: "line",
    isProper: true,
    isInUnits: true,
    estimand: "poisson",
    of: (truth, predicted) => {
      const deviances = truth.map((y, row) => {
        const mu = Math.max(predicted[row]!, SMALLEST_MEAN);
        return 2 * ((y > 0 ? y * log(y / mu) : 0) - y + mu);
      });
      return (times) => mean(times, (row) => deviances[row]!);
    },
  },
  accuracy: {
    about: "share of the rows whose class is predicted correctly",
    task: "classification",
    better: "higher",
    from: "line",
    isShare: true,
    hidesRareClasses: true,
    of:
      ({ truth, predicted }) =>
      (times) =>
        mean(times, (row) => Number(predicted[row] === truth[row])),
  },
  logLoss: {
    about: "mean of −log of the predicted probability of the true class",
    task: "classification",
    better: "lower",
    from: "line",
    isProper: true,
    of: ({ truth, probabilities, classes }) => {
      const losses = Float64Array.from(
        truth,
        (y, row) => -log(Math.max(probabilities[row * classes + y]!, SMALLEST_PROBABILITY)),
      );
      return (times) => mean(times, (row) => losses[row]!);
    },
  },
  error: {
    about: "share of the rows whose class is predicted incorrectly: 1 − accuracy",
    task: "classification",
    better: "lower",
    from: "end",
    isShare: true,
    hidesRareClasses: true,
    of:
      ({ truth, predicted }) =>
      (times) =>
        mean(times, (row) => Number(predicted[row] !== truth[row])),
  },
  balancedAccuracy: {
    about: "mean recall over the classes that occur: rare classes count as much as common ones",
    task: "classification",
    better: "higher",
    from: "end",
    isByClass: true,
    of:
      ({ truth, predicted, classes }) =>
      (times) =>
        sharesByClass(tally(truth, predicted, classes, times), ({ right, truth }) => right / truth),
  },
  f1: {
    about:
      "harmonic mean of precision and recall: with two classes, of the positive one (data.positive); with more, the mean over the classes that occur",
    task: "classification",
    better: "higher",
    from: "end",
    isByClass: true,
    of:
      ({ truth, predicted, classes }) =>
      (times) => {
        const all = tally(truth, predicted, classes, times);
        return sharesByClass(classes === 2 ? [all[1]!] : all, (of) => (2 * of.right) / (of.truth + of.predicted));
      },
  },
  rocAuc: {
    about:
      "area under the ROC curve, the chance that a row of the class gets a higher probability for it than a row of another class: with two classes, of the positive one; with more, the mean of one class against the rest",
    task: "classification",
    better: "higher",
    from: "end",
    isOfRanking: true,
    of: ({ rankings }) => meanOf(rankings().map(areaUnderCurve)),
  },
  averagePrecision: {
    about:
      "average precision, the area under the precision-recall curve: with two classes, of the positive one; with more, the mean of one class against the rest; guessing gets the share of the class",
    task: "classification",
    better: "higher",
    from: "end",
    isOfRanking: true,
    of: ({ rankings }) => meanOf(rankings().map(averagePrecision)),
  },
} satisfies Record<string, Metric>;

export type MetricName = keyof typeof metrics;
export const metricNames = Object.keys(metrics) as [MetricName, ...MetricName[]]; // Object.keys forgets the names

/** Those of what is predicted, in order; the first one is what a network has to be better in than the baseline. */
export function metricsOf(of: Estimated): NamedMetric[] {
  const entries = Object.entries(metrics) as NamedMetric[]; // Object.entries forgets the names
  const { name } = estimandOf(of);
  const ofEstimand = (wanted: EstimandName | undefined) =>
    entries.filter(([, { task, estimand }]) => task === of.task && estimand === wanted);
  const all = [...ofEstimand(name), ...ofEstimand(undefined)];
  const isFirst = ([, { quantile }]: NamedMetric) => quantile !== undefined && quantile === of.quantile;
  return [...all.filter(isFirst), ...all.filter((metric) => !isFirst(metric))];
}

/** Those of an epoch's line or record, in order; `bestBy`: what the best epoch is chosen by is among them. */
export function metricsAt(of: Estimated, occasion: Occasion, bestBy?: MetricName | "loss"): NamedMetric[] {
  return metricsOf(of).filter(
    ([name, { from }]) => name === bestBy || occasions.indexOf(from) <= occasions.indexOf(occasion),
  );
}

/** @throws NnfitError for a score that there is not of what is predicted */
export function checkScore(name: MetricName, of: Estimated, setting: string): void {
  const fitting = metricsOf(of).map(([name]) => name);
  if (fitting.includes(name)) return;
  const { task, estimand } = metrics[name] as Metric;
  const other = estimand && task === of.task ? " of this loss" : "";
  throw new NnfitError("usage", `the score ${name} is not available for a ${of.task}${other}`, {
    setting,
    try: ["loss", ...fitting].join(", "),
  });
}

/** The first one of what is predicted that is a proper scoring rule for it. */
export function properMetric(of: Estimated): MetricName {
  return metricsOf(of).find(([, { isProper }]) => isProper)![0]; // each task has one
}

function meanOf(scorers: readonly Scorer[]): Scorer {
  return (times) => scorers.reduce((sum, score) => sum + score(times), 0) / scorers.length;
}

function mean(times: Times, of: (row: number) => number): number {
  let sum = 0;
  let rows = 0;
  for (let row = 0; row < times.length; row++) {
    const count = times[row]!;
    if (count === 0) continue;
    sum += count * of(row);
    rows += count;
  }
  return sum / rows;
}
