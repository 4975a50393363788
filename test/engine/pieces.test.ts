import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Cell, Matrix } from "../../src/engine/memory.js";
import { record, type Tape } from "../../src/engine/tape.js";
import { elements, expectSame, GuardedMemory, numbersFrom, sizes, table, uniformFrom } from "./reference.js";

interface Shape {
  readonly rows: number;
  readonly batchSize: number;
  /** of the batch's matrices */
  readonly columns: number;
  /** the other dimension of what is not the batch's */
  readonly other: number;
  /** of the numbers */
  readonly seed: number;
}

/** Records something on a memory; what it returns must not depend on how many threads the memory has. */
type Recording = (tape: Tape, memory: GuardedMemory) => readonly (Matrix | Cell)[];

/** Starting threads takes longer than most cases, so they are started once. */
const memories: GuardedMemory[] = [];
beforeAll(() => {
  for (const threads of [1, 2, 3, 4, 7]) memories.push(new GuardedMemory(threads));
});
afterAll(() => {
  for (const memory of memories) memory.close();
});

/** The results have the same bits on every memory, each time it is played, and nothing else was written. */
function expectSameOnAll(recording: Recording, plays: readonly number[]): void {
  const [alone, ...several] = memories.map((memory) => {
    const { result, play } = record(memory, Math.max(...plays), (tape) => recording(tape, memory));
    let most = 0;
    return plays.map((rows) => {
      play(rows);
      most = Math.max(most, rows);
      memory.expectGuards();
      return result.flatMap((made) => ("value" in made ? [made.value] : elements(memory, made, most)));
    });
  });
  for (const played of several) {
    for (const [time, result] of played.entries()) expectSame(result, alone![time]!);
  }
}

const shapes = fc
  .record({ rows: sizes, room: fc.nat(9), columns: sizes, other: sizes, seed: fc.integer() })
  .map(({ rows, room, ...shape }): Shape => ({ ...shape, rows, batchSize: rows + room }));

/** Matrices of random numbers, in the order that they are asked for. */
function source(memory: GuardedMemory, { rows, batchSize, seed }: Shape) {
  const number = numbersFrom(seed);
  const uniform = uniformFrom(seed);
  return {
    batch: (columns: number) => memory.put(table(rows, columns, number), batchSize),
    matrix: (rows: number, columns: number) => memory.put(table(rows, columns, number)),
    labels: (classes: number) =>
      memory.put(
        table(rows, 1, () => Math.floor(uniform() * classes)),
        batchSize,
      ),
    integers: (count: number, below: number) =>
      memory.putIntegers(Array.from({ length: count }, () => Math.floor(uniform() * below))),
  };
}

const products: Record<string, (shape: Shape) => Recording> = {
  matmul: (shape) => (tape, memory) => {
    const { batch, matrix } = source(memory, shape);
    return [tape.matmul(batch(shape.columns), matrix(shape.columns, shape.other))];
  },
  "matmul and a bias": (shape) => (tape, memory) => {
    const { batch, matrix } = source(memory, shape);
    const product = tape.matmul(batch(shape.columns), matrix(shape.columns, shape.other));
    return [tape.addRow(product, matrix(1, shape.other))];
  },
  matmulT: (shape) => (tape, memory) => {
    const { batch, matrix } = source(memory, shape);
    return [tape.matmulT(batch(shape.columns), matrix(shape.other, shape.columns))];
  },
  "matmulT and a bias": (shape) => (tape, memory) => {
    const { batch, matrix } = source(memory, shape);
    const product = tape.matmulT(batch(shape.columns), matrix(shape.other, shape.columns));
    return [tape.addRow(product, matrix(1, shape.other))];
  },
  tmatmul: (shape) => (tape, memory) => {
    const { batch } = source(memory, shape);
    const into = memory.matrix(shape.columns, shape.other);
    return [tape.tmatmul(batch(shape.columns), batch(shape.other), into)];
  },
  "tmatmul and a bias": (shape) => (tape, memory) => {
    const { batch, matrix } = source(memory, shape);
    const into = memory.matrix(shape.columns, shape.other);
    tape.tmatmul(batch(shape.columns), batch(shape.other), into);
    return [tape.addRow(into, matrix(1, shape.other))];
  },
};

