import { countDifferent, join } from "../data/arrays.js";
import {
  asideBy,
  checkApart,
  type Dependence,
  type DependenceOptions,
  dependenceColumns,
  dependenceOf,
  groupsIn,
} from "../data/dependence.js";
import type { DataOptions } from "../data/options.js";
import { joinColumns, type WantedColumn } from "../data/read.js";
import { range } from "../data/split.js";
import { columnOf, type Table, takeRows } from "../data/table.js";
import { NnfitError } from "../errors.js";
import { balanceOf, estimatedBy } from "../model/losses.js";
import type { ModelOptions } from "../model/options.js";
import { trainableWeights } from "../model/parametrization.js";
import type { NetworkSpec } from "../model/spec.js";
import { checkScore } from "../score/metrics.js";
import { applyPipeline, applyStraight } from "../transform/apply.js";
import { classesOf } from "../transform/classes.js";
import type { Estimated } from "../transform/estimands.js";
import { inputColumns } from "../transform/inputColumns.js";
import type { ScaleOptions } from "../transform/options.js";
import { type LeftOut, learnPipeline, type PipelineState } from "../transform/pipeline.js";
import { profiledBy } from "../transform/reprofile.js";
import {
  applyTarget,
  checkVaries,
  extendedBy,
  learnTargets,
  type TargetState,
  targetColumns,
  truthOf,
} from "../transform/target.js";
import { joinTruths, type Truth } from "../transform/truth.js";
import { holdsOut, learnedRows, type Member, membersOf, withJudges } from "./members.js";
import type { TrainingOptions } from "./options.js";
import { checkMemory } from "./preflight.js";
import { type Beginning, continuedSpec, newSpec } from "./spec.js";
import { rowsToLearn, type TaskOf } from "./task.js";
import { classFactors, rowWeights, weightColumn, withWeights } from "./weights.js";

export interface TaskOptions {
  readonly data: Pick<DataOptions, "validation" | "ignore" | "weight" | "types"> & DependenceOptions;
  readonly scale: ScaleOptions;
  readonly model: ModelOptions;
  readonly training: TrainingOptions;
}

/** Rows to learn from and to judge by, scaled and as they were. */
export interface ScaledRows {
  readonly size: number;
  /** X [rows, inputs] */
  readonly X: Float32Array;
  /** X with numbers scaled by straight lines, as a linear model takes them: X itself, where they are */
  readonly straightX: Float32Array;
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
  readonly rows: ScaledRows;
  readonly members: readonly Member[];
  /** the weights that each member begins with, if not with random ones */
  readonly initial?: readonly Float32Array[] | undefined;
  readonly leftOut: readonly LeftOut[];
  /** of each row the number of its group, where rows of a group belong together */
  readonly groupOf?: Int32Array | undefined;
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
  of: Pick<TaskOf, "table" | "task" | "names" | "classes">,
  options: TaskOptions,
  readValidation: ReadValidation,
  { scaledBy, beginning }: Given = {},
): Promise<Prepared> {
  const { table, task, names, classes } = of;
  const { data, model, training } = options;
  checkFits(training, { task, loss: model.loss, ...estimatedBy(model.loss) });
  const fraction = typeof data.validation === "number" ? data.validation : 0;
  const dependence = dependenceOf(table, names, data);
  const parts = membersOf(table, { fraction, members: model.members, seed: training.seed }, classes, dependence);

  const learned = scaledBy ?? rowsLearned(table, parts);
  if (scaledBy && task === "regression") {
    const own = rowsLearned(table, parts);
    for (const name of names) checkVaries(own, name);
  }
  const weight = weightColumn(data.weight, names);
  const plan = beginning
    ? continuedPlan(beginning, options, learned)
    : newPlan(of, options, { learned, dependence, weight });
  const { pipeline, target, spec } = plan;

  let validation: Table | undefined;
  if (typeof data.validation === "string") {
    const wanted = joinColumns(
      [...pipeline, ...targetColumns(target), ...weight],
      dependenceColumns(dependence, table),
    );
    validation = rowsToLearn(await readValidation(wanted), names, data.weight).table;
    checkApart(table, validation, data);
  }
  const members = validation ? judgedBy(range(table.rows, table.rows + validation.rows), parts) : parts;
  const batchSize = rowsOfBatch(training.batchSize, parts);
  checkMemory({
    spec,
    members: members.length,
    optimizer: training.optimizer,
    backend: training.backend,
    batchSize,
    trainingRows: table.rows,
    validationRows: validation?.rows ?? 0,
    holdsOut: holdsOut(members),
    targets: task === "regression" ? names.length : 1,
  });
  const tables = validation ? [table, validation] : [table];
  const rows = joinRows(tables.map((of) => rowsOf(of, pipeline, target)));
  const weights = rowWeights(data.weight, tables);
  const judged = withJudges(members, {
    classes: classes && classesOf(classes, table),
    weighted: weights !== undefined,
    seed: training.seed,
  });
  return {
    ...plan,
    ...(dependence.kind === "groups" && { groupOf: groupsOfAll(dependence.codes, validation, data.groups) }),
    training,
    batchSize,
    rows,
    members: withWeights(judged, {
      rows: weights,
      classes: classFactors(training.classWeights, target, rows.truth),
    }),
  };
}

