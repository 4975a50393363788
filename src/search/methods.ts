import * as z from "zod";
import { choiceOf, type FamilyMember, none } from "../family.js";

/** One training of a trial. */
export interface Job {
  /** from 0; it tells what is drawn */
  readonly trial: number;
  /** of the trial's own epochs */
  readonly share: number;
}

/**
 * Yields jobs that may be done side by side, and is told how bad each came out, in their order: Infinity, if it failed or was refused.
 * What comes next depends on nothing else, so it doesn't depend on which one ended first.
 */
export type Rungs = Generator<Iterable<Job>, void, readonly number[]>;

export interface Method {
  /** For so many trials, or without end. */
  rungs(trials: number | undefined): Rungs;
  /** How many jobs these are, if none fails. */
  jobs(trials: number): number;
}

type MethodMember<O extends z.ZodObject> = FamilyMember<O, Method>;

const halvingOptions = z.strictObject({
  eta: z.int().min(2).default(3).describe("one in this many trials advances"),
  rungs: z
    .int()
    .min(1)
    .max(10)
    .default(3)
    .describe("rounds in which trials are trained and compared, the last with all epochs"),
});

export const methods = {
  random: {
    about: "every trial is trained with all its epochs",
    options: none,
    with: () => ({
      *rungs(trials = Number.POSITIVE_INFINITY) {
        yield numbered(trials);
      },
      jobs: (trials) => trials,
    }),
  } satisfies MethodMember<typeof none>,

  halving: {
    about:
      "successive halving: all trials are trained with few epochs, the best of them again from the start with eta times as many, and so on; schedules span the epochs of each training",
    options: halvingOptions,
    with: ({ eta, rungs: count }) => {
      const sizes = (trials: number) => sizesOf(trials, eta, count);
      return {
        *rungs(trials) {
          const together = trials ?? power(eta, count);
          for (let first = 0; trials === undefined || first < trials; first += together) {
            let remaining = Array.from({ length: together }, (_, i) => first + i);
            for (const { size, share } of sizes(together)) {
              remaining = remaining.slice(0, size);
              if (remaining.length === 0) break;
              const badness = yield remaining.map((trial) => ({ trial, share }));
              remaining = ranked(remaining, badness);
            }
          }
        },
        jobs: (trials) => sizes(trials).reduce((sum, { size }) => sum + size, 0),
      };
    },
  } satisfies MethodMember<typeof halvingOptions>,
};

export const methodChoice = choiceOf(methods, "random");

function* numbered(trials: number): Generator<Job> {
  for (let trial = 0; trial < trials; trial++) yield { trial, share: 1 };
}

/** How many trials each rung has, and the share of their epochs. One alone needs no rung before the last. */
function sizesOf(trials: number, eta: number, rungs: number): { size: number; share: number }[] {
  let size = trials;
  return Array.from({ length: rungs }, (_, rung) => {
    const of = { size, share: 1 / power(eta, rungs - 1 - rung) };
    size = Math.max(Math.floor(size / eta), 1);
    return of;
  }).filter(({ size, share }) => size > 1 || share === 1);
}

/** In whole numbers: x ** n is not the same on every machine. */
function power(x: number, n: number): number {
  return n === 0 ? 1 : x * power(x, n - 1);
}

/** The trials that did not fail, the best first; of equal ones the one that was drawn first. */
function ranked(trials: readonly number[], badness: readonly number[]): number[] {
  return trials
    .map((trial, i) => ({ trial, badness: badness[i]! }))
    .filter(({ badness }) => badness < Number.POSITIVE_INFINITY)
    .sort((a, b) => a.badness - b.badness || a.trial - b.trial)
    .map(({ trial }) => trial);
}
