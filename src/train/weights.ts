import { countCodes, take } from "../data/arrays.js";
import { numberReaderOf } from "../data/numbers.js";
import type { WantedColumn } from "../data/read.js";
import { range } from "../data/split.js";
import { columnOf, type Table, takeRows, textOf } from "../data/table.js";
import { NnfitError } from "../errors.js";
import { nearest } from "../family.js";
import { placesAmong } from "../transform/categories.js";
import type { TargetState } from "../transform/target.js";
import type { Truth } from "../transform/truth.js";
import type { Member, RowWeights } from "./members.js";
import type { TrainingOptions } from "./options.js";

/** Column `name`, where the config names one that says how much each row counts. */
export function weightColumn(name: string | null, targets: readonly string[]): WantedColumn[] {
  if (name === null) return [];
  if (!targets.includes(name)) return [{ name, type: "number" }];
  throw new NnfitError("usage", `the weight "${name}" is a target`, { setting: "data.weight" });
}

/** Drops the rows of weight 0: nothing is learned from them, and nothing is judged by them. */
export function rowsThatCount(table: Table, weight: string | null): Table {
  if (weight === null) return table;
  const weights = weightsIn(table, weight);
  return weights.includes(0)
    ? takeRows(
        table,
        range(0, table.rows).filter((row) => weights[row] !== 0),
      )
    : table;
}

/** How much each row counts by a column of numbers, one table after the other. */
export function rowWeights(name: string | null, tables: readonly Table[]): readonly number[] | undefined {
  return name === null ? undefined : tables.flatMap((table) => weightsIn(table, name));
}

function weightsIn(table: Table, name: string): number[] {
  const column = columnOf(table, name);
  if (!column) throw new Error(`column ${name} is not there`);
  const numberIn = numberReaderOf(column.type === "category" ? column : {});
  const weights = Array.from({ length: table.rows }, (_, row) => {
    const text = textOf(column, row);
    const weight = column.type === "number" ? column.values[row] : numberIn(text ?? "");
    if (text !== undefined && weight !== undefined && weight >= 0) return weight;
    const found = weight === undefined ? `"${text}"` : text;
    const message = text === undefined ? "the weight of a row is missing" : `the weight of a row is ${found}`;
    throw new NnfitError("data", `${message}; it must be a number that is not negative`, {
      at: `${table.source}:${table.lines[row]}, column "${name}"`,
      try: "correcting the cell; 0 leaves the row out",
    });
  });
  if (weights.some((weight) => weight > 0)) return weights;
  throw new NnfitError("data", `the weight "${name}" is 0 in every row, so no row would count`, { at: table.source });
}

/** How much a row counts by its class, given the rows that are learned from. */
export type ClassFactors = (training: Uint32Array) => (row: number) => number;

/** What the config says of classes; nothing, where all count the same. */
export function classFactors(
  weights: TrainingOptions["classWeights"],
  target: TargetState,
  truth: Truth,
): ClassFactors | undefined {
  if (weights === "none") return undefined;
  if (target.task === "regression" || truth.task === "regression") {
    throw new NnfitError("usage", "class weights are for classes, but this is a regression", {
      setting: "training.classWeights",
      try: "data.weight, a column that says how much each row counts",
    });
  }
  const { classes: labels } = target;
  const { classes } = truth;
  if (weights === "balanced") {
    return (training) => {
      const factors = balanced(classes, training, labels.length);
      return (row) => factors[classes[row]!]!;
    };
  }
  checkLabels(Object.keys(weights), target);
  const placeOf = placesAmong(labels);
  const factorOf = new Map(Object.entries(weights).map(([label, weight]) => [placeOf(label), weight]));
  const factors = sharesOf(Float64Array.from(labels, (_, place) => factorOf.get(place) ?? 1)).of;
  return () => (row) => factors[classes[row]!]!;
}

