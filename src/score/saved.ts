import * as z from "zod";
import type { Scores } from "./scoring.js";

/** Scores as files have them: null where one is no finite number. */
export const savedScores = z.record(z.string(), z.number().nullable());
export type SavedScores = z.output<typeof savedScores>;

export function scoresToSave(scores: Scores): SavedScores {
  const saved = Object.entries(scores).map(([name, score]) => [name, Number.isFinite(score) ? score : null]);
  return Object.fromEntries(saved);
}

/** The same as they were, but for what infinite ones were. */
export function scoresFrom(saved: SavedScores): Scores {
  return Object.fromEntries(Object.entries(saved).map(([name, score]) => [name, score ?? Number.NaN]));
}
