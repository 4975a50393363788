import * as z from "zod";
import { expm1, log1p, normalQuantile } from "../engine/scalar.js";
import { NnfitError } from "../errors.js";
import { interpolate } from "./interpolate.js";
import { deviation, mean } from "./moments.js";
import type { Sample } from "./sample.js";

/** A transform of one column of numbers and its inverse, in double precision. */
export interface Scaler<State extends z.ZodObject = z.ZodObject> {
  readonly about: string;
  /** All values come between two limits, near which a float32 no longer tells them apart: not for targets. */
  readonly bounded?: boolean;
  /** It divides by a number of the order of the largest ones, and does no more: also for the logarithm of a mean. */
  readonly divides?: boolean;
  /** what it learns, as plain JSON */
  readonly state: State;
  /** From the present values of the training rows, one at least. */
  learn(sample: Sample): z.output<State>;
  apply(x: number, state: z.output<State>): number;
  invert(u: number, state: z.output<State>): number;
  /** Where it is no straight line, one of about its size, for a linear model: (x − center) / scale. */
  straight?(state: z.output<State>): { center: number; scale: number };
  /** the inverse for people; a number of the state stands in braces */
  readonly inverse: string;
}

const scaler = <State extends z.ZodObject>(definition: Scaler<State>): Scaler<State> => definition;

const shiftAndScale = { center: z.number(), scale: z.number().positive() };
const linear = {
  state: z.strictObject(shiftAndScale),
  apply: (x: number, { center, scale }: { center: number; scale: number }) => (x - center) / scale,
  invert: (u: number, { center, scale }: { center: number; scale: number }) => u * scale + center,
  inverse: "u · {scale} + {center}",
};

/** What `robustSmooth` comes near to and never reaches. */
const SMOOTH_LIMIT = 3;
/** Beyond this share of the limit a float32 can't tell values apart. */
const NEAR_ONE = 1 - 2 ** -24;

/** How many points of the distribution `quantileNormal` remembers. */
const QUANTILES = 1000;
/** eˣ is still finite in double precision. */
const LARGEST_LOGARITHM = 700;

export const scalers = {
  standard: scaler({
    about: "zero mean, unit variance",
    ...linear,
    learn: ({ values }) => ({ center: mean(values), scale: deviation(values) || 1 }), // a constant column becomes 0
  }),

  minmax: scaler({
    about: "the smallest value becomes 0, the largest 1",
    ...linear,
    learn: ({ smallest, largest }) => ({ center: smallest, scale: largest - smallest || 1 }),
  }),

  maxabs: scaler({
    about: "divided by the largest absolute value: zero stays zero",
    ...linear,
    divides: true,
    learn: ({ smallest, largest }) => ({ center: 0, scale: Math.max(Math.abs(smallest), Math.abs(largest)) || 1 }),
  }),

  rms: scaler({
    about: "divided by the root mean square: zero stays zero",
    ...linear,
    divides: true,
    learn: ({ values, smallest, largest }) => {
      const most = Math.max(Math.abs(smallest), Math.abs(largest)) || 1; // relative to it, no square is too large for a double
      return { center: 0, scale: most * Math.sqrt(mean(values.map((x) => (x / most) ** 2))) || 1 };
    },
  }),

  robust: scaler({
    about: "median 0, interquartile range 1: not affected by outliers",
    ...linear,
    learn: learnMiddleHalf,
  }),

  robustSmooth: scaler({
    about: "robust, then z/√(1 + (z/3)²): outliers are squashed to within ±3 (RealMLP, 2024); not for targets",
    bounded: true,
    state: z.strictObject(shiftAndScale),
    learn: learnMiddleHalf,
    apply: (x, { center, scale }) => {
      const z = (x - center) / scale;
      return Math.sign(z) / Math.sqrt(1 / (z * z) + 1 / SMOOTH_LIMIT ** 2); // each step of it is monotonic
    },
    invert: (u, { center, scale }) => {
      const within = Math.min(Math.max(u / SMOOTH_LIMIT, -NEAR_ONE), NEAR_ONE);
      return (SMOOTH_LIMIT * within * scale) / Math.sqrt((1 - within) * (1 + within)) + center;
    },
    inverse: "u/√(1 − (u/3)²) · {scale} + {center}",
    straight: ({ center, scale }) => ({ center, scale }),
  }),

  log1pStandard: scaler({
    about:
      "log(1 + x), mirrored for negative x, then zero mean and unit variance: for amounts over several orders of magnitude; a target so scaled is predicted nearer its median than its mean",
    state: z.strictObject(shiftAndScale),
    learn: ({ values }) => {
      const logarithms = values.map(signedLog1p);
      return { center: mean(logarithms), scale: deviation(logarithms) || 1 };
    },
    apply: (x, { center, scale }) => (signedLog1p(x) - center) / scale,
    invert: (u, { center, scale }) => {
      const logarithm = u * scale + center;
      return Math.sign(logarithm) * expm1(Math.min(Math.abs(logarithm), LARGEST_LOGARITHM));
    },
    inverse: "exp(u · {scale} + {center}) − 1, mirrored below 0",
    straight: () => ({ center: 0, scale: 1 }),
  }),

  quantileNormal: scaler({
    about:
      "the rank among the training values, mapped to a normal distribution: any shape becomes a bell curve; a target so scaled is predicted nearer its median than its mean",
    state: z
      .strictObject({ values: z.array(z.number()).min(1), normals: z.array(z.number()).min(1) })
      .refine(({ values, normals }) => values.length === normals.length && ascending(values) && ascending(normals)),
    learn: learnQuantiles,
    apply: (x, { values, normals }) => alongQuantiles(x, values, normals),
    invert: (u, { values, normals }) => alongQuantiles(u, normals, values),
    inverse: "along its quantiles",
    straight: ({ values }) => ({
      center: values[values.length >> 1]!,
      scale: (values.at(-1)! - values[0]!) / 2 || 1,
    }),
  }),

  none: scaler({
    about: "unchanged",
    state: z.strictObject({}),
    learn: () => ({}),
    apply: (x) => x,
    invert: (u) => u,
    inverse: "none",
  }),
};

