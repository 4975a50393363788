import * as z from "zod";
import { encodings } from "./encoding.js";
import { columnType } from "./table.js";

export const csvOptions = {
  delimiter: z
    .union([z.literal("auto"), z.string().length(1)])
    .default("auto")
    .describe("what parts the cells: auto (found out among , ; tab |) or one character"),
  skipLines: z
    .int()
    .min(0)
    .max(1000)
    .default(0)
    .describe("lines above the header, such as a title, that are passed over"),
  encoding: z
    .enum(encodings)
    .default("auto")
    .describe("how the bytes of the table are text: auto is UTF-8, or UTF-16 that begins with its mark"),
  missing: z
    .array(z.string())
    .default(["", "NA", "NaN", "null", "?"])
    .describe("what stands in a cell that has no value"),
  decimal: z
    .enum([".", ","])
    .default(".")
    .describe("the decimal point of numbers; with a comma, 1,5 is one and a half"),
  thousands: z
    .enum([",", ".", " ", "'"])
    .nullable()
    .default(null)
    .describe("what may stand between thousands; with a comma, 1,234.5 is a number, and so is 1234.5"),
};

/** The `data` part of a config. */
export const dataOptions = z.strictObject({
  train: z.string().min(1).describe("the table to learn from: a CSV file, its path relative to this config"),
  target: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .describe("the column to predict, or several columns of numbers"),
  validation: z
    .union([z.number().min(0).max(0.9), z.string().min(1)])
    .default(0.2)
    .describe("rows held out to judge each epoch by: a fraction (stratified for classes), a CSV file, or 0 for none"),
  ignore: z.array(z.string()).default([]).describe("columns to leave out"),
  groups: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      "a column whose rows of one value belong together, such as a patient's: they are all learned from or all judged by; it is no input",
    ),
  time: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      "a column that puts rows in order, numbers or dates such as 2024-03-01: the latest rows are held out, and nothing is learned from rows after those it is judged by; it is no input",
    ),
  weight: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      "a column of numbers, none negative: how much each row counts in the loss, as multiples of their mean; it is no input, and scores and scalers count all rows the same",
    ),
  types: z
    .record(z.string(), columnType)
    .default({})
    .describe(
      'types of columns, where what is found out is wrong: { "zip_code": "category" }; such a column is never taken for an identifier',
    ),
  ...csvOptions,
});
export type DataOptions = z.output<typeof dataOptions>;
