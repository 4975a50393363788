import { BLOCK_K, BLOCK_ROWS, EDGE_BYTES, PANEL, TILE_ROWS } from "./opcodes";
import { cut, cutRows, first, last } from "./threads";

/**
 * C[p, q] = Σₖ A(p, k)·B(k, q) (+ bias[q])          C [P, Q] row-major
 *
 * Both are packed, in blocks of up to 256 k: A into panels of 4 rows, B into panels of 8 columns, with zeros beyond the
 * last.
 *
 *           A                                                     B
 *      k ────────►      panel 0     panel 1              q 0…7   8…15      panel 0         panel 1
 *     p┌──────────┐                                    k ┌─────┬─────┬──
 *    0…3 panel 0  │     k=0│4│      k=0│4│             0 │     │     │     k=0│8 floats│   k=0│8 floats│
 *      ├──────────┤     k=1│4│      k=1│4│             1 │     │     │     k=1│8 floats│   k=1│8 floats│
 *    4…7 panel 1  │       ⋮           ⋮                ⋮ │     │     │       ⋮               ⋮
 *
 * A tile of 4 rows by 8 columns, held in 8 registers, then reads a panel of each in one straight line. B's panel stays
 * in the first cache and 32 panels of A stay in the second while they meet.
 *
 * An element is summed over k = 0, 1, … of a block, and then the blocks' sums one after the other, whatever tile and
 * thread it falls to: neither changes a bit. One sum over all k would lose a digit of ten thousand rows. B is packed by an instruction of its own, as every piece of C needs all of it; A by
 * who works out those rows of C.
 */

/** C [rows, Q] = A·B + bias, for the batch's rows of A [rows, K], or so many copies of them; B is packed */
export function matmul(
  c: usize,
  a: usize,
  packedB: usize,
  rows: usize,
  copies: usize,
  K: usize,
  Q: usize,
  bias: usize,
  scratch: usize,
): void {
  cutRows(rows, copies);
  multiply(c, a, K, 1, packedB, first, last, K, Q, 0, Q, bias, scratch);
}

/** C [P, Q] = Aᵀ·B, summed over k, the rows of A [K, P]; B is packed. It is cut along its longer side. */
export function tmatmul(c: usize, a: usize, packedB: usize, P: usize, K: usize, Q: usize, scratch: usize): void {
  if (P >= Q) {
    cut(P, TILE_ROWS);
    multiply(c, a, 1, P, packedB, first, last, K, Q, 0, Q, 0, scratch);
  } else {
    cut(Q, PANEL);
    multiply(c, a, 1, P, packedB, 0, P, K, Q, first, last, 0, scratch);
  }
}

/** Packs B [K, Q], whose elements lie bK apart along k and bQ along q. */
export function packColumns(to: usize, b: usize, K: usize, Q: usize, bK: usize, bQ: usize): void {
  const columns = wholeTiles(Q, PANEL);
  cut(columns, PANEL);
  for (let q = first; q < last; q += PANEL) {
    for (let k0: usize = 0; k0 < K; k0 += BLOCK_K) {
      const k = min(K - k0, BLOCK_K);
      const panel = to + ((k0 * columns + q * k) << 2);
      packPanel(panel, PANEL, b + ((k0 * bK + q * bQ) << 2), k, Q - q, bQ, bK);
    }
  }
}

/** Packs B [K, Q], row-major, of which the rows are the batch's, or so many copies of them. */
export function packRows(to: usize, b: usize, rows: usize, copies: usize, Q: usize): void {
  const K = rows * copies;
  const columns = wholeTiles(Q, PANEL);
  cutRows(rows, copies);
  for (let begin = first; begin < last; ) {
    const k0 = begin - (begin % BLOCK_K);
    const k = min(K - k0, BLOCK_K);
    const end = min(k0 + k, last);
    for (let q: usize = 0; q < columns; q += PANEL) {
      const panel = to + ((k0 * columns + q * k + (begin - k0) * PANEL) << 2);
      packPanel(panel, PANEL, b + ((begin * Q + q) << 2), end - begin, Q - q, 1, Q);
    }
    begin = end;
  }
}

