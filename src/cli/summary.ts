import { fileError, type NnfitError } from "../errors.js";
import type { Interval } from "../score/bootstrap.js";
import type { Scores } from "../score/scoring.js";
import { appendSummary } from "./github.js";
import type { Comparison } from "./scores.js";
import { intervalText, note, scoreCell } from "./text.js";

/** What the step summary of GitHub Actions tells of a training or an evaluation. */
export interface Summary {
  readonly title: string;
  /** by the heading of their column */
  readonly scores: Readonly<Record<string, Scores>>;
  /** of the scores of the first column */
  readonly intervals?: Readonly<Record<string, Interval | null>> | undefined;
  readonly compared: readonly Comparison[];
  /** on how far the scores can be trusted */
  readonly remarks: readonly string[];
  /** that the scores are not as they have to be */
  readonly failure?: NnfitError | undefined;
  /** what else there is to say, by label */
  readonly facts: Readonly<Record<string, string>>;
}

/** A summary that can't be written is no reason to fail. */
export function summarize(summary: Summary): void {
  try {
    appendSummary(`${summaryLines(summary).join("\n")}\n\n`);
  } catch (error) {
    note(fileError("write the step summary", "GITHUB_STEP_SUMMARY", error).message);
  }
}

function summaryLines({ title, scores, intervals = {}, compared, remarks, failure, facts }: Summary): string[] {
  const columns: [string, Scores][] = [
    ...Object.entries(scores),
    ...compared.flatMap(({ label, scores }): [string, Scores][] => (scores ? [[label, scores]] : [])),
  ];
  const names = Object.keys(columns[0]![1]); // there is one column at least
  const cell = (name: string, scores: Scores, column: number) => {
    const interval = column === 0 ? intervals[name] : undefined;
    return interval ? `${scoreCell(scores[name])} (${intervalText(interval)})` : scoreCell(scores[name]);
  };
  const failed = failure && { failed: [failure.message, failure.details.have].filter(Boolean).join("; ") };
  const told = { ...failed, ...facts, ...Object.fromEntries(compared.map(({ label, rule }) => [label, rule])) };
  return [
    `### ${markdown(title)}`,
    "",
    tableLine(["", ...columns.map(([heading]) => heading)]),
    `| :-- |${" --: |".repeat(columns.length)}`,
    ...names.map((name) => tableLine([name, ...columns.map(([, scores], column) => cell(name, scores, column))])),
    "",
    ...Object.entries(told).map(([label, text]) => `- ${markdown(label)}: ${markdown(text)}`),
    ...[...compared.flatMap(({ remarks }) => remarks), ...remarks].map((remark) => `- ${markdown(remark)}`),
  ];
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.map(markdown).join(" | ")} |`;
}

/** Any text, in a line, with nothing in it that Markdown or a table of it would take for its own. */
function markdown(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll(/[\\`*_[\]<>|~&$]/g, "\\$&");
}
