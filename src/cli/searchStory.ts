import type { Table } from "../data/table.js";
import type { JudgingRows } from "../search/judges.js";
import type { SearchOptions } from "../search/options.js";
import { BEST_FILE, scoreOf, TRIALS_FILE, valueText } from "../search/results.js";
import { type FinishedJob, isRefused, type ScoreName, type Values } from "../search/trials.js";
import { narrowed } from "./align.js";
import {
  count,
  duration,
  percent,
  say,
  sayCommand,
  scoreCell,
  shellPath,
  some,
  tell,
  terminalWidth,
  whole,
} from "./text.js";

/** So many of the best trials are shown. */
const SHOWN = 5;

interface Ranked {
  readonly job: FinishedJob;
  readonly badness: number;
}

export interface SearchConclusion {
  /** the best first */
  readonly ranked: readonly Ranked[];
  readonly best: Ranked | undefined;
  readonly by: ScoreName;
  readonly folder: string;
  /** all trials were trained */
  readonly isWhole: boolean;
  readonly stoppedBy: NodeJS.Signals | undefined;
  readonly seconds: number;
}

/** Says what is searched. */
export function describeSearch(
  table: Table,
  {
    wanted: { ranges, method, runs, minutes },
    by,
    judgedRows,
    earlier,
  }: { wanted: SearchOptions; by: ScoreName; judgedRows: JudgingRows; earlier: number },
): void {
  say("table", `${table.source}: ${count(table.rows, "row")}`);
  say("search", `${count(ranges.size, "setting")}: ${some([...ranges.keys()])}`);
  const budget = [
    ...(runs === undefined ? [] : [count(runs, "trial")]),
    ...(minutes === undefined ? [] : [count(minutes, "minute")]),
  ];
  say("method", `${method.name}, ${budget.join(" or ")}`);
  say("judge", `${by} on ${rowsText(judgedRows)}`);
  if (earlier > 0) say("", `${count(earlier, "training")} done earlier`);
}

function rowsText({ rows, folds }: JudgingRows): string {
  if (folds !== undefined) return `${count(rows, "row")}, mean over ${folds} folds`;
  return rows === 1 ? "the validation row" : `the ${whole(rows)} validation rows`;
}

/** Says what was found and what to do with it. */
export function concludeSearch({
  ranked,
  best,
  by,
  folder,
  isWhole,
  stoppedBy,
  seconds,
  earlier,
  command,
}: SearchConclusion & { readonly earlier: number; readonly command: string }): void {
  const before = earlier > 0 ? `, and ${earlier} earlier` : "";
  const how = stoppedBy ? "stopped" : "done";
  const [trained, refused] = parted(ranked);
  say(how, `${count(trained.length - earlier, "training")} in ${duration(seconds)}${before}`);
  if (!isWhole) sayCommand("go on", command);
  const [first] = refused;
  if (first) {
    const which = `${count(refused.length, "trial")} with values that don't go together`;
    say("refused", `${which}, such as trial ${first.trial}: ${first.reason}`);
  }
  tell(bestFew(ranked, by));
  say("table", `${folder}/${TRIALS_FILE}`);
  if (!best) return;
  const shortened = best.job.share < 1 ? ", after only part of its epochs" : "";
  say("best", `trial ${best.job.trial}: ${by} ${scoreCell(scoreOf(by, best.badness))}${shortened}`);
  const scored = ranked.filter(({ badness }) => Number.isFinite(badness)).length;
  if (scored > 1)
    say("", `too good, as the best of ${whole(scored)} scores on the same rows: score the trained model on other rows`);
  sayCommand("train", `nnfit train ${shellPath(`${folder}/${BEST_FILE}`)}`);
}

/** The trainings, and the trials that were refused before any. */
function parted(ranked: readonly Ranked[]): [FinishedJob[], FinishedJob[]] {
  const jobs = ranked.map(({ job }) => job);
  return [jobs.filter((job) => !isRefused(job)), jobs.filter(isRefused)];
}

function bestFew(ranked: readonly Ranked[], by: ScoreName): string[] {
  const longest = new Map(ranked.toReversed().map(({ job }) => [job.trial, job]));
  const shown = ranked
    .filter(({ job, badness }) => Number.isFinite(badness) && longest.get(job.trial) === job)
    .slice(0, SHOWN);
  const [first] = shown;
  if (!first) return [];
  const names = shortNames(Object.keys(first.job.values));
  const hasParts = shown.some(({ job }) => job.share < 1);
  const rows = shown.map(({ job, badness }) => [
    String(job.trial),
    `${count(job.epochs, "epoch")}${hasParts ? ` (${percent(job.share)})` : ""}`,
    scoreCell(scoreOf(by, badness)),
    ...Object.values(job.values).map(valueText),
  ]);
  const header = ["trial", hasParts ? "trained (share)" : "trained", by, ...names.values()];
  return narrowed([header, ...rows], terminalWidth(process.stderr), (row, column) => row === 0 && column > 2);
}

/** By path, its last word, or where two paths have the same one the whole path. */
export function shortNames(paths: readonly string[]): Map<string, string> {
  const last = (path: string) => path.slice(path.lastIndexOf(".") + 1);
  const isShared = (path: string) => paths.filter((other) => last(other) === last(path)).length > 1;
  return new Map(paths.map((path) => [path, isShared(path) ? path : last(path)]));
}

/** "learningRate 0.01, hidden [64,64]" */
export function valuesText(values: Values): string {
  const names = shortNames(Object.keys(values));
  return Object.entries(values)
    .map(([path, value]) => `${names.get(path)} ${valueText(value)}`)
    .join(", ");
}

/** What a script wants to know of a search. */
export function searchResult({ ranked, best, by, folder, isWhole, stoppedBy, seconds }: SearchConclusion) {
  const [trained, refused] = parted(ranked);
  return {
    version: 1,
    folder,
    table: `${folder}/${TRIALS_FILE}`,
    trials: new Set(trained.map(({ trial }) => trial)).size,
    trainings: trained.length,
    refused: refused.length,
    complete: isWhole,
    stopped: stoppedBy ?? null,
    by,
    best: best
      ? {
          config: `${folder}/${BEST_FILE}`,
          trial: best.job.trial,
          share: best.job.share,
          epochs: best.job.epochs,
          loss: best.job.loss,
          scores: best.job.scores,
          values: best.job.values,
        }
      : null,
    seconds: Math.round(1000 * seconds) / 1000,
  };
}
