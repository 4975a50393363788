import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Matrix } from "../../src/engine/memory.js";
import { record, type Tape } from "../../src/engine/tape.js";
import * as reference from "./reference.js";
import {
  at,
  batches,
  expectClose,
  expectSame,
  GuardedMemory,
  map,
  numbers,
  numbersFrom,
  played,
  roundings,
  row,
  sizes,
  type Table,
  table,
  UNIT,
  uniformFrom,
} from "./reference.js";

const absolute = (X: Table) => map(X, Math.abs);

/** A·B within what K roundings of each sum allow */
function expectProduct(actual: Table, A: Table, B: Table): void {
  const bound = reference.matmul(absolute(A), absolute(B)).data;
  expectClose(actual.data, reference.matmul(A, B).data, roundings(A.columns), bound);
}

describe("products", () => {
  const large = [
    [300, 129, 257],
    [64, 1000, 9],
    [1, 513, 300],
    [257, 1, 131],
  ] as const;

  /** Random small shapes, and a few large ones. */
  function overShapes(check: (P: number, K: number, Q: number, batchSize: number, number: () => number) => void) {
    fc.assert(
      fc.property(batches, sizes, sizes, numbers, ({ rows, batchSize }, K, Q, number) => {
        check(rows, K, Q, batchSize, number);
      }),
    );
    for (const [P, K, Q] of large) check(P, K, Q, P + 3, numbersFrom(P));
  }

  it("matmul is X·W", () => {
    overShapes((rows, K, Q, batchSize, number) => {
      const X = table(rows, K, number);
      const W = table(K, Q, number);
      const Y = played({ rows, batchSize }, (tape, memory) => tape.matmul(memory.put(X, batchSize), memory.put(W)));
      expectProduct(Y, X, W);
    });
  });

  it("matmulT is X·Wᵀ, to the bit what matmul makes of the transpose", () => {
    overShapes((rows, K, Q, batchSize, number) => {
      const X = table(rows, K, number);
      const W = table(Q, K, number);
      const batch = { rows, batchSize };
      const Y = played(batch, (tape, memory) => tape.matmulT(memory.put(X, batchSize), memory.put(W)));
      const Wt = reference.transpose(W);
      expectProduct(Y, X, Wt);
      const same = played(batch, (tape, memory) => tape.matmul(memory.put(X, batchSize), memory.put(Wt)));
      expectSame(Y.data, same.data);
    });
  });

  it("takes several rows side by side for as many rows, to the bit", () => {
    fc.assert(
      fc.property(batches, sizes, sizes, fc.integer({ min: 2, max: 5 }), numbers, (batch, K, Q, copies, number) => {
        const X = table(batch.rows, copies * K, number);
        const A = table(batch.rows, copies * Q, number);
        const W = table(Q, K, number);
        const apart = { rows: batch.rows * copies, batchSize: batch.batchSize * copies };
        const below = ({ columns, data }: Table) => ({ rows: apart.rows, columns: columns / copies, data });
        const both = (recording: (tape: Tape, memory: GuardedMemory, put: (of: Table) => Matrix) => Matrix) => {
          const side = played(batch, (tape, memory) =>
            recording(tape, memory, (of) => memory.put(of, batch.batchSize)),
          );
          const each = played(apart, (tape, memory) =>
            recording(tape, memory, (of) => memory.put(below(of), apart.batchSize)),
          );
          expectSame(side.data, each.data);
        };
        both((tape, memory, put) => tape.matmulT(put(X), memory.put(W)));
        both((tape, memory, put) => tape.matmul(put(A), memory.put(W)));
        both((tape, memory, put) => tape.tmatmul(put(A), put(X), memory.matrix(Q, K)));
      }),
    );
    const memory = new GuardedMemory();
    const [X, A] = [
      memory.put(
        table(2, 4, () => 1),
        2,
      ),
      memory.put(
        table(2, 6, () => 1),
        2,
      ),
    ];
    const recording = (record_: (tape: Tape) => Matrix) => () => record(memory, 2, record_);
    expect(recording((tape) => tape.tmatmul(A, X, memory.matrix(3, 4)))).toThrow("shapes differ");
    expect(recording((tape) => tape.matmul(X, memory.matrix(3, 4)))).toThrow("shapes differ");
    expect(recording((tape) => tape.sumCopies(X, 3))).toThrow("side by side");
  });

  it("spread has a number of each row in every column, to the bit", () => {
    fc.assert(
      fc.property(batches, sizes, ({ rows, batchSize }, columns) => {
        const w = table(rows, 1, (r) => Math.fround(1 / (r + 3)));
        const spread = played({ rows, batchSize }, (tape, memory) => tape.spread(memory.put(w, batchSize), columns));
        expect(spread).toEqual(table(rows, columns, (r) => at(w, r, 0)));
      }),
    );
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

  describe("an element's bits don't depend on where in the product it lies", () => {
    const lengths = fc.oneof(sizes, fc.integer({ min: 250, max: 600 }));
    const cuts = fc.record({ P: sizes, K: lengths, Q: sizes, top: fc.nat(), left: fc.nat(), number: numbers });
    /** The matrix less its first rows and columns. */
    const cut = (X: Table, top: number, left: number) =>
      table(X.rows - top, X.columns - left, (r, c) => at(X, r + top, c + left));

    it("matmul", () => {
      fc.assert(
        fc.property(cuts, ({ P, K, Q, top, left, number }) => {
          const product = (X: Table, W: Table) =>
            played({ rows: X.rows, batchSize: X.rows }, (tape, memory) =>
              tape.matmul(memory.put(X, X.rows), memory.put(W)),
            );
          const X = table(P, K, number);
          const W = table(K, Q, number);
          const part = product(cut(X, top % P, 0), cut(W, 0, left % Q));
          expectSame(part.data, cut(product(X, W), top % P, left % Q).data);
        }),
      );
    });

    it("tmatmul", () => {
      fc.assert(
        fc.property(cuts, ({ P, K, Q, top, left, number }) => {
          const product = (A: Table, X: Table) =>
            played({ rows: K, batchSize: K }, (tape, memory) =>
              tape.tmatmul(memory.put(A, K), memory.put(X, K), memory.matrix(A.columns, X.columns)),
            );
          const A = table(K, P, number);
          const X = table(K, Q, number);
          const part = product(cut(A, 0, top % P), cut(X, 0, left % Q));
          expectSame(part.data, cut(product(A, X), top % P, left % Q).data);
        }),
      );
    });

    it("sumRows", () => {
      fc.assert(
        fc.property(cuts, ({ P, Q, left, number }) => {
          const sum = (X: Table) =>
            played({ rows: P, batchSize: P }, (tape, memory) =>
              tape.sumRows(memory.put(X, P), memory.matrix(1, X.columns)),
            );
          const X = table(P, Q, number);
          expectSame(sum(cut(X, 0, left % Q)).data, cut(sum(X), 0, left % Q).data);
        }),
      );
    });
  });
});

describe("rows", () => {
  it("gather takes the rows that the order names from the cursor on", () => {
    fc.assert(
      fc.property(batches, sizes, sizes, fc.nat(20), fc.integer(), (batch, m, columns, cursor, seed) => {
        const uniform = uniformFrom(seed);
        const X = table(m, columns, numbersFrom(seed));
        const order = Array.from({ length: cursor + batch.rows }, () => Math.floor(uniform() * m));
        const Y = played(batch, (tape, memory) =>
          tape.gather(memory.put(X), memory.putIntegers(order), memory.putIntegers([cursor])),
        );
        expectSame(
          Y.data,
          order.slice(cursor).flatMap((r) => row(X, r)),
        );
      }),
    );
  });

  it("addRow adds b to every row", () => {
    fc.assert(
      fc.property(batches, sizes, numbers, (batch, columns, number) => {
        const X = table(batch.rows, columns, number);
        const b = table(1, columns, number);
        const Y = played(batch, (tape, memory) => tape.addRow(memory.put(X, batch.batchSize), memory.put(b)));
        expectSame(Y.data, table(batch.rows, columns, (r, c) => Math.fround(at(X, r, c) + at(b, 0, c))).data);
      }),
    );
  });

  it("sumRows is the sum of the batch's rows", () => {
    fc.assert(
      fc.property(batches, sizes, numbers, (batch, columns, number) => {
        const X = table(batch.rows, columns, number);
        const b = played(batch, (tape, memory) =>
          tape.sumRows(memory.put(X, batch.batchSize), memory.matrix(1, columns)),
        );
        expectClose(b.data, reference.sumRows(X).data, roundings(batch.rows), reference.sumRows(absolute(X)).data);
      }),
    );
  });

  it("sums over very many rows keep their digits: rows, products and products of blocks", () => {
    const rows = 300_000; // one after the other, 0.1 and 0.1 and so on is off by a thousandth
    const batch = { rows, batchSize: rows };
    const [left, right] = [9, 19];
    const X = table(rows, left, () => 0.1);
    const Y = table(rows, right, () => 1);
    const sums = played(batch, (tape, memory) => tape.sumRows(memory.put(X, rows), memory.matrix(1, left)));
    const products = played(batch, (tape, memory) =>
      tape.tmatmul(memory.put(X, rows), memory.put(Y, rows), memory.matrix(left, right)),
    );
    const ofBlocks = played(batch, (tape, memory) =>
      tape.blockTmatmul(
        memory.put(X, rows),
        memory.put(
          table(rows, 15, () => 1),
          rows,
        ),
        memory.matrix(9, 5),
      ),
    );
    for (const { data } of [sums, products, ofBlocks]) {
      for (const value of data) expect(Math.abs(value / (rows * Math.fround(0.1)) - 1)).toBeLessThan(2e-5);
    }
  });

  it("softmax of every row has small relative errors, wherever the row lies", () => {
    fc.assert(
      fc.property(batches, sizes, numbers, fc.constantFrom(0, 100, -3e4), (batch, columns, number, shift) => {
        const Z = table(batch.rows, columns, () => Math.fround(number() + shift));
        const P = played(batch, (tape, memory) => tape.softmax(memory.put(Z, batch.batchSize)));
        for (let r = 0; r < batch.rows; r++) {
          const z = row(Z, r);
          const below = z.map((x) => Math.max(...z) - x);
          const expected = reference.softmax(z);
          // rounded: max − z, each exp, and from there their sum; the factor; the product
          const inSum = expected.reduce((sum, p, c) => sum + p * below[c]!, 0);
          const bounds = below.map((distance) => (distance + inSum + 4.001) * UNIT);
          expectClose(row(P, r), expected, bounds);
        }
      }),
    );
  });

  it("softmax, cross-entropy and its gradient are those of each of several rows side by side, to the bit", () => {
    fc.assert(
      fc.property(batches, sizes, fc.integer({ min: 2, max: 5 }), numbers, (batch, classes, copies, number) => {
        const Z = table(batch.rows, copies * classes, number);
        const y = table(batch.rows, copies, (r, c) => (r + c) % classes);
        const apart = { rows: batch.rows * copies, batchSize: batch.batchSize * copies };
        const below = ({ columns, data }: Table) => ({ rows: apart.rows, columns: columns / copies, data });
        const both = (recording: (tape: Tape, Z: Matrix, y: Matrix, copies: number) => Matrix) => {
          const side = played(batch, (tape, memory) =>
            recording(tape, memory.put(Z, batch.batchSize), memory.put(y, batch.batchSize), copies),
          );
          const each = played(apart, (tape, memory) =>
            recording(tape, memory.put(below(Z), apart.batchSize), memory.put(below(y), apart.batchSize), 1),
          );
          expectSame(side.data, each.data);
        };
        both((tape, Z, _, copies) => tape.softmax(Z, copies));
        both((tape, Z, y) => tape.crossEntropy(Z, y, 0.2));
        both((tape, Z, y, copies) => tape.subtractOneHot(tape.softmax(Z, copies), y, 0.2));
      }),
    );
  });

  it("copies stand side by side, and are summed from the first to the last", () => {
    fc.assert(
      fc.property(batches, sizes, fc.integer({ min: 1, max: 5 }), numbers, (batch, columns, copies, number) => {
        const X = table(batch.rows, columns, number);
        const all = played(batch, (tape, memory) => tape.copies(memory.put(X, batch.batchSize), copies));
        expectSame(all.data, table(batch.rows, copies * columns, (r, c) => at(X, r, c % columns)).data);
        const Y = table(batch.rows, copies * columns, number);
        const sum = played(batch, (tape, memory) => tape.sumCopies(memory.put(Y, batch.batchSize), copies));
        const expected = table(batch.rows, columns, (r, c) => {
          let total = 0;
          for (let copy = 0; copy < copies; copy++) total = Math.fround(total + at(Y, r, copy * columns + c));
          return total;
        });
        expectSame(sum.data, expected.data);
      }),
    );
  });

  it("crossEntropy is rounded once, however confident the row", () => {
    fc.assert(
      fc.property(batches, sizes, fc.integer(), (batch, classes, seed) => {
        const uniform = uniformFrom(seed);
        const Z = table(batch.rows, classes, numbersFrom(seed));
        const y = table(batch.rows, 1, () => Math.floor(uniform() * classes));
        const L = played(batch, (tape, memory) =>
          tape.crossEntropy(memory.put(Z, batch.batchSize), memory.put(y, batch.batchSize)),
        );
        expectClose(
          L.data,
          y.data.map((label, r) => reference.crossEntropy(row(Z, r), label)),
          1.001 * UNIT,
        );
      }),
    );
  });

  it("crossEntropy with smoothing is the mean over the smoothed target", () => {
    fc.assert(
      fc.property(batches, sizes, fc.integer(), (batch, classes, seed) => {
        const uniform = uniformFrom(seed);
        const Z = table(batch.rows, classes, numbersFrom(seed));
        const y = table(batch.rows, 1, () => Math.floor(uniform() * classes));
        const smoothing = Math.fround(uniform() / 2);
        const L = played(batch, (tape, memory) =>
          tape.crossEntropy(memory.put(Z, batch.batchSize), memory.put(y, batch.batchSize), smoothing),
        );
        const expected = y.data.map((label, r) => {
          const each = row(Z, r).map((_, c) => reference.crossEntropy(row(Z, r), c));
          return (1 - smoothing) * each[label]! + (smoothing * each.reduce((a, b) => a + b)) / classes;
        });
        expectClose(L.data, expected, 1.001 * UNIT);
      }),
    );
  });

  it("subtractOneHot takes 1 off in the column of the class", () => {
    fc.assert(
      fc.property(batches, sizes, fc.integer(), (batch, classes, seed) => {
        const uniform = uniformFrom(seed);
        const P = table(batch.rows, classes, numbersFrom(seed));
        const y = table(batch.rows, 1, () => Math.floor(uniform() * classes));
        const D = played(batch, (tape, memory) =>
          tape.subtractOneHot(memory.put(P, batch.batchSize), memory.put(y, batch.batchSize)),
        );
        expectSame(
          D.data,
          table(batch.rows, classes, (r, c) => Math.fround(at(P, r, c) - Number(at(y, r, 0) === c))).data,
        );
      }),
    );
  });
});

describe("pointwise", () => {
  /** Numbers of which many are equal, zero or not finite. */
  const anyNumbers = fc.integer().map((seed) => {
    const uniform = uniformFrom(seed);
    const number = numbersFrom(seed);
    const special = [0, -0, 1, -1, Infinity, -Infinity, NaN];
    return () => (uniform() < 0.5 ? special[Math.floor(uniform() * special.length)]! : number());
  });

  const operations: readonly [keyof Tape, (a: number, b: number) => number][] = [
    ["add", (a, b) => a + b],
    ["subtract", (a, b) => a - b],
    ["multiply", (a, b) => a * b],
    ["divide", (a, b) => a / b],
    ["minimum", (a, b) => (b < a ? b : a)], // NaN where a is NaN
    ["maximum", (a, b) => (a < b ? b : a)],
    ["greater", (a, b) => Number(a > b)],
  ];

  describe.each(operations)("%s", (name, f) => {
    type Operation = (a: Matrix | number, b: Matrix | number) => Matrix;
    const operation = (tape: Tape) => tape[name] as Operation; // the table names only such methods

    it("of matrices and numbers is the operation of numbers, rounded once", () => {
      fc.assert(
        fc.property(batches, sizes, anyNumbers, ({ rows, batchSize }, columns, number) => {
          const A = table(rows, columns, number);
          const B = table(rows, columns, number);
          const [a, b] = [number(), number()];
          const play = (recording: (tape: Tape, memory: GuardedMemory) => Matrix) =>
            played({ rows, batchSize }, recording).data;
          expectSame(
            play((tape, memory) => operation(tape)(memory.put(A, batchSize), memory.put(B, batchSize))),
            A.data.map((a, i) => Math.fround(f(a, B.data[i]!))),
          );
          expectSame(
            play((tape, memory) => operation(tape)(memory.put(A, batchSize), b)),
            A.data.map((a) => Math.fround(f(a, b))),
          );
          expectSame(
            play((tape, memory) => operation(tape)(a, memory.put(B, batchSize))),
            B.data.map((b) => Math.fround(f(a, b))),
          );
        }),
      );
    });

    it("takes a matrix of one element as a number, and matrices that aren't of the batch", () => {
      const A = table(5, 7, numbersFrom(1));
      const b = table(1, 1, numbersFrom(2));
      const batch = { rows: 2, batchSize: 3 };
      const expected = A.data.map((a) => Math.fround(f(a, b.data[0]!)));
      expectSame(played(batch, (tape, memory) => operation(tape)(memory.put(A), memory.put(b))).data, expected);
      const ofBatch = played(batch, (tape, memory) =>
        operation(tape)(memory.put({ ...A, rows: 2, data: A.data.slice(0, 14) }, 3), memory.put(b)),
      );
      expectSame(ofBatch.data, expected.slice(0, 14));
    });
  });

  it("writes in place", () => {
    const A = table(4, 5, numbersFrom(1));
    const sum = played({ rows: 3, batchSize: 4 }, (tape, memory) => {
      const a = memory.put(A);
      return tape.add(a, a, a);
    });
    expectSame(
      sum.data,
      A.data.map((a) => 2 * a),
    );
  });

  it("refuses operands of different shapes, and two numbers", () => {
    const memory = new GuardedMemory();
    const mixed = (tape: Tape) => tape.add(memory.matrix(2, 3), memory.matrix(3, 2));
    expect(() => record(memory, 3, mixed)).toThrow("shapes differ: [3, 2] and [2, 3]");
    expect(() => record(memory, 3, (tape) => tape.add(memory.matrix(3, 2), tape.batch(2)))).toThrow("shapes differ");
    expect(() => record(memory, 3, (tape) => tape.add(1, 2))).toThrow("must be a matrix");
  });

  it("select takes a where the mask isn't zero, else b", () => {
    fc.assert(
      fc.property(batches, sizes, anyNumbers, ({ rows, batchSize }, columns, number) => {
        const mask = table(rows, columns, number);
        const A = table(rows, columns, number);
        const B = table(rows, columns, number);
        const [a, b] = [number(), number()];
        const chosen = (A: (i: number) => number, B: (i: number) => number) =>
          mask.data.map((m, i) => (m !== 0 ? A(i) : B(i)));
        const select = (a: Table | number, b: Table | number) =>
          played({ rows, batchSize }, (tape, memory) => {
            const put = (x: Table | number) => (typeof x === "number" ? x : memory.put(x, batchSize));
            return tape.select(memory.put(mask, batchSize), put(a), put(b));
          }).data;
        const [ofA, ofB] = [(i: number) => A.data[i]!, (i: number) => B.data[i]!];
        expectSame(select(A, B), chosen(ofA, ofB));
        expectSame(
          select(a, B),
          chosen(() => a, ofB),
        );
        expectSame(
          select(A, b),
          chosen(ofA, () => b),
        );
        expectSame(
          select(a, b),
          chosen(
            () => a,
            () => b,
          ),
        );
      }),
    );
  });
});

describe("averages", () => {
  it("mean is in double precision, over the batch's rows", () => {
    fc.assert(
      fc.property(batches, sizes, numbers, ({ rows, batchSize }, columns, number) => {
        const X = table(rows, columns, number);
        const memory = new GuardedMemory();
        const { result, play } = record(memory, batchSize, (tape) => tape.mean(memory.put(X, batchSize)));
        play(rows);
        memory.expectGuards();
        const count = rows * columns;
        const sum = (data: number[]) => data.reduce((a, b) => a + b);
        const bound = (count * 2 ** -52 * sum(X.data.map(Math.abs))) / count;
        expect(Math.abs(result.value - sum(X.data) / count)).toBeLessThanOrEqual(bound);
      }),
    );
  });

  it("divideByCount divides by the elements of the batch's rows", () => {
    fc.assert(
      fc.property(batches, sizes, sizes, numbers, ({ rows, batchSize }, columns, counted, number) => {
        const X = table(rows, columns, number);
        const Y = played({ rows, batchSize }, (tape, memory) =>
          tape.divideByCount(memory.put(X, batchSize), tape.batch(counted)),
        );
        expectClose(Y.data, map(X, (x) => x / (rows * counted)).data, 2.001 * UNIT);
      }),
    );
  });
});

it("uniform is a hash of an element's place and the key, in any tail", () => {
  /** Wellons, lowbias32 */
  const hash = (x: number) => {
    x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
    x = Math.imul(x ^ (x >>> 15), 0xd35a2d97);
    return (x ^ (x >>> 15)) >>> 0;
  };
  fc.assert(
    fc.property(batches, sizes, fc.integer(), ({ rows, batchSize }, columns, key) => {
      const numbers = played({ rows, batchSize }, (tape, memory) => {
        const bits = memory.matrix(1, 1);
        memory.integers(bits.address, 1)[0] = key;
        return tape.uniform(tape.batch(columns), bits);
      });
      expectSame(
        numbers.data,
        numbers.data.map((_, i) => (hash((4 * i) ^ key) >>> 8) / 2 ** 24),
      );
    }),
  );
});

it("a row that is the same for all rows is added, subtracted and multiplied to each of them", () => {
  fc.assert(
    fc.property(batches, sizes, numbers, (batch, columns, number) => {
      const X = table(batch.rows, columns, number);
      const [a, b] = [table(1, columns, number), table(1, columns, number)];
      const Y = played(batch, (tape, memory) => {
        const x = memory.put(X, batch.batchSize);
        const scaled = tape.multiply(x, { eachRow: memory.put(a) });
        return tape.add(tape.subtract(scaled, x), { eachRow: memory.put(b) });
      });
      const { fround } = Math;
      const expected = table(batch.rows, columns, (r, c) => {
        const x = at(X, r, c);
        return fround(fround(fround(x * at(a, 0, c)) - x) + at(b, 0, c));
      });
      expectSame(Y.data, expected.data);
    }),
  );
});

it("clipNorm shortens a vector that is too long, and leaves another as it is", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), numbers, fc.constantFrom(1e-3, 1, 50, 1e6), (size, number, limit) => {
      const X = table(1, size, number);
      const norm = Math.hypot(...X.data);
      const factor = Math.min(1, limit / (norm + 1e-6)); // as torch.nn.utils.clip_grad_norm_ has it
      const clipped = played({ rows: 1, batchSize: 1 }, (tape, memory) => tape.clipNorm(memory.put(X), limit));
      if (norm <= limit - 1e-3) expectSame(clipped.data, X.data);
      expectClose(
        clipped.data,
        X.data.map((x) => x * factor),
        4 * UNIT,
      );
    }),
  );
});

