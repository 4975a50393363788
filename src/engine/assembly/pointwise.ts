import {
  expm1Of,
  expOf,
  normalCdfOf,
  normalPdfOf,
  sigmoidOf,
  signOf,
  softplusOf,
  tanhOf,
} from "./functions";
import { Binary, Unary } from "./opcodes";

/** y = f(x), four at a time; the last few go through the same function one at a time, so they have the same bits */
export function unary(f: Unary, y: usize, x: usize, size: usize): void {
  // Each case is compiled into a loop of its own.
  switch (f) {
    case Unary.Absolute:
      return map1(Unary.Absolute, y, x, size);
    case Unary.Sign:
      return map1(Unary.Sign, y, x, size);
    case Unary.Square:
      return map1(Unary.Square, y, x, size);
    case Unary.SquareRoot:
      return map1(Unary.SquareRoot, y, x, size);
    case Unary.Exp:
      return map1(Unary.Exp, y, x, size);
    case Unary.Expm1:
      return map1(Unary.Expm1, y, x, size);
    case Unary.Tanh:
      return map1(Unary.Tanh, y, x, size);
    case Unary.Sigmoid:
      return map1(Unary.Sigmoid, y, x, size);
    case Unary.Softplus:
      return map1(Unary.Softplus, y, x, size);
    case Unary.NormalCdf:
      return map1(Unary.NormalCdf, y, x, size);
    case Unary.NormalPdf:
      return map1(Unary.NormalPdf, y, x, size);
  }
}

/** y = f(a, b); a and b are matrices or single cells */
export function binary(f: Binary, y: usize, a: usize, b: usize, size: usize, aIsCell: bool, bIsCell: bool): void {
  switch (f) {
    case Binary.Add:
      return map2(Binary.Add, y, a, b, size, aIsCell, bIsCell);
    case Binary.Subtract:
      return map2(Binary.Subtract, y, a, b, size, aIsCell, bIsCell);
    case Binary.Multiply:
      return map2(Binary.Multiply, y, a, b, size, aIsCell, bIsCell);
    case Binary.Divide:
      return map2(Binary.Divide, y, a, b, size, aIsCell, bIsCell);
    case Binary.Minimum:
      return map2(Binary.Minimum, y, a, b, size, aIsCell, bIsCell);
    case Binary.Maximum:
      return map2(Binary.Maximum, y, a, b, size, aIsCell, bIsCell);
    case Binary.Greater:
      return map2(Binary.Greater, y, a, b, size, aIsCell, bIsCell);
  }
}

@inline
function apply1(f: Unary, x: v128): v128 {
  if (f == Unary.Absolute) return f32x4.abs(x);
  if (f == Unary.Sign) return signOf(x);
  if (f == Unary.Square) return f32x4.mul(x, x);
  if (f == Unary.SquareRoot) return f32x4.sqrt(x);
  if (f == Unary.Exp) return expOf(x);
  if (f == Unary.Expm1) return expm1Of(x);
  if (f == Unary.Tanh) return tanhOf(x);
  if (f == Unary.Sigmoid) return sigmoidOf(x);
  if (f == Unary.Softplus) return softplusOf(x);
  if (f == Unary.NormalCdf) return normalCdfOf(x);
  return normalPdfOf(x);
}

@inline
function apply2(f: Binary, a: v128, b: v128): v128 {
  if (f == Binary.Add) return f32x4.add(a, b);
  if (f == Binary.Subtract) return f32x4.sub(a, b);
  if (f == Binary.Multiply) return f32x4.mul(a, b);
  if (f == Binary.Divide) return f32x4.div(a, b);
  if (f == Binary.Minimum) return f32x4.pmin(a, b);
  if (f == Binary.Maximum) return f32x4.pmax(a, b);
  return v128.and(f32x4.gt(a, b), f32x4.splat(1));
}

/** Four vectors a turn, then one, then one element. */
const TURN: usize = 64;

@inline
function map1(f: Unary, y: usize, x: usize, size: usize): void {
  const end = x + (size << 2);
  for (; x + 16 <= end; x += 16, y += 16) v128.store(y, apply1(f, v128.load(x)));
  for (; x < end; x += 4, y += 4) v128.store_lane<f32>(y, apply1(f, v128.load32_splat(x)), 0);
}

@inline
function map2(f: Binary, y: usize, a: usize, b: usize, size: usize, aIsCell: bool, bIsCell: bool): void {
  const end = y + (size << 2);
  const cellA = v128.load32_splat(a);
  const cellB = v128.load32_splat(b);
  if (aIsCell) {
    for (; y + TURN <= end; b += TURN, y += TURN) {
      v128.store(y, apply2(f, cellA, v128.load(b)));
      v128.store(y, apply2(f, cellA, v128.load(b, 16)), 16);
      v128.store(y, apply2(f, cellA, v128.load(b, 32)), 32);
      v128.store(y, apply2(f, cellA, v128.load(b, 48)), 48);
    }
    for (; y + 16 <= end; b += 16, y += 16) v128.store(y, apply2(f, cellA, v128.load(b)));
    for (; y < end; b += 4, y += 4) v128.store_lane<f32>(y, apply2(f, cellA, v128.load32_splat(b)), 0);
  } else if (bIsCell) {
    for (; y + TURN <= end; a += TURN, y += TURN) {
      v128.store(y, apply2(f, v128.load(a), cellB));
      v128.store(y, apply2(f, v128.load(a, 16), cellB), 16);
      v128.store(y, apply2(f, v128.load(a, 32), cellB), 32);
      v128.store(y, apply2(f, v128.load(a, 48), cellB), 48);
    }
    for (; y + 16 <= end; a += 16, y += 16) v128.store(y, apply2(f, v128.load(a), cellB));
    for (; y < end; a += 4, y += 4) v128.store_lane<f32>(y, apply2(f, v128.load32_splat(a), cellB), 0);
  } else {
    for (; y + TURN <= end; a += TURN, b += TURN, y += TURN) {
      v128.store(y, apply2(f, v128.load(a), v128.load(b)));
      v128.store(y, apply2(f, v128.load(a, 16), v128.load(b, 16)), 16);
      v128.store(y, apply2(f, v128.load(a, 32), v128.load(b, 32)), 32);
      v128.store(y, apply2(f, v128.load(a, 48), v128.load(b, 48)), 48);
    }
    for (; y + 16 <= end; a += 16, b += 16, y += 16) v128.store(y, apply2(f, v128.load(a), v128.load(b)));
    for (; y < end; a += 4, b += 4, y += 4) {
      v128.store_lane<f32>(y, apply2(f, v128.load32_splat(a), v128.load32_splat(b)), 0);
    }
  }
}

/** y = mask ≠ 0 ? a : b */
export function select(y: usize, mask: usize, a: usize, b: usize, size: usize, aIsCell: bool, bIsCell: bool): void {
  const bytes = size << 2;
  const stepA: usize = aIsCell ? 0 : 4;
  const stepB: usize = bIsCell ? 0 : 4;
  for (let at: usize = 0; at < bytes; at += 4, a += stepA, b += stepB) {
    store<f32>(y + at, load<f32>(mask + at) != 0 ? load<f32>(a) : load<f32>(b));
  }
}

/** y = x / count */
export function divideByCount(y: usize, x: usize, size: usize, count: usize): void {
  const factor = (1.0 / (count as f64)) as f32;
  const end = x + (size << 2);
  for (; x + 16 <= end; x += 16, y += 16) v128.store(y, f32x4.mul(v128.load(x), f32x4.splat(factor)));
  for (; x < end; x += 4, y += 4) store<f32>(y, load<f32>(x) * factor);
}
