import type { Table } from "../data/table.js";
import type { Memory } from "../engine/memory.js";
import type { Network } from "../model/network.js";
import { multiplicationsOf } from "../model/parts.js";
import { applyLeniently, applyPipeline } from "../transform/apply.js";
import { widthOf } from "../transform/inputColumns.js";
import type { PipelineState } from "../transform/pipeline.js";
import { rowsNotFinite } from "../transform/scalers.js";
import { EVALUATION_ROWS } from "./evaluate.js";
import { PredictionThreads } from "./predictionThreads.js";
import { predictor } from "./predictor.js";

/** A block of rows, and for each what the loss's inverse link makes of the network's outputs, [rows, outputs]. */
export interface Predicted<Block> {
  readonly block: Block;
  readonly outputs: Float32Array;
}

/** Of a table whose length is not known, so many floating-point operations are done before other threads are started: about 30 ms. */
const OPERATIONS_BEFORE_THREADS = 1e9;

interface BlockPredictorOptions {
  /** a row with a number that is too large for a float32 gets NaN for outputs, and is no error */
  readonly lenient: boolean;
  /** among them the caller's own */
  readonly threads: number;
  /** the table is so long that other threads are worth it from the beginning */
  readonly isLong?: boolean;
}

/**
 * Predicts a table of any length block by block, in the memory of a few of them for each thread. While other threads
 * predict, the caller's own reads on; where they have enough to do, it predicts too.
 */
export class BlockPredictor {
  private readonly columns: number;
  private readonly predictHere: (X: Float32Array) => Float32Array;
  private readonly operationsOfRow: number;
  private operations = 0;
  private others: PredictionThreads | undefined;

  constructor(
    memory: Memory,
    private readonly networks: readonly Network[],
    private readonly pipeline: PipelineState,
    private readonly options: BlockPredictorOptions,
  ) {
    this.columns = widthOf(pipeline);
    this.predictHere = predictor(memory, networks, { columns: this.columns, rows: EVALUATION_ROWS });
    this.operationsOfRow = 2 * networks.reduce((sum, { spec }) => sum + multiplicationsOf(spec), 0);
    if (options.isLong) this.startThreads();
  }

  /** The blocks in their order, each as soon as it is predicted. An error in one comes after those before it. */
  async *predict<Block extends { readonly table: Table }>(
    blocks: AsyncIterable<Block>,
  ): AsyncGenerator<Predicted<Block>> {
    const iterator = blocks[Symbol.asyncIterator]();
    const started: Promise<Predicted<Block>>[] = [];
    let ending: { readonly error?: unknown } | undefined;
    let coming: Promise<void> | undefined;
    const startNext = async () => {
      try {
        const { done, value: block } = await iterator.next();
        if (done) ending = {};
        else started.push(this.start(block));
      } catch (error) {
        ending = { error };
      }
      coming = undefined;
    };
    try {
      for (;;) {
        // what this thread has predicted itself may wait for what others were given before
        if (!ending && started.length <= 2 * (this.others?.room ?? 0)) coming ??= startNext();
        const [first] = started;
        if (!first && !coming) break;
        // the first may have been there for long, and what comes may take its time
        const predicted = await Promise.race([first, coming].filter((promise) => promise !== undefined));
        if (!predicted) continue;
        started.shift();
        yield predicted;
      }
    } finally {
      await iterator.return?.();
    }
    if (ending && "error" in ending) throw ending.error;
  }

  async close(): Promise<void> {
    await this.others?.close();
  }

  private start<Block extends { readonly table: Table }>(block: Block): Promise<Predicted<Block>> {
    const { lenient } = this.options;
    const X = (lenient ? applyLeniently : applyPipeline)(this.pipeline, block.table);
    const lost = lenient ? rowsNotFinite(X, this.columns) : [];
    const predicted = Promise.resolve(this.outputsFor(X, block.table.rows)).then((outputs) => {
      const width = outputs.length / block.table.rows;
      for (const row of lost) outputs.fill(Number.NaN, row * width, (row + 1) * width);
      return { block, outputs };
    });
    predicted.catch(() => {}); // it is waited for when its turn comes
    return predicted;
  }

  private outputsFor(X: Float32Array, rows: number): Float32Array | Promise<Float32Array> {
    if (this.operations >= OPERATIONS_BEFORE_THREADS) this.startThreads();
    const elsewhere = this.others?.predict(X);
    if (elsewhere) return elsewhere;
    this.operations += this.operationsOfRow * rows;
    return this.predictHere(X);
  }

  private startThreads(): void {
    const others = this.options.threads - 1;
    if (others === 0) return;
    this.others ??= new PredictionThreads(this.networks, others, { columns: this.columns, rows: EVALUATION_ROWS });
  }
}
