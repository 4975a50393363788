import type { Random } from "../engine/random.js";
import { join } from "./arrays.js";

export interface Split {
  /** row numbers, ascending */
  readonly training: Uint32Array;
  readonly validation: Uint32Array;
}

/**
 * Parts rows at random into training rows and a `fraction` of validation rows.
 * `classes`, one code a row, makes it stratified: each class gives the same fraction, and at least one row to each part.
 */
export function splitRows(rows: number, fraction: number, random: Random, classes?: Int32Array): Split {
  const groups = classes ? groupsOf(classes) : [range(0, rows)];
  const held: Uint32Array[] = [];
  const kept: Uint32Array[] = [];
  for (const group of groups) {
    random.shuffle(group);
    const size = Math.min(Math.max(Math.round(group.length * fraction), 1), group.length - 1);
    held.push(group.subarray(0, size));
    kept.push(group.subarray(size));
  }
  return { training: ascending(kept), validation: ascending(held) };
}

/** About `most` of the rows, at random: of each class the same share, and one row at least. All of them if they are no more. */
export function sampleRows(rows: number, most: number, random: Random, classes?: Int32Array): Uint32Array {
  if (rows <= most) return range(0, rows);
  const groups = classes ? groupsOf(classes) : [range(0, rows)];
  return ascending(
    groups.map((group) => {
      random.shuffle(group);
      return group.subarray(0, Math.ceil((group.length * most) / rows));
    }),
  );
}

/**
 * `most` of the rows, or all of them if they are no more: of each stretch of as many as come on one, any. Even distances
 * would see but one of several sensors that take turns. The same for the same numbers.
 */
export function spacedRows(rows: number, most: number): Uint32Array {
  const taken = Math.min(rows, most);
  const chosen = new Uint32Array(taken);
  for (let i = 0; i < taken; i++) {
    const from = Math.floor((i * rows) / taken);
    const to = Math.floor(((i + 1) * rows) / taken);
    chosen[i] = from + Math.floor(scrambled(i) * (to - from));
  }
  return chosen;
}

/** 32 bits scrambled (Wellons, "lowbias32", 2018), as a number in [0, 1) */
function scrambled(i: number): number {
  let x = i + 1;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0xd35a2d97);
  return ((x ^ (x >>> 15)) >>> 0) / 2 ** 32;
}

/**
 * Deals rows at random to `folds` folds of about equal size: the number of the fold of each row. `classes`, one code a
 * row, makes it stratified: each class is spread evenly.
 */
export function foldRows(rows: number, folds: number, random: Random, classes?: Int32Array): Uint32Array {
  const groups = classes ? groupsOf(classes) : [range(0, rows)];
  const foldOf = new Uint32Array(rows);
  let dealt = 0;
  for (const group of groups) {
    random.shuffle(group);
    for (const row of group) foldOf[row] = dealt++ % folds;
  }
  return foldOf;
}

/** The row numbers from `start` up to `end`. */
export function range(start: number, end: number): Uint32Array<ArrayBuffer> {
  const rows = new Uint32Array(end - start);
  for (let i = 0; i < rows.length; i++) rows[i] = start + i;
  return rows;
}

function ascending(groups: readonly Uint32Array[]): Uint32Array {
  return Uint32Array.from(join(Uint32Array, groups)).sort();
}

/** The rows of each class. */
function groupsOf(classes: Int32Array): Uint32Array[] {
  const groups = new Map<number, number[]>();
  for (const [row, code] of classes.entries()) {
    const group = groups.get(code);
    if (group) group.push(row);
    else groups.set(code, [row]);
  }
  return [...groups.entries()].sort(([a], [b]) => a - b).map(([, group]) => Uint32Array.from(group));
}
