import { parentPort, workerData } from "node:worker_threads";
import { Memory } from "../engine/memory.js";
import { NnfitError } from "../errors.js";
import { trainInTurn } from "./interleave.js";
import type { ThreadData, ThreadMessage } from "./threads.js";

// A thread that trains some members of an ensemble: see threads.ts.

/** So often it says how far it is within an epoch. */
const UPDATE_MILLISECONDS = 50;

const { problem, members, engineThreads } = workerData as ThreadData; // as trainOnThreads gives it
const say = (message: ThreadMessage) => parentPort?.postMessage(message);
try {
  const memory = new Memory(engineThreads);
  let said = performance.now();
  for (const event of trainInTurn(memory, problem, members)) {
    if (event.kind === "update" && performance.now() - said < UPDATE_MILLISECONDS) continue;
    said = performance.now();
    say({ event });
  }
  memory.close();
} catch (error) {
  if (!(error instanceof NnfitError)) throw error;
  const { kind, message, details } = error;
  say({ error: { kind, message, details } });
}
