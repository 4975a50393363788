import type { Task } from "../data/table.js";

/** What a preset goes by. */
export interface TableFacts {
  /** that have a target */
  readonly rows: number;
  readonly task: Task;
}

/** As a config has it. */
interface Values {
  readonly [setting: string]: unknown;
}

interface Preset {
  readonly about: string;
  values(facts: TableFacts): Values;
}

/** How a training is laid out for so many rows: the more there are, the sooner an epoch has taught what it can. */
function layout(rows: number) {
  if (rows <= 2_000) return { epochs: 256, batchSize: 256 };
  if (rows <= 20_000) return { epochs: 128, batchSize: 256 };
  return { epochs: Math.min(Math.max(Math.round(4_000_000 / rows), 8), 40), batchSize: 1024 };
}

/** So many rows teach one network nearly as much as several. */
const ENOUGH_ROWS = 250_000;

/** RealMLP's recipe (Holzmüller et al., "Better by Default", 2024), of which presets are variations. */
function recipe(
  { rows, task }: TableFacts,
  { members, units = 256, share = 1 }: { members: number; units?: number; share?: number },
): Values {
  const { epochs, batchSize } = layout(rows);
  const classifies = task === "classification";
  return {
    scale: { inputs: { "*": "robustSmooth" }, clamp: true },
    model: {
      hidden: [units, units, units],
      members: rows <= ENOUGH_ROWS ? members : Math.min(members, 2),
      activation: { name: classifies ? "selu" : "mish" },
      parametric: true,
      scaling: true,
      parametrization: "neuralTangent",
      initializer: { name: "dataDriven" },
      numericEmbedding: { name: "pbld" },
      categories: { oneHotUpTo: 8, binary: "sign" },
      dropout: 0.15,
      ...(classifies ? { loss: { name: "crossEntropy", smoothing: 0.1 } } : {}),
    },
    training: {
      epochs: Math.max(Math.round(epochs * share), 1),
      batchSize,
      calibrate: classifies,
      bestBy: classifies ? "accuracy" : "rmse",
      optimizer: { name: "adamw", learningRate: classifies ? 0.04 : 0.2, betas: [0.9, 0.95], weightDecay: 0.02 },
      schedule: { learningRate: { name: "coslog4" }, weightDecay: { name: "flatCos" }, dropout: { name: "flatCos" } },
      learningRateFactors: { bias: 0.1, scaling: 6, activation: 0.1, embedding: 0.1 },
      decayBiases: false,
    },
  };
}

/** Named sets of config values; any of them can be set by hand. */
export const presets = {
  fast: {
    about: "three networks of half the width, and half the epochs, for a first look",
    values: (facts) => recipe(facts, { members: 3, units: 128, share: 0.5 }),
  },
  balanced: {
    about: "five networks, each holding out another fifth of the rows",
    values: (facts) => recipe(facts, { members: 5 }),
  },
  best: {
    about: "twenty networks, each holding out another tenth",
    values: (facts) => ({ data: { validation: 0.1 }, ...recipe(facts, { members: 20 }) }),
  },
  none: {
    about: "every value as this reference says; so is a config that names its own optimizer or hidden layers",
    values: () => ({}),
  },
} satisfies Record<string, Preset>;

export type PresetName = keyof typeof presets;
export const presetNames = Object.keys(presets) as [PresetName, ...PresetName[]]; // Object.keys forgets the names

/** For values that are asked for before the table is read, none of which a preset sets. */
const UNKNOWN: TableFacts = { rows: 1, task: "regression" };

/** A config with the values of its preset where it says nothing itself, and the preset's name. */
export function withPreset(raw: unknown, facts: TableFacts = UNKNOWN): unknown {
  if (!isObject(raw)) return raw;
  const name = presetOf(raw);
  const values =
    typeof name === "string" && Object.hasOwn(presets, name) ? presets[name as PresetName].values(facts) : {}; // it was just looked up
  return merge(values, { ...raw, preset: name });
}

/** The preset that a config names, or has without a word of it. */
export function presetOf(raw: Values): unknown {
  return raw.preset ?? (namesItsOwn(raw) ? "none" : "balanced");
}

/** Whoever chooses the optimizer or the layers has a recipe of their own. */
function namesItsOwn({ model, training }: Values): boolean {
  return (isObject(model) && model.hidden !== undefined) || (isObject(training) && training.optimizer !== undefined);
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
