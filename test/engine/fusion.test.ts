import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Cell, Matrix } from "../../src/engine/memory.js";
import type { Operand } from "../../src/engine/operands.js";
import { record, type Tape } from "../../src/engine/tape.js";
import { elements, expectSame, GuardedMemory, numbersFrom, type Table, table, uniformFrom } from "./reference.js";

const SUBNORMAL = 2 ** -149;
const special = [0, -0, 1, -1, 0.5, Infinity, -Infinity, NaN, SUBNORMAL, -3 * SUBNORMAL, 2 ** -127, -(2 ** 127)];

/** Numbers of which many are equal, zero, subnormal or not finite. */
function anyNumbersFrom(seed: number): () => number {
  const uniform = uniformFrom(seed);
  const number = numbersFrom(seed);
  return () => (uniform() < 0.3 ? special[Math.floor(uniform() * special.length)]! : number());
}

// ── random programs ────────────────────────────────────────────────────────────────────────────────────────────────

/** A matrix of the program: one that it was given or has made, by its number among those of its kind. */
interface Named {
  readonly kind: "whole" | "cell";
  readonly number: number;
}

interface Step {
  readonly name: keyof typeof operations;
  readonly first: Named;
  readonly others: readonly [Named | number, Named | number];
  /** whether the number or matrix comes before `first` */
  readonly isSwapped: boolean;
  /** which matrix the result is written over, where the operation can */
  readonly into: number | undefined;
  /** whether the recording returns the result */
  readonly isKept: boolean;
}

type Binary = "add" | "subtract" | "multiply" | "divide" | "minimum" | "maximum";
const binary =
  (name: Binary) =>
  (tape: Tape, first: Matrix, [second]: Operands, into?: Matrix, isSwapped?: boolean) =>
    isSwapped ? tape[name](second, first, into) : tape[name](first, second, into);
type Unary = "absolute" | "sign" | "square" | "squareRoot" | "exp" | "expm1" | "tanh" | "sigmoid" | "softplus";
const unary = (name: Unary | "normalCdf" | "normalPdf" | "cosTurns") => (tape: Tape, x: Matrix) => tape[name](x);
type Operands = readonly [Operand, Operand];

const operations = {
  add: binary("add"),
  subtract: binary("subtract"),
  multiply: binary("multiply"),
  divide: binary("divide"),
  minimum: binary("minimum"),
  maximum: binary("maximum"),
  greater: (tape: Tape, first: Matrix, [second]: Operands, _?: Matrix, isSwapped?: boolean) =>
    isSwapped ? tape.greater(second, first) : tape.greater(first, second),
  select: (tape: Tape, mask: Matrix, [a, b]: Operands) => tape.select(mask, a, b),
  divideByCount: (tape: Tape, x: Matrix, [counted]: Operands) =>
    tape.divideByCount(x, typeof counted === "object" && "rows" in counted ? counted : x),
  absolute: unary("absolute"),
  sign: unary("sign"),
  square: unary("square"),
  squareRoot: unary("squareRoot"),
  exp: unary("exp"),
  expm1: unary("expm1"),
  tanh: unary("tanh"),
  sigmoid: unary("sigmoid"),
  softplus: unary("softplus"),
  normalCdf: unary("normalCdf"),
  normalPdf: unary("normalPdf"),
  cosTurns: unary("cosTurns"),
  /** not pointwise: ends a run, and needs its input in memory */
  mean: (tape: Tape, x: Matrix) => tape.mean(x),
  /** x·V, of a matrix of the batch */
  product: (tape: Tape, x: Matrix, _: Operands, __?: Matrix, ___?: boolean, V?: Matrix) =>
    x.ofBatch && x.columns === V?.rows ? tape.matmul(x, V) : tape.mean(x),
};

