import * as z from "zod";
import { checkNames } from "../data/header.js";
import { range } from "../data/split.js";
import { columnOf, isMissing, type Table, takeRows } from "../data/table.js";
import { NnfitError } from "../errors.js";
import { classesOf, classTarget } from "./classes.js";
import { type EstimatedState, estimandOf, estimatedState } from "./estimands.js";
import { type ScaleOptions, scaledByName, targetScalerFor } from "./options.js";
import { residualState } from "./residuals.js";
import { Sample } from "./sample.js";
import {
  checkMagnitude,
  dividingScalerNames,
  isFinite32,
  LARGEST_TARGET,
  learnScaler,
  scalerState,
  scalingOf,
} from "./scalers.js";
import { tempered } from "./temperature.js";
import type { Predictions, Truth } from "./truth.js";

/** What is predicted: numbers, each with the scaler that is inverted for a prediction, or one of several classes. */
export const targetState = z.discriminatedUnion("task", [
  z.strictObject({
    task: z.literal("regression"),
    ...estimatedState,
    targets: z
      .array(
        z.strictObject({
          name: z.string(),
          scaler: scalerState,
          /** what predictions are kept within, in the target's own units; none: they are left as they are */
          range: z.tuple([z.number(), z.number()]).optional(),
          /** of rows that were held out: (y − ŷ), scaled, over the estimand's spread of ŷ */
          residuals: residualState.optional(),
        }),
      )
      .min(1),
  }),
  classTarget,
]);
export type TargetState = z.output<typeof targetState>;

export function targetNames(target: TargetState): string[] {
  return target.task === "regression" ? target.targets.map(({ name }) => name) : [target.name];
}

/** The target's columns as a table of rows to predict may have them. */
export function targetColumns(target: TargetState) {
  return target.task === "regression"
    ? target.targets.map(({ name }) => ({ name, type: "number" as const }))
    : [{ name: target.name, type: target.type, classes: target.classes }];
}

/** How many columns are predicted, or how many classes there are. */
export function targetWidth(target: TargetState): number {
  return target.task === "regression" ? target.targets.length : target.classes.length;
}

/** Drops the rows that have no target. */
export function rowsWithTarget(table: Table, names: readonly string[]): Table {
  const targets = names.map((name) => columnOf(table, name)!);
  const rows = range(0, table.rows).filter((row) => !targets.some((column) => isMissing(column, row)));
  if (rows.length === 0) {
    throw new NnfitError(
      "data",
      names.length === 1
        ? `no row has a target: "${names[0]}" is empty throughout`
        : `no row has all of the targets "${names.join('", "')}"`,
      {
        at: table.source,
      },
    );
  }
  return rows.length === table.rows ? table : takeRows(table, rows);
}

/** A target of words is given where a number is to be predicted. */
export function notNumbers(name: string, source: string): NnfitError {
  return new NnfitError("data", `the target "${name}" is not a column of numbers, so it can't be predicted as one`, {
    at: source,
    try: '"task": "classification" and a single target, if its values are classes',
  });
}

/** What is estimated of the targets, and their scalers, learned from the training rows alone. */
export function learnTargets(
  training: Table,
  names: readonly string[],
  { target: setting, clamp }: Pick<ScaleOptions, "target" | "clamp">,
  estimated: EstimatedState = {},
): TargetState {
  const estimand = estimandOf({ task: "regression", ...estimated });
  if (typeof setting === "object") {
    const named = scaledByName(setting);
    checkNames(named.names, names, "scale.target", "the targets", named.way);
  }
  const targets = names.map((name) => {
    const column = columnOf(training, name)!;
    if (column.type !== "number") throw notNumbers(name, training.source);
    checkVaries(training, name);
    const sample = new Sample(column.values);
    checkMagnitude(sample, LARGEST_TARGET, name, training.source);
    const width = sample.largest - sample.smallest;
    if (width < 1 / LARGEST_TARGET) {
      throw new NnfitError("data", `the target "${name}" varies too little for errors to be computed`, {
        at: training.source,
        have: `${sample.smallest} to ${sample.largest}`,
        try: "another unit for the column",
      });
    }
    const scaler = learnScaler(targetScalerFor(setting, name, estimand), sample);
    if (estimand.isPositive && !dividingScalerNames.includes(scaler.name)) throw doesNotDivide(name, scaler.name);
    return { name, scaler, ...(clamp ? { range: [sample.smallest, sample.largest] as [number, number] } : {}) };
  });
  return { task: "regression", targets, ...estimated };
}

/** @throws NnfitError for a target that is the same number throughout */
export function checkVaries(training: Table, name: string): void {
  const column = columnOf(training, name);
  if (column?.type !== "number" || column.values.some((value) => value !== column.values[0])) return;
  const message = `the target "${name}" is ${column.values[0]} in every training row: there is nothing to learn`;
  throw new NnfitError("data", message, { at: training.source });
}

function doesNotDivide(name: string, scaler: string): NnfitError {
  return new NnfitError(
    "usage",
    "the loss is of the logarithm of a mean, so that the target can only be divided by its size",
    {
      setting: "scale.target",
      have: `"${scaler}" for "${name}"`,
      try: ["auto", ...dividingScalerNames].map((name) => `"${name}"`).join(", "),
    },
  );
}

/**
 * A model's target after more training rows: predictions are kept within the range of all that it learned from; without
 * `clamp`, within none.
 */
