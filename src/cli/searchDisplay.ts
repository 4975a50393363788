import { SingleBar } from "cli-progress";
import type { Job } from "../search/methods.js";
import { scoreOf } from "../search/results.js";
import { type FinishedJob, keyOf, type ScoreName } from "../search/trials.js";
import { fitted, hasBars, quiet, REDRAW_MILLISECONDS, timeText } from "./progress.js";
import { valuesText } from "./searchStory.js";
import { duration, scoreCell, short, tell } from "./text.js";
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
      const none = job.stopped === "diverged" ? "diverged" : `no ${by}`;
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
  const started = Date.now();
  let count = 0;
  let earlier = 0;
  const timeLeft = new TimeLeft();
  let isRunning = true;
  const bar = new SingleBar({
    ...quiet,
    format: () => {
      const seconds = (Date.now() - started) / 1000;
      const done = count + [...running.values()].reduce((sum, share) => sum + share, 0);
      const shareOfTime = minutes === undefined ? 0 : seconds / (60 * minutes);
      const progress = Math.min(Math.max(jobs === undefined ? 0 : done / jobs, shareOfTime), 1);
      const score = Number.isFinite(best.badness) ? [`best ${by} ${short(scoreOf(by, best.badness), 4)}`] : [];
      const byJobs = jobs === undefined ? undefined : timeLeft.after(done - earlier, jobs - done);
      const byMinutes = minutes === undefined ? undefined : Math.max(60 * minutes - seconds, 0);
      const limits = [byJobs, byMinutes].filter((limit) => limit !== undefined);
      const time = timeText(limits.length > 0 ? Math.min(...limits) : undefined);
      const label = `trained ${count}${jobs === undefined ? "" : `/${jobs}`}`;
      return fitted(label, progress, score, isRunning ? time : `in ${duration(seconds)}`);
    },
  });
  bar.start(1, 0);
  let drawn = Date.now();
  const draw = () => {
    bar.update(0);
    bar.render();
    drawn = Date.now();
  };
  return {
    progress(job, share) {
      running.set(keyOf(job), share);
      if (Date.now() - drawn >= REDRAW_MILLISECONDS) draw();
    },
    done(job, badness, isNew) {
      running.delete(keyOf(job));
      count++;
      if (!isNew) earlier++;
      best.take(job, badness);
      if (Date.now() - drawn >= REDRAW_MILLISECONDS) draw();
    },
    stop() {
      isRunning = false;
      running.clear();
      draw();
      bar.stop();
    },
  };
}
