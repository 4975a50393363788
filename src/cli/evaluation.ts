import type { Model } from "../artifact/model.js";
import { type Groups, groupsIn } from "../data/dependence.js";
import { columnOf } from "../data/table.js";
import { type Baselines, scoreBaselines } from "../score/baseline.js";
import { bootstrap, type Intervals } from "../score/bootstrap.js";
import { type Confusion, confusion, MOST_CLASSES, precisionAndRecall } from "../score/confusion.js";
import { FEWEST_ROWS, type Importances, importances, passesFor } from "../score/importance.js";
import { type Scores, scoresOf } from "../score/scoring.js";
import { applyStraight } from "../transform/apply.js";
import { inputColumns, inputsOf } from "../transform/inputColumns.js";
import { type Coverage, coverageOf } from "../transform/predictionIntervals.js";
import { countClipped, invertTarget, type TargetState } from "../transform/target.js";
import type { Predictions, Truth } from "../transform/truth.js";
import { type Against, compareAgainst, type Other, predictAgainst } from "./against.js";
import { lateBar } from "./bars.js";
import { rowsSource } from "./locate.js";
import { type PredictedRows, predictRows } from "./predictedRows.js";
import { Remarks } from "./remarks.js";
import type { RowsOptions } from "./rowsOptions.js";

export interface EvaluationOptions extends RowsOptions {
  readonly intervals: boolean;
  readonly importance?: boolean;
}

/** What scoring a model on the rows of a table comes to. */
export interface Evaluation {
  readonly rows: number;
  readonly source: string;
  /** rows of the table that were left out for it */
  readonly withoutTarget: number;
  /** the rows seem to be those that the model was trained on */
  readonly seemsLearned: boolean;
  /** what is unlike the training rows */
  readonly oddities: Remarks;
  /** rows with a prediction clipped to the target's training range */
  readonly clipped: number;
  readonly scores: Scores;
  /** of the model's prediction intervals */
  readonly coverage?: Coverage | undefined;
  readonly intervals?: Intervals | undefined;
  /** which rows were drawn together for the intervals */
  readonly groups?: Groups | undefined;
  readonly baselines?: Baselines | undefined;
  readonly confusion?: Confusion | undefined;
  readonly importance?: Importances | undefined;
  readonly against?: Against | undefined;
}

/** Reads the rows, has them predicted, by `other` too if there is one, and scores the predictions. */
export async function evaluate(
  model: Model,
  path: string,
  rows: string,
  options: EvaluationOptions,
  other: Other | undefined,
): Promise<Evaluation> {
  const { target, pipeline, training } = model;
  const passes = options.importance ? passesFor(pipeline.length) : 1;
  const predicted = await predictRows(model, path, rowsSource(rows), options, passes);
  // before anything that takes long, so that an error in it doesn't come after all that
  const others = other && (await predictAgainst(other, rows, { path, table: predicted.table }, options));
  const { table, X, truth, outputs, predictions } = predicted;
  const oddities = new Remarks(pipeline, false);
  oddities.on(table);
  const scores = scoresOf(target, truth, predictions);
  const groupColumn = model.groups === undefined ? undefined : columnOf(table, model.groups);
  const groups = groupColumn && groupsIn(groupColumn);
  const intervals = options.intervals ? bootstrap(target, truth, predictions, scores, groups) : undefined;
  const known = { X, columns: inputColumns(pipeline), truth };
  const baselines =
    training.baseline && scoreBaselines(target, training.baseline, { ...known, X: applyStraight(pipeline, table, X) });
  const importance = options.importance && table.rows >= FEWEST_ROWS ? importanceOf(model, predicted) : undefined;
  predicted.close();
  return {
    rows: table.rows,
    source: table.source,
    withoutTarget: predicted.withoutTarget,
    seemsLearned: predicted.seemsLearned,
    oddities,
    clipped: countClipped(target, outputs, new Set()),
    scores,
    coverage: coverageOf(target, outputs, truth),
    intervals,
    groups,
    baselines,
    confusion: confusionOf(target, truth, predictions),
    importance,
    against: others && compareAgainst(others, { target, truth, predictions, scores, groups }, options.intervals),
  };
}

function importanceOf({ target, pipeline }: Model, { X, truth, predict }: PredictedRows): Importances {
  const bar = lateBar("importance", "columns", pipeline.length);
  const predictionsOf = (X: Float32Array) => invertTarget(target, predict(X));
  const importance = importances(target, inputsOf(pipeline), { X, truth }, predictionsOf, bar.update);
  bar.stop();
  return importance;
}

/** For a classification, unless it has too many classes: a row for each true class, in it a number for each predicted one. */
function confusionOf(target: TargetState, truth: Truth, predictions: Predictions): Confusion | undefined {
  if (target.task === "regression" || truth.task === "regression" || predictions.task === "regression")
    return undefined;
  const { classes } = target;
  if (classes.length > MOST_CLASSES) return undefined;
  const rows = confusion(truth.classes, predictions.classes, classes.length);
  return { classes, rows, ...precisionAndRecall(rows) };
}
