import { once } from "node:events";
import { parentPort, workerData } from "node:worker_threads";
import { Memory } from "../engine/memory.js";
import { NnfitError } from "../errors.js";
import { trainInTurn } from "./interleave.js";
import type { ThreadData, ThreadMessage, ThreadOrder } from "./threads.js";

// A thread that trains some members of an ensemble: see threads.ts.

/** So often it says how far it is within an epoch. */
const UPDATE_MILLISECONDS = 50;

async function work({ problem, members, engineThreads, from, asked, worker }: ThreadData): Promise<void> {
  const memory = new Memory(engineThreads);
  const training = trainInTurn(memory, problem, members, from);
  let said = performance.now();
  let answered = 0;
  let given = 0;
  for (;;) {
    for (const event of training.events()) {
      if (event.kind !== "update" || performance.now() - said >= UPDATE_MILLISECONDS) {
        said = performance.now();
        say({ event });
      }
      if (Atomics.load(asked, 0) !== answered) {
        answered = Atomics.load(asked, 0);
        say({ states: training.states() });
      }
      if (Atomics.load(asked, 1 + worker) !== given) {
        given++;
        say({ given: training.give() });
      }
    }
    for (; given < Atomics.load(asked, 1 + worker); given++) say({ given: undefined });
    say({ idle: true });
    const order = await nextOrder();
    if (order === "done") break;
    training.take(order);
  }
  memory.close();
}

async function nextOrder(): Promise<ThreadOrder> {
  const [order] = await once(parentPort!, "message"); // a worker has a port
  return order as ThreadOrder; // as trainOnThreads sends it
}

function say(message: ThreadMessage): void {
  parentPort?.postMessage(message);
}

// the data is as trainOnThreads gives it
work(workerData as ThreadData).catch((error: unknown) => {
  if (!(error instanceof NnfitError)) throw error;
  const { kind, message, details } = error;
  say({ error: { kind, message, details } });
});
