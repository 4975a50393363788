import { parentPort, workerData } from "node:worker_threads";
import { NnfitError, partsOf } from "../errors.js";
import { make } from "../family.js";
import type { TaskOptions } from "../train/prepare.js";
import { judges } from "./judges.js";
import type { TrialThreadData, TrialThreadMessage } from "./pool.js";

// A thread that trains one trial of a search after the other: see pool.ts.

/** So often it says how far it is. */
const PROGRESS_MILLISECONDS = 100;

const { material, judge: choice, engine } = workerData as TrialThreadData; // as TrialPool gives it
const { judge } = make(judges, choice);
const say = (message: TrialThreadMessage) => parentPort?.postMessage(message);

async function trial(options: TaskOptions): Promise<void> {
  let said = performance.now();
  try {
    const outcome = await judge(material, options, engine, (progress) => {
      if (performance.now() - said < PROGRESS_MILLISECONDS) return;
      said = performance.now();
      say({ progress });
    });
    say({ outcome });
  } catch (error) {
    if (!(error instanceof NnfitError)) throw error;
    say({ error: partsOf(error) });
  }
}

parentPort?.on("message", (options: TaskOptions) => void trial(options));
