import { Worker } from "node:worker_threads";
import { NnfitError } from "../errors.js";
import { type Kernels, kernelModule } from "./kernels.js";

/** What a thread is started with. */
export interface ThreadData {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: number;
  readonly index: number;
  readonly count: number;
  readonly patience: bigint;
}

/** In the control block, the word in which threads say that they are ready. */
export const READY = 384;

/** How long a thread may take to start before it counts as lost. */
const START_MILLISECONDS = 10_000;

/**
 * Starts the threads 1 … count − 1 on a memory; the caller's own is number 0. They don't keep the process alive.
 * Fails if one can't start.
 */
export function startThreads(
  memory: WebAssembly.Memory,
  kernels: Kernels,
  control: number,
  count: number,
  patience: bigint,
): void {
  const module = kernelModule();
  for (let index = 1; index < count; index++) {
    const workerData: ThreadData = { module, memory, control, index, count, patience };
    // The same path from src/engine and from dist/engine.
    const worker = new Worker(new URL("../../dist/engine/worker.js", import.meta.url), { workerData });
    worker.unref();
  }
  const words = new Int32Array(memory.buffer);
  const ready = (control + READY) / 4;
  const deadline = Date.now() + START_MILLISECONDS;
  for (let started = Atomics.load(words, ready); started < count - 1; started = Atomics.load(words, ready)) {
    if (Date.now() > deadline) throw lostThread("can't be started");
    Atomics.wait(words, ready, started, START_MILLISECONDS);
  }
  kernels.enlist(control, 0, count, patience);
}

export function lostThread(what: string): NnfitError {
  return new NnfitError("fault", `a thread of the engine ${what}`, { try: "--threads 1" });
}
