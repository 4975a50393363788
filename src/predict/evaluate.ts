import type { Dataset } from "../data/dataset.js";
import { record } from "../engine/tape.js";
import { widestOf } from "../model/inputs.js";
import type { Network } from "../model/network.js";
import type { NetworkSpec } from "../model/spec.js";

/** Rows that are predicted at a time, at most. */
export const EVALUATION_ROWS = 1024;

/** So many numbers on their way through one layer, of all of these rows, at most. */
const MOST_VALUES = 2 ** 22;

/** The same for a network: of several that share weights each has them, and of many inputs there are fewer at a time. */
export function evaluationRows(spec: Pick<NetworkSpec, "tabm" | "inputs" | "input">): number {
  const rows = Math.min(Math.ceil(EVALUATION_ROWS / (spec.tabm ?? 1)), Math.floor(MOST_VALUES / widestOf(spec)));
  return Math.max(1, rows);
}

export interface Evaluation {
  /** the mean loss over the rows, each times its weight, in scaled units */
  readonly loss: number;
  /** what the loss's inverse link makes of the network's outputs, [rows, outputs] */
  readonly outputs: Float32Array;
}

/** Records once how `network` predicts `rows`; each call of what it returns does so with the weights as they then are. */
export function evaluator(network: Network, rows: Dataset): () => Evaluation {
  const batchSize = Math.min(evaluationRows(network.spec), rows.size);
  const program = record(network.memory, batchSize, (tape) => {
    const { X, y, w } = rows.gather(tape);
    const { Y: yHat } = network.forward(tape, X);
    return { loss: network.loss.value(tape, yHat, y, w), outputs: network.loss.inverseLink(tape, yHat) };
  });

  return () => {
    const { loss, outputs } = program.result;
    const all = new Float32Array(rows.size * outputs.columns);
    let total = 0;
    let done = 0;
    for (const { size } of rows.batches({ batchSize })) {
      program.play(size);
      total += loss.value * size;
      all.set(outputs.data.subarray(0, size * outputs.columns), done * outputs.columns);
      done += size;
    }
    return { loss: total / rows.size, outputs: all };
  };
}
