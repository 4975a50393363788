import { columnOf, type Table } from "../data/table.js";
import { placesAmong } from "./categories.js";
import { mostByChance } from "./chance.js";
import { type Drift, driftOf, driftOfCategories } from "./drift.js";
import { type Limits, usualLimits } from "./limits.js";
import { OddityTally, rangeOf } from "./oddities.js";
import type { ColumnState, PipelineState } from "./pipeline.js";
import {
  binOf,
  type CategoryProfile,
  type DateProfile,
  frequentAmong,
  MOST_VALUES,
  type NumberProfile,
} from "./profile.js";

/** What of a column breaks the contract. */
export type Break =
  | "lacking"
  | "not numbers"
  | "not dates"
  | "missing"
  | "outside"
  | "far outside"
  | "unseen"
  | "drift";

/** A column of new rows beside that of the training rows. Null where it is not known, or means nothing for its type. */
export interface Finding {
  readonly name: string;
  readonly type: ColumnState["type"];
  readonly present: boolean;
  /** share of the rows whose cell is missing */
  readonly missing: number | null;
  readonly missingInTraining: number;
  /** how large that share may be */
  readonly missingLimit: number | null;
  /** how many cells should be numbers, or dates, and are none */
  readonly unreadable: number;
  /** share of the rows beyond the range of the training rows, and how large it may be; null for moments, if no limit is given */
  readonly outside: number | null;
  readonly outsideLimit: number | null;
  /** the number that is farthest beyond the range, if it is so far as none comes by chance, and no limit is given */
  readonly farOutside: number | null;
  /** share of the rows with a category without a place of its own, the share expected by training, and how large it may be */
  readonly unseen: number | null;
  readonly expectedRare: number | null;
  readonly unseenLimit: number | null;
  /** some of the cells that are unreadable or unseen */
  readonly examples: readonly string[];
  /** population stability index, missing cells being a bin */
  readonly drift: number | null;
  /** what chance alone could make of it, or of that of any other column, with so few rows; and how large it may be */
  readonly driftByChance: number | null;
  readonly driftLimit: number | null;
  /** the frequent numbers apart from which it is, if it is of the others: what is worse, in proportion to its limit, counts */
  readonly driftWithout: readonly number[];
  readonly breaks: readonly Break[];
}

/** Holds the blocks of a table of any length against the columns of a model, in the memory of one block. */
export class Contract {
  rows = 0;
  private readonly clauses: readonly Clause[];

  /** `time`: the column whose numbers or dates say when a row was, if there is one */
  constructor(
    pipeline: PipelineState,
    private readonly trainingRows: number,
    time?: string,
  ) {
    this.clauses = pipeline.map((state) => new Clause(state, state.type === "date" || state.name === time));
  }

  /** The columns that the table has are of the types of the pipeline. */
  add(table: Table): void {
    this.rows += table.rows;
    for (const clause of this.clauses) clause.add(table);
  }

  findings(limits: Limits): Finding[] {
    return this.clauses.map((clause) => clause.finding(limits, this.trainingRows, this.clauses.length));
  }
}

/** One column of it. */
class Clause {
  private readonly tally: OddityTally;
  /** shares of the training rows in each bin, the last one that of missing cells */
  private readonly training: readonly number[] | undefined;
  /** rows in each of these bins */
  private readonly counts: Float64Array;
  /** the same of numbers that are none of the frequent ones */
  private readonly otherCounts: Float64Array;
  private present = false;

  /** `goesOn`: its values are moments, and those of new rows are later than those of training as a rule */
  constructor(
    private readonly state: ColumnState,
    private readonly goesOn: boolean,
  ) {
    this.tally = new OddityTally(state);
    this.training = goesOn ? undefined : trainingBins(state);
    this.counts = new Float64Array(this.training?.length ?? 0);
    this.otherCounts = new Float64Array(othersOf(state)?.bins.length ?? 0);
  }

  add(table: Table): void {
    if (!columnOf(table, this.state.name)) return;
    this.present = true;
    this.tally.add(table);
    if (this.training) this.countBins(table);
  }

