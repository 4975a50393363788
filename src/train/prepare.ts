import { isDeepStrictEqual } from "node:util";
import { join } from "../data/arrays.js";
import { asideBy, type DependenceOptions, dependenceOf } from "../data/dependence.js";
import type { DataOptions } from "../data/options.js";
import type { WantedColumn } from "../data/read.js";
import { range } from "../data/split.js";
import { type Table, type Task, takeRows } from "../data/table.js";
import { NnfitError } from "../errors.js";
import { make } from "../family.js";
import { activations } from "../model/activations.js";
import { inputFor } from "../model/inputs.js";
import { type LossChoice, lossChoice, losses } from "../model/losses.js";
import { type NetworkSpec, trainableWeights } from "../model/network.js";
import type { ModelOptions } from "../model/options.js";
import { metricNames, metrics } from "../score/metrics.js";
import { applyPipeline } from "../transform/apply.js";
import { type InputColumn, inputColumns } from "../transform/inputColumns.js";
import { type ScaleOptions, scalerFor } from "../transform/options.js";
import { type LeftOut, learnPipeline, type PipelineState } from "../transform/pipeline.js";
import {
  applyTarget,
  learnTargets,
  rowsWithTarget,
  type TargetState,
  targetColumns,
  truthOf,
} from "../transform/target.js";
import { joinTruths, type Truth } from "../transform/truth.js";
import { codesOf, learnedRows, type Member, membersOf, withJudges } from "./members.js";
import type { TrainingOptions } from "./options.js";
import { checkMemory } from "./preflight.js";
import type { TaskOf } from "./task.js";
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

