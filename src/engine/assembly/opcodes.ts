/**
 * The instructions of a tape: one program, written by engine/tape.ts and read by player.ts, which both include
 * this file. An instruction is a run of 32-bit words: opcode, length in words, operands. In the operand lists below
 *
 *   *name    the address of a float32 matrix (row-major) or cell
 *   size     a number of elements; negative: that many for each row of the batch
 */
export enum Opcode {
  /** *to, *from, *order, *cursor, width:  to[r, :] = from[order[cursor + r], :]  for the rows of the batch */
  Gather,
  /**
   * *C, *A, *B, P, K, Q (sizes), A's steps along p and k, B's steps along k and q (in elements), *bias or 0:
   * C[p, q] = bias[q] + Σₖ A(p, k)·B(k, q)
   */
  Matmul,
  /** *Y, *X, *b, width:  Y[r, :] = X[r, :] + b */
  AddRow,
  /** *b, *X, width:  b = Σᵣ X[r, :] */
  SumRows,
  /** size, then a run of the four pointwise instructions below, on matrices of that size */
  Pointwise,
  /** function, *y, *x:  y = function(x) */
  Unary,
  /** function, *y, *a, *b, a is a cell, b is a cell:  y = function(a, b) */
  Binary,
  /** *y, *mask, *a, *b, a is a cell, b is a cell:  y = mask ≠ 0 ? a : b */
  Select,
  /** *y, *x, count (a size):  y = x / count */
  DivideByCount,
  /** *cell (float64), *x, size:  cell = Σ x / size */
  Mean,
  /** *P, *Z, width:  P[r, :] = softmax(Z[r, :]) */
  Softmax,
  /** *L, *Z, *y, width:  L[r] = −log softmax(Z[r, :])[y[r]] */
  CrossEntropy,
  /** *D, *P, *y, width:  D[r, :] = P[r, :], less 1 in column y[r] */
  SubtractOneHot,
}

export enum Unary {
  Absolute,
  Sign,
  Square,
  SquareRoot,
  Exp,
  Expm1,
  Tanh,
  Sigmoid,
  Softplus,
  NormalCdf,
  NormalPdf,
}

export enum Binary {
  Add,
  Subtract,
  Multiply,
  Divide,
  Minimum,
  Maximum,
  Greater,
}

/** The scratch that a thread needs for a product: so much, and so much more for each column of B. */
export const SCRATCH_BYTES = 131200;
export const SCRATCH_BYTES_PER_COLUMN = 1024;
