import { Worker } from "node:worker_threads";
import { type ErrorDetails, type ErrorKind, NnfitError } from "../errors.js";
import type { MemberEvent, States } from "./interleave.js";
import type { MemberState, Problem } from "./member.js";
import type { Member } from "./members.js";
import type { Layout } from "./parallel.js";
import type { Prepared } from "./prepare.js";

/** Who follows a training. */
export interface Follower {
  take(event: MemberEvent): void;
  /** Whether it is to be asked how the members are that go on. */
  wantsStates(): boolean;
  /** True where that is all that was wanted; false while some members lack. */
  takeStates(states: States): boolean;
}

/** What a thread is started with. */
export interface ThreadData {
  readonly problem: Problem;
  readonly members: readonly Member[];
  readonly engineThreads: number;
  /** how the members were when they were interrupted */
  readonly from: States | undefined;
  /** one number: how often the thread was asked how its members are, which it says after its next update */
  readonly asked: Int32Array;
}

/** What a thread says. */
export type ThreadMessage =
  | { readonly event: MemberEvent }
  | { readonly states: States }
  | { readonly error: { readonly kind: ErrorKind; readonly message: string; readonly details: ErrorDetails } };

/** So often it is looked whether threads are to be asked. */
const LOOK_MILLISECONDS = 20;

/** Trains members side by side, each worker some of them. `follower` gets what happens to each, in its order. */
export async function trainOnThreads(
  { spec, target, rows, training, batchSize, members, initial }: Prepared,
  { workers, engineThreads }: Layout,
  follower: Follower,
  from?: States,
): Promise<void> {
  const shareable = { ...rows, X: shared(rows.X), y: shared(rows.y) };
  const problem = { spec, target, training, batchSize, rows: shareable, initial };
  const asked = new Int32Array(new SharedArrayBuffer(4));
  const started = Array.from({ length: workers }, (_, worker) => {
    const own = members.filter(({ number }) => number % workers === worker);
    return new Worker(new URL("../../dist/bundle/thread.cjs", import.meta.url), {
      workerData: { problem, members: own, engineThreads, from, asked } satisfies ThreadData,
    });
  });
  let answers: Map<number, MemberState> | undefined;
  const look = setInterval(() => {
    if (answers || !follower.wantsStates()) return;
    answers = new Map();
    Atomics.add(asked, 0, 1);
  }, LOOK_MILLISECONDS);
  const take = (message: Exclude<ThreadMessage, { error: unknown }>) => {
    if ("event" in message) follower.take(message.event);
    else for (const [member, state] of message.states) answers?.set(member, state);
    if (answers && follower.takeStates(answers)) answers = undefined;
  };
  try {
    await Promise.all(started.map((worker) => ended(worker, take)));
  } finally {
    clearInterval(look);
    await Promise.all(started.map((worker) => worker.terminate()));
  }
}

/** Until a worker has done all that it was started for. */
function ended(worker: Worker, take: (message: Exclude<ThreadMessage, { error: unknown }>) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.on("message", (message: ThreadMessage) => {
      if ("error" in message) {
        const { kind, message: text, details } = message.error;
        reject(new NnfitError(kind, text, details));
        return;
      }
      try {
        take(message);
      } catch (error) {
        reject(error);
      }
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