/** A model whose training goes on with other rows: its transforms stay, and its weights are where the networks begin. */
export interface Beginning {
  readonly pipeline: PipelineState;
  readonly target: TargetState;
  readonly network: NetworkSpec;
  /** of each member, as they work */
  readonly weights: readonly Float32Array[];
}

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
  const { seed, batchSize, bestBy } = training;
  checkBestBy(bestBy, task);
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
  const { pipeline, leftOut } = beginning ? { pipeline: beginning.pipeline, leftOut: [] } : learnColumns();
  const validation =
    typeof data.validation === "string"
      ? rowsWithTarget(await readValidation([...pipeline, ...targetColumns(target), ...weight]), names)
      : undefined;
  const newSpec = () => networkFor(model, inputColumns(pipeline), () => applyPipeline(pipeline, learned), target);
  const spec = beginning ? continuedSpec(beginning, model, scale) : newSpec();
  const held = validation && range(table.rows, table.rows + validation.rows);
  const fewest = Math.min(...parts.map(({ training }) => training.length));
  const rowsOfBatch = batchSize === "full" ? fewest : Math.min(batchSize, fewest);
  checkMemory({
    spec,
    members: parts.length,
    optimizer: training.optimizer,
    batchSize: rowsOfBatch,
    trainingRows: table.rows,
    validationRows: validation?.rows ?? 0,
    targets: task === "regression" ? names.length : 1,
  });
  const tables = validation ? [table, validation] : [table];
  const rows = joinRows(tables.map((of) => rowsOf(of, pipeline, target)));
  const weights = rowWeights(data.weight ?? null, tables);
  const members = withJudges(held ? parts.map((member) => ({ ...member, validation: held })) : parts, {
    classes: codesOf(table, classes),
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

/** The model's network, to be trained as the config says. Refuses a config that describes another one. */
function continuedSpec(beginning: Beginning, model: ModelOptions, scale: ScaleOptions): NetworkSpec {
  const { network, weights, target } = beginning;
  const { parametrization, dropout } = model;
  const loss = model.loss === "auto" ? lossFor(target) : model.loss;
  const then = { ...pick(network), members: weights.length };
  const now = { ...pick(model), members: model.members, loss };
  const ofModel = Object.entries(then).flatMap(([name, value]) => {
    const wanted = now[name as keyof typeof now]; // they have the same keys
    return isDeepStrictEqual(value, wanted)
      ? []
      : [`model.${name}: ${JSON.stringify(value)}, and the config says ${JSON.stringify(wanted)}`];
  });
  const differ = [...ofModel, ...otherwiseScaled(beginning, scale)];
  if (differ.length > 0) {
    throw new NnfitError("usage", "the model to continue from is another one than the config describes", {
      setting: ofModel.length > 0 ? "model" : "scale",
      have: differ.join("; "),
      try: "the model's own settings, which nnfit inspect shows",
    });
  }
  return { ...network, parametrization, dropout };
}

/** In words, each column whose scaler is another one than the config has for it, and clamping. */
function otherwiseScaled({ pipeline, target }: Beginning, scale: ScaleOptions): string[] {
  const numbers = pipeline.flatMap((state) => (state.type === "number" ? [state] : []));
  const targets = target.task === "regression" ? target.targets : [];
  const scaled = [
    ...numbers.map((state) => ({ ...state, wanted: scalerFor(scale.inputs, state.name) })),
    ...targets.map((state) => ({ ...state, wanted: scalerFor(scale.target, state.name) })),
  ];
  const scalers = scaled.flatMap(({ name, scaler, wanted }) =>
    scaler.name === wanted ? [] : [`the scaler of "${name}": "${scaler.name}", and the config says "${wanted}"`],
  );
  const isClamped = targets.some(({ range }) => range !== undefined);
  const clampDiffers = targets.length > 0 && isClamped !== scale.clamp;
  return clampDiffers ? [...scalers, `scale.clamp: ${isClamped}, and the config says ${scale.clamp}`] : scalers;
}

function pick({
  hidden,
  activation,
  parametric,
  scaling,
  tabm = 1,
  loss,
}: Pick<NetworkSpec, "hidden" | "activation" | "parametric" | "scaling" | "tabm"> & { loss: unknown }) {
  return { hidden, activation, parametric, scaling, tabm, loss };
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
  const fitting = metricNames.filter((name) => metrics[name].task === task);
  if (bestBy === "loss" || fitting.includes(bestBy)) return;
  throw new NnfitError("usage", `the score ${bestBy} is not one of a ${task}`, {
    setting: "training.bestBy",
    try: ["loss", ...fitting].join(", "),
  });
}

function networkFor(
  { loss, initializer, members: _, categories, numericEmbedding, tabm, ...rest }: ModelOptions,
  columns: readonly InputColumn[],
  X: () => Float32Array,
  target: TargetState,
): NetworkSpec {
  const choice = loss === "auto" ? lossFor(target) : loss;
  const { task, outputs } = losses[choice.name];
  if (task !== target.task) {
    const fitting = Object.entries(losses).filter(([, loss]) => loss.task === target.task);
    throw new NnfitError("usage", `the loss ${choice.name} is for ${task}, and this is a ${target.task}`, {
      setting: "model.loss",
      try: fitting.map(([name]) => name).join(", "),
    });
  }
  if (choice.name === "binaryCrossEntropy" && target.task === "classification" && target.classes.length > 2) {
    throw new NnfitError(
      "usage",
      `the loss binaryCrossEntropy is for two classes, and there are ${target.classes.length}`,
      {
        setting: "model.loss",
        try: "crossEntropy",
      },
    );
  }
  const width = target.task === "regression" ? target.targets.length : target.classes.length;
  return {
    ...rest,
    ...inputFor(columns, { categories, numericEmbedding }, X),
    ...(tabm > 1 ? { tabm } : {}),
    outputs: outputs(width),
    initializer: initializer === "auto" ? { name: make(activations, rest.activation).initializer } : initializer,
    loss: choice,
  };
}

function lossFor(target: TargetState): LossChoice {
  if (target.task === "regression") return { name: "mse" };
  return lossChoice.parse(target.classes.length === 2 ? "binaryCrossEntropy" : "crossEntropy");
}
