import type { Worker } from "node:worker_threads";
import { shared } from "../data/arrays.js";
import type { Table } from "../data/table.js";
import { startThread, threadError } from "../engine/threads.js";
import { type ErrorParts, errorOf } from "../errors.js";
import type { TaskOptions } from "../train/prepare.js";
import type { EngineOptions } from "../train/train.js";
import type { JudgeChoice, Material, TrialOutcome } from "./judges.js";

/** What a thread is started with. */
export interface TrialThreadData {
  readonly material: Material;
  readonly judge: JudgeChoice;
  readonly engine: EngineOptions;
}

/** What a thread says of the trial that it was given, a `TaskOptions`. */
export type TrialThreadMessage =
  | { readonly progress: number }
  | { readonly outcome: TrialOutcome }
  | { readonly error: ErrorParts };

/** A thread, and the trial that it trains. */
interface Lane {
  readonly worker: Worker;
  trial: RunningTrial | undefined;
}

interface RunningTrial {
  progress(share: number): void;
  resolve(outcome: TrialOutcome | undefined): void;
  reject(error: unknown): void;
}

/** Threads that each train a trial at a time. All see the same copy of the table. */
export class TrialPool {
  private readonly data: TrialThreadData;
  private readonly lanes: Lane[] = [];
  private closed = false;

  constructor({ material, ...data }: TrialThreadData) {
    const { task, validation } = material;
    this.data = {
      ...data,
      material: {
        task: { ...task, table: sharedTable(task.table) },
        validation: validation && sharedTable(validation),
      },
    };
  }

  /** Trains a trial on a thread that has nothing to do, or on a new one. Undefined, if the pool was closed before the end. */
  train(options: TaskOptions, progress: (share: number) => void): Promise<TrialOutcome | undefined> {
    if (this.closed) return Promise.resolve(undefined);
    const lane = this.lanes.find(({ trial }) => !trial) ?? this.newLane();
    return new Promise<TrialOutcome | undefined>((resolve, reject) => {
      lane.trial = { progress, resolve, reject };
      lane.worker.postMessage(options);
    }).finally(() => {
      lane.trial = undefined;
    });
  }

  /** Ends all threads, whatever they do. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(this.lanes.map(({ worker }) => worker.terminate()));
  }

  private newLane(): Lane {
    const worker = startThread("trialThread", this.data);
    const lane: Lane = { worker, trial: undefined };
    worker.on("message", (message: TrialThreadMessage) => {
      if ("progress" in message) {
        try {
          lane.trial?.progress(message.progress);
        } catch (error) {
          lane.trial?.reject(error);
        }
      } else if ("outcome" in message) lane.trial?.resolve(message.outcome);
      else lane.trial?.reject(errorOf(message.error));
    });
    worker.on("error", (error) => lane.trial?.reject(threadError(error)));
    worker.on("exit", (code) => {
      if (this.closed) lane.trial?.resolve(undefined);
      else lane.trial?.reject(new Error(`a thread of the search ended with ${code}`));
    });
    this.lanes.push(lane);
    return lane;
  }
}

/** The same table, its numbers where all threads see them. */
function sharedTable(table: Table): Table {
  return {
    ...table,
    lines: shared(table.lines),
    columns: table.columns.map((column) =>
      column.type === "category"
        ? { ...column, codes: shared(column.codes) }
        : { ...column, values: shared(column.values) },
    ),
  };
}
