import type { EpochReport } from "../train/bestEpoch.js";
import type { Watcher } from "../train/reports.js";
import { hasBars, steadyBar } from "./bars.js";
import { short, tell } from "./text.js";
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

/** A bar on a terminal, a line for each epoch elsewhere. */
export function progressDisplay(options: ProgressOptions): ProgressDisplay {
  if (options.quiet) return { progress() {}, report() {}, stop() {} };
  return hasBars() ? bar(options) : lines(options);
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
  if (epochs === 0) return { progress() {}, report() {}, stop() {} };
  let report: EpochReport | undefined;
  let done = 0;
  const time = new TimeLeft();
  const bar = steadyBar(() => ({
    label: `epoch ${report?.epoch ?? 0}/${epochs}`, // the last that is done, as it is whose losses stand beside it
    progress: done / epochs,
    values: report ? figures(report, scores).map(([name, figure]) => `${name} ${short(figure, 4)}`) : [],
    left: done > 0 ? time.after(done, epochs - done) : undefined, // one that goes on does not begin with 0
  }));
  return {
    progress(sofar) {
      done = sofar;
      bar.refresh();
    },
    report(latest) {
      report = latest;
    },
    stop() {
      done = report?.epoch ?? 0;
      bar.stop();
    },
  };
}

/** Names and values as in history.csv. */
function figures({ loss, validation }: EpochReport, scores: readonly string[]): [string, number][] {
  if (!validation) return [["loss", loss]];
  const shown = scores.map((name): [string, number] => [`val_${name}`, validation.scores[name]!]);
  return [["loss", loss], ["val_loss", validation.loss], ...shown];
}
