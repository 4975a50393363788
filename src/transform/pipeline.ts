import * as z from "zod";
import { dateText, dayOrders } from "../data/dates.js";
import { checkNames } from "../data/header.js";
import { nameRows } from "../data/identifiers.js";
import type { CategoryColumn, Column, DateColumn, NumberColumn, Table } from "../data/table.js";
import { NnfitError } from "../errors.js";
import { inOrder, rowsByCategory } from "./categories.js";
import { cycleName, cyclesIn } from "./cycles.js";
import { type ScalerSetting, scaledByName, scalerFor } from "./options.js";
import { categoryProfile, dateProfile, day, numberProfile, profileDates, profileNumbers } from "./profile.js";
import { Sample } from "./sample.js";
import { checkMagnitude, LARGEST_INPUT, learnScaler, scalerState } from "./scalers.js";
import { expectedUnplaced } from "./unplaced.js";

/** A column of numbers: the scaled value, and where `indicator` is set a second input, 1 where the cell is missing. */
const numberState = z.strictObject({
  name: z.string(),
  type: z.literal("number"),
  /** stands in for a missing cell: the median of the training rows */
  fill: z.number(),
  indicator: z.boolean(),
  scaler: scalerState,
  profile: numberProfile,
});

/**
 * A column of categories: its code is the category's place. Where `other` is set, one place more, the last, is for
 * cells that are missing or hold any other category; without it, no training row had such a cell, and it has no place.
 */
const categoryState = z
  .strictObject({
    name: z.string(),
    type: z.literal("category"),
    categories: z.array(z.string()),
    other: z.boolean(),
    profile: categoryProfile,
  })
  .refine(
    ({ categories, profile }) => profile.shares.length === categories.length,
    "it does not have a share for each category",
  );

/**
 * A column of dates: the scaled days since the date that stands in for missing ones; then for each cycle some
 * inputs, which say where in it the date is; and where `indicator` is set one more, 1 where the cell is missing.
 */
const dateState = z.strictObject({
  name: z.string(),
  type: z.literal("date"),
  /** what comes first in dates such as 3/4/2024, where it is known */
  order: z.enum(dayOrders).optional(),
  /** stands in for a missing cell: the median of the training rows, in days since the beginning of 1970 */
  fill: day,
  indicator: z.boolean(),
  scaler: scalerState,
  cycles: z.array(cycleName),
  profile: dateProfile,
});

/** What the pipeline learned from the training rows: how each column of the table becomes columns of X. */
export const pipelineState = z.array(z.discriminatedUnion("type", [numberState, categoryState, dateState])).min(1);
export type PipelineState = z.output<typeof pipelineState>;
export type ColumnState = PipelineState[number];
export type NumberState = Extract<ColumnState, { type: "number" }>;
export type CategoryState = Extract<ColumnState, { type: "category" }>;
export type DateState = Extract<ColumnState, { type: "date" }>;

/** A category with at least this share of different values is a name for the row, a number by its column's name too. */
const IDENTIFIER = 0.9;
const NAMES_ROWS = "an identifier";
/** The rarest categories beyond so many share the place of the unknown ones, for the sake of memory and of the model file. */
const MOST_CATEGORIES = 100_000;

/** Which categories have a place of their own. */
export interface CategoryPlaces {
  /** every column has a place for unknown categories, also where no training row needs it */
  readonly unknown: boolean;
  /** categories of fewer training rows share the place of the unknown ones */
  readonly minRows: number;
  /** columns whose type the config says: none of them counts as an identifier */
  readonly given?: readonly string[];
}
const ownPlaces: CategoryPlaces = { unknown: false, minRows: 1 };

export interface LeftOut {
  readonly name: string;
  readonly why: string;
}

/**
 * Learns from the training rows alone. `noInputs` are the targets and a weight; `ignored` ones are told to be left out, and
 * so is one that is `aside`.
 */
