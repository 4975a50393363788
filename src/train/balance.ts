import type { Dataset } from "../data/dataset.js";
import { balanceOf } from "../model/losses.js";
import type { Network } from "../model/network.js";
import { evaluator } from "../predict/evaluate.js";

/** Rows that a network has learned from. */
export interface KnownTargets {
  readonly rows: Dataset;
  /** as the loss takes them   [rows, targets] */
  readonly y: Float32Array;
  /** none: all count the same */
  readonly weights: ArrayLike<number> | undefined;
}

/**
 * Sets the last layer's bias so that the predictions of the rows learned from add up to their targets, as those of a linear
 * model do: there the derivative of the loss by that bias is 0. A network is stopped before it gets there, and rows that are
 * held out are too few to tell by how much it is off. Whether it did.
 */
export function balance(network: Network, { rows, y, weights }: KnownTargets): boolean {
  const shiftFor = balanceOf(network.spec.loss);
  const last = network.dense.at(-1);
  if (!shiftFor || !last) return false;
  const { outputs } = evaluator(network, rows)();
  const width = y.length / rows.size;
  const means = (of: Float32Array) => {
    const sums = new Float64Array(width);
    for (let at = 0; at < of.length; at++) sums[at % width]! += (weights?.[Math.floor(at / width)] ?? 1) * of[at]!;
    return sums.map((sum) => sum / rows.size);
  };
  const [known, predicted] = [means(y), means(outputs)];
  const shifts = known.map((mean, t) => shiftFor(mean, predicted[t]!));
  if (!shifts.every(Number.isFinite)) return false; // of counts that are all 0 there is no logarithm
  const bias = last.b.value.data; // of several networks that share weights, for each of them
  for (let i = 0; i < bias.length; i++) bias[i]! += shifts[i % width]!;
  return true;
}
