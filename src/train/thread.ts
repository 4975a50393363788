import { once } from "node:events";
import { parentPort, workerData } from "node:worker_threads";
import { Memory } from "../engine/memory.js";
import { NnfitError, partsOf } from "../errors.js";
import { trainInTurn } from "./interleave.js";
import type { ThreadData, ThreadMessage, ThreadOrder } from "./threads.js";

// A thread that trains some members of an ensemble: see threads.ts.

/** So often it says how far it is within an epoch. */
const UPDATE_MILLISECONDS = 50;

async function work({ problem, members, engineThreads, from, asked, worker }: ThreadData): Promise<void> {
  let memory = new Memory(engineThreads);
  let training = trainInTurn(memory, problem, members, from);
  let said = performance.now();
  let answered = 0;
  let given = 0; // it may have been asked before it began
  for (;;) {
    for (const event of training.events) {
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
    memory.close();
    say({ idle: true });
    const order = await nextOrder();
    if (order === "done") return;
    given = Atomics.load(asked, 1 + worker); // what it was asked while it had nothing is forgotten
    const { member, state } = order;
    memory = new Memory(engineThreads); // what the members before took is not given back otherwise
    training = trainInTurn(memory, problem, [member], new Map([[member.number, state]]));
  }
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
  if (!(error instanceof NnfitError)) {
    setImmediate(() => {
      throw error; // ends the thread with an error, whatever Node does with promises that nobody waits for
    });
    return;
  }
  say({ error: partsOf(error) });
});
