import type { Matrix, Memory } from "../engine/memory.js";
import { type Program, record } from "../engine/tape.js";
import type { InputLayer } from "./inputLayer.js";
import type { Layer } from "./layers.js";

/** So many training rows, at even distances, tell what a layer makes of them all. */
const MOST_ROWS = 2048;

/**
 * Tells what the layers make of some training rows   rows [rows, columns]. Asked for one layer after the other, it goes
 * on from the one before, with the weights that it has by then.
 */
export function observer(
  memory: Memory,
  rows: Matrix,
  input: InputLayer | undefined,
  layers: readonly Layer[],
): (layer: Layer) => Float32Array {
  const size = Math.min(rows.rows, MOST_ROWS);
  const X = memory.matrix(size, rows.columns, true);
  for (let row = 0; row < size; row++) {
    const from = Math.floor((row * rows.rows) / size) * rows.columns;
    X.data.set(rows.data.subarray(from, from + rows.columns), row * rows.columns);
  }
  let done = 0;
  let before: Program<Matrix> | undefined;
  return (layer) => {
    before?.play(size);
    const given = before?.result;
    const next = layers.slice(done, layers.indexOf(layer) + 1);
    done += next.length;
    before = record(memory, size, (tape) => {
      const first = given ?? input?.forward(tape, X, "prediction") ?? X;
      return next.reduce((Y, each) => each.forward(tape, Y, "prediction"), first);
    });
    before.play(size);
    return before.result.data;
  };
}
