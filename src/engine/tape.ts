import { Binary, Opcode, SCRATCH_BYTES, SCRATCH_BYTES_PER_COLUMN, Unary } from "./assembly/opcodes.js";
import type { Cell, Matrix, Memory } from "./memory.js";
import { lostThread } from "./threads.js";

/** What a pointwise operation takes: a matrix, or a number for every element. */
export type Operand = Matrix | number;

/** A recorded tape, ready to be replayed. */
export interface Program<Result> {
  /** What the recording returned: the matrices and cells that a replay fills. */
  readonly result: Result;
  /** Replays it on a batch of `rows` rows. */
  play(rows: number): void;
}

/** Runs `recording` once, with a tape for batches of up to `batchSize` rows. Nothing is computed until it is played. */
export function record<Result>(memory: Memory, batchSize: number, recording: (tape: Tape) => Result): Program<Result> {
  const tape = new Tape(memory, batchSize);
  const result = recording(tape);
  const { start, end, scratch, scratchBytes } = tape.write();
  return {
    result,
    play(rows) {
      if (!memory.kernels.play(start, end, rows, scratch, scratchBytes)) throw lostThread("no longer answers");
    },
  };
}

/**
 * Records kernel calls, to be replayed for every batch without coming back to JavaScript.
 *
 * Each method allocates what it returns, unless `into` says where the result goes; the memory is the same in every
 * replay. A matrix `ofBatch` has as many rows as the batch that is played.
 */
export class Tape {
  private readonly words: number[] = [];
  /** Where the run of pointwise instructions that is being recorded begins, and the size of its matrices. */
  private run: { begin: number; size: number } | undefined;
  /** The product that was just recorded, and the word that says which row is added to it. */
  private product: { address: number; end: number; biasAt: number } | undefined;
  private scratchBytes = 0;

  constructor(
    private readonly memory: Memory,
    readonly batchSize: number,
  ) {}

  /** A matrix with a row for each row of the batch. */
  batch(columns: number): Matrix {
    return this.memory.matrix(this.batchSize, columns, true);
  }

  // ── rows ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Y[r, :] = X[order[cursor + r], :] */
  gather(X: Matrix, order: { address: number }, cursor: { address: number }): Matrix {
    const Y = this.batch(X.columns);
    this.emit(Opcode.Gather, Y.address, X.address, order.address, cursor.address, X.columns);
    return Y;
  }

  /** X[r, :] += b, in place   X [rows, n], b [n] */
  addRow(X: Matrix, b: Matrix): Matrix {
    const { product } = this;
    if (product?.address === X.address && product.end === this.words.length) this.words[product.biasAt] = b.address;
    else this.emit(Opcode.AddRow, X.address, X.address, b.address, X.columns);
    return X;
  }

  /** b = Σᵣ X[r, :] */
  sumRows(X: Matrix, into: Matrix): Matrix {
    this.emit(Opcode.SumRows, into.address, X.address, X.columns);
    return into;
  }

  /** P[r, :] = softmax(Z[r, :]) */
  softmax(Z: Matrix): Matrix {
    const P = this.like(Z);
    this.emit(Opcode.Softmax, P.address, Z.address, Z.columns);
    return P;
  }

  /** L[r] = −log softmax(Z[r, :])[y[r]]   Z [rows, classes], y [rows, 1] holds the number of the class */
  crossEntropy(Z: Matrix, y: Matrix): Matrix {
    const L = this.batch(1);
    this.emit(Opcode.CrossEntropy, L.address, Z.address, y.address, Z.columns);
    return L;
  }

  /** D[r, :] = P[r, :], less 1 in column y[r] */
  subtractOneHot(P: Matrix, y: Matrix): Matrix {
    const D = this.like(P);
    this.emit(Opcode.SubtractOneHot, D.address, P.address, y.address, P.columns);
    return D;
  }

  // ── products ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** X·W   X [rows, k], W [k, n] → [rows, n] */
  matmul(X: Matrix, W: Matrix): Matrix {
    const Y = this.batch(W.columns);
    this.emitProduct(Y, X, W, [BATCH, W.rows, W.columns], [X.columns, 1], [W.columns, 1]);
    return Y;
  }

