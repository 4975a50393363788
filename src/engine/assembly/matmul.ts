import { begin, end } from "./threads";

/**
 * C[p, q] = Σₖ A(p, k)·B(k, q) (+ bias[q])          C [P, Q] row-major
 *
 * A(p, k) lies p·aP + k·aK elements after A, B(k, q) k·bK + q·bQ elements after B: one kernel serves X·Wᵀ, dY·W and
 * dYᵀ·X. The sum is cut into blocks of k. Of each block, B is packed into panels of 8 columns, zeros beyond the last:
 *
 *       q 0…7   8…15                      panel 0              panel 1
 *     k ┌─────┬─────┬──                   k=0 │ 8 floats │      k=0 │ 8 floats │
 *     0 │     │     │         ──►         k=1 │ 8 floats │      k=1 │ 8 floats │
 *     1 │     │     │                      ⋮                     ⋮
 *
 * so that a tile of 4 rows by 8 columns, held in 8 registers, reads B in one straight line: a panel stays in the first
 * cache and 128 rows of A stay in the second while they meet. Where A's rows are not contiguous (dYᵀ), they are
 * packed too, [p][k].
 *
 * An element is summed over k = 0, 1, … of a block, and the blocks one after the other, whatever tile and thread it
 * falls to: neither changes a bit. Threads share the panels or the rows, whichever there are more of.
 */
const TILE_ROWS: usize = 4;
const PANEL: usize = 8;
const BLOCK_K: usize = 256;
const BLOCK_ROWS: usize = 128;

const PANEL_BYTES: usize = PANEL << 2;
/** In a thread's scratch: a tile that is not stored whole, then packed rows of A, then packed panels of B. */
const PACKED_A: usize = TILE_ROWS * PANEL_BYTES;
const PACKED_B: usize = PACKED_A + ((BLOCK_ROWS * BLOCK_K) << 2);

export function matmul(
  c: usize,
  a: usize,
  b: usize,
  P: usize,
  K: usize,
  Q: usize,
  aP: usize,
  aK: usize,
  bK: usize,
  bQ: usize,
  bias: usize,
  scratch: usize,
): void {
  const byPanels = Q >= P;
  const firstColumn: usize = byPanels ? begin(Q, PANEL) : 0;
  const endColumn = byPanels ? end(Q, PANEL) : Q;
  const firstRow: usize = byPanels ? 0 : begin(P, TILE_ROWS);
  const endRow = byPanels ? P : end(P, TILE_ROWS);
  if (firstColumn >= endColumn || firstRow >= endRow) return;

  const packedB = scratch + PACKED_B;
  const row = Q << 2;
  for (let k0: usize = 0; k0 < K; k0 += BLOCK_K) {
    const k = min(K - k0, BLOCK_K);
    packPanels(packedB, b + ((k0 * bK + firstColumn * bQ) << 2), k, endColumn - firstColumn, bK, bQ);
    for (let p0 = firstRow; p0 < endRow; p0 += BLOCK_ROWS) {
      const p = min(endRow - p0, BLOCK_ROWS);
      let rows = a + ((p0 * aP + k0 * aK) << 2);
      let step = aP << 2;
      if (aK != 1) {
        transpose(scratch + PACKED_A, rows, k, p, aK << 2);
        rows = scratch + PACKED_A;
        step = k << 2;
      }
      for (let q = firstColumn; q < endColumn; q += PANEL) {
        const width = min(Q - q, PANEL);
        const place = c + ((p0 * Q + q) << 2);
        // where each sum starts: at the bias, at the blocks before this one, or at zero
        const from = k0 != 0 ? place : bias != 0 ? bias + (q << 2) : 0;
        const fromRow = k0 != 0 ? row : 0;
        const panel = packedB + (((q - firstColumn) * k) << 2);
        if (width == PANEL) column(place, row, from, fromRow, rows, step, panel, p, k);
        else partialColumn(place, row, from, fromRow, rows, step, panel, p, k, width, scratch);
      }
    }
  }
}

/** Eight columns of C, four rows at a time. */
function column(
  c: usize,
  row: usize,
  from: usize,
  fromRow: usize,
  a: usize,
  step: usize,
  panel: usize,
  P: usize,
  K: usize,
): void {
  for (; P >= TILE_ROWS; P -= TILE_ROWS) {
    tile4(c, row, from, fromRow, a, step, panel, K);
    a += step * TILE_ROWS;
    c += row * TILE_ROWS;
    from += fromRow * TILE_ROWS;
  }
  for (; P > 0; P--) {
    tile1(c, from, a, panel, K);
    a += step;
    c += row;
    from += fromRow;
  }
}

/** The last columns, fewer than eight: worked out in a tile of eight, of which `width` are stored. */
function partialColumn(
  c: usize,
  row: usize,
  from: usize,
  fromRow: usize,
  a: usize,
  step: usize,
  panel: usize,
  P: usize,
  K: usize,
  width: usize,
  tile: usize,
): void {
  const bytes = width << 2;
  while (P > 0) {
    const rows = min(P, TILE_ROWS);
    if (from != 0) {
      for (let r: usize = 0; r < rows; r++) memory.copy(tile + r * PANEL_BYTES, from + r * fromRow, bytes);
    }
    const start = from != 0 ? tile : 0;
    if (rows == TILE_ROWS) tile4(tile, PANEL_BYTES, start, PANEL_BYTES, a, step, panel, K);
    else for (let r: usize = 0; r < rows; r++) tile1(tile + r * PANEL_BYTES, from != 0 ? tile + r * PANEL_BYTES : 0, a + r * step, panel, K);
    for (let r: usize = 0; r < rows; r++) memory.copy(c + r * row, tile + r * PANEL_BYTES, bytes);
    a += step * rows;
    c += row * rows;
    from += fromRow * rows;
    P -= rows;
  }
}

