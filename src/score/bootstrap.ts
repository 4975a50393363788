import { countCodes, countDifferent, join, take, takeMatrixRows } from "../data/arrays.js";
import type { Groups } from "../data/dependence.js";
import { type Random, seededRandom } from "../engine/random.js";
import { Sample } from "../transform/sample.js";
import type { TargetState } from "../transform/target.js";
import { type Predictions, rowCountOf, type Truth, takeTruth } from "../transform/truth.js";
import { isShare, metricsOf, type Times } from "./metrics.js";
import { type Scores, scorersOf } from "./scoring.js";

/** What is drawn together. */
type Drawn = Pick<Groups, "codes" | "count">;

/** Between which values the middle 95 % of a score lie. */
export type Interval = readonly [low: number, high: number];

export interface Intervals {
  readonly resamples: number;
  /** by score; null where it is not defined for the rows, or for most of their resamples, and of a single row */
  readonly of: Readonly<Record<string, Interval | null>>;
}

const MOST_RESAMPLES = 1000;
const FEWEST_RESAMPLES = 200;
const FEWEST_ROWS = 1000;
/** Resamples times rows times what is computed of each, at some 20 ns: about a second. */
const WORK = 6e7;
/** Always the same, so that two models that are scored on the same rows are scored on the same resamples of them. */
const SEED = 1;

/**
 * Of shares of independent rows, intervals by Wilson's formula. Of all else, percentile intervals by the bootstrap: rows
 * are drawn with replacement, as many as there are, and scored, many times (Efron, 1979). Where rows belong together,
 * whole groups are drawn (the cluster bootstrap; Field and Welsh, 2007): two rows of one patient tell less than two
 * patients. Of a table that is too long for that, a part is taken; what it gives is narrowed by √(part/whole), as the
 * error of a mean is.
 */
export function bootstrap(
  target: TargetState,
  truth: Truth,
  predictions: Predictions,
  scores: Scores,
  groups?: Drawn,
): Intervals {
  const { resamples, units, narrowed, drawn } = resampled(target, truth, [predictions], groups);
  const intervals = drawn.map(({ name, each: [of] }): [string, Interval | null] => {
    const score = scores[name]!;
    if (isShare(name) && !groups && units > 1) return [name, wilson(score, units)];
    return [name, around(score, of!, { units, narrowed })]; // one for the predictions
  });
  return { resamples, of: Object.fromEntries(intervals) };
}

/** By how much the scores of the first of two predictions of the same rows are higher, and between which values that is. */
export interface Differences extends Intervals {
  readonly scores: Scores;
}

/**
 * Both are scored on the same resamples: what makes rows easy or hard for both cancels out, so that a difference is told
 * from chance that intervals of either hide. Percentile intervals, also of shares.
 */
export function pairedDifferences(
  target: TargetState,
  truth: Truth,
  predictions: readonly [Predictions, Predictions],
  scores: readonly [Scores, Scores],
  groups?: Drawn,
): Differences {
  const { resamples, units, narrowed, drawn } = resampled(target, truth, predictions, groups);
  const differences = drawn.map(({ name, each: [first, second] }) => {
    const of = {
      center: first!.center - second!.center, // one for each predictions
      values: first!.values.map((value, r) => value - second!.values[r]!),
    };
    const difference = scores[0][name]! - scores[1][name]!;
    return { name, difference, interval: around(difference, of, { units, narrowed }) };
  });
  return {
    resamples,
    scores: Object.fromEntries(differences.map(({ name, difference }) => [name, difference])),
    of: Object.fromEntries(differences.map(({ name, interval }) => [name, interval])),
  };
}

/** A score of the rows that are resampled, and of each resample; NaN where it is not defined. */
interface Resamples {
  readonly center: number;
  readonly values: Float64Array;
}

