import { firstPlaces, type InputColumn, oneHotWidth } from "../transform/inputColumns.js";

/**
 * The inputs of a linear model by what is not 0: row r has `values[e]` in column `columns[e]`, for each e from
 * `starts[r]` up to `starts[r + 1]`, columns ascending. Numbers are standardized; columns of only 0 and 1, such as
 * one-hot ones, stay as they are, so that zeros cost nothing. The model is of each column less its mean.
 */
export interface Design {
  readonly rows: number;
  readonly width: number;
  /** how much each row counts, on average 1; none: all the same */
  readonly weights?: ArrayLike<number> | undefined;
  readonly starts: Int32Array;
  readonly columns: Uint32Array;
  readonly values: Float64Array;
  /** of the columns as stored, by the weights */
  readonly means: Float64Array;
  /** stored = (input − center) / scale */
  readonly centers: Float64Array;
  readonly scales: Float64Array;
  readonly method: Method;
}

/** How equations of its curvature are solved: see curvature.ts. */
export type Method = "byColumns" | "byRows" | "bySteps";

/** Some rows of the network's inputs.   X [all rows, columns], as the pipeline makes them; rows: which of them */
export interface InputRows {
  readonly X: Float32Array;
  readonly columns: readonly InputColumn[];
  readonly rows: Uint32Array;
}

/** How many values of a row a design of these inputs would store, on average. */
export function storedPerRow({ X, columns, rows }: InputRows): number {
  return columns.reduce((sum, { kind }, i) => {
    let ones = 0;
    for (const row of rows) {
      const x = X[row * columns.length + i]!;
      if (kind === "code" ? x >= 0 : x === 1) ones++;
      else if (kind !== "code" && x !== 0) return sum + 1;
    }
    return sum + ones / rows.length;
  }, 0);
}

/** The design of some rows; a code is a column of ones and zeros for each of its places. */
export function designOf(
  inputs: InputRows,
  { weights, method = "byColumns" }: { weights?: ArrayLike<number> | undefined; method?: Method } = {},
): Design {
  const { X, columns: ofX, rows: taken } = inputs;
  const rows = taken.length;
  const width = oneHotWidth(ofX);
  const isCode = Uint8Array.from(ofX, ({ kind }) => Number(kind === "code"));
  const firsts = firstPlaces(ofX);
  const { centers, scales } = standardization(inputs, firsts, width);
  const starts = new Int32Array(rows + 1);
  const columns = new Uint32Array(rows * ofX.length);
  const values = new Float64Array(rows * ofX.length);
  const means = new Float64Array(width);
  let e = 0;
  for (let r = 0; r < rows; r++) {
    const weight = weights?.[r] ?? 1;
    for (let i = 0, at = taken[r]! * isCode.length; i < isCode.length; i++, at++) {
      const x = X[at]!;
      const j = isCode[i] ? firsts[i]! + x : firsts[i]!;
      if (isCode[i] ? x < 0 : x === centers[j]) continue;
      const value = isCode[i] ? 1 : (x - centers[j]!) / scales[j]!;
      columns[e] = j;
      values[e++] = value;
      means[j]! += weight * value;
    }
    starts[r + 1] = e;
  }
  for (let j = 0; j < width; j++) means[j]! /= rows;
  return {
    rows,
    width,
    weights,
    starts,
    columns: columns.subarray(0, e),
    values: values.subarray(0, e),
    means,
    centers,
    scales,
    method,
  };
}

/** Mean and deviation of each column of numbers; 0 and 1 for one that holds nothing else, or one value alone, and for codes. */
function standardization({ X, columns, rows }: InputRows, firsts: Uint32Array, width: number) {
  const centers = new Float64Array(width);
  const scales = new Float64Array(width).fill(1);
  const numbers = Uint32Array.from(columns.flatMap(({ kind }, i) => (kind === "code" ? [] : [i])));
  const sums = new Float64Array(numbers.length);
  const isFlag = new Uint8Array(numbers.length).fill(1);
  for (const row of rows) {
    for (let n = 0; n < numbers.length; n++) {
      const x = X[row * columns.length + numbers[n]!]!;
      sums[n]! += x;
      if (x !== 0 && x !== 1) isFlag[n] = 0;
    }
  }
  const means = sums.map((sum) => sum / rows.length);
  const squares = new Float64Array(numbers.length);
  for (const row of rows) {
    for (let n = 0; n < numbers.length; n++) squares[n]! += (X[row * columns.length + numbers[n]!]! - means[n]!) ** 2;
  }
  for (let n = 0; n < numbers.length; n++) {
    if (isFlag[n]) continue;
    centers[firsts[numbers[n]!]!] = means[n]!;
    scales[firsts[numbers[n]!]!] = Math.sqrt(squares[n]! / rows.length) || 1;
  }
  return { centers, scales };
}

export function weightsOf({ weights }: Design): (row: number) => number {
  return weights ? (row) => weights[row]! : () => 1;
}

/** Of all rows. */
export function totalWeight({ rows, weights }: Pick<Design, "rows" | "weights">): number {
  if (!weights) return rows;
  let total = 0;
  for (let r = 0; r < rows; r++) total += weights[r]!;
  return total;
}

/** A row times the weights from `first` on, in four sums, so that none waits for another. */
export function dotRow({ starts, columns, values }: Design, row: number, w: Float64Array, first: number): number {
  let e = starts[row]!;
  const end = starts[row + 1]!;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (; e + 4 <= end; e += 4) {
    a += values[e]! * w[first + columns[e]!]!;
    b += values[e + 1]! * w[first + columns[e + 1]!]!;
    c += values[e + 2]! * w[first + columns[e + 2]!]!;
    d += values[e + 3]! * w[first + columns[e + 3]!]!;
  }
  for (; e < end; e++) a += values[e]! * w[first + columns[e]!]!;
  return a + b + (c + d);
}

/** Adds so many times a row to the numbers from `first` on. */
export function addRow(
  { starts, columns, values }: Design,
  row: number,
  times: number,
  to: Float64Array,
  first: number,
): void {
  const end = starts[row + 1]!;
  for (let e = starts[row]!; e < end; e++) to[first + columns[e]!]! += times * values[e]!;
}