  /** `comparisons`: how many columns there are, any of which chance may make look like a break */
  finding(limits: Limits, trainingRows: number, comparisons: number): Finding {
    const { state, tally, present, training } = this;
    const { name, type, profile } = state;
    const { counts, rows } = tally;
    const share = (count: number) => (rows > 0 ? count / rows : 0);
    const drift = training && present ? this.drift(training, trainingRows, comparisons, limits) : undefined;
    const range = present ? rangeOf(state) : undefined;
    const hasCategories = present && type === "category";
    const rare = "other" in profile ? rareShare(profile, trainingRows) : null;
    const chance = (of: number, [few, among]: Rarity) => share(Math.max(1, mostByChance(of, few, among, comparisons))); // one row is chance
    const byChance = chance(rows - counts.missing, rarity(state, trainingRows));
    const { missing } = profile;
    const missingByChance = chance(rows, [Math.round(missing * trainingRows) + 1, trainingRows]);
    const limit = (given: number | undefined, usual: number) =>
      given === undefined ? Math.max(usual + (rare ?? 0), byChance) : given + (rare ?? 0);
    const hasLimit = range && (!this.goesOn || limits.outside !== undefined);
    const finding = {
      name,
      type,
      present,
      missing: present ? share(counts.missing) : null,
      missingInTraining: missing,
      missingLimit: present
        ? (limits.missing ?? Math.max(Math.min(missing + usualLimits.missing, 1), missingByChance))
        : null,
      unreadable: counts.unreadable,
      outside: range ? share(counts.outside) : null,
      outsideLimit: hasLimit ? limit(limits.outside, usualLimits.outside) : null,
      farOutside: range && limits.outside === undefined ? farOutside(range, tally, trainingRows) : null,
      unseen: hasCategories ? share(counts.unseen) : null,
      expectedRare: rare,
      unseenLimit: hasCategories ? limit(limits.unseen, usualLimits.unseen) : null,
      examples: [...tally.examples],
      drift: drift?.index ?? null,
      driftByChance: drift?.chance ?? null,
      driftLimit: drift ? driftLimit(drift, limits) : null,
      driftWithout: drift?.without ?? [],
    };
    return { ...finding, breaks: breaksOf(finding) };
  }

  private drift(
    training: readonly number[],
    trainingRows: number,
    comparisons: number,
    limits: Limits,
  ): (Drift & { without?: readonly number[] }) | undefined {
    const { state, counts, otherCounts } = this;
    if (state.type !== "number") {
      const other = training.length - 2; // the last but one, as `trainingBins` has them
      return driftOfCategories(training, trainingRows, counts, other, comparisons);
    }
    const values = Math.min(trainingRows, MOST_VALUES);
    const others = othersOf(state);
    if (!others) return driftOf(training, values, counts, comparisons);
    // Among all rows a frequent value hides how few others are distributed.
    const whole = driftOf(training, values, counts, 2 * comparisons);
    const share = others.bins.reduce((sum, bin) => sum + bin, 0);
    const shares = others.bins.map((bin) => bin / share);
    const apart = driftOf(shares, share * values, otherCounts, 2 * comparisons);
    const ofLimit = (drift: Drift | undefined) => (drift ? drift.index / driftLimit(drift, limits) : 0);
    return apart && ofLimit(apart) > ofLimit(whole)
      ? { ...apart, without: frequentAmong(state.profile.deciles) }
      : whole;
  }

  private countBins(table: Table): void {
    const { state, counts, otherCounts } = this;
    const column = columnOf(table, state.name)!;
    const missing = counts.length - 1;
    if (state.type === "number" && column.type === "number") {
      const { deciles } = state.profile;
      const quantiles = othersOf(state)?.quantiles;
      const frequent = frequentAmong(deciles);
      for (let row = 0; row < table.rows; row++) {
        const value = column.values[row]!;
        if (Number.isNaN(value)) {
          if (!column.unreadable?.has(row)) counts[missing]!++;
          continue;
        }
        counts[binOf(deciles, value)]!++;
        if (quantiles && !frequent.includes(value)) otherCounts[binOf(quantiles, value)]!++;
      }
    } else if (column.type === "category" && state.type === "category") {
      const among = placesAmong(state.categories, column.decimal);
      const places = column.categories.map((category) => among(category) ?? missing - 1);
      for (const code of column.codes) counts[code < 0 ? missing : places[code]!]!++;
    }
  }
}

