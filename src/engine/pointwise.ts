import type { Matrix } from "./memory.js";
import { isCell, type Operand } from "./operands.js";
import { type Code, call, f32x4, f64, get, i32, i32x4, loop, moduleOf, set, type WasmFunction } from "./wasm.js";

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
  xor: i32x4.xor,
  /** bits, scrambled:  a number in [0, 1) */
  uniform: kernel("uniformOf"),
  exp: kernel("expOf"),
  expm1: kernel("expm1Of"),
  log: kernel("logOf"),
  tanh: kernel("tanhOf"),
  sigmoid: kernel("sigmoidOf"),
  softplus: kernel("softplusOf"),
  normalCdf: kernel("normalCdfOf"),
  normalPdf: kernel("normalPdfOf"),
  cosTurns: kernel("cosTurnsOf"),
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

/** How elements are taken from memory and put back: four at a time, or one. */
interface Access {
  readonly bytes: number;
  load(offset: number): Code;
  store(offset: number): Code;
}
const FOUR: Access = { bytes: 16, load: f32x4.load, store: f32x4.store };
const ONE: Access = { bytes: 4, load: f32x4.loadSplat, store: f32x4.storeFirst };

const [FROM, TO, ROWS] = [0, 1, 2];
/** Where the row ends that is being worked on, and how far from its beginning the elements are. */
const [ROW_END, IN_ROW, FIRST_VARIABLE] = [3, 4, 5];

function fused(run: readonly Pointwise[], isKept: (matrix: Matrix) => boolean, imports: string[]): WasmFunction {
  const { y: shape } = run[0]!;
  let variables = 0;
  const variable = () => FIRST_VARIABLE + variables++;

  // What is the same for all elements is made once, before the loop.
  const before: number[] = [];
  const constants = new Map<string, number>();
  const constant = (key: string, code: Code): Code => {
    let local = constants.get(key);
    if (local === undefined) {
      local = variable();
      constants.set(key, local);
      before.push(...code, ...set(local));
    }
    return get(local);
  };

  /** The run on the elements at FROM. */
  function body({ load, store }: Access): Code {
    const code: number[] = [];
    const held = new Map<Matrix | number, number>(); // by address once it has one, as two matrices may be the same
    const identity = (matrix: Matrix) => (isKept(matrix) ? matrix.address : matrix);
    const loaded = (key: Matrix | number, at: Code, address: () => number): Code => {
      let local = held.get(key);
      if (local === undefined) {
        local = variable();
        held.set(key, local);
        code.push(...at, ...load(address()), ...set(local));
      }
      return get(local);
    };
    const pushed = (operand: Operand): Code => {
      if (operand === "position") {
        return [...get(FROM), ...i32x4.splat, ...constant("lanes", i32x4.constant(0, 4, 8, 12)), ...i32x4.add];
      }
      if (typeof operand === "number") {
        return constant(`number ${Object.is(operand, -0) ? "-0" : operand}`, f32x4.constant(operand));
      }
      if ("oneOver" in operand) {
        const { rows, columns, ofBatch } = operand.oneOver;
        const count = ofBatch
          ? [...f64.constant(columns), ...get(ROWS), ...f64.fromUnsigned, ...f64.multiply]
          : f64.constant(rows * columns);
        const factor = [...f64.constant(1), ...count, ...f64.divide, ...f64.toF32, ...f32x4.splat];
        return constant(`1 / ${ofBatch} ${rows} ${columns}`, factor);
      }
      if ("eachRow" in operand) {
        const { address } = operand.eachRow;
        return loaded(-address, get(IN_ROW), () => address);
      }
      if (isCell(operand, shape)) {
        const { address } = operand;
        return constant(`cell ${address}`, [...i32.constant(0), ...f32x4.loadSplat(address)]);
      }
      return loaded(identity(operand), get(FROM), () => operand.address);
    };
    for (const { name, y, operands } of run) {
      const operation = operations[name];
      const taken = operands.flatMap((operand) => pushed(operand));
      const local = variable();
      const made = "kernel" in operation ? call(indexOf(imports, operation.kernel)) : operation;
      code.push(...taken, ...made, ...set(local));
      held.set(identity(y), local);
      if (isKept(y)) code.push(...get(FROM), ...get(local), ...store(y.address));
    }
    return code;
  }

  /** The run on all elements from FROM that are whole before the local `end`. */
  const upTo = (end: number, access: Access): Code => {
    const bytes = i32.constant(access.bytes);
    const advance = (local: number) => [...get(local), ...bytes, ...i32.add, ...set(local)];
    const condition = [...get(FROM), ...bytes, ...i32.add, ...get(end), ...i32.lessOrEqualUnsigned];
    return loop(condition, [...body(access), ...advance(FROM), ...(hasRows(run) ? advance(IN_ROW) : [])]);
  };
  const all = (end: number) => [...upTo(end, FOUR), ...upTo(end, ONE)];
  const rowByRow = () => {
    const end = [...get(FROM), ...i32.constant(shape.columns * 4), ...i32.add, ...set(ROW_END)];
    const start = [...i32.constant(0), ...set(IN_ROW)];
    return loop([...get(FROM), ...get(TO), ...i32.lessUnsigned], [...end, ...start, ...all(ROW_END)]);
  };
  const loops = hasRows(run) ? rowByRow() : all(TO);
  return { integers: 2, variables, body: [...before, ...loops] };
}

/** Whether a run has to know where each row begins. */
export function hasRows(run: readonly Pointwise[]): boolean {
  return run.some(({ operands }) => operands.some((operand) => typeof operand === "object" && "eachRow" in operand));
}

function indexOf(names: string[], name: string): number {
  const index = names.indexOf(name);
  return index >= 0 ? index : names.push(name) - 1;
}
