import type { Matrix, Memory } from "../engine/memory.js";
import type { Random } from "../engine/random.js";
import type { Tape } from "../engine/tape.js";
import { range } from "./split.js";

/** m′ of the rows, the `number`-th of an epoch's batches counted from 1. */
export interface Batch {
  readonly number: number;
  readonly size: number;
}

export interface BatchOptions {
  readonly batchSize: number;
  /** The source of a random order; without it batches are taken in row order. */
  readonly random?: Random | undefined;
  /** How many batches of the epoch are done already. */
  readonly done?: number;
}

/** Rows ready to learn from, in the engine's memory: X and y near unit magnitude. */
export class Dataset {
  private readonly order: { address: number };
  private readonly cursor: { address: number };

  private constructor(
    private readonly memory: Memory,
    /** X [rows, columns] */
    readonly X: Matrix,
    /** y [rows, targets]: scaled targets, or the number of the class */
    readonly y: Matrix,
    /** where in X and y its rows are */
    readonly rows: Uint32Array,
    /** w [rows, 1]: how much each row counts in the loss; without it, all count 1 */
    readonly w?: Matrix | undefined,
  ) {
    this.order = { address: memory.allocate(rows.length * 4) };
    this.cursor = { address: memory.allocate(4) };
  }

  /** Copies so many rows to the engine's memory. */
  static of(memory: Memory, rows: number, X: Float32Array, y: Float32Array): Dataset {
    const matrixOf = (values: Float32Array) => {
      const matrix = memory.matrix(rows, values.length / rows);
      matrix.data.set(values);
      return matrix;
    };
    return new Dataset(memory, matrixOf(X), matrixOf(y), range(0, rows));
  }

  /** Some of its rows, by their numbers, in the same memory; `weights`: how much each of them counts. */
  subset(rows: Uint32Array, weights?: Float32Array): Dataset {
    const places = rows.map((row) => this.rows[row]!);
    return new Dataset(this.memory, this.X, this.y, places, weights ? this.columnOf(places, weights) : this.w);
  }

  /** [rows, 1], like X, with numbers for some of the rows. */
  private columnOf(places: Uint32Array, numbers: Float32Array): Matrix {
    const column = this.memory.matrix(this.X.rows, 1);
    const { data } = column;
    for (let i = 0; i < places.length; i++) data[places[i]!] = numbers[i]!;
    return column;
  }

  /** How many rows it holds. */
  get size(): number {
    return this.rows.length;
  }

  /** Records how the rows of a batch are gathered: in every replay, of the one that `batches` has come to. */
  gather(tape: Tape): { X: Matrix; y: Matrix; w: Matrix | undefined } {
    return {
      X: tape.gather(this.X, this.order, this.cursor),
      y: tape.gather(this.y, this.order, this.cursor),
      w: this.w && tape.gather(this.w, this.order, this.cursor),
    };
  }

  /** The rows of one epoch in b = ⌈m / m′⌉ disjoint batches, shuffled anew; the last one may be smaller. */
  *batches({ batchSize, random, done = 0 }: BatchOptions): Generator<Batch> {
    const order = this.memory.integers(this.order.address, this.size);
    order.set(this.rows);
    random?.shuffle(order);

    const cursor = this.memory.integers(this.cursor.address, 1);
    for (let start = done * batchSize, number = done + 1; start < this.size; start += batchSize, number++) {
      cursor[0] = start;
      yield { number, size: Math.min(batchSize, this.size - start) };
    }
  }
}
