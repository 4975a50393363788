import { join } from "../data/arrays.js";
import { asideBy, checkApart, type DependenceOptions, dependenceColumns, dependenceOf } from "../data/dependence.js";
import type { DataOptions } from "../data/options.js";
import type { WantedColumn } from "../data/read.js";
import { range } from "../data/split.js";
import { type Table, type Task, takeRows } from "../data/table.js";
import { NnfitError } from "../errors.js";
import { type NetworkSpec, trainableWeights } from "../model/network.js";
import type { ModelOptions } from "../model/options.js";
import { metricsOf } from "../score/metrics.js";
import { applyPipeline } from "../transform/apply.js";
import { inputColumns } from "../transform/inputColumns.js";
import type { ScaleOptions } from "../transform/options.js";
import { type LeftOut, learnPipeline, type PipelineState } from "../transform/pipeline.js";
import { profiledBy } from "../transform/reprofile.js";
import { applyTarget, classesOf, learnTargets, type TargetState, targetColumns, truthOf } from "../transform/target.js";
import { joinTruths, type Truth } from "../transform/truth.js";
import { learnedRows, type Member, membersOf, withJudges } from "./members.js";
import type { TrainingOptions } from "./options.js";
import { checkMemory } from "./preflight.js";
import { type Beginning, continuedSpec, newSpec } from "./spec.js";
import { rowsToLearn, type TaskOf } from "./task.js";
import { classFactors, rowWeights, weightColumn, withWeights } from "./weights.js";

export interface TaskOptions {
  readonly data: Pick<DataOptions, "validation" | "ignore"> &
    Partial<DependenceOptions & Pick<DataOptions, "weight" | "types">>;
  readonly scale: ScaleOptions;
  readonly model: ModelOptions;
  readonly training: TrainingOptions;
}

/** Rows to learn from and to judge by, scaled and as they were. */
export interface Rows {
  readonly size: number;
  /** X [rows, inputs] */
  readonly X: Float32Array;
  /** y [rows, targets] */
  readonly y: Float32Array;
  readonly truth: Truth;
}

/** What is to be trained, as plain data. */
export interface Prepared {
  readonly pipeline: PipelineState;
  readonly target: TargetState;
  readonly spec: NetworkSpec;
  readonly training: TrainingOptions;
  /** m′, the rows of a batch: no more than there are training rows */
  readonly batchSize: number;
  readonly rows: Rows;
  readonly members: readonly Member[];
  /** the weights that each member begins with, if not with random ones */
  readonly initial?: readonly Float32Array[] | undefined;
  readonly leftOut: readonly LeftOut[];
}

export type ReadValidation = (wanted: readonly WantedColumn[]) => Promise<Table>;

/** What else a training may be given. */
export interface Given {
  /** rows to learn the scaling from, in place of those that are learned from */
  readonly scaledBy?: Table | undefined;
  readonly beginning?: Beginning | undefined;
}

/**
 * From a table to scaled rows and the networks that are to learn them. Whatever is learned is learned from the training
 * rows; or its scaling from another table that has them, `scaledBy`. `readValidation` reads the validation table, where the
 * config names one.
 */
