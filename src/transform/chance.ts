import { exp, log } from "../engine/scalar.js";

/** What chance exceeds in one of so many tables counts as more than chance. */
const ONE_IN = 1000;

/**
 * The share of tables in which chance may exceed a limit. Of several `comparisons` in the same table each has its part of it
 * (Bonferroni).
 */
export function mayExceed(comparisons: number): number {
  return 1 / (ONE_IN * comparisons);
}

/**
 * How many of `rows` rows may by chance be what `few` of `trainingRows` rows like them were: its smallest and its largest
 * number, say, beyond which then lie as many of the new ones. Their number is beta-binomial with α = few and
 * β = trainingRows − few + 1 (Wilks, Statistical Prediction with Special Reference to the Problem of Tolerance Limits, 1942).
 */
export function mostByChance(rows: number, few: number, trainingRows: number, comparisons = 1): number {
  if (few === 0) return 0;
  const beta = trainingRows - few + 1;
  let logP = 0; // of none at all
  for (let i = 0; i < few; i++) logP += log((beta + i) / (beta + rows + i));
  let sum = exp(logP);
  let most = 0;
  while (sum < 1 - mayExceed(comparisons) && most < rows) {
    logP += log(((rows - most) * (few + most)) / ((most + 1) * (beta + rows - most - 1)));
    sum += exp(logP);
    most++;
  }
  return most;
}
