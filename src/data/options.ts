import * as z from "zod";
import { dayOrders } from "./dates.js";
import { encodings } from "./encoding.js";
import { columnType } from "./table.js";

/** What may stand between thousands. */
export const thousandsMark = z.enum([",", ".", " ", "'"]);

/** The texts that mark a cell as missing where a config names none. */
export const usuallyMissing: readonly string[] = ["", "NA", "NaN", "null", "?"];

export const csvOptions = {
  delimiter: z
    .union([z.enum(["auto", "tab"]), z.string().length(1)])
    .default("auto")
    .describe('the character that separates cells, "tab" for a tab; auto detects one of , ; tab |'),
  skipLines: z.int().min(0).max(1000).default(0).describe("lines to skip above the header, such as a title"),
  encoding: z
    .enum(encodings)
    .default("auto")
    .describe("text encoding of the table; auto is UTF-8, or UTF-16 if it starts with a byte order mark"),
  missing: z
    .array(z.string())
    .default([...usuallyMissing])
    .describe("the texts that mark a cell as missing"),
  decimal: z.enum([".", ","]).default(".").describe("the decimal separator; with a comma, 1,5 is one and a half"),
  thousands: thousandsMark
    .nullable()
    .default(null)
    .describe("the thousands separator that numbers may contain; with a comma, 1,234.5 is a number, and so is 1234.5"),
};

/** The `data` part of a config. */
export const dataOptions = z.strictObject({
  train: z.string().min(1).describe("the table to train on: a CSV file, path relative to this config"),
  target: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .describe("the column to predict, or several numeric columns"),
  validation: z
    .union([z.number().min(0).max(0.9), z.string().min(1)])
    .default(0.2)
    .describe(
      "the validation rows, scored after every epoch: a fraction to hold out (stratified by class, at least one row of each; with several networks the fraction is rounded to 1/2, 1/3, 1/4, …, and they take turns; with data.time, all hold out the latest rows instead), a CSV file, or 0 for none",
    ),
  ignore: z.array(z.string()).default([]).describe("columns to leave out"),
  groups: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      "a column whose equal values mark rows that belong together, such as a patient ID: they are all in training or all held out; not an input",
    ),
  time: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      "a column of numbers or dates that orders the rows in time: the latest rows are held out, so that no model is tested on rows earlier than those it trained on; not an input, except for the time of year, month, week and day of dates",
    ),
  weight: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      "a column of non-negative row weights for the loss, rescaled to mean 1; not an input; scores and scalers weight all rows equally",
    ),
  positive: z
    .union([z.string(), z.number()])
    .nullable()
    .default(null)
    .describe(
      "with two classes, the positive one: F1 is computed for it, and its probability comes last; null: the second in order",
    ),
  threshold: z
    .number()
    .gt(0)
    .lt(1)
    .nullable()
    .default(null)
    .describe(
      "with two classes, the probability from which the positive one is predicted; null: the more probable class is predicted",
    ),
  types: z
    .record(z.string(), columnType)
    .default({})
    .describe(
      'column types, where the detected ones are wrong: { "zip_code": "category" }; such a column is never left out as an identifier',
    ),
  dates: z
    .enum(["auto", ...dayOrders])
    .default("auto")
    .describe(
      "what comes first in dates such as 3/4/2024 and 3/4/24; auto: inferred from an unambiguous date such as 3/13/2024 in the same column; without one, the column is text",
    ),
  ...csvOptions,
});
export type DataOptions = z.output<typeof dataOptions>;
