import { type Command, InvalidArgumentError, Option } from "commander";
import { cellFormat } from "../artifact/model.js";
import type { CellFormat } from "../data/csv.js";
import { type DayOrder, dayOrders } from "../data/dates.js";
import { type Encoding, encodingNamed, encodings } from "../data/encoding.js";
import { thousandsMark } from "../data/options.js";
import type { WantedColumn } from "../data/read.js";
import { NnfitError } from "../errors.js";
import type { PipelineState } from "../transform/pipeline.js";

/** How new rows are written, where that is not found out. */
export interface RowsOptions {
  readonly delimiter: string;
  readonly encoding: Encoding;
  readonly skipLines: number;
  /** of numbers, where they are written otherwise than in the training rows */
  readonly decimal?: CellFormat["decimal"];
  readonly thousands?: NonNullable<CellFormat["thousands"]> | "none";
  /** what comes first in dates such as 3/4/2024 */
  readonly dates?: DayOrder;
}

/** How new rows for a model are read. */
export function rowsFormat(model: Parameters<typeof cellFormat>[0], options: RowsOptions) {
  const { delimiter, encoding, skipLines, decimal, thousands } = options;
  return { delimiter, encoding, skipLines, ...cellFormat(model), ...marksOf(cellFormat(model), decimal, thousands) };
}

/** Whoever names another decimal separator has no thousands separator of the old kind. */
function marksOf(learned: CellFormat, decimal = learned.decimal, thousands?: RowsOptions["thousands"]) {
  const usual = decimal === learned.decimal ? learned.thousands : null;
  const marks = { decimal, thousands: thousands === undefined ? usual : thousands === "none" ? null : thousands };
  if (marks.thousands !== decimal) return marks;
  throw new NnfitError("usage", "the decimal and the thousands separator can't be the same", {
    at: "--decimal, --thousands",
    have: `"${decimal}"`,
  });
}

/** Adds the options of commands that read new rows. */
export function withRowsOptions(command: Command): Command {
  return command
    .option(
      "--delimiter <character>",
      'the character that separates cells, if it is not detected correctly; "tab" for a tab',
      (text: string): string => {
        if (text === "tab" || text === "\\t") return "tab";
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
      new Option("--decimal <mark>", "the decimal separator, if it differs from the training rows").choices([".", ","]),
    )
    .addOption(
      new Option("--thousands <mark>", "the thousands separator, if it differs from the training rows").choices([
        ...thousandsMark.options,
        "none",
      ]),
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
