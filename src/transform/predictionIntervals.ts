import { estimandOf } from "./estimands.js";
import { mostPercent, residualBounds, residualsOf } from "./residuals.js";
import { Sample } from "./sample.js";
import { scalingOf } from "./scalers.js";
import { inverseOf, type TargetState } from "./target.js";
import type { Truth } from "./truth.js";

type Numbers = Extract<TargetState, { task: "regression" }>;

/** The same target, with the residuals of held-out rows.   outputs [rows, targets], as for `invertTarget`; groupOf [rows] */
export function withResiduals(
  target: TargetState,
  outputs: Float32Array,
  truth: Truth,
  groupOf?: Int32Array,
): TargetState {
  if (target.task === "classification" || truth.task === "classification") return target;
  const { spread } = estimandOf(target);
  const width = target.targets.length;
  const targets = target.targets.map((state, t) => {
    const { apply } = scalingOf(state.scaler);
    const predictions = Float64Array.from(truth.values[t]!, (_, row) => outputs[row * width + t]!);
    const residuals = predictions.map((u, row) => (apply(truth.values[t]![row]!) - u) / spread(u));
    if (!residuals.every(Number.isFinite)) return state;
    return { ...state, residuals: residualsOf({ predictions, residuals, groupOf }) };
  });
  return { ...target, targets };
}

/** The largest whole percent that there are intervals of for all targets; 0: none. */
export function mostPercentOf(target: TargetState): number {
  if (target.task === "classification") return 0;
  return Math.min(...target.targets.map(({ residuals }) => (residuals ? mostPercent(residuals) : 0)));
}

/**
 * Of each target a function from what the network puts out to the ends of the interval that holds so many percent of rows like
 * those held out; scaled, as the output is.
 */
export function intervalEnds(target: Numbers, percent: number): ((u: number) => [low: number, high: number])[] {
  const { spread, isPositive } = estimandOf(target);
  const least = isPositive ? 0 : Number.NEGATIVE_INFINITY;
  return target.targets.map(({ name, residuals }) => {
    const bounds = residuals && residualBounds(residuals, percent);
    if (!bounds) throw new Error(`there is no interval of ${percent} % for ${name}`);
    const end = (u: number, residual: number, outward: -1 | 1) => {
      const away = residual * spread(u);
      return Math.max(u + away + outward * SLACK * (Math.abs(u) + Math.abs(away)), least);
    };
    return (u) => {
      const [low, high] = bounds(u);
      return [end(u, low, -1), end(u, high, 1)];
    };
  });
}

/** An end is a true value, or was one: it is moved out by what float32 outputs and decimal digits may lose of it. */
const SLACK = 2 ** -22;

/** Of true values, which intervals of so many percent hold, and how wide these are in the middle, in the target's own units. */
export interface Coverage {
  readonly percent: number;
  readonly targets: readonly { readonly name: string; readonly share: number; readonly width: number }[];
}

/** Of the intervals that are told of where nobody has asked for others. */
export const USUAL_PERCENT = 90;

/** Undefined where a model has no intervals.   outputs as for `invertTarget` */
export function coverageOf(target: TargetState, outputs: Float32Array, truth: Truth): Coverage | undefined {
  const percent = Math.min(mostPercentOf(target), USUAL_PERCENT);
  if (percent === 0 || target.task === "classification" || truth.task === "classification") return undefined;
  const width = target.targets.length;
  const ends = intervalEnds(target, percent);
  const targets = target.targets.map((state, t) => {
    const invert = inverseOf(state);
    const values = truth.values[t]!;
    let held = 0;
    const widths = values.map((y, row) => {
      const [low, high] = ends[t]!(outputs[row * width + t]!).map(invert) as [number, number];
      if (low <= y && y <= high) held++;
      return high - low;
    });
    return { name: state.name, share: held / values.length, width: new Sample(widths).quantile(0.5) };
  });
  return { percent, targets };
}
