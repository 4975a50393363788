import * as z from "zod";
import type { Estimand } from "./estimands.js";
import { type ScalerName, scalerNames, targetScalerNames } from "./scalers.js";

/** One of some scalers for all columns, or by column. */
const scaler = <const Names extends readonly [string, ...string[]]>(names: Names) =>
  z.union([z.enum(names), z.record(z.string(), z.enum(names))]);

/** The `scale` part of a config. */
export const scaleOptions = z.strictObject({
  inputs: scaler(scalerNames)
    .default("standard")
    .describe(
      'how numeric columns are scaled to about unit magnitude: one scaler for all, or by column ("*" for the others)',
    ),
  target: scaler(["auto", ...targetScalerNames])
    .default("auto")
    .describe(
      "the same for regression targets; auto: standard, or with the loss poisson rms, as only a division leaves a mean its logarithm; predictions and scores are in the original units",
    ),
  clamp: z.boolean().default(false).describe("clip predicted numbers to the range of the target in the training rows"),
});
export type ScaleOptions = z.output<typeof scaleOptions>;
export type ScalerSetting = ScaleOptions["inputs"];

/** Which scaler a column gets. */
export function scalerFor(setting: ScalerSetting, column: string): ScalerName {
  return chosenFor<ScalerName>(setting, column) ?? "standard";
}

/** Which scaler a target gets. */
export function targetScalerFor(setting: ScaleOptions["target"], name: string, estimand: Estimand): ScalerName {
  const chosen = chosenFor<ScalerName | "auto">(setting, name) ?? "auto";
  return chosen === "auto" ? estimand.scaler : chosen;
}

function chosenFor<Name extends string>(
  setting: Name | Readonly<Record<string, Name>>,
  column: string,
): Name | undefined {
  if (typeof setting === "string") return setting;
  return Object.hasOwn(setting, column) ? setting[column] : setting["*"];
}

/** The columns that a setting names; `way`: what to try, where it is written as settings with options are. */
export function scaledByName(setting: Readonly<Record<string, string>>): { names: string[]; way: string | undefined } {
  const names = Object.keys(setting).filter((name) => name !== "*");
  return { names, way: names.join() === "name" ? `"${setting.name}" alone` : undefined };
}
