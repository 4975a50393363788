import * as z from "zod";
import { take } from "../data/arrays.js";
import { END_OF_DAYS, FIRST_DAY } from "../data/dates.js";
import { spacedRows } from "../data/split.js";
import { Sample } from "./sample.js";

const share = z.number().min(0).max(1);

/** A moment in days since the beginning of 1970, of a year of four digits. */
export const day = z.number().min(FIRST_DAY).lt(END_OF_DAYS);

/** Values between deciles, and values that several deciles are equal to. */
const BINS = 19;

/** What a column of numbers was like in the training rows. New rows are held against it; no prediction depends on it. */
export const numberProfile = z
  .strictObject({
    smallest: z.number(),
    largest: z.number(),
    /** share of the training rows whose cell is missing */
    missing: share,
    /** the k-th is the smallest value that k tenths of the present values don't exceed (of 20,000 of them at most) */
    deciles: z.array(z.number()).length(9),
    /** share of the training rows in each bin of `binOf` */
    bins: z.array(share).length(BINS),
  })
  .refine(
    ({ smallest, largest, deciles }) =>
      [smallest, ...deciles, largest].every((value, i, all) => i === 0 || all[i - 1]! <= value),
    "its range and its deciles don't ascend",
  );
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
  const places = Array.from({ length: 9 }, (_, k) => Math.ceil(((k + 1) * values.length) / 10) - 1);
  const deciles = new Sample(values).atPlaces(places);
  const counts = new Array<number>(BINS).fill(0);
  for (let i = 0; i < values.length; i++) counts[binOf(deciles, values[i]!)]!++;
  return {
    smallest,
    largest,
    missing: (rows - present) / rows,
    deciles,
    bins: counts.map((count) => (count * present) / (values.length * rows)),
  };
}

/** Of a long column so many values tell what it is like. */
export const MOST_VALUES = 20_000;

function spread(values: Float64Array): Float64Array {
  return values.length <= MOST_VALUES ? values : take(values, spacedRows(values.length, MOST_VALUES));
}

/**
 * The bin of a value, from 0 to 18. Bins end at the deciles, which belong to them; a value that several deciles are
 * equal to is one that many rows have, and has a bin of its own.
 */
export function binOf(deciles: readonly number[], x: number): number {
  let below = 0;
  while (below < deciles.length && deciles[below]! < x) below++;
  let upTo = below;
  while (upTo < deciles.length && deciles[upTo]! === x) upTo++;
  return below + (upTo - below > 1 ? upTo : below);
}
