import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { type Blas, findBlas } from "../../src/engine/blas.js";
import { type Matrix, Memory } from "../../src/engine/memory.js";
import { record, type Tape } from "../../src/engine/tape.js";
import { NnfitError } from "../../src/errors.js";
import { systemBlas } from "./blas.js";
import * as reference from "./reference.js";
import {
  at,
  batches,
  expectClose,
  GuardedMemory,
  map,
  numbers,
  numbersFrom,
  roundings,
  sizes,
  type Table,
  table,
} from "./reference.js";

const found = await systemBlas();

describe("products by BLAS", () => {
  let blas: Blas;
  beforeEach(({ skip }) => {
    if (typeof found === "string") skip(found);
    else blas = found;
  });

  /** As `played` of the reference, by BLAS. */
  function played(
    { rows, batchSize }: { rows: number; batchSize: number },
    recording: (tape: Tape, memory: GuardedMemory) => Matrix,
  ): Table {
    const memory = new GuardedMemory(1, undefined, blas);
    const { result, play } = record(memory, batchSize, (tape) => recording(tape, memory));
    play(rows);
    memory.expectGuards();
    const used = result.ofBatch ? rows : result.rows;
    const end = (rows: number) => result.address + rows * result.columns * 4;
    memory.expectUntouched(end(used), end(result.rows));
    return { rows: used, columns: result.columns, data: [...result.data.subarray(0, used * result.columns)] };
  }

  /** Random shapes, with many sides of 1, and a few large ones. */
  function overShapes(check: (P: number, K: number, Q: number, batchSize: number, number: () => number) => void) {
    const sides = fc.oneof(fc.constant(1), sizes);
    const rows = fc.oneof(fc.constant({ rows: 1, batchSize: 1 }), fc.constant({ rows: 1, batchSize: 4 }), batches);
    fc.assert(
      fc.property(rows, sides, sides, numbers, ({ rows, batchSize }, K, Q, number) => {
        check(rows, K, Q, batchSize, number);
      }),
    );
    for (const P of [1, 5]) for (const K of [1, 6]) for (const Q of [1, 7]) check(P, K, Q, P, numbersFrom(P));
    check(300, 129, 257, 303, numbersFrom(1));
    check(64, 1000, 9, 64, numbersFrom(2));
  }

  /** A·B + b, the same in every row, within what K + 1 roundings of each sum allow */
  function expectProduct(actual: Table, A: Table, B: Table, b?: Table): void {
    const added = (product: Table, b?: Table) => product.data.map((x, i) => x + (b?.data[i % product.columns] ?? 0));
    const absolute = (X: Table) => map(X, Math.abs);
    const scale = added(reference.matmul(absolute(A), absolute(B)), b && absolute(b));
    expectClose(actual.data, added(reference.matmul(A, B), b), roundings(A.columns + 1), scale);
  }

  it("matmul is X·W", () => {
    overShapes((rows, K, Q, batchSize, number) => {
      const X = table(rows, K, number);
      const W = table(K, Q, number);
      const Y = played({ rows, batchSize }, (tape, memory) => tape.matmul(memory.put(X, batchSize), memory.put(W)));
      expectProduct(Y, X, W);
    });
  });

  it("matmulT is X·Wᵀ, and a row that is added belongs to it", () => {
    overShapes((rows, K, Q, batchSize, number) => {
      const X = table(rows, K, number);
      const W = table(Q, K, number);
      const b = table(1, Q, number);
      const batch = { rows, batchSize };
      const Wt = reference.transpose(W);
      const Y = played(batch, (tape, memory) => tape.matmulT(memory.put(X, batchSize), memory.put(W)));
      expectProduct(Y, X, Wt);
      const biased = played(batch, (tape, memory) =>
        tape.addRow(tape.matmulT(memory.put(X, batchSize), memory.put(W)), memory.put(b)),
      );
      expectProduct(biased, X, Wt, b);
    });
  });

  it("tmatmul is Aᵀ·X, summed over the rows of the batch", () => {
    overShapes((P, rows, Q, _, number) => {
      const batchSize = rows + 3;
      const A = table(rows, P, number);
      const X = table(rows, Q, number);
      const Y = played({ rows, batchSize }, (tape, memory) =>
        tape.tmatmul(memory.put(A, batchSize), memory.put(X, batchSize), memory.matrix(P, Q)),
      );
      expectProduct(Y, reference.transpose(A), X);
    });
  });

  it("takes several rows side by side for as many rows", () => {
    const [X, A, W] = [table(5, 3 * 6, numbersFrom(1)), table(5, 3 * 7, numbersFrom(2)), table(7, 6, numbersFrom(3))];
    const below = ({ columns, data }: Table) => ({ rows: 15, columns: columns / 3, data });
    const batch = { rows: 5, batchSize: 8 };
    const Y = played(batch, (tape, memory) => tape.matmulT(memory.put(X, 8), memory.put(W)));
    expectProduct(below(Y), below(X), reference.transpose(W));
    const dX = played(batch, (tape, memory) => tape.matmul(memory.put(A, 8), memory.put(W)));
    expectProduct(below(dX), below(A), W);
    const dW = played(batch, (tape, memory) => tape.tmatmul(memory.put(A, 8), memory.put(X, 8), memory.matrix(7, 6)));
    expectProduct(dW, reference.transpose(below(A)), below(X));
  });

  it("is played again on other numbers, a smaller batch, and after the memory has grown", () => {
    const memory = new GuardedMemory(1, undefined, blas);
    const W = table(5, 6, numbersFrom(1));
    const input = memory.matrix(9, 6, true);
    const { result, play } = record(memory, 9, (tape) => tape.matmulT(input, memory.put(W)));
    for (const rows of [9, 1, 4]) {
      const X = table(rows, 6, numbersFrom(rows));
      memory.allocate(1 << 20);
      input.data.set(X.data);
      play(rows);
      const Y = { rows, columns: 5, data: [...result.data.subarray(0, rows * 5)] };
      expectProduct(Y, X, reference.transpose(W));
    }
  });

  it("reaches what lies beyond 2 GiB", () => {
    const memory = new Memory(1, undefined, blas);
    memory.allocate(2 ** 31);
    const X = table(3, 4, numbersFrom(1));
    const W = table(4, 5, numbersFrom(2));
    const [x, w] = [memory.matrix(3, 4, true), memory.matrix(4, 5)];
    x.data.set(X.data);
    w.data.set(W.data);
    const { result, play } = record(memory, 3, (tape) => tape.matmul(x, w));
    play(3);
    expectProduct({ rows: 3, columns: 5, data: [...result.data] }, X, W);
  });

  it("NaN and infinity come through", () => {
    for (const special of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const X = table(8, 9, (r, c) => (r === 2 && c === 3 ? special : 1));
      const W = table(9, 10, () => 2);
      const Y = played({ rows: 8, batchSize: 8 }, (tape, memory) => tape.matmul(memory.put(X, 8), memory.put(W)));
      for (let c = 0; c < 10; c++) expect([at(Y, 1, c), at(Y, 2, c)]).toEqual([18, special]);
    }
  });
});

