import { factorize, solve } from "./cholesky.js";
import { addRow, type Design, dotRow, totalWeight, weightsOf } from "./design.js";
import { addTimes, dot } from "./vectors.js";

/** Solves H·d = g in g's place. */
export type Solver = (g: Float64Array) => void;

/** For H = XᵀWX + α·I, X a design's columns less its means, which are by the weights W of its rows. */
export function solver(design: Design, alpha: number): Solver {
  return { byColumns, byRows, bySteps }[design.method](design, alpha);
}

/** The same for an H that is near it, where that takes many steps. */
export function approximateSolver(design: Design, alpha: number): Solver {
  return { byColumns, byRows, bySteps: byDiagonal }[design.method](design, alpha);
}

/** How many multiplications it takes to make a solver of a design that has so much in a row, and to use it so many times. */
export const workOf = {
  byRows: ({ rows, width }: { rows: number; width: number }, uses: number): number =>
    (rows * rows * width) / 2 + rows ** 3 / 6 + uses * (2 * rows * width + rows * rows),
  bySteps: ({ rows, stored }: { rows: number; stored: number }, uses: number): number =>
    uses * MOST_STEPS * 2 * rows * stored,
};

/** A matrix of the columns, H itself. */
function byColumns(design: Design, alpha: number): Solver {
  const { width } = design;
  const L = gram(design);
  addToDiagonal(L, width, alpha);
  factorize(L, width);
  return (g) => solve(L, width, g);
}

/** A matrix of the rows, where they are fewer (Woodbury): H⁻¹ = (I − ZᵀK⁻¹Z)/α with Z = √W·X and K = ZZᵀ + α·I. */
function byRows(design: Design, alpha: number): Solver {
  const { rows, width } = design;
  const Z = rootWeighted(design);
  const L = productsOfRows(Z, rows);
  addToDiagonal(L, rows, alpha);
  factorize(L, rows);
  const v = new Float64Array(rows);
  return (g) => {
    v.fill(0);
    for (let r = 0, at = 0; r < rows; r++) for (let j = 0; j < width; j++) v[r]! += Z[at++]! * g[j]!;
    solve(L, rows, v);
    for (let r = 0, at = 0; r < rows; r++) for (let j = 0; j < width; j++) g[j]! -= Z[at++]! * v[r]!;
    for (let j = 0; j < width; j++) g[j]! /= alpha;
  };
}

const MOST_STEPS = 200;
/** It is done when what is left of g is this small beside it. */
const ENOUGH = 1e-11;

/** No matrix: conjugate gradients (Hestenes and Stiefel, 1952), preconditioned by the diagonal, of what is not 0 alone. */
function bySteps(design: Design, alpha: number): Solver {
  const precondition = byDiagonal(design, alpha);
  return (g) => {
    const x = new Float64Array(g.length);
    const left = g.slice();
    const enough = ENOUGH * Math.sqrt(dot(g, g));
    const direction = left.slice();
    precondition(direction);
    let size = dot(left, direction);
    for (let step = 0; step < MOST_STEPS && Math.sqrt(dot(left, left)) > enough; step++) {
      const along = curved(design, alpha, direction);
      const length = size / dot(direction, along);
      addTimes(x, length, direction);
      addTimes(left, -length, along);
      const next = left.slice();
      precondition(next);
      const nextSize = dot(left, next);
      for (let j = 0; j < direction.length; j++) direction[j] = next[j]! + (nextSize / size) * direction[j]!;
      size = nextSize;
    }
    g.set(x);
  };
}

/** H·v */
function curved(design: Design, alpha: number, v: Float64Array): Float64Array {
  const { rows, means } = design;
  const weightOf = weightsOf(design);
  const product = v.map((x) => alpha * x);
  const shift = dot(means, v);
  let total = 0;
  for (let r = 0; r < rows; r++) {
    const along = weightOf(r) * (dotRow(design, r, v, 0) - shift);
    total += along;
    addRow(design, r, along, product, 0);
  }
  addTimes(product, -total, means);
  return product;
}

/** For the diagonal of H. */
function byDiagonal(design: Design, alpha: number): Solver {
  const { rows, width, starts, columns, values, means } = design;
  const weightOf = weightsOf(design);
  const total = totalWeight(design);
  const diagonal = means.map((m) => alpha - total * m * m);
  for (let r = 0; r < rows; r++) {
    for (let e = starts[r]!; e < starts[r + 1]!; e++) diagonal[columns[e]!]! += weightOf(r) * values[e]! * values[e]!;
  }
  return (g) => {
    for (let j = 0; j < width; j++) g[j]! /= diagonal[j]!;
  };
}

/** √W·X   [rows, width] */
function rootWeighted({ rows, width, weights, starts, columns, values, means }: Design): Float64Array {
  const Z = new Float64Array(rows * width);
  for (let r = 0; r < rows; r++) {
    const row = Z.subarray(r * width, (r + 1) * width);
    for (let e = starts[r]!; e < starts[r + 1]!; e++) row[columns[e]!] = values[e]!;
    const root = weights ? Math.sqrt(weights[r]!) : 1;
    for (let j = 0; j < width; j++) row[j] = root * (row[j]! - means[j]!);
  }
  return Z;
}

/** ZZᵀ   [rows, rows], the lower triangle */
function productsOfRows(Z: Float64Array, rows: number): Float64Array {
  const width = Z.length / rows;
  const K = new Float64Array(rows * rows);
  const panel = new Float64Array(rows * PANEL);
  const places = Uint32Array.from({ length: rows }, (_, r) => r);
  for (let first = 0; first < width; first += PANEL) {
    const count = Math.min(PANEL, width - first);
    if (count < PANEL) panel.fill(0);
    for (let r = 0; r < rows; r++) for (let j = 0; j < count; j++) panel[r * PANEL + j] = Z[r * width + first + j]!;
    addProducts(K, panel, places);
  }
  return K;
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
  const total = totalWeight({ rows, weights });
  for (let i = 0; i < width; i++) {
    for (let j = 0; j <= i; j++) G[i * width + j]! -= total * means[i]! * means[j]!;
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
function addToDiagonal(A: Float64Array, n: number, alpha: number): void {
  for (let i = 0; i < n; i++) A[i * n + i]! += alpha;
}
