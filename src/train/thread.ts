import { parentPort, workerData } from "node:worker_threads";
import { Memory } from "../engine/memory.js";
import { NnfitError } from "../errors.js";
import { trainInTurn } from "./interleave.js";
import type { ThreadData, ThreadMessage } from "./threads.js";

// A thread that trains some members of an ensemble: see threads.ts.

/** So often it says how far it is within an epoch. */
const UPDATE_MILLISECONDS = 50;

const { problem, members, engineThreads, from, asked } = workerData as ThreadData; // as trainOnThreads gives it
const say = (message: ThreadMessage) => parentPort?.postMessage(message);
try {
  const memory = new Memory(engineThreads);
  const training = trainInTurn(memory, problem, members, from);
  let said = performance.now();
  let answered = 0;
  for (const event of training.events) {
    if (event.kind !== "update" || performance.now() - said >= UPDATE_MILLISECONDS) {
      said = performance.now();
      say({ event });
    }
    if (Atomics.load(asked, 0) === answered) continue;
    answered = Atomics.load(asked, 0);
    say({ states: training.states() });
  }
  memory.close();
} catch (error) {
  if (!(error instanceof NnfitError)) throw error;
  const { kind, message, details } = error;
  say({ error: { kind, message, details } });
}
