import type { Model } from "../artifact/model.js";
import type { Groups } from "../data/dependence.js";
import { NnfitError } from "../errors.js";
import { type Differences, pairedDifferences } from "../score/bootstrap.js";
import { type Scores, scoreKinds, scoresOf } from "../score/scoring.js";
import { type TargetState, targetNames } from "../transform/target.js";
import { aligned } from "./align.js";
import { findModel, rowsSource } from "./locate.js";
import { type PredictedRows, predictRows } from "./predictedRows.js";
import type { RowsOptions } from "./rowsOptions.js";
import { intervalText, oneLine, scoreCell } from "./text.js";
import { modelWithThreshold } from "./threshold.js";

/** How another model does on the same rows, and by how much the scores of the first are higher. */
export interface Against {
  readonly model: string;
  /** the rows seem to be those that the other model was trained on */
  readonly seemsLearned: boolean;
  readonly scores: Scores;
  readonly differences: Differences;
}

/** What was evaluated. */
interface Evaluated extends Pick<PredictedRows, "table" | "truth" | "predictions"> {
  readonly target: TargetState;
  readonly scores: Scores;
  readonly groups?: Groups | undefined;
}

/** The other model, before anything is read. */
export function modelAgainst(path: string, rows: string, { target }: Model, threshold: number | undefined): Model {
  if (rows === "-")
    throw new NnfitError("usage", "each model reads the rows, so they can't come from standard input", {
      at: "--against",
      try: "a file with the rows",
    });
  const other = modelWithThreshold(findModel(path), threshold);
  const [mine, theirs] = [predictedBy(target), predictedBy(other.target)];
  if (mine.join("\n") === theirs.join("\n")) return other;
  throw new NnfitError("usage", "the models don't predict the same, so their scores can't be compared", {
    at: `--against ${path}`,
    have: `${theirs.join(", ")}; the first model predicts ${mine.join(", ")}`,
  });
}

/** The targets; or the class target and its classes, in their order. */
function predictedBy(target: TargetState): string[] {
  return target.task === "regression" ? targetNames(target) : [target.name, ...target.classes];
}

/** Reads the rows for the other model too, and scores it as the first one is scored. */
export async function evaluateAgainst(
  { path, model }: { readonly path: string; readonly model: Model },
  rows: string,
  { target, table, truth, predictions, scores, groups }: Evaluated,
  options: RowsOptions,
): Promise<Against> {
  const other = await predictRows(model, path, rowsSource(rows), options);
  other.close();
  const isSame = other.table.rows === table.rows && table.lines.every((line, row) => line === other.table.lines[row]);
  if (!isSame)
    throw new NnfitError("data", "the models don't take the same rows for ones with a target", {
      at: table.source,
      have: `${table.rows} rows, and ${other.table.rows} of ${path}: their data.missing may differ`,
    });
  const theirs = scoresOf(target, truth, other.predictions);
  const pair = [predictions, other.predictions] as const;
  return {
    model: path,
    seemsLearned: other.seemsLearned,
    scores: theirs,
    differences: pairedDifferences(target, truth, pair, [scores, theirs], groups),
  };
}

/** A line for each score: both models', their difference and its interval, and which is better if that is no chance. */
export function againstLines(target: TargetState, mine: Scores, { model, scores, differences }: Against): string[] {
  const kinds = scoreKinds(target);
  const rows = Object.keys(mine).map((name) => {
    const interval = differences.of[name];
    return [
      name,
      scoreCell(mine[name]),
      scoreCell(scores[name]),
      scoreCell(differences.scores[name]),
      intervalText(interval),
      verdict(kinds[name]!, differences.scores[name]!, interval),
    ];
  });
  const header = ["", "network", "other", "difference", "95 % interval", "network is"];
  return [`against ${oneLine(model)}, on the same rows`, ...aligned([header, ...rows], "")];
}

function verdict(
  better: "higher" | "lower",
  difference: number,
  interval: Differences["of"][string] | undefined,
): string {
  if (!interval) return difference === 0 ? "equal" : "-";
  const [low, high] = interval;
  if (low <= 0 && high >= 0) return "undecided";
  return low > 0 === (better === "higher") ? "better" : "worse";
}
