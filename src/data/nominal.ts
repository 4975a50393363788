import { placeAmong, take, tallied } from "./arrays.js";
import { spacedRows } from "./split.js";
import type { Column, NumberColumn } from "./table.js";

/** Of a value of fewer rows it is mostly chance what target they have. */
const FEW_ROWS = 5;
/** Of fewer values the means may look unrelated by chance, and a network learns them in any order. */
const FEWEST_VALUES = 20;
/** A column of more different values is not looked at. */
const MOST_VALUES = 1000;
/** A target of more classes is not looked at. */
const MOST_CLASSES = 20;
/** One or two values, such as 0, may stand out from an order. */
const STANDING_OUT = 2;
/** So large a share of the target's variance is worth a word, */
const SHARE = 0.1;
/** and so many standard deviations are beyond chance. */
const BEYOND_CHANCE = 10;
/**
 * The mean of two neighbours is farther from a value's mean than that of all rows is, by so much. Of values that have nothing to
 * do with one another it is 1.5, as the variance of two values' mean adds a half.
 */
const UNLIKE = 1.25;
/** So many rows tell. */
const ENOUGH_ROWS = 20_000;

/** Tells columns of numbers that are names of categories, such as departments, by the targets; which are looked at once. */
export function nominalBy(targets: readonly Column[]): (column: NumberColumn) => boolean {
  let known: { readonly rows: Uint32Array; readonly responses: readonly Response[] } | undefined;
  return ({ values }) => {
    known ??= responsesIn(targets, spacedRows(values.length, ENOUGH_ROWS));
    const { rows, responses } = known;
    return responses.some((response) => areNominal(take(values, rows), response));
  };
}

function responsesIn(targets: readonly Column[], rows: Uint32Array) {
  return { rows, responses: targets.flatMap((target) => responseOf(target, rows) ?? []) };
}

/** What is to be told of a row: a number, which `sizes` holds, or that it has one of `width` classes. −1: nothing is known. */
interface Response {
  readonly width: number;
  readonly codes: Int32Array;
  readonly sizes?: Float64Array;
}

/** Of numbers their ranks, so that a few far ones don't count for all (Kruskal and Wallis, 1952). */
function responseOf(target: Column, rows: Uint32Array): Response | undefined {
  if (target.type === "category") {
    const { codes, categories } = target;
    return categories.length <= MOST_CLASSES ? { width: categories.length, codes: take(codes, rows) } : undefined;
  }
  const values = take(target.values, rows);
  const { different, counts } = tallied(values);
  let before = 0;
  const ranks = Float64Array.from(counts, (count) => {
    before += count;
    return (before - count / 2) / values.length;
  });
  return {
    width: 1,
    codes: Int32Array.from(values, (value) => (Number.isNaN(value) ? -1 : 0)),
    sizes: values.map((value) => ranks[placeAmong(different, value)]!),
  };
}

/** The rows that have one of a column's values. */
interface Group {
  readonly value: number;
  rows: number;
  /** of the responses, by class */
  readonly sums: Float64Array;
  squares: number;
}

/**
 * Whether the target's mean differs from value to value of whole numbers, and those of the neighbouring values tell no more of it
 * than that of all rows.
 */
function areNominal(values: Float64Array, response: Response): boolean {
  const all = groupsBy(values, response)?.filter(({ rows }) => rows >= FEW_ROWS);
  if (!all || all.length < FEWEST_VALUES) return false;
  const { sums, rows } = together(all);
  const telling = all.toSorted((a, b) => b.rows * distance(b, sums, rows) - a.rows * distance(a, sums, rows));
  const groups = telling.slice(STANDING_OUT).sort((a, b) => a.value - b.value);
  const { told, total, chance, unlikeNeighbours } = varianceOf(groups);
  return told >= SHARE * total && told > BEYOND_CHANCE * chance && unlikeNeighbours > UNLIKE * told;
}

/** Undefined unless they are whole numbers, and no more different ones than there may be. */
function groupsBy(values: Float64Array, { width, codes, sizes }: Response): Group[] | undefined {
  const most = Math.min(MOST_VALUES, values.length / FEW_ROWS);
  const groups = new Map<number, Group>();
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    const code = codes[row]!;
    if (code < 0 || Number.isNaN(value)) continue;
    let group = groups.get(value);
    if (!group) {
      if (groups.size >= most || !Number.isInteger(value)) return undefined;
      group = { value, rows: 0, sums: new Float64Array(width), squares: 0 };
      groups.set(value, group);
    }
    const size = sizes ? sizes[row]! : 1;
    group.rows++;
    group.sums[code]! += size;
    group.squares += size * size;
  }
  return [...groups.values()];
}

function together(groups: readonly Group[]): Omit<Group, "value"> {
  const all = { rows: 0, sums: new Float64Array(groups[0]!.sums.length), squares: 0 };
  for (const { rows, sums, squares } of groups) {
    all.rows += rows;
    all.squares += squares;
    for (const [code, sum] of sums.entries()) all.sums[code]! += sum;
  }
  return all;
}

/** The square of how far a group's mean is from that of others. */
function distance({ rows, sums }: Group, others: Float64Array, ofOthers: number): number {
  return sums.reduce((square, sum, code) => square + (sum / rows - others[code]! / ofOthers) ** 2, 0);
}

/**
 * Sums of squares: in `total`; what the means of the groups tell of it, beyond what they would by chance, and the standard
 * deviation of that; and how unlike those of their neighbours they are, in the same way. Groups ascend.
 */
function varianceOf(groups: readonly Group[]) {
  const { rows, sums, squares } = together(groups);
  const total = squares - sums.reduce((square, sum) => square + sum * sum, 0) / rows;
  const between = groups.reduce((sum, group) => sum + group.rows * distance(group, sums, rows), 0);
  const [degrees, rest] = [groups.length - 1, rows - groups.length];
  const noise = (total - between) / rest;
  const unlikeNeighbours = groups.reduce((sum, group, i) => {
    const beside = together([...groups.slice(Math.max(i - 1, 0), i), ...groups.slice(i + 1, i + 2)]);
    const byChance = noise * (1 + group.rows / beside.rows);
    return sum + group.rows * distance(group, beside.sums, beside.rows) - byChance;
  }, 0);
  return {
    total,
    told: between - degrees * noise,
    chance: noise * Math.sqrt((2 * degrees * (rows - 1)) / rest),
    unlikeNeighbours,
  };
}
