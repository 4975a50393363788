import { countCodes, countDifferent, join, take } from "../data/arrays.js";
import type { Dependence } from "../data/dependence.js";
import { dealGroups, equalShares, splitGroups } from "../data/groupSplit.js";
import { foldRows, range, sampleRows, splitRows } from "../data/split.js";
import type { Table } from "../data/table.js";
import { splitLatest } from "../data/timeSplit.js";
import { seededRandom } from "../engine/random.js";
import { NnfitError } from "../errors.js";
import { type ClassTarget, classesOf } from "../transform/classes.js";

/** How much each of some rows counts in the loss. */
export interface RowWeights {
  /** on average 1 */
  readonly each: Float32Array;
  /** how much all of them count beside other rows of the same tables */
  readonly total: number;
}

/** How much rows count beside others: without weights all the same. */
export function totalOf(rows: Uint32Array, weights: RowWeights | undefined): number {
  return weights ? weights.total : rows.length;
}

/** A network of an ensemble: the rows that it learns from, and those that judge it. */
export interface Member {
  /** from 0 */
  readonly number: number;
  /** ascending */
  readonly training: Uint32Array;
  /** ascending; none, where nothing is held out */
  readonly validation: Uint32Array;
  /** the rows that judge it, ascending: those held out; where none are, of its training rows up to 10,000 or so */
  readonly judging: Uint32Array;
  /** none: all count the same */
  readonly trainingWeights?: RowWeights | undefined;
  /** the same of the rows that judge it */
  readonly judgingWeights?: RowWeights | undefined;
}

/** Whether there are rows that judge a member and that it does not learn from. */
export function holdsOut(members: readonly Pick<Member, "validation">[]): boolean {
  return members.some(({ validation }) => validation.length > 0);
}

/** How many rows some member holds out. */
export function heldRows(members: readonly Pick<Member, "validation">[]): number {
  const held = members.map(({ validation }) => validation);
  return holdsOut(members) ? countDifferent(join(Uint32Array, held)) : 0;
}

/** Row numbers of one member. */
type Parts = Pick<Member, "training" | "validation">;

/** A member of which it is not yet said what judges it. */
type PartedMember = Parts & Pick<Member, "number">;

/**
 * Parts the rows of a table into training and validation rows, once for each member of an ensemble: stratified for
 * classes, by whole groups, or by time. Several members take turns: each row is held out by one of the first 1/fraction
 * of them. By time they all hold out the latest rows.
 */
export function membersOf(
  table: Table,
  { fraction, members, seed }: { fraction: number; members: number; seed: number },
  classes: ClassTarget | undefined,
  dependence: Dependence = { kind: "none" },
): PartedMember[] {
  return partsOf(table, { fraction, members, seed }, classes, dependence).map((parts, number) => ({
    number,
    ...parts,
  }));
}

/** What training rows say of a network is flattering at best, and so many say it as well as all. */
const MOST_TRAINING_ROWS = 10_000;

/**
 * The members with the rows that judge them: those that they hold out; where none are held out, their training rows, of many a
 * sample. If rows have weights, all: a sample might weigh nothing.
 */
export function withJudges(
  members: readonly PartedMember[],
  { classes, weighted, seed }: { classes: Int32Array | undefined; weighted: boolean; seed: number },
): Member[] {
  let sample: Uint32Array | undefined; // they all learn from the same rows
  const judges = ({ training, validation }: Parts) => {
    if (validation.length > 0) return validation;
    if (weighted) return training;
    sample ??= sampleRows(training.length, MOST_TRAINING_ROWS, seededRandom(seed, "judging"), classes);
    return sample;
  };
  return members.map((member) => ({ ...member, judging: judges(member) }));
}

