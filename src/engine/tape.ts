import { type ColumnPart, wordsOf } from "./arrange.js";
import { BLOCK_K, BLOCK_ROWS, EDGE_BYTES, Opcode, PANEL } from "./assembly/opcodes.js";
import { instructionOf, type Place, type Recorded } from "./instructions.js";
import { type Cell, type Matrix, type Memory, MOST_PAGES } from "./memory.js";
import { hasShape, inputs, isLike, type Operand, shapeOf, shapesDiffer, size } from "./operands.js";
import { fuse, hasRows, isCostly, type Pointwise } from "./pointwise.js";
import { programOf, stagesOf } from "./stages.js";
import { lostThread } from "./threads.js";
import { Values } from "./values.js";

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
  keep(result);
  const { start, end, scratch } = tape.write();
  return {
    result,
    play(rows) {
      if (!(rows >= 1 && rows <= batchSize))
        throw new Error(`a tape for up to ${batchSize} rows can't be played on ${rows}`);
      if (start === end) return;
      if (!memory.kernels.play(start, end, rows, scratch)) throw lostThread("no longer answers");
    },
  };
}

/** Sees to it that the matrices in a result have a place in memory. */
function keep(result: unknown): void {
  if (typeof result !== "object" || result === null || ArrayBuffer.isView(result)) return;
  if ("address" in result) void result.address;
  else Object.values(result).forEach(keep);
}

/**
 * Records kernel calls, to be replayed for every batch without coming back to JavaScript.
 *
 * Each method returns a matrix of its own, unless `into` says where the result goes; its memory is the same in every
 * replay. What takes long is computed once: who asks for the same again is given the same matrix, which can't be
 * written to then. A matrix `ofBatch` has as many rows as the batch that is played. Pointwise operations that follow
 * each other become one loop (pointwise.ts), and what only they use gets no memory at all.
 */
export class Tape {
  private readonly recorded: Recorded[] = [];
  /** The run of pointwise operations that is being recorded, if the last operation was one: on matrices of one size. */
  private run: Pointwise[] | undefined;
  /** The product that was just recorded, whose last operand says which row is added to it. */
  private product: { readonly address: number; readonly columns: number; readonly recorded: Recorded } | undefined;
  private scratchBytes = 0;
  private isWritten = false;
  /** What forward has made of x, backward need not make again. */
  private readonly values = new Values();

  constructor(
    private readonly memory: Memory,
    readonly batchSize: number,
  ) {}

  /** A matrix with a row for each row of the batch. */
  batch(columns: number): Matrix {
    return this.values.add(this.memory.matrix(this.batchSize, columns, true));
  }

  // ── rows ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Y[r, :] = X[order[cursor + r], :] */
  gather(X: Matrix, order: { address: number }, cursor: { address: number }): Matrix {
    const Y = this.batch(X.columns);
    this.emit(Opcode.Gather, Y, X, order, cursor, X.columns);
    return Y;
  }

  /** X[r, :] += b, in place   X [rows, n], b [n] */
  addRow(X: Matrix, b: Matrix): Matrix {
    const { product } = this;
    const isProduct = product?.address === X.address && product.columns === X.columns;
    if (isProduct && product.recorded === this.recorded.at(-1)) {
      void b.address; // a place, if it has none yet
      product.recorded.operands.splice(-1, 1, b);
      this.product = undefined;
    } else this.emit(Opcode.AddRow, X, X, b, X.columns);
    this.values.change(X);
    return X;
  }

  /** b = Σᵣ X[r, :] */
  sumRows(X: Matrix, into: Matrix): Matrix {
    this.emit(Opcode.SumRows, into, X, X.columns);
    this.values.change(into);
    return into;
  }

  /** P[r, :] = softmax(Z[r, :]); or of each of so many rows that lie side by side */
  softmax(Z: Matrix, copies = 1): Matrix {
    const P = this.like(Z);
    this.emit(Opcode.Softmax, P, Z, copies, columnsOfEach(Z, copies));
    return P;
  }

  /**
   * L[r] = −Σⱼ q[j]·log softmax(Z[r, :])[j], where q is 1 − ε in the column of the class and ε/classes everywhere
   * Z [rows, classes], y [rows, 1] holds the number of the class, ε is the label smoothing; or of each of several rows
   * that lie side by side, Z [rows, copies·classes], y [rows, copies] → [rows, copies]
   */
  crossEntropy(Z: Matrix, y: Matrix, smoothing = 0): Matrix {
    const L = this.batch(y.columns);
    const classes = columnsOfEach(Z, y.columns);
    this.emit(Opcode.CrossEntropy, L, Z, y, y.columns, classes, this.cellOf(smoothing));
    return L;
  }

