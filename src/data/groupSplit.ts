import type { Random } from "../engine/random.js";
import type { Split } from "./split.js";

interface Group {
  readonly rows: number;
  /** how many of its rows each class has */
  readonly counts: ReadonlyMap<number, number>;
}

/** Some groups, put together. */
interface Part {
  rows: number;
  readonly counts: Map<number, number>;
}

/**
 * Deals whole groups to parts, `shares` of all rows: the number of the part of each row. The largest group comes first,
 * equal ones in random order; each goes where it makes the least of Σ (rows − rows there should be)² / share, summed over
 * parts and classes, a class's rows being shares of it. In equal parts without classes that is what scikit-learn's
 * GroupKFold does: each to the part with the fewest rows.
 */
export function dealGroups(
  groupOf: Int32Array,
  shares: readonly number[],
  random: Random,
  classes: Int32Array = new Int32Array(groupOf.length),
): Uint32Array {
  const groups = groupsOf(groupOf, classes);
  const totals = countsOf(classes);
  const parts = shares.map((share) => ({ share, rows: 0, counts: new Map<number, number>() }));
  const partOf = new Map<number, number>();
  for (const [code, group] of largestFirst(groups, random)) {
    const costs = parts.map(({ share, counts }) => cost(group, counts, totals) / share);
    const chosen = leastOf(costs, parts);
    partOf.set(code, chosen);
    add(parts[chosen]!, group);
  }
  return Uint32Array.from(groupOf, (code) => partOf.get(code)!);
}

/** Parts of equal size. */
export function equalShares(parts: number): number[] {
  return Array.from({ length: parts }, () => 1 / parts);
}

/** Parts whole groups into training rows and about a `fraction` of validation rows. There are two groups at least. */
export function splitGroups(groupOf: Int32Array, fraction: number, random: Random, classes?: Int32Array): Split {
  const partOf = dealGroups(groupOf, [1 - fraction, fraction], random, classes);
  if (new Set(partOf).size === 1) {
    const smallest = smallestOf(groupOf);
    for (const [row, code] of groupOf.entries()) if (code === smallest) partOf[row] = 1 - partOf[row]!;
  }
  return { training: rowsOf(partOf, 0), validation: rowsOf(partOf, 1) };
}

/** By how much more the squares of the parts' shares of each class are with the group there. */
function cost({ counts }: Group, there: ReadonlyMap<number, number>, totals: ReadonlyMap<number, number>): number {
  let sum = 0;
  for (const [name, count] of counts) sum += (count * (2 * (there.get(name) ?? 0) + count)) / totals.get(name)! ** 2;
  return sum;
}

/** Of equal costs the part with the fewest rows, of those the first. */
function leastOf(costs: readonly number[], parts: readonly Part[]): number {
  let best = 0;
  for (const [place, cost] of costs.entries()) {
    if (cost < costs[best]! || (cost === costs[best] && parts[place]!.rows < parts[best]!.rows)) best = place;
  }
  return best;
}

function largestFirst(groups: readonly (readonly [number, Group])[], random: Random) {
  const order = Uint32Array.from(groups, (_, place) => place);
  random.shuffle(order);
  return [...order].map((place) => groups[place]!).sort(([, a], [, b]) => b.rows - a.rows);
}

/** Of equally small ones the first. */
function smallestOf(groupOf: Int32Array): number {
  const sizes = [...countsOf(groupOf)];
  return sizes.reduce((least, each) => (each[1] < least[1] ? each : least), sizes[0]!)[0];
}

function groupsOf(groupOf: Int32Array, classes: Int32Array): [number, Group][] {
  const groups = new Map<number, Part>();
  for (const [row, code] of groupOf.entries()) {
    const group = groups.get(code) ?? { rows: 0, counts: new Map<number, number>() };
    groups.set(code, group);
    const name = classes[row]!;
    group.rows++;
    group.counts.set(name, (group.counts.get(name) ?? 0) + 1);
  }
  return [...groups];
}

function countsOf(codes: Int32Array): Map<number, number> {
  const counts = new Map<number, number>();
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  return counts;
}

function add(to: Part, { rows, counts }: Group): void {
  to.rows += rows;
  for (const [name, count] of counts) to.counts.set(name, (to.counts.get(name) ?? 0) + count);
}

function rowsOf(partOf: Uint32Array, part: number): Uint32Array {
  return Uint32Array.from(partOf.keys()).filter((row) => partOf[row] === part);
}
