import { mostThreads, threadsOf } from "../engine/threads.js";
import { multiplicationsOf } from "../model/parts.js";
import type { NetworkSpec } from "../model/spec.js";

/** A thread is worth it for each of so many floating-point operations of a training step: with half as many for each of two, they are as fast as one. */
const OPERATIONS_OF_A_STEP = 3e6;

/** Who does the work of a training. */
export interface Layout {
  /** threads that each train some of the members; 0: the caller's own does */
  readonly workers: number;
  /** threads that share the arithmetic of a step */
  readonly engineThreads: number;
  /** A worker that is done takes a member over from one that has more work left than so many seconds. */
  readonly handOverSeconds?: number;
}

/** How a training of some members is laid on threads: a member each first, and what is left over to their steps. */
export function layOut(
  spec: NetworkSpec,
  { batchSize, members }: { batchSize: number; members: number },
  threads: number | "auto",
): Layout {
  if (members === 1)
    return { workers: 0, engineThreads: threads === "auto" ? trainingThreads(spec, batchSize) : threads };
  const all = threadsOf(threads);
  if (all === 1) return { workers: 0, engineThreads: 1 };
  const workers = Math.min(all, members);
  return { workers, engineThreads: Math.min(Math.floor(all / workers), trainingThreads(spec, batchSize)) };
}

/** How the trainings of some folds are laid on threads. */
export interface FoldLayout {
  /** folds that are trained at the same time */
  readonly lanes: number;
  /** of the training of a fold, by its number */
  layoutOf(fold: number): Layout;
}

/**
 * As many folds side by side as there are threads, each on a thread of its own; what threads are left over go to the
 * members of a fold, then to their steps. In the last round, where folds may be fewer, each has more of them.
 */
export function layOutFolds(
  spec: NetworkSpec,
  { batchSize, members, folds }: { batchSize: number; members: number; folds: number },
  threads: number | "auto",
): FoldLayout {
  const all = threadsOf(threads);
  if (all === 1) return { lanes: 1, layoutOf: () => ({ workers: 0, engineThreads: 1 }) };
  const lanes = Math.min(all, folds);
  const lastRound = folds - (folds % lanes || lanes);
  return {
    lanes,
    layoutOf(fold) {
      const share = Math.floor(all / (fold < lastRound ? lanes : folds - lastRound));
      const workers = Math.min(share, members);
      return { workers, engineThreads: Math.min(Math.floor(share / workers), trainingThreads(spec, batchSize)) };
    },
  };
}

/** How many threads a step is worth: forward and backward take three products of 2 operations a weight and row. */
function trainingThreads(spec: NetworkSpec, batchSize: number): number {
  const worthwhile = Math.floor((6 * multiplicationsOf(spec) * batchSize) / OPERATIONS_OF_A_STEP);
  return Math.min(Math.max(worthwhile, 1), mostThreads());
}
