import { Dataset } from "../data/dataset.js";
import type { DataOptions } from "../data/options.js";
import { checkNames, type WantedColumn } from "../data/read.js";
import { splitRows } from "../data/split.js";
import { columnOf, type Table, type Task, takeRows } from "../data/table.js";
import { findBlas } from "../engine/blas.js";
import { Memory } from "../engine/memory.js";
import { seededRandom } from "../engine/random.js";
import { NnfitError } from "../errors.js";
import { make } from "../family.js";
import { activations } from "../model/activations.js";
import { type LossChoice, lossChoice, losses } from "../model/losses.js";
import { Network, type NetworkSettings } from "../model/network.js";
import type { ModelOptions } from "../model/options.js";
import type { ScaleOptions } from "../transform/options.js";
import { applyPipeline, type LeftOut, learnPipeline, type PipelineState, widthOf } from "../transform/pipeline.js";
import {
  applyTarget,
  decideTask,
  learnClasses,
  learnTargets,
  rowsWithTarget,
  type TargetState,
  type Truth,
  targetColumns,
  truthOf,
} from "../transform/target.js";
import { epochMetricNames, metrics } from "./metrics.js";
import type { TrainingOptions } from "./options.js";
import { trainingThreads } from "./parallel.js";
import { checkMemory } from "./preflight.js";

export interface TaskOptions {
  readonly data: Pick<DataOptions, "target" | "validation" | "ignore">;
  readonly task: Task | "auto";
  readonly scale: ScaleOptions;
  readonly model: ModelOptions;
  readonly training: TrainingOptions;
  /** how many threads compute; they change no bit of the result, unless BLAS computes */
  readonly threads?: number | "auto";
  /** the path of a library for the backend blas, instead of the system's */
  readonly blasLibrary?: string | undefined;
}

/** Rows to learn from or to judge by, scaled and as they were. */
export interface Rows {
  readonly scaled: Dataset;
  readonly truth: Truth;
}

/** Everything that a training needs, in memory. */
export interface Prepared {
  readonly network: Network;
  readonly pipeline: PipelineState;
  readonly target: TargetState;
  readonly training: Rows;
  readonly validation: Rows | undefined;
  /** m′, the rows of a batch: no more than there are training rows */
  readonly batchSize: number;
  readonly leftOut: readonly LeftOut[];
  /** rows of the table that had no target */
  readonly withoutTarget: number;
  /** why the task is what it is, where a person might wonder */
  readonly taskBecause: string | undefined;
}

/**
 * From a table to scaled rows and a network that fits them. Whatever is learned is learned from the training rows.
 * `readValidation` reads the validation table, where the config names one.
 */
export async function prepare(
  whole: Table,
  { data, task: taskSetting, scale, model, training, threads = "auto", blasLibrary }: TaskOptions,
  readValidation: (wanted: readonly WantedColumn[]) => Promise<Table>,
): Promise<Prepared> {
  const { seed, batchSize: wanted, backend } = training;
  const names = typeof data.target === "string" ? [data.target] : data.target;
  const header = whole.columns.map(({ name }) => name);
  const twice = names.find((name, place) => names.indexOf(name) < place);
  if (twice !== undefined) {
    throw new NnfitError("usage", `the target "${twice}" is named twice`, { setting: "data.target" });
  }
  checkNames(names, header, "data.target", whole.source);
  const table = rowsWithTarget(whole, names);
  const targets = names.map((name) => columnOf(table, name)!);
  const { task, because } = decideTask(taskSetting, targets, table.source);
  checkBestBy(training.bestBy, task);
  const classes = task === "classification" ? learnClasses(targets[0]!, table.source) : undefined;

  const parts = split(table, data.validation, seed, classes);
  const target = classes ?? learnTargets(parts.training, names, scale.target);
  const { pipeline, leftOut } = learnPipeline(parts.training, {
    targets: names,
    ignored: data.ignore,
    scale: scale.inputs,
  });
  const validation =
    typeof data.validation === "string"
      ? rowsWithTarget(await readValidation([...pipeline, ...targetColumns(target)]), names)
      : parts.validation;

  const spec = networkFor(model, widthOf(pipeline), target);
  const batchSize = wanted === "full" ? parts.training.rows : Math.min(wanted, parts.training.rows);
  const load = { spec, optimizer: training.optimizer, batchSize, trainingRows: parts.training.rows };
  checkMemory({ ...load, validationRows: validation?.rows ?? 0, targets: task === "regression" ? names.length : 1 });
  const memory =
    backend === "blas"
      ? new Memory(1, undefined, await findBlas({ threads, library: blasLibrary }))
      : new Memory(threads === "auto" ? trainingThreads(spec, batchSize) : threads);
  const rows = (of: Table): Rows => {
    const truth = truthOf(target, of);
    const scaled = new Dataset(memory, of.rows, widthOf(pipeline), task === "regression" ? names.length : 1);
    return { truth, scaled: scaled.fill(applyPipeline(pipeline, of), applyTarget(target, truth)) };
  };
  return {
    network: new Network(memory, spec),
    pipeline,
    target,
    training: rows(parts.training),
    validation: validation && rows(validation),
    batchSize,
    leftOut,
    withoutTarget: whole.rows - table.rows,
    taskBecause: because,
  };
}

function checkBestBy(bestBy: TrainingOptions["bestBy"], task: Task): void {
  const fitting = epochMetricNames.filter((name) => metrics[name].task === task);
  if (bestBy === "loss" || fitting.includes(bestBy)) return;
  throw new NnfitError("usage", `the score ${bestBy} is not one of a ${task}`, {
    setting: "training.bestBy",
    try: ["loss", ...fitting].join(", "),
  });
}

/** Training rows and, where a fraction is held out, validation rows: stratified for classes. */
function split(
  table: Table,
  validation: number | string,
  seed: number,
  classes: TargetState | undefined,
): { training: Table; validation?: Table } {
  if (typeof validation === "string" || validation === 0) return { training: table };
  const strata = classes && truthOf(classes, table);
  const codes = strata?.task === "classification" ? strata.classes : undefined;
  if (codes && classes?.task === "classification") checkClassSizes(table, classes.classes, codes);
  if (table.rows < 2) {
    throw new NnfitError("data", "the table has one row, which can't be parted into training and validation rows", {
      at: table.source,
      try: '"validation": 0',
    });
  }
  const { training, validation: held } = splitRows(table.rows, validation, seededRandom(seed, "split"), codes);
  return { training: takeRows(table, training), validation: takeRows(table, held) };
}

/** A class needs a row to learn from and one to judge by. */
function checkClassSizes(table: Table, names: readonly string[], codes: Int32Array): void {
  const counts = names.map(() => 0);
  for (const code of codes) counts[code]!++;
  const alone = counts.indexOf(1);
  if (alone < 0) return;
  throw new NnfitError(
    "data",
    `the class "${names[alone]}" has one row, which can't be both learned from and judged by`,
    {
      at: `${table.source}:${table.lines[codes.indexOf(alone)]}`,
      try: 'leaving the row out, giving it another class, or "validation": 0',
    },
  );
}

function networkFor(
  { loss, initializer, ...rest }: ModelOptions,
  inputs: number,
  target: TargetState,
): NetworkSettings {
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
    inputs,
    outputs: outputs(width),
    initializer: initializer === "auto" ? { name: make(activations, rest.activation).initializer } : initializer,
    loss: choice,
  };
}

function lossFor(target: TargetState): LossChoice {
  if (target.task === "regression") return { name: "mse" };
  return lossChoice.parse(target.classes.length === 2 ? "binaryCrossEntropy" : "crossEntropy");
}
