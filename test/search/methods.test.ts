import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { make } from "../../src/family.js";
import { type Job, type Method, methodChoice, methods } from "../../src/search/methods.js";

const method = (setting: unknown) => make(methods, methodChoice.parse(setting));

/** What a method asks for, if jobs come out so. No more than some rungs, where it has no end. */
function climbed(of: Method, trials: number | undefined, badness: (job: Job) => number, most = 100): Job[][] {
  const rungs = of.rungs(trials);
  const seen: Job[][] = [];
  for (let next = rungs.next([]); !next.done && seen.length < most; ) {
    const jobs = [...next.value];
    seen.push(jobs);
    next = rungs.next(jobs.map(badness));
  }
  return seen;
}

const numbersOf = (jobs: readonly Job[] | undefined) => jobs?.map(({ trial }) => trial);

describe("random search", () => {
  it("trains each trial once, with all epochs", () => {
    const [jobs, ...more] = climbed(method("random"), 5, () => 1);
    expect(jobs).toEqual([0, 1, 2, 3, 4].map((trial) => ({ trial, share: 1 })));
    expect(more).toEqual([]);
    expect(method("random").jobs(5)).toBe(5);
  });

  it("has no end if there is no number of trials", () => {
    const { value } = method("random").rungs(undefined).next([]) as IteratorYieldResult<Iterable<Job>>;
    let last = -1;
    for (const { trial } of value) {
      last = trial;
      if (trial === 100_000) break;
    }
    expect(last).toBe(100_000);
  });
});

describe("successive halving", () => {
  it("keeps the best third of each rung, with three times the epochs", () => {
    const order = [5, 2, 7, 0, 8, 1, 3, 6, 4]; // place i is how bad trial i is
    const rungs = climbed(method("halving"), 9, ({ trial }) => order[trial]!);
    expect(rungs.map(numbersOf)).toEqual([[0, 1, 2, 3, 4, 5, 6, 7, 8], [3, 5, 1], [3]]);
    expect(rungs.map(([job]) => job?.share)).toEqual([1 / 9, 1 / 3, 1]);
  });

  it("decides by the latest training of a trial, not by an earlier one", () => {
    const [, , last] = climbed(method("halving"), 9, ({ trial, share }) => (share < 0.2 ? trial : -trial));
    expect(numbersOf(last)).toEqual([2]);
  });

  it("takes the trial that was drawn first, of equal ones", () => {
    const [, second, last] = climbed(method("halving"), 9, () => 1);
    expect(numbersOf(second)).toEqual([0, 1, 2]);
    expect(numbersOf(last)).toEqual([0]);
  });

  it("lets nothing go on that failed, and ends where all did", () => {
    const bad = (job: Job) => (job.trial < 8 ? Number.POSITIVE_INFINITY : 1);
    expect(climbed(method("halving"), 9, bad).map(numbersOf)).toEqual([[0, 1, 2, 3, 4, 5, 6, 7, 8], [8], [8]]);
    expect(climbed(method("halving"), 9, () => Number.POSITIVE_INFINITY).length).toBe(1);
  });

  it("trains one trial alone once", () => {
    expect(climbed(method("halving"), 1, () => 1)).toEqual([[{ trial: 0, share: 1 }]]);
    expect(climbed(method("halving"), 2, ({ trial }) => -trial).map(numbersOf)).toEqual([[0, 1], [1]]);
  });

  it("begins anew with other trials, if there is no number of them", () => {
    const rungs = climbed(method({ name: "halving", eta: 2, rungs: 2 }), undefined, ({ trial }) => -trial, 4);
    expect(rungs.map(numbersOf)).toEqual([
      [0, 1, 2, 3],
      [3, 2],
      [4, 5, 6, 7],
      [7, 6],
    ]);
  });

  it("does as many jobs as it says, ends with all epochs, and keeps no trial that is worse than one it drops", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 2, max: 5 }),
        fc.integer({ min: 1, max: 4 }),
        (order, eta, rungs) => {
          const of = method({ name: "halving", eta, rungs });
          const seen = climbed(of, order.length, ({ trial }) => order[trial]!);
          expect(seen.flat().length).toBe(of.jobs(order.length));
          expect(seen.at(-1)?.map(({ share }) => share)).toEqual(seen.at(-1)?.map(() => 1));
          for (const [i, jobs] of seen.entries()) {
            const kept = new Set(numbersOf(seen[i + 1]));
            const badness = (keep: boolean) =>
              jobs.filter(({ trial }) => kept.has(trial) === keep).map(({ trial }) => order[trial]!);
            if (kept.size > 0) expect(Math.max(...badness(true))).toBeLessThanOrEqual(Math.min(...badness(false), 51));
          }
        },
      ),
    );
  });
});
