import { INPUTS_OF_CYCLE } from "./cycles.js";
import type { ColumnState, PipelineState } from "./pipeline.js";

/** A column of X: a number, 1 where one is missing, or the code of a category (0, 1, …; −1 where it has no place). */
export type InputColumn =
  | { readonly kind: "number" }
  | { readonly kind: "flag" }
  | { readonly kind: "code"; readonly categories: number; readonly other: boolean };

/** What the columns of X are. */
export function inputColumns(pipeline: PipelineState): InputColumn[] {
  return pipeline.flatMap(columnsOf);
}

export function columnsOf(state: ColumnState): InputColumn[] {
  if (state.type === "category") return [{ kind: "code", categories: state.categories.length, other: state.other }];
  const numbers = 1 + (state.type === "date" ? INPUTS_OF_CYCLE * state.cycles.length : 0);
  return [
    ...new Array<InputColumn>(numbers).fill({ kind: "number" }),
    ...(state.indicator ? [{ kind: "flag" } as const] : []),
  ];
}

/** A column of the table, and which columns of X it becomes. */
export interface Input {
  readonly name: string;
  readonly state: ColumnState;
  readonly places: readonly number[];
}

export function inputsOf(pipeline: PipelineState): Input[] {
  let place = 0;
  return pipeline.map((state) => ({ name: state.name, state, places: columnsOf(state).map(() => place++) }));
}

/** The name of each column of X. */
export function inputNames(pipeline: PipelineState): string[] {
  return inputsOf(pipeline).flatMap(({ name, places }) => places.map(() => name));
}

export function widthOf(pipeline: PipelineState): number {
  return inputColumns(pipeline).length;
}

/** How many columns a column becomes one-hot. */
export function placesOf(column: InputColumn): number {
  return column.kind === "code" ? column.categories + Number(column.other) : 1;
}

/** How many all of them become. */
export function oneHotWidth(columns: readonly InputColumn[]): number {
  return columns.reduce((sum, column) => sum + placesOf(column), 0);
}

/** Of each column of X the first of its columns, one-hot. */
export function firstPlaces(columns: readonly InputColumn[]): Uint32Array {
  let place = 0;
  return Uint32Array.from(columns, (column) => {
    const first = place;
    place += placesOf(column);
    return first;
  });
}
