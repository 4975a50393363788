import type { Split } from "./split.js";

/** Holds out about a `fraction` of the rows, the latest. Rows of one time stay together. There are two times at least. */
export function splitLatest(timeOf: Int32Array, fraction: number): Split {
  const order = inOrder(timeOf);
  const { length } = order;
  const held = Math.min(Math.max(Math.round(length * fraction), 1), length - 1);
  const cut = beginningOf(timeOf, order, length - held) || endOf(timeOf, order, 0);
  return { training: order.slice(0, cut).sort(), validation: order.slice(cut).sort() };
}

/**
 * Cuts rows by their time into `folds` blocks of ⌊rows / (folds + 1)⌋ and, before them, a first one with what is left
 * over, as scikit-learn's TimeSeriesSplit does; a cut within rows of one time moves to the first of them. Each block is
 * tested by what learned from all rows before it. Undefined where the times are too few.
 */
export function forwardBlocks(
  timeOf: Int32Array,
  folds: number,
): { before: Uint32Array; block: Uint32Array }[] | undefined {
  const order = inOrder(timeOf);
  const size = Math.floor(order.length / (folds + 1));
  const cuts = Array.from({ length: folds }, (_, fold) =>
    beginningOf(timeOf, order, order.length - (folds - fold) * size),
  );
  const ends = [...cuts.slice(1), order.length];
  if (cuts[0] === 0 || cuts.some((cut, fold) => cut === ends[fold])) return undefined;
  return cuts.map((cut, fold) => ({ before: order.slice(0, cut).sort(), block: order.slice(cut, ends[fold]).sort() }));
}

/** Row numbers, the earliest first; of one time as they stand in the table. */
function inOrder(timeOf: Int32Array): Uint32Array {
  return Uint32Array.from(timeOf.keys()).sort((a, b) => timeOf[a]! - timeOf[b]! || a - b);
}

/** The first place whose row has the same time as the one at `place`. */
function beginningOf(timeOf: Int32Array, order: Uint32Array, place: number): number {
  const time = timeOf[order[place]!];
  return order.findIndex((row) => timeOf[row] === time);
}

/** The place after the last row of the same time as the one at `place`. */
function endOf(timeOf: Int32Array, order: Uint32Array, place: number): number {
  const time = timeOf[order[place]!];
  return order.findLastIndex((row) => timeOf[row] === time) + 1;
}
