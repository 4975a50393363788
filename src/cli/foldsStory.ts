import { MODEL_FILE } from "../artifact/model.js";
import type { NnfitError } from "../errors.js";
import type { FoldResult } from "../folds/crossValidation.js";
import type { CrossValidation } from "../folds/plan.js";
import type { FoldScores } from "../folds/scores.js";
import { unlearnedClasses } from "../folds/split.js";
import { metricsAt } from "../score/metrics.js";
import { scoreNames } from "../score/scoring.js";
import type { Outcome } from "../train/train.js";
import type { TargetState } from "../transform/target.js";
import { aligned, widest } from "./align.js";
import { tellPredict } from "./interval.js";
import type { Comparison } from "./scores.js";
import { summarize } from "./summary.js";
import { count, duration, note, say, scoreCell, some, tell, whole } from "./text.js";

/** What the folds are, in a line: "5, stratified by species: each is tested on 30 rows that it did not learn from". */
export function foldsText({ folds, task, options: { data }, sharesScaling }: CrossValidation): string {
  const sizes = range(folds.map(({ test }) => test.length));
  const tested = `${sizes} ${sizes === "1" ? "row" : "rows"}`;
  const scaling = sharesScaling
    ? "; scaling is learned once from all rows, so that the networks can form one model"
    : "";
  if (data.time) {
    const learned = range(folds.map(({ learning }) => learning.length));
    return `${folds.length} in order of ${data.time}: each fold is tested on ${tested} and trained on all before them, ${learned}; the first fold:`;
  }
  const stratified = task.classes ? `stratified by ${task.names[0]}` : "rows assigned at random";
  const how = data.groups ? `whole groups of ${data.groups}` : stratified;
  return `${folds.length}, ${how}: each fold is tested on ${tested} and trained on all others${scaling}; the first fold:`;
}

function range(numbers: readonly number[]): string {
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return least === most ? whole(least) : `${whole(least)} to ${whole(most)}`;
}

/** Tells what a fold can't get right. */
export function warnOfFolds({ folds, task }: CrossValidation): void {
  for (const { number, names } of unlearnedClasses(task.table, folds, task.classes)) {
    note(`fold ${number + 1} is tested on rows of ${some(names)} but has none to train on`);
  }
}

/** Every fold's scores, their mean and deviation, and those of all tested rows at once. */
export function foldsTable(target: TargetState, results: readonly FoldResult[], scores: FoldScores): string[] {
  const isWide = target.task === "regression" && target.targets.length > 1;
  const ofLine = scoreNames(target, metricsAt(target, "line"));
  const lines = linesOf(isWide ? ofLine : scoreNames(target), results, scores);
  const room = process.stderr.isTTY ? process.stderr.columns || 80 : Number.POSITIVE_INFINITY;
  return widest(lines) < room ? lines : linesOf(ofLine, results, scores);
}

function linesOf(names: readonly string[], results: readonly FoldResult[], scores: FoldScores): string[] {
  const cells = (of: Readonly<Record<string, number>>) => names.map((name) => scoreCell(of[name]));
  const tested = results.reduce((sum, { fold }) => sum + fold.test.length, 0);
  return aligned([
    ["fold", "rows", "epoch", ...names],
    ...results.map(({ fold, outcome, judgement }) => [
      String(fold.number + 1),
      whole(fold.test.length),
      whole(outcome.keptEpoch),
      ...cells(judgement.scores),
    ]),
    ["mean", "", "", ...cells(scores.mean)],
    ["± deviation", "", "", ...cells(scores.deviation)],
    ["out of fold", whole(tested), "", ...cells(scores.outOfFold)],
  ]);
}

export interface FoldsConclusion {
  readonly folder: string;
  readonly files: readonly string[];
  readonly seconds: number;
  /** the networks of all folds, where they are kept as one model */
  readonly kept: Pick<Outcome, "members" | "target"> | undefined;
  readonly failure: NnfitError | undefined;
  /** the latest rows of each fold's table are held out */
  readonly isByTime: boolean;
}

/** Says how it went. */
export function concludeFolds(
  target: TargetState,
  results: readonly FoldResult[],
  scores: FoldScores,
  compared: readonly Comparison[],
  { folder, files, seconds, kept, failure, isByTime }: FoldsConclusion,
): void {
  say("done", `${count(results.length, "fold")} in ${duration(seconds)}`);
  tell(["", ...foldsTable(target, results, scores), ""]);
  for (const { label, text, remarks } of compared) {
    say(label, text);
    for (const remark of remarks) say("", remark);
  }
  const paths = files.map((file) => `${folder}/${file}`).join(", ");
  const model = !kept ? "not kept" : `${folder}/${MODEL_FILE}`;
  summarize({
    title: `nnfit train --folds ${results.length}: ${folder}`,
    columns: [
      { heading: "mean of the folds", scores: scores.mean },
      { heading: "± deviation", scores: scores.deviation },
      { heading: "out of fold", scores: scores.outOfFold },
    ],
    compared,
    remarks: [],
    failure,
    facts: { files: paths, model },
  });
  say("files", paths);
  if (!kept) {
    const all = isByTime ? "; with --set data.validation=0 it learns from the latest rows too" : "";
    say("model", `not kept; the same command without --folds trains one${all}`);
    return;
  }
  say("model", `${folder}/${MODEL_FILE}: the ${whole(kept.members.length)} networks of all folds`);
  tellPredict(folder, kept.target);
}
