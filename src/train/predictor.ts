import { Dataset } from "../data/dataset.js";
import type { Table } from "../data/table.js";
import type { Memory } from "../engine/memory.js";
import { losses } from "../model/losses.js";
import type { Network } from "../model/network.js";
import { applyPipeline, type PipelineState, widthOf } from "../transform/pipeline.js";
import { EVALUATION_ROWS, evaluator } from "./evaluate.js";

/**
 * Predicts tables of any length in the memory of a few rows: what it returns gives a table's outputs, [rows, outputs],
 * as the loss's link makes them; of several networks on one memory, their mean.
 */
export function predictor(
  memory: Memory,
  networks: readonly Network[],
  pipeline: PipelineState,
): (table: Table) => Float32Array {
  const predict = predictorOfInputs(memory, networks, { columns: widthOf(pipeline), rows: EVALUATION_ROWS });
  return (table) => predict(applyPipeline(pipeline, table));
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
    const all = new Float32Array(size * outputs);
    for (let row = 0; row < size; row += capacity) {
      rows.fill(X.subarray(row * columns, (row + capacity) * columns));
      all.set(mean(evaluates.map((evaluate) => evaluate().outputs)), row * outputs);
    }
    return all;
  };
}

/** Element by element; summed in double precision, rounded once. */
export function mean(rows: readonly Float32Array[]): Float32Array {
  const [first] = rows;
  if (rows.length === 1 && first) return first;
  return Float32Array.from(first ?? [], (_, i) => rows.reduce((sum, row) => sum + row[i]!, 0) / rows.length);
}
