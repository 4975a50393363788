import { expOf } from "./functions";
import { begin, end } from "./threads";

/** to[r, :] = from[order[cursor + r], :] */
export function gather(to: usize, from: usize, order: usize, cursor: usize, rows: usize, width: usize): void {
  const bytes = width << 2;
  order += (load<u32>(cursor) as usize) << 2;
  for (let r = begin(rows, 1), last = end(rows, 1); r < last; r++) {
    memory.copy(to + r * bytes, from + (load<u32>(order + (r << 2)) as usize) * bytes, bytes);
  }
}

/** Y[r, :] = X[r, :] + b */
export function addRow(y: usize, x: usize, b: usize, rows: usize, width: usize): void {
  const bytes = width << 2;
  const first = begin(rows, 1);
  x += first * bytes;
  y += first * bytes;
  for (let r = first, last = end(rows, 1); r < last; r++, x += bytes, y += bytes) {
    let at: usize = 0;
    for (; at + 16 <= bytes; at += 16) v128.store(y + at, f32x4.add(v128.load(x + at), v128.load(b + at)));
    for (; at < bytes; at += 4) store<f32>(y + at, load<f32>(x + at) + load<f32>(b + at));
  }
}

/** b = Σᵣ X[r, :], from the first row to the last */
export function sumRows(b: usize, x: usize, rows: usize, width: usize): void {
  const bytes = width << 2;
  const bottom = x + rows * bytes;
  const stop = end(width, 4) << 2;
  let at = begin(width, 4) << 2;
  for (; at + 16 <= stop; at += 16) {
    let sum = f32x4.splat(0);
    for (let row = x + at; row < bottom; row += bytes) sum = f32x4.add(sum, v128.load(row));
    v128.store(b + at, sum);
  }
  for (; at < stop; at += 4) {
    let sum: f32 = 0;
    for (let row = x + at; row < bottom; row += bytes) sum += load<f32>(row);
    store<f32>(b + at, sum);
  }
}

/** P[r, j] = exp(Z[r, j] − max) / Σⱼ exp(Z[r, j] − max): the maximum is taken off so that nothing overflows */
export function softmax(p: usize, z: usize, rows: usize, width: usize): void {
  const bytes = width << 2;
  const first = begin(rows, 1);
  p += first * bytes;
  z += first * bytes;
  for (let r = first, last = end(rows, 1); r < last; r++, p += bytes, z += bytes) {
    const top = largest(z, bytes);
    let sum: f64 = 0;
    for (let at: usize = 0; at < bytes; at += 4) {
      const e = exp32(load<f32>(z + at) - top);
      store<f32>(p + at, e);
      sum += e as f64;
    }
    const factor = (1.0 / sum) as f32;
    for (let at: usize = 0; at < bytes; at += 4) store<f32>(p + at, load<f32>(p + at) * factor);
  }
}

/**
 * L[r] = −log softmax(Z[r, :])[y[r]] = (max − Z[r, y]) + log(1 + Σ over the others of exp(Z[r, j] − max)),
 * in double precision, so that a confident row keeps its small loss.
 */
export function crossEntropy(losses: usize, z: usize, y: usize, rows: usize, width: usize): void {
  const bytes = width << 2;
  const first = begin(rows, 1);
  losses += first << 2;
  y += first << 2;
  z += first * bytes;
  for (let r = first, last = end(rows, 1); r < last; r++, losses += 4, y += 4, z += bytes) {
    const top = largest(z, bytes);
    let sum: f64 = 0;
    let skipped = false; // the maximum itself, once: it is the 1 in log(1 + …)
    for (let at: usize = 0; at < bytes; at += 4) {
      const x = load<f32>(z + at);
      if (x == top && !skipped) skipped = true;
      else sum += Math.exp((x as f64) - (top as f64));
    }
    const label = load<f32>(z + ((load<f32>(y) as usize) << 2));
    store<f32>(losses, ((top as f64) - (label as f64) + Math.log1p(sum)) as f32);
  }
}

/** D[r, :] = P[r, :], less 1 in column y[r] */
export function subtractOneHot(d: usize, p: usize, y: usize, rows: usize, width: usize): void {
  const bytes = width << 2;
  const first = begin(rows, 1);
  y += first << 2;
  p += first * bytes;
  d += first * bytes;
  for (let r = first, last = end(rows, 1); r < last; r++, y += 4, p += bytes, d += bytes) {
    memory.copy(d, p, bytes);
    const label = d + ((load<f32>(y) as usize) << 2);
    store<f32>(label, load<f32>(label) - 1);
  }
}

/** cell (float64) = Σ x / size, summed in double precision in four lanes, always the same four */
export function mean(cell: usize, x: usize, size: usize): void {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  const end = x + (size << 2);
  for (; x + 16 <= end; x += 16) {
    const v = v128.load(x);
    low = f64x2.add(low, f64x2.promote_low_f32x4(v));
    high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 2, 3)));
  }
  const sum = f64x2.add(low, high);
  let total = f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
  for (; x < end; x += 4) total += load<f32>(x) as f64;
  store<f64>(cell, total / (size as f64));
}

function largest(x: usize, bytes: usize): f32 {
  let top = load<f32>(x);
  for (let at: usize = 4; at < bytes; at += 4) top = max<f32>(top, load<f32>(x + at));
  return top;
}

function exp32(x: f32): f32 {
  return f32x4.extract_lane(expOf(f32x4.splat(x)), 0);
}
