import { join } from "../data/arrays.js";
import type { Memory } from "../engine/memory.js";
import { record } from "../engine/tape.js";
import { mostThreads } from "../engine/threads.js";
import type { Network } from "../model/network.js";
import { multiplicationsOf } from "../model/parts.js";
import type { NetworkSpec } from "../model/spec.js";
import { evaluationRows } from "./evaluate.js";

/**
 * Predicts X [rows, columns], as the networks take it, up to so many `rows` at a time: the outputs, [rows, outputs], as
 * the loss's inverse link makes them; of several networks on one memory, their mean.
 */
export function predictor(
  memory: Memory,
  networks: readonly Network[],
  { columns, rows }: { columns: number; rows: number },
): (X: Float32Array) => Float32Array {
  const batchSize = Math.min(rows, evaluationRows(networks[0]!.spec)); // there is one, and the others are like it
  const batch = memory.matrix(batchSize, columns, true);
  const programs = networks.map((network) => record(memory, batchSize, (tape) => network.predict(tape, batch)));
  return (X) => {
    const parts: Float32Array[] = [];
    for (let start = 0; start < X.length; start += batchSize * columns) {
      const rows = X.subarray(start, start + batchSize * columns);
      const size = rows.length / columns;
      batch.data.set(rows);
      const outputs = programs.map(({ result, play }) => {
        play(size);
        return result.data.slice(0, size * result.columns);
      });
      parts.push(meanByElement(outputs));
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

/** Fewer operations than this are done before other threads have started. */
const OPERATIONS_OF_A_START = 5e9;
const BYTES_OF_A_CELL = 8;

/** How many threads predicting a CSV file of so many bytes is worth, by a guess of how many rows that is. */
export function threadsToPredict(spec: NetworkSpec, members: number, bytes: number): number {
  const rows = bytes / (BYTES_OF_A_CELL * (spec.input?.columns.length ?? spec.inputs));
  const operations = 2 * members * multiplicationsOf(spec) * rows;
  return operations < OPERATIONS_OF_A_START ? 1 : mostThreads();
}
