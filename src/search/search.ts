import type { Job, Rungs } from "./methods.js";
import { type FinishedJob, keyOf } from "./trials.js";

export interface SearchWork {
  readonly rungs: Rungs;
  /** how many trials are trained side by side */
  readonly lanes: number;
  /** finished earlier */
  readonly finished: readonly FinishedJob[];
  /** Undefined, if it was stopped. */
  train(job: Job): Promise<FinishedJob | undefined>;
  /** How bad it is: less is better. */
  badness(job: FinishedJob): number;
  /** That nothing more is to be begun. */
  isOver(): boolean;
  /** Told of every job, also of one that was finished earlier. */
  done(job: FinishedJob, isNew: boolean): void;
}

/**
 * Does the jobs of a method, those of a rung side by side. What was finished earlier is not done again. Returns whether
 * all is done.
 */
export async function search({ rungs, ...options }: SearchWork): Promise<boolean> {
  const finished = new Map(options.finished.map((job) => [keyOf(job), job]));
  for (let next = rungs.next([]); !next.done; ) {
    const badness = await climb(next.value, finished, options);
    if (!badness) return false;
    next = rungs.next(badness);
  }
  return true;
}

/** Does the jobs of a rung; how bad each came out, unless one was not done. */
async function climb(
  jobs: Iterable<Job>,
  finished: ReadonlyMap<string, FinishedJob>,
  { lanes, train, badness, isOver, done }: Omit<SearchWork, "rungs" | "finished">,
): Promise<number[] | undefined> {
  const found: number[] = [];
  const left = numbered(jobs);
  let wasCut = false;
  async function lane(): Promise<void> {
    for (const [place, job] of left) {
      const earlier = finished.get(keyOf(job));
      const ended = earlier ?? (wasCut || isOver() ? undefined : await train(job));
      if (!ended) {
        wasCut = true;
        return;
      }
      done(ended, !earlier);
      found[place] = badness(ended);
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane));
  return wasCut ? undefined : found;
}

/** Goes on where it is for whoever takes from it next, also after one of them has left its loop. */
function numbered(jobs: Iterable<Job>): Iterable<[place: number, job: Job]> {
  const iterator = jobs[Symbol.iterator]();
  let place = 0;
  return {
    [Symbol.iterator]: () => ({
      next() {
        const { value, done } = iterator.next();
        return done ? { done: true, value: undefined } : { done: false, value: [place++, value] };
      },
    }),
  };
}
