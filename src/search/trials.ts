import * as z from "zod";
import { seededRandom } from "../engine/random.js";
import type { NnfitError } from "../errors.js";
import { type metrics, properMetric } from "../score/metrics.js";
import { savedScores, scoresFrom, scoresToSave } from "../score/saved.js";
import { badness } from "../score/scoring.js";
import { stopped } from "../train/ends.js";
import type { TrainingOptions } from "../train/options.js";
import type { TargetState } from "../transform/target.js";
import type { TrialOutcome } from "./judges.js";
import type { Job } from "./methods.js";
import { type Json, makeRange, type RangeSetting } from "./ranges.js";

/** JSON values by the path of their setting. */
export type Values = Readonly<Record<string, Json>>;

/** The values of a trial: they depend on its number, not on how many there are or on the order of the ranges. */
export function drawValues(ranges: ReadonlyMap<string, RangeSetting>, seed: number, trial: number): Values {
  const random = seededRandom(seed, "search", trial);
  const paths = [...ranges.keys()].sort();
  return Object.fromEntries(paths.map((path) => [path, makeRange(ranges.get(path)!).draw(random)]));
}

/** A share of a training of a trial: of its epochs, and of a warm-up that is given in epochs or updates. */
export function shortened(training: TrainingOptions, share: number): TrainingOptions {
  if (share === 1) return training;
  const { epochs, schedule } = training;
  return {
    ...training,
    epochs: Math.max(Math.ceil(epochs * share), 1),
    schedule: { ...schedule, warmUp: shortenedWarmUp(schedule.warmUp, share) },
  };
}

function shortenedWarmUp(warmUp: TrainingOptions["schedule"]["warmUp"], share: number): typeof warmUp {
  if (typeof warmUp === "number") return warmUp;
  return "epochs" in warmUp ? { epochs: warmUp.epochs * share } : { updates: Math.ceil(warmUp.updates * share) };
}

/** A training of a trial that was finished, or refused before it began, as it is kept. */
export const finishedJob = z.strictObject({
  trial: z.int().min(0),
  share: z.number().positive().max(1),
  values: z.record(z.string(), z.json()),
  epochs: z.int().min(0),
  keptEpoch: z.int().min(0),
  stopped: z.enum([...stopped.options, "refused"]),
  /** why it was refused */
  reason: z.string().optional(),
  /** null where it is no finite number */
  loss: z.number().nullable(),
  scores: savedScores,
  seconds: z.number(),
});
export type FinishedJob = z.output<typeof finishedJob>;

export function finishedJobOf(
  job: Job,
  values: Values,
  { judgement, ...outcome }: TrialOutcome,
  seconds: number,
): FinishedJob {
  return {
    ...job,
    values,
    ...outcome,
    loss: Number.isFinite(judgement.loss) ? judgement.loss : null,
    scores: scoresToSave(judgement.scores),
    seconds: Math.round(1000 * seconds) / 1000,
  };
}

/** Of a trial whose values don't go together. */
export function refusedJobOf(job: Job, values: Values, { message, details: { have } }: NnfitError): FinishedJob {
  const reason = have === undefined ? message : `${message} (${have})`;
  const nothing = { epochs: 0, keptEpoch: 0, loss: null, scores: {}, seconds: 0 };
  return { ...job, values, ...nothing, stopped: "refused", reason };
}

export function isRefused({ stopped }: FinishedJob): boolean {
  return stopped === "refused";
}

/** What trials are compared by. */
export type ScoreName = keyof typeof metrics | "loss";

/** So that less is better; Infinity for a training that failed. */
export function badnessOf(job: FinishedJob, by: ScoreName, target: TargetState): number {
  if (isRefused(job)) return Number.POSITIVE_INFINITY;
  const { stopped, loss, scores } = job;
  const value = badness(by, target, { loss: loss ?? Number.NaN, scores: scoresFrom(scores) });
  return stopped === "diverged" || !Number.isFinite(value) ? Number.POSITIVE_INFINITY : value;
}

/**
 * Those of the most epochs first, and among them the best: of equal ones, as a share of few rows often is, the best by a
 * proper score, then the one that was drawn first.
 */
export function rankJobs(
  jobs: readonly FinishedJob[],
  by: ScoreName,
  target: TargetState,
): { job: FinishedJob; badness: number }[] {
  return jobs
    .map((job) => ({ job, badness: badnessOf(job, by, target), proper: badnessOf(job, properMetric(target), target) }))
    .sort(
      (a, b) =>
        b.job.share - a.job.share ||
        order(a.badness, b.badness) ||
        order(a.proper, b.proper) ||
        a.job.trial - b.job.trial,
    );
}

/** Also where both are infinite, of which there is no difference. */
function order(a: number, b: number): number {
  return Number(a > b) - Number(a < b);
}

export function keyOf({ trial, share }: Job): string {
  return `${trial} ${share}`;
}
