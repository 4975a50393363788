import { countCodes, largestOf } from "../data/arrays.js";
import type { Task } from "../data/table.js";
import type { LossChoice } from "../model/losses.js";
import { optimizers } from "../train/optimizers.js";
import type { TaskOf } from "../train/task.js";
import { classesOf } from "../transform/classes.js";

/** What of a table a preset goes by. */
export interface TableFacts {
  /** that have a target */
  readonly rows: number;
  /** columns of numbers, but for the targets */
  readonly numbers: number;
  readonly task: Task;
  /** of classes, the share of the rows that have the commonest one */
  readonly commonest?: number;
}

export function factsOf({
  table,
  task,
  names,
  classes,
}: Pick<TaskOf, "table" | "task" | "names" | "classes">): TableFacts {
  const numbers = table.columns.filter(({ type, name }) => type === "number" && !names.includes(name)).length;
  const facts = { rows: table.rows, numbers, task };
  if (!classes) return facts;
  const counts = countCodes(classesOf(classes, table), classes.classes.length);
  return { ...facts, commonest: largestOf(counts) / table.rows };
}

/** All that it goes by. */
interface Facts extends TableFacts {
  /** the loss that the config names, if it is not the preset's */
  readonly ownLoss: string | undefined;
  /** the config weights classes */
  readonly weightsClasses: boolean;
  readonly weightsRows: boolean;
  /** the latest rows are held out: the target may go on beyond what it was */
  readonly isInTime: boolean;
}

/** As a config has it. */
interface Values {
  readonly [setting: string]: unknown;
}

interface Preset {
  readonly about: string;
  values(facts: Facts): Values;
}

interface Size {
  readonly members: number;
  /** units of each hidden layer */
  readonly hidden: readonly number[];
  readonly epochs: number;
  readonly batchSize: number;
  readonly dropout?: number;
  /** by how much the recipe's learning rate is multiplied */
  readonly pace?: number;
}

const FEW_ROWS = 2_000;

/**
 * How a training is laid out for so many rows. Of few rows many small networks make more than some large ones, and small
 * batches give them enough updates; the more rows there are, the sooner an epoch has taught what it can.
 */
function layout(rows: number): Size {
  if (rows <= FEW_ROWS) return { members: 8, hidden: [128, 128, 128], epochs: 256, batchSize: 128 };
  if (rows <= 20_000) return { members: 5, hidden: [256, 256, 256], epochs: 128, batchSize: 256 };
  const epochs = Math.min(Math.max(Math.round(4_000_000 / rows), 8), 32);
  return { members: membersFor(rows, 5), hidden: [256, 256, 256], epochs, batchSize: 1024 };
}

/** So many rows teach one network nearly as much as several. */
const ENOUGH_ROWS = 250_000;
function membersFor(rows: number, members: number): number {
  return rows <= ENOUGH_ROWS ? members : 2;
}

/** What all of them update weights by. */
const OPTIMIZER = "adamw";

/** Four inputs for each of more numbers make a training ten times as long, and its scores are no better as often as not. */
const MOST_EMBEDDED = 2_000;

/**
 * Of numbers that are predicted, steps and bends by single inputs tell much that cosines smooth away; classes that lie between
 * smooth borders are told apart worse with them. Each input has three times as many more weights as there are bins.
 */
const BINS = 48;
const MOST_BENT = 200;

function embeddingFor({ task, numbers }: Facts): Values {
  if (numbers > MOST_EMBEDDED) return { name: "none" };
  return { name: "pbld", ...(task === "regression" && numbers <= MOST_BENT ? { bins: BINS } : {}) };
}

/**
 * Where so many rows have one class, an epoch is chosen by log-loss: nearly all of them have the accuracy of always saying
 * that class.
 */
const MOSTLY_ONE = 0.75;
/** And where so many have, labels are not smoothed, which gives the other classes more than their share. */
const NEARLY_ALL_ONE = 0.95;

/** RealMLP's recipe (Holzmüller et al., "Better by Default", 2024), of which presets are variations. */
function recipe(facts: Facts, { members, hidden, epochs, batchSize, dropout = 0.15, pace = 1 }: Size): Values {
  const { task, commonest = 0, ownLoss, weightsClasses, weightsRows, isInTime } = facts;
  const classifies = task === "classification";
  const byLoss = weightsRows || (ownLoss !== undefined && !classifies);
  const ofClasses = commonest >= MOSTLY_ONE ? "logLoss" : "accuracy";
  const usual = byLoss ? "loss" : classifies ? ofClasses : "rmse";
  const smoothing = commonest >= NEARLY_ALL_ONE ? 0 : 0.1;
  return {
    scale: { inputs: { "*": "robustSmooth" }, clamp: !isInTime },
    model: {
      hidden,
      members,
      activation: { name: classifies ? "selu" : "mish" },
      parametric: true,
      scaling: true,
      parametrization: "neuralTangent",
      initializer: { name: "dataDriven" },
      numericEmbedding: embeddingFor(facts),
      categories: { oneHotUpTo: 8, binary: "sign" },
      dropout,
      ...(classifies ? { loss: { name: "crossEntropy", smoothing } } : {}),
    },
    training: {
      epochs,
      batchSize,
      calibrate: classifies || ownLoss === undefined || ownLoss === POISSON,
      bestBy: classifies && weightsClasses ? "balancedAccuracy" : usual,
      optimizer: {
        name: OPTIMIZER,
        learningRate: pace * (classifies ? 0.04 : 0.2),
        betas: [0.9, 0.95],
        weightDecay: 0.02,
      },
      schedule: { learningRate: { name: "coslog4" }, weightDecay: { name: "flatCos" }, dropout: { name: "flatCos" } },
      learningRateFactors: { bias: 0.1, scaling: 6, activation: 0.1, numericEmbedding: 0.1 },
      decayBiases: false,
    },
  };
}

