import { Worker } from "node:worker_threads";
import { type ErrorDetails, type ErrorKind, NnfitError } from "../errors.js";
import type { MemberEvent, Problem } from "./interleave.js";
import type { Member } from "./members.js";
import type { Layout } from "./parallel.js";
import type { Prepared } from "./prepare.js";

/** What a thread is started with. */
export interface ThreadData {
  readonly problem: Problem;
  readonly members: readonly Member[];
  readonly engineThreads: number;
}

/** What a thread says. */
export type ThreadMessage =
  | { readonly event: MemberEvent }
  | { readonly error: { readonly kind: ErrorKind; readonly message: string; readonly details: ErrorDetails } };

/** Trains members side by side, each worker some of them; `take` gets what happens to each, in its order. */
export async function trainOnThreads(
  { spec, target, rows, training, batchSize, members }: Prepared,
  { workers, engineThreads }: Layout,
  take: (event: MemberEvent) => void,
): Promise<void> {
  const problem = { spec, target, training, batchSize, rows: { ...rows, X: shared(rows.X), y: shared(rows.y) } };
  const started = Array.from({ length: workers }, (_, worker) => {
    const own = members.filter(({ number }) => number % workers === worker);
    return new Worker(new URL("../../dist/bundle/thread.js", import.meta.url), {
      workerData: { problem, members: own, engineThreads } satisfies ThreadData,
    });
  });
  try {
    await Promise.all(started.map((worker) => ended(worker, take)));
  } finally {
    await Promise.all(started.map((worker) => worker.terminate()));
  }
}

/** Until a worker has done all that it was started for. */
function ended(worker: Worker, take: (event: MemberEvent) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.on("message", (message: ThreadMessage) => {
      if ("event" in message) {
        try {
          take(message.event);
        } catch (error) {
          reject(error);
        }
        return;
      }
      const { kind, message: text, details } = message.error;
      reject(new NnfitError(kind, text, details));
    });
    worker.on("error", reject);
    worker.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`a training thread ended with ${code}`))));
  });
}

/** A copy that all threads see. */
function shared(values: Float32Array): Float32Array {
  const copy = new Float32Array(new SharedArrayBuffer(values.byteLength));
  copy.set(values);
  return copy;
}
