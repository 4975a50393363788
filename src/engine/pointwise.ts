import type { Matrix } from "./memory.js";
import { type Code, call, f32x4, f64, get, i32, loop, moduleOf, set, type WasmFunction } from "./wasm.js";

/** What a pointwise operation takes: a matrix, a number for every element, or one over a number of elements. */
export type Operand = Matrix | number | { readonly oneOver: Matrix };

/** One operation of a run. */
export interface Pointwise {
  readonly name: keyof typeof operations;
  readonly y: Matrix;
  readonly operands: readonly Operand[];
}

/** A kernel of assembly/functions.ts, by the name it is exported as. */
const kernel = (name: string) => ({ kernel: name });

/** Of each operation, the instructions that make its result of its operands, which are on the stack. */
export const operations = {
  add: f32x4.add,
  subtract: f32x4.subtract,
  multiply: f32x4.multiply,
  divide: f32x4.divide,
  /** b < a ? b : a */
  minimum: f32x4.minimum,
  /** a < b ? b : a */
  maximum: f32x4.maximum,
  /** a > b ? 1 : 0 */
  greater: [...f32x4.greater, ...f32x4.constant(1), ...f32x4.and],
  absolute: f32x4.absolute,
  squareRoot: f32x4.squareRoot,
  /** a, b, mask:  mask ≠ 0 ? a : b */
  select: [...f32x4.constant(0), ...f32x4.notEqual, ...f32x4.bitSelect],
  exp: kernel("expOf"),
  expm1: kernel("expm1Of"),
  tanh: kernel("tanhOf"),
  sigmoid: kernel("sigmoidOf"),
  softplus: kernel("softplusOf"),
  normalCdf: kernel("normalCdfOf"),
  normalPdf: kernel("normalPdfOf"),
} satisfies Record<string, Code | { kernel: string }>;

/** Whether an operation takes long enough to keep its result. */
export function isCostly(name: Pointwise["name"]): boolean {
  return "kernel" in operations[name];
}

/**
 * A module with one function for each run of pointwise operations. The operations of a run are on matrices of one
 * size, so one loop does them all: each matrix is loaded once, what lies between is held in registers, and only what
 * `isKept` goes back to memory.
 *
 * The functions take the bytes from which and up to which they work, counted from the beginning of each matrix, and
 * the rows of the batch.
 */
export function fuse(
  runs: readonly (readonly Pointwise[])[],
  isKept: (matrix: Matrix) => boolean,
  pages: number,
): Uint8Array<ArrayBuffer> {
  const imports: string[] = [];
  const functions = runs.map((run) => fused(run, isKept, imports));
  return moduleOf(functions, imports, pages);
}

const [FROM, TO, ROWS, FIRST_VARIABLE] = [0, 1, 2, 3];
const VECTOR_BYTES = 16;
const ELEMENT_BYTES = 4;

function fused(run: readonly Pointwise[], isKept: (matrix: Matrix) => boolean, imports: string[]): WasmFunction {
  let variables = 0;
  const variable = () => FIRST_VARIABLE + variables++;

  // What is the same for all elements is made once, before the loop.
  const before: number[] = [];
  const constants = new Map<string, number>();
  const constant = (key: string, code: Code): number => {
    let local = constants.get(key);
    if (local === undefined) {
      local = variable();
      constants.set(key, local);
      before.push(...code, ...set(local));
    }
    return local;
  };

  /** The local that holds an operand, and the code that loads it if none does yet. */
  const { y: shape } = run[0]!;
  function body(load: (offset: number) => Code, store: (offset: number) => Code): Code {
    const code: number[] = [];
    const held = new Map<Matrix | number, number>(); // by address once it has one, as two matrices may be the same
    const identity = (matrix: Matrix) => (isKept(matrix) ? matrix.address : matrix);
    const push = (operand: Operand) => {
      if (typeof operand === "number") {
        code.push(...get(constant(`number ${Object.is(operand, -0) ? "-0" : operand}`, f32x4.constant(operand))));
      } else if ("oneOver" in operand) {
        const { rows, columns, ofBatch } = operand.oneOver;
        const count = ofBatch
          ? [...f64.constant(columns), ...get(ROWS), ...f64.fromUnsigned, ...f64.multiply]
          : f64.constant(rows * columns);
        const factor = [...f64.constant(1), ...count, ...f64.divide, ...f64.toF32, ...f32x4.splat];
        code.push(...get(constant(`1 / ${ofBatch} ${rows} ${columns}`, factor)));
      } else if (isCell(operand, shape)) {
        const cell = [...i32.constant(0), ...f32x4.loadSplat(operand.address)];
        code.push(...get(constant(`cell ${operand.address}`, cell)));
      } else {
        let local = held.get(identity(operand));
        if (local === undefined) {
          local = variable();
          held.set(identity(operand), local);
          code.push(...get(FROM), ...load(operand.address), ...set(local));
        }
        code.push(...get(local));
      }
    };
    for (const { name, y, operands } of run) {
      const operation = operations[name];
      for (const operand of operands) push(operand);
      code.push(...("kernel" in operation ? call(indexOf(imports, operation.kernel)) : operation));
      const local = variable();
      code.push(...set(local));
      held.set(identity(y), local);
      if (isKept(y)) code.push(...get(FROM), ...get(local), ...store(y.address));
    }
    return code;
  }

  const turn = (bytes: number, load: (offset: number) => Code, store: (offset: number) => Code, condition: Code) =>
    loop(condition, [...body(load, store), ...get(FROM), ...i32.constant(bytes), ...i32.add, ...set(FROM)]);
  const loops = [
    ...turn(VECTOR_BYTES, f32x4.load, f32x4.store, [
      ...get(FROM),
      ...i32.constant(VECTOR_BYTES),
      ...i32.add,
      ...get(TO),
      ...i32.lessOrEqualUnsigned,
    ]),
    ...turn(ELEMENT_BYTES, f32x4.loadSplat, f32x4.storeFirst, [...get(FROM), ...get(TO), ...i32.lessUnsigned]),
  ];
  return { variables, body: [...before, ...loops] };
}

function indexOf(names: string[], name: string): number {
  const index = names.indexOf(name);
  return index >= 0 ? index : names.push(name) - 1;
}

/** Whether a matrix is a single element that stands for all those of `shape`. */
export function isCell({ rows, columns, ofBatch }: Matrix, shape: Matrix): boolean {
  return rows * columns === 1 && !ofBatch && (shape.rows * shape.columns !== 1 || shape.ofBatch);
}
