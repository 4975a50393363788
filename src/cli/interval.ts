import { InvalidArgumentError } from "commander";
import { NnfitError } from "../errors.js";
import { mostPercentOf, USUAL_PERCENT } from "../transform/predictionIntervals.js";
import type { TargetState } from "../transform/target.js";
import { say, sayCommand, shellPath } from "./text.js";

/** An option of predict. */
export const intervalOption = [
  "--interval <percent>",
  "with numbers, add the ends of the interval that holds so many percent of true values, in columns low and high",
  (text: string): number => {
    const [, percent] = /^([1-9]\d?) ?%?$/.exec(text.trim()) ?? [];
    if (percent !== undefined) return Number(percent);
    throw new InvalidArgumentError("It takes a whole number of percent from 1 to 99.");
  },
] as const;

/** @throws NnfitError where the held-out rows of a model don't tell such intervals */
export function checkInterval(target: TargetState, percent: number, path: string): void {
  if (target.task === "classification") {
    throw new NnfitError("usage", "--interval is for numbers, but this model predicts a class", {
      try: "--proba, which adds the probability of each class",
    });
  }
  const most = mostPercentOf(target);
  if (percent <= most) return;
  if (most === 0) {
    throw new NnfitError(
      "usage",
      "the model has no intervals, which take some validation rows that no training has seen",
      {
        at: path,
        try: "training it anew with validation rows, such as data.validation: 0.2",
      },
    );
  }
  throw new NnfitError("usage", `the model was trained with too few validation rows for intervals of ${percent} %`, {
    at: path,
    try: `--interval ${most} or less`,
  });
}

/** How to predict with the model in a run folder, also with intervals where it has the usual ones. */
export function tellPredict(folder: string, target: TargetState): void {
  sayCommand("predict", `nnfit predict ${shellPath(folder)} new.csv --out predictions.csv`);
  if (mostPercentOf(target) >= USUAL_PERCENT)
    say("", `--interval ${USUAL_PERCENT} adds intervals that hold ${USUAL_PERCENT} % of true values`);
}
