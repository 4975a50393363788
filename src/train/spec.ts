import { isDeepStrictEqual } from "node:util";
import { NnfitError } from "../errors.js";
import { make } from "../family.js";
import { activations } from "../model/activations.js";
import { codeFor, inputFor } from "../model/inputs.js";
import { lossesOf, usualLoss } from "../model/losses.js";
import { numericEmbeddings } from "../model/numericEmbeddings.js";
import type { ModelOptions } from "../model/options.js";
import type { NetworkSpec } from "../model/spec.js";
import { estimandOf } from "../transform/estimands.js";
import { type InputColumn, inputColumns } from "../transform/inputColumns.js";
import { type ScaleOptions, scalerFor, targetScalerFor } from "../transform/options.js";
import type { NumberState, PipelineState } from "../transform/pipeline.js";
import { scalingOf } from "../transform/scalers.js";
import { type TargetState, targetWidth } from "../transform/target.js";

/** The network that a config describes, for these columns of X, looked at where need be. */
export function newSpec(
  options: ModelOptions,
  columns: readonly InputColumn[],
  X: () => Float32Array,
  target: TargetState,
): NetworkSpec {
  const { loss, initializer, members: _, categories, numericEmbedding, tabm, ...plain } = options;
  const { hidden, activation, parametric, scaling, parametrization, dropout, ...others } = plain;
  others satisfies Record<string, never>; // a new option has its place in the spec too
  const width = targetWidth(target);
  const choice = loss === "auto" ? usualLoss(target.task, width) : loss;
  const fitting = lossesOf(target.task).filter(([, { mostClasses = width }]) => width <= mostClasses);
  const [, member] = fitting.find(([name]) => name === choice.name) ?? [];
  if (!member) {
    throw new NnfitError("usage", `the loss ${choice.name} is not for ${targetText(target)}`, {
      setting: "model.loss",
      try: fitting.map(([name]) => name).join(", "),
    });
  }
  return {
    ...plain,
    ...inputFor(columns, { categories, numericEmbedding }, X),
    ...(tabm > 1 ? { tabm } : {}),
    outputs: member.outputs(width),
    initializer: initializer === "auto" ? { name: make(activations, activation).initializer } : initializer,
    loss: choice,
  };
}

function targetText(target: TargetState): string {
  return target.task === "regression" ? "a regression" : `a classification with ${target.classes.length} classes`;
}

/** A model whose training goes on with other rows: its transforms stay, and its weights are where the networks begin. */
export interface Beginning {
  readonly pipeline: PipelineState;
  readonly target: TargetState;
  readonly network: NetworkSpec;
  /** of each member, as they work */
  readonly weights: readonly Float32Array[];
  readonly training: { readonly trainingRows: number };
}

/** The model's network, to be trained as the config says. Refuses a config that describes another one. */
export function continuedSpec(beginning: Beginning, model: ModelOptions, scale: ScaleOptions): NetworkSpec {
  const { network, weights, target } = beginning;
  const { parametrization, dropout } = model;
  const loss = model.loss === "auto" ? usualLoss(target.task, targetWidth(target)) : model.loss;
  const then = { ...pick(network), members: weights.length };
  const now = { ...pick(model), members: model.members, loss };
  const ofModel = Object.entries(then).flatMap(([name, value]) => {
    const wanted = now[name as keyof typeof now]; // they have the same keys
    return isDeepStrictEqual(value, wanted) ? [] : [say(name, value, wanted)];
  });
  const ofNetwork = [...ofModel, ...otherwiseTaken(beginning, model)];
  const differ = [...ofNetwork, ...otherwiseScaled(beginning, scale)];
  if (differ.length > 0) {
    throw new NnfitError("usage", "the model to continue from is not the one that the config describes", {
      setting: ofNetwork.length > 0 ? "model" : "scale",
      have: differ.join("; "),
      try: "the config.json of the model's run, which has all of its settings, with another data.train (relative to that file)",
    });
  }
  return { ...network, parametrization, dropout };
}

/** In words, how columns become inputs, where the config has it otherwise. */
function otherwiseTaken({ pipeline, network: { input } }: Beginning, model: ModelOptions): string[] {
  const { categories, numericEmbedding: wanted } = model;
  const columns = inputColumns(pipeline);
  const codes = columns.flatMap((column, place) => {
    if (column.kind !== "code") return [];
    const [then, now] = [input?.columns[place], codeFor(column, categories)];
    return isDeepStrictEqual(then, now) ? [] : [say("categories", then, now)];
  });
  const hasCodes = columns.some(({ kind }) => kind === "code");
  const unknown = input?.unknown ?? 0;
  const isEmbedded = input?.columns.some(({ kind }) => kind === "numericEmbedding");
  const numbers = (isEmbedded && input?.numbers) || { name: "none" };
  const least = make(numericEmbeddings, wanted)?.minValues ?? 0;
  // Of columns of few values alone no embedding tells what the model's config had.
  const wouldBeEmbedded = pipeline.some((state) => state.type === "number" && differentValues(state) >= least);
  const numbersDiffer = !isDeepStrictEqual(numbers, wanted) && (isEmbedded || wouldBeEmbedded);
  return [
    ...codes.slice(0, 1),
    ...(hasCodes && unknown !== categories.unknown ? [say("categories.unknown", unknown, categories.unknown)] : []),
    ...(numbersDiffer ? [say("numericEmbedding", numbers, wanted)] : []),
  ];
}

function say(setting: string, then: unknown, now: unknown): string {
  return `model.${setting}: ${JSON.stringify(then)}, but the config says ${JSON.stringify(now)}`;
}

/** At least so many different values the training rows had, as the network sees them. */
function differentValues({ profile, scaler }: NumberState): number {
  const { apply } = scalingOf(scaler);
  return new Set([profile.smallest, ...profile.deciles, profile.largest].map((x) => Math.fround(apply(x)))).size;
}

/** In words, each column whose scaler is another one than the config has for it, and clamping to a range that nobody knows. */
function otherwiseScaled({ pipeline, target }: Beginning, scale: ScaleOptions): string[] {
  const numbers = pipeline.filter((state) => state.type !== "category");
  const targets = target.task === "regression" ? target.targets : [];
  const scaled = [
    ...numbers.map((state) => ({ ...state, wanted: scalerFor(scale.inputs, state.name) })),
    ...targets.map((state) => ({ ...state, wanted: targetScalerFor(scale.target, state.name, estimandOf(target)) })),
  ];
  const scalers = scaled.flatMap(({ name, scaler, wanted }) =>
    scaler.name === wanted ? [] : [`the scaler of "${name}": "${scaler.name}", but the config says "${wanted}"`],
  );
  const lacksRange = scale.clamp && targets.some(({ range }) => range === undefined);
  return lacksRange ? [...scalers, "scale.clamp: false, but the config says true"] : scalers;
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