const others: Record<string, (shape: Shape) => Recording> = {
  gather: (shape) => (tape, memory) => {
    const { matrix, integers } = source(memory, shape);
    const order = integers(shape.rows + 5, shape.other);
    return [tape.gather(matrix(shape.other, shape.columns), order, memory.putIntegers([5]))];
  },
  addRow: (shape) => (tape, memory) => {
    const { batch, matrix } = source(memory, shape);
    return [tape.addRow(batch(shape.columns), matrix(1, shape.columns))];
  },
  sumRows: (shape) => (tape, memory) => {
    const { batch, matrix } = source(memory, shape);
    return [tape.sumRows(batch(shape.columns), matrix(1, shape.columns))];
  },
  "a pointwise run over the batch": (shape) => (tape, memory) => {
    const { batch, matrix } = source(memory, shape);
    const [x, moment, rate] = [batch(shape.columns), batch(shape.columns), matrix(1, 1)];
    const y = tape.multiply(x, tape.tanh(tape.softplus(x)));
    tape.add(tape.multiply(moment, 0.9), tape.divideByCount(y, x), moment);
    return [tape.subtract(x, tape.multiply(moment, rate), x), y, moment];
  },
  "a pointwise run over weights": (shape) => (tape, memory) => {
    const { matrix } = source(memory, shape);
    const [x, mask] = [matrix(shape.columns, shape.other), matrix(shape.columns, shape.other)];
    const chosen = tape.select(tape.greater(mask, 0), tape.normalCdf(x), tape.normalPdf(x));
    return [tape.add(chosen, tape.exp(tape.minimum(x, 1))), tape.expm1(tape.sigmoid(mask))];
  },
  "means of the batch and of weights": (shape) => (tape, memory) => {
    const { batch, matrix } = source(memory, shape);
    return [tape.mean(batch(shape.columns)), tape.mean(matrix(shape.columns, shape.other))];
  },
  softmax: (shape) => (tape, memory) => [tape.softmax(source(memory, shape).batch(shape.columns))],
  crossEntropy: (shape) => (tape, memory) => {
    const { batch, labels } = source(memory, shape);
    return [tape.crossEntropy(batch(shape.columns), labels(shape.columns))];
  },
  "a product of several rows side by side": (shape) => (tape, memory) => {
    const { batch, matrix } = source(memory, shape);
    const [x, y] = [batch(shape.columns * 3), batch(shape.other * 3)];
    return [
      tape.matmulT(x, matrix(shape.other, shape.columns)),
      tape.addRow(tape.matmul(x, matrix(shape.columns, shape.other)), matrix(1, 3 * shape.other)),
      tape.tmatmul(y, x, memory.matrix(shape.other, shape.columns)),
    ];
  },
  "copies, their sum, softmax and cross-entropy": (shape) => (tape, memory) => {
    const { batch, labels } = source(memory, shape);
    const [copies, y] = [tape.copies(batch(shape.columns), 3), tape.copies(labels(shape.columns), 3)];
    const P = tape.softmax(copies, 3);
    return [copies, tape.sumCopies(P, 3), tape.crossEntropy(copies, y, 0.1), tape.subtractOneHot(P, y, 0.1)];
  },
  arrange: (shape) => (tape, memory) => {
    const { batch, matrix, labels } = source(memory, shape);
    const [x, code] = [batch(shape.columns), labels(shape.other)];
    return [
      tape.arrange([
        { kind: "copy", from: x, at: 0, columns: shape.columns },
        { kind: "oneHot", from: code, at: 0, places: shape.other },
        { kind: "sign", from: code, at: 0 },
        { kind: "repeat", from: x, at: 0, columns: 3 },
        { kind: "lookup", from: code, at: 0, table: matrix(shape.other, 5) },
      ]),
    ];
  },
  sumByCode: (shape) => (tape, memory) => {
    const { batch, labels } = source(memory, shape);
    return [tape.sumByCode(labels(shape.other), 0, batch(shape.columns), 0, memory.matrix(shape.other, shape.columns))];
  },
  "products of blocks": (shape) => (tape, memory) => {
    const { batch, matrix } = source(memory, shape);
    const [x, y] = [batch(shape.columns * 5), batch(shape.columns * 3)];
    return [
      tape.blockMatmulT(x, matrix(shape.columns * 3, 5)),
      tape.blockMatmul(x, matrix(shape.columns * 5, 3), shape.columns),
      tape.blockTmatmul(y, x, memory.matrix(shape.columns * 3, 5)),
    ];
  },
  subtractOneHot: (shape) => (tape, memory) => {
    const { batch, labels } = source(memory, shape);
    return [tape.subtractOneHot(batch(shape.columns), labels(shape.columns))];
  },
};

