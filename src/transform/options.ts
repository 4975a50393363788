import { z } from "zod";
import { scalerNames } from "./scalers.js";

const scalerName = z.enum(scalerNames);

const scaler = z
  .union([scalerName, z.record(z.string(), scalerName)])
  .default("standard")
  .describe('one for all columns, or by column: { "carat": "log1pStandard", "*": "standard" }, "*" for the others');

/** The `scale` part of a config. */
export const scaleOptions = z.strictObject({
  inputs: scaler.describe(
    'how columns of numbers are brought to about unit magnitude: one scaler for all, or by column ("*" for the others)',
  ),
  target: scaler.describe("the same for targets of a regression; inverted wherever a value is shown"),
});
export type ScaleOptions = z.output<typeof scaleOptions>;
export type ScalerSetting = ScaleOptions["inputs"];

/** Which scaler a column gets. */
export function scalerFor(setting: ScalerSetting, column: string) {
  if (typeof setting === "string") return setting;
  return (Object.hasOwn(setting, column) ? setting[column] : setting["*"]) ?? "standard";
}
