import { readFileSync } from "node:fs";
import * as z from "zod";
import { fileError, NnfitError } from "../errors.js";
import { savedScores } from "../score/saved.js";
import type { Scores } from "../score/scoring.js";
import { type EstimatedState, estimatedState } from "../transform/estimands.js";

const evaluation = z.object({ scores: savedScores, ...estimatedState });

/** Scores that a file has, and what was estimated. */
export interface EarlierScores {
  readonly scores: Scores;
  readonly estimated: EstimatedState;
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
    const { scores, ...estimated } = evaluation.parse(JSON.parse(text.replace(/^\ufeff/, "")));
    const defined = Object.entries(scores).filter((entry): entry is [string, number] => entry[1] !== null);
    return { scores: Object.fromEntries(defined), estimated };
  } catch {
    throw new NnfitError("data", "the earlier scores are not the output of evaluate --json or train --json", {
      at: path,
      try: "nnfit evaluate MODEL rows.csv --json > scores.json",
    });
  }
}
