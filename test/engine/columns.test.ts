import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ColumnPart } from "../../src/engine/arrange.js";
import {
  at,
  batches,
  expectClose,
  expectSame,
  map,
  numbers,
  numbersFrom,
  played,
  roundings,
  row,
  sizes,
  table,
  uniformFrom,
} from "./reference.js";

const small = fc.integer({ min: 1, max: 9 });

describe("arrange", () => {
  it("puts copies, repetitions, one-hot places, signs and rows of tables side by side", () => {
    fc.assert(
      fc.property(batches, small, small, small, fc.integer(), (batch, columns, places, width, seed) => {
        const uniform = uniformFrom(seed);
        const X = table(batch.rows, columns + 1, numbersFrom(seed));
        const codes = table(batch.rows, 2, () => Math.floor((places + 2) * uniform()) - 1); // some have no place
        const T = table(places, width, numbersFrom(seed + 1));
        const Y = played(batch, (tape, memory) => {
          const [x, code, t] = [memory.put(X, batch.batchSize), memory.put(codes, batch.batchSize), memory.put(T)];
          const parts: ColumnPart[] = [
            { kind: "copy", from: x, at: columns, columns: 1 },
            { kind: "oneHot", from: code, at: 1, places },
            { kind: "copy", from: x, at: 0, columns: 1 },
            { kind: "copy", from: x, at: 1, columns },
            { kind: "sign", from: code, at: 0 },
            { kind: "lookup", from: code, at: 1, table: t },
            { kind: "repeat", from: x, at: 0, columns: width },
          ];
          return tape.arrange(parts);
        });
        const expected = Array.from({ length: batch.rows }, (_, r) => {
          const [x, code] = [row(X, r), row(codes, r)];
          const hot = Array.from({ length: places }, (_, place) => Number(place === code[1]));
          const found = code[1]! >= 0 && code[1]! < places ? row(T, code[1]!) : Array(width).fill(0);
          return [x[columns], ...hot, ...x, [-1, 1][code[0]!] ?? 0, ...found, ...Array(width).fill(x[0])];
        });
        expect(Y.columns).toBe(expected[0]!.length);
        expectSame(Y.data, expected.flat());
      }),
    );
  });
});

it("sumByCode sums the rows of each code, and leaves out those without a place", () => {
  fc.assert(
    fc.property(batches, small, sizes, fc.nat(5), fc.integer(), (batch, places, width, from, seed) => {
      const uniform = uniformFrom(seed);
      const codes = table(batch.rows, 3, () => Math.floor((places + 2) * uniform()) - 1);
      const dY = table(batch.rows, from + width + 2, numbersFrom(seed));
      const T = played(batch, (tape, memory) => {
        const [code, d] = [memory.put(codes, batch.batchSize), memory.put(dY, batch.batchSize)];
        return tape.sumByCode(code, 1, d, from, memory.matrix(places, width));
      });
      const sum = (size: (x: number) => number) =>
        table(places, width, (place, c) => {
          const rows = Array.from({ length: batch.rows }, (_, r) => r).filter((r) => at(codes, r, 1) === place);
          return rows.reduce((total, r) => total + size(at(dY, r, from + c)), 0);
        });
      expectClose(T.data, sum((x) => x).data, roundings(batch.rows), sum(Math.abs).data);
    }),
  );
});

describe("products of blocks", () => {
  const shapes = fc.record({ blocks: small, k: fc.integer({ min: 1, max: 21 }), n: small, number: numbers });

  it("blockMatmulT is X[f]·W[f]ᵀ for each block f", () => {
    fc.assert(
      fc.property(batches, shapes, (batch, { blocks, k, n, number }) => {
        const X = table(batch.rows, blocks * k, number);
        const W = table(blocks * n, k, number);
        const Y = played(batch, (tape, memory) => tape.blockMatmulT(memory.put(X, batch.batchSize), memory.put(W)));
        const product = (A: typeof X, B: typeof W) =>
          table(batch.rows, blocks * n, (r, c) => {
            const block = Math.floor(c / n);
            return row(A, r)
              .slice(block * k, (block + 1) * k)
              .reduce((sum, x, i) => sum + x * at(B, c, i), 0);
          });
        expectClose(Y.data, product(X, W).data, roundings(k), product(map(X, Math.abs), map(W, Math.abs)).data);
      }),
    );
  });

  it("blockMatmul is X[f]·W[f] for each block f", () => {
    fc.assert(
      fc.property(batches, shapes, (batch, { blocks, k, n, number }) => {
        const X = table(batch.rows, blocks * k, number);
        const W = table(blocks * k, n, number);
        const Y = played(batch, (tape, memory) =>
          tape.blockMatmul(memory.put(X, batch.batchSize), memory.put(W), blocks),
        );
        const product = (A: typeof X, B: typeof W) =>
          table(batch.rows, blocks * n, (r, c) => {
            const block = Math.floor(c / n);
            return row(A, r)
              .slice(block * k, (block + 1) * k)
              .reduce((sum, x, i) => sum + x * at(B, block * k + i, c % n), 0);
          });
        expectClose(Y.data, product(X, W).data, roundings(k), product(map(X, Math.abs), map(W, Math.abs)).data);
      }),
    );
  });

  it("blockTmatmul is A[f]ᵀ·X[f] for each block f, summed over the batch", () => {
    fc.assert(
      fc.property(batches, shapes, (batch, { blocks, k, n, number }) => {
        const A = table(batch.rows, blocks * n, number);
        const X = table(batch.rows, blocks * k, number);
        const W = played(batch, (tape, memory) =>
          tape.blockTmatmul(
            memory.put(A, batch.batchSize),
            memory.put(X, batch.batchSize),
            memory.matrix(blocks * n, k),
          ),
        );
        const product = (A: typeof X, B: typeof X) =>
          table(blocks * n, k, (c, i) => {
            const block = Math.floor(c / n);
            return Array.from({ length: batch.rows }, (_, r) => at(A, r, c) * at(B, r, block * k + i)).reduce(
              (a, b) => a + b,
            );
          });
        const sizes = product(map(A, Math.abs), map(X, Math.abs)).data;
        expectClose(W.data, product(A, X).data, roundings(batch.rows), sizes);
      }),
    );
  });
});