export type ScalerName = keyof typeof scalers;
export const scalerNames = Object.keys(scalers) as [ScalerName, ...ScalerName[]]; // Object.keys forgets the names

/** Those of which a float32 of any size can be inverted. */
export const targetScalerNames = scalerNames.filter((name) => !(scalers[name] as Scaler).bounded) as typeof scalerNames;

export const dividingScalerNames = scalerNames.filter((name) => (scalers[name] as Scaler).divides);

/** The learned state of a scaler, and which one it is. */
export const scalerState = z.discriminatedUnion(
  "name",
  // the names come from the record itself; zod wants to see that there is one at least
  Object.entries(scalers).map(([name, { state }]) =>
    (state as z.ZodObject).safeExtend({ name: z.literal(name) }),
  ) as unknown as [z.ZodObject<{ name: z.ZodLiteral<ScalerName> }, z.core.$loose>],
);
export type ScalerState = z.output<typeof scalerState>;

/** A scaler with what it has learned. */
export interface Scaling {
  apply(x: number): number;
  invert(u: number): number;
}

/** The sum of many larger numbers may be beyond a double's range, as may be the distance of two. */
export const LARGEST_INPUT = 1e300;
/** The same of their squares, which errors are told by. */
export const LARGEST_TARGET = 1e150;

/** @throws NnfitError where the numbers of a column are larger */
export function checkMagnitude({ smallest, largest }: Sample, most: number, column: string, source: string): void {
  const extreme = -smallest > largest ? smallest : largest;
  if (Math.abs(extreme) <= most) return;
  throw new NnfitError("data", `the column "${column}" has numbers too large to scale`, {
    at: source,
    have: String(extreme),
    try: `another unit for the column: numbers can be up to ${most}`,
  });
}

/** Learns from the present values of the training rows. */
export function learnScaler(name: ScalerName, sample: Sample): ScalerState {
  return { name, ...scalers[name].learn(sample) };
}

export function isStraight({ name }: ScalerState): boolean {
  return (scalers[name] as Scaler).straight === undefined;
}

/** The same, where it is a straight line, or one in its place. */
export function straight(state: ScalerState): ScalerState {
  const { straight } = scalers[state.name] as unknown as Scaler; // the state is the one this scaler learned
  return straight ? { ...straight(state), name: "robust" } : state;
}

export function scalingOf(state: ScalerState): Scaling {
  const { apply, invert } = scalers[state.name] as unknown as Scaler; // the state is the one this scaler learned
  return { apply: (x) => apply(x, state), invert: (u) => invert(u, state) };
}

/** The median, and how wide the middle half of the values is; where half of them are equal, half of the whole range. */
function learnMiddleHalf(sample: Sample): { center: number; scale: number } {
  const width = sample.quantile(0.75) - sample.quantile(0.25);
  return { center: sample.quantile(0.5), scale: width || (sample.largest - sample.smallest) / 2 || 1 };
}

function signedLog1p(x: number): number {
  return Math.sign(x) * log1p(Math.abs(x));
}

/** Values and their normal scores, both strictly ascending: equal values share the rank in their middle. */
function learnQuantiles(sample: Sample): { values: number[]; normals: number[] } {
  const size = sample.values.length;
  const points = Math.min(QUANTILES, size);
  const lowest = 0.5 / size;
  const ranks = new Map<number, { first: number; last: number }>();
  for (let point = 0; point < points; point++) {
    const p = points === 1 ? 0.5 : point / (points - 1);
    const value = sample.valueAt(points === 1 ? 0 : (point * (size - 1)) / (points - 1)); // p · (size − 1) is less exact
    const rank = ranks.get(value);
    if (rank) rank.last = p;
    else ranks.set(value, { first: p, last: p });
  }
  const normals = [...ranks.values()].map(({ first, last }) =>
    normalQuantile(Math.min(Math.max((first + last) / 2, lowest), 1 - lowest)),
  );
  return { values: [...ranks.keys()], normals };
}

/** Along the straight lines through the points (from, to); beyond the ends along the line from end to end. */
function alongQuantiles(x: number, from: readonly number[], to: readonly number[]): number {
  const last = from.length - 1;
  if (last === 0) return to[0]! + (x - from[0]!);
  const slope = (to[last]! - to[0]!) / (from[last]! - from[0]!);
  if (x <= from[0]!) return to[0]! + (x - from[0]!) * slope;
  if (x >= from[last]!) return to[last]! + (x - from[last]!) * slope;
  return interpolate(x, from, to);
}

function ascending(values: readonly number[]): boolean {
  return values.every((value, index) => index === 0 || values[index - 1]! < value);
}

/** That all numbers are finite; those that were doubles may not be. */
export function isFinite32(numbers: Float32Array): boolean {
  let zeros = 0;
  for (let i = 0; i < numbers.length; i++) zeros += numbers[i]! * 0; // NaN for what is not finite
  return zeros === 0;
}

/** The rows that hold a number that is not finite   numbers [rows, width] */
export function rowsNotFinite(numbers: Float32Array, width: number): number[] {
  if (isFinite32(numbers)) return [];
  const rows = new Set<number>();
  for (let i = 0; i < numbers.length; i++) if (!Number.isFinite(numbers[i])) rows.add(Math.floor(i / width));
  return [...rows];
}