describe("threads change no bit of", () => {
  it.each(Object.entries({ ...products, ...others }))("%s", (_, recording) => {
    fc.assert(
      fc.property(shapes, (shape) => expectSameOnAll(recording(shape), [shape.rows])),
      { numRuns: 30 },
    );
  });

  it.each(Object.entries(products))("a large %s", (_, recording) => {
    for (const [rows, columns, other] of [
      [300, 129, 257],
      [1024, 256, 7],
      [7, 1024, 256],
      [1, 513, 300],
    ] as const) {
      expectSameOnAll(recording({ rows, batchSize: rows + 3, columns, other, seed: rows }), [rows]);
    }
  });

  it.each(Object.entries(others))("a large case of %s", (_, recording) => {
    for (const [rows, columns] of [
      [1000, 129],
      [3, 5000],
    ] as const) {
      expectSameOnAll(recording({ rows, batchSize: rows + 3, columns, other: 33, seed: rows }), [rows]);
    }
  });
});

describe("a program of many instructions", () => {
  interface Step {
    readonly name: keyof typeof steps;
    readonly seed: number;
  }

  /** From a matrix of the batch with numbers around 1 another one; `made` takes what else there is to compare. */
  const steps = {
    product: (tape: Tape, X: Matrix, { matrix }: Source) =>
      tape.tanh(tape.addRow(tape.matmulT(X, matrix(X.columns, X.columns)), matrix(1, X.columns))),
    gradient(tape: Tape, X: Matrix, { matrix }: Source, made: (Matrix | Cell)[]) {
      const dW = tape.tmatmul(X, X, matrix(X.columns, X.columns));
      made.push(dW, tape.sumRows(X, matrix(1, X.columns)));
      return tape.tanh(tape.multiply(tape.matmul(X, dW), 0.001));
    },
    bias: (tape: Tape, X: Matrix, { matrix }: Source) =>
      tape.addRow(tape.sigmoid(X), tape.sumRows(X, matrix(1, X.columns))),
    update(tape: Tape, X: Matrix, { matrix }: Source, made: (Matrix | Cell)[]) {
      const W = matrix(X.columns, X.columns);
      made.push(tape.subtract(W, tape.multiply(tape.square(W), 0.125), W));
      return tape.tanh(tape.matmul(X, W));
    },
    pointwise: (tape: Tape, X: Matrix) => tape.divide(X, tape.add(tape.absolute(X), 1)),
    loss(tape: Tape, X: Matrix, { labels }: Source, made: (Matrix | Cell)[]) {
      const y = labels(X.columns);
      made.push(tape.mean(tape.crossEntropy(X, y)), tape.mean(X));
      return tape.subtractOneHot(tape.softmax(X), y);
    },
  };
  type Source = ReturnType<typeof source>;

  const lists = fc.array(
    fc.record<Step>({
      // the keys of a record are its keyof
      name: fc.constantFrom(...(Object.keys(steps) as (keyof typeof steps)[])),
      seed: fc.integer(),
    }),
    { minLength: 1, maxLength: 12 },
  );

  it("has the same bits on any number of threads, batch after batch", () => {
    fc.assert(
      fc.property(shapes, lists, fc.array(sizes, { minLength: 2, maxLength: 5 }), (shape, list, plays) => {
        const batchSize = Math.max(...plays);
        const whole = { ...shape, rows: batchSize, batchSize };
        expectSameOnAll((tape, memory) => {
          const made: (Matrix | Cell)[] = [];
          const last = list.reduce(
            (X, { name, seed }) => steps[name](tape, X, source(memory, { ...whole, seed }), made),
            tape.tanh(source(memory, whole).batch(shape.columns)),
          );
          return [...made, last];
        }, plays);
      }),
      { numRuns: 40 },
    );
  });

  it("ends with numbers that tell something", () => {
    const memory = memories[1]!;
    const shape = { rows: 30, batchSize: 30, columns: 9, other: 1, seed: 1 };
    const { result, play } = record(memory, 30, (tape) => {
      const X = tape.tanh(source(memory, shape).batch(9));
      return Object.values(steps).reduce((X, step) => step(tape, X, source(memory, shape), []), X);
    });
    play(30);
    const data = elements(memory, result, 30);
    expect(data.every(Number.isFinite)).toBe(true);
    expect(new Set(data).size).toBeGreaterThan(100);
  });
});
