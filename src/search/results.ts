import { csvLine } from "../data/csv.js";
import { NnfitError } from "../errors.js";
import { checkScore, type Metric, metrics, properMetric } from "../score/metrics.js";
import { hidesRareClasses, rareClassMetric } from "../score/wanted.js";
import type { TrainingOptions } from "../train/options.js";
import type { Estimated } from "../transform/estimands.js";
import type { SearchOptions } from "./options.js";
import { type FinishedJob, isRefused, type ScoreName } from "./trials.js";

/** What `search.by` means for a task. A loss in scaled units means another thing with another loss or scale. */
export function scoreNameFor(
  { by, ranges }: Pick<SearchOptions, "by" | "ranges">,
  bestBy: TrainingOptions["bestBy"],
  target: Estimated,
): ScoreName {
  const changes = (setting: RegExp) => [...ranges.keys()].find((path) => setting.test(path));
  const { task } = target;
  // with another quantile each, trials have errors of different kinds
  const scored = changes(/^model\.loss\b/) ? { task } : target;
  const comparable = properMetric(scored);
  const usual = bestBy === "loss" ? comparable : bestBy;
  // which some trials are after, and a score such as accuracy would never choose
  const isAfterRare = hidesRareClasses(usual) && changes(/^training\.classWeights\b/) !== undefined;
  const name = by === "auto" ? (isAfterRare ? rareClassMetric() : usual) : by;
  const hasEstimand = name !== "loss" && (metrics[name] as Metric).estimand !== undefined;
  const changing = changes(hasEstimand ? /^model\.loss\b/ : /^(model\.loss|scale\.target)\b/);
  if ((name === "loss" || hasEstimand) && changing) {
    const score = name === "loss" ? "the loss" : name;
    throw new NnfitError("usage", `${changing} changes what ${score} means, so trials can't be compared by it`, {
      setting: "search.by",
      try: `a score, such as ${comparable}`,
    });
  }
  if (name !== "loss") checkScore(name, scored, by === "auto" ? "training.bestBy" : "search.by");
  return name;
}

/** The score that trials are compared by as people read it; badness has a score that should be high as its negative. */
export function scoreOf(name: ScoreName, badness: number): number {
  return name !== "loss" && metrics[name].better === "higher" ? -badness : badness;
}

/** In the folder of a search: the table of its trials, and the best config. */
export const TRIALS_FILE = "trials.csv";
export const BEST_FILE = "best.json";

/** The first columns of the table of trials. */
export const TRIALS_HEADER = ["trial", "share", "epochs", "kept_epoch", "stopped", "loss"];

/** A line of CSV for each finished training, in the order given: how it was trained, its scores, its values. */
export function trialsTable(jobs: readonly FinishedJob[], paths: readonly string[]): string {
  const names = Object.keys(jobs.find((job) => !isRefused(job))?.scores ?? {});
  const header = [...TRIALS_HEADER, ...names, ...paths];
  const lines = jobs.map(({ trial, share, epochs, keptEpoch, stopped, loss, scores, values }) => [
    ...[trial, Number(share.toPrecision(6)), epochs, keptEpoch, stopped].map(String),
    ...[loss, ...names.map((name) => scores[name])].map((score) => String(score ?? "")),
    ...paths.map((path) => valueText(values[path])),
  ]);
  return [header, ...lines].map(csvLine).join("");
}

/** A value as it would stand after `--set path=`: a word as it is, all else as JSON. */
export function valueText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
