import type { TargetState } from "../transform/target.js";
import { type MetricName, metricsOf } from "./metrics.js";
import { type Scores, scoreKinds, scoresOfMetric } from "./scoring.js";

/** The names of the scores that a network is to be good by: those of `bestBy`, one for each target, or of the first metric. */
export function wantedScores(
  target: TargetState,
  { bestBy, classWeights }: { readonly bestBy: string; readonly classWeights: unknown },
): string[] {
  const isAfterRare = classWeights !== "none" || (target.task === "classification" && target.threshold !== undefined);
  if (isAfterRare && hidesRareClasses(bestBy)) return scoresOfMetric(target, rareClassMetric());
  const by = metricsOf(target).find(([name]) => name === bestBy);
  return by ? scoresOfMetric(target, by[0]) : firstScores(target);
}

/** The names of a task's first metric: one for each target. */
export function firstScores(target: TargetState): string[] {
  return scoresOfMetric(target, metricsOf(target)[0]![0]); // each task has one
}

/** Whether rare classes hardly count for what an epoch is chosen by. */
export function hidesRareClasses(bestBy: string): boolean {
  const hides = metricsOf({ task: "classification" }).some(
    ([name, metric]) => name === bestBy && metric.hidesRareClasses,
  );
  return bestBy === "loss" || hides;
}

/** What a rare class counts as much in as a common one: it is what class weights are after. */
export function rareClassMetric(): MetricName {
  return metricsOf({ task: "classification" }).find(([, metric]) => metric.isByClass)![0]; // one is so
}

/** The scores, of those that are named, in which a network is no better than something simpler; one that is NaN tells nothing. */
export function notBetter(target: TargetState, names: readonly string[], network: Scores, simpler: Scores): string[] {
  const kinds = scoreKinds(target);
  return names.filter((name) =>
    kinds[name] === "higher" ? network[name]! <= simpler[name]! : network[name]! >= simpler[name]!,
  );
}
