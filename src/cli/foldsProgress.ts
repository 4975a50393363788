import type { FoldResult, FoldsWatcher } from "../folds/crossValidation.js";
import { hasBars, steadyBar } from "./bars.js";
import { scoreText, tell } from "./text.js";
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
  const total = Math.max(folds * epochs, 1);
  const time = new TimeLeft();
  let latest: FoldResult | undefined;
  let done = 0;
  let epochsDone = 0;
  let epochsBefore = 0;
  const bar = steadyBar(() => ({
    label: `${done}/${folds} folds`,
    progress: done === folds ? 1 : epochsDone / total, // a fold may have stopped early
    values: latest ? [`last: fold ${latest.fold.number + 1}, ${scoresText(latest, scores.slice(0, 1))};`] : [],
    inAll: true,
    left: time.after(epochsDone - epochsBefore, total - epochsDone),
  }));
  return {
    progress(sofar, before) {
      epochsDone = sofar;
      epochsBefore = before;
      bar.refresh();
    },
    done(result) {
      latest = result;
      done++;
    },
    stop: bar.stop,
  };
}

function scoresText({ judgement }: FoldResult, names: readonly string[]): string {
  return scoreText(Object.fromEntries(names.map((name) => [name, judgement.scores[name]!])));
}
