import { exp64, expOf } from "./functions";
import { BLOCK_K } from "./opcodes";
import { cut, cutRows, first, last } from "./threads";

/** to[r, :] = from[order[cursor + r], :] */
export function gather(to: usize, from: usize, order: usize, cursor: usize, rows: usize, width: usize): void {
  const bytes = width << 2;
  order += (load<u32>(cursor) as usize) << 2;
  cutRows(rows, 1);
  for (let r = first; r < last; r++) {
    memory.copy(to + r * bytes, from + (load<u32>(order + (r << 2)) as usize) * bytes, bytes);
  }
}

/** Y[r, :] = X[r, :] + b */
export function addRow(y: usize, x: usize, b: usize, rows: usize, width: usize): void {
  const bytes = width << 2;
  cutRows(rows, 1);
  for (let r = first; r < last; r++) {
    const from = x + r * bytes;
    const to = y + r * bytes;
    let at: usize = 0;
    for (; at + 16 <= bytes; at += 16) v128.store(to + at, f32x4.add(v128.load(from + at), v128.load(b + at)));
    for (; at < bytes; at += 4) store<f32>(to + at, load<f32>(from + at) + load<f32>(b + at));
  }
}

/** b = Σᵣ X[r, :], from the first row to the last, in blocks as products are summed */
export function sumRows(b: usize, x: usize, rows: usize, width: usize): void {
  const bytes = width << 2;
  cut(width, 16);
  memory.fill(b + (first << 2), 0, (last - first) << 2);
  for (let r: usize = 0; r < rows; r += BLOCK_K) {
    addSums(b, x + r * bytes, min(rows - r, BLOCK_K), bytes, first << 2, last << 2);
  }
}

/** b += Σᵣ X[r, :], of its bytes from `at` up to `end` */
function addSums(b: usize, x: usize, rows: usize, bytes: usize, at: usize, end: usize): void {
  const bottom = x + rows * bytes;
  for (; at + 64 <= end; at += 64) {
    let sum0 = f32x4.splat(0);
    let sum1 = f32x4.splat(0);
    let sum2 = f32x4.splat(0);
    let sum3 = f32x4.splat(0);
    for (let row = x + at; row < bottom; row += bytes) {
      sum0 = f32x4.add(sum0, v128.load(row));
      sum1 = f32x4.add(sum1, v128.load(row, 16));
      sum2 = f32x4.add(sum2, v128.load(row, 32));
      sum3 = f32x4.add(sum3, v128.load(row, 48));
    }
    v128.store(b + at, f32x4.add(v128.load(b + at), sum0));
    v128.store(b + at, f32x4.add(v128.load(b + at, 16), sum1), 16);
    v128.store(b + at, f32x4.add(v128.load(b + at, 32), sum2), 32);
    v128.store(b + at, f32x4.add(v128.load(b + at, 48), sum3), 48);
  }
  for (; at < end; at += 4) {
    let sum: f32 = 0;
    for (let row = x + at; row < bottom; row += bytes) sum += load<f32>(row);
    store<f32>(b + at, load<f32>(b + at) + sum);
  }
}

/** P[r, j] = exp(Z[r, j] − max) / Σⱼ exp(Z[r, j] − max): the maximum is taken off so that nothing overflows */
export function softmax(p: usize, z: usize, rows: usize, copies: usize, width: usize): void {
  const bytes = width << 2;
  cutRows(rows, copies);
  for (let r = first; r < last; r++) softmaxRow(p + r * bytes, z + r * bytes, bytes);
}

function softmaxRow(p: usize, z: usize, bytes: usize): void {
  const top = f32x4.splat(load<f32>(largest(z, bytes)));
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) v128.store(p + at, expOf(f32x4.sub(v128.load(z + at), top)));
  for (; at < bytes; at += 4) v128.store_lane<f32>(p + at, expOf(f32x4.sub(v128.load32_splat(z + at), top)), 0);
  let sum: f64 = 0;
  for (at = 0; at < bytes; at += 4) sum += load<f32>(p + at) as f64;
  const factor = (1.0 / sum) as f32;
  for (at = 0; at < bytes; at += 4) store<f32>(p + at, load<f32>(p + at) * factor);
}

