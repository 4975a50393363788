import { readFileSync } from "node:fs";

/** What engine/assembly exports, compiled by `npm run build:kernels`. */
export interface Kernels {
  /** False if another thread no longer answers. */
  play(start: number, end: number, rows: number, scratch: number, scratchBytes: number): number;
  /** Makes this instance one of several threads; `control` is the address of 512 bytes that they share. */
  enlist(control: number, index: number, count: number, patienceNanoseconds: bigint): void;
  /** Plays this thread's part of one job after the other, until it is dismissed. */
  serve(): void;
  /** Sends the other threads away. */
  dismiss(): void;
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
  // The same path from src/engine and from dist/engine.
  compiled ??= new WebAssembly.Module(readFileSync(new URL("../../dist/engine/kernels.wasm", import.meta.url)));
  return compiled;
}

/** The kernels, working on `memory`. */
export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return exports as unknown as Kernels; // WebAssembly exports carry no types
}

/** Memory that threads can share, as the kernels want it. */
export function sharedMemory(initial: number, maximum: number): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial, maximum, shared: true });
}
