import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { NnfitError } from "../errors.js";
import { CONTROL_READY } from "./assembly/opcodes.js";
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

const MOST_THREADS = 16;

export function mostThreads(): number {
  return Math.min(availableParallelism(), MOST_THREADS);
}

/** So many as a person says, or as many as the machine has processors. */
export function threadsOf(threads: number | "auto"): number {
  return threads === "auto" ? mostThreads() : threads;
}

/**
 * Runs dist/bundle/`name`.cjs, by the same path from src/engine and from dist/bundle, on a thread.
 *
 * @throws NnfitError where the system allows no more of them
 */
export function startThread(name: string, workerData: unknown): Worker {
  try {
    return new Worker(new URL(`../../dist/bundle/${name}.cjs`, import.meta.url), { workerData });
  } catch (error) {
    throw notStarted(error);
  }
}

/** Of an error event of a thread: that it could not be started, if it is that. */
export function threadError(error: unknown): unknown {
  return error instanceof Error && "code" in error && error.code === "ERR_WORKER_INIT_FAILED"
    ? notStarted(error)
    : error;
}

const FEWER_THREADS = "--threads 1, or higher limits of processes and open files (ulimit -u, ulimit -n)";

function notStarted(cause: unknown): NnfitError {
  return new NnfitError("fault", "a thread can't be started", {
    have: cause instanceof Error ? cause.message : String(cause),
    try: FEWER_THREADS,
  });
}

/**
 * How long a thread may take to start, or to add code, before it counts as lost. Counted in slices, as at a barrier: a process
 * that was stopped for a while finds that one has passed, not all.
 */
const READY_MILLISECONDS = 10_000;
const SLICES = 20;

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
  const started: Worker[] = [];
  try {
    for (let index = 1; index < count; index++) {
      const workerData: ThreadData = { module, memory, control, index, count, patience };
      const worker = startThread("worker", workerData);
      started.push(worker);
      worker.unref();
      worker.on("error", () => {}); // it is noticed by its silence, wherever somebody waits for it
    }
    awaitThreads(memory, control, count, "can't be started");
  } catch (error) {
    for (const worker of started) void worker.terminate();
    throw error;
  }
  kernels.enlist(control, 0, count, patience);
}

/** Has the other threads add the module at `address` to their kernels. */
export function extendThreads(
  memory: WebAssembly.Memory,
  kernels: Kernels,
  control: number,
  count: number,
  address: number,
  length: number,
): void {
  kernels.announceCode(address, length);
  awaitThreads(memory, control, count, "no longer answers");
}

/** Waits until all other threads have called `ready`. */
function awaitThreads(memory: WebAssembly.Memory, control: number, count: number, failure: string): void {
  const words = new Int32Array(memory.buffer);
  const ready = (control + CONTROL_READY) / 4;
  let silent = 0;
  for (let sofar = Atomics.load(words, ready); sofar < count - 1; sofar = Atomics.load(words, ready)) {
    if (Atomics.wait(words, ready, sofar, READY_MILLISECONDS / SLICES) !== "timed-out") silent = 0;
    else if (++silent === SLICES) throw lostThread(failure);
  }
  Atomics.store(words, ready, 0);
}

/** A thread says that it is done with what it was asked for. */
export function ready(memory: WebAssembly.Memory, control: number): void {
  const words = new Int32Array(memory.buffer);
  Atomics.add(words, (control + CONTROL_READY) / 4, 1);
  Atomics.notify(words, (control + CONTROL_READY) / 4);
}

export function lostThread(what: string): NnfitError {
  return new NnfitError("fault", `an engine thread ${what}`, { try: FEWER_THREADS });
}
