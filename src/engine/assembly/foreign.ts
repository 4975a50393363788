/** The product of a library outside, as engine/blas.ts describes it. */
@external("env", "product")
declare function product(
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
  adds: i32,
): void;

/** What matmul does, by a library outside: it adds to C what C starts out as, here the bias in every row. */
export function foreignMatmul(
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
): void {
  if (bias != 0) {
    const bytes = Q << 2;
    for (let p: usize = 0, row = c; p < P; p++, row += bytes) memory.copy(row, bias, bytes);
  }
  product(c, a, b, P, K, Q, aP, aK, bK, bQ, bias != 0 ? 1 : 0);
}
