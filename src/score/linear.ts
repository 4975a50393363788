import * as z from "zod";
import { take, takeMatrixRows } from "../data/arrays.js";
import { spacedRows } from "../data/split.js";
import { estimandOf } from "../transform/estimands.js";
import { firstPlaces, type InputColumn, oneHotWidth } from "../transform/inputColumns.js";
import { mean } from "../transform/moments.js";
import { invertTarget, type TargetState } from "../transform/target.js";
import { type Predictions, rowCountOf, type Truth, takeTruth } from "../transform/truth.js";
import { workOf } from "./curvature.js";
import { type Design, designOf, type InputRows, type Method, storedPerRow } from "./design.js";
import {
  type Coefficients,
  type Effort,
  effortOfGeneralized,
  effortOfLogistic,
  generalized,
  inverseLink,
  logistic,
  ridge,
} from "./regressions.js";

/**
 * A linear model of the network's inputs, numbers scaled by straight lines: w·x + b of each output, which are the targets in
 * their own units, or what their inverse link takes; or the logits of the classes, of two classes that of the second.
 */
export const linearState = z.strictObject({
  /** how many of the training rows it was fitted to */
  rows: z.int().positive(),
  /** w [outputs, inputs] */
  coefficients: z.array(z.array(z.number())).min(1),
  intercepts: z.array(z.number()).min(1),
});
export type LinearState = z.output<typeof linearState>;

/** Inputs and what is true of them.   X [rows, columns], as the pipeline makes them, numbers scaled by straight lines */
export interface KnownRows {
  readonly X: Float32Array;
  readonly columns: readonly InputColumn[];
  readonly truth: Truth;
  /** how much each row counts in a fit beside the others; none: all the same */
  readonly weights?: Float64Array | undefined;
}

/** The penalty of ridge regression: scikit-learn's default. */
const ALPHA = 1;

/** Factorizations of more inputs, which take the cube of their number, would take longer than many a training. */
const MOST_INPUTS = { once: 1200, inRounds: 600 };
/** Of rows that hold more than this share of their inputs, steps that take in each input by itself are too many. */
const MOST_OF_SPARSE = 0.1;
/** They stand in the model file. */
const MOST_WEIGHTS = 100_000;
/** More rows than these make such a model no better. */
const MOST_ROWS = 100_000;
/** So many tell about how much of a row is 0. */
const ROWS_OF_A_LOOK = 2_000;
/** Multiplications that a fit may take, half a second or so. Of more rows than that allows, some are taken, one of each stretch. */
const MOST_WORK = 3e8;
/** The same of more inputs than can be factorized. It takes all rows, or is not made: of a part it would be a poor one. */
const MOST_WORK_OF_WIDE = 2e9;

/** The linear model of the training rows, or why there is none. */
export function learnLinear(
  target: TargetState,
  { X, columns, truth, weights }: KnownRows,
  mostWork: number = MOST_WORK,
): LinearState | string {
  const inputs = oneHotWidth(columns);
  const outputs = outputsOf(target);
  if ((inputs + 1) * outputs > MOST_WEIGHTS) return `more than ${MOST_WEIGHTS} weights`;
  const of = (rows: number): InputRows => ({
    X,
    columns,
    rows: spacedRows(rowCountOf(truth), Math.min(rows, MOST_ROWS)),
  });
  const wide = wideMethod(target, of(MOST_ROWS));
  if (inputs > mostInputs(target) && !wide) return `more than ${mostInputs(target)} inputs`;
  const method = wide ?? "byColumns";
  const { rows } = of(wide ? MOST_ROWS : affordable(target, of, mostWork));
  const design = designOf({ X, columns, rows }, { weights: weights && onAverageOne(take(weights, rows)), method });
  const known = takeTruth(truth, rows);
  const fitted = fit(design, target, known);
  if (!fitted) return "its fit does not converge";
  const unshifted = { rows: design.rows, ...ofInputs(design, fitted, outputs) };
  const state = shifted(unshifted, target, { X: takeMatrixRows(X, columns.length, rows), columns, truth: known });
  const areFinite = [...state.coefficients.flat(), ...state.intercepts].every(Number.isFinite);
  return areFinite ? state : "its weights are not finite";
}

