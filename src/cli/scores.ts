import type { Baseline, Baselines } from "../score/baseline.js";
import type { Interval } from "../score/bootstrap.js";
import type { Confusion } from "../score/confusion.js";
import type { Importances } from "../score/importance.js";
import type { Scores } from "../score/scoring.js";
import { comparedScores, notBetter, type wantedScores } from "../score/wanted.js";
import { isBent } from "../transform/apply.js";
import type { PipelineState } from "../transform/pipeline.js";
import type { TargetState } from "../transform/target.js";
import { columnsBelow, padEnd, padStart, shortened, widest } from "./align.js";
import { fitted, intervalText, oneLine, percent, scoreCell, scoreText, short, some, whole } from "./text.js";

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

/** As many as people read, and a line about the others. */
export function shownRows<Row>(rows: readonly Row[]): {
  readonly told: readonly Row[];
  readonly more: readonly string[];
} {
  return firstFew(rows, MOST_SCORES);
}

function firstFew<Row>(rows: readonly Row[], most: number) {
  const told = rows.slice(0, rows.length > most + 1 ? most : rows.length);
  const rest = rows.length - told.length;
  return { told, more: rest > 0 ? [`and ${whole(rest)} more, listed by --json`] : [] };
}

/** A line for each score, with a column for the network, for its intervals if there are any, and for each rule beside it. */
export function scoreLines(
  scores: Scores,
  compared: readonly Comparison[],
  intervals?: Readonly<Record<string, Interval | null>>,
  room = Number.POSITIVE_INFINITY,
): string[] {
  const rules = compared.flatMap(({ label, scores }) => (scores ? [{ label, scores }] : []));
  const { told, more } = shownRows(Object.entries(scores));
  const header = ["", "network", ...(intervals ? ["95 % interval"] : []), ...rules.map(({ label }) => label)];
  const rows = told.map(([name, score]) => [
    name,
    scoreCell(score),
    ...(intervals ? [intervalText(intervals[name])] : []),
    ...rules.map(({ scores }) => scoreCell(scores[name])),
  ]);
  return [...columnsBelow([header, ...rows], room), ...more];
}

/** A line about all of the evaluation or about a column of its table; the labels are of equal width. */
export function labelledFact(label: string, text: string): string[] {
  const width = "baseline".length;
  return fitted(`${label.padEnd(width)}  ${oneLine(text)}`, width + 2);
}

/** What each column of the rules is, one below the other. */
export function ruleLines(compared: readonly Comparison[]): string[] {
  return compared.flatMap(({ label, rule }) => labelledFact(label, rule));
}

/** What there is to say of the network beside them, where that is not below the rule. */
export function comparedRemarks(compared: readonly Comparison[]): string[] {
  return compared.flatMap(({ label, remarks }) => remarks.map((remark) => `${label}: ${remark}`));
}

/** A terminal of the usual width has no room for more. */
const WIDEST = 80;
const WIDEST_CLASS = 40;

/**
 * A confusion matrix with its classes: a line for each true one, a column for each predicted one, at their ends the recall
 * and precision. Where names make it too wide, the columns have the numbers of the lines: #1, #2, …
 */
export function confusionLines(confusion: Confusion): string[] {
  const names = confusion.classes.map((name) => shortened(oneLine(name), WIDEST_CLASS));
  const lines = confusionTable(names, names, confusion);
  if (widest(lines) <= WIDEST) return lines;
  const numbers = names.map((_, c) => `#${c + 1}`);
  const numbered = names.map((name, c) => `${padStart(numbers[c]!, numbers.at(-1)!.length)} ${name}`);
  const narrower = confusionTable(numbered, numbers, confusion);
  return widest(narrower) < widest(lines) ? narrower : lines;
}

function confusionTable(
  lines: readonly string[],
  columns: readonly string[],
  { rows: matrix, precision, recall }: Confusion,
): string[] {
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
export function importanceLines({ shuffles, columns }: Importances, room = Number.POSITIVE_INFINITY): string[] {
  const names = Object.keys(columns[0]?.worse ?? {});
  const { told, more } = firstFew(columns, MOST_LINES);
  const spread = (deviation: number) => (Number.isFinite(deviation) ? short(deviation, 2) : "-");
  const cells = told.map(({ column, worse }) => [
    column,
    ...names.map((name) => `${scoreCell(worse[name]!.mean)} ± ${spread(worse[name]!.deviation)}`),
  ]);
  return [
    ...fitted(
      `importance: how much worse each score gets when a column is shuffled (mean of ${shuffles} shuffles ± deviation)`,
      2,
    ),
    ...columnsBelow([["column", ...names], ...cells], room),
    ...more,
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
  const names = comparedScores(target, training);
  const compare = (label: string, baseline: Baseline, what: string, way = ""): Comparison => {
    const worse = notBetter(target, names, network, baseline.scores);
    const subject = networks > 1 ? "networks are" : "network is";
    const remark = `by ${worse.length > 2 ? some(worse) : worse.join(" and ")} the ${subject} no better than ${what}${way}`;
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
    pipeline !== undefined && isBent(pipeline)
      ? ', which takes numbers as they are; with scale.inputs: "standard" the network takes them so too'
      : "";
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
