import * as z from "zod";
import { scalerNames, targetScalerNames } from "./scalers.js";

/** One of some scalers for all columns, or by column. */
const scaler = (names: typeof scalerNames) =>
  z.union([z.enum(names), z.record(z.string(), z.enum(names))]).default("standard");

/** The `scale` part of a config. */
export const scaleOptions = z.strictObject({
  inputs: scaler(scalerNames).describe(
    'how numeric columns are scaled to about unit magnitude: one scaler for all, or by column ("*" for the others)',
  ),
  target: scaler(targetScalerNames).describe(
    "the same for regression targets; predictions and scores are in the original units",
  ),
  clamp: z.boolean().default(false).describe("clip predicted numbers to the range of the target in the training rows"),
});
export type ScaleOptions = z.output<typeof scaleOptions>;
export type ScalerSetting = ScaleOptions["inputs"];

/** Which scaler a column gets. */
export function scalerFor(setting: ScalerSetting, column: string) {
  if (typeof setting === "string") return setting;
  return (Object.hasOwn(setting, column) ? setting[column] : setting["*"]) ?? "standard";
}

/** The columns that a setting names; `way`: what to try, where it is written as settings with options are. */
export function scaledByName(setting: Exclude<ScalerSetting, string>): { names: string[]; way: string | undefined } {
  const names = Object.keys(setting).filter((name) => name !== "*");
  return { names, way: names.join() === "name" ? `"${setting.name}" alone` : undefined };
}