/** Four rows of C by eight columns: C = start + A·panel, where start is at `from`, or 0 if `from` is 0. */
function tile4(c: usize, row: usize, from: usize, fromRow: usize, a: usize, step: usize, b: usize, K: usize): void {
  let c00 = f32x4.splat(0);
  let c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0);
  let c31 = f32x4.splat(0);
  if (from != 0) {
    c00 = v128.load(from);
    c01 = v128.load(from, 16);
    from += fromRow;
    c10 = v128.load(from);
    c11 = v128.load(from, 16);
    from += fromRow;
    c20 = v128.load(from);
    c21 = v128.load(from, 16);
    from += fromRow;
    c30 = v128.load(from);
    c31 = v128.load(from, 16);
  }
  let a1 = a + step;
  let a2 = a1 + step;
  let a3 = a2 + step;
  const end = a + (K << 2);
  while (a < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load32_splat(a);
    c00 = f32x4.add(c00, f32x4.mul(x, b0));
    c01 = f32x4.add(c01, f32x4.mul(x, b1));
    x = v128.load32_splat(a1);
    c10 = f32x4.add(c10, f32x4.mul(x, b0));
    c11 = f32x4.add(c11, f32x4.mul(x, b1));
    x = v128.load32_splat(a2);
    c20 = f32x4.add(c20, f32x4.mul(x, b0));
    c21 = f32x4.add(c21, f32x4.mul(x, b1));
    x = v128.load32_splat(a3);
    c30 = f32x4.add(c30, f32x4.mul(x, b0));
    c31 = f32x4.add(c31, f32x4.mul(x, b1));
    a += 4;
    a1 += 4;
    a2 += 4;
    a3 += 4;
    b += PANEL_BYTES;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  c += row;
  v128.store(c, c10);
  v128.store(c, c11, 16);
  c += row;
  v128.store(c, c20);
  v128.store(c, c21, 16);
  c += row;
  v128.store(c, c30);
  v128.store(c, c31, 16);
}

/** The same for one row. */
function tile1(c: usize, from: usize, a: usize, b: usize, K: usize): void {
  let c0 = f32x4.splat(0);
  let c1 = f32x4.splat(0);
  if (from != 0) {
    c0 = v128.load(from);
    c1 = v128.load(from, 16);
  }
  for (const end = a + (K << 2); a < end; a += 4, b += PANEL_BYTES) {
    const x = v128.load32_splat(a);
    c0 = f32x4.add(c0, f32x4.mul(x, v128.load(b)));
    c1 = f32x4.add(c1, f32x4.mul(x, v128.load(b, 16)));
  }
  v128.store(c, c0);
  v128.store(c, c1, 16);
}

/** B(k, q) as panels [k][8], zeros beyond Q */
function packPanels(to: usize, b: usize, K: usize, Q: usize, bK: usize, bQ: usize): void {
  for (let q: usize = 0; q < Q; q += PANEL) {
    const width = min(Q - q, PANEL);
    const from = b + ((q * bQ) << 2);
    if (width < PANEL) packNarrow(to, from, K, width, bK, bQ);
    else if (bQ == 1) packRows(to, from, K, bK << 2);
    else packColumns(to, from, K, bQ << 2);
    to += K * PANEL_BYTES;
  }
}

/** eight contiguous columns */
function packRows(to: usize, from: usize, K: usize, step: usize): void {
  for (let k: usize = 0; k < K; k++, from += step, to += PANEL_BYTES) {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
  }
}

/** eight columns that each lie contiguous along k, `step` bytes apart */
function packColumns(to: usize, from: usize, K: usize, step: usize): void {
  let k: usize = 0;
  for (; k + 4 <= K; k += 4, from += 16, to += 4 * PANEL_BYTES) {
    transpose4x4(to, PANEL_BYTES, from, step);
    transpose4x4(to + 16, PANEL_BYTES, from + 4 * step, step);
  }
  for (; k < K; k++, from += 4, to += PANEL_BYTES) {
    for (let q: usize = 0; q < PANEL; q++) store<f32>(to + (q << 2), load<f32>(from + q * step));
  }
}

function packNarrow(to: usize, from: usize, K: usize, width: usize, bK: usize, bQ: usize): void {
  for (let k: usize = 0; k < K; k++, from += bK << 2, to += PANEL_BYTES) {
    for (let q: usize = 0; q < PANEL; q++) store<f32>(to + (q << 2), q < width ? load<f32>(from + ((q * bQ) << 2)) : 0);
  }
}

/** to [columns, rows], contiguous = from [rows, columns]ᵀ, whose rows lie `step` bytes apart */
function transpose(to: usize, from: usize, rows: usize, columns: usize, step: usize): void {
  const toStep = rows << 2;
  let r: usize = 0;
  for (; r + 4 <= rows; r += 4, from += 4 * step, to += 16) {
    let c: usize = 0;
    for (; c + 4 <= columns; c += 4) transpose4x4(to + c * toStep, toStep, from + (c << 2), step);
    for (; c < columns; c++) {
      for (let i: usize = 0; i < 4; i++) store<f32>(to + c * toStep + (i << 2), load<f32>(from + i * step + (c << 2)));
    }
  }
  for (; r < rows; r++, from += step, to += 4) {
    for (let c: usize = 0; c < columns; c++) store<f32>(to + c * toStep, load<f32>(from + (c << 2)));
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