export async function prepare(
  { table, task, names, classes }: Pick<TaskOf, "table" | "task" | "names" | "classes">,
  { data, scale, model, training }: TaskOptions,
  readValidation: ReadValidation,
  { scaledBy, beginning }: Given = {},
): Promise<Prepared> {
  const { seed, batchSize, bestBy, calibrate } = training;
  checkBestBy(bestBy, task);
  if (calibrate && task === "regression") {
    throw new NnfitError("usage", "only probabilities are calibrated, and this is a regression", {
      setting: "training.calibrate",
    });
  }
  const fraction = typeof data.validation === "number" ? data.validation : 0;
  const dependence = dependenceOf(table, names, data);
  const parts = membersOf(table, { fraction, members: model.members, seed }, classes, dependence);

  const trainingRows = learnedRows({ members: parts });
  const learned = scaledBy ?? (trainingRows.length === table.rows ? table : takeRows(table, trainingRows));
  const target = beginning?.target ?? classes ?? learnTargets(learned, names, scale);
  const weight = weightColumn(data.weight ?? null, table, names);
  const learnColumns = () =>
    learnPipeline(learned, {
      noInputs: [...names, ...weight.map(({ name }) => name)],
      ignored: data.ignore,
      aside: asideBy(dependence),
      scale: scale.inputs,
      categories: {
        unknown: model.categories.unknown > 0,
        minRows: model.categories.minRows,
        given: Object.entries(data.types ?? {}).flatMap(([name, type]) => (type === "category" ? [name] : [])),
      },
    });
  const { pipeline, leftOut } = beginning
    ? { pipeline: profiledBy(beginning.pipeline, learned), leftOut: [] }
    : learnColumns();
  const wantedColumns = () => {
    const inputsAndTargets = [...pipeline, ...targetColumns(target), ...weight];
    const isNew = ({ name }: WantedColumn) => inputsAndTargets.every((column) => column.name !== name);
    return [...inputsAndTargets, ...dependenceColumns(dependence, table).filter(isNew)];
  };
  const validation =
    typeof data.validation === "string"
      ? rowsToLearn(await readValidation(wantedColumns()), names, data.weight ?? null).table
      : undefined;
  if (validation) checkApart(table, validation, data);
  const spec = beginning
    ? continuedSpec(beginning, model, scale)
    : newSpec(model, inputColumns(pipeline), () => applyPipeline(pipeline, learned), target);
  const held = validation && range(table.rows, table.rows + validation.rows);
  const fewest = Math.min(...parts.map(({ training }) => training.length));
  const rowsOfBatch = batchSize === "full" ? fewest : Math.min(batchSize, fewest);
  checkMemory({
    spec,
    members: parts.length,
    optimizer: training.optimizer,
    backend: training.backend,
    batchSize: rowsOfBatch,
    trainingRows: table.rows,
    validationRows: validation?.rows ?? 0,
    holdsOut: held !== undefined || parts.some(({ validation }) => validation.length > 0),
    targets: task === "regression" ? names.length : 1,
  });
  const tables = validation ? [table, validation] : [table];
  const rows = joinRows(tables.map((of) => rowsOf(of, pipeline, target)));
  const weights = rowWeights(data.weight ?? null, tables);
  const members = withJudges(held ? parts.map((member) => ({ ...member, validation: held })) : parts, {
    classes: classes && classesOf(classes, table),
    weighted: weights !== undefined,
    seed,
  });
  return {
    pipeline,
    target,
    spec,
    training,
    batchSize: rowsOfBatch,
    rows,
    members: withWeights(members, {
      rows: weights,
      classes: classFactors(training.classWeights, target, rows.truth),
    }),
    ...(beginning ? { initial: beginning.weights.map((weights) => trainableWeights(spec, weights)) } : {}),
    leftOut,
  };
}

export function rowsOf(table: Table, pipeline: PipelineState, target: TargetState): Rows {
  const truth = truthOf(target, table);
  return { size: table.rows, X: applyPipeline(pipeline, table), y: applyTarget(target, truth), truth };
}

/** The rows of several tables, one after the other. */
function joinRows(parts: readonly Rows[]): Rows {
  return {
    size: parts.reduce((sum, { size }) => sum + size, 0),
    X: join(
      Float32Array,
      parts.map(({ X }) => X),
    ),
    y: join(
      Float32Array,
      parts.map(({ y }) => y),
    ),
    truth: joinTruths(parts.map(({ truth }) => truth)),
  };
}

function checkBestBy(bestBy: TrainingOptions["bestBy"], task: Task): void {
  const fitting = metricsOf(task).map(([name]) => name);
  if (bestBy === "loss" || fitting.includes(bestBy)) return;
  throw new NnfitError("usage", `the score ${bestBy} is not one of a ${task}`, {
    setting: "training.bestBy",
    try: ["loss", ...fitting].join(", "),
  });
}
