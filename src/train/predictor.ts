import { join } from "../data/arrays.js";
import { Dataset } from "../data/dataset.js";
import type { Memory } from "../engine/memory.js";
import { losses } from "../model/losses.js";
import type { Network } from "../model/network.js";
import { evaluator } from "./evaluate.js";

/**
 * Predicts X [rows, columns], as the networks take it, so many `rows` at a time: the outputs, [rows, outputs], as the
 * loss's inverse link makes them; of several networks on one memory, their mean.
 */
export function predictor(
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