/** How columns become inputs and targets, and the network for them: what is settled before the rows are scaled. */
type Plan = Pick<Prepared, "pipeline" | "target" | "leftOut" | "spec" | "initial">;

function newPlan(
  of: Pick<TaskOf, "names" | "classes">,
  options: TaskOptions,
  from: { readonly learned: Table; readonly dependence: Dependence; readonly weight: readonly WantedColumn[] },
): Plan {
  const transforms = learnTransforms(of, options, from);
  const { pipeline, target } = transforms;
  const X = () => applyPipeline(pipeline, from.learned);
  return { ...transforms, spec: newSpec(options.model, inputColumns(pipeline), X, target) };
}

/** Of a model whose training goes on: what it has, extended by what more rows are like. */
function continuedPlan(beginning: Beginning, { model, scale }: TaskOptions, learned: Table): Plan {
  const target = extendedBy(beginning.target, learned, scale.clamp);
  const pipeline = profiledBy(beginning.pipeline, learned, beginning.training.trainingRows);
  const spec = continuedSpec(beginning, model, scale);
  const initial = beginning.weights.map((weights) => trainableWeights(spec, weights));
  return { pipeline, target, leftOut: [], spec, initial };
}

/** Of the rows of the table, then of those of a validation table, which have other groups. */
function groupsOfAll(codes: Int32Array, validation: Table | undefined, name: string | null): Int32Array {
  const column = validation && name !== null ? columnOf(validation, name) : undefined;
  if (!column) return codes;
  const others = countDifferent(codes);
  return join(Int32Array, [codes, groupsIn(column).codes.map((code) => code + others)]);
}

/** The rows that some member learns from. */
function rowsLearned(table: Table, members: readonly Pick<Member, "training">[]): Table {
  const rows = learnedRows({ members });
  return rows.length === table.rows ? table : takeRows(table, rows);
}

/** How columns become inputs and targets, learned from rows of a table. */
function learnTransforms(
  { names, classes }: Pick<TaskOf, "names" | "classes">,
  { data, scale, model: { categories, loss } }: TaskOptions,
  { learned, dependence, weight }: { learned: Table; dependence: Dependence; weight: readonly WantedColumn[] },
): Pick<Prepared, "target" | "pipeline" | "leftOut"> {
  const target = classes ?? learnTargets(learned, names, scale, estimatedBy(loss));
  const inputs = learnPipeline(learned, {
    noInputs: [...names, ...weight.map(({ name }) => name)],
    ignored: data.ignore,
    aside: asideBy(dependence, learned),
    scale: scale.inputs,
    categories: {
      unknown: categories.unknown > 0,
      minRows: categories.minRows,
      given: Object.keys(data.types),
    },
  });
  return { target, ...inputs };
}

/** Rows of a table of their own judge all members. */
function judgedBy<Part extends Pick<Member, "validation">>(validation: Uint32Array, members: readonly Part[]): Part[] {
  return members.map((member) => ({ ...member, validation }));
}

/** No more than the member has that learns from the fewest. */
function rowsOfBatch(batchSize: TrainingOptions["batchSize"], members: readonly Pick<Member, "training">[]): number {
  const fewest = Math.min(...members.map(({ training }) => training.length));
  return batchSize === "full" ? fewest : Math.min(batchSize, fewest);
}

export function rowsOf(table: Table, pipeline: PipelineState, target: TargetState): ScaledRows {
  const truth = truthOf(target, table);
  const X = applyPipeline(pipeline, table);
  return { size: table.rows, X, straightX: applyStraight(pipeline, table, X), y: applyTarget(target, truth), truth };
}

/** The rows of several tables, one after the other. */
function joinRows(parts: readonly ScaledRows[]): ScaledRows {
  const X = join(
    Float32Array,
    parts.map(({ X }) => X),
  );
  const areStraight = parts.every(({ X, straightX }) => X === straightX);
  return {
    size: parts.reduce((sum, { size }) => sum + size, 0),
    X,
    straightX: areStraight
      ? X
      : join(
          Float32Array,
          parts.map(({ straightX }) => straightX),
        ),
    y: join(
      Float32Array,
      parts.map(({ y }) => y),
    ),
    truth: joinTruths(parts.map(({ truth }) => truth)),
  };
}

function checkFits(
  { bestBy, calibrate }: TrainingOptions,
  { loss, ...of }: Estimated & Pick<ModelOptions, "loss">,
): void {
  if (bestBy !== "loss") checkScore(bestBy, of, "training.bestBy");
  if (calibrate && of.task === "regression" && loss !== "auto" && !balanceOf(loss)) {
    throw new NnfitError("usage", "only probabilities and means can be calibrated", {
      setting: "training.calibrate",
      have: `the loss ${loss.name}`,
    });
  }
}