const inPlace = new Set<string>(["add", "subtract", "multiply", "divide", "minimum", "maximum"]);
/** What a tape computes once: who asks again is given the same matrix, which nobody may write over. */
const shared = new Set<string>(["exp", "expm1", "tanh", "sigmoid", "softplus", "normalCdf", "normalPdf", "cosTurns"]);

const named = fc.record<Named>({
  kind: fc.constantFrom("whole", "whole", "whole", "cell"),
  number: fc.nat(30),
});
const operand = fc.oneof({ weight: 3, arbitrary: named }, fc.constantFrom(...special, 0.1, -0.9, 1e-8));
const someSteps = fc.array(
  fc.record<Step>({
    // the keys of a record are its keyof
    name: fc.constantFrom(...(Object.keys(operations) as (keyof typeof operations)[])),
    first: named,
    others: fc.tuple(operand, operand),
    isSwapped: fc.boolean(),
    into: fc.option(fc.nat(30), { nil: undefined, freq: 2 }),
    isKept: fc.boolean(),
  }),
  { minLength: 1, maxLength: 24 },
);

interface Scene {
  readonly ofBatch: boolean;
  readonly rows: number;
  /** how many rows more the batch may have */
  readonly room: number;
  readonly columns: number;
  /** of the numbers */
  readonly seed: number;
}

const scenes = fc.record<Scene>({
  ofBatch: fc.boolean(),
  rows: fc.integer({ min: 1, max: 12 }),
  room: fc.nat(3),
  columns: fc.integer({ min: 1, max: 9 }),
  seed: fc.integer(),
});

/** What a program begins with: three matrices of one shape, two cells and something to multiply by. */
function given(memory: GuardedMemory, { ofBatch, rows, room, columns, seed }: Scene) {
  const number = anyNumbersFrom(seed);
  const batchSize = rows + room;
  const whole = () => memory.put(table(batchSize, columns, number), ofBatch ? batchSize : undefined);
  const cell = () => memory.put(table(1, 1, number));
  return {
    whole: [whole(), whole(), whole()],
    cell: [cell(), cell()],
    V: memory.put(table(columns, 3, number)),
    shared: new Set<Matrix>(),
  };
}
type Given = ReturnType<typeof given>;

/** Records one step, and adds what it makes to the matrices there are. */
function perform(tape: Tape, matrices: Given, step: Step): Matrix | Cell {
  const { name, first, others, isSwapped, into } = step;
  const matrix = ({ kind, number }: Named) => matrices[kind][number % matrices[kind].length]!;
  const resolved = (named: Named | number) => (typeof named === "number" ? named : matrix(named));
  const taken: readonly Operand[] = inPlace.has(name) ? [matrix(first), resolved(others[0])] : [];
  const kindOfResult = taken.some((operand) => matrices.whole.includes(operand as Matrix)) ? "whole" : "cell"; // a number isn't
  const named = into !== undefined && taken.length > 0 ? matrix({ kind: kindOfResult, number: into }) : undefined;
  const over = named && !matrices.shared.has(named) ? named : undefined;
  const made = operations[name](
    tape,
    matrix(first),
    [resolved(others[0]), resolved(others[1])],
    over,
    isSwapped,
    matrices.V,
  );
  const isResult = "rows" in made && made !== over && name !== "product";
  if (isResult) {
    const [shape] = matrices.whole;
    const isWhole = made.rows === shape!.rows && made.columns === shape!.columns && made.ofBatch === shape!.ofBatch;
    matrices[isWhole ? "whole" : "cell"].push(made);
    if (shared.has(name)) matrices.shared.add(made);
  }
  return made;
}

interface Played {
  readonly play: (rows: number) => void;
  /** what there is to compare, by the number of its step or by name */
  readonly read: (rows: number) => Map<string, number[]>;
}