function partsOf(
  table: Table,
  { fraction, members, seed }: { fraction: number; members: number; seed: number },
  classes: ClassTarget | undefined,
  dependence: Dependence,
): readonly Parts[] {
  const { rows } = table;
  if (fraction === 0) {
    const parts = { training: range(0, rows), validation: range(0, 0) };
    return Array.from({ length: members }, () => parts);
  }
  const codes = classes && classesOf(classes, table);
  checkParting(table, dependence);
  const isAlone = members === 1;
  if (dependence.kind === "time") {
    const parts = splitLatest(dependence.codes, fraction);
    return Array.from({ length: members }, () => parts);
  }
  if (dependence.kind === "groups") {
    const groups = dependence.codes;
    if (isAlone) return [splitGroups(groups, fraction, seededRandom(seed, "split"), codes)];
    const folds = foldsOf(fraction, countDifferent(groups));
    return inTurn({ rows, folds, members }, (deal) =>
      dealGroups(groups, equalShares(folds), seededRandom(seed, "split", deal), codes),
    );
  }
  if (isAlone) {
    checkClassSizes(table, classes, codes);
    return [splitRows(rows, fraction, seededRandom(seed, "split"), codes)];
  }
  const folds = foldsOf(fraction, rows);
  return inTurn({ rows, folds, members }, (deal) => foldRows(rows, folds, seededRandom(seed, "split", deal), codes));
}

/** There have to be two rows, groups or times. */
function checkParting(table: Table, dependence: Dependence): void {
  if (table.rows < 2) {
    throw new NnfitError("data", "the table has only one row, which can't be split into training and validation rows", {
      at: table.source,
      try: "more rows",
    });
  }
  if (dependence.kind === "none" || countDifferent(dependence.codes) > 1) return;
  const { kind, column } = dependence;
  const same = kind === "groups" ? "belong to one group" : "have the same time";
  throw new NnfitError("data", `all rows ${same}, so they can't be split into training and validation rows`, {
    at: `${table.source}, column "${column}"`,
    try: '"validation": 0',
  });
}

/** Every fold is held out once, then the rows are dealt anew. */
function inTurn(
  { rows, folds, members }: { rows: number; folds: number; members: number },
  foldsOfDeal: (deal: number) => Uint32Array,
): Parts[] {
  const deals = Array.from({ length: Math.ceil(members / folds) }, (_, deal) => foldsOfDeal(deal));
  const all = range(0, rows);
  return Array.from({ length: members }, (_, member) => {
    const foldOf = deals[Math.floor(member / folds)]!;
    const held = member % folds;
    return {
      training: all.filter((row) => foldOf[row] !== held),
      validation: all.filter((row) => foldOf[row] === held),
    };
  });
}

/** No more than there are rows, or groups of them. */
function foldsOf(fraction: number, most: number): number {
  return Math.min(Math.max(Math.round(1 / fraction), 2), most);
}

/** The rows that some member learns from, ascending. */
export function learnedRows({ members }: { readonly members: readonly Pick<Member, "training">[] }): Uint32Array {
  if (members.length === 1) return members[0]!.training;
  const end = Math.max(...members.map(({ training }) => (training.at(-1) ?? -1) + 1));
  const isLearned = new Uint8Array(end);
  for (const { training } of members) for (let i = 0; i < training.length; i++) isLearned[training[i]!] = 1;
  return range(0, end).filter((row) => isLearned[row] === 1);
}

/** The classes of rows to judge by, of which no row is learned from. */
export function unlearnedAmong(
  { classes }: ClassTarget,
  codes: Int32Array,
  learning: Uint32Array,
  judging: Uint32Array,
): string[] {
  const [learned, judged] = [new Set(take(codes, learning)), new Set(take(codes, judging))];
  return classes.filter((_, code) => judged.has(code) && !learned.has(code));
}

/** A class needs a row to learn from and one to judge by. */
function checkClassSizes(table: Table, classes: ClassTarget | undefined, codes: Int32Array | undefined): void {
  if (!classes || !codes) return;
  const names = classes.classes;
  const alone = countCodes(codes, names.length).indexOf(1);
  if (alone < 0) return;
  throw new NnfitError(
    "data",
    `the class "${names[alone]}" has only one row, which can't be both trained on and validated`,
    {
      at: `${table.source}:${table.lines[codes.indexOf(alone)]}`,
      try: 'leaving the row out, giving it another class, or "validation": 0',
    },
  );
}
