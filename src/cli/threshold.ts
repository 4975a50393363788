import { InvalidArgumentError } from "commander";
import type { Model } from "../artifact/model.js";
import { withThreshold } from "../transform/classes.js";

/** An option of commands that predict with a model. */
export const thresholdOption = [
  "--threshold <p>",
  "with two classes, the probability from which the positive one is predicted; overrides the model's",
  (text: string): number => {
    const p = Number(text);
    if (text.trim() !== "" && p > 0 && p < 1) return p;
    throw new InvalidArgumentError("It takes a number between 0 and 1.");
  },
] as const;

/** The same model, whose target has this threshold, if there is one. */
export function modelWithThreshold(model: Model, threshold: number | undefined): Model {
  if (threshold === undefined) return model;
  return { ...model, target: withThreshold(model.target, threshold, { at: "--threshold" }) };
}
