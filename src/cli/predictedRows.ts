import { checkedNetworksOf, type Model } from "../artifact/model.js";
import { readColumns, type WantedColumn } from "../data/read.js";
import type { Source } from "../data/source.js";
import type { Table } from "../data/table.js";
import { Memory } from "../engine/memory.js";
import { EVALUATION_ROWS } from "../predict/evaluate.js";
import { predictor, threadsToPredict } from "../predict/predictor.js";
import { holdLearned } from "../train/copies.js";
import { applyPipeline } from "../transform/apply.js";
import { widthOf } from "../transform/inputColumns.js";
import { rowsNotFinite } from "../transform/scalers.js";
import { invertTarget, rowsWithTarget, targetColumns, targetNames, targetWidth, truthOf } from "../transform/target.js";
import type { Predictions, Truth } from "../transform/truth.js";
import { notFinite } from "./notFinite.js";
import { inputsToRead, type RowsOptions, rowsFormat } from "./rowsOptions.js";
import { count, whole } from "./text.js";

/** The rows of a table that have a target, and what a model predicts of them. */
export interface PredictedRows {
  readonly table: Table;
  /** rows of the table that were left out because they have no target */
  readonly withoutTarget: number;
  /** the rows seem to be those that the model was trained on */
  readonly seemsLearned: boolean;
  /** the inputs, as `predict` takes them */
  readonly X: Float32Array;
  readonly truth: Truth;
  readonly outputs: Float32Array;
  readonly predictions: Predictions;
  /** until it is closed */
  predict(X: Float32Array): Float32Array;
  close(): void;
}

/** `passes`: how often the rows will be predicted, about. */
export async function predictRows(
  model: Model,
  path: string,
  source: Source,
  options: RowsOptions,
  passes = 1,
): Promise<PredictedRows> {
  const { target, pipeline } = model;
  const memory = new Memory(threadsToPredict(model.network, model.members, passes * (source.bytes ?? 0)));
  const networks = checkedNetworksOf(model, memory, path);
  const predict = predictor(memory, networks, { columns: widthOf(pipeline), rows: EVALUATION_ROWS });
  const all = await readColumns(source, rowsFormat(model, options), columnsToScore(model, options));
  const table = rowsWithTarget(all, targetNames(target));
  const truth = truthOf(target, table);
  const X = applyPipeline(pipeline, table);
  const outputs = predict(X);
  refuseLost(table, rowsNotFinite(outputs, targetWidth(target)), path);
  return {
    table,
    withoutTarget: all.rows - table.rows,
    seemsLearned: model.probe !== undefined && holdLearned(X, table.rows, model.probe.inputs),
    X,
    truth,
    outputs,
    predictions: invertTarget(target, outputs),
    predict,
    close: () => memory.close(),
  };
}

/**
 * Scores of the other rows would be better the more rows a model makes nothing of, and two models would be compared by
 * different rows.
 */
function refuseLost(table: Table, lost: readonly number[], path: string): void {
  if (lost.length === 0) return;
  throw notFinite(table, lost, {
    have: `${whole(lost.length)} of ${count(table.rows, "row")} without a prediction by ${path}`,
    try: "nnfit check, to see what is far from the training rows, or the table without such rows",
  });
}

/** The inputs and targets of a model, and the column by which rows belong together, if the table has it. */
function columnsToScore({ pipeline, target, groups }: Model, options: RowsOptions): WantedColumn[] {
  const columns: WantedColumn[] = [...inputsToRead(pipeline, options), ...targetColumns(target)];
  if (groups === undefined || columns.some(({ name }) => name === groups)) return columns;
  return [...columns, { name: groups, type: "category", optional: true }];
}
