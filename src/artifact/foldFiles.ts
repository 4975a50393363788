import { existsSync } from "node:fs";
import { join } from "node:path";
import { placeAmong } from "../data/arrays.js";
import { csvLine } from "../data/csv.js";
import { columnOf, type Table, textOf } from "../data/table.js";
import type { FoldResult } from "../folds/crossValidation.js";
import { predictionCells, predictionHeader } from "../transform/output.js";
import { targetNames } from "../transform/target.js";
import type { RunFolder } from "./folder.js";
import { EVENTS_FILE } from "./lastEvent.js";
import { MODEL_FILE, type Model } from "./model.js";
import { HISTORY_FILE, type Run } from "./run.js";

export const FOLDS_FILE = "folds.csv";
export const OUT_OF_FOLD_FILE = "out-of-fold.csv";

/** What a cross-validation writes or, of a training whose model makes way for one that is kept, removes. */
export function foldFiles({ keep }: { keep: boolean }): readonly string[] {
  return [FOLDS_FILE, OUT_OF_FOLD_FILE, ...(keep ? [MODEL_FILE, ...TOLD_FILES] : [])];
}

/** What a training tells of its model. */
const TOLD_FILES = [HISTORY_FILE, EVENTS_FILE];

/**
 * Writes the config, `folds.csv`, a line a fold, and `out-of-fold.csv`, a line for each row that was tested, in the table's order.
 * `table` has the rows that have a target, `whole` all of them: rows are counted as they stand there. Then the
 * model of kept folds; what an earlier training in the folder has told of its own goes when that is there.
 */
export function saveFolds(
  folder: RunFolder,
  table: Table,
  whole: Table,
  results: readonly FoldResult[],
  kept?: Model,
): void {
  if (kept) folder.outdateModel();
  folder.writeConfig();
  folder.write(FOLDS_FILE, bytesOf(foldLines(results).map(csvLine)));
  folder.write(OUT_OF_FOLD_FILE, bytesOf(outOfFoldLines(table, whole, results)));
  if (!kept) return;
  folder.writeModel(MODEL_FILE, kept);
  for (const file of TOLD_FILES) folder.remove(file);
}

/** So many lines make a string that is not too long. */
const LINES_TOGETHER = 10_000;

function bytesOf(lines: readonly string[]): Buffer {
  const parts: Buffer[] = [];
  for (let line = 0; line < lines.length; line += LINES_TOGETHER)
    parts.push(Buffer.from(lines.slice(line, line + LINES_TOGETHER).join("")));
  return Buffer.concat(parts);
}

/** Removes what a cross-validation with another config has left in the folder of a training. True if there was something. */
export function removeOtherFolds(run: Pick<Run, "folder" | "hadOther" | "remove">): boolean {
  const left = [FOLDS_FILE, OUT_OF_FOLD_FILE].filter((file) => existsSync(join(run.folder, file)));
  if (!run.hadOther || left.length === 0) return false;
  for (const file of left) run.remove(file);
  return true;
}

/** What a fold was, by the names of folds.csv and `--json`. */
export function foldFacts({ fold, outcome: { rowCounts, epochs, keptEpoch, stopped } }: FoldResult) {
  const { trainingRows, validationRows } = rowCounts;
  return {
    fold: fold.number + 1,
    trainingRows,
    validationRows,
    testRows: fold.test.length,
    epochs,
    keptEpoch,
    stopped,
  };
}

function foldLines(results: readonly FoldResult[]): string[][] {
  const records = results.map((result) => ({ ...foldFacts(result), ...result.judgement.scores }));
  return [Object.keys(records[0] ?? {}), ...records.map((record) => Object.values(record).map(String))];
}

function outOfFoldLines(table: Table, whole: Table, results: readonly FoldResult[]): string[] {
  const target = results[0]!.outcome.target; // there are two folds at least
  const names = targetNames(target);
  const truths = names.map((name) => columnOf(table, name)!);
  const lines: string[] = [];
  for (const { fold, outcome, outputs } of results) {
    const cells = predictionCells(outcome.target, outputs, { probabilities: true });
    for (const [i, row] of fold.test.entries()) {
      const line = table.lines[row]!;
      const truth = truths.map((column) => textOf(column, row) ?? "");
      const place = [placeAmong(whole.lines, line) + 1, line, fold.number + 1].map(String);
      lines[row] = csvLine([...place, ...truth, ...cells[i]!]);
    }
  }
  const tested = lines.filter((line) => line !== undefined); // the earliest rows in time never are
  const truth = names.length === 1 ? ["truth"] : names.map((name) => `truth_${name}`);
  return [csvLine(["row", "line", "fold", ...truth, ...predictionHeader(target, { probabilities: true })]), ...tested];
}