/** How equations of many inputs are solved, if they can be in time: by the rows, where they are fewer, or by what is not 0. */
function wideMethod(target: TargetState, inputs: InputRows): Exclude<Method, "byColumns"> | undefined {
  const width = oneHotWidth(inputs.columns);
  const rows = inputs.rows.length;
  if (rows >= width && width <= mostInputs(target)) return undefined;
  const size = { rows, width, stored: storedPerRow(inputs) };
  if (rows < width && workBy("byRows", size, target) <= MOST_WORK_OF_WIDE) return "byRows";
  const isSparse = size.stored <= MOST_OF_SPARSE * width;
  return isSparse && workBy("bySteps", size, target) <= MOST_WORK_OF_WIDE ? "bySteps" : undefined;
}

/** As many rows as the work allows: what there is to multiply depends on how much of a row is 0, which the rows tell. */
function affordable(target: TargetState, of: (rows: number) => InputRows, mostWork: number): number {
  const within = (inputs: InputRows) => Math.ceil(mostWork / workPerRow(storedPerRow(inputs), target));
  const taken = within(of(ROWS_OF_A_LOOK));
  return Math.min(taken, within(of(taken))); // they may hold more than the first look saw
}

/** Weights of rows that were chosen among others, or are means over networks, are not so by themselves. */
function onAverageOne(weights: Float64Array): Float64Array {
  const average = mean(weights);
  return weights.map((weight) => weight / average);
}

/** Where ridge regression, of means, is to be shifted: so that what it leaves of these rows has its center at 0. */
function shifted(state: LinearState, target: TargetState, { truth, ...inputs }: KnownRows): LinearState {
  const { center, linear } = estimandOf(target);
  if (linear.fit !== "shifted") return state;
  const predicted = predictLinear(state, target, inputs);
  if (predicted.task === "classification" || truth.task === "classification") return state;
  const shifts = predicted.values.map((values, t) => center(values.map((yHat, row) => truth.values[t]![row]! - yHat)));
  return { ...state, intercepts: state.intercepts.map((b, t) => b + shifts[t]!) };
}

export function linearFits(
  { coefficients, intercepts }: LinearState,
  target: TargetState,
  columns: readonly InputColumn[],
): boolean {
  const inputs = oneHotWidth(columns);
  const outputs = outputsOf(target);
  const isShaped = coefficients.length === outputs && coefficients.every((ofOutput) => ofOutput.length === inputs);
  return isShaped && intercepts.length === outputs;
}

/** What it predicts of any rows. */
export function predictLinear(
  { coefficients, intercepts }: LinearState,
  target: TargetState,
  { X, columns }: Pick<KnownRows, "X" | "columns">,
): Predictions {
  const outputs = coefficients.length;
  const width = columns.length;
  const rows = X.length / width;
  const values = coefficients.map(() => new Float64Array(rows));
  const isCode = Uint8Array.from(columns, ({ kind }) => Number(kind === "code"));
  const firsts = firstPlaces(columns);
  const w = Float64Array.from(
    { length: coefficients[0]!.length * outputs },
    (_, i) => coefficients[i % outputs]![Math.floor(i / outputs)]!,
  ); // [inputs, outputs]
  const sums = new Float64Array(outputs);
  for (let row = 0, at = 0; row < rows; row++) {
    sums.set(intercepts);
    for (let i = 0; i < width; i++) {
      const x = X[at++]!;
      if (isCode[i] && x < 0) continue;
      const place = (isCode[i] ? firsts[i]! + x : firsts[i]!) * outputs;
      const factor = isCode[i] ? 1 : x;
      for (let k = 0; k < outputs; k++) sums[k]! += w[place + k]! * factor;
    }
    for (let k = 0; k < outputs; k++) values[k]![row] = sums[k]!;
  }
  if (target.task === "regression") {
    const { linear } = estimandOf(target);
    if (linear.fit === "generalized")
      for (const of of values) for (let row = 0; row < rows; row++) of[row] = linear.inverseLink(of[row]!);
    return { task: "regression", values };
  }
  const classes = target.classes.length;
  const probabilities = new Float32Array(rows * classes);
  const logits = new Float64Array(classes); // one for each class, or of two that of the second, beside 0
  const p = new Float64Array(classes);
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < outputs; k++) logits[classes - outputs + k] = values[k]![row]!;
    inverseLink(logits, p);
    probabilities.set(p, row * classes);
  }
  return invertTarget({ ...target, temperature: 1 }, probabilities); // that is the network's
}

