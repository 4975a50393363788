import type { Model } from "../artifact/model.js";
import type { Groups } from "../data/dependence.js";
import { NnfitError } from "../errors.js";
import { type Interval, type Intervals, pairedDifferences } from "../score/bootstrap.js";
import { type Scores, scoreKinds, scoresOf } from "../score/scoring.js";
import { estimandOf } from "../transform/estimands.js";
import { type TargetState, targetNames } from "../transform/target.js";
import { columnsBelow } from "./align.js";
import { findModel, rowsSource } from "./locate.js";
import { type PredictedRows, predictRows } from "./predictedRows.js";
import type { RowsOptions } from "./rowsOptions.js";
import { shownRows } from "./scores.js";
import { fitted, intervalText, oneLine, scoreCell, short, some, terminalWidth } from "./text.js";
import { modelWithThreshold } from "./threshold.js";

/** A model that the first one is compared with. */
export interface Other {
  readonly path: string;
  readonly model: Model;
}

/** What it predicts of the same rows. */
interface OtherPredicted extends Pick<PredictedRows, "seemsLearned" | "predictions"> {
  readonly path: string;
}

/** How another model does on the same rows, and by how much the scores of the first are higher. */
export interface Against {
  readonly model: string;
  /** the rows seem to be those that the other model was trained on */
  readonly seemsLearned: boolean;
  readonly scores: Scores;
  readonly differences: Scores;
  /** of the differences */
  readonly intervals?: Intervals | undefined;
}

/** What was evaluated. */
interface Evaluated extends Pick<PredictedRows, "truth" | "predictions"> {
  readonly target: TargetState;
  readonly scores: Scores;
  readonly groups?: Groups | undefined;
}

/** The other model, before anything is read. */
export function modelAgainst(path: string, rows: string, { target }: Model, threshold: number | undefined): Other {
  if (rows === "-")
    throw new NnfitError("usage", "each model reads the rows, so they can't come from standard input", {
      at: "--against",
      try: "a file with the rows",
    });
  const model = modelWithThreshold(findModel(path), threshold);
  if (predictsTheSame(target, model.target)) return { path, model };
  throw new NnfitError("usage", "the models don't predict the same, so their scores can't be compared", {
    at: `--against ${path}`,
    have: `${predictedText(model.target)}; the first model predicts ${predictedText(target)}`,
  });
}

/** The same targets; or the same target with the same classes, in the same order. */
function predictsTheSame(one: TargetState, other: TargetState): boolean {
  const namesOf = (target: TargetState) => [target.task, ...targetNames(target), ...classesOf(target)];
  return namesOf(one).join("\n") === namesOf(other).join("\n");
}

function predictedText(target: TargetState): string {
  const names = some(targetNames(target));
  return target.task === "regression" ? names : `classes of ${names}: ${some(target.classes)}`;
}

function classesOf(target: TargetState): readonly string[] {
  return target.task === "regression" ? [] : target.classes;
}

/** That the models estimate different things, and so differ however well they do that. */
export function estimandRemarks(target: TargetState, { path, model }: Other): string[] {
  const [mine, theirs] = [estimandOf(target).text, estimandOf(model.target).text];
  if (mine === theirs) return [];
  return [
    `the model predicts the ${mine}, but ${path} the ${theirs}: a score favours the one that predicts what it is of`,
  ];
}

/** Reads the rows for the other model too: they have to be the same as the first one's, which are in a `table`. */
export async function predictAgainst(
  { path, model }: Other,
  rows: string,
  first: { readonly path: string } & Pick<PredictedRows, "table">,
  options: RowsOptions,
): Promise<OtherPredicted> {
  const { table, seemsLearned, predictions, close } = await predictRows(model, path, rowsSource(rows), options);
  close();
  const [mine, theirs] = [first.table.lines, table.lines];
  const row = mine.findIndex((line, row) => line !== theirs[row]);
  if (row < 0 && mine.length === theirs.length) return { path, seemsLearned, predictions };
  const line = Math.min(
    ...[mine, theirs].map((lines) => lines[row < 0 ? mine.length : row] ?? Number.POSITIVE_INFINITY),
  );
  const [has, lacks] = mine.includes(line) ? [first.path, path] : [path, first.path];
  throw new NnfitError("data", "the models don't take the same rows for ones with a target", {
    at: `${table.source}:${line}`,
    have: `a target for ${has} and none for ${lacks}: what they take for missing (data.missing) differs`,
  });
}

/** Scores the other model as the first one is scored. */
export function compareAgainst(
  { path, seemsLearned, predictions: other }: OtherPredicted,
  { target, truth, predictions, scores, groups }: Evaluated,
  withIntervals: boolean,
): Against {
  const theirs = scoresOf(target, truth, other);
  const differences = Object.entries(scores).map(([name, score]) => [name, score - theirs[name]!]);
  return {
    model: path,
    seemsLearned,
    scores: theirs,
    differences: Object.fromEntries(differences),
    intervals: withIntervals
      ? pairedDifferences(target, truth, [predictions, other], [scores, theirs], groups)
      : undefined,
  };
}

/** A line for each score, below what is compared: too wide for a terminal if the scores of the first were told again. */
export function againstLines(target: TargetState, against: Against): string[] {
  const [header, ...rows] = againstCells(target, against);
  const { told, more } = shownRows(rows);
  return [
    ...fitted(againstText(against), 2),
    ...columnsBelow([header!, ...told], terminalWidth(process.stdout)), // the header is there
    ...more,
  ];
}

export function againstText({ model }: Against): string {
  return `against ${oneLine(model)}, on the same rows (difference: network less other)`;
}

/**
 * A header, and for each score the other model's, by how much the network's is higher, and if there are intervals that of
 * the difference, and which is better if that is no chance.
 */
export function againstCells(target: TargetState, { scores, differences, intervals }: Against): string[][] {
  const kinds = scoreKinds(target);
  const header = ["", "other", "difference", ...(intervals ? ["95 % interval", "network is"] : [])];
  const rows = Object.entries(scores).map(([name, score]) => {
    const difference = differences[name]!;
    const interval = intervals?.of[name];
    const digits = digitsFor(interval);
    return [
      name,
      scoreCell(score),
      scoreCell(difference, digits),
      ...(intervals ? [intervalText(interval, digits), verdict(kinds[name]!, difference, interval)] : []),
    ];
  });
  return [header, ...rows];
}

/** A difference is known by few digits, unless the ends of its interval would look alike. */
function digitsFor(interval: Interval | null | undefined): number {
  if (!interval) return 3;
  const [low, high] = interval.map((end) => short(end, 3));
  return low === high ? 5 : 3;
}

function verdict(better: "higher" | "lower", difference: number, interval: Interval | null | undefined): string {
  if (!interval) return difference === 0 ? "equal" : "-";
  const [low, high] = interval;
  if (low <= 0 && high >= 0) return "undecided";
  return low > 0 === (better === "higher") ? "better" : "worse";
}
