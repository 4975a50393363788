import { numberIn } from "../data/numbers.js";
import { estimandOf } from "./estimands.js";
import { intervalEnds } from "./predictionIntervals.js";
import { inverseOf, invertTarget, type TargetState, targetWidth } from "./target.js";

/** What stands beside a prediction. */
export interface Beside {
  /** of classes, that of each */
  readonly probabilities?: boolean;
  /** of numbers, the ends of the intervals that hold so many percent of true values */
  readonly interval?: number | undefined;
}

/** The names of the columns that predictions are written in. */
export function predictionHeader(target: TargetState, { probabilities, interval }: Beside = {}): string[] {
  if (target.task === "regression") {
    const { targets } = target;
    const each = ["prediction", ...(interval === undefined ? [] : ["low", "high"])];
    return targets.length === 1 ? each : targets.flatMap(({ name }) => each.map((what) => `${what}_${name}`));
  }
  return ["prediction", ...(probabilities ? target.classes.map((name) => `probability_${name}`) : [])];
}

/** The cells of each row: targets in their own units, or the class, and what stands beside them   outputs as for `invertTarget` */
export function predictionCells(
  target: TargetState,
  outputs: Float32Array,
  { probabilities: withProbabilities, interval }: Beside = {},
): string[][] {
  const width = targetWidth(target);
  const rows = Array.from({ length: outputs.length / width }, (_, row) => row);
  if (target.task === "regression") {
    const endsOf = interval === undefined ? undefined : intervalEnds(target, interval);
    const cellsOf = target.targets.map((state, t) => {
      const invert = inverseOf(state);
      const isRelative = state.scaler.name === "none" || estimandOf(target).isPositive;
      const usual = isRelative ? 0 : 2 ** -6; // what is scaled is of the order of 1
      const cell = (u: number) => decimals(invert, u, Math.max(Math.abs(u), usual) * 2 ** -24);
      const ends = endsOf?.[t];
      return ends ? (u: number) => [u, ...ends(u)].map(cell) : (u: number) => [cell(u)];
    });
    if (width === 1) return rows.map((row) => cellsOf[0]!(outputs[row]!));
    return rows.map((row) => cellsOf.flatMap((cells, t) => cells(outputs[row * width + t]!)));
  }
  const predictions = invertTarget(target, outputs);
  if (predictions.task !== "classification") throw new Error("classes are no numbers");
  const { classes, probabilities } = predictions;
  return rows.map((row) => [
    target.classes[classes[row]!]!,
    ...(withProbabilities ? target.classes.map((_, c) => String(digits(probabilities[row * width + c]!))) : []),
  ]);
}

/** A float32 in as many digits as it has. */
function digits(probability: number): number {
  return Number(probability.toPrecision(8));
}

/** A number that the network put out, inverted, without digits that are less than the output's `precision`. */
function decimals(invert: (u: number) => number, output: number, precision: number): string {
  const value = invert(output);
  const told = Math.abs(invert(output + precision) - value);
  if (!Number.isFinite(value) || !(told > 0)) return String(value);
  if (value === 0) return "0";
  const digits = exponent(value) - exponent(told) + 1;
  if (digits < 1) return "0";
  return String(Number(value.toPrecision(Math.min(digits, 17))));
}

const LEAST_POWER = -323;
/** 10ᵉ from the least that a double can be to the largest */
const POWERS = Float64Array.from({ length: 309 - LEAST_POWER }, (_, i) => Number(`1e${i + LEAST_POWER}`));

/** Of the first decimal digit: 2 for 123, −1 for 0.5. A search, as each predicted number asks for two. */
function exponent(x: number): number {
  const size = Math.abs(x);
  let [low, high] = [0, POWERS.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (POWERS[middle]! <= size) low = middle;
    else high = middle;
  }
  return low + LEAST_POWER;
}

/**
 * A word that no spreadsheet takes for a formula: with a ' before it, where it begins with one of the characters that
 * begin one (OWASP, CSV Injection). A number stays as it is.
 */
export function safeWord(text: string): string {
  const isNumber = ([".", ","] as const).some((decimal) => numberIn(text, decimal) !== undefined);
  return /^[=+\-@\t\r]/.test(text) && !isNumber ? `'${text}` : text;
}
