import { appendFileSync, statSync } from "node:fs";
import { relative, resolve, sep } from "node:path";

// What GitHub Actions reads: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands

function inActions(): boolean {
  return process.env.GITHUB_ACTIONS === "true";
}

/** A line that the runner takes for text, whatever names of columns and classes are in it. */
export function withoutCommands(line: string): string {
  return inActions() ? line.replace(/^(\s*)::/, "$1\\::").replaceAll("##[", "##\\[") : line;
}

/**
 * Shows an error or a warning beside the files of a commit. The runner reads both streams; standard output is for data.
 * `at` is where, as errors have it.
 */
export function annotate(
  kind: "error" | "warning",
  message: string,
  { title, at }: { readonly title: string; readonly at?: string | undefined },
): void {
  if (!inActions()) return;
  const properties = Object.entries({ ...placeOf(at), title }).map(
    ([name, value]) => `${name}=${escapedProperty(value)}`,
  );
  console.error(`::${kind} ${properties.join(",")}::${escapedData(message)}`);
}

function escapedData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapedProperty(text: string): string {
  return escapedData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

interface FilePlace {
  readonly file?: string;
  readonly line?: string;
  readonly col?: string;
}

/** The file and line of "t.csv:7", of 'data.target, c.json:4', and of 't.csv:7, column "b"', if there is such a file. */
function placeOf(at = ""): FilePlace {
  const place = at.replace(/, column ".*"$/s, "");
  for (const candidate of [place, place.slice(place.indexOf(", ") + 2)]) {
    const [, file, line, col] = /^(.+?):(\d+)(?::(\d+))?$/s.exec(candidate) ?? [];
    if (file === undefined || line === undefined || !statSync(file, { throwIfNoEntry: false })?.isFile()) continue;
    return { file: inRepository(file), line, ...(col === undefined ? {} : { col }) };
  }
  return {};
}

/** An annotation names its file by the path from the root of the repository, wherever the command runs. */
function inRepository(file: string): string {
  const path = relative(process.env.GITHUB_WORKSPACE ?? process.cwd(), resolve(file));
  return path.split(sep).join("/");
}

/** Adds Markdown to the page of the workflow's run. */
export function appendSummary(markdown: string): void {
  const file = process.env.GITHUB_STEP_SUMMARY;
  if (inActions() && file) appendFileSync(file, markdown);
}