export function extendedBy(target: TargetState, training: Table, clamp: boolean): TargetState {
  if (target.task === "classification") return target;
  const targets = target.targets.map(({ range, ...state }) => {
    if (!range || !clamp) return state;
    const column = columnOf(training, state.name);
    if (column?.type !== "number") throw new Error(`column ${state.name} is not there as numbers`);
    const { smallest, largest } = new Sample(column.values);
    return { ...state, range: [Math.min(range[0], smallest), Math.max(range[1], largest)] as [number, number] };
  });
  return { ...target, targets };
}

/** The true targets of a table in which no row lacks one. */
export function truthOf(target: TargetState, table: Table): Truth {
  if (target.task === "regression") {
    const values = target.targets.map(({ name }) => {
      const column = columnOf(table, name);
      if (column?.type !== "number") throw new Error(`column ${name} is not there as numbers`);
      checkRange(column.values, table, name);
      if (estimandOf(target).isPositive) checkNotNegative(column.values, table, name);
      return column.values;
    });
    return { task: "regression", values };
  }
  return { task: "classification", classes: classesOf(target, table) };
}

/** Numbers whose squares can be added up. */
function checkRange(values: Float64Array, { source, lines }: Table, name: string): void {
  const row = values.findIndex((value) => Math.abs(value) > LARGEST_TARGET);
  if (row < 0) return;
  throw new NnfitError("data", "a target is too large for its error to be computed", {
    at: `${source}:${lines[row]}, column "${name}"`,
    have: String(values[row]),
    try: `another unit for the column: targets can be up to ${LARGEST_TARGET}`,
  });
}

function checkNotNegative(values: Float64Array, { source, lines }: Table, name: string): void {
  const row = values.findIndex((value) => value < 0);
  if (row < 0) return;
  throw new NnfitError("data", "a target is negative, but the loss is for counts and other numbers from 0 on", {
    at: `${source}:${lines[row]}, column "${name}"`,
    have: String(values[row]),
    try: 'correcting the cell, or another model.loss, such as "mse"',
  });
}

/** That these are its targets, in this order. */
export function predicts(target: TargetState, names: readonly string[]): boolean {
  return targetNames(target).join("\n") === names.join("\n");
}

/** The targets as the loss takes them   y [rows, targets]: scaled numbers, or the number of the class */
export function applyTarget(target: TargetState, truth: Truth): Float32Array {
  if (truth.task === "classification") return Float32Array.from(truth.classes);
  if (target.task !== "regression") throw new Error("numbers are no classes");
  const width = truth.values.length;
  const y = new Float32Array(width * truth.values[0]!.length);
  for (const [t, values] of truth.values.entries()) {
    const { apply } = scalingOf(target.targets[t]!.scaler);
    for (let row = 0; row < values.length; row++) y[row * width + t] = apply(values[row]!);
  }
  if (!isFinite32(y)) {
    const at = y.findIndex((scaled) => !Number.isFinite(scaled));
    throw new NnfitError("data", "a target is too large to compute with, even when scaled", {
      setting: "data.target",
      have: String(truth.values[at % width]![Math.floor(at / width)]),
    });
  }
  return y;
}

type NumberTarget = Extract<TargetState, { task: "regression" }>["targets"][number];

/** From what the network predicts of one target to its own units. */
export function inverseOf(target: NumberTarget): (u: number) => number {
  const { invert } = scalingOf(target.scaler);
  const [lowest, highest] = target.range ?? EVERYTHING;
  return (u) => Math.min(Math.max(invert(u), lowest), highest);
}

/** Of how many rows, but for some, a target is clipped to the range of the training rows   outputs [rows, targets] */
export function countClipped(target: TargetState, outputs: Float32Array, without: ReadonlySet<number>): number {
  if (target.task === "classification" || !target.targets.some(({ range }) => range)) return 0;
  const width = targetWidth(target);
  const isClipped = target.targets.map((state) => {
    const { invert } = scalingOf(state.scaler);
    const [lowest, highest] = state.range ?? EVERYTHING;
    return (u: number) => invert(u) < lowest || invert(u) > highest;
  });
  let count = 0;
  for (let row = 0; row * width < outputs.length; row++) {
    if (!without.has(row) && isClipped.some((is, t) => is(outputs[row * width + t]!))) count++;
  }
  return count;
}

/**
 * What the network predicts, in the target's own units.
 * outputs [rows, targets or classes], as the loss's inverse link gives them: scaled targets, or probabilities.
 */
export function invertTarget(target: TargetState, outputs: Float32Array): Predictions {
  const width = targetWidth(target);
  const rows = outputs.length / width;
  if (target.task === "regression") {
    const values = target.targets.map((state, t) => {
      const invert = inverseOf(state);
      const inverted = new Float64Array(rows);
      for (let row = 0; row < rows; row++) inverted[row] = invert(outputs[row * width + t]!);
      return inverted;
    });
    return { task: "regression", values };
  }
  const { temperature = 1, threshold } = target;
  const probabilities = tempered(outputs, width, temperature);
  const predicted = (row: number) =>
    threshold === undefined
      ? placeOfLargest(probabilities, row * width, width)
      : Number(probabilities[row * width + 1]! >= threshold);
  const classes = new Int32Array(rows);
  for (let row = 0; row < rows; row++) classes[row] = predicted(row);
  return { task: "classification", classes, probabilities };
}

const EVERYTHING: [number, number] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];

/** Of `count` values from `start` on; of equal ones the first. */
function placeOfLargest(values: Float32Array, start: number, count: number): number {
  let best = 0;
  for (let place = 1; place < count; place++) if (values[start + place]! > values[start + best]!) best = place;
  return best;
}
