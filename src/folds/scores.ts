import type { Baseline, Baselines } from "../score/baseline.js";
import { type Scores, scoresOf } from "../score/scoring.js";
import { mean, sampleDeviation } from "../transform/moments.js";
import type { TargetState } from "../transform/target.js";
import { joinPredictions, joinTruths } from "../transform/truth.js";
import type { FoldResult } from "./crossValidation.js";

/** How a recipe does, by all folds. */
export interface FoldScores {
  /** over the folds; NaN where a fold's is not defined */
  readonly mean: Scores;
  /** the sample standard deviation over the folds, with n − 1 */
  readonly deviation: Scores;
  /** of all rows that were tested, at once */
  readonly outOfFold: Scores;
  /** means over the folds too */
  readonly baselines: Baselines;
}

export function foldScores(target: TargetState, results: readonly FoldResult[]): FoldScores {
  const truth = joinTruths(results.map(({ truth }) => truth));
  const predictions = joinPredictions(results.map(({ predictions }) => predictions));
  const ofFolds = results.map(({ judgement }) => judgement.scores);
  return {
    mean: over(ofFolds, mean),
    deviation: over(ofFolds, sampleDeviation),
    outOfFold: scoresOf(target, truth, predictions),
    baselines: meanBaselines(results.map(({ baselines }) => baselines)),
  };
}

function meanBaselines(ofFolds: readonly Baselines[]): Baselines {
  const baseline = meanBaseline(ofFolds.map(({ baseline }) => baseline));
  const linear: Baseline[] = [];
  for (const fold of ofFolds) {
    if ("leftOut" in fold.linear) return { baseline, linear: fold.linear };
    linear.push(fold.linear);
  }
  return { baseline, linear: meanBaseline(linear) };
}

function meanBaseline(ofFolds: readonly Baseline[]): Baseline {
  const rules = new Set(ofFolds.map(({ rule }) => rule));
  return {
    rule: [...rules].join(" or "),
    scores: over(
      ofFolds.map(({ scores }) => scores),
      mean,
    ),
  };
}

/** Each score by what `of` makes of its values. */
export function over(scores: readonly Scores[], of: (values: readonly number[]) => number = mean): Scores {
  const names = Object.keys(scores[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, of(scores.map((each) => each[name]!))]));
}