@inline
function wholeTiles(n: usize, unit: usize): usize {
  return ((n + unit - 1) / unit) * unit;
}

/** C's rows from p0 up to p1 and its columns from q0 up to q1, where p0 and q0 begin a tile. */
function multiply(
  c: usize,
  a: usize,
  aP: usize,
  aK: usize,
  packedB: usize,
  p0: usize,
  p1: usize,
  K: usize,
  Q: usize,
  q0: usize,
  q1: usize,
  bias: usize,
  scratch: usize,
): void {
  const edge = scratch;
  const packedA = scratch + (EDGE_BYTES as usize);
  const step = Q << 2;
  for (; p0 < p1; p0 += BLOCK_ROWS) {
    const rows = min(p1 - p0, BLOCK_ROWS);
    for (let k0: usize = 0; k0 < K; k0 += BLOCK_K) {
      const k = min(K - k0, BLOCK_K);
      for (let p: usize = 0; p < rows; p += TILE_ROWS) {
        packPanel(packedA + ((p * k) << 2), TILE_ROWS, a + (((p0 + p) * aP + k0 * aK) << 2), k, rows - p, aP, aK);
      }
      const blockOfB = packedB + ((k0 * wholeTiles(Q, PANEL)) << 2);
      for (let q = q0; q < q1; q += PANEL) {
        const panelOfB = blockOfB + ((q * k) << 2);
        const width = min(Q - q, PANEL);
        let place = c + ((p0 * Q + q) << 2);
        // the first block's sum starts at the bias, or at zero; those of others are added to what is there
        const start = k0 == 0 && bias != 0 ? bias + (q << 2) : 0;
        let p: usize = 0;
        if (width == PANEL) {
          for (; p + TILE_ROWS <= rows; p += TILE_ROWS, place += step * TILE_ROWS) {
            tile(place, step, start, k0 != 0 ? place : 0, packedA + ((p * k) << 2), panelOfB, k);
          }
        }
        for (; p < rows; p += TILE_ROWS, place += step * TILE_ROWS) {
          const height = min(rows - p, TILE_ROWS);
          edgeTile(place, step, start, k0 != 0, packedA + ((p * k) << 2), panelOfB, k, height, width, edge);
        }
      }
    }
  }
}

/** A tile of which C has only so many rows and so much width: worked out whole in `edge`. */
function edgeTile(
  c: usize,
  step: usize,
  start: usize,
  isAdded: bool,
  a: usize,
  b: usize,
  K: usize,
  rows: usize,
  width: usize,
  edge: usize,
): void {
  const bytes = width << 2;
  if (start != 0) copy(edge, start, bytes);
  else if (isAdded) for (let r: usize = 0; r < rows; r++) copy(edge + r * EDGE_STEP, c + r * step, bytes);
  tile(edge, EDGE_STEP, start != 0 ? edge : 0, isAdded ? edge : 0, a, b, K);
  for (let r: usize = 0; r < rows; r++) copy(c + r * step, edge + r * EDGE_STEP, bytes);
}

const EDGE_STEP: usize = PANEL << 2;

/** Fewer than eight floats: not worth a call. */
@inline
function copy(to: usize, from: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 4) store<f32>(to + at, load<f32>(from + at));
}

/**
 * Four rows of C by eight columns: C = start + A·B, where start is a row, or 0 if `start` is 0; or C += A·B, where `sum` is
 * where C is.
 *
 * Inlined, because V8 peels a loop (and takes what does not change out of it) only within another loop: without that,
 * and with the loop's end told by `a`, it is a tenth slower. Unrolled by hand it is a third slower: V8 puts all loads
 * first and runs out of registers.
 */
