import { foldRows, splitRows } from "../data/split.js";
import type { Table } from "../data/table.js";
import { seededRandom } from "../engine/random.js";
import { NnfitError } from "../errors.js";
import { type TargetState, truthOf } from "../transform/target.js";

/** A network of an ensemble: the rows that it learns from, and those that judge it. */
export interface Member {
  /** from 0 */
  readonly number: number;
  /** ascending */
  readonly training: Uint32Array;
  /** ascending; none, where nothing is held out */
  readonly validation: Uint32Array;
  /** how much each training row counts in the loss, on average 1; none: all the same */
  readonly trainingWeights?: Float32Array;
  /** the same of the validation rows, or where there are none of the training rows */
  readonly judgingWeights?: Float32Array;
}

/** Row numbers of one member. */
type Parts = Pick<Member, "training" | "validation">;

/**
 * Parts the rows of a table into training and validation rows, once for each member of an ensemble: stratified for
 * classes. Several members take turns: each row is held out by one of the first 1/fraction of them.
 */
export function membersOf(
  table: Table,
  { fraction, members, seed }: { fraction: number; members: number; seed: number },
  classes: TargetState | undefined,
): Member[] {
  const all = range(0, table.rows);
  const codes = fraction > 0 ? codesOf(table, classes) : undefined;
  if (fraction > 0 && members === 1) checkClassSizes(table, classes, codes);
  if (fraction > 0 && table.rows < 2) {
    throw new NnfitError("data", "the table has one row, which can't be parted into training and validation rows", {
      at: table.source,
      try: '"validation": 0',
    });
  }
  const partsOf = (): readonly Parts[] => {
    if (fraction === 0) return Array.from({ length: members }, () => ({ training: all, validation: range(0, 0) }));
    if (members === 1) return [splitRows(table.rows, fraction, seededRandom(seed, "split"), codes)];
    return foldParts(table.rows, { folds: foldsOf(fraction, table.rows), members, seed, codes });
  };
  return partsOf().map((parts, number) => ({ number, ...parts }));
}

/** Every fold is held out once, then the rows are dealt anew. */
function foldParts(
  rows: number,
  { folds, members, seed, codes }: { folds: number; members: number; seed: number; codes: Int32Array | undefined },
): Parts[] {
  const deals = Array.from({ length: Math.ceil(members / folds) }, (_, deal) =>
    foldRows(rows, folds, seededRandom(seed, "split", deal), codes),
  );
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

function foldsOf(fraction: number, rows: number): number {
  return Math.min(Math.max(Math.round(1 / fraction), 2), rows);
}

/** The row numbers from `start` up to `end`. */
export function range(start: number, end: number): Uint32Array {
  return Uint32Array.from({ length: end - start }, (_, i) => start + i);
}

function codesOf(table: Table, classes: TargetState | undefined): Int32Array | undefined {
  if (classes?.task !== "classification") return undefined;
  const truth = truthOf(classes, table);
  return truth.task === "classification" ? truth.classes : undefined;
}

/** A class needs a row to learn from and one to judge by. */
function checkClassSizes(table: Table, classes: TargetState | undefined, codes: Int32Array | undefined): void {
  if (classes?.task !== "classification" || !codes) return;
  const names = classes.classes;
  const counts = names.map(() => 0);
  for (const code of codes) counts[code]!++;
  const alone = counts.indexOf(1);
  if (alone < 0) return;
  throw new NnfitError(
    "data",
    `the class "${names[alone]}" has one row, which can't be both learned from and judged by`,
    {
      at: `${table.source}:${table.lines[codes.indexOf(alone)]}`,
      try: 'leaving the row out, giving it another class, or "validation": 0',
    },
  );
}
