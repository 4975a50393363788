import { numberIn } from "../data/numbers.js";
import { estimandOf } from "./estimands.js";
import { inverseOf, invertTarget, type TargetState, targetWidth } from "./target.js";

/** The names of the columns that predictions are written in. */
export function predictionHeader(target: TargetState, withProbabilities: boolean): string[] {
  if (target.task === "regression") {
    const { targets } = target;
    return targets.length === 1 ? ["prediction"] : targets.map(({ name }) => `prediction_${name}`);
  }
  const probabilities = target.classes.map((name) => `probability_${name}`);
  return ["prediction", ...(withProbabilities ? probabilities : [])];
}

/** The cells of each row: targets in their own units, or the class and its probabilities   outputs as for `invertTarget` */
export function predictionCells(target: TargetState, outputs: Float32Array, withProbabilities: boolean): string[][] {
  const width = targetWidth(target);
  const rows = Array.from({ length: outputs.length / width }, (_, row) => row);
  if (target.task === "regression") {
    const cellsOf = target.targets.map((state) => {
      const invert = inverseOf(state);
      const isRelative = state.scaler.name === "none" || estimandOf(target).isPositive;
      const usual = isRelative ? 0 : 2 ** -6; // what is scaled is of the order of 1
      return (output: number) => decimals(invert, output, Math.max(Math.abs(output), usual) * 2 ** -24);
    });
    return rows.map((row) => cellsOf.map((cell, t) => cell(outputs[row * width + t]!)));
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