  /** D[r, :] = P[r, :] − q, with the same q, y and shapes */
  subtractOneHot(P: Matrix, y: Matrix, smoothing = 0): Matrix {
    const D = this.like(P);
    const classes = columnsOfEach(P, y.columns);
    this.emit(Opcode.SubtractOneHot, D, P, y, y.columns, classes, this.cellOf(smoothing));
    return D;
  }

  /** Columns made of columns of other matrices of the batch, part after part. */
  arrange(parts: readonly ColumnPart[]): Matrix {
    const { words, width, count } = wordsOf(parts);
    const at = this.memory.allocate(words.length * 4);
    this.memory.integers(at, words.length).set(words);
    const Y = this.batch(width);
    const from = parts.flatMap((part) => (part.kind === "lookup" ? [part.from, part.table] : [part.from]));
    this.emitReading(from, Opcode.Arrange, Y, width, at, count);
    return Y;
  }

  /** T[p, :] = Σ dY[r, from : from + n] over the rows r where codes[r, column] is p   T [places, n] */
  sumByCode(codes: Matrix, column: number, dY: Matrix, from: number, into: Matrix): Matrix {
    const [code, first] = [codes.address + 4 * column, dY.address + 4 * from];
    const sizes = [codes.columns, dY.columns, into.columns, into.rows];
    this.emitReading([codes, dY], Opcode.SumByCode, into, code, first, ...sizes);
    this.values.change(into);
    return into;
  }

  /** X so many times, side by side   X [rows, n] → [rows, copies·n] */
  copies(X: Matrix, copies: number): Matrix {
    const part: ColumnPart = { kind: "copy", from: X, at: 0, columns: X.columns };
    return this.arrange(Array.from({ length: copies }, () => part));
  }

  /** Y[r, :] = Σ X[r, f, :], summed over so many copies f   X [rows, copies·n] → [rows, n] */
  sumCopies(X: Matrix, copies: number): Matrix {
    const Y = this.batch(columnsOfEach(X, copies));
    this.emit(Opcode.SumBlocks, Y, X, copies, Y.columns);
    return Y;
  }

  // ── products ───────────────────────────────────────────────────────────────────────────────────────────────────

  // A row of the batch may hold several rows of the product, side by side: X [rows, copies·k] is then taken for
  // [rows·copies, k], as it lies in memory.

  /** X·W   X [rows, k], W [k, n] → [rows, n] */
  matmul(X: Matrix, W: Matrix): Matrix {
    return this.productByRows(X, W, W.rows, W.columns, [W.columns, 1]);
  }

  /** X·Wᵀ   X [rows, k], W [n, k] → [rows, n] */
  matmulT(X: Matrix, W: Matrix): Matrix {
    return this.productByRows(X, W, W.columns, W.rows, [1, W.columns]);
  }

  /** Aᵀ·X   A [rows, p], X [rows, q] → [p, q], summed over the batch */
  tmatmul(A: Matrix, X: Matrix, into: Matrix): Matrix {
    const { rows: p, columns: q } = into;
    const copies = A.columns / p;
    if (!Number.isInteger(copies) || copies !== X.columns / q) throw shapesDiffer(A, X);
    if (this.memory.blas) this.emit(Opcode.ForeignMatmul, into, A, X, p, -copies, q, 1, p, q, 1, 0);
    else {
      const packed = this.memory.matrix(this.batchSize, copies * wholePanels(q), true);
      this.emit(Opcode.PackRows, packed, X, copies, q);
      this.emit(Opcode.Tmatmul, into, A, packed, p, copies, q);
      this.needScratch(copies * this.batchSize);
    }
    this.values.change(into);
    return into;
  }

  /** w·1ᵀ: the same number in each of so many columns   w [rows, 1] → [rows, columns] */
  spread(w: Matrix, columns: number): Matrix {
    if (columns === 1) return w;
    const ones = this.memory.matrix(1, columns);
    ones.data.fill(1);
    return this.matmul(w, ones);
  }

  // One small product for each of some blocks of columns, which have weights of their own.

  /** Y[r, f, :] = X[r, f, :]·W[f]ᵀ   X [rows, blocks·k], W [blocks·n, k] → [rows, blocks·n] */
  blockMatmulT(X: Matrix, W: Matrix): Matrix {
    const blocks = X.columns / W.columns;
    const Y = this.batch(W.rows);
    this.emit(Opcode.BlockMatmulT, Y, X, W, blocks, W.columns, W.rows / blocks);
    return Y;
  }

