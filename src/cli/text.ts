import { Chalk, chalkStderr } from "chalk";
import { dateText } from "../data/dates.js";
import type { NetworkSpec } from "../model/spec.js";
import type { ColumnState } from "../transform/pipeline.js";
import { annotate, withoutCommands } from "./github.js";

/** Colours for standard error, on a terminal that wants them. */
export const colors =
  process.stderr.isTTY && !process.env.NO_COLOR && process.env.TERM !== "dumb" ? chalkStderr : new Chalk({ level: 0 });

/**
 * "  at    configs/houses.json:4": a label, padded to `width`, and what it says, on a terminal in several lines if it is
 * longer than one. What it says may have several lines itself.
 */
export function labelled(label: string, text: string, width = 8): string[] {
  const room = terminalWidth(process.stderr) - width - 4;
  return labelledLines(
    label,
    text.split("\n").flatMap((line) => wrapped(oneLine(line), room)),
    width,
  );
}

/** The places in a line of a terminal that may be filled; elsewhere lines are as long as they are. */
export function terminalWidth({ isTTY, columns }: NodeJS.WriteStream): number {
  return isTTY ? (columns || 80) - 1 : Number.POSITIVE_INFINITY;
}

function labelledLines(label: string, [first, ...others]: readonly string[], width: number): string[] {
  const indent = " ".repeat(width + 4);
  return [`  ${colors.dim(label.padEnd(width))}  ${first}`, ...others.map((line) => indent + line)];
}

/** Without line breaks and what else a terminal would act on. */
export function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, " ");
}

/** What a terminal would act on, but for colours. */
const CONTROLS = new RegExp(`(?!${String.fromCharCode(27)}\\[[\\d;]*m)\\p{Cc}`, "gu");

/** Lines for people, of which nothing acts on a terminal or on a CI runner, whatever names of columns and classes are in them. */
function shown(lines: readonly string[]): string {
  return lines.map((line) => withoutCommands(line.replace(CONTROLS, " "))).join("\n");
}

/** Prints on standard output what a command was asked for. */
export function print(lines: readonly string[]): void {
  if (lines.length > 0) console.log(shown(lines));
}

/** Prints on standard error, where everything goes that is no data. */
export function tell(lines: readonly string[]): void {
  if (lines.length > 0) console.error(shown(lines));
}

/** The words of a text in lines of up to `width` characters; a longer word has a line of its own. */
function wrapped(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1)!;
    if (line !== "" && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
}

