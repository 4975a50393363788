import type { Worker } from "node:worker_threads";
import { shared } from "../data/arrays.js";
import { startThread } from "../engine/threads.js";
import type { Network } from "../model/network.js";
import type { NetworkSpec } from "../model/spec.js";

/** What a thread is started with. */
export interface PredictionThreadData {
  readonly spec: NetworkSpec;
  /** of each network */
  readonly weights: readonly Float32Array[];
  /** of X */
  readonly columns: number;
  /** that are predicted at a time */
  readonly rows: number;
}

/** So many blocks a thread is given at a time: the next one is there when it is done with the first. */
const BLOCKS_OF_A_THREAD = 2;

interface Lane {
  readonly worker: Worker;
  isReady: boolean;
  /** who waits for the blocks that it was given, the first one first */
  readonly waiting: { resolve(outputs: Float32Array): void; reject(error: unknown): void }[];
}

/**
 * Threads that predict whole blocks of rows, each on a memory of its own. Which of them does one changes no bit of it.
 * There is one at first, and twice as many each time that all have enough to do.
 */
export class PredictionThreads {
  private readonly data: PredictionThreadData;
  private readonly lanes: Lane[];
  private isClosed = false;

  constructor(
    networks: readonly Network[],
    private readonly most: number,
    size: Pick<PredictionThreadData, "columns" | "rows">,
  ) {
    const { spec } = networks[0]!; // there is one, and the others are like it
    this.data = { spec, weights: networks.map(({ weights }) => shared(weights)), ...size };
    this.lanes = [this.newLane()];
  }

  /** How many blocks they can be given before one of them is done. */
  get room(): number {
    return BLOCKS_OF_A_THREAD * this.lanes.length;
  }

  /**
   * The outputs for X [rows, columns], which is given away; undefined where no thread has time for it soon, and X stays.
   */
  predict(X: Float32Array): Promise<Float32Array> | undefined {
    const free = this.lanes.filter(({ isReady, waiting }) => isReady && waiting.length < BLOCKS_OF_A_THREAD);
    if (free.length === 0) {
      if (this.lanes.every(({ isReady }) => isReady)) this.addLanes();
      return undefined;
    }
    const { waiting, worker } = free.reduce((a, b) => (b.waiting.length < a.waiting.length ? b : a));
    return new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      worker.postMessage(X, [X.buffer as ArrayBuffer]); // no thread shares it yet
    });
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.all(this.lanes.map(({ worker }) => worker.terminate()));
  }

  private addLanes(): void {
    const count = Math.min(2 * this.lanes.length, this.most);
    while (this.lanes.length < count) this.lanes.push(this.newLane());
  }

  private newLane(): Lane {
    const worker = startThread("predictionThread", this.data);
    const lane: Lane = { worker, isReady: false, waiting: [] };
    const fail = (error: unknown) => {
      lane.isReady = false;
      for (const { reject } of lane.waiting.splice(0)) reject(error);
    };
    worker.on("message", (message: "ready" | Float32Array) => {
      if (message === "ready") lane.isReady = true;
      else lane.waiting.shift()?.resolve(message);
    });
    worker.on("error", fail);
    worker.on("exit", (code) => {
      if (!this.isClosed) fail(new Error(`a prediction thread ended with ${code}`));
    });
    return lane;
  }
}