  /** Y[r, f, :] = X[r, f, :]·W[f]   X [rows, blocks·k], W [blocks·k, n] → [rows, blocks·n] */
  blockMatmul(X: Matrix, W: Matrix, blocks: number): Matrix {
    const Y = this.batch(blocks * W.columns);
    this.emit(Opcode.BlockMatmul, Y, X, W, blocks, W.rows / blocks, W.columns);
    return Y;
  }

  /** W[f] = A[:, f, :]ᵀ·X[:, f, :], summed over the batch   A [rows, blocks·p], X [rows, blocks·q] → [blocks·p, q] */
  blockTmatmul(A: Matrix, X: Matrix, into: Matrix): Matrix {
    const blocks = X.columns / into.columns;
    this.emit(Opcode.BlockTmatmul, into, A, X, blocks, A.columns / blocks, into.columns);
    this.values.change(into);
    return into;
  }

  // ── pointwise ──────────────────────────────────────────────────────────────────────────────────────────────────

  add = (a: Operand, b: Operand, into?: Matrix) => this.pointwise("add", [a, b], into);
  subtract = (a: Operand, b: Operand, into?: Matrix) => this.pointwise("subtract", [a, b], into);
  multiply = (a: Operand, b: Operand, into?: Matrix) => this.pointwise("multiply", [a, b], into);
  divide = (a: Operand, b: Operand, into?: Matrix) => this.pointwise("divide", [a, b], into);
  /** the smaller one; NaN where a is NaN */
  minimum = (a: Operand, b: Operand, into?: Matrix) => this.pointwise("minimum", [a, b], into);
  /** the larger one; NaN where a is NaN */
  maximum = (a: Operand, b: Operand, into?: Matrix) => this.pointwise("maximum", [a, b], into);
  /** 1 where a > b, else 0 */
  greater = (a: Operand, b: Operand) => this.pointwise("greater", [a, b]);
  /** a where mask ≠ 0, else b */
  select = (mask: Matrix, a: Operand, b: Operand) => this.pointwise("select", [a, b, mask]);

  absolute = (x: Matrix) => this.pointwise("absolute", [x]);
  /** 1, −1 or 0 */
  sign = (x: Matrix) => this.subtract(this.greater(x, 0), this.greater(0, x));
  square = (x: Matrix) => this.pointwise("multiply", [x, x]);
  squareRoot = (x: Matrix) => this.pointwise("squareRoot", [x]);
  exp = (x: Matrix) => this.pointwise("exp", [x]);
  /** eˣ − 1 */
  expm1 = (x: Matrix) => this.pointwise("expm1", [x]);
  log = (x: Matrix) => this.pointwise("log", [x]);
  tanh = (x: Matrix) => this.pointwise("tanh", [x]);
  /** σ(x) = 1 / (1 + e⁻ˣ) */
  sigmoid = (x: Matrix) => this.pointwise("sigmoid", [x]);
  /** log(1 + eˣ) */
  softplus = (x: Matrix) => this.pointwise("softplus", [x]);
  /** Φ(x) */
  normalCdf = (x: Matrix) => this.pointwise("normalCdf", [x]);
  /** φ(x) */
  normalPdf = (x: Matrix) => this.pointwise("normalPdf", [x]);
  /** cos 2πx */
  cosTurns = (x: Matrix) => this.pointwise("cosTurns", [x]);
  /** Random numbers in [0, 1), one for each element of `shape`; others for another key, a cell of 32 random bits. */
  uniform = (shape: Matrix, key: Matrix) =>
    this.pointwise("uniform", [this.pointwise("xor", ["position", key], undefined, shape)]);
  /** x / n, where n is how many elements `counted` has: what a mean over them does to a gradient. */
  divideByCount = (x: Matrix, counted: Matrix) => this.pointwise("multiply", [x, { oneOver: counted }]);

  // ── averages ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** The mean of all elements. */
  mean(x: Matrix): Cell {
    const cell = this.memory.cell();
    this.emit(Opcode.Mean, cell, x, size(x));
    return cell;
  }

  /** x, shortened to the length `limit` if it is longer. */
  clipNorm(x: Matrix, limit: number): Matrix {
    const squares = this.mean(this.square(x));
    const factor = this.values.add(this.memory.matrix(1, 1));
    this.emit(Opcode.ClipFactor, factor, squares, size(x), this.cellOf(limit));
    return this.multiply(x, factor);
  }

  // ── the recording itself ───────────────────────────────────────────────────────────────────────────────────────

