import type { Job } from "../search/methods.js";
import { scoreOf } from "../search/results.js";
import { type FinishedJob, keyOf, type ScoreName } from "../search/trials.js";
import { hasBars, steadyBar } from "./bars.js";
import { valuesText } from "./searchStory.js";
import { scoreCell, short, tell } from "./text.js";
import { TimeLeft } from "./timeLeft.js";

/** Shows a search as it goes. */
export interface SearchDisplay {
  /** The share of a training that is done. */
  progress(job: Job, share: number): void;
  /** A training that is done, now or earlier. */
  done(job: FinishedJob, badness: number, isNew: boolean): void;
  /** Comes last, however the search ends. */
  stop(): void;
}

export interface SearchDisplayOptions {
  /** trainings that are planned; undefined, if only the time is */
  readonly jobs: number | undefined;
  readonly minutes: number | undefined;
  readonly by: ScoreName;
}

/** A bar on a terminal, a line for each training elsewhere. */
export function searchDisplay(options: SearchDisplayOptions): SearchDisplay {
  return hasBars() ? bar(options) : lines(options);
}

/** The score of the best training so far; those with fewer epochs don't count once there is one with more. */
class Best {
  private share = 0;
  badness = Number.POSITIVE_INFINITY;

  take({ share }: Job, badness: number): boolean {
    if (share < this.share || (share === this.share && !(badness < this.badness))) return false;
    if (!Number.isFinite(badness)) return false;
    this.share = share;
    this.badness = badness;
    return true;
  }
}

function lines({ jobs, by }: SearchDisplayOptions): SearchDisplay {
  const best = new Best();
  let count = 0;
  return {
    progress() {},
    done(job, badness, isNew) {
      count++;
      const isBest = best.take(job, badness);
      if (!isNew) return;
      const number = jobs === undefined ? String(count) : `${String(count).padStart(String(jobs).length)}/${jobs}`;
      const ends = { diverged: "diverged", refused: `refused: ${job.reason}` };
      const none = job.stopped === "diverged" || job.stopped === "refused" ? ends[job.stopped] : `no ${by}`;
      const score = Number.isFinite(badness) ? `${by} ${scoreCell(scoreOf(by, badness))}` : none;
      const words = [`done ${number}`, `trial ${job.trial}`, `epochs ${job.epochs}`, score, valuesText(job.values)];
      tell([`${words.join("  ")}${isBest ? "  (best so far)" : ""}`]);
    },
    stop() {},
  };
}

function bar({ jobs, minutes, by }: SearchDisplayOptions): SearchDisplay {
  const best = new Best();
  const running = new Map<string, number>();
  let count = 0;
  let earlier = 0;
  const timeLeft = new TimeLeft();
  const bar = steadyBar((seconds) => {
    const done = count + [...running.values()].reduce((sum, share) => sum + share, 0);
    const shareOfTime = minutes === undefined ? 0 : seconds / (60 * minutes);
    const byJobs = jobs === undefined ? undefined : timeLeft.after(done - earlier, jobs - done);
    const byMinutes = minutes === undefined ? undefined : Math.max(60 * minutes - seconds, 0);
    const limits = [byJobs, byMinutes].filter((limit) => limit !== undefined);
    return {
      label: `trained ${count}${jobs === undefined ? "" : `/${jobs}`}`,
      progress: Math.min(Math.max(jobs === undefined ? 0 : done / jobs, shareOfTime), 1),
      values: Number.isFinite(best.badness) ? [`best ${by} ${short(scoreOf(by, best.badness), 4)}`] : [],
      left: limits.length > 0 ? Math.min(...limits) : undefined,
    };
  });
  return {
    progress(job, share) {
      running.set(keyOf(job), share);
      bar.refresh();
    },
    done(job, badness, isNew) {
      running.delete(keyOf(job));
      count++;
      if (!isNew) earlier++;
      best.take(job, badness);
      bar.refresh();
    },
    stop() {
      running.clear();
      bar.stop();
    },
  };
}
