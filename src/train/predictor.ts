import { join } from "../data/arrays.js";
import { Dataset } from "../data/dataset.js";
import type { Table } from "../data/table.js";
import type { Memory } from "../engine/memory.js";
import { losses } from "../model/losses.js";
import type { Network } from "../model/network.js";
import { applyLeniently, applyPipeline } from "../transform/apply.js";
import { widthOf } from "../transform/inputColumns.js";
import type { PipelineState } from "../transform/pipeline.js";
import { rowsNotFinite } from "../transform/scalers.js";
import { EVALUATION_ROWS, evaluator } from "./evaluate.js";

/**
 * Predicts tables of any length in the memory of a few rows: what it returns gives a table's outputs, [rows, outputs],
 * as the loss's inverse link makes them; of several networks on one memory, their mean.
 */
export function predictor(
  memory: Memory,
  networks: readonly Network[],
  pipeline: PipelineState,
  /** a row with a number that is too large for a float32 gets NaN for outputs, and is no error */
  lenient = false,
): (table: Table) => Float32Array {
  const columns = widthOf(pipeline);
  const predict = predictorOfInputs(memory, networks, { columns, rows: EVALUATION_ROWS });
  if (!lenient) return (table) => predict(applyPipeline(pipeline, table));
  return (table) => {
    const X = applyLeniently(pipeline, table);
    const outputs = predict(X);
    const width = outputs.length / table.rows;
    for (const row of rowsNotFinite(X, columns)) outputs.fill(Number.NaN, row * width, (row + 1) * width);
    return outputs;
  };
}

/** The same of rows as the networks take them, X [rows, columns], so many `rows` at a time. */
export function predictorOfInputs(
  memory: Memory,
  networks: readonly Network[],
  { columns, rows: capacity }: { columns: number; rows: number },
): (X: Float32Array) => Float32Array {
  const { outputs, loss } = networks[0]!.spec; // there is one, and the others are like it
  const targets = losses[loss.name].task === "classification" ? 1 : outputs;
  const rows = Dataset.of(memory, capacity, columns, targets);
  const evaluates = networks.map((network) => evaluator(network, rows));
  return (X) => {
    const size = X.length / columns;
    const parts: Float32Array[] = [];
    for (let row = 0; row < size; row += capacity) {
      rows.fill(X.subarray(row * columns, (row + capacity) * columns));
      parts.push(meanByElement(evaluates.map((evaluate) => evaluate().outputs)));
    }
    return join(Float32Array, parts);
  };
}

/** Element by element; summed in double precision, rounded once. */
export function meanByElement(rows: readonly Float32Array[]): Float32Array {
  const [first] = rows;
  if (rows.length === 1 && first) return first;
  return Float32Array.from(first ?? [], (_, i) => rows.reduce((sum, row) => sum + row[i]!, 0) / rows.length);
}
