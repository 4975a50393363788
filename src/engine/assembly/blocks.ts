import { BLOCK_K } from "./opcodes";
import { cut, cutRows, first, last } from "./threads";

/**
 * Products of many small blocks: columns that have weights of their own. Each element is summed in one order, whatever
 * the thread.
 */

/** Y[r, f, j] = Σᵢ X[r, f, i]·W[f, j, i]   X [rows, blocks, k], W [blocks, n, k]: four sums, of every fourth i, and the rest */
export function blockMatmulT(y: usize, x: usize, w: usize, rows: usize, blocks: usize, k: usize, n: usize): void {
  const bytes = k << 2;
  cutRows(rows, 1);
  for (let r = first; r < last; r++) {
    let to = y + ((r * blocks * n) << 2);
    let weights = w;
    for (let f: usize = 0; f < blocks; f++) {
      const from = x + (r * blocks + f) * bytes;
      for (let j: usize = 0; j < n; j++, to += 4, weights += bytes) {
        let sums = f32x4.splat(0);
        let at: usize = 0;
        for (; at + 16 <= bytes; at += 16) {
          sums = f32x4.add(sums, f32x4.mul(v128.load(from + at), v128.load(weights + at)));
        }
        let sum =
          f32x4.extract_lane(sums, 0) +
          f32x4.extract_lane(sums, 1) +
          (f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3));
        for (; at < bytes; at += 4) sum += load<f32>(from + at) * load<f32>(weights + at);
        store<f32>(to, sum);
      }
    }
  }
}

/** Y[r, f, j] = Σᵢ X[r, f, i]·W[f, i, j]   X [rows, blocks, k], W [blocks, k, n] */
export function blockMatmul(y: usize, x: usize, w: usize, rows: usize, blocks: usize, k: usize, n: usize): void {
  const bytes = n << 2;
  cutRows(rows, 1);
  for (let r = first; r < last; r++) {
    for (let f: usize = 0; f < blocks; f++) {
      const from = x + (((r * blocks + f) * k) << 2);
      const to = y + (r * blocks + f) * bytes;
      sumProducts(to, from, 4, w + f * k * bytes, bytes, k, bytes);
    }
  }
}

/** W[f, i, j] = Σᵣ A[r, f, i]·X[r, f, j]   A [rows, blocks, p], X [rows, blocks, q] */
export function blockTmatmul(w: usize, a: usize, x: usize, rows: usize, blocks: usize, p: usize, q: usize): void {
  const bytes = q << 2;
  const step = blocks * p;
  cut(step, 1);
  for (let row = first; row < last; row++) {
    const f = row / p;
    sumProducts(w + row * bytes, a + (row << 2), step << 2, x + f * bytes, blocks * bytes, rows, bytes);
  }
}

/** Y[r, j] = Σ X[r, f, j] over the blocks f, from the first to the last   X [rows, blocks, n] */
export function sumBlocks(y: usize, x: usize, rows: usize, blocks: usize, n: usize): void {
  const bytes = n << 2;
  cutRows(rows, 1);
  for (let r = first; r < last; r++) {
    const from = x + r * blocks * bytes;
    const end = from + blocks * bytes;
    const to = y + r * bytes;
    let at: usize = 0;
    for (; at + 16 <= bytes; at += 16) {
      let sum = f32x4.splat(0);
      for (let block = from + at; block < end; block += bytes) sum = f32x4.add(sum, v128.load(block));
      v128.store(to + at, sum);
    }
    for (; at < bytes; at += 4) {
      let sum: f32 = 0;
      for (let block = from + at; block < end; block += bytes) sum += load<f32>(block);
      store<f32>(to + at, sum);
    }
  }
}

/**
 * to[j] = Σᵢ aᵢ·bᵢ[j], i = 0, 1, … below `count`: aᵢ lies i·aStep bytes after a, the row bᵢ i·bStep bytes after b; in blocks
 * as other products are summed
 */
function sumProducts(to: usize, a: usize, aStep: usize, b: usize, bStep: usize, count: usize, bytes: usize): void {
  memory.fill(to, 0, bytes);
  for (let i: usize = 0; i < count; i += BLOCK_K) {
    addProducts(to, a + i * aStep, aStep, b + i * bStep, bStep, min(count - i, BLOCK_K), bytes);
  }
}

/** The same, added to what is there. */
function addProducts(to: usize, a: usize, aStep: usize, b: usize, bStep: usize, count: usize, bytes: usize): void {
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    let sum = f32x4.splat(0);
    for (let i: usize = 0; i < count; i++) {
      sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(a + i * aStep), v128.load(b + i * bStep + at)));
    }
    v128.store(to + at, f32x4.add(v128.load(to + at), sum));
  }
  for (; at < bytes; at += 4) {
    let sum: f32 = 0;
    for (let i: usize = 0; i < count; i++) sum += load<f32>(a + i * aStep) * load<f32>(b + i * bStep + at);
    store<f32>(to + at, load<f32>(to + at) + sum);
  }
}