/** In less than a fifth of the time. */
function forAFirstLook({ hidden, epochs, batchSize }: Size): Size {
  return {
    members: 2,
    hidden: hidden.map((units) => units / 2),
    epochs: Math.ceil(epochs / 2),
    batchSize: Math.max(batchSize, 256),
  };
}

/** Of few rows deeper networks learn no more, and are surer of it than they should be. */
function shallow(size: Size): Size {
  return { ...size, hidden: [256], dropout: 0.3, pace: 0.5 };
}

/** Named sets of config values; any of them can be set by hand. */
export const presets = {
  fast: {
    about: "two networks of half the width, trained for half the epochs, for a first look",
    values: (facts) => recipe(facts, forAFirstLook(layout(facts.rows))),
  },
  balanced: {
    about:
      "five networks (eight smaller ones up to 2,000 rows, two above 250,000), each holding out a fifth of the rows in turn",
    values: (facts) => recipe(facts, layout(facts.rows)),
  },
  best: {
    about:
      "twenty networks (of one hidden layer up to 2,000 rows; two above 250,000), each holding out a tenth of the rows in turn",
    values: (facts) => {
      const many = { ...layout(facts.rows), members: membersFor(facts.rows, 20) };
      return { data: { validation: 0.1 }, ...recipe(facts, facts.rows <= FEW_ROWS ? shallow(many) : many) };
    },
  },
  none: {
    about: "the defaults of this reference; also used if a config names its own optimizer or hidden layers",
    values: () => ({}),
  },
} satisfies Record<string, Preset>;

export type PresetName = keyof typeof presets;
export const presetNames = Object.keys(presets) as [PresetName, ...PresetName[]]; // Object.keys forgets the names

/** For values that are asked for before the table is read, none of which a preset sets. */
const UNKNOWN: TableFacts = { rows: 1, numbers: 1, task: "regression" };

/**
 * A config with the values of its preset where it says nothing itself, and the preset's name. Without facts, options of a
 * loss that the preset is to name count as those of classes.
 */
export function withPreset(raw: unknown, facts: TableFacts = UNKNOWN): unknown {
  if (!isObject(raw)) return raw;
  const name = presetOf(raw);
  const known = {
    ...facts,
    ownLoss: ownLossIn(raw),
    weightsClasses: weightsClasses(raw),
    weightsRows: weightsRows(raw),
    isInTime: isObject(raw.data) && typeof raw.data.time === "string",
  };
  const values =
    typeof name === "string" && Object.hasOwn(presets, name) ? presets[name as PresetName].values(known) : {}; // it was just looked up
  const awaited =
    facts === UNKNOWN && name !== "none" && awaitsLoss(raw) ? { model: { loss: { name: "crossEntropy" } } } : {};
  return merge(merge(values, awaited), { ...raw, preset: name });
}

/** It has options of a loss without its name. */
function awaitsLoss({ model }: Values): boolean {
  return isObject(model) && isObject(model.loss) && model.loss.name === undefined;
}

/** The preset that a config names, or has without a word of it. */
export function presetOf(raw: Values): unknown {
  return raw.preset ?? (namesItsOwn(raw) ? "none" : "balanced");
}

/** Whoever chooses the optimizer or the layers has a recipe of their own. */
function namesItsOwn({ model, training }: Values): boolean {
  return (isObject(model) && model.hidden !== undefined) || (isObject(training) && isChosen(training.optimizer));
}

/** What the presets' networks for numbers learn by, the squared error, is not its own. */
function ownLossIn({ model }: Values): string | undefined {
  const loss = isObject(model) ? model.loss : undefined;
  const name = isObject(loss) ? loss.name : loss;
  return typeof name === "string" && name !== "auto" && name !== "mse" ? name : undefined;
}

/** Whose means are calibrated, as those by the squared error are: what they add up to is what counts are often predicted for. */
const POISSON: LossChoice["name"] = "poisson";

/** So that what an epoch is chosen by is after rare classes too. */
function weightsClasses({ training }: Values): boolean {
  return isObject(training) && training.classWeights !== undefined && training.classWeights !== "none";
}

/** So that what an epoch is chosen by has them too: of the scores only the loss does. */
function weightsRows({ data }: Values): boolean {
  return isObject(data) && typeof data.weight === "string";
}

/** Not if it is only some options of the presets' own optimizer. */
function isChosen(optimizer: unknown): boolean {
  if (!isObject(optimizer)) return optimizer !== undefined;
  return Object.keys(optimizer).some((option) => !Object.hasOwn(optimizers[OPTIMIZER].options.shape, option));
}

/** The values of `over`, and those of `under` that it does not set. What has another name has none of the other's options. */
function merge(under: Values, over: Values): Values {
  const merged: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    const sameKind = isObject(below) && isObject(value) && (value.name === undefined || value.name === below.name);
    merged[key] = sameKind ? merge(below, value) : value;
  }
  return merged;
}

function isObject(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
