import { SingleBar } from "cli-progress";
import type { Source } from "../data/source.js";
import type { EpochReport } from "../train/bestEpoch.js";
import type { Watcher } from "../train/reports.js";
import { duration, short, tell } from "./text.js";
import { TimeLeft } from "./timeLeft.js";

/** Shows a training as it goes. */
export interface ProgressDisplay extends Watcher {
  /** Comes last, however the training ends. */
  stop(): void;
}

export interface ProgressOptions {
  readonly epochs: number;
  /** names of those that are shown of an epoch */
  readonly scores: readonly string[];
  /** nothing is shown */
  readonly quiet?: boolean;
}

export const REDRAW_MILLISECONDS = 100;
/** What takes less time than this shows no progress. */
const SHORT_MILLISECONDS = 500;
/**
 * A process that is killed leaves the terminal as it was: the cursor is not hidden, the wrapping of lines not turned
 * off; instead the line is made to fit.
 */
export const quiet = { stream: process.stderr, hideCursor: false, linewrap: true, fps: 1000 / REDRAW_MILLISECONDS };
const WIDEST_BAR = 20;
const NARROWEST_BAR = 4;

/** A bar on a terminal, a line for each epoch elsewhere. */
export function progressDisplay(options: ProgressOptions): ProgressDisplay {
  if (options.quiet) return { progress() {}, report() {}, stop() {} };
  return hasBars() ? bar(options) : lines(options);
}

export function hasBars(): boolean {
  return Boolean(process.stderr.isTTY) && process.env.TERM !== "dumb";
}

/** The same source; on a terminal, a bar shows how much of the file has been read, if that takes long. */
export function watched(source: Source): Source {
  const { bytes } = source;
  if (!hasBars() || !bytes) return source;
  return {
    ...source,
    async *read() {
      const bar = lateBar("reading", source.name, bytes);
      let done = 0;
      try {
        for await (const chunk of source.read()) {
          yield chunk;
          done += chunk.length;
          bar.update(done);
        }
      } finally {
        bar.stop();
      }
    },
  };
}

/** How much of something is done, of which a bar tells if it takes long. */
export interface LateBar {
  update(done: number): void;
  stop(): void;
}

/** On a terminal; elsewhere nothing is shown. */
export function lateBar(doing: string, what: string, all: number): LateBar {
  if (!hasBars()) return { update() {}, stop() {} };
  const format = (_: unknown, { progress }: { progress: number }) => fitted(doing, progress, [], what);
  const bar = new SingleBar({ ...quiet, clearOnComplete: true, format });
  let drawn = Date.now() + SHORT_MILLISECONDS;
  let started = false;
  return {
    update(done) {
      if (Date.now() < drawn) return;
      if (!started) bar.start(all, done);
      started = true;
      bar.update(Math.min(done, all));
      bar.render();
      drawn = Date.now() + REDRAW_MILLISECONDS;
    },
    stop() {
      if (started) bar.stop();
    },
  };
}

function lines({ epochs, scores }: ProgressOptions): ProgressDisplay {
  const digits = String(epochs).length;
  return {
    progress() {},
    report(report) {
      const values = figures(report, scores).map(([name, value]) => `${name} ${short(value).padEnd(10)}`);
      tell([`epoch ${String(report.epoch).padStart(digits)}/${epochs}  ${values.join("  ")}`.trimEnd()]);
    },
    stop() {},
  };
}

function bar({ epochs, scores }: ProgressOptions): ProgressDisplay {
  const started = Date.now();
  let report: EpochReport | undefined;
  let running = true;
  const time = new TimeLeft();
  const bar = new SingleBar({
    format: (_, { value, total }) => {
      const seconds = (Date.now() - started) / 1000;
      const left = value > 0 ? timeText(time.after(value, total - value)) : ""; // one that goes on does not begin with 0
      const epoch = report?.epoch ?? 0; // the last that is done, as it is whose losses stand beside it
      const values = report ? figures(report, scores).map(([name, figure]) => `${name} ${short(figure, 4)}`) : [];
      return fitted(`epoch ${epoch}/${epochs}`, value / total, values, running ? left : `in ${duration(seconds)}`);
    },
    ...quiet,
  });
  if (epochs === 0) return { progress() {}, report() {}, stop() {} };
  bar.start(epochs, 0);
  let drawn = Date.now();
  const draw = (done: number) => {
    bar.update(done);
    bar.render();
    drawn = Date.now();
  };
  return {
    progress(done) {
      if (Date.now() - drawn >= REDRAW_MILLISECONDS) draw(done);
    },
    report(latest) {
      report = latest;
    },
    stop() {
      running = false;
      draw(report?.epoch ?? 0);
      bar.stop();
    },
  };
}

/** "12 s left", or nothing while nobody can tell. */
export function timeText(seconds: number | undefined): string {
  return seconds === undefined ? "" : `${duration(seconds)} left`;
}

/**
 * The line of the bar in the terminal's width, with the losses and the first score: the bar gives way to them, then the
 * last of them to the rest.
 */
export function fitted(epoch: string, progress: number, values: readonly string[], time: string): string {
  const width = (process.stderr.columns || 80) - 1;
  for (let shown = Math.min(values.length, 3); shown >= 0; shown--) {
    const words = [epoch, ...values.slice(0, shown), time].filter((word) => word !== "");
    const spare = width - words.join(" ").length;
    if (spare >= NARROWEST_BAR + 1) return [epoch, drawnBar(progress, spare - 1), ...words.slice(1)].join(" ");
    if (spare >= 0) return words.join(" ");
  }
  return epoch.slice(0, width);
}

function drawnBar(progress: number, room: number): string {
  const width = Math.min(room, WIDEST_BAR);
  const filled = Math.round(progress * width);
  return "█".repeat(filled) + "░".repeat(width - filled);
}

/** Names and values as in history.csv. */
function figures({ loss, validation }: EpochReport, scores: readonly string[]): [string, number][] {
  if (!validation) return [["loss", loss]];
  const shown = scores.map((name): [string, number] => [`val_${name}`, validation.scores[name]!]);
  return [["loss", loss], ["val_loss", validation.loss], ...shown];
}
