import { take, takeMatrixRows } from "../data/arrays.js";
import { range } from "../data/split.js";
import { seededRandom } from "../engine/random.js";
import type { Input } from "../transform/inputColumns.js";
import { mean, sampleDeviation } from "../transform/moments.js";
import type { TargetState } from "../transform/target.js";
import { type Predictions, rowCountOf, type Truth, takeTruth } from "../transform/truth.js";
import { properMetric } from "./metrics.js";
import { type Scores, scoreKinds, scoresOf, scoresOfMetric } from "./scoring.js";
import { firstScores } from "./wanted.js";

/** How much worse a score gets without what a column tells: mean and standard deviation over the shuffles. */
export interface Worsening {
  readonly mean: number;
  readonly deviation: number;
}

export interface Importances {
  /** so many rows were scored */
  readonly rows: number;
  readonly shuffles: number;
  /** The column that matters most by the first score comes first. */
  readonly columns: readonly { readonly column: string; readonly worse: Readonly<Record<string, Worsening>> }[];
}

const SHUFFLES = 5;
/** More rows change little, and each is predicted five times a column. */
const MOST_ROWS = 2000;
/** One row alone has no other to take cells from. */
export const FEWEST_ROWS = 2;
/** Always the same, so that two models that are scored on the same rows are asked the same. */
const SEED = 1;

/**
 * Permutation importance (Breiman, Random Forests, 2001): the cells of one column are dealt to other rows at random, all
 * other columns staying, and what gets worse by it is what the model owes to the column. Of columns that say the same,
 * each seems to matter little. Of a long table some rows are drawn.   X [rows, width]
 */
export function importances(
  target: TargetState,
  inputs: readonly Pick<Input, "name" | "places">[],
  rows: { readonly X: Float32Array; readonly truth: Truth },
  predict: (X: Float32Array) => Predictions,
  progress: (columns: number) => void = () => {},
): Importances {
  const { X, truth } = drawn(rows, SEED);
  const count = rowCountOf(truth);
  const width = X.length / count;
  const names = importanceScores(target);
  const kinds = scoreKinds(target);
  const scores = () => scoresOf(target, truth, predict(X));
  const before = scores();
  const worse = (after: Scores, name: string) =>
    kinds[name] === "lower" ? after[name]! - before[name]! : before[name]! - after[name]!;
  const columns = inputs.map(({ name, places }, number) => {
    const random = seededRandom(SEED, "importance", number + 1);
    const after = Array.from({ length: SHUFFLES }, () => {
      const order = range(0, count);
      random.shuffle(order);
      const back = deal(X, width, places, order);
      const after = scores();
      back();
      return after;
    });
    progress(number + 1);
    const worsenings = names.map((score) => {
      const values = after.map((scores) => worse(scores, score));
      return [score, { mean: meanOfDifferences(values), deviation: sampleDeviation(values) }] as const;
    });
    return { column: name, worse: Object.fromEntries(worsenings) };
  });
  const [first] = names as [string, ...string[]]; // every task has a score
  return {
    rows: count,
    shuffles: SHUFFLES,
    columns: columns.toSorted((a, b) => descending(a.worse[first]!.mean, b.worse[first]!.mean)),
  };
}

/** Of differences that cancel out 0, and not what rounding leaves of them. */
function meanOfDifferences(values: readonly number[]): number {
  const all = mean(values);
  return Math.abs(all) < 1e-12 * Math.max(...values.map(Math.abs)) ? 0 : all;
}

/** What is not a number, such as the difference of two infinite losses, comes last. */
function descending(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a === b ? 0 : b - a;
}

/** How often so many columns have the rows predicted. */
export function passesFor(columns: number): number {
  return 1 + SHUFFLES * columns;
}

/** What a column's importance is told by: a proper scoring rule, which sees more than whether a class is right. */
function importanceScores(target: TargetState): string[] {
  return [...new Set([...scoresOfMetric(target, properMetric(target)), ...firstScores(target)])];
}

/** A copy of all rows, or of a long table some. */
function drawn<Rows extends { X: Float32Array; truth: Truth }>({ X, truth }: Rows, seed: number) {
  const all = rowCountOf(truth);
  if (all <= MOST_ROWS) return { X: X.slice(), truth };
  const order = range(0, all);
  seededRandom(seed, "importance").shuffle(order);
  const rows = order.slice(0, MOST_ROWS).sort();
  return { X: takeMatrixRows(X, X.length / all, rows), truth: takeTruth(truth, rows) };
}

/** Gives each row the columns of another row, until `back` is called. */
function deal(X: Float32Array, width: number, places: readonly number[], order: Uint32Array): () => void {
  const columns = places.map((place) => order.map((_, row) => row * width + place));
  const kept = columns.map((at) => take(X, at));
  for (const [c, at] of columns.entries()) for (const [row, from] of order.entries()) X[at[row]!] = kept[c]![from]!;
  return () => {
    for (const [c, at] of columns.entries()) for (const [row, value] of kept[c]!.entries()) X[at[row]!] = value;
  };
}