/** Inputs are read with the rows beyond the batch, which hold numbers too; results without, as those hold none. */
function reader(memory: GuardedMemory, inputs: readonly Matrix[], made: readonly (Matrix | Cell | undefined)[]) {
  const read = (x: Matrix | Cell, rows: number) => ("value" in x ? [x.value] : elements(memory, x, rows));
  const results = made.flatMap((x, step) => (x && !inputs.includes(x as Matrix) ? [{ x, step }] : [])); // a cell isn't
  return (rows: number) => {
    memory.expectGuards();
    return new Map([
      ...inputs.map((x, i) => [`input ${i}`, read(x, x.rows)] as const),
      ...results.map(({ x, step }) => [`the result of step ${step}`, read(x, rows)] as const),
    ]);
  };
}

/** All steps in one program, which returns what is to be kept. */
function together(memory: GuardedMemory, scene: Scene, steps: readonly Step[]): Played {
  const matrices = given(memory, scene);
  const inputs = [...matrices.whole, ...matrices.cell];
  const { result, play } = record(memory, scene.rows + scene.room, (tape) =>
    steps.map((step) => {
      const made = perform(tape, matrices, step);
      return step.isKept ? made : undefined;
    }),
  );
  return { play, read: reader(memory, inputs, result) };
}

/** Each step in a program of its own. */
function apart(memory: GuardedMemory, scene: Scene, steps: readonly Step[]): Played {
  const matrices = given(memory, scene);
  const inputs = [...matrices.whole, ...matrices.cell];
  const programs = steps.map((step) =>
    record(memory, scene.rows + scene.room, (tape) => perform(tape, matrices, step)),
  );
  return {
    play: (rows) => {
      for (const { play } of programs) play(rows);
    },
    read: reader(
      memory,
      inputs,
      programs.map(({ result }, i) => (steps[i]!.isKept ? result : undefined)),
    ),
  };
}