interface Resampled {
  readonly resamples: number;
  /** rows or groups that are drawn from */
  readonly units: number;
  /** the error of a score of the whole table over that of the part that is resampled, if it is one */
  readonly narrowed: number | undefined;
  readonly drawn: readonly { readonly name: string; readonly each: readonly Resamples[] }[];
}

/** Scores of each of the predictions, on the same resamples of the rows. */
function resampled(
  target: TargetState,
  truth: Truth,
  predictions: readonly Predictions[],
  groups: Drawn | undefined,
): Resampled {
  const all = rowCountOf(truth);
  const { rows, resamples } = workFor(all, predictions.length * columnsOf(target));
  const random = seededRandom(SEED, "bootstrap");
  const part = rows < all ? partOf(all, rows, groups, random) : undefined;
  const judged = part ? takeTruth(truth, part.rows) : truth;
  const scorers = predictions.map((of) => scorersOf(target, judged, part ? takenPredictions(of, part.rows, all) : of));
  const together = part ? part.groups : groups;
  const byClass = new Set<string>(metricsOf(target).flatMap(([name, { isByClass }]) => (isByClass ? [name] : [])));
  const lacksClass = classesLackingIn(judged);

  const times = new Uint32Array(part ? part.rows.length : all).fill(1);
  const drawn = scorers[0]!.map(([name], s) => ({
    name,
    each: scorers.map((of) => ({
      score: of[s]![1],
      center: of[s]![1](times),
      values: new Float64Array(resamples),
    })),
  }));
  for (let r = 0; r < resamples; r++) {
    if (together) drawGroups(times, together, random);
    else draw(times, random);
    const lacks = lacksClass(times);
    for (const { name, each } of drawn) {
      for (const { score, values } of each) values[r] = lacks && byClass.has(name) ? Number.NaN : score(times);
    }
  }
  return { resamples, units: groups ? groups.count : all, narrowed: part?.narrowed, drawn };
}

/** Where the middle 95 % of the resamples lie; of those of a part of the table, around the score of all rows. */
function around(
  score: number,
  { center, values }: Resamples,
  { units, narrowed }: Pick<Resampled, "units" | "narrowed">,
): Interval | null {
  if (Number.isNaN(score)) return null; // of all rows: resamples, or a part, may lack the one that makes it so
  const middle = units > 1 ? middleOf(values) : null; // resamples of one row are all that row
  if (narrowed === undefined || !middle) return middle;
  const [low, high] = middle.map((value) => score + (value - center) * narrowed);
  return [low!, high!];
}

/** How many rows are resampled, and how often. */
export function workFor(all: number, columns: number): { rows: number; resamples: number } {
  const affordable = Math.max(Math.floor(WORK / FEWEST_RESAMPLES / columns), FEWEST_ROWS);
  const rows = Math.min(all, affordable);
  const resamples = Math.min(Math.max(Math.floor(WORK / rows / columns), FEWEST_RESAMPLES), MOST_RESAMPLES);
  return { rows, resamples };
}

/** What a row takes, in some 20 ns: the five scores of each target; or the scores of classes, and both areas of each class. */
function columnsOf(target: TargetState): number {
  return target.task === "regression" ? 5 * target.targets.length : 6 + target.classes.length;
}

/** Of a part of a table: which rows, how they belong together, and the error of a score of the whole over that of the part. */
interface Part {
  readonly rows: Uint32Array;
  readonly groups?: Drawn;
  readonly narrowed: number;
}

/** Below so many groups, a part of them tells too little of how groups differ; */
const FEWEST_GROUPS = 200;
/** and where one has so many times the mean number of rows, so does a part that lacks it. */
const UNEVEN = 4;

