import type { Baseline } from "../train/baseline.js";
import type { Interval } from "../train/bootstrap.js";
import type { Scores } from "../train/metrics.js";
import { scoreCell, scoreText } from "./text.js";

/** Names and what they are, one below the other. */
export function scoreLines(
  rows: number,
  scores: Scores,
  intervals: Readonly<Record<string, Interval | null>> = {},
  baseline?: string,
): string[] {
  const width = Math.max("baseline".length, ...Object.keys(scores).map((name) => name.length));
  const cells = Object.entries(scores).map(([name, score]) => [name, scoreCell(score), intervals[name]] as const);
  const scoreWidth = Math.max(...cells.map(([, score]) => score.length));
  const last = baseline === undefined ? [] : [`${"baseline".padEnd(width)}  ${baseline}`];
  return [
    `${"rows".padEnd(width)}  ${rows}`,
    ...cells.map(([name, score, interval]) => {
      if (!interval) return `${name.padEnd(width)}  ${score}`;
      const [low, high] = interval.map(scoreCell);
      return `${name.padEnd(width)}  ${score.padEnd(scoreWidth)}  (95 %: ${low} to ${high})`;
    }),
    ...last,
  ];
}

/** A confusion matrix with its classes: a line for each true one, a column for each predicted one. */
export function confusionLines(classes: readonly string[], matrix: readonly (readonly number[])[]): string[] {
  const corner = "truth \\ predicted";
  const first = Math.max(corner.length, ...classes.map((name) => name.length));
  const widths = classes.map((name, c) => Math.max(name.length, ...matrix.map((row) => String(row[c]).length)));
  const line = (name: string, cells: readonly (string | number)[]) =>
    [name.padEnd(first), ...cells.map((cell, c) => String(cell).padStart(widths[c]!))].join("  ");
  return [line(corner, classes), ...matrix.map((row, c) => line(classes[c]!, row))];
}

/** How a baseline does, by those of its scores that are named: "accuracy 0.5123 (always "versicolor")". */
export function baselineText({ rule, scores }: Baseline, names: readonly string[]): string {
  return `${scoreText(Object.fromEntries(names.map((name) => [name, scores[name]!])))} (${rule})`;
}

/** That a network is no better than the baseline, by the scores that say so; nothing if none does. */
export function noBetterText(names: readonly string[]): string[] {
  if (names.length === 0) return [];
  return [`by ${names.join(" and ")} the network is no better than this rule, which looks at no input`];
}
