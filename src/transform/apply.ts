import {
  type CategoryColumn,
  type Column,
  columnOf,
  type DateColumn,
  type NumberColumn,
  type Table,
  textOf,
} from "../data/table.js";
import { NnfitError } from "../errors.js";
import { placesAmong } from "./categories.js";
import { INPUTS_OF_CYCLE, writeCycle } from "./cycles.js";
import { inputNames, inputsOf, widthOf } from "./inputColumns.js";
import type { CategoryState, ColumnState, DateState, NumberState, PipelineState } from "./pipeline.js";
import { isFinite32, isStraight, scalingOf, straight } from "./scalers.js";

/** So many rows of all columns are written before the next ones are: they stay in the cache. */
const BLOCK_ROWS = 256;

/**
 * The table as numbers and codes, what the network takes   X [rows, width]. The table has all columns of the pipeline, of its types.
 *
 * @throws NnfitError where a number is too large for a float32
 */
export function applyPipeline(pipeline: PipelineState, table: Table): Float32Array {
  const X = applyLeniently(pipeline, table);
  if (!isFinite32(X)) throw tooLarge(pipeline, table, X);
  return X;
}

/** The same with numbers scaled by straight lines, as a linear model takes them; `X`, where they are so in it. Too large ones are infinite. */
export function applyStraight(pipeline: PipelineState, table: Table, X: Float32Array): Float32Array {
  if (isStraightThroughout(pipeline)) return X;
  const straightened = pipeline.map((state) =>
    state.type === "category" ? state : { ...state, scaler: straight(state.scaler) },
  );
  return applyLeniently(straightened as PipelineState, table); // the same kinds of states
}

/** Whether all numbers are scaled by straight lines, so that a linear model of the inputs is one of the table. */
function isStraightThroughout(pipeline: PipelineState): boolean {
  return pipeline.every((state) => state.type === "category" || isStraight(state.scaler));
}

/**
 * Whether a column's far numbers are put so much nearer than a straight line through the middle eight tenths puts them that a
 * model of straight lines would see another column: by half of the width of those, or more.
 */
export function isBent(pipeline: PipelineState): boolean {
  return pipeline.some((state) => {
    if (state.type !== "number" || isStraight(state.scaler)) return false;
    const { smallest, largest, deciles } = state.profile;
    const { apply } = scalingOf(state.scaler);
    const [low, high] = [deciles[0]!, deciles[8]!];
    const width = apply(high) - apply(low);
    if (!(width > 0)) return smallest < largest; // nearly all are the same number
    const line = (x: number) => apply(low) + (width * (x - low)) / (high - low);
    return [smallest, largest].some((x) => Math.abs(apply(x) - line(x)) > width / 2);
  });
}

/** The same as `applyPipeline`, numbers that are too large being infinite. */
export function applyLeniently(pipeline: PipelineState, table: Table): Float32Array {
  const width = widthOf(pipeline);
  const X = new Float32Array(table.rows * width);
  const writers = inputsOf(pipeline).map(({ name, state, places: [place = 0] }) => {
    const column = columnOf(table, name);
    if (column?.type !== state.type) throw new Error(`column ${name} is not there as a ${state.type}`);
    return writerFor({ X, width, place }, column, state);
  });
  for (let row = 0; row < table.rows; row += BLOCK_ROWS) {
    const end = Math.min(row + BLOCK_ROWS, table.rows);
    for (const write of writers) write(row, end);
  }
  return X;
}

function tooLarge(pipeline: PipelineState, { columns, lines, source }: Table, X: Float32Array): NnfitError {
  const width = widthOf(pipeline);
  const at = X.findIndex((x) => !Number.isFinite(x));
  const row = Math.floor(at / width);
  const name = inputNames(pipeline)[at % width]!;
  const column = columns.find((column) => column.name === name)!;
  return new NnfitError("data", "a number is too large to compute with, even when scaled", {
    at: `${source}:${lines[row]}, column "${name}"`,
    have: textOf(column, row) ?? "a missing cell, after filling",
    try: "correcting the cell, or another scaler for the column",
  });
}

/** Where a column's numbers go: from `place` on, in every row. */
interface Output {
  readonly X: Float32Array;
  readonly width: number;
  readonly place: number;
}

/** Writes X for the rows from one up to another. */
type Writer = (from: number, to: number) => void;

function writerFor(output: Output, column: Column, state: ColumnState): Writer {
  // the types of the column and of its state are equal
  switch (state.type) {
    case "number":
      return numberWriter(output, column as NumberColumn, state);
    case "category":
      return codeWriter(output, column as CategoryColumn, state);
    case "date":
      return dateWriter(output, column as DateColumn, state);
  }
}

function numberWriter({ X, width, place }: Output, { values }: NumberColumn, state: NumberState): Writer {
  const { apply } = scalingOf(state.scaler);
  const filled = apply(state.fill);
  return (from, to) => {
    for (let row = from, at = from * width + place; row < to; row++, at += width) {
      const value = values[row]!;
      const missing = Number.isNaN(value);
      X[at] = missing ? filled : apply(value); // float32 only now
      if (state.indicator) X[at + 1] = Number(missing);
    }
  };
}

function dateWriter({ X, width, place }: Output, { values }: DateColumn, state: DateState): Writer {
  const { fill, cycles, indicator, scaler } = state;
  const { apply } = scalingOf(scaler);
  const first = 1; // after the days
  const flag = first + INPUTS_OF_CYCLE * cycles.length;
  return (from, to) => {
    for (let row = from, at = from * width + place; row < to; row++, at += width) {
      const value = values[row]!;
      const missing = Number.isNaN(value);
      X[at] = apply(missing ? 0 : value - fill);
      // No time of a cycle is known of a missing date: the inputs stay 0, as far from one as from another.
      for (let i = 0; !missing && i < cycles.length; i++)
        writeCycle(cycles[i]!, value, X, at + first + i * INPUTS_OF_CYCLE);
      if (indicator) X[at + flag] = Number(missing);
    }
  };
}

function codeWriter({ X, width, place }: Output, column: CategoryColumn, state: CategoryState): Writer {
  const among = placesAmong(state.categories, column.decimal);
  const unknown = state.other ? state.categories.length : -1;
  const places = column.categories.map((category) => among(category) ?? unknown);
  return (from, to) => {
    for (let row = from, at = from * width + place; row < to; row++, at += width) {
      X[at] = places[column.codes[row]!] ?? unknown; // a missing cell has the code −1
    }
  };
}
