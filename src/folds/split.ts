import { countCodes, countDifferent } from "../data/arrays.js";
import type { Dependence } from "../data/dependence.js";
import { dealGroups, equalShares } from "../data/groupSplit.js";
import { foldRows, range } from "../data/split.js";
import type { Table } from "../data/table.js";
import { forwardBlocks } from "../data/timeSplit.js";
import { seededRandom } from "../engine/random.js";
import { NnfitError } from "../errors.js";
import { unlearnedAmong } from "../train/members.js";
import { type ClassTarget, classesOf } from "../transform/classes.js";

/** Rows to learn from, and others to test on. */
export interface Fold {
  /** from 0 */
  readonly number: number;
  /** ascending: to learn from, and to choose the best epoch by */
  readonly learning: Uint32Array;
  /** ascending */
  readonly test: Uint32Array;
}

/**
 * The folds of a cross-validation. Rows are dealt at random, for classes stratified; or by whole groups; then each row is
 * tested once. By time, each block is tested by what learned from all rows before it, and the first block never is.
 */
export function foldsOf(
  table: Table,
  {
    folds,
    seed,
    validates,
  }: { folds: number; seed: number /** of the learning rows some are held out */; validates: boolean },
  classes: ClassTarget | undefined,
  dependence: Dependence,
): Fold[] {
  const codes = classes && classesOf(classes, table);
  const random = seededRandom(seed, "folds");
  if (dependence.kind === "time") return timeFolds(table, folds, dependence.codes, dependence.column);
  if (dependence.kind === "groups") {
    checkEnough(folds, countDifferent(dependence.codes), "groups", `${table.source}, column "${dependence.column}"`);
    return foldsFrom(dealGroups(dependence.codes, equalShares(folds), random, codes), folds);
  }
  const allows = (folds: number) => !classes || !codes || !rareClass(folds, validates, classes, codes);
  checkEnough(folds, table.rows, "rows with a target", table.source, { allows });
  checkClasses(table, { folds, validates }, classes, codes);
  return foldsFrom(foldRows(table.rows, folds, random, codes), folds);
}

/** The classes that a fold tests and has no row of to learn from, by the number of the fold. */
export function unlearnedClasses(table: Table, folds: readonly Fold[], classes: ClassTarget | undefined) {
  if (!classes) return [];
  const codes = classesOf(classes, table);
  return folds.flatMap(({ number, learning, test }) => {
    const names = unlearnedAmong(classes, codes, learning, test);
    return names.length > 0 ? [{ number, names }] : [];
  });
}

function foldsFrom(foldOf: Uint32Array, folds: number): Fold[] {
  const all = range(0, foldOf.length);
  return Array.from({ length: folds }, (_, number) => ({
    number,
    learning: all.filter((row) => foldOf[row] !== number),
    test: all.filter((row) => foldOf[row] === number),
  }));
}

function timeFolds(table: Table, folds: number, times: Int32Array, column: string): Fold[] {
  checkEnough(folds + 1, countDifferent(times), "different times", `${table.source}, column "${column}"`, { folds });
  const blocks = forwardBlocks(times, folds);
  if (!blocks) {
    throw new NnfitError("data", `too many rows have the same time for ${folds} folds of about equal size`, {
      at: `${table.source}, column "${column}"`,
      try: "fewer folds",
    });
  }
  return blocks.map(({ before, block }, number) => ({ number, learning: before, test: block }));
}

function checkEnough(
  needed: number,
  found: number,
  what: string,
  at: string,
  { folds = needed, allows = () => true }: { folds?: number; allows?(folds: number): boolean } = {},
): void {
  if (found >= needed) return;
  const fewer = found - (needed - folds);
  throw new NnfitError("data", `${folds} folds need at least ${needed} ${what}`, {
    at,
    have: String(found),
    try: fewer > 1 && allows(fewer) ? `${fewer} folds` : undefined,
  });
}

/** Nobody would train so many folds, though rare classes may need them. */
const MOST_ADVISED = 20;

/** Each fold needs a row of each class to learn from; and where it holds rows out, one that judges. */
function checkClasses(
  table: Table,
  { folds, validates }: { folds: number; validates: boolean },
  classes: ClassTarget | undefined,
  codes: Int32Array | undefined,
): void {
  if (!classes || !codes) return;
  const rare = rareClass(folds, validates, classes, codes);
  if (!rare) return;
  const { name, code, rows, needed } = rare;
  const has = rows === 1 ? "one row" : `${rows} rows`;
  const most = Math.min(table.rows, MOST_ADVISED);
  const more = Array.from({ length: most }, (_, i) => i + 1).find(
    (more) => more > folds && !rareClass(more, validates, classes, codes),
  );
  throw new NnfitError("data", `the class "${name}" has ${has}, too few for ${folds} folds`, {
    at: `${table.source}:${table.lines[codes.indexOf(code)]}`,
    have: `each fold tests up to ${Math.ceil(rows / folds)} of them and needs ${needed} for training${validates ? " and validation" : ""}`,
    try: more === undefined ? "leaving the class out, or giving it more rows" : `${more} folds`,
  });
}

/** The first class of which a fold would have too few rows. */
function rareClass(folds: number, validates: boolean, { classes }: ClassTarget, codes: Int32Array) {
  const needed = validates ? 2 : 1;
  const counts = countCodes(codes, classes.length);
  const code = counts.findIndex((rows) => rows - Math.ceil(rows / folds) < needed);
  return code < 0 ? undefined : { name: classes[code]!, code, rows: counts[code]!, needed };
}
