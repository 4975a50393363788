import type { Dataset } from "../data/dataset.js";
import { range } from "../data/split.js";
import type { Matrix } from "../engine/memory.js";
import type { Random } from "../engine/random.js";
import { record } from "../engine/tape.js";
import { NnfitError } from "../errors.js";
import type { Network } from "../model/network.js";
import type { NetworkSpec } from "../model/spec.js";
import { sizeOf } from "../model/tensors.js";
import type { TargetState } from "../transform/target.js";
import type { Update } from "./fit.js";

/** A scaled value is far beyond the others from here on: networks expect about 1. */
export const FAR = 10;

/** The largest scaled value of some rows. */
export interface Extreme {
  /** of X or of y */
  readonly column: number;
  /** of the table of rows with a target; a validation table's rows follow them */
  readonly row: number;
  readonly value: number;
  /** Whether the row is one of those whose loss was not finite; else the network has learned from it before. */
  readonly isInRows: boolean;
  /** share of the rows learned from whose value in this column is far beyond */
  readonly far: number;
}

/** How large the parts of a tensor are, as Euclidean norms. */
export interface TensorNorms {
  /** as in the model file */
  readonly name: string;
  /** of the batch's gradient with the last good weights */
  readonly gradient: number;
  /** the last good weights */
  readonly before: number;
  /** the weights after the last update: maybe not finite */
  readonly after: number;
}

/** What was found when a training diverged: plain data. */
export interface Autopsy {
  /** What was not finite: the loss of a batch, or that of the rows which judge the network. */
  readonly found: "batch" | "judging";
  /** those of this loss, in the batch's order */
  readonly rows: Uint32Array;
  /** none, where no input is a number */
  readonly input: Extreme | undefined;
  /** of a regression */
  readonly target: Extreme | undefined;
  /** The epoch that ended with the last good weights; 0: they are the initial ones. */
  readonly goodEpoch: number;
  /** None, where there was no memory left to measure them. */
  readonly tensors: readonly TensorNorms[];
}

/** Weights, and the epoch that ended with them. */
interface Ended {
  readonly report: { readonly epoch: number };
  readonly weights: Float32Array;
}

/** A member that diverged, while its rows and its network are still there. */
export interface Diverged {
  readonly network: Network;
  readonly target: TargetState;
  /** the rows it learns from, and those that judge it */
  readonly learned: Dataset;
  readonly held: Dataset;
  readonly batchSize: number;
  /** a generator as it was before it drew the epoch's order, where there is one */
  readonly shuffle: Random | undefined;
  /** the last update, the weights after it, those of the last epoch, and the best ones */
  readonly state: {
    readonly last: Update | undefined;
    readonly weights: Float32Array;
    readonly latest: Ended;
    readonly kept: Ended;
  };
}

/** Finds out where it went wrong, from nothing but what a checkpoint has too. Leaves other weights in the network. */
export function autopsyOf(diverged: Diverged): Autopsy {
  const { network, target, learned, held, state } = diverged;
  const { batch, learnedFrom } = lastUpdate(diverged);
  const found = Number.isFinite(state.last?.loss) ? "judging" : "batch";
  const { rows } = found === "batch" ? batch : held;
  const extreme = (matrix: Matrix, columns: readonly number[]) => {
    const largest = extremeOf(matrix, columns, rows, learnedFrom);
    return largest && { ...largest, far: farOf(matrix, largest.column, learned.rows) };
  };
  const targets = target.task === "regression" ? Array.from({ length: learned.y.columns }, (_, column) => column) : [];
  return {
    found,
    rows: rows.slice(),
    input: extreme(learned.X, numberColumns(network.spec, learned.X.columns)),
    target: extreme(learned.y, targets),
    ...measured(network, batch, state),
  };
}

/** The batch of the last update, and the rows that the network has learned from up to it. */
function lastUpdate({ learned, batchSize, shuffle, state: { last } }: Diverged) {
  const order = range(0, learned.size);
  shuffle?.shuffle(order);
  const { epoch, batch } = last ?? { epoch: 1, batch: 1 };
  const end = batch * batchSize;
  return {
    batch: learned.subset(order.subarray(end - batchSize, end)),
    learnedFrom: epoch > 1 ? learned.rows : order.subarray(0, end).map((i) => learned.rows[i]!),
  };
}

