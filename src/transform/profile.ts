import * as z from "zod";
import { take } from "../data/arrays.js";
import { END_OF_DAYS, FIRST_DAY } from "../data/dates.js";
import { spacedRows } from "../data/split.js";
import { Sample } from "./sample.js";

const share = z.number().min(0).max(1);

/** A moment in days since the beginning of 1970, of a year of four digits. */
export const day = z.number().min(FIRST_DAY).lt(END_OF_DAYS);

/** Of ten parts. */
const DECILES = 9;

const bins = z.array(share);
const binsFit = (quantiles: readonly number[], bins: readonly number[]) => bins.length === 2 * quantiles.length + 1;

/** What values are like that are none of the frequent ones: of a column that is 0 in nine rows of ten, the others. */
const otherNumbers = z
  .strictObject({
    /** divide them into ten parts, or fewer if there are few of them */
    quantiles: z.array(z.number()).min(1).max(DECILES),
    /** share of the training rows in each bin of `binOf` */
    bins,
  })
  .refine(({ quantiles, bins }) => binsFit(quantiles, bins), "it does not have a share for each bin");

/** What a column of numbers was like in the training rows. New rows are held against it; no prediction depends on it. */
export const numberProfile = z
  .strictObject({
    smallest: z.number(),
    largest: z.number(),
    /** share of the training rows whose cell is missing */
    missing: share,
    /** the k-th is the smallest value that k tenths of the present values don't exceed (of 20,000 of them at most) */
    deciles: z.array(z.number()).length(DECILES),
    /** share of the training rows in each bin of `binOf` */
    bins,
    /** absent if no value is frequent, or hardly any other is there */
    others: otherNumbers.optional(),
  })
  .refine(({ deciles, bins }) => binsFit(deciles, bins), "it does not have a share for each bin")
  .refine(
    ({ smallest, largest, deciles, others }) =>
      [deciles, others?.quantiles ?? []].every((quantiles) => ascend([smallest, ...quantiles, largest])),
    "its range and its quantiles don't ascend",
  )
  .refine(({ deciles, others }) => {
    const frequent = frequentAmong(deciles);
    return !others || (frequent.length > 0 && !others.quantiles.some((value) => frequent.includes(value)));
  }, "its frequent values are not apart from the others");
export type NumberProfile = z.output<typeof numberProfile>;

/** The same of a column of dates. */
export const dateProfile = z.strictObject({ smallest: day, largest: day, missing: share });
export type DateProfile = z.output<typeof dateProfile>;

/** The same of a column of categories. */
export const categoryProfile = z.strictObject({
  /** share of the training rows in each of the column's categories, in their order */
  shares: z.array(share),
  /** share whose cell is missing */
  missing: share,
  /** share of the categories that were too rare for a place of their own */
  other: share,
  /** what is expected of as many new rows: how many have a category without a place */
  unplaced: z.strictObject({ rows: z.number().min(0), variance: z.number().min(0) }),
});
export type CategoryProfile = z.output<typeof categoryProfile>;

/** Of a column of `rows` cells, of which the sample's days, one at least, are present. */
export function profileDates({ smallest, largest, values }: Sample, rows: number): DateProfile {
  return { smallest, largest, missing: (rows - values.length) / rows };
}

/** Of a column of `rows` cells, of which the sample's values, one at least, are present. */
export function profileNumbers(sample: Sample, rows: number): NumberProfile {
  const { smallest, largest } = sample;
  const present = sample.values.length;
  const values = spread(sample.values);
  const deciles = quantilesOf(values, DECILES + 1);
  const sharesOf = (values: Float64Array, quantiles: readonly number[]) =>
    countBins(values, quantiles).map((count) => (count * present) / (all * rows));
  const { length: all } = values;
  const frequent = frequentAmong(deciles);
  const others = frequent.length > 0 ? values.filter((value) => !frequent.includes(value)) : new Float64Array();
  const parts = Math.min(DECILES + 1, Math.floor(others.length / ROWS_OF_A_PART));
  const quantiles = parts > 1 ? quantilesOf(others, parts) : [];
  return {
    smallest,
    largest,
    missing: (rows - present) / rows,
    deciles,
    bins: sharesOf(values, deciles),
    ...(quantiles.length > 0 && { others: { quantiles, bins: sharesOf(others, quantiles) } }),
  };
}

/** Fewer say little of how large a share of other rows is like them (Cochran, 1954). */
const ROWS_OF_A_PART = 5;

function quantilesOf(values: Float64Array, parts: number): number[] {
  const places = Array.from({ length: parts - 1 }, (_, k) => Math.ceil(((k + 1) * values.length) / parts) - 1);
  return new Sample(values).atPlaces(places);
}

function countBins(values: Float64Array, quantiles: readonly number[]): number[] {
  const counts = new Array<number>(2 * quantiles.length + 1).fill(0);
  for (let i = 0; i < values.length; i++) counts[binOf(quantiles, values[i]!)]!++;
  return counts;
}

/** Values that several quantiles are equal to: each is that of many rows. */
export function frequentAmong(quantiles: readonly number[]): number[] {
  return quantiles.filter((value, i) => value === quantiles[i + 1] && value !== quantiles[i - 1]);
}

function ascend(values: readonly number[]): boolean {
  return values.every((value, i) => i === 0 || values[i - 1]! <= value);
}

/** Of a long column so many values tell what it is like. */
export const MOST_VALUES = 20_000;

function spread(values: Float64Array): Float64Array {
  return values.length <= MOST_VALUES ? values : take(values, spacedRows(values.length, MOST_VALUES));
}

/**
 * The bin of a value: of nine deciles, from 0 to 18. Bins end at the quantiles, which belong to them; a value that several
 * quantiles are equal to has a bin of its own.
 */
export function binOf(quantiles: readonly number[], x: number): number {
  let below = 0;
  while (below < quantiles.length && quantiles[below]! < x) below++;
  let upTo = below;
  while (upTo < quantiles.length && quantiles[upTo]! === x) upTo++;
  return below + (upTo - below > 1 ? upTo : below);
}