  /** X·Wᵀ   X [rows, k], W [n, k] → [rows, n] */
  matmulT(X: Matrix, W: Matrix): Matrix {
    const Y = this.batch(W.rows);
    this.emitProduct(Y, X, W, [BATCH, W.columns, W.rows], [X.columns, 1], [1, W.columns]);
    return Y;
  }

  /** Aᵀ·X   A [rows, p], X [rows, q] → [p, q], summed over the batch */
  tmatmul(A: Matrix, X: Matrix, into: Matrix): Matrix {
    this.emitProduct(into, A, X, [A.columns, BATCH, X.columns], [1, A.columns], [X.columns, 1]);
    return into;
  }

  // ── pointwise ──────────────────────────────────────────────────────────────────────────────────────────────────

  add = (a: Operand, b: Operand, into?: Matrix) => this.binary(Binary.Add, a, b, into);
  subtract = (a: Operand, b: Operand, into?: Matrix) => this.binary(Binary.Subtract, a, b, into);
  multiply = (a: Operand, b: Operand, into?: Matrix) => this.binary(Binary.Multiply, a, b, into);
  divide = (a: Operand, b: Operand, into?: Matrix) => this.binary(Binary.Divide, a, b, into);
  /** the smaller one; NaN where a is NaN */
  minimum = (a: Operand, b: Operand, into?: Matrix) => this.binary(Binary.Minimum, a, b, into);
  /** the larger one; NaN where a is NaN */
  maximum = (a: Operand, b: Operand, into?: Matrix) => this.binary(Binary.Maximum, a, b, into);
  /** 1 where a > b, else 0 */
  greater = (a: Operand, b: Operand) => this.binary(Binary.Greater, a, b);

  absolute = (x: Matrix) => this.unary(Unary.Absolute, x);
  /** 1, −1 or 0 */
  sign = (x: Matrix) => this.unary(Unary.Sign, x);
  square = (x: Matrix) => this.unary(Unary.Square, x);
  squareRoot = (x: Matrix) => this.unary(Unary.SquareRoot, x);
  exp = (x: Matrix) => this.unary(Unary.Exp, x);
  /** eˣ − 1 */
  expm1 = (x: Matrix) => this.unary(Unary.Expm1, x);
  tanh = (x: Matrix) => this.unary(Unary.Tanh, x);
  /** σ(x) = 1 / (1 + e⁻ˣ) */
  sigmoid = (x: Matrix) => this.unary(Unary.Sigmoid, x);
  /** log(1 + eˣ) */
  softplus = (x: Matrix) => this.unary(Unary.Softplus, x);
  /** Φ(x) */
  normalCdf = (x: Matrix) => this.unary(Unary.NormalCdf, x);
  /** φ(x) */
  normalPdf = (x: Matrix) => this.unary(Unary.NormalPdf, x);

  /** a where mask ≠ 0, else b */
  select(mask: Matrix, a: Operand, b: Operand): Matrix {
    const y = this.like(mask);
    this.emitPointwise(
      mask,
      Opcode.Select,
      y.address,
      mask.address,
      this.address(a),
      this.address(b),
      Number(isCell(a, mask)),
      Number(isCell(b, mask)),
    );
    return y;
  }

  // ── averages ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** The mean of all elements. */
  mean(x: Matrix): Cell {
    const cell = this.memory.cell();
    this.emit(Opcode.Mean, cell.address, x.address, size(x));
    return cell;
  }

  /** x / n, where n is how many elements `counted` has: what a mean over them does to a gradient. */
  divideByCount(x: Matrix, counted: Matrix): Matrix {
    const y = this.like(x);
    this.emitPointwise(x, Opcode.DivideByCount, y.address, x.address, size(counted));
    return y;
  }

  // ── the recording itself ───────────────────────────────────────────────────────────────────────────────────────