describe("a tape", () => {
  it("is played again on other rows, other numbers and fewer rows", () => {
    const memory = new GuardedMemory();
    const number = numbersFrom(1);
    const W = table(6, 5, number);
    const X = memory.matrix(9, 6, true);
    const { result, play } = record(memory, 9, (tape) => tape.matmul(X, memory.put(W)));
    for (const rows of [9, 4, 1, 7]) {
      const input = table(rows, 6, number);
      X.data.set(input.data);
      const before = result.data.slice();
      play(rows);
      expectProduct({ rows, columns: 5, data: [...result.data.subarray(0, rows * 5)] }, input, W);
      expectSame(result.data.subarray(rows * 5), before.subarray(rows * 5));
    }
    memory.expectGuards();
  });
});

it("clipNorm shortens a vector that is too long, and leaves another as it is", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), numbers, fc.constantFrom(1e-3, 1, 50, 1e6), (size, number, limit) => {
      const X = table(1, size, number);
      const norm = Math.hypot(...X.data);
      const factor = Math.min(1, limit / (norm + 1e-6)); // as torch.nn.utils.clip_grad_norm_ has it
      const clipped = played({ rows: 1, batchSize: 1 }, (tape, memory) => tape.clipNorm(memory.put(X), limit));
      if (norm <= limit - 1e-3) expectSame(clipped.data, X.data);
      expectClose(
        clipped.data,
        X.data.map((x) => x * factor),
        4 * UNIT,
      );
    }),
  );
});

