import { SingleBar } from "cli-progress";
import type { FoldResult, FoldsWatcher } from "../folds/crossValidation.js";
import { fitted, hasBars, quiet, REDRAW_MILLISECONDS, timeText } from "./progress.js";
import { duration, scoreText, tell } from "./text.js";
import { TimeLeft } from "./timeLeft.js";

/** Shows a cross-validation as it goes. */
export interface FoldsDisplay extends FoldsWatcher {
  /** Comes last, however it ends. */
  stop(): void;
}

export interface FoldsDisplayOptions {
  readonly folds: number;
  readonly epochs: number;
  /** names of those that are shown of a fold */
  readonly scores: readonly string[];
  /** nothing is shown */
  readonly quiet?: boolean;
}

/** A bar on a terminal, a line for each fold elsewhere, in the order in which they end. */
export function foldsDisplay(options: FoldsDisplayOptions): FoldsDisplay {
  if (options.quiet) return { progress() {}, done() {}, stop() {} };
  return hasBars() ? bar(options) : lines(options);
}

function lines({ folds, scores }: FoldsDisplayOptions): FoldsDisplay {
  const digits = String(folds).length;
  return {
    progress() {},
    done(result) {
      const number = String(result.fold.number + 1).padStart(digits);
      tell([`fold ${number}/${folds}  ${scoresText(result, scores)}`]);
    },
    stop() {},
  };
}

function bar({ folds, epochs, scores }: FoldsDisplayOptions): FoldsDisplay {
  const started = Date.now();
  const total = Math.max(folds * epochs, 1);
  const time = new TimeLeft();
  let latest: FoldResult | undefined;
  let done = 0;
  let epochsBefore = 0;
  const bar = new SingleBar({
    format: (_, { value }) => {
      const seconds = (Date.now() - started) / 1000;
      const left = timeText(time.after(value - epochsBefore, total - value));
      const values = latest ? [`fold ${latest.fold.number + 1}: ${scoresText(latest, scores.slice(0, 1))}`] : [];
      return fitted(`${done}/${folds} folds`, value / total, values, done < folds ? left : `in ${duration(seconds)}`);
    },
    ...quiet,
  });
  bar.start(total, 0);
  let epochsDone = 0;
  let drawn = Date.now();
  const draw = () => {
    bar.update(done === folds ? total : epochsDone); // a fold may have stopped early
    bar.render();
    drawn = Date.now();
  };
  return {
    progress(sofar, before) {
      epochsDone = sofar;
      epochsBefore = before;
      if (Date.now() - drawn >= REDRAW_MILLISECONDS) draw();
    },
    done(result) {
      latest = result;
      done++;
    },
    stop() {
      draw();
      bar.stop();
    },
  };
}

function scoresText({ judgement }: FoldResult, names: readonly string[]): string {
  return scoreText(Object.fromEntries(names.map((name) => [name, judgement.scores[name]!])));
}
