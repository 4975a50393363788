import { Dataset } from "../data/dataset.js";
import type { Table } from "../data/table.js";
import type { Network } from "../model/network.js";
import { applyPipeline, type PipelineState, widthOf } from "../transform/pipeline.js";
import { EVALUATION_ROWS, evaluator } from "./evaluate.js";

/**
 * Predicts tables of any length in the memory of a few rows: what it returns gives a table's outputs, [rows, outputs],
 * as the loss's link makes them.
 */
export function predictor(network: Network, pipeline: PipelineState): (table: Table) => Float32Array {
  const { outputs } = network.spec;
  const columns = widthOf(pipeline);
  const rows = new Dataset(network.memory, EVALUATION_ROWS, columns, outputs);
  const evaluate = evaluator(network, rows);
  return (table) => {
    const X = applyPipeline(pipeline, table);
    const all = new Float32Array(table.rows * outputs);
    for (let row = 0; row < table.rows; row += EVALUATION_ROWS) {
      rows.fill(X.subarray(row * columns, (row + EVALUATION_ROWS) * columns));
      all.set(evaluate().outputs, row * outputs);
    }
    return all;
  };
}
