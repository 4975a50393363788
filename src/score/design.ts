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

/** So many rows are multiplied at a time: G, which may be larger than a cache, is gone through once for each time. */
const PANEL = 8;

/** XᵀWX of the columns less their means, W the weights   [width, width] by rows, the lower triangle */
export function gram({ rows, width, weights, starts, columns, values, means }: Design): Float64Array {
  const G = new Float64Array(width * width);
  const panel = new Float64Array(width * PANEL);
  const isFilled = new Uint8Array(width);
  const places = new Uint32Array(width);
  for (let first = 0; first < rows; first += PANEL) {
    const end = Math.min(first + PANEL, rows);
    panel.fill(0);
    isFilled.fill(0);
    for (let r = first; r < end; r++) {
      const root = weights ? Math.sqrt(weights[r]!) : 1;
      for (let e = starts[r]!; e < starts[r + 1]!; e++) {
        panel[columns[e]! * PANEL + r - first] = root * values[e]!;
        isFilled[columns[e]!] = 1;
      }
    }
    let count = 0;
    for (let j = 0; j < width; j++) if (isFilled[j]) places[count++] = j;
    addProducts(G, panel, places.subarray(0, count));
  }
  for (let i = 0; i < width; i++) {
    for (let j = 0; j <= i; j++) G[i * width + j]! -= rows * means[i]! * means[j]!;
  }
  return G;
}

/** G += P·Pᵀ for some of its rows and columns, which ascend.   P [width, PANEL] */
function addProducts(G: Float64Array, P: Float64Array, places: Uint32Array): void {
  const width = P.length / PANEL;
  for (let a = 0; a < places.length; a++) {
    const row = places[a]! * width;
    const p = places[a]! * PANEL;
    const [p0, p1, p2, p3] = [P[p]!, P[p + 1]!, P[p + 2]!, P[p + 3]!];
    const [p4, p5, p6, p7] = [P[p + 4]!, P[p + 5]!, P[p + 6]!, P[p + 7]!];
    for (let b = 0; b <= a; b++) {
      const q = places[b]! * PANEL;
      const low = p0 * P[q]! + p1 * P[q + 1]! + p2 * P[q + 2]! + p3 * P[q + 3]!;
      const high = p4 * P[q + 4]! + p5 * P[q + 5]! + p6 * P[q + 6]! + p7 * P[q + 7]!;
      G[row + places[b]!]! += low + high;
    }
  }
}

/** Adds α to the diagonal of a matrix [n, n]. */
export function addToDiagonal(A: Float64Array, n: number, alpha: number): void {
  for (let i = 0; i < n; i++) A[i * n + i]! += alpha;
}