describe.each([1, 3])("operations that follow each other, on %i threads,", (threads) => {
  let memory: GuardedMemory;
  beforeAll(() => {
    memory = new GuardedMemory(threads);
  });
  afterAll(() => memory.close());

  it("have the bits of the same operations one by one, batch after batch", () => {
    fc.assert(
      fc.property(scenes, someSteps, fc.nat(), (scene, steps, other) => {
        const fused = together(memory, scene, steps);
        const single = apart(new GuardedMemory(), scene, steps);
        const fewer = 1 + (other % scene.rows);
        for (const rows of [scene.rows, fewer]) {
          for (const { play } of [fused, single]) play(rows);
          const expected = single.read(scene.rows); // the rows beyond a smaller batch as they were before it
          for (const [what, data] of fused.read(scene.rows)) {
            for (const [i, x] of data.entries()) expect(x, `element ${i} of ${what}`).toBe(expected.get(what)![i]);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});

const f = Math.fround;
/** What g makes of each number, rounded to float32. */
const rounded = (X: Table, g: (x: number, i: number) => number) => X.data.map((x, i) => f(g(x, i)));

describe("a run", () => {
  it("updates weights in place: m ← β·m + g, W ← W − α·m, for every number of weights", () => {
    for (let size = 1; size <= 9; size++) {
      const memory = new GuardedMemory();
      const [W, m, g] = [1, 2, 3].map((seed) => table(1, size, numbersFrom(seed))) as [Table, Table, Table];
      const [weights, moment, gradient] = [memory.put(W), memory.put(m), memory.put(g)];
      const rate = memory.put(table(1, 1, () => 0.125));
      const { play } = record(memory, 1, (tape) => {
        tape.add(tape.multiply(moment, 0.9), gradient, moment);
        tape.subtract(weights, tape.multiply(moment, rate), weights);
      });
      play(1);
      memory.expectGuards();
      const moved = rounded(m, (m, i) => f(m * f(0.9)) + g.data[i]!);
      expectSame(moment.data, moved);
      expectSame(
        weights.data,
        rounded(W, (W, i) => W - f(moved[i]! * 0.125)),
      );
    }
  });

  it("may write one matrix twice: what lies between sees the first, what follows the second", () => {
    const memory = new GuardedMemory();
    const X = table(3, 5, numbersFrom(1));
    const x = memory.put(X);
    const y = memory.matrix(3, 5);
    const { result, play } = record(memory, 1, (tape) => {
      tape.add(x, 1, y);
      const first = tape.multiply(y, 3);
      tape.subtract(y, x, y);
      return { first, second: tape.multiply(y, 3) };
    });
    play(1);
    memory.expectGuards();
    const one = rounded(X, (x) => x + 1);
    const left = rounded(X, (x, i) => one[i]! - x);
    expectSame(
      result.first.data,
      one.map((x) => f(3 * x)),
    );
    expectSame(y.data, left);
    expectSame(
      result.second.data,
      left.map((x) => f(3 * x)),
    );
  });

  it("knows two matrices at one address for the same", () => {
    const memory = new GuardedMemory();
    const X = table(3, 5, numbersFrom(1));
    const x = memory.put(X);
    const same = memory.at(x.address, 3, 5);
    const { result, play } = record(memory, 1, (tape) => {
      const before = tape.multiply(same, 2);
      tape.add(x, 1, x);
      return { before, after: tape.multiply(same, 2) };
    });
    play(1);
    expectSame(
      result.before.data,
      rounded(X, (x) => 2 * x),
    );
    expectSame(
      result.after.data,
      rounded(X, (x) => 2 * f(x + 1)),
    );
  });

  it("divides by the rows of the batch that is played, and by a count that is always the same", () => {
    const memory = new GuardedMemory();
    const X = table(7, 3, numbersFrom(1));
    const [x, counted] = [memory.put(X, 7), memory.matrix(4, 6)];
    const { result, play } = record(memory, 7, (tape) => {
      const doubled = tape.add(x, x);
      return [tape.divideByCount(doubled, x), tape.divideByCount(tape.square(x), counted), tape.divideByCount(x, x)];
    });
    for (const rows of [7, 2, 5]) {
      play(rows);
      const used = table(rows, 3, (r, c) => X.data[r * 3 + c]!);
      const factor = f(1 / (3 * rows));
      const expected = [
        rounded(used, (x) => 2 * x * factor),
        rounded(used, (x) => f(x * x) * f(1 / 24)),
        rounded(used, (x) => x * factor),
      ];
      for (const [i, y] of result.entries()) expectSame(y.data.subarray(0, 3 * rows), expected[i]!);
    }
    memory.expectGuards();
  });

  it("stands beside another of matrices of another size", () => {
    const memory = new GuardedMemory();
    const [A, B] = [table(3, 5, numbersFrom(1)), table(6, 2, numbersFrom(2))];
    const [a, b] = [memory.put(A), memory.put(B, 6)];
    const { result, play } = record(memory, 6, (tape) => {
      const [doubled, halved] = [tape.add(a, a), tape.multiply(b, 0.5)];
      return [tape.square(doubled), tape.square(halved), tape.subtract(doubled, 1)];
    });
    play(4);
    memory.expectGuards();
    const [fours, quarters, ones] = result as [Matrix, Matrix, Matrix];
    expectSame(
      fours.data,
      rounded(A, (x) => 4 * x * x),
    );
    expectSame(elements(memory, quarters, 4), rounded(B, (x) => (x / 2) ** 2).slice(0, 8));
    expectSame(
      ones.data,
      rounded(A, (x) => 2 * x - 1),
    );
  });

  it("may be of hundreds of operations, and a tape of hundreds of runs", () => {
    const memory = new GuardedMemory();
    const [x, cell] = [memory.put(table(1, 7, (_, c) => c)), memory.put(table(1, 1, () => 0))];
    const { result, play } = record(memory, 1, (tape) => {
      let long: Matrix = x;
      for (let i = 0; i < 400; i++) long = tape.add(long, i);
      let alternating: Matrix = x;
      for (let i = 0; i < 200; i++) {
        tape.add(cell, 1, cell); // of another size: a run of its own
        alternating = tape.add(alternating, cell);
      }
      return { long, alternating };
    });
    play(1);
    memory.expectGuards();
    expectSame(
      result.long.data,
      [0, 1, 2, 3, 4, 5, 6].map((c) => c + (399 * 400) / 2),
    ); // exact in float32
    expectSame(
      result.alternating.data,
      [0, 1, 2, 3, 4, 5, 6].map((c) => c + (200 * 201) / 2),
    );
  });
});

describe("what takes long", () => {
  it("is computed once, and can't be written to by one of those who asked for it", () => {
    const memory = new GuardedMemory();
    const x = memory.put(table(2, 3, numbersFrom(1)));
    record(memory, 1, (tape) => {
      const first = tape.tanh(x);
      expect(tape.tanh(x) === first, "though others may write to x, which is not the tape's").toBe(false);
      const y = tape.add(x, 1);
      const once = tape.tanh(y);
      tape.add(once, 1, once); // nobody else has it yet
      const again = tape.tanh(y);
      expect(again === once, "though the first holds something else by now").toBe(false);
      expect(tape.tanh(y) === again).toBe(true);
      expect(() => tape.add(again, 1, again)).toThrow("asked for twice");
      expect(() => tape.addRow(again, memory.put(table(1, 3, () => 0)))).toThrow("asked for twice");
    });
  });
});

describe("a matrix between two operations", () => {
  it("has no place in memory, and says so when it is asked for its elements", () => {
    const memory = new GuardedMemory();
    const x = memory.put(table(2, 3, numbersFrom(1)));
    let between: Matrix | undefined;
    const { result, play } = record(memory, 1, (tape) => {
      between = tape.square(x);
      return tape.add(between, 1);
    });
    play(1);
    expect(between!.isPlaced).toBe(false);
    expect(() => between!.data).toThrow("not kept");
    expect(result.data.length).toBe(6);
  });

  it("is kept where the recording returns it, however deep in objects and arrays", () => {
    const X = table(2, 3, numbersFrom(1));
    const memory = new GuardedMemory();
    const x = memory.put(X);
    const { result, play } = record(memory, 1, (tape) => {
      const squares = tape.square(x);
      const sum = tape.add(squares, x);
      return { some: [squares, { sum }], none: null, mean: tape.mean(x), name: "y", numbers: new Float32Array(2) };
    });
    play(1);
    const [squares, { sum }] = result.some as [Matrix, { sum: Matrix }];
    expectSame(
      squares.data,
      X.data.map((x) => f(x * x)),
    );
    expectSame(
      sum.data,
      X.data.map((x) => f(f(x * x) + x)),
    );
    expect(result.mean.value).toBeCloseTo(X.data.reduce((a, b) => a + b) / 6, 10);
  });

  it.each<[string, (tape: Tape, y: Matrix, memory: GuardedMemory) => unknown]>([
    ["a product", (tape, y, memory) => tape.matmul(y, memory.put(table(3, 2, numbersFrom(2))))],
    ["a sum over rows", (tape, y, memory) => tape.sumRows(y, memory.matrix(1, 3))],
    ["a softmax", (tape, y) => tape.softmax(y)],
    ["a mean", (tape, y) => tape.mean(y)],
    ["another run", (tape, y) => [tape.mean(tape.square(y)), tape.add(y, 1)]],
  ])("is kept where %s takes it", (_, take) => {
    const X = table(4, 3, numbersFrom(1));
    const memory = new GuardedMemory();
    const x = memory.put(X, 4);
    let y: Matrix | undefined;
    const { play } = record(memory, 4, (tape) => {
      y = tape.add(tape.square(x), 1);
      take(tape, y, memory);
    });
    play(4);
    expectSame(
      y!.data,
      X.data.map((x) => f(f(x * x) + 1)),
    );
  });
});