describe("a tape", () => {
  it("adds every row that is added to a product", () => {
    const sum = played({ rows: 1, batchSize: 1 }, (tape, memory) => {
      const [x, W, b, c] = [1, 1, 10, 100].map((value) => memory.put(table(1, 1, () => value))) as [
        Matrix,
        Matrix,
        Matrix,
        Matrix,
      ]; // as many as there were
      return tape.addRow(tape.addRow(tape.matmul(x, W), b), c);
    });
    expect([...sum.data]).toEqual([111]);
  });

  it("tells counts over matrices of different shapes apart", () => {
    const memory = new GuardedMemory();
    const [x, wide, tall] = [
      memory.put(
        table(1, 1, () => 24),
        1,
      ),
      memory.matrix(4, 6, true),
      memory.matrix(6, 4, true),
    ];
    const { result, play } = record(memory, 1, (tape) => [tape.divideByCount(x, wide), tape.divideByCount(x, tall)]);
    play(1);
    expect(result.map(({ data }) => data[0])).toEqual([4, 6]);
  });

  it("is played on as many rows as it has room for, and on one at least", () => {
    const { play } = record(new GuardedMemory(), 3, (tape) => tape.batch(1));
    for (const rows of [0, 4, -1, Number.NaN]) expect(() => play(rows)).toThrow("up to 3 rows");
  });

  it("refuses a result of another shape, and a matrix that another tape did not keep", () => {
    const memory = new GuardedMemory();
    const x = memory.matrix(1, 4);
    expect(() => record(memory, 1, (tape) => tape.add(x, 1, memory.matrix(1, 3)))).toThrow("shapes differ");
    let lost = x;
    record(memory, 1, (tape) => {
      lost = tape.square(x);
    });
    expect(() => record(memory, 1, (tape) => tape.add(lost, 1))).toThrow("not kept");
  });
});
