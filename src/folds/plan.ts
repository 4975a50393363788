import { dependenceOf } from "../data/dependence.js";
import { takeRows } from "../data/table.js";
import { NnfitError } from "../errors.js";
import { type Prepared, prepare, type ReadValidation, type TaskOptions } from "../train/prepare.js";
import type { TaskOf } from "../train/task.js";
import { type Fold, foldsOf } from "./split.js";

/** What is to be cross-validated. */
export interface CrossValidation {
  readonly task: TaskOf;
  readonly options: TaskOptions;
  readonly folds: readonly Fold[];
  /** Scaling is learned once, from all rows, so that the networks of all folds can be one model. */
  readonly sharesScaling: boolean;
  readonly readValidation: ReadValidation;
}

export function planFolds(
  task: TaskOf,
  options: TaskOptions,
  { folds, sharesScaling }: { folds: number; sharesScaling: boolean },
  readValidation: ReadValidation,
): CrossValidation {
  const { data, model, training } = options;
  const validates = model.members === 1 && typeof data.validation === "number" && data.validation > 0;
  const plan = foldsOf(
    task.table,
    { folds, seed: training.seed, validates },
    task.classes,
    dependenceOf(task.table, task.names, data),
  );
  return { task, options, folds: plan, sharesScaling, readValidation };
}

/** Of more rows each fold has enough to learn from. */
const MANY_ROWS = 2000;

/** Whether the rows can be parted into so many folds, each of which can be learned from. */
export async function allowsFolds(
  task: TaskOf,
  options: TaskOptions,
  folds: number,
  readValidation: ReadValidation,
): Promise<boolean> {
  try {
    const plan = planFolds(task, options, { folds, sharesScaling: false }, readValidation);
    if (task.table.rows <= MANY_ROWS) for (const fold of plan.folds) await prepareFold(plan, fold);
    return true;
  } catch (error) {
    if (error instanceof NnfitError) return false;
    throw error;
  }
}

/** As `prepare` does it for a table of the fold's learning rows alone. */
export async function prepareFold(
  { task, options, sharesScaling, readValidation }: CrossValidation,
  { number, learning }: Fold,
): Promise<Prepared> {
  const own = { ...task, table: takeRows(task.table, learning) };
  try {
    return await prepare(own, options, readValidation, { scaledBy: sharesScaling ? task.table : undefined });
  } catch (error) {
    if (!(error instanceof NnfitError) || error.kind !== "data") throw error;
    const rows = learning.length === 1 ? "one row" : `${learning.length} rows`;
    const { setting: _, try: __, ...details } = error.details;
    throw new NnfitError("data", `fold ${number + 1} can't learn from its ${rows}: ${error.message}`, details);
  }
}
