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
}

/** How many values of a row a design of these inputs would store, on average.   X [rows, width] */
export function storedPerRow(X: Float32Array, width: number): number {
  const ones = new Float64Array(width);
  const isFlag = new Uint8Array(width).fill(1);
  for (let at = 0; at < X.length; ) {
    for (let j = 0; j < width; j++, at++) {
      const x = X[at]!;
      if (x === 1) ones[j]!++;
      else if (x !== 0) isFlag[j] = 0;
    }
  }
  return ones.reduce((sum, count, j) => sum + (isFlag[j] ? (count * width) / X.length : 1), 0);
}

/** The design of rows of the network's inputs   X [rows, width], as the pipeline makes them; weights [rows] */
export function designOf(X: Float32Array, width: number, weights?: ArrayLike<number>): Design {
  const rows = X.length / width;
  const { centers, scales } = standardization(X, width, rows);
  let count = 0;
  for (let at = 0; at < X.length; ) for (let j = 0; j < width; at++, j++) if (X[at] !== centers[j]) count++;
  const starts = new Int32Array(rows + 1);
  const columns = new Uint32Array(count);
  const values = new Float64Array(count);
  const means = new Float64Array(width);
  let e = 0;
  for (let r = 0, at = 0; r < rows; r++) {
    const weight = weights?.[r] ?? 1;
    for (let j = 0; j < width; at++, j++) {
      if (X[at] === centers[j]) continue;
      const value = (X[at]! - centers[j]!) / scales[j]!;
      columns[e] = j;
      values[e++] = value;
      means[j]! += weight * value;
    }
    starts[r + 1] = e;
  }
  for (let j = 0; j < width; j++) means[j]! /= rows;
  return { rows, width, weights, starts, columns, values, means, centers, scales };
}

/** Mean and deviation of each column; 0 and 1 for one that holds nothing else, or one value alone. */
function standardization(X: Float32Array, width: number, rows: number) {
  const centers = new Float64Array(width);
  const scales = new Float64Array(width);
  const isFlag = new Uint8Array(width).fill(1);
  for (let at = 0; at < X.length; ) {
    for (let j = 0; j < width; at++, j++) {
      const x = X[at]!;
      centers[j]! += x;
      if (x !== 0 && x !== 1) isFlag[j] = 0;
    }
  }
  for (let j = 0; j < width; j++) centers[j] = isFlag[j] ? 0 : centers[j]! / rows;
  for (let at = 0; at < X.length; ) {
    for (let j = 0; j < width; at++, j++) scales[j]! += (X[at]! - centers[j]!) ** 2;
  }
  for (let j = 0; j < width; j++) scales[j] = isFlag[j] ? 1 : Math.sqrt(scales[j]! / rows) || 1;
  return { centers, scales };
}
