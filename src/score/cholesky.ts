/**
 * The Cholesky factor L of a symmetric positive definite A, A = L·Lᵀ, in A's place.   A [n, n] by rows: the lower
 * triangle is read and written. Where A is not positive definite, numbers become NaN.
 */
export function factorize(A: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = A[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= A[i * n + k]! * A[j * n + k]!;
      A[i * n + j] = i === j ? Math.sqrt(sum) : sum / A[j * n + j]!;
    }
  }
}

/** Solves L·Lᵀ·x = b, in b's place. */
export function solve(L: Float64Array, n: number, b: Float64Array): void {
  for (let i = 0; i < n; i++) {
    let sum = b[i]!;
    for (let k = 0; k < i; k++) sum -= L[i * n + k]! * b[k]!;
    b[i] = sum / L[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    const x = b[i]! / L[i * n + i]!;
    b[i] = x;
    for (let k = 0; k < i; k++) b[k]! -= L[i * n + k]! * x; // by rows of L, as they lie
  }
}
