import fc from "fast-check";
import { expect } from "vitest";
import { type Matrix, Memory } from "../../src/engine/memory.js";
import { record, type Tape } from "../../src/engine/tape.js";

/** Row-major numbers, as the engine's matrices, in double precision. */
export interface Table {
  readonly rows: number;
  readonly columns: number;
  readonly data: number[];
}

export function table(rows: number, columns: number, at: (row: number, column: number) => number): Table {
  const data = Array.from({ length: rows * columns }, (_, i) => at(Math.floor(i / columns), i % columns));
  return { rows, columns, data };
}

export const at = (X: Table, row: number, column: number) => X.data[row * X.columns + column]!;
export const row = (X: Table, r: number) => X.data.slice(r * X.columns, (r + 1) * X.columns);
export const map = (X: Table, f: (x: number) => number): Table => ({ ...X, data: X.data.map(f) });

// ── naive references ─────────────────────────────────────────────────────────────────────────────────────────────

export const transpose = (X: Table) => table(X.columns, X.rows, (r, c) => at(X, c, r));

export function matmul(A: Table, B: Table): Table {
  return table(A.rows, B.columns, (p, q) => {
    let sum = 0;
    for (let k = 0; k < A.columns; k++) sum += at(A, p, k) * at(B, k, q);
    return sum;
  });
}

/** [1, columns] */
export function sumRows(X: Table): Table {
  return table(1, X.columns, (_, c) => {
    let sum = 0;
    for (let r = 0; r < X.rows; r++) sum += at(X, r, c);
    return sum;
  });
}

export function softmax(z: readonly number[]): number[] {
  const top = Math.max(...z);
  const powers = z.map((x) => Math.exp(x - top));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

/** −log softmax(z)[label], exact where it is tiny too */
export function crossEntropy(z: readonly number[], label: number): number {
  const others = z.filter((_, column) => column !== label).map((x) => Math.exp(x - z[label]!));
  return Math.log1p(others.reduce((a, b) => a + b, 0));
}

/** Φ(x): Taylor's series of erf in the middle, the continued fraction of erfc in the tails */
export function normalCdf(x: number): number {
  const z = Math.abs(x) * Math.SQRT1_2;
  if (z > 27) return x > 0 ? 1 : 0;
  const density = Math.exp((-x * x) / 2) / Math.sqrt(Math.PI); // e^(−z²) / √π
  if (z < 2) {
    let term = z;
    let sum = z;
    for (let n = 1; term > sum * 1e-18; n++) {
      term *= (2 * z * z) / (2 * n + 1);
      sum += term;
    }
    return 0.5 + Math.sign(x) * density * sum;
  }
  let fraction = z;
  for (let n = 80; n >= 1; n--) fraction = z + n / 2 / fraction;
  const tail = (0.5 * density) / fraction;
  return x > 0 ? 1 - tail : tail;
}

export const normalPdf = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
/** cos 2πx: x without its whole part, which is exact, and the sine or cosine of an angle of at most ¼π */
export function cosTurns(x: number): number {
  const rest = Math.abs(x - Math.round(x));
  if (rest <= 0.125) return Math.cos(2 * Math.PI * rest);
  return rest < 0.375 ? Math.sin(2 * Math.PI * (0.25 - rest)) : -Math.cos(2 * Math.PI * (0.5 - rest));
}
export const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
export const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

// ── errors ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** Half an ulp of 1 in float32: the relative error of one rounding. */
export const UNIT = 2 ** -24;
const SMALLEST = 2 ** -149;

/** What n roundings one after another can add up to, relative to Σ|summands| (Higham's γₙ). */
export const roundings = (n: number) => (n * UNIT) / (1 - n * UNIT);

/** Each element of `actual` is within relative·scale of `expected`; `scale` is |expected| unless it is given. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: readonly number[],
  relative: number | readonly number[],
  scale: readonly number[] = expected.map(Math.abs),
): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const bound = (typeof relative === "number" ? relative : relative[i]!) * scale[i]! + SMALLEST;
    if (!(Math.abs(actual[i]! - expected[i]!) <= bound)) {
      expect.fail(`element ${i} is ${actual[i]}, not ${expected[i]} ± ${bound}`);
    }
  }
}

/** Each element is the same float32; −0 is not 0 and NaN is NaN. */
export function expectSame(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    if (!Object.is(actual[i], expected[i])) expect.fail(`element ${i} is ${actual[i]}, not ${expected[i]}`);
  }
}