/** About so many rows of a table. */
function partOf(all: number, wanted: number, groups: Drawn | undefined, random: Random): Part {
  const someRows = () => Uint32Array.from({ length: wanted }, () => random.below(all));
  if (!groups) return { rows: someRows(), narrowed: Math.sqrt(wanted / all) };
  const taken = Math.floor((wanted / all) * groups.count);
  const largest = countCodes(groups.codes, groups.count).reduce((most, rows) => Math.max(most, rows));
  if (taken < FEWEST_GROUPS || largest > UNEVEN * (all / groups.count)) {
    // some rows of every group: what a score lacks in precision is then mostly how groups differ, which stays as it is
    const rows = someRows();
    return { rows, groups: { codes: take(groups.codes, rows), count: groups.count }, narrowed: 1 };
  }
  const rowsOf = rowsByGroup(groups);
  const parts = Array.from({ length: taken }, () => rowsOf(random.below(groups.count)));
  const codes = parts.map((rows, group) => new Int32Array(rows.length).fill(group));
  return {
    rows: join(Uint32Array, parts),
    groups: { codes: join(Int32Array, codes), count: taken },
    narrowed: Math.sqrt(taken / groups.count),
  };
}

/** The rows of a group, in order. */
function rowsByGroup({ codes, count }: Drawn): (group: number) => Uint32Array {
  const ends = countCodes(codes, count);
  for (let group = 1; group < count; group++) ends[group]! += ends[group - 1]!;
  const starts = ends.slice();
  const rows = new Uint32Array(codes.length);
  for (let row = codes.length - 1; row >= 0; row--) rows[--starts[codes[row]!]!] = row;
  return (group) => rows.subarray(starts[group]!, ends[group]!);
}

function takenPredictions(predictions: Predictions, rows: Uint32Array, all: number): Predictions {
  if (predictions.task === "regression") {
    return {
      ...predictions,
      values: predictions.values.map((values) => take(values, rows)),
    };
  }
  const { classes, probabilities } = predictions;
  return {
    ...predictions,
    classes: take(classes, rows),
    probabilities: takeMatrixRows(probabilities, probabilities.length / all, rows),
  };
}

function draw(times: Times, random: Random): void {
  times.fill(0);
  for (let i = 0; i < times.length; i++) times[random.below(times.length)]!++;
}

function drawGroups(times: Times, { codes, count }: Drawn, random: Random): void {
  const drawn = new Uint32Array(count);
  draw(drawn, random);
  for (const [row, group] of codes.entries()) times[row] = drawn[group]!;
}

/**
 * Whether a resample of these rows has none of one of their classes: a mean over classes is then of others, and as a rare
 * class is often predicted badly, of easier ones.
 */
function classesLackingIn(truth: Truth): (times: Times) => boolean {
  if (truth.task === "regression") return () => false;
  const { classes } = truth;
  const seen = new Uint8Array(classes.reduce((most, code) => Math.max(most, code), 0) + 1);
  const all = countDifferent(classes);
  return (times) => {
    seen.fill(0);
    let count = 0;
    for (let row = 0; row < times.length && count < all; row++) {
      if (times[row] === 0 || seen[classes[row]!] === 1) continue;
      seen[classes[row]!] = 1;
      count++;
    }
    return count < all;
  };
}

/**
 * A resample for which the score is not defined doesn't count; an interval stands on at least half of them. Where all are
 * alike, as of predictions that are all right, they tell nothing of how the score may vary.
 */
function middleOf(scores: Float64Array): Interval | null {
  const sample = new Sample(scores);
  const isTold = sample.values.length >= scores.length / 2 && sample.smallest < sample.largest;
  return isTold ? [sample.quantile(0.025), sample.quantile(0.975)] : null;
}

/** Between these are 95 % of a normal distribution. */
const NORMAL_95 = 1.959963984540054;

/** Of a share of independent rows, near 0 and 1 and of few rows too (Wilson, 1927). */
function wilson(share: number, rows: number): Interval | null {
  if (Number.isNaN(share)) return null;
  const z2 = NORMAL_95 ** 2 / rows;
  const center = (share + z2 / 2) / (1 + z2);
  const half = Math.sqrt(share * (1 - share) * z2 + (z2 / 2) ** 2) / (1 + z2);
  return [Math.max(center - half, 0), Math.min(center + half, 1)];
}