/** The columns of X that hold no codes. */
function numberColumns({ input }: NetworkSpec, columns: number): number[] {
  const all = Array.from({ length: columns }, (_, column) => column);
  return all.filter((column) => !input || ["number", "numericEmbedding"].includes(input.columns[column]!.kind));
}

/** Of the rows at fault; or if these are ordinary, of all rows learned from, as an earlier batch may have done the harm. */
function extremeOf(
  { data, columns: width }: Matrix,
  columns: readonly number[],
  rows: Uint32Array,
  learnedFrom: Uint32Array,
): Omit<Extreme, "far"> | undefined {
  const sizeAt = (row: number, column: number) => Math.abs(data[row * width + column]!);
  const largestOf = (among: Uint32Array) => {
    let largest: { row: number; column: number } | undefined;
    let size = -1;
    for (const row of among) {
      for (const column of columns) {
        if (sizeAt(row, column) <= size) continue;
        size = sizeAt(row, column);
        largest = { row, column };
      }
    }
    return largest && { ...largest, size };
  };
  const own = largestOf(rows);
  const largest = own && own.size > FAR ? own : largestOf(learnedFrom);
  const chosen = largest && largest.size > FAR ? largest : own;
  if (!chosen) return undefined;
  const { row, column } = chosen;
  return { row, column, value: data[row * width + column]!, isInRows: chosen === own };
}

/** The share of rows whose value in a column is far beyond. */
function farOf({ data, columns }: Matrix, column: number, rows: Uint32Array): number {
  return rows.filter((row) => Math.abs(data[row * columns + column]!) > FAR).length / rows.length;
}

/** The gradient of a batch with the last weights for which it is finite. */
function measured(
  network: Network,
  batch: Dataset,
  { weights: after, latest, kept }: Diverged["state"],
): Pick<Autopsy, "goodEpoch" | "tensors"> {
  try {
    const gradient = gradientOf(network, batch);
    const measure = ({ report, weights }: Ended) => {
      const norms = {
        gradient: normsOf(network, gradient(weights)),
        before: normsOf(network, weights),
        after: normsOf(network, after),
      };
      const tensors = network.tensors.map(({ name }, tensor) => ({
        name,
        gradient: norms.gradient[tensor]!,
        before: norms.before[tensor]!,
        after: norms.after[tensor]!,
      }));
      return { goodEpoch: report.epoch, tensors };
    };
    const ofLatest = measure(latest);
    return ofLatest.tensors.every(({ gradient }) => Number.isFinite(gradient)) ? ofLatest : measure(kept);
  } catch (error) {
    if (!(error instanceof NnfitError)) throw error; // that one is of the memory, and hides no divergence
    return { goodEpoch: latest.report.epoch, tensors: [] };
  }
}

/** ∂L/∂W of all rows of a batch as a function of the weights. Dropout leaves nothing out. */
function gradientOf(network: Network, batch: Dataset): (weights: Float32Array) => Float32Array {
  const step = record(network.memory, batch.size, (tape) => {
    const { X, y, w } = batch.gather(tape);
    const { Y: yHat, backward } = network.forward(tape, X, "training");
    backward(network.loss.gradient(tape, yHat, y, w));
  });
  for (const dropout of network.dropouts) dropout.set(0, 0);
  network.input?.set(0);
  return (weights) => {
    network.weights = weights;
    for (const { size } of batch.batches({ batchSize: batch.size })) step.play(size);
    return network.parameters.gradient.data;
  };
}

/** ‖·‖₂ of each tensor's part. */
function normsOf({ tensors }: Network, values: Float32Array): number[] {
  let end = 0;
  return tensors.map((tensor) => {
    const start = end;
    end += sizeOf(tensor);
    let squares = 0;
    for (let i = start; i < end; i++) squares += values[i]! * values[i]!;
    return Math.sqrt(squares);
  });
}