  /** Puts the instructions into the engine's memory, and sets room aside that each thread needs to play them. */
  write(): { start: number; end: number; scratch: number; scratchBytes: number } {
    this.endRun();
    const start = this.memory.allocate(this.words.length * 4);
    this.memory.integers(start, this.words.length).set(this.words);
    const scratchBytes = Math.ceil(this.scratchBytes / 64) * 64;
    const scratch = this.memory.allocate(scratchBytes * this.memory.threads);
    return { start, end: start + this.words.length * 4, scratch, scratchBytes };
  }

  private like(x: Matrix): Matrix {
    return this.memory.matrix(x.rows, x.columns, x.ofBatch);
  }

  private unary(f: Unary, x: Matrix): Matrix {
    const y = this.like(x);
    this.emitPointwise(x, Opcode.Unary, f, y.address, x.address);
    return y;
  }

  private binary(f: Binary, a: Operand, b: Operand, into?: Matrix): Matrix {
    const shape = matrixOf(a, b);
    const y = into ?? this.like(shape);
    this.emitPointwise(
      shape,
      Opcode.Binary,
      f,
      y.address,
      this.address(a),
      this.address(b),
      Number(isCell(a, shape)),
      Number(isCell(b, shape)),
    );
    return y;
  }

  /** Where an operand lies; a number gets a cell of its own. */
  private address(operand: Operand): number {
    if (typeof operand !== "number") return operand.address;
    const cell = this.memory.matrix(1, 1);
    cell.data[0] = operand;
    return cell.address;
  }

  private emit(opcode: Opcode, ...operands: number[]): void {
    this.endRun();
    this.words.push(opcode, operands.length + 2, ...operands);
  }

  /** Pointwise instructions on matrices of one size that follow each other make a run, played strip by strip. */
  private emitPointwise(x: Matrix, opcode: Opcode, ...operands: number[]): void {
    if (this.run?.size !== size(x)) {
      this.endRun();
      this.run = { begin: this.words.length, size: size(x) };
      this.words.push(Opcode.Pointwise, 0, size(x));
    }
    this.words.push(opcode, operands.length + 2, ...operands);
  }

  private endRun(): void {
    if (this.run) this.words[this.run.begin + 1] = this.words.length - this.run.begin;
    this.run = undefined;
  }

  private emitProduct(
    C: Matrix,
    A: Matrix,
    B: Matrix,
    sizes: readonly number[],
    stepsOfA: readonly number[],
    stepsOfB: readonly number[],
  ): void {
    this.emit(Opcode.Matmul, C.address, A.address, B.address, ...sizes, ...stepsOfA, ...stepsOfB, 0);
    this.product = { address: C.address, end: this.words.length, biasAt: this.words.length - 1 };
    const columns = Math.ceil(C.columns / 8) * 8;
    this.scratchBytes = Math.max(this.scratchBytes, SCRATCH_BYTES + columns * SCRATCH_BYTES_PER_COLUMN);
  }
}

/** As a dimension of a product: the rows of the batch. */
const BATCH = -1;

/** How many elements a matrix has, in the encoding of the tape. */
function size({ rows, columns, ofBatch }: Matrix): number {
  return ofBatch ? -columns : rows * columns;
}

/** The operand that gives the result its shape: a matrix, and one of more than a single element where there is one. */
function matrixOf(a: Operand, b: Operand): Matrix {
  if (typeof a === "number") {
    if (typeof b === "number") throw new Error("one of the operands must be a matrix");
    return b;
  }
  return typeof b === "number" || !isSingle(a) ? a : b;
}

function isSingle({ rows, columns, ofBatch }: Matrix): boolean {
  return rows * columns === 1 && !ofBatch;
}

function isCell(operand: Operand, shape: Matrix): boolean {
  if (typeof operand === "number") return true;
  if (operand.rows === shape.rows && operand.columns === shape.columns && operand.ofBatch === shape.ofBatch)
    return false;
  if (isSingle(operand)) return true;
  throw new Error(`shapes differ: [${operand.rows}, ${operand.columns}] and [${shape.rows}, ${shape.columns}]`);
}