// ── guarded memory ───────────────────────────────────────────────────────────────────────────────────────────────

/** A NaN told by its address: a read of it spoils a result, and whatever is written over it shows. */
const sentinel = (address: number) => 0x7fc00000 | ((address >>> 2) & 0x3fffff);
const GUARD = 64;

/** A memory of which every block starts out as sentinels and lies between sentinels. */
export class GuardedMemory extends Memory {
  /** Undefined while Memory's own constructor runs. */
  private readonly zones: Uint32Array[] | undefined = [];

  override allocate(bytes: number): number {
    if (!this.zones) return super.allocate(bytes); // what threads share to work together has to begin with zeros
    const start = super.allocate(bytes + 2 * GUARD);
    const end = start + Math.ceil((bytes + 2 * GUARD) / 64) * 64; // the padding to the cache line is guarded as well
    const words = this.integers(start, (end - start) / 4);
    for (let i = 0; i < words.length; i++) words[i] = sentinel(start + 4 * i);
    const block = start + GUARD;
    this.zones.push(this.words(start, block), this.words(block + Math.ceil(bytes / 4) * 4, end));
    return block;
  }

  /** A matrix that begins with these numbers. One of a batch may have room for more rows. */
  put(X: Table, batchSize?: number): Matrix {
    const matrix = this.matrix(batchSize ?? X.rows, X.columns, batchSize !== undefined);
    matrix.data.set(X.data);
    return matrix;
  }

  /** Unsigned integers somewhere in the memory. */
  putIntegers(values: readonly number[]): { address: number } {
    const address = this.allocate(values.length * 4);
    this.integers(address, values.length).set(values);
    return { address };
  }

  /** No sentinel around any block was overwritten. */
  expectGuards(): void {
    this.zones?.forEach(expectSentinels);
  }

  /** From one address to another there is nothing but sentinels. */
  expectUntouched(start: number, end: number): void {
    expectSentinels(this.words(start, end));
  }

  private words(start: number, end: number): Uint32Array {
    return this.integers(start, (end - start) / 4);
  }
}

function expectSentinels(words: Uint32Array): void {
  for (let i = 0; i < words.length; i++) {
    if (words[i] !== sentinel(words.byteOffset + 4 * i)) expect.fail(`wrote beyond its elements, ${4 * i} bytes on`);
  }
}

/** The elements of a matrix after it was played on `rows` rows of a batch; those beyond must be as they were. */
export function elements(memory: GuardedMemory, matrix: Matrix, rows: number): number[] {
  const used = matrix.ofBatch ? rows : matrix.rows;
  const end = (rows: number) => matrix.address + rows * matrix.columns * 4;
  memory.expectUntouched(end(used), end(matrix.rows));
  return [...matrix.data.subarray(0, used * matrix.columns)];
}

/**
 * The matrix that `recording` returns, once played on `rows` rows of a batch. Guards must be whole, and the rows of
 * the result beyond the batch as they were.
 */
export function played(
  { rows, batchSize }: { rows: number; batchSize: number },
  recording: (tape: Tape, memory: GuardedMemory) => Matrix,
): Table {
  const memory = new GuardedMemory();
  const { result, play } = record(memory, batchSize, (tape) => recording(tape, memory));
  play(rows);
  memory.expectGuards();
  return { rows: result.ofBatch ? rows : result.rows, columns: result.columns, data: elements(memory, result, rows) };
}

// ── arbitraries ──────────────────────────────────────────────────────────────────────────────────────────────────

/** A few rows of a batch that has room for at least as many. */
export const batches = fc
  .tuple(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 0, max: 9 }))
  .map(([rows, room]) => ({ rows, batchSize: rows + room }));

export const sizes = fc.integer({ min: 1, max: 70 });

/** A source of float32 numbers of both signs and of very different sizes. */
export const numbers = fc.integer().map((seed) => numbersFrom(seed));

export function numbersFrom(seed: number): () => number {
  const uniform = uniformFrom(seed);
  return () => Math.fround((2 * uniform() - 1) * 2 ** Math.floor(12 * uniform() - 6));
}

/** Uniform in [0, 1): mulberry32, so that the references don't rest on the engine's random numbers. */
export function uniformFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
