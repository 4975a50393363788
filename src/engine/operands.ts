import type { Matrix } from "./memory.js";

/**
 * What a pointwise operation takes: a matrix, a number for every element, one over a number of elements, a row
 * [1, columns] that is the same for all rows, or where an element is.
 */
export type Operand = Matrix | number | { readonly oneOver: Matrix } | { readonly eachRow: Matrix } | "position";

/** How many elements a matrix has, in the encoding of the tape. */
export function size({ rows, columns, ofBatch }: Matrix): number {
  return ofBatch ? -columns : rows * columns;
}

/** The matrices of a run that it does not make itself. */
export function inputs(run: readonly { readonly y: Matrix; readonly operands: readonly Operand[] }[]): Matrix[] {
  const made = new Set<Matrix>();
  return run.flatMap(({ y, operands }) => {
    const missing = operands.flatMap((operand) => matricesOf(operand)).filter((matrix) => !made.has(matrix));
    made.add(y);
    return missing;
  });
}

/** The shape of a result: that of the matrices, and of one of more than a single element where there is one. */
export function shapeOf(operands: readonly Operand[]): Matrix {
  const matrices = operands.filter((operand) => isMatrix(operand));
  const shape = matrices.find(({ rows, columns, ofBatch }) => rows * columns !== 1 || ofBatch) ?? matrices[0];
  if (!shape) throw new Error("one of the operands must be a matrix");
  for (const operand of operands) {
    if (typeof operand !== "object" || !("eachRow" in operand)) continue;
    const { rows, columns, ofBatch } = operand.eachRow;
    if (rows !== 1 || ofBatch || columns !== shape.columns) throw shapesDiffer(operand.eachRow, shape);
  }
  for (const matrix of matrices) {
    if (!hasShape(matrix, shape) && !isCell(matrix, shape)) {
      throw shapesDiffer(matrix, shape);
    }
  }
  return shape;
}

/** Whether the same loop can go through both. */
export function isLike(a: Matrix, b: Matrix): boolean {
  return size(a) === size(b) && a.columns === b.columns;
}

export function hasShape(matrix: Matrix, { rows, columns, ofBatch }: Matrix): boolean {
  return matrix.rows === rows && matrix.columns === columns && matrix.ofBatch === ofBatch;
}

export function shapesDiffer(a: Matrix, b: Matrix): Error {
  return new Error(`shapes differ: [${a.rows}, ${a.columns}] and [${b.rows}, ${b.columns}]`);
}

function isMatrix(operand: Operand): operand is Matrix {
  return typeof operand === "object" && "rows" in operand;
}

function matricesOf(operand: Operand): Matrix[] {
  if (isMatrix(operand)) return [operand];
  return typeof operand === "object" && "eachRow" in operand ? [operand.eachRow] : [];
}

/** Whether a matrix is a single element that stands for all those of `shape`. */
export function isCell({ rows, columns, ofBatch }: Matrix, shape: Matrix): boolean {
  return rows * columns === 1 && !ofBatch && (shape.rows * shape.columns !== 1 || shape.ofBatch);
}
