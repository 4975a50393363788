import { checkNames } from "../data/header.js";
import type { DataOptions } from "../data/options.js";
import { columnOf, type Table, type Task } from "../data/table.js";
import { NnfitError } from "../errors.js";
import { decideTask, learnClasses, rowsWithTarget, type TargetState } from "../transform/target.js";

/** What is to be learned from a table. */
export interface TaskOf {
  /** the rows that have a target */
  readonly table: Table;
  readonly task: Task;
  /** of the targets */
  readonly names: readonly string[];
  /** of a classification */
  readonly classes: TargetState | undefined;
  /** rows of the table that had no target */
  readonly withoutTarget: number;
  /** why the task is what it is, where a person might wonder */
  readonly because: string | undefined;
}

/** Finds out what is to be learned: the rows with a target, and whether it is a number or a class. */
export function findTask(whole: Table, target: DataOptions["target"], setting: Task | "auto"): TaskOf {
  const names = typeof target === "string" ? [target] : target;
  const header = whole.columns.map(({ name }) => name);
  const twice = names.find((name, place) => names.indexOf(name) < place);
  if (twice !== undefined) {
    throw new NnfitError("usage", `the target "${twice}" is named twice`, { setting: "data.target" });
  }
  checkNames(names, header, "data.target", whole.source);
  const table = rowsWithTarget(whole, names);
  const targets = names.map((name) => columnOf(table, name)!);
  const { task, because } = decideTask(setting, targets, table.source);
  return {
    table,
    task,
    names,
    classes: task === "classification" ? learnClasses(targets[0]!, table.source) : undefined,
    withoutTarget: whole.rows - table.rows,
    because,
  };
}
