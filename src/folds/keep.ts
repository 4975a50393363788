import { dependenceOf } from "../data/dependence.js";
import { range } from "../data/split.js";
import { learnBaselines, withScores } from "../score/baseline.js";
import { heldOutTarget } from "../train/calibration.js";
import { rowsToFit } from "../train/compare.js";
import { together } from "../train/ends.js";
import { rowsOf } from "../train/prepare.js";
import { meanLoss } from "../train/reports.js";
import type { Outcome } from "../train/train.js";
import { classFactors, rowWeights, trainingWeightsOf, weightsOfRows } from "../train/weights.js";
import { targetWidth } from "../transform/target.js";
import type { FoldResult } from "./crossValidation.js";
import type { CrossValidation } from "./plan.js";
import type { FoldScores } from "./scores.js";

/**
 * The networks of all folds as one ensemble. They share their scaling. Every row is one that some of them learned from
 * and others were tested on; the temperature of their probabilities is that of the predictions out of fold.
 */
export function keepFolds(
  { task: { table, names }, options }: CrossValidation,
  results: readonly FoldResult[],
  scores: FoldScores,
) {
  const [{ prepared }] = results as [FoldResult]; // there are two at least, and the others are like it
  const { target, pipeline, training } = prepared;
  const rows = rowsOf(table, pipeline, target);
  const width = targetWidth(target);
  const outputs = new Float32Array(table.rows * width);
  for (const { fold, outputs: ofFold } of results) {
    for (const [i, row] of fold.test.entries()) {
      outputs.set(ofFold.subarray(i * width, (i + 1) * width), row * width);
    }
  }
  const outcomes = results.map(({ outcome }) => outcome);
  const judges = results.map(({ fold, weights }) => ({ judging: fold.test, judgingWeights: weights }));
  const all = range(0, rows.size);
  const members = outcomes.flatMap(({ members }) => members);
  const dependence = dependenceOf(table, names, options.data);
  const outcome: Omit<Outcome, "judgedRows"> = {
    target: heldOutTarget(target, outputs, rows.truth, {
      ...training,
      weights: weightsOfRows(judges, all),
      groupOf: dependence.kind === "groups" ? dependence.codes : undefined,
    }),
    members,
    judgement: {
      loss: meanLoss(results.map(({ judgement }, fold) => [judges[fold]!, judgement])),
      scores: scores.outOfFold,
    },
    rowCounts: { trainingRows: table.rows, validationRows: table.rows, judgedRows: table.rows },
    ...together(outcomes),
  };
  const trainingWeights = trainingWeightsOf(all, {
    rows: rowWeights(options.data.weight, [table]),
    classes: classFactors(training.classWeights, target, rows.truth),
  });
  const learned = { rows, members: [{ training: all, trainingWeights }] };
  const baseline = withScores(learnBaselines(target, rowsToFit({ pipeline, ...learned })), scores.baselines);
  return { prepared: { ...prepared, ...learned }, outcome, baseline };
}
