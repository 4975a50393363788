import { exp, log } from "../engine/scalar.js";

/** Temperatures that are looked among, as logarithms. */
const LOWEST = -2.995732273553991; // of 0.05
const HIGHEST = 6.907755278982137; // of 1,000
const STEPS = 60;
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * Probabilities [rows, classes] to the power of 1/T, divided by their sum: what dividing the logits by T does. Above 1
 * they become more alike, below 1 surer (Guo et al., "On Calibration of Modern Neural Networks", 2017).
 */
export function tempered(probabilities: Float32Array, classes: number, temperature: number): Float32Array {
  if (temperature === 1) return probabilities;
  const all = new Float32Array(probabilities.length);
  const powers = new Float64Array(classes); // of one row after the other: a predicted table has many
  for (let start = 0; start < all.length; start += classes) {
    let largest = 0;
    for (let c = 0; c < classes; c++) largest = Math.max(largest, probabilities[start + c]!);
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      const p = probabilities[start + c]!;
      powers[c] = p > 0 ? exp(log(p / largest) / temperature) : 0;
      sum += powers[c]!;
    }
    for (let c = 0; c < classes; c++) all[start + c] = powers[c]! / sum;
  }
  return all;
}

/**
 * The temperature at which probabilities [rows, classes] have the least log-loss. The log-loss has a single minimum in
 * 1/T, so a golden-section search finds it. To all rows together one more is added, predicted as they are on average and
 * of any class alike: where no prediction is wrong, that keeps them from becoming certain. Rows may have weights.
 */
export function fitTemperature(
  probabilities: Float32Array,
  truth: Int32Array,
  weightOf: (row: number) => number = () => 1,
): number {
  const classes = probabilities.length / truth.length;
  const logLoss = (logarithm: number) => {
    const inverse = exp(-logarithm);
    let sum = 0;
    let unknown = 0;
    for (let row = 0; row < truth.length; row++) {
      const start = row * classes;
      let largest = 0;
      for (let c = 0; c < classes; c++) largest = Math.max(largest, probabilities[start + c]!);
      let total = 0;
      let ofAll = 0;
      for (let c = 0; c < classes; c++) {
        const logit = inverse * logShare(probabilities[start + c]!, largest);
        total += exp(logit);
        ofAll += logit;
      }
      const weight = weightOf(row);
      sum += weight * (log(total) - inverse * logShare(probabilities[start + truth[row]!]!, largest));
      unknown += weight * (log(total) - ofAll / classes);
    }
    return sum + unknown / truth.length;
  };
  let [low, high] = [LOWEST, HIGHEST];
  let [left, right] = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)];
  let [ofLeft, ofRight] = [logLoss(left), logLoss(right)];
  for (let step = 0; step < STEPS; step++) {
    if (ofLeft <= ofRight) {
      [high, right, ofRight] = [right, left, ofLeft];
      left = high - GOLDEN * (high - low);
      ofLeft = logLoss(left);
    } else {
      [low, left, ofLeft] = [left, right, ofRight];
      right = low + GOLDEN * (high - low);
      ofRight = logLoss(right);
    }
  }
  return exp((low + high) / 2);
}

/** Of a probability of 0 that of the smallest float32. */
function logShare(probability: number, largest: number): number {
  return log(Math.max(probability, SMALLEST) / largest);
}
const SMALLEST = 2 ** -149;
