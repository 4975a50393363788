/**
 * The instructions of a tape: one program, written by engine/tape.ts and read by player.ts, which both include
 * this file. It is a row of stages, which threads do one after the other: length in words, pieces for each thread,
 * bytes of scratch for each thread, instructions.
 */
export const STAGE_WORDS = 3;
export const STAGE_BYTES = STAGE_WORDS * 4;

/**
 * An instruction is a run of 32-bit words: opcode, length in words, operands. In the operand lists below
 *
 *   *name    the address of a float32 matrix (row-major) or cell
 *   size     a number of elements; negative: that many for each row of the batch
 */
export enum Opcode {
  /** *to, *from, *order, *cursor, width:  to[r, :] = from[order[cursor + r], :]  for the rows of the batch */
  Gather,
  /** *C, *A, *packed B, copies, K, Q, *bias or 0:  C [rows·copies, Q] = A·B + bias   A [rows·copies, K] */
  Matmul,
  /** *C, *A, *packed B, P, copies, Q:  C [P, Q] = Aᵀ·B   A [rows·copies, P], B [rows·copies, Q] */
  Tmatmul,
  /** *packed B, *B, K, Q, B's steps along k and q (in elements):  as matmul.ts says */
  PackColumns,
  /** *packed B, *B, copies, Q:  the same for B [rows·copies, Q] */
  PackRows,
  /** *Y, *X, *b, width:  Y[r, :] = X[r, :] + b */
  AddRow,
  /** *b, *X, width:  b = Σᵣ X[r, :] */
  SumRows,
  /** number of a function, size, unit:  a run of pointwise operations on matrices of that size, cut at multiples of unit, or where they are the batch's by rows */
  Pointwise,
  /** *cell (float64), *x, size:  cell = Σ x / size */
  Mean,
  /** *factor, *mean (float64), size, *limit:  factor = min(1, limit / (√(mean·size) + 10⁻⁶)) */
  ClipFactor,
  /** *P, *Z, copies, width:  P[r, :] = softmax(Z[r, :]) */
  Softmax,
  /** *L, *Z, *y, copies, width, *ε:  L[r] = −Σⱼ q[j]·log softmax(Z[r, :])[j],  q = 1 − ε in column y[r], and ε/width everywhere */
  CrossEntropy,
  /** *D, *P, *y, copies, width, *ε:  D[r, :] = P[r, :] − q, q as above */
  SubtractOneHot,
  /**
   * *C, *A, *B, P, K, Q (sizes), A's steps along p and k, B's steps along k and q (in elements), *bias or 0:
   * C[p, q] = bias[q] + Σₖ A(p, k)·B(k, q), by the system's BLAS
   */
  ForeignMatmul,
  /** *Y, width, *parts, count:  columns of Y from columns of other matrices of the batch, as each part says */
  Arrange,
  /** *T, *codes, *dY, steps from row to row of codes and dY, width, places:  T[p, :] = Σ dY[r, :] over the rows r of code p */
  SumByCode,
  /** *Y, *X, *W, blocks, k, n:  Y[r, f, :] = X[r, f, :]·W[f]ᵀ   X [rows, blocks, k], W [blocks, n, k] */
  BlockMatmulT,
  /** *Y, *X, *W, blocks, k, n:  Y[r, f, :] = X[r, f, :]·W[f]   X [rows, blocks, k], W [blocks, k, n] */
  BlockMatmul,
  /** *W, *A, *X, blocks, p, q:  W[f] = Σᵣ A[r, f, :]ᵀ·X[r, f, :]   A [rows, blocks, p], X [rows, blocks, q] */
  BlockTmatmul,
  /** *Y, *X, blocks, width:  Y[r, :] = Σ X[r, f, :] over the blocks f   X [rows, blocks, width] */
  SumBlocks,
}

/**
 * What a part of Arrange makes of x, the number in a row from which it takes. A part is 7 words: which of these, the
 * column of Y where it begins, its columns, *from (the first row's number), steps from row to row, *table, its rows. A
 * code that is no place of the part, 0, 1, …, makes zeros.
 */
export enum Part {
  /** x and the numbers after it */
  Copy,
  /** x, x, … */
  Repeat,
  /** 1 in the column that x counts to, else 0 */
  OneHot,
  /** −1 for code 0, 1 for code 1, else 0 */
  Sign,
  /** the row of the table [places, columns] that x counts to */
  Lookup,
}
export const PART_BYTES = 28;

/** A product is worked out in tiles of so many rows by so many columns. */
export const TILE_ROWS = 4;
export const PANEL = 8;
/** In a thread's scratch, for a product: a tile that is not stored whole, then a packed block of A. */
export const EDGE_BYTES = 128;
export const BLOCK_K = 256;
export const BLOCK_ROWS = 128;

/** What threads share to work together: so much, and so much more for each of them. */
export const CONTROL_BYTES = 512;
/** in it, the word that says how many are ready */
export const CONTROL_READY = 384;
export const CONTROL_BYTES_PER_THREAD = 128;
