import { readFileSync } from "node:fs";
import type { Product } from "./blas.js";
import { wasmMemory } from "./wasmMemory.js";

/** What engine/assembly exports, compiled by `npm run build:kernels`. */
export interface Kernels {
  /** False if another thread no longer answers. */
  play(start: number, end: number, rows: number, scratch: number): number;
  /** Makes this instance one of several threads; `control` is the address of the bytes that they share, as `CONTROL_BYTES` says. */
  enlist(control: number, index: number, count: number, patienceNanoseconds: bigint): void;
  /** Plays this thread's part of one job after the other: true when there is code to add, false when it is dismissed. */
  serve(): number;
  /** Tells the other threads that there is code to add. */
  announceCode(address: number, length: number): void;
  codeAddress(): number;
  codeLength(): number;
  /** Sends the other threads away. */
  dismiss(): void;
  /** Where the tape finds the functions it calls. */
  readonly table: { grow(by: number): number; set(index: number, f: unknown): void };
  log(x: number): number;
  log1p(x: number): number;
  exp(x: number): number;
  expm1(x: number): number;
  pow(x: number, y: number): number;
  cos(x: number): number;
}

let compiled: WebAssembly.Module | undefined;

/** The compiled kernels. */
export function kernelModule(): WebAssembly.Module {
  // The same path from src/engine and from dist/bundle.
  compiled ??= new WebAssembly.Module(readFileSync(new URL("../../dist/engine/kernels.wasm", import.meta.url)));
  return compiled;
}

/** The kernels, working on `memory`; `product` plays the products that a tape leaves to BLAS. */
export function instantiate(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  product: Product = withoutBlas,
): Kernels {
  const { exports } = new WebAssembly.Instance(module, { env: { memory, product } });
  return exports as unknown as Kernels; // WebAssembly exports carry no types
}

function withoutBlas(): never {
  throw new Error("a tape for BLAS is played without one");
}

/** Adds the functions "0", "1", … of a module to the table of the kernels. Returns the number of the first. */
export function extend(kernels: Kernels, memory: WebAssembly.Memory, code: Uint8Array<ArrayBuffer>): number {
  const module = new WebAssembly.Module(code);
  const { exports } = new WebAssembly.Instance(module, { env: { memory }, kernels: { ...kernels } });
  const functions = Object.values(exports);
  const first = kernels.table.grow(functions.length);
  for (const [i, f] of functions.entries()) kernels.table.set(first + i, f);
  return first;
}

/** Memory that threads can share, as the kernels want it. */
export function sharedMemory(initial: number, maximum: number): WebAssembly.Memory {
  return wasmMemory({ initial, maximum, shared: true });
}
