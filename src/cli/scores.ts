import type { Baseline, Baselines } from "../score/baseline.js";
import type { Interval } from "../score/bootstrap.js";
import { precisionAndRecall } from "../score/confusion.js";
import type { Importances } from "../score/importance.js";
import type { Scores } from "../score/scoring.js";
import { notBetter, wantedScores } from "../score/wanted.js";
import { isStraightThroughout } from "../transform/apply.js";
import type { PipelineState } from "../transform/pipeline.js";
import type { TargetState } from "../transform/target.js";
import { aligned, padEnd, padStart, shortened, widest } from "./align.js";
import { intervalText, oneLine, percent, scoreCell, scoreText, short, whole } from "./text.js";

/** Something simpler than the network, how it does, and what there is to say of the network beside it. */
export interface Comparison {
  readonly label: string;
  readonly text: string;
  /** what it is, or why there is none */
  readonly rule: string;
  readonly scores?: Scores;
  readonly remarks: readonly string[];
}

/** A longer table is for programs. */
const MOST_SCORES = 20;

/** A line for each score, with a column for the network, for its intervals if there are any, and for each rule beside it. */
export function scoreLines(
  scores: Scores,
  compared: readonly Comparison[],
  intervals?: Readonly<Record<string, Interval | null>>,
): string[] {
  const rules = compared.flatMap(({ label, scores }) => (scores ? [{ label, scores }] : []));
  const all = Object.entries(scores);
  const told = all.slice(0, all.length > MOST_SCORES + 1 ? MOST_SCORES : all.length);
  const header = ["", "network", ...(intervals ? ["95 % interval"] : []), ...rules.map(({ label }) => label)];
  const rows = told.map(([name, score]) => [
    name,
    scoreCell(score),
    ...(intervals ? [intervalText(intervals[name])] : []),
    ...rules.map(({ scores }) => scoreCell(scores[name])),
  ]);
  const rest = all.length - told.length;
  return [...aligned([header, ...rows], ""), ...(rest > 0 ? [`and ${whole(rest)} more, listed by --json`] : [])];
}

/** What each column of the rules is, one below the other. */
export function ruleLines(compared: readonly Comparison[]): string[] {
  return compared.map(({ label, rule }) => `${label.padEnd("baseline".length)}  ${oneLine(rule)}`);
}

/** A terminal of the usual width has no room for more. */
const WIDEST = 80;
const WIDEST_CLASS = 40;

/**
 * A confusion matrix with its classes: a line for each true one, a column for each predicted one, at their ends the recall
 * and precision. Where names make it too wide, the columns have the numbers of the lines: #1, #2, …
 */
export function confusionLines(classes: readonly string[], matrix: readonly (readonly number[])[]): string[] {
  const names = classes.map((name) => shortened(oneLine(name), WIDEST_CLASS));
  const lines = confusionTable(names, names, matrix);
  if (widest(lines) <= WIDEST) return lines;
  const numbers = names.map((_, c) => `#${c + 1}`);
  const numbered = names.map((name, c) => `${padStart(numbers[c]!, numbers.at(-1)!.length)} ${name}`);
  const narrower = confusionTable(numbered, numbers, matrix);
  return widest(narrower) < widest(lines) ? narrower : lines;
}

function confusionTable(
  lines: readonly string[],
  columns: readonly string[],
  matrix: readonly (readonly number[])[],
): string[] {
  const { precision, recall } = precisionAndRecall(matrix);
  const shown = (share: number | null) => (share === null ? "-" : percent(share));
  const rows = [
    ["truth \\ predicted", ...columns, "recall"],
    ...matrix.map((row, r) => [lines[r]!, ...row.map(String), shown(recall[r]!)]),
    ["precision", ...precision.map(shown), ""],
  ];
  const widths = rows[0]!.map((_, c) => widest(rows.map((cells) => cells[c]!)));
  return rows.map(([first, ...cells]) =>
    [padEnd(first!, widths[0]!), ...cells.map((cell, c) => padStart(cell, widths[c + 1]!))].join("  ").trimEnd(),
  );
}

/** A longer list is for programs. */
const MOST_LINES = 50;

/** A line for each column, with how much worse each score gets without what it tells. */
export function importanceLines({ shuffles, columns }: Importances): string[] {
  const names = Object.keys(columns[0]?.worse ?? {});
  const shown = columns.slice(0, columns.length > MOST_LINES + 1 ? MOST_LINES : columns.length);
  const spread = (deviation: number) => (Number.isFinite(deviation) ? short(deviation, 2) : "-");
  const cells = shown.map(({ column, worse }) => [
    column,
    ...names.map((name) => `${scoreCell(worse[name]!.mean)} ± ${spread(worse[name]!.deviation)}`),
  ]);
  return [
    `importance: how much worse each score gets when a column is shuffled (mean of ${shuffles} shuffles ± deviation)`,
    ...aligned([["column", ...names], ...cells]),
    ...(shown.length < columns.length ? [`  and ${whole(columns.length - shown.length)} more, listed by --json`] : []),
  ];
}

/** What the network is compared with, by the scores that its training was to better; before a next training, what may help it. */
export function comparisons(
  target: TargetState,
  training: Parameters<typeof wantedScores>[1],
  network: Scores,
  of: Baselines,
  { pipeline, networks = 1 }: { readonly pipeline?: PipelineState | undefined; readonly networks?: number } = {},
): Comparison[] {
  const names = wantedScores(target, training);
  const compare = (label: string, baseline: Baseline, what: string, way = ""): Comparison => {
    const worse = notBetter(target, names, network, baseline.scores);
    const subject = networks > 1 ? "networks are" : "network is";
    const remark = `by ${worse.join(" and ")} the ${subject} no better than ${what}${way}`;
    return {
      label,
      text: baselineText(baseline.rule, baseline.scores, names),
      ...baseline,
      remarks: worse.length > 0 ? [remark] : [],
    };
  };
  const first = compare("baseline", of.baseline, "this rule, which ignores the inputs");
  if ("leftOut" in of.linear) {
    const none = `none: ${of.linear.leftOut}`;
    return [first, { label: "linear", text: none, rule: none, remarks: [] }];
  }
  const way =
    pipeline === undefined || isStraightThroughout(pipeline)
      ? ""
      : ', which takes numbers as they are; so would the network with scale.inputs: "standard"';
  return [first, compare("linear", of.linear, "this linear model", way)];
}

/** How a rule does, by those of its scores that are named: "accuracy 0.5123 (always "versicolor")". */
export function baselineText(
  rule: string,
  scores: Readonly<Record<string, number | null>>,
  names: readonly string[],
): string {
  return `${scoreText(Object.fromEntries(names.map((name) => [name, scores[name] ?? null])))} (${oneLine(rule)})`;
}
