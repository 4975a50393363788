import { type Command, InvalidArgumentError, Option } from "commander";
import { type DayOrder, dayOrders } from "../data/dates.js";
import { type Encoding, encodingNamed, encodings } from "../data/encoding.js";
import type { WantedColumn } from "../data/read.js";
import type { PipelineState } from "../transform/pipeline.js";

/** Examples, at the top of a help text. */
export function example(...lines: string[]): string {
  return `${lines.map((line) => `  $ ${line}`).join("\n")}\n`;
}

/** MODEL, as several commands take it. */
export const modelArgument = ["<model>", "a run folder, its model file, or the config that trained it"] as const;

/** How new rows are written, where that is not found out. */
export interface RowsOptions {
  readonly delimiter: string;
  readonly encoding: Encoding;
  readonly skipLines: number;
  /** what comes first in dates such as 3/4/2024 */
  readonly dates?: DayOrder;
}

export function rowsFormat({ delimiter, encoding, skipLines }: RowsOptions) {
  return { delimiter, encoding, skipLines };
}

/** Adds the options of commands that read new rows. */
export function withRowsOptions(command: Command): Command {
  return command
    .option(
      "--delimiter <character>",
      'the character that separates cells, if it is not detected correctly; "tab" for a tab',
      (text: string): string => {
        if (text === "tab") return "\t";
        if (text === "auto" || text.length === 1) return text;
        throw new InvalidArgumentError('It takes one character, "tab" or "auto".');
      },
      "auto",
    )
    .option(
      "--encoding <name>",
      "text encoding, such as windows-1252; auto is UTF-8, or UTF-16 if it starts with a byte order mark",
      (text: string): Encoding => {
        const encoding = encodingNamed(text);
        if (encoding !== undefined) return encoding;
        throw new InvalidArgumentError(`It takes one of ${encodings.join(", ")}.`);
      },
      "auto",
    )
    .option(
      "--skip-lines <n>",
      "lines to skip above the header, such as a title",
      (text: string): number => {
        if (/^\d{1,4}$/.test(text) && Number(text) <= 1000) return Number(text);
        throw new InvalidArgumentError("It takes a number of lines from 0 to 1000.");
      },
      0,
    )
    .addOption(
      new Option(
        "--dates <order>",
        "what comes first in dates such as 3/4/2024, if it differs from the training rows or was unknown there",
      ).choices(dayOrders),
    );
}

/** The inputs of a model as columns to read. */
export function inputsToRead(pipeline: PipelineState, { dates }: Pick<RowsOptions, "dates">): WantedColumn[] {
  return pipeline.map((state) => (state.type === "date" && dates ? { ...state, order: dates } : state));
}

/** An option of commands that compute for long. */
export const threadsOption = [
  "--threads <n>",
  "number of threads; changes the speed, not the result (except with the blas backend)",
  (text: string): number | "auto" => {
    if (text === "auto") return text;
    if (/^[1-9]\d?$/.test(text)) return Number(text);
    throw new InvalidArgumentError('It takes a number from 1 to 99, or "auto".');
  },
  "auto",
] as const;

/** An option of commands that take a config. */
export const setOption = [
  "--set <path=value>",
  "set a value of the config; can be repeated",
  (value: string, all: readonly string[] = []): string[] => [...all, value],
] as const;

/** Reads the name of a folder. */
export function folderName(text: string): string {
  if (text.trim() !== "") return text;
  throw new InvalidArgumentError("It takes the name of a folder.");
}
