import { readFileSync } from "node:fs";
import * as z from "zod";
import { fileError, NnfitError } from "../errors.js";
import { savedScores } from "../score/saved.js";
import type { Scores } from "../score/scoring.js";

const evaluation = z.object({ scores: savedScores, quantile: z.number().optional() });

/** Scores that a file has, and the quantile that was predicted, if it was one. */
export interface EarlierScores {
  readonly scores: Scores;
  readonly quantile: number | undefined;
}

/** The scores in a file that `evaluate --json` wrote; those that were not defined are left out. */
export function earlierScores(path: string): EarlierScores {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw fileError("read the earlier scores", path, error);
  }
  try {
    const { scores, quantile } = evaluation.parse(JSON.parse(text.replace(/^\ufeff/, "")));
    const defined = Object.entries(scores).filter((entry): entry is [string, number] => entry[1] !== null);
    return { scores: Object.fromEntries(defined), quantile };
  } catch {
    throw new NnfitError("data", "the earlier scores are not the output of evaluate --json or train --json", {
      at: path,
      try: "nnfit evaluate MODEL rows.csv --json > scores.json",
    });
  }
}
