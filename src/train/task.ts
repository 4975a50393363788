import { mayBeCounts } from "../data/counts.js";
import type { DataOptions } from "../data/options.js";
import { type Column, cellsOf, columnOf, type Table, type Task } from "../data/table.js";
import { NnfitError } from "../errors.js";
import { type LossChoice, taskOfLoss } from "../model/losses.js";
import { inOrder } from "../transform/categories.js";
import { type ClassTarget, differentValues, learnClasses, withThreshold } from "../transform/classes.js";
import { notNumbers, rowsWithTarget } from "../transform/target.js";
import { rowsThatCount } from "./weights.js";

/** What is to be learned from a table. */
export interface TaskOf {
  /** the rows that have a target, and a weight that is not 0 */
  readonly table: Table;
  readonly task: Task;
  /** of the targets */
  readonly names: readonly string[];
  /** of a classification */
  readonly classes: ClassTarget | undefined;
  /** rows of the table that had no target */
  readonly withoutTarget: number;
  /** rows whose weight is 0 */
  readonly withoutWeight: number;
  /** why the task is what it is, where a person might wonder */
  readonly because: string | undefined;
}

/** The rows of a table that count, and how many do not. */
export function rowsToLearn(
  whole: Table,
  targets: readonly string[],
  weight: string | null,
): Pick<TaskOf, "table" | "withoutTarget" | "withoutWeight"> {
  const withTarget = rowsWithTarget(whole, targets);
  const table = rowsThatCount(withTarget, weight === null || targets.includes(weight) ? null : weight);
  return {
    table,
    withoutTarget: whole.rows - withTarget.rows,
    withoutWeight: withTarget.rows - table.rows,
  };
}

/** Finds out what is to be learned: the rows with a target, and whether it is a number or a class. `loss`: the one that a config names. */
export function findTask(
  whole: Table,
  { target, positive, threshold, weight }: Pick<DataOptions, "target" | "positive" | "threshold" | "weight">,
  setting: Task | "auto",
  loss: LossChoice | "auto" = "auto",
): TaskOf {
  const names = [target].flat();
  const twice = names.find((name, place) => names.indexOf(name) < place);
  if (twice !== undefined) {
    throw new NnfitError("usage", `the target "${twice}" is named twice`, { setting: "data.target" });
  }
  const counted = rowsToLearn(whole, names, weight);
  const { table } = counted;
  const targets = names.map((name) => columnOf(table, name)!);
  const date = targets.find(({ type }) => type === "date");
  if (date) {
    throw new NnfitError("usage", `the target "${date.name}" can't be a date`, {
      setting: "data.types",
      try: "a column with the number of days until that date as the target",
    });
  }
  const { task, because } = decideTask(setting, targets, table.source, taskOfLoss(loss));
  if (task === "regression" && threshold !== null) withThreshold({ task }, threshold, { setting: "data.threshold" });
  if (task === "regression" && positive !== null) {
    throw new NnfitError("usage", "only a target with two classes has a positive class", {
      setting: "data.positive",
      have: "a target that is a number",
      try: '"task": "classification", if its values are classes',
    });
  }
  return {
    ...counted,
    task,
    names,
    classes:
      task === "classification"
        ? learnClasses(targets[0]!, table.source, { positive, threshold }, counted.withoutTarget)
        : undefined,
    because,
  };
}

/** What kind of target it is, and if a person might wonder, why. */
export function decideTask(
  setting: Task | "auto",
  columns: readonly Column[],
  source: string,
  ofLoss?: Task,
): { task: Task; because?: string } {
  const words = columns.find(({ type }) => type === "category");
  if (columns.length > 1) {
    if (setting === "classification") {
      throw new NnfitError("usage", "several targets can't be classes", {
        setting: "task",
        try: "a model for each of them",
      });
    }
    if (words) throw notNumbers(words.name, source);
    return { task: "regression" };
  }
  if (setting === "regression" && words) throw notNumbers(words.name, source);
  if (setting === "classification" || words) return { task: "classification" };
  if (ofLoss === "regression") return { task: "regression" };
  const [target] = columns as [Column];
  if (setting === "auto" && target.type === "number" && target.withZeros !== undefined)
    throw mayBeCodes(target.name, target.withZeros, source);
  const different = inOrder(differentValues(target, MOST_LIKE_CLASSES + 1));
  if (setting === "auto" && different.length === 2) {
    return {
      task: "classification",
      because: `the target has two different values, ${different.join(" and ")}; to predict a number, set "task": "regression"`,
    };
  }
  const may = {
    beClasses: setting === "auto" && areLikeClasses(different, target),
    beCounts: ofLoss === undefined && different.length > 2 && target.type === "number" && mayBeCounts(target.values),
  };
  return { task: "regression", ...((may.beClasses || may.beCounts) && { because: becauseIt(may, different) }) };
}

/** Numbers would lose their zeros, so that 01 and 1 became one class, or the sizes of postal codes were predicted. */
function mayBeCodes(name: string, example: string, source: string): NnfitError {
  return new NnfitError(
    "usage",
    `the target "${name}" may be a number or a code: zeros stand before some of its values`,
    {
      at: source,
      have: `"${example}"`,
      try: '"task": "classification", which keeps the zeros, or "task": "regression", which reads numbers',
    },
  );
}

/** Of so many whole numbers, each in as many rows or more, a person might wonder. */
const MOST_LIKE_CLASSES = 10;

function areLikeClasses(different: readonly string[], column: Column): boolean {
  const rows = cellsOf(column).length;
  const few =
    different.length > 1 && different.length <= MOST_LIKE_CLASSES && rows >= MOST_LIKE_CLASSES * different.length;
  return few && different.every((text) => Number.isInteger(Number(text)));
}

function becauseIt(may: { beClasses: boolean; beCounts: boolean }, different: readonly string[]): string {
  const values = may.beClasses
    ? `has ${different.length} different values, ${different.slice(0, -1).join(", ")} and ${different.at(-1)}`
    : "is a whole number from 0 on in every row";
  const ways = [
    ...(may.beClasses ? ['to predict a class, set "task": "classification"'] : []),
    ...(may.beCounts
      ? ['if it counts something, model.loss: "poisson" predicts its mean, which is never negative']
      : []),
  ];
  return [`the target ${values}`, ...ways].join("; ");
}
