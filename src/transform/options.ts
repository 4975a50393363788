import * as z from "zod";
import { scalerNames, targetScalerNames } from "./scalers.js";

/** One of some scalers for all columns, or by column. */
const scaler = (names: typeof scalerNames) =>
  z.union([z.enum(names), z.record(z.string(), z.enum(names))]).default("standard");

/** The `scale` part of a config. */
export const scaleOptions = z.strictObject({
  inputs: scaler(scalerNames).describe(
    'how columns of numbers are brought to about unit magnitude: one scaler for all, or by column ("*" for the others)',
  ),
  target: scaler(targetScalerNames).describe(
    "the same for targets of a regression; inverted wherever a value is shown",
  ),
  clamp: z
    .boolean()
    .default(false)
    .describe("predicted numbers are kept within the range that the target has in the training rows"),
});
export type ScaleOptions = z.output<typeof scaleOptions>;
export type ScalerSetting = ScaleOptions["inputs"];

/** Which scaler a column gets. */
export function scalerFor(setting: ScalerSetting, column: string) {
  if (typeof setting === "string") return setting;
  return (Object.hasOwn(setting, column) ? setting[column] : setting["*"]) ?? "standard";
}
