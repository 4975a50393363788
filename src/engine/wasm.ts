/** WebAssembly's binary format (webassembly.github.io/spec/core/binary), as much of it as pointwise.ts writes. */

export type Code = readonly number[];

/** An unsigned number in LEB128. */
function unsigned(n: number): number[] {
  return n < 128 ? [n] : [(n % 128) + 128, ...unsigned(Math.floor(n / 128))];
}

/** A number from 0 on in signed LEB128, whose last byte must not look negative. */
function positive(n: number): number[] {
  return n < 64 ? [n] : [(n % 128) + 128, ...positive(Math.floor(n / 128))];
}

const simd = (opcode: number, ...immediates: number[]): Code => [0xfd, ...unsigned(opcode), ...immediates];

/** The immediates of a load or store at the address on the stack plus `offset`. A float32 is aligned to 2² bytes. */
const at = (offset: number): number[] => [2, ...unsigned(offset)];

export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number): Code => [0x21, ...unsigned(local)];
export const call = (index: number): Code => [0x10, ...unsigned(index)];

export const i32 = {
  /** 0 … 2³¹ − 1 */
  constant: (n: number): Code => [0x41, ...positive(n)],
  add: [0x6a],
  lessUnsigned: [0x49],
  lessOrEqualUnsigned: [0x4d],
} as const;

export const f64 = {
  constant: (x: number): Code => [0x44, ...new Uint8Array(Float64Array.of(x).buffer)],
  multiply: [0xa2],
  divide: [0xa3],
  fromUnsigned: [0xb8],
  toF32: [0xb6],
} as const;

export const i32x4 = {
  splat: simd(0x11),
  add: simd(0xae),
  xor: simd(0x51),
  constant: (...lanes: readonly number[]) => simd(0x0c, ...new Uint8Array(Int32Array.from(lanes).buffer)),
} as const;

export const f32x4 = {
  load: (offset: number) => simd(0x00, ...at(offset)),
  loadSplat: (offset: number) => simd(0x09, ...at(offset)),
  store: (offset: number) => simd(0x0b, ...at(offset)),
  storeFirst: (offset: number) => simd(0x5a, ...at(offset), 0),
  constant: (x: number) => simd(0x0c, ...new Uint8Array(Float32Array.of(x, x, x, x).buffer)),
  splat: simd(0x13),
  notEqual: simd(0x42),
  greater: simd(0x44),
  and: simd(0x4e),
  bitSelect: simd(0x52),
  absolute: simd(0xe0),
  squareRoot: simd(0xe3),
  add: simd(0xe4),
  subtract: simd(0xe5),
  multiply: simd(0xe6),
  divide: simd(0xe7),
  /** b < a ? b : a */
  minimum: simd(0xea),
  /** a < b ? b : a */
  maximum: simd(0xeb),
} as const;

/** Runs `body` as long as `condition` holds. */
export function loop(condition: Code, body: Code): Code {
  const [LOOP, IF, AGAIN, END, NO_RESULT] = [0x03, 0x04, 0x0c, 0x0b, 0x40];
  return [LOOP, NO_RESULT, ...condition, IF, NO_RESULT, ...body, AGAIN, 1, END, END];
}

/** A function of three i32 without a result. Its locals from number 3 on are so many i32, then so many v128. */
export interface WasmFunction {
  readonly integers?: number;
  readonly variables: number;
  readonly body: Code;
}

/**
 * A module that exports the functions as "0", "1", …   It imports env.memory, shared, of up to `pages` pages, and
 * from `kernels` the functions named, each of one v128 to another; they come first in the numbering.
 */
export function moduleOf(
  functions: readonly WasmFunction[],
  imports: readonly string[],
  pages: number,
): Uint8Array<ArrayBuffer> {
  const [I32, V128, FUNCTION_TYPE, FUNCTION, MEMORY, SHARED, END] = [0x7f, 0x7b, 0x60, 0, 2, 3, 0x0b];
  const vector = (items: readonly Code[]) => [...unsigned(items.length), ...items.flat()];
  const sized = (content: Code) => [...unsigned(content.length), ...content];
  const name = (text: string) => sized([...Buffer.from(text)]);

  const types = [
    [FUNCTION_TYPE, ...vector([[I32], [I32], [I32]]), ...vector([])],
    [FUNCTION_TYPE, ...vector([[V128]]), ...vector([[V128]])],
  ];
  const memory = [...name("env"), ...name("memory"), MEMORY, SHARED, 0, ...unsigned(pages)];
  const imported = imports.map((kernel) => [...name("kernels"), ...name(kernel), FUNCTION, 1]);
  const declared = functions.map(() => [0]);
  const exported = functions.map((_, i) => [...name(String(i)), FUNCTION, ...unsigned(imports.length + i)]);
  const bodies = functions.map(({ variables, integers = 0, body }) => {
    const locals = vector([
      [...unsigned(integers), I32],
      [...unsigned(variables), V128],
    ]);
    return sized([...locals, ...body, END]);
  });
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // "\0asm", version 1
    ...[1, ...sized(vector(types))],
    ...[2, ...sized(vector([memory, ...imported]))],
    ...[3, ...sized(vector(declared))],
    ...[7, ...sized(vector(exported))],
    ...[10, ...sized(vector(bodies))],
  ]);
}
