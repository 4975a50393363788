import * as z from "zod";
import { unknownClass } from "../data/columns.js";
import type { DataOptions } from "../data/options.js";
import { type Column, cellsOf, columnOf, columnType, type Table, textOf } from "../data/table.js";
import { type ErrorDetails, NnfitError } from "../errors.js";
import { nearest } from "../family.js";
import { inOrder, placesAmong } from "./categories.js";

/** A target that is one of several classes. */
export const classTarget = z.strictObject({
  task: z.literal("classification"),
  name: z.string(),
  /** how the column is read */
  type: columnType,
  /** in order: by number where all are numbers, else by code point; of two, the second is the positive one, which may be chosen */
  classes: z.array(z.string()).min(2),
  /** T: probabilities become p^(1/T), so that they sum to 1; none: they are left as they are */
  temperature: z.number().positive().optional(),
  /** of two classes, the probability from which the second is predicted; none: the more probable one is */
  threshold: z.number().gt(0).lt(1).optional(),
});
export type ClassTarget = z.output<typeof classTarget>;

const MOST_CLASSES_TOLD = 10;

/**
 * The classes of a target, of all rows that can be learned from or judged by; of two, `positive` is the second, predicted
 * from `threshold` on. `withoutTarget` is how many rows of the table had none.
 */
export function learnClasses(
  column: Column,
  source: string,
  { positive = null, threshold = null }: Partial<Pick<DataOptions, "positive" | "threshold">> = {},
  withoutTarget = 0,
): ClassTarget {
  const { name, type } = column;
  const classes = inOrder(differentValues(column));
  if (classes.length < 2) {
    const where = withoutTarget > 0 ? "every row that has one" : "every row";
    throw new NnfitError("data", `the target "${name}" is "${classes[0]}" in ${where}: there is nothing to learn`, {
      at: source,
      have: withoutTarget > 0 ? `rows without a target, which are left out: ${withoutTarget}` : undefined,
      try: withoutTarget > 0 ? "a word in the empty cells, if they are a class of their own" : undefined,
    });
  }
  const target: ClassTarget = { task: "classification", name, type, classes: withPositive(classes, positive) };
  return threshold === null ? target : withThreshold(target, threshold, { setting: "data.threshold" });
}

/**
 * The same target, of whose two classes the second is predicted from a probability of `threshold` on.
 * @throws NnfitError for any other target, with `place` as where the threshold was asked for
 */
export function withThreshold(
  target: ClassTarget | { readonly task: "regression" },
  threshold: number,
  place: ErrorDetails,
): ClassTarget {
  if (target.task === "classification" && target.classes.length === 2) return { ...target, threshold };
  const have = target.task === "regression" ? "a target that is a number" : `${target.classes.length} classes`;
  throw new NnfitError("usage", "only a target with two classes has a threshold", { ...place, have });
}

function withPositive(classes: string[], positive: DataOptions["positive"]): string[] {
  if (positive === null) return classes;
  const name = String(positive);
  const setting = "data.positive";
  const place = placesAmong(classes)(name);
  if (place === undefined) {
    const similar = nearest(name, classes);
    const have = classes.slice(0, MOST_CLASSES_TOLD).join(", ") + (classes.length > MOST_CLASSES_TOLD ? ", …" : "");
    throw new NnfitError("usage", `the target has no class "${name}"`, {
      setting,
      have,
      try: similar && `"${similar}"`,
    });
  }
  if (classes.length > 2) {
    const have = `${classes.length} classes`;
    throw new NnfitError("usage", "only a target with two classes has a positive class", { setting, have });
  }
  return [...classes.filter((_, other) => other !== place), classes[place]!];
}

/** The different cells, in order of appearance; no more than `enough` of them. */
export function differentValues(column: Column, enough = Number.POSITIVE_INFINITY): string[] {
  const cells = cellsOf(column);
  const seen = new Set<number>();
  const texts: string[] = [];
  for (let row = 0; row < cells.length && texts.length < enough; row++) {
    if (seen.has(cells[row]!)) continue;
    seen.add(cells[row]!);
    const text = textOf(column, row);
    if (text !== undefined) texts.push(text);
  }
  return texts;
}

/** The number of each row's class. */
export function classesOf(target: ClassTarget, table: Table): Int32Array {
  const column = columnOf(table, target.name);
  if (!column) throw new Error(`column ${target.name} is not there`);
  const numberOf = placesAmong(target.classes, column.type === "category" ? column.decimal : ".");
  const cells = cellsOf(column);
  const known = new Map<number, number>();
  const classes = new Int32Array(table.rows);
  for (let row = 0; row < table.rows; row++) {
    let number = known.get(cells[row]!);
    if (number === undefined) {
      const name = textOf(column, row)!;
      number = numberOf(name);
      if (number === undefined) {
        const similar = nearest(name, target.classes);
        const at = `${table.source}:${table.lines[row]}, column "${target.name}"`;
        throw unknownClass(name, target.classes, at, similar);
      }
      known.set(cells[row]!, number);
    }
    classes[row] = number;
  }
  return classes;
}
