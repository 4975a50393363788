import { availableParallelism } from "node:os";
import { countParameters, type NetworkSettings } from "../model/network.js";

/** A training step of less arithmetic than this, in floating-point operations, is done before other threads can help. */
const OPERATIONS_OF_A_STEP = 8e6;
/** Fewer operations than this are done before other threads have started. */
const OPERATIONS_OF_A_START = 5e9;
const MOST_THREADS = 16;
const BYTES_OF_A_CELL = 8;

/** How many threads a training is worth: forward and backward take three products of 2 operations a weight and row. */
export function trainingThreads(spec: NetworkSettings, batchSize: number): number {
  const worthwhile = Math.floor((6 * countParameters(spec) * batchSize) / OPERATIONS_OF_A_STEP);
  return Math.min(Math.max(worthwhile, 1), mostThreads());
}

/** The same for predicting a CSV file of so many bytes, by a guess of how many rows that is. */
export function predictionThreads(spec: NetworkSettings, bytes: number): number {
  const rows = bytes / (BYTES_OF_A_CELL * (spec.input?.columns.length ?? spec.inputs));
  const operations = 2 * countParameters(spec) * rows;
  return operations < OPERATIONS_OF_A_START ? 1 : mostThreads();
}

function mostThreads(): number {
  return Math.min(availableParallelism(), MOST_THREADS);
}