@inline
function tile(c: usize, step: usize, start: usize, sum: usize, a: usize, b: usize, K: usize): void {
  let c00 = f32x4.splat(0);
  let c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0);
  let c31 = f32x4.splat(0);
  if (start != 0) {
    c00 = c10 = c20 = c30 = v128.load(start);
    c01 = c11 = c21 = c31 = v128.load(start, 16);
  }
  const end = b + ((K * PANEL) << 2);
  while (b < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load32_splat(a);
    c00 = f32x4.add(c00, f32x4.mul(x, b0));
    c01 = f32x4.add(c01, f32x4.mul(x, b1));
    x = v128.load32_splat(a, 4);
    c10 = f32x4.add(c10, f32x4.mul(x, b0));
    c11 = f32x4.add(c11, f32x4.mul(x, b1));
    x = v128.load32_splat(a, 8);
    c20 = f32x4.add(c20, f32x4.mul(x, b0));
    c21 = f32x4.add(c21, f32x4.mul(x, b1));
    x = v128.load32_splat(a, 12);
    c30 = f32x4.add(c30, f32x4.mul(x, b0));
    c31 = f32x4.add(c31, f32x4.mul(x, b1));
    a += TILE_ROWS << 2;
    b += PANEL << 2;
  }
  if (sum != 0) {
    c00 = f32x4.add(v128.load(sum), c00);
    c01 = f32x4.add(v128.load(sum, 16), c01);
    sum += step;
    c10 = f32x4.add(v128.load(sum), c10);
    c11 = f32x4.add(v128.load(sum, 16), c11);
    sum += step;
    c20 = f32x4.add(v128.load(sum), c20);
    c21 = f32x4.add(v128.load(sum, 16), c21);
    sum += step;
    c30 = f32x4.add(v128.load(sum), c30);
    c31 = f32x4.add(v128.load(sum, 16), c31);
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  c += step;
  v128.store(c, c10);
  v128.store(c, c11, 16);
  c += step;
  v128.store(c, c20);
  v128.store(c, c21, 16);
  c += step;
  v128.store(c, c30);
  v128.store(c, c31, 16);
}

/**
 * Packs a panel, `width` lines (rows of A, columns of B) wide, of which there are only so many. Lines lie `lineStep`
 * elements apart, the elements of a line `kStep`.
 */
function packPanel(
  to: usize,
  width: usize,
  from: usize,
  K: usize,
  lines: usize,
  lineStep: usize,
  kStep: usize,
): void {
  for (let i: usize = 0; i < width; i += 4) {
    const four = lines > i ? min(lines - i, 4) : 0;
    packFour(to + (i << 2), width << 2, from + ((i * lineStep) << 2), K, four, lineStep, kStep);
  }
}

/** Four lines, or fewer and zeros: to[k][0…3], `toStep` bytes from k to k. */
function packFour(
  to: usize,
  toStep: usize,
  from: usize,
  K: usize,
  lines: usize,
  lineStep: usize,
  kStep: usize,
): void {
  let k: usize = 0;
  if (lines == 4 && lineStep == 1) {
    for (const step = kStep << 2; k < K; k++, from += step, to += toStep) v128.store(to, v128.load(from));
  } else if (lines == 4 && kStep == 1) {
    for (; k + 4 <= K; k += 4, from += 16, to += toStep << 2) transpose4x4(to, toStep, from, lineStep << 2);
  }
  for (; k < K; k++, from += kStep << 2, to += toStep) {
    v128.store(to, f32x4.splat(0));
    for (let i: usize = 0; i < lines; i++) store<f32>(to + (i << 2), load<f32>(from + ((i * lineStep) << 2)));
  }
}

@inline
function transpose4x4(to: usize, toStep: usize, from: usize, step: usize): void {
  const r0 = v128.load(from);
  const r1 = v128.load(from + step);
  const r2 = v128.load(from + 2 * step);
  const r3 = v128.load(from + 3 * step);
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f64>(low01, low23, 0, 2));
  v128.store(to + toStep, v128.shuffle<f64>(low01, low23, 1, 3));
  v128.store(to + 2 * toStep, v128.shuffle<f64>(high01, high23, 0, 2));
  v128.store(to + 3 * toStep, v128.shuffle<f64>(high01, high23, 1, 3));
}