describe("a BLAS", () => {
  it("computes with as many threads as it is told, where it tells", async ({ skip }) => {
    const one = await systemBlas(1);
    if (typeof one === "string") skip(one);
    else if (one.threads === undefined) skip(`${one.name} doesn't tell`);
    else expect(one.threads).toBe(1);
  });

  describe("that isn't there is a usage error", () => {
    beforeEach(({ skip }) => {
      if (typeof found === "string" && found.includes("koffi")) skip(found);
    });

    it.each([
      {
        case: "which names the library asked for",
        library: "/nonexistent",
        have: "/nonexistent",
        attempt: "NNFIT_BLAS",
      },
      {
        case: "which says what was looked for and what to install",
        platform: process.platform === "linux" ? "win32" : "linux",
        have: "openblas",
        attempt: "OpenBLAS|openblas",
      },
    ] as const)("$case", async ({ have, attempt, ...where }) => {
      const library = "library" in where ? where.library : undefined;
      const platform = "platform" in where ? where.platform : undefined;
      const error: unknown = await findBlas({ threads: "auto", library }, platform).catch((error) => error);
      if (!(error instanceof NnfitError)) return expect.fail(`no NnfitError, but ${error}`);
      expect(error.kind).toBe("usage");
      expect(error.details.setting).toBe("training.backend");
      expect(error.details.have).toContain(have);
      expect(error.details.try).toMatch(new RegExp(`(${attempt}).*--backend wasm`));
    });
  });
});