/** Multiplications for a row of so many values: of XᵀX, and where it takes several evaluations those of two passes each. */
function workPerRow(stored: number, target: TargetState): number {
  const { rounds, evaluations } = effortOf(target) ?? { rounds: 1, evaluations: 1 / 2 };
  return rounds * ((stored * stored) / 2 + 2 * evaluations * outputsOf(target) * stored);
}

/** Of a fit to all rows. */
function workBy(
  method: "byRows" | "bySteps",
  size: { rows: number; width: number; stored: number },
  target: TargetState,
): number {
  const effort = effortOf(target);
  const ofAll = size.rows * size.stored;
  if (!effort) return workOf[method](size, outputsOf(target)) + ofAll;
  const uses = 2 * effort.evaluations * outputsOf(target); // of an approximate solver
  const solving = { byRows: workOf.byRows(size, uses), bySteps: effort.isExact ? USUAL_STEPS * uses * ofAll : ofAll };
  return effort.rounds * (solving[method] + uses * ofAll);
}

/** That a curvature takes which is solved in steps, of those that it may take. */
const USUAL_STEPS = 20;

function mostInputs(target: TargetState): number {
  return (effortOf(target)?.rounds ?? 1) > 1 ? MOST_INPUTS.inRounds : MOST_INPUTS.once;
}

/** Of what is fitted in several steps. */
function effortOf(target: TargetState): Effort | undefined {
  if (target.task === "classification") return effortOfLogistic;
  return estimandOf(target).linear.fit === "generalized" ? effortOfGeneralized : undefined;
}

/** Undefined where that does not converge. */
function fit(design: Design, target: TargetState, truth: Truth): Coefficients | undefined {
  if (truth.task === "classification") return logistic(design, truth.classes, outputsOf(target));
  const { linear } = estimandOf(target);
  return linear.fit === "generalized" ? generalized(design, truth.values, linear) : ridge(design, truth.values, ALPHA);
}

/** The same for inputs that are neither standardized nor less their means, in the digits that a model file needs. */
function ofInputs(
  { width, means, centers, scales }: Design,
  { weights, intercepts }: Coefficients,
  outputs: number,
): Pick<LinearState, "coefficients" | "intercepts"> {
  const places = Array.from({ length: width }, (_, j) => j);
  const all = Array.from({ length: outputs }, (_, k) =>
    places.map((j) => digits(weights[k * width + j]! / scales[j]!)),
  );
  return {
    coefficients: all,
    intercepts: all.map((w, k) =>
      places.reduce((b, j) => b - w[j]! * (centers[j]! + means[j]! * scales[j]!), intercepts[k]!),
    ),
  };
}

/** The intercepts, made of what is left of the weights, make good for the digits that are cut off. */
function digits(weight: number): number {
  return Number(weight.toPrecision(8));
}

/** Of two classes one output will do. */
function outputsOf(target: TargetState): number {
  if (target.task === "regression") return target.targets.length;
  return target.classes.length === 2 ? 1 : target.classes.length;
}
