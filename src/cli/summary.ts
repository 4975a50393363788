import { fileError, type NnfitError } from "../errors.js";
import type { Interval } from "../score/bootstrap.js";
import type { Scores } from "../score/scoring.js";
import { appendSummary } from "./github.js";
import { type Comparison, comparedRemarks } from "./scores.js";
import { intervalText, note, scoreCell } from "./text.js";

interface Column {
  readonly heading: string;
  readonly scores: Scores;
  readonly intervals?: Readonly<Record<string, Interval | null>> | undefined;
}

/** What the step summary of GitHub Actions tells of a training or an evaluation. */
export interface Summary {
  readonly title: string;
  /** one at least; a list, as headings may be any names */
  readonly columns: readonly [Column, ...Column[]];
  /** in columns of their own */
  readonly compared: readonly Comparison[];
  /** below that */
  readonly tables?: readonly { readonly title: string; readonly cells: readonly (readonly string[])[] }[];
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

function summaryLines({ title, columns, compared, tables = [], remarks, failure, facts }: Summary): string[] {
  const beside = compared.flatMap(({ label, scores }) => (scores ? [{ heading: label, scores }] : []));
  const all: readonly Column[] = [...columns, ...beside];
  const cell = (name: string, { scores, intervals }: Column) => {
    const interval = intervals?.[name];
    return interval ? `${scoreCell(scores[name])} (${intervalText(interval)})` : scoreCell(scores[name]);
  };
  const header = ["", ...all.map(({ heading }) => heading)];
  const rows = Object.keys(columns[0].scores).map((name) => [name, ...all.map((column) => cell(name, column))]);
  const failed = failure && { failed: [failure.message, failure.details.have].filter(Boolean).join("; ") };
  const told = { ...failed, ...facts, ...Object.fromEntries(compared.map(({ label, rule }) => [label, rule])) };
  return [
    `### ${markdown(title)}`,
    "",
    ...tableLines([header, ...rows]),
    "",
    ...tables.flatMap(({ title, cells }) => [markdown(title), "", ...tableLines(cells), ""]),
    ...Object.entries(told).map(([label, text]) => `- ${markdown(label)}: ${markdown(text)}`),
    ...[...comparedRemarks(compared), ...remarks].map((remark) => `- ${markdown(remark)}`),
  ];
}

/** A header and rows; what is in their first column is left-aligned. */
function tableLines([header = [], ...rows]: readonly (readonly string[])[]): string[] {
  return [tableLine(header), `| :-- |${" --: |".repeat(header.length - 1)}`, ...rows.map(tableLine)];
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.map(markdown).join(" | ")} |`;
}

/** Any text, in a line, with nothing in it that Markdown or a table of it would take for its own. */
function markdown(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll(/[\\`*_[\]<>|~&$]/g, "\\$&");
}
