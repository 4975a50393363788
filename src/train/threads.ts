import type { Worker } from "node:worker_threads";
import { shared } from "../data/arrays.js";
import { startThread, threadError } from "../engine/threads.js";
import { type ErrorParts, errorOf } from "../errors.js";
import type { HandedOver, MemberEvent, States } from "./interleave.js";
import type { MemberState, Problem } from "./member.js";
import type { Member } from "./members.js";
import type { Layout } from "./parallel.js";
import type { Prepared } from "./prepare.js";
import { Work } from "./work.js";

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
  /** its number */
  readonly worker: number;
  readonly members: readonly Member[];
  readonly engineThreads: number;
  /** how the members were when they were interrupted */
  readonly from: States | undefined;
  /**
   * How often all threads were asked how their members are, which they say after their next update; then, of each
   * thread, how often it was asked to give a member away, which it does or says that it has none to spare.
   */
  readonly asked: Int32Array;
}

/** What a thread says. */
export type ThreadMessage =
  | { readonly event: MemberEvent }
  | { readonly states: States }
  | { readonly given: HandedOver | undefined }
  | { readonly idle: true }
  | { readonly error: ErrorParts };

/** What an idle thread is told: a member to go on with, or that there will be none. */
export type ThreadOrder = HandedOver | "done";

/** So often it is looked whether threads are to be asked. */
const LOOK_MILLISECONDS = 20;

/** Taking a member over costs about a tenth of a second. */
const HAND_OVER_SECONDS = 0.5;

/**
 * Trains members side by side, each worker some of them; one that is done takes a member over from the one that has
 * most left. `follower` gets what happens to each member, in its order.
 */
export async function trainOnThreads(
  { spec, target, rows, training, batchSize, members, initial }: Prepared,
  { workers, engineThreads, handOverSeconds = HAND_OVER_SECONDS }: Layout,
  follower: Follower,
  from?: States,
): Promise<void> {
  const { size, truth } = rows;
  const shareable = { size, truth, X: shared(rows.X), y: shared(rows.y) };
  const problem = { spec, target, training, batchSize, rows: shareable, initial };
  const asked = new Int32Array(new SharedArrayBuffer(4 * (1 + workers)));
  const work = new Work(members, workers, training.epochs, performance.now(), from);
  const started = startAll(workers, (worker) => {
    const own = members.filter(({ number }) => work.ownerOf(number) === worker);
    return { problem, worker, members: own, engineThreads, from, asked };
  });
  let answers: Map<number, MemberState> | undefined;
  const look = setInterval(() => {
    findWork();
    if (answers || !follower.wantsStates()) return;
    answers = new Map();
    Atomics.add(asked, 0, 1);
  }, LOOK_MILLISECONDS);

  const order = (worker: number, what: ThreadOrder) => started[worker]!.postMessage(what);
  /** Those that have nothing to do, in the order in which they ask for a member. */
  const idle: number[] = [];
  const findWork = () => {
    if (work.isDone) for (const worker of idle.splice(0)) order(worker, "done");
    while (work.asked < idle.length) {
      const busiest = work.busiest(handOverSeconds, performance.now());
      if (busiest === undefined) return;
      work.ask(busiest);
      Atomics.add(asked, 1 + busiest, 1);
    }
  };
  const take = (worker: number, message: Exclude<ThreadMessage, { error: unknown }>) => {
    if (isOver) return; // what was said before the threads knew
    if ("event" in message) {
      work.take(worker, message.event);
      follower.take(message.event);
    } else if ("states" in message) {
      for (const [member, state] of message.states) answers?.set(member, state);
    } else if ("given" in message) {
      const { given } = message;
      work.answer(worker);
      if (given) {
        const taker = idle.shift()!; // no more are asked for than there are
        answers?.set(given.member.number, given.state); // its old thread may not have said so, and its new one has answered
        work.handOver(given.member.number, taker);
        order(taker, given);
      }
      findWork();
    } else {
      work.forgetAsks(worker); // it looks at none until it has work again
      idle.push(worker);
      findWork();
    }
    const collected = answers;
    answers = undefined; // what ends the training here must not be told twice
    if (collected && !follower.takeStates(collected)) answers = collected;
  };
  let isOver = false;
  const isDone = () => work.isDone;
  try {
    await Promise.all(started.map((thread, worker) => ended(thread, isDone, (message) => take(worker, message))));
  } finally {
    isOver = true;
    clearInterval(look);
    await Promise.all(started.map((worker) => worker.terminate()));
  }
}

/** All of them, or none where one can't be started. */
function startAll(count: number, dataOf: (worker: number) => ThreadData): Worker[] {
  const started: Worker[] = [];
  try {
    for (let worker = 0; worker < count; worker++) started.push(startThread("thread", dataOf(worker)));
    return started;
  } catch (error) {
    for (const worker of started) void worker.terminate();
    throw error;
  }
}

/** Until a worker has done all that it was started for. */
function ended(
  worker: Worker,
  isDone: () => boolean,
  take: (message: Exclude<ThreadMessage, { error: unknown }>) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.on("message", (message: ThreadMessage) => {
      if ("error" in message) {
        reject(errorOf(message.error));
        return;
      }
      try {
        take(message);
      } catch (error) {
        reject(error);
      }
    });
    worker.on("error", (error) => reject(threadError(error)));
    worker.on("messageerror", reject);
    worker.on("exit", (code) =>
      code === 0 && isDone() ? resolve() : reject(new Error(`a training thread ended with ${code}`)),
    );
  });
}
