import { spacedRows } from "../data/split.js";
import type { Matrix, Memory } from "../engine/memory.js";
import { type Program, record } from "../engine/tape.js";
import type { InputLayer } from "./inputLayer.js";
import type { Layer } from "./layers.js";

/** So many training rows tell what a layer makes of them all; fewer where several networks see them. */
const MOST_ROWS = 2048;
const LEAST_ROWS = 256;

/** Some rows of X, by their numbers   X [all rows, columns] */
export interface TrainingRows {
  readonly X: Matrix;
  readonly rows: Uint32Array;
}

/**
 * Tells what the layers make of some training rows. Asked for one layer after the other, it goes
 * on from the one before, with the weights that it has by then.
 */
export function observer(
  memory: Memory,
  { X: all, rows }: TrainingRows,
  { input, layers, copies }: { input: InputLayer | undefined; layers: readonly Layer[]; copies: number },
): (layer: Layer) => Float32Array {
  const size = Math.min(rows.length, Math.max(Math.ceil(MOST_ROWS / copies), LEAST_ROWS));
  const { columns } = all;
  const X = memory.matrix(size, columns, true);
  for (const [i, place] of spacedRows(rows.length, size).entries()) {
    const from = rows[place]! * columns;
    X.data.set(all.data.subarray(from, from + columns), i * columns);
  }
  let done = 0;
  let before: Program<Matrix> | undefined;
  return (layer) => {
    before?.play(size);
    const given = before?.result;
    const next = layers.slice(done, layers.indexOf(layer) + 1);
    done += next.length;
    before = record(memory, size, (tape) => {
      const first = given ?? input?.forward(tape, X, "prediction").Y ?? X;
      return next.reduce((Y, each) => each.forward(tape, Y, "prediction").Y, first);
    });
    before.play(size);
    return before.result.data;
  };
}