/**
 * Of numbers: those between deciles. Of categories: each with a place, and the rare ones. Last the missing cells. Of dates
 * none, as new rows have new ones.
 */
function trainingBins({ profile }: ColumnState): number[] | undefined {
  if (!("bins" in profile || "shares" in profile)) return undefined;
  const bins = "bins" in profile ? profile.bins : [...profile.shares, profile.other];
  return [...bins, profile.missing];
}

function othersOf(state: ColumnState): NumberProfile["others"] {
  return state.type === "number" ? state.profile.others : undefined;
}

function driftLimit({ chance }: Drift, { drift }: Limits): number {
  return Math.max(drift, chance);
}

/**
 * So many times a range's width beyond it there is nothing that a network has learned of. Of distributions with heavy tails,
 * as whose range is many times as wide as the middle eight tenths of it, some number is; and among more rows a farther one.
 */
const FAR = 100;
/** Of a column that is nearly always the same the tails are not known. */
const HEAVIEST_TAILS = 1e4;

function farOutside(
  profile: NumberProfile | DateProfile,
  { farthest, rows }: OddityTally,
  trainingRows: number,
): number | null {
  const { smallest, largest } = profile;
  // dates have no such tails
  if (!("deciles" in profile)) return farthest.beyond > FAR * (largest - smallest + 1) ? farthest.value : null;
  const { deciles } = profile;
  const width = largest - smallest || Math.abs(largest) || 1;
  const middle = deciles.at(-1)! - deciles[0]!;
  const tails = Math.min(width / middle, HEAVIEST_TAILS);
  return farthest.beyond > FAR * width * tails * Math.max(1, rows / trainingRows) ? farthest.value : null;
}

/** Of new rows, with a category of which training had some rows, too few for a place. */
function rareShare({ other, unplaced }: CategoryProfile, trainingRows: number): number {
  return other > 0 ? Math.min(unplaced.rows / trainingRows, 1) : 0;
}

/** How many training rows were what few rows are, and of how many. */
type Rarity = readonly [few: number, among: number];

/** Of numbers and dates the two at the ends of their range; of categories those that are new, or too rare for a place of their own. */
function rarity({ profile }: ColumnState, trainingRows: number): Rarity {
  const rowsOf = (share: number) => Math.round(share * trainingRows);
  const among = rowsOf(1 - profile.missing);
  if (!("shares" in profile)) return [2, among];
  return ofUnplaced(profile.unplaced, among);
}

/** So much as from the expected rows, with one for luck, is told by fewer rows of which as large a share is new. */
function ofUnplaced({ rows, variance }: { rows: number; variance: number }, among: number): Rarity {
  const few = Math.min(rows, among) + 1;
  const fewer = Math.max(1, Math.round(few ** 2 / (variance + 1)));
  return [fewer, (among * fewer) / few];
}

function breaksOf(finding: Omit<Finding, "breaks">): Break[] {
  const { type, present, unreadable, missing, missingLimit, outside, outsideLimit, farOutside } = finding;
  const { unseen, unseenLimit, drift, driftLimit } = finding;
  if (!present) return ["lacking"];
  const exceeds = (value: number | null, limit: number | null) => value !== null && limit !== null && value > limit;
  const all: [Break, boolean][] = [
    ["not numbers", unreadable > 0 && type !== "date"],
    ["not dates", unreadable > 0 && type === "date"],
    ["missing", exceeds(missing, missingLimit)],
    ["outside", exceeds(outside, outsideLimit)],
    ["far outside", farOutside !== null],
    ["unseen", exceeds(unseen, unseenLimit)],
    ["drift", exceeds(drift, driftLimit)],
  ];
  return all.filter(([, broken]) => broken).map(([name]) => name);
}
