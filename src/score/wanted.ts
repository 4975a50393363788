import type { TargetState } from "../transform/target.js";
import { isShare, type MetricName, metricsOf, properMetric } from "./metrics.js";
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

/**
 * Those by which a network is compared with something simpler. Of classes also by their probabilities, which tell of a
 * network that knows nothing where nearly all rows have one class; unless weights are to change them.
 */
export function comparedScores(target: TargetState, training: Parameters<typeof wantedScores>[1]): string[] {
  const wanted = wantedScores(target, training);
  if (target.task === "regression" || training.classWeights !== "none") return wanted;
  return [...new Set([...wanted, properMetric(target)])];
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

/**
 * The scores, of those that are named, in which a network is no better than something simpler. One that is NaN tells nothing,
 * and where no row is wrong, none could be better.
 */
export function notBetter(target: TargetState, names: readonly string[], network: Scores, simpler: Scores): string[] {
  const kinds = scoreKinds(target);
  return names.filter((name) => {
    const [score, other] = [network[name]!, simpler[name]!];
    if (isShare(name) && score === Number(kinds[name] === "higher")) return false;
    return kinds[name] === "higher" ? score <= other : score >= other;
  });
}