export function learnPipeline(
  training: Table,
  {
    noInputs,
    ignored,
    aside,
    scale,
    categories = ownPlaces,
  }: {
    noInputs: readonly string[];
    ignored: readonly string[];
    aside?: LeftOut | undefined;
    scale: ScalerSetting;
    categories?: CategoryPlaces;
  },
): { pipeline: PipelineState; leftOut: LeftOut[] } {
  const names = training.columns.map(({ name }) => name);
  checkNames(ignored, names, "data.ignore", training.source);
  if (typeof scale === "object") {
    const numbers = training.columns.filter(({ type }) => type !== "category").map(({ name }) => name);
    const named = scaledByName(scale);
    checkNames(named.names, names, "scale.inputs", training.source, named.way);
    const word = named.names.find((name) => !numbers.includes(name));
    if (word !== undefined) {
      throw new NnfitError("usage", `the column "${word}" holds words, which are not scaled`, {
        setting: "scale.inputs",
        have: `columns that can be scaled: ${numbers.join(", ")}`,
      });
    }
  }

  const leftOut: LeftOut[] = [];
  const pipeline: PipelineState = [];
  for (const column of training.columns) {
    if (noInputs.includes(column.name)) continue;
    if (column.name === aside?.name) {
      leftOut.push(aside);
      continue;
    }
    const learned = ignored.includes(column.name)
      ? "ignored by the config"
      : learnColumn(column, scale, categories, training.source);
    if (typeof learned === "string") leftOut.push({ name: column.name, why: learned });
    else pipeline.push(learned);
  }
  if (pipeline.length === 0) {
    const names = leftOut.find(({ why }) => why.startsWith(NAMES_ROWS))?.name;
    const isWords = training.columns.some(({ name, type }) => name === names && type === "category");
    throw new NnfitError("data", "no column is left to learn from", {
      at: training.source,
      have: leftOut.map(({ name, why }) => `${name}: ${why}`).join("; ") || "the target alone",
      try:
        names &&
        (isWords
          ? `data.types: { "${names}": "category" }, if its words recur in new rows`
          : `data.types: { "${names}": "number" }, if its numbers mean something`),
    });
  }
  return { pipeline, leftOut };
}

/** What is learned of a column, or why nothing can be. */
function learnColumn(column: Column, scale: ScalerSetting, places: CategoryPlaces, source: string) {
  switch (column.type) {
    case "number":
      return learnNumber(column, scale, places, source);
    case "category":
      return learnCategory(column, places);
    case "date":
      return learnDate(column, scale);
  }
}

function learnNumber(
  column: NumberColumn,
  setting: ScalerSetting,
  { given = [] }: CategoryPlaces,
  source: string,
): ColumnState | string {
  const { name, values } = column;
  if (!given.includes(name) && nameRows(column))
    return `${NAMES_ROWS}: ${values.length} different numbers in ${values.length} training rows`;
  const sample = new Sample(values);
  const indicator = sample.values.length < values.length;
  const nothing = tellsNothing(sample, indicator, String);
  if (nothing) return nothing;
  checkMagnitude(sample, LARGEST_INPUT, name, source);
  return {
    name,
    type: "number",
    fill: sample.median(),
    indicator,
    scaler: learnScaler(scalerFor(setting, name), sample),
    profile: profileNumbers(sample, values.length),
  };
}

/** Why nothing can be learned of these values, if so. `missing`: whether there are rows without one. */
function tellsNothing(present: Sample, missing: boolean, text: (value: number) => string): string | undefined {
  if (present.values.length === 0) return "empty in the training rows";
  if (missing || present.smallest !== present.largest) return undefined;
  return `the same in every training row: ${text(present.smallest)}`;
}

function learnDate({ name, values, order }: DateColumn, setting: ScalerSetting): DateState | string {
  const present = new Sample(values);
  const indicator = present.values.length < values.length;
  const nothing = tellsNothing(present, indicator, dateText);
  if (nothing) return nothing;
  const fill = present.median();
  return {
    name,
    type: "date",
    ...(order && { order }),
    fill,
    indicator,
    scaler: learnScaler(scalerFor(setting, name), new Sample(present.values.map((days) => days - fill))),
    cycles: cyclesIn(present.values),
    profile: profileDates(present, values.length),
  };
}

function learnCategory(column: CategoryColumn, { unknown, minRows, given = [] }: CategoryPlaces): ColumnState | string {
  const { name, codes, categories } = column;
  const counts = rowsByCategory(column);
  const rows = codes.length;
  const present = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const missing = present < rows;
  if (counts.size === 0) return "empty in the training rows";
  if (counts.size === 1 && !missing) return `the same in every training row: ${categories[codes[0]!]}`;
  if (counts.size > 1 && counts.size >= IDENTIFIER * present && !given.includes(name)) {
    return `${NAMES_ROWS}: ${counts.size} different words in ${present} training rows`;
  }
  const descending = [...counts.entries()].sort(([, a], [, b]) => b - a);
  const frequent = descending.slice(0, MOST_CATEGORIES).filter(([, count]) => count >= minRows);
  if (frequent.length === 0) return `every category is in fewer than ${minRows} training rows`;
  const shares = new Map(frequent.map(([code, count]) => [categories[code]!, count / rows]));
  const kept = inOrder(shares.keys());
  const placed = frequent.reduce((sum, [, count]) => sum + count, 0);
  return {
    name,
    type: "category",
    categories: kept,
    other: unknown || missing || frequent.length < counts.size,
    profile: {
      shares: kept.map((category) => shares.get(category)!),
      missing: (rows - present) / rows,
      other: (present - placed) / rows,
      unplaced: expectedUnplaced(
        descending.map(([, count]) => count),
        frequent.length,
      ),
    },
  };
}