function checkLabels(named: readonly string[], { name, classes }: Extract<TargetState, { task: "classification" }>) {
  const placeOf = placesAmong(classes);
  const unknown = named.find((label) => placeOf(label) === undefined);
  if (unknown === undefined) return;
  const similar = nearest(unknown, classes);
  throw new NnfitError("usage", `"${unknown}" is not a class of the target "${name}"`, {
    setting: "training.classWeights",
    have: classes.join(", "),
    try: similar && `"${similar}"`,
  });
}

/** rows / (classes · count), as scikit-learn has it: each class that occurs counts as much as another, all together. */
export function balanced(classOf: Int32Array, rows: Uint32Array, classes: number): number[] {
  const counts = countCodes(take(classOf, rows), classes);
  const present = counts.filter((count) => count > 0).length;
  return counts.map((count) => (count > 0 ? rows.length / (present * count) : 0));
}

/** What makes rows count differently: a number for each row of the tables, and the classes. */
export interface Weighing {
  readonly rows: readonly number[] | undefined;
  readonly classes: ClassFactors | undefined;
}

/** The members, with how much each of their rows counts, if that differs. Class weights are for what is learned alone. */
export function withWeights(members: readonly Member[], weighing: Weighing): readonly Member[] {
  const { rows } = weighing;
  return members.map((member) => {
    const trainingWeights = trainingWeightsOf(member.training, weighing);
    return {
      ...member,
      ...(trainingWeights && { trainingWeights }),
      ...(rows && { judgingWeights: weightsOf(member.judging, rows) }),
    };
  });
}

/** Of rows to learn from; none, if all count the same. */
export function trainingWeightsOf(training: Uint32Array, { rows, classes }: Weighing): RowWeights | undefined {
  return rows || classes ? onAverageOne(training, rows, "to learn from", classes?.(training)) : undefined;
}

/** Of rows to judge by, given how much each row of their tables counts. */
export function weightsOf(judging: Uint32Array, rows: readonly number[]): RowWeights {
  return onAverageOne(judging, rows, "to judge by");
}

/** Rows that judge something, and how much each of them counts; none: all the same. */
interface Judges {
  readonly judging: Uint32Array;
  readonly judgingWeights?: RowWeights | undefined;
}

/** How much rows count beside one another: rows that ascend, all those of the judges among them. */
export function weightsOfRows(judges: readonly Judges[], rows: Uint32Array): Float64Array | undefined {
  const weightOf = new Float64Array(1 + (rows.at(-1) ?? 0));
  for (const { judging, judgingWeights: weights } of judges) {
    if (!weights) return undefined;
    for (const [i, row] of judging.entries()) weightOf[row] = (weights.each[i]! * weights.total) / judging.length;
  }
  return Float64Array.from(rows, (row) => weightOf[row]!);
}

/** As multiples of their mean, so that a learning rate means the same with weights as without. */
function onAverageOne(
  chosen: Uint32Array,
  rows: readonly number[] | undefined,
  use: string,
  factorOf: (row: number) => number = () => 1,
): RowWeights {
  const shares = sharesOf(Float64Array.from(chosen, (row) => rows?.[row] ?? 1));
  const weights = sharesOf(shares.of.map((share, i) => share * factorOf(chosen[i]!)));
  const sum = weights.of.reduce((sum, weight) => sum + weight, 0);
  if (sum === 0) throw new NnfitError("data", `all rows ${use} have weight 0, so none would count`);
  const unit = rows ? largestOf(rows) : 1;
  return {
    each: Float32Array.from(weights.of, (weight) => (weight / sum) * chosen.length),
    total: sum * weights.largest * (shares.largest / unit),
  };
}

/** As parts of the largest, so that no sum leaves the range of doubles. */
function sharesOf(weights: Float64Array): { of: Float64Array; largest: number } {
  const largest = largestOf(weights);
  return { of: largest > 0 ? weights.map((weight) => weight / largest) : weights, largest };
}

function largestOf(weights: Iterable<number>): number {
  let largest = 0;
  for (const weight of weights) largest = Math.max(largest, weight);
  return largest;
}
