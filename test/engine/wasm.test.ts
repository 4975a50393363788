import { describe, expect, it } from "vitest";
import { instantiate, kernelModule, sharedMemory } from "../../src/engine/kernels.js";
import { call, f32x4, f64, get, i32, loop, moduleOf, set, type WasmFunction } from "../../src/engine/wasm.js";

const MOST_PAGES = 65536;
type Exported = (a: number, b: number, c: number) => void;

/** The functions of a module on `memory`; an invalid module throws. */
function compiled(
  functions: readonly WasmFunction[],
  memory: WebAssembly.Memory,
  kernels: Record<string, unknown> = {},
): Exported[] {
  const module = new WebAssembly.Module(moduleOf(functions, Object.keys(kernels), MOST_PAGES));
  const { exports } = new WebAssembly.Instance(module, { env: { memory }, kernels });
  return functions.map((_, i) => exports[i] as Exported); // WebAssembly exports carry no types
}

/** Stores the vector that `code` leaves on the stack. */
const storing = (address: number, code: readonly number[]) => [...i32.constant(0), ...code, ...f32x4.store(address)];
const floats = (memory: WebAssembly.Memory, address: number, count: number) => [
  ...new Float32Array(memory.buffer, address, count),
];

describe("moduleOf", () => {
  it.each([1, 124, 125, 126, 127, 128, 129, 300, 16383, 16384, 20000])("takes %i variables", (variables) => {
    const memory = sharedMemory(1, MOST_PAGES);
    const first = 3; // the three parameters come before
    const locals = Array.from({ length: variables }, (_, i) => first + i);
    const body = [
      ...locals.flatMap((local) => [...f32x4.constant(local), ...set(local)]),
      ...storing(0, get(first)),
      ...storing(16, get(first + Math.floor(variables / 2))),
      ...storing(32, get(first + variables - 1)),
    ];
    compiled([{ variables, body }], memory)[0]!(0, 0, 0);
    expect([0, 16, 32].map((address) => floats(memory, address, 1)[0])).toEqual([
      first,
      first + Math.floor(variables / 2),
      first + variables - 1,
    ]);
  });

  it.each([1, 126, 127, 128, 129, 500])("takes %i functions", (count) => {
    const memory = sharedMemory(1, MOST_PAGES);
    const functions = Array.from({ length: count }, (_, i) => ({
      variables: 1,
      body: storing(16 * i, f32x4.constant(i)),
    }));
    for (const f of compiled(functions, memory)) f(0, 0, 0);
    for (let i = 0; i < count; i++) expect(floats(memory, 16 * i, 4)).toEqual([i, i, i, i]);
  });

  it("takes more imports than one byte can number", () => {
    const memory = sharedMemory(1, MOST_PAGES);
    const { tanhOf, sigmoidOf } = { ...instantiate(kernelModule(), memory) } as Record<string, unknown>; // not in Kernels
    const kernels = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`k${i}`, i % 2 ? sigmoidOf : tanhOf]));
    const numbers = [0, 1, 126, 127, 128, 129, 298, 299];
    const functions = numbers.map((number, i) => ({
      variables: 1,
      body: storing(16 * i, [...f32x4.constant(0), ...call(number)]),
    }));
    for (const f of compiled(functions, memory, kernels)) f(0, 0, 0);
    expect(numbers.map((_, i) => floats(memory, 16 * i, 1)[0])).toEqual(numbers.map((n) => (n % 2 ? 0.5 : 0)));
  });

  it("loads from and stores at every address there can be", () => {
    const memory = sharedMemory(MOST_PAGES, MOST_PAGES);
    const edges = [7, 8, 14, 16, 21, 28, 31].map((bits) => 2 ** bits);
    const addresses = [0, ...edges.flatMap((edge) => [edge - 64, edge - 4, edge, edge + 60]), 2 ** 32 - 64];
    for (const address of addresses) {
      const [vector, splat, first] = [address, address + 16, address + 32];
      const body = [
        ...storing(vector, [...i32.constant(4), ...f32x4.load(vector), ...f32x4.constant(1), ...f32x4.add]),
        ...storing(splat, [...i32.constant(0), ...f32x4.loadSplat(vector)]),
        ...[...i32.constant(0), ...f32x4.constant(-7), ...f32x4.storeFirst(first)],
      ];
      new Float32Array(memory.buffer, address, 12).set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
      compiled([{ variables: 1, body }], memory)[0]!(0, 0, 0);
      expect(floats(memory, address, 12), `at ${address}`).toEqual([3, 4, 5, 6, 3, 3, 3, 3, -7, 10, 11, 12]);
    }
  });
});

describe("a loop", () => {
  it.each([
    [0, 0],
    [0, 160],
    [48, 64],
    [2 ** 31 - 32, 2 ** 31 + 32],
  ])("runs from %i up to %i, unsigned", (from, to) => {
    const memory = sharedMemory(2 ** 15 + 1, MOST_PAGES);
    const [FROM, TO, sum] = [0, 1, 3];
    const body = [
      ...loop(
        [...get(FROM), ...get(TO), ...i32.lessUnsigned],
        [
          ...[...get(sum), ...f32x4.constant(1), ...f32x4.add, ...set(sum)],
          ...[...get(FROM), ...i32.constant(16), ...i32.add, ...set(FROM)],
        ],
      ),
      ...storing(0, get(sum)),
    ];
    compiled([{ variables: 1, body }], memory)[0]!(from, to, 0);
    expect(floats(memory, 0, 1)).toEqual([(to - from) / 16]);
  });
});

describe("constants", () => {
  it("of float32 are rounded and have every bit", () => {
    const memory = sharedMemory(1, MOST_PAGES);
    const numbers = [0, -0, 1, 0.1, -1e-45, 3.4e38, 1e39, Infinity, -Infinity, NaN];
    const functions = numbers.map((x, i) => ({ variables: 1, body: storing(16 * i, f32x4.constant(x)) }));
    for (const f of compiled(functions, memory)) f(0, 0, 0);
    for (const [i, x] of numbers.entries()) expect(floats(memory, 16 * i, 4)).toEqual(Array(4).fill(Math.fround(x)));
  });

  it("of float64 are exact, and unsigned numbers become them exactly", () => {
    const memory = sharedMemory(1, MOST_PAGES);
    const ROWS = 2;
    const quotient = [...f64.constant(3 * 2 ** 40), ...get(ROWS), ...f64.fromUnsigned, ...f64.divide];
    const body = storing(0, [...quotient, ...f64.constant(2), ...f64.multiply, ...f64.toF32, ...f32x4.splat]);
    compiled([{ variables: 1, body }], memory)[0]!(0, 0, 2 ** 32 - 3);
    expect(floats(memory, 0, 4)).toEqual(Array(4).fill(Math.fround((6 * 2 ** 40) / (2 ** 32 - 3))));
  });
});
