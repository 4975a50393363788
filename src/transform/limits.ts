/**
 * How far a table may be from what a model was trained on: shares of the rows, and the population stability index.
 * Where a share is not given, it is the usual one, or what chance makes of so few rows.
 */
export interface Limits {
  readonly unseen?: number;
  readonly outside?: number;
  readonly missing?: number;
  readonly drift: number;
}

/**
 * What a population stability index is usually taken to mean: below 0.1 nothing; above 0.25 a distribution so far from
 * that of training that the model needs a look first (Lewis, An Introduction to Credit Scoring, 1994; Siddiqi, Credit
 * Risk Scorecards, 2006).
 */
export const SOME_DRIFT = 0.1;
const LARGE_DRIFT = 0.25;

/** That of missing cells is on top of the share that training had. */
export const usualLimits = { unseen: 0.01, outside: 0.01, missing: 0.1, drift: LARGE_DRIFT };