  /** Puts the instructions into the engine's memory, and sets room aside that is needed to play them. */
  write(): { start: number; end: number; scratch: number } {
    this.fuseRuns();
    this.isWritten = true;
    const { threads } = this.memory;
    const stages = stagesOf(this.recorded.map((recorded) => instructionOf(recorded, this.batchSize)));
    const words = programOf(stages, threads, this.scratchBytes);
    const bytes = words.length * 4;
    const start = this.memory.allocate(bytes);
    this.memory.integers(start, words.length).set(words);
    return { start, end: start + bytes, scratch: this.memory.allocate(threads * this.scratchBytes) };
  }

  /** Makes a function of each run. */
  private fuseRuns(): void {
    const recorded = this.recorded.filter(({ run }) => run);
    if (recorded.length === 0) return;
    const runs = recorded.map(({ run }) => run!);
    for (const run of runs) for (const matrix of inputs(run)) void matrix.address; // made elsewhere: it needs a place
    const first = this.memory.extend(fuse(runs, (matrix) => matrix.isPlaced, MOST_PAGES));
    for (const [i, { operands, run }] of recorded.entries()) {
      const { y } = run![0]!;
      operands.push(first + i, size(y), hasRows(run!) ? y.columns : CACHE_LINE);
    }
  }

  private like(shape: Matrix): Matrix {
    return this.values.add(this.later(shape));
  }

  /** Where a number lies. */
  private cellOf(value: number): number {
    const cell = this.memory.matrix(1, 1);
    cell.data[0] = value;
    return cell.address;
  }

  /** A matrix that gets a place if it needs one before the tape is written. */
  private later({ rows, columns, ofBatch }: Matrix): Matrix {
    return this.memory.later(rows, columns, ofBatch, () => !this.isWritten);
  }

  private emit(opcode: Opcode, ...operands: (number | Place)[]): void {
    this.emitReading([], opcode, ...operands);
  }

  private emitReading(alsoReads: readonly Matrix[], opcode: Opcode, ...operands: (number | Place)[]): void {
    this.run = undefined;
    for (const operand of operands) if (typeof operand === "object") void operand.address; // a place, if it has none yet
    this.recorded.push({ opcode, operands, alsoReads });
  }

  private pointwise(
    name: Pointwise["name"],
    operands: readonly Operand[],
    into?: Matrix,
    shape = shapeOf(operands),
  ): Matrix {
    const before = !into && isCostly(name) ? this.values.share(name, operands) : undefined;
    if (before) return before;
    if (into && !hasShape(into, shape)) throw shapesDiffer(into, shape);
    const y = into ?? this.later(shape);
    if (!this.run || !isLike(this.run[0]!.y, shape)) {
      this.run = [];
      this.recorded.push({ opcode: Opcode.Pointwise, operands: [], alsoReads: [], run: this.run });
    }
    this.run.push({ name, y, operands });
    if (into) this.values.change(into);
    else this.values.addResult(y, name, operands);
    return y;
  }

  /** X·B for the rows of the batch   X [rows, copies·k], B [k, n] with such steps along k and n → [rows, copies·n] */
  private productByRows(X: Matrix, B: Matrix, k: number, n: number, steps: readonly [number, number]): Matrix {
    const copies = X.columns / k;
    if (!Number.isInteger(copies)) throw shapesDiffer(X, B);
    const Y = this.batch(copies * n);
    if (this.memory.blas) this.emit(Opcode.ForeignMatmul, Y, X, B, -copies, k, n, k, 1, ...steps, 0);
    else {
      const packed = this.memory.matrix(k, wholePanels(n));
      this.emit(Opcode.PackColumns, packed, B, k, n, ...steps);
      this.emit(Opcode.Matmul, Y, X, packed, copies, k, n, 0);
      this.needScratch(k);
    }
    this.product = { address: Y.address, columns: n, recorded: this.recorded.at(-1)! };
    return Y;
  }

  /** Sets aside where each thread packs blocks of a matrix, in a product that is summed over so many k. */
  private needScratch(k: number): void {
    this.scratchBytes = Math.max(this.scratchBytes, EDGE_BYTES + BLOCK_ROWS * Math.min(k, BLOCK_K) * 4);
  }
}

/** Pieces of pointwise work are whole cache lines, in elements, where they need not be whole rows. */
const CACHE_LINE = 16;

function wholePanels(columns: number): number {
  return Math.ceil(columns / PANEL) * PANEL;
}

/** Of so many rows that lie side by side in one of X. */
function columnsOfEach(X: Matrix, copies: number): number {
  const columns = X.columns / copies;
  if (!Number.isInteger(columns)) throw new Error(`${X.columns} columns are no ${copies} rows side by side`);
  return columns;
}