/** L[r] = −Σⱼ q[j]·log softmax(Z[r, :])[j],  q = 1 − ε in column y[r], and ε/width everywhere */
export function crossEntropy(losses: usize, z: usize, y: usize, rows: usize, copies: usize, width: usize, epsilon: usize): void {
  const bytes = width << 2;
  const smoothing = load<f32>(epsilon) as f64;
  cutRows(rows, copies);
  for (let r = first; r < last; r++) {
    const row = z + r * bytes;
    const label = load<f32>(row + ((load<f32>(y + (r << 2)) as usize) << 2)) as f64;
    const largestAt = largest(row, bytes);
    const top = load<f32>(largestAt) as f64;
    const rest = Math.log1p(sumOfOthers(row, bytes, largestAt));
    // Σⱼ q[j]·(log Σ exp − z[j]); each difference is taken from the largest, so that a small loss keeps its digits
    let loss = top - label + rest;
    if (smoothing > 0) loss = (1 - smoothing) * loss + smoothing * (meanBelow(row, bytes, top) + rest);
    store<f32>(losses + (r << 2), loss as f32);
  }
}

/** Σ of exp(z[j] − max) over all but the largest, which is the 1 in log(1 + …); in double precision */
function sumOfOthers(z: usize, bytes: usize, largestAt: usize): f64 {
  const top = f64x2.splat(load<f32>(largestAt) as f64);
  const end = z + bytes;
  let sum: f64 = 0;
  for (let at = z; at < end; at += 8) {
    const isPair = at + 4 < end;
    const pair = f64x2.promote_low_f32x4(isPair ? v128.load64_zero(at) : v128.load32_zero(at));
    const exps = exp64(f64x2.sub(pair, top));
    if (at != largestAt) sum += f64x2.extract_lane(exps, 0);
    if (isPair && at + 4 != largestAt) sum += f64x2.extract_lane(exps, 1);
  }
  return sum;
}

/** The mean of max − z[j] */
function meanBelow(z: usize, bytes: usize, top: f64): f64 {
  let sum: f64 = 0;
  for (let at: usize = 0; at < bytes; at += 4) sum += top - (load<f32>(z + at) as f64);
  return sum / ((bytes >> 2) as f64);
}

/** D[r, :] = P[r, :] − q,  q = 1 − ε in column y[r], and ε/width everywhere */
export function subtractOneHot(d: usize, p: usize, y: usize, rows: usize, copies: usize, width: usize, epsilon: usize): void {
  const bytes = width << 2;
  const smoothing = load<f32>(epsilon);
  const everywhere = smoothing / (width as f32);
  cutRows(rows, copies);
  memory.copy(d + first * bytes, p + first * bytes, (last - first) * bytes);
  if (smoothing > 0) {
    for (let at = first * bytes; at < last * bytes; at += 4) store<f32>(d + at, load<f32>(d + at) - everywhere);
  }
  for (let r = first; r < last; r++) {
    const label = d + r * bytes + ((load<f32>(y + (r << 2)) as usize) << 2);
    store<f32>(label, load<f32>(label) - (1 - smoothing));
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

/** What makes a vector no longer than `limit`: `mean` is that of its squares. PyTorch's clip_grad_norm_ has the 10⁻⁶ too. */
export function clipFactor(factor: usize, mean: usize, size: usize, limit: usize): void {
  const norm = Math.sqrt(load<f64>(mean) * (size as f64));
  store<f32>(factor, Math.min(1, (load<f32>(limit) as f64) / (norm + 1e-6)) as f32);
}

/** The address of the largest number; of the first of them, or of a NaN. */
function largest(x: usize, bytes: usize): usize {
  let at = x;
  let top = load<f32>(x);
  for (const end = x + bytes; x < end; x += 4) {
    const value = load<f32>(x);
    if (value > top || value != value) {
      top = value;
      at = x;
    }
  }
  return at;
}
