import { type Command, InvalidArgumentError, Option } from "commander";
import { type DayOrder, dayOrders } from "../data/dates.js";
import { type Encoding, encodingNamed, encodings } from "../data/encoding.js";
import type { WantedColumn } from "../data/read.js";
import type { PipelineState } from "../transform/pipeline.js";

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
