import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { make } from "../../src/family.js";
import { type Job, methodChoice, methods } from "../../src/search/methods.js";
import { search } from "../../src/search/search.js";
import { type FinishedJob, keyOf, rankJobs, shortened } from "../../src/search/trials.js";
import { trainingOptions } from "../../src/train/options.js";
import type { TargetState } from "../../src/transform/target.js";

const target = { task: "regression", targets: [{ name: "y" }] } as unknown as TargetState; // all that scores look at

const finished = ({ trial, share }: Job, rmse: number | null, stopped: FinishedJob["stopped"] = "all epochs done") => ({
  trial,
  share,
  values: {},
  epochs: 1,
  keptEpoch: 1,
  stopped,
  loss: rmse,
  scores: { rmse },
  seconds: 0,
});

/** Trial t comes out as bad as |t − 13|, and takes a while that has nothing to do with that. */
async function searched(
  setting: { runs?: number; lanes?: number; method?: string; earlier?: FinishedJob[]; atMost?: number } = {},
) {
  const { runs = 27, lanes = 1, method = "halving", earlier = [], atMost = 1000 } = setting;
  const trained: Job[] = [];
  const done: FinishedJob[] = [];
  let most = 0;
  let now = 0;
  const isWhole = await search({
    rungs: make(methods, methodChoice.parse(method)).rungs(runs),
    lanes,
    finished: earlier,
    badness: ({ loss }) => loss ?? Number.POSITIVE_INFINITY,
    isOver: () => trained.length >= atMost,
    async train(job) {
      trained.push(job);
      most = Math.max(most, ++now);
      await wait((job.trial * 7) % 5);
      now--;
      return finished(job, Math.abs(job.trial - 13));
    },
    done: (job) => done.push(job),
  });
  return { isWhole, trained, done, most };
}

describe("a search", () => {
  it("trains as many trials side by side as it is told, and the same ones however many that are", async () => {
    const [one, four] = await Promise.all([1, 4].map((lanes) => searched({ lanes })));
    expect([one?.most, four?.most]).toEqual([1, 4]);
    const keys = (of: typeof one) => of?.done.map(keyOf).sort();
    expect(keys(four)).toEqual(keys(one));
    expect(one?.done.filter(({ share }) => share === 1).map(({ trial }) => trial)).toEqual([13, 12, 14]);
  });

  it("goes on where it was: no job is done twice, and none left out", async () => {
    const whole = await searched({ lanes: 2 });
    const first = await searched({ lanes: 2, atMost: 30 });
    expect(first.isWhole).toBe(false);
    const second = await searched({ lanes: 2, earlier: first.done });
    expect(second.isWhole).toBe(true);
    expect(first.trained.length).toBeLessThan(whole.trained.length);
    expect([...first.trained, ...second.trained].map(keyOf).sort()).toEqual(whole.trained.map(keyOf).sort());
    expect(second.done.map(keyOf).sort()).toEqual(whole.done.map(keyOf).sort());
  });

  it("is added to with more trials", async () => {
    const first = await searched({ method: "random", runs: 5 });
    const second = await searched({ method: "random", runs: 8, earlier: first.done });
    expect(second.trained.map(({ trial }) => trial)).toEqual([5, 6, 7]);
  });

  it("begins nothing more once a training was stopped", async () => {
    const begun: number[] = [];
    const isWhole = await search({
      rungs: make(methods, methodChoice.parse("random")).rungs(5),
      lanes: 2,
      finished: [],
      badness: () => 0,
      isOver: () => false,
      async train({ trial }) {
        begun.push(trial);
        if (trial === 0) return undefined;
        await wait(5);
        return finished({ trial, share: 1 }, 1);
      },
      done() {},
    });
    expect([isWhole, begun]).toEqual([false, [0, 1]]);
  });

  it("ends with the error of a training", async () => {
    const failing = search({
      rungs: make(methods, methodChoice.parse("random")).rungs(5),
      lanes: 2,
      finished: [],
      badness: () => 0,
      isOver: () => false,
      train: async ({ trial }) => {
        if (trial === 3) throw new Error("trial 3");
        return finished({ trial, share: 1 }, 1);
      },
      done() {},
    });
    await expect(failing).rejects.toThrow("trial 3");
  });
});

describe("the ranking", () => {
  it("has the trainings of the most epochs first, then the best, then the first drawn; what failed is last of its kind", () => {
    const jobs = [
      finished({ trial: 0, share: 1 }, 5),
      finished({ trial: 1, share: 1 }, null),
      finished({ trial: 2, share: 1 / 3 }, 1),
      finished({ trial: 3, share: 1 }, 2, "diverged"),
      finished({ trial: 4, share: 1 }, 3),
      finished({ trial: 5, share: 1 }, 5),
    ];
    const expected = [4, 0, 5, 1, 3, 2];
    expect(rankJobs(jobs, "rmse", target).map(({ job }) => job.trial)).toEqual(expected);
    expect(rankJobs(jobs.reverse(), "rmse", target).map(({ job }) => job.trial)).toEqual(expected);
  });

  it("has of equally accurate ones the one of the lowest log-loss first", () => {
    const classes: TargetState = { task: "classification", name: "y", type: "category", classes: ["a", "b"] };
    const jobs = [
      { accuracy: 0.8, logLoss: 0.5 },
      { accuracy: 0.8, logLoss: 0.4 },
      { accuracy: 0.7, logLoss: 0.3 },
      { accuracy: 0.8, logLoss: null },
      { accuracy: 0.8, logLoss: 0.4 },
    ].map((scores, trial) => ({ ...finished({ trial, share: 1 }, 1), scores }));
    expect(rankJobs(jobs, "accuracy", classes).map(({ job }) => job.trial)).toEqual([1, 4, 0, 3, 2]);
  });

  it("knows that of some scores more is better", () => {
    const jobs = [0.2, 0.9, 0.5].map((r2, trial) => ({ ...finished({ trial, share: 1 }, 1), scores: { r2 } }));
    expect(rankJobs(jobs, "r2", target).map(({ job }) => job.trial)).toEqual([1, 2, 0]);
  });
});

it("a share of a training is at least an epoch, and has that share of a warm-up in epochs or updates", () => {
  const training = (epochs: number, warmUp: unknown = 0) => trainingOptions.parse({ epochs, schedule: { warmUp } });
  const epochsOf = (epochs: number, share: number) => shortened(training(epochs), share).epochs;
  expect([1, 1 / 3, 1 / 9].map((share) => epochsOf(100, share))).toEqual([100, 34, 12]);
  expect(epochsOf(2, 1 / 81)).toBe(1);
  expect(epochsOf(0, 1)).toBe(0);
  const warmUpOf = (warmUp: unknown, share: number) => shortened(training(9, warmUp), share).schedule.warmUp;
  expect(warmUpOf({ epochs: 3 }, 1 / 9)).toEqual({ epochs: 1 / 3 });
  expect(warmUpOf({ updates: 100 }, 1 / 9)).toEqual({ updates: 12 });
  expect(warmUpOf(0.1, 1 / 9)).toBe(0.1);
  expect(warmUpOf({ epochs: 3 }, 1)).toEqual({ epochs: 3 });
});