/** An argument of a command in a shell. */
export function shellWord(word: string): string {
  if (/^[\w./\\:@%+=-]+$/.test(word)) return word;
  return process.platform === "win32" ? `"${word}"` : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A path as such an argument: one that begins with a dash would be taken for an option. */
export function shellPath(path: string): string {
  return shellWord(path.startsWith("-") ? `./${path}` : path);
}

/** Tells a labelled line. */
export function say(label: string, text: string): void {
  tell(labelled(label, text));
}

/** Tells a command to copy: a line break within it would end it. */
export function sayCommand(label: string, command: string): void {
  tell(labelledLines(label, [oneLine(command)], 8));
}

/** Tells a table below what was said last, as it is: a line break within a row would tear it. */
export function tellTable(lines: readonly string[]): void {
  const indent = " ".repeat(12);
  tell(lines.map((line) => indent + line));
}

/** A line for standard output, on a terminal in several if it is longer than one. What follows the first is indented. */
export function fitted(line: string, indent: number): string[] {
  const start = line.slice(0, indent);
  const [first = "", ...others] = wrapped(line.slice(indent), terminalWidth(process.stdout) - indent);
  return [start + first, ...others.map((more) => " ".repeat(indent) + more)];
}

/** The notes that a command has told people so far: its JSON has them too. */
export const toldNotes: string[] = [];

/** Prints on standard error what a person should know about a result; `remark` does so without troubling a CI run. */
export function note(text: string): void {
  toldNotes.push(text);
  remark(text);
  annotate("warning", text, { title: "nnfit" });
}

export function remark(text: string): void {
  const label = "note: ";
  const [first, ...others] = wrapped(oneLine(text), terminalWidth(process.stderr) - label.length);
  tell([`${colors.yellow("note:")} ${first}`, ...others.map((line) => " ".repeat(label.length) + line)]);
}

/** 1234567 as "1,234,567" */
export function whole(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** "1 row", "2 rows" */
export function count(n: number, thing: string, things = `${thing}s`): string {
  return `${whole(n)} ${n === 1 ? thing : things}`;
}

/** In five significant digits, or as many as said: "0.12346", "553.21", "1.2346e-7" */
export function short(x: number, digits = 5): string {
  if (x === 0 || !Number.isFinite(x)) return String(x);
  const size = Math.abs(x);
  if (size < 1e-4 || size >= 1e9) return x.toExponential(digits - 1);
  return size >= 10 ** (digits - 1) ? x.toFixed(0) : x.toPrecision(digits);
}

/** A value as somebody would write it: "22", "0.12346", "1234567", "9.0072e+16" */
export function plain(x: number): string {
  if (Number.isSafeInteger(x)) return String(x);
  const rounded = Number(short(x));
  return Math.abs(x) > Number.MAX_SAFE_INTEGER ? rounded.toExponential() : String(rounded);
}

/** "0%", "<0.1%", "12.3%" */
export function percent(share: number): string {
  if (share === 0 || share === 1) return `${100 * share}%`;
  return share < 0.001 ? "<0.1%" : `${(100 * share).toFixed(1)}%`;
}

/** The first few of a list, and how many more there are. */
export function some(words: readonly string[], most = 6): string {
  const seen = words.slice(0, words.length <= most + 1 ? words.length : most).map((word) => oneLine(word) || '""');
  const more = words.length - seen.length;
  return more === 0 ? seen.join(", ") : `${seen.join(", ")} and ${whole(more)} more`;
}

/** "a", "a or b", "a, b or c" */
export function either(words: readonly string[]): string {
  return [words.slice(0, -1).join(", "), ...words.slice(-1)].filter((text) => text !== "").join(" or ");
}

/** "0.8 s", "2 min 5 s", "1 h 12 min" */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const rounded = Math.round(seconds);
  if (rounded < 60) return `${rounded} s`;
  const minutes = Math.floor(rounded / 60);
  if (minutes < 60) return `${minutes} min ${rounded % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** "rmse 553.21, mae 310.02" */
export function scoreText(scores: Readonly<Record<string, number | null>>): string {
  return Object.entries(scores)
    .map(([name, score]) => `${name} ${scoreCell(score)}`)
    .join(", ");
}

function bendsText(numbers: NonNullable<NetworkSpec["input"]>["numbers"]): string {
  return numbers.name === "pbld" && numbers.bins > 0 ? ` with bends at ${numbers.bins} quantiles` : "";
}

/** What a network has beyond its layers, such as "learned input scales, dropout 0.15". */
export function extras({ tabm, scaling, parametric, parametrization, dropout, input }: NetworkSpec): string[] {
  return [
    ...(tabm ? [`${tabm} networks that share weights`] : []),
    ...(input?.columns.some(({ kind }) => kind === "numericEmbedding")
      ? [`numbers embedded by ${input.numbers.name}${bendsText(input.numbers)}`]
      : []),
    ...(scaling ? ["learned input scales"] : []),
    ...(parametric ? ["parametric activations"] : []),
    ...(parametrization === "neuralTangent" ? ["neural-tangent weights"] : []),
    ...(dropout > 0 ? [`dropout ${dropout}`] : []),
    ...(input?.columns.some(({ kind }) => kind !== "number" && kind !== "numericEmbedding") && input.unknown > 0
      ? [`${percent(input.unknown)} of the categories unknown during training`]
      : []),
  ];
}

/** Class weights: "balanced", or "yes 5, no 1" */
export function weightText(weights: "balanced" | Readonly<Record<string, number>>): string {
  if (typeof weights === "string") return weights;
  return Object.entries(weights)
    .map(([label, weight]) => `${label} ${plain(weight)}`)
    .join(", ");
}

/** A score, or "-" where it is not defined; a model file has null for what is no finite number. */
export function scoreCell(score: number | null | undefined, digits = 5): string {
  return score === null || score === undefined || Number.isNaN(score) ? "-" : short(score, digits);
}

/** "0.93 to 0.99", or "-" where there is no interval. */
export function intervalText(interval: readonly [low: number, high: number] | null | undefined, digits = 5): string {
  return interval ? interval.map((end) => scoreCell(end, digits)).join(" to ") : "-";
}

/** A value of a column of numbers or dates. */
export function valueText({ type }: ColumnState, value: number): string {
  return type === "date" ? dateText(value) : plain(value);
}

/** Where predictions are clipped; nothing where they are not. */
export function clippedText(range: readonly [number, number] | undefined): string {
  return range ? `, predictions kept from ${plain(range[0])} to ${plain(range[1])}` : "";
}

/** From the smallest to the largest value that training saw of a column; nothing of categories. */
export function rangeText(state: ColumnState): string {
  if (state.type === "category") return "";
  const { smallest, largest } = state.profile;
  return `${valueText(state, smallest)} to ${valueText(state, largest)}`;
}
