import { type CategoryColumn, columnOf, type Table } from "../data/table.js";
import { placesAmong } from "./categories.js";
import type { CategoryState, ColumnState, PipelineState } from "./pipeline.js";
import { type CategoryProfile, profileDates, profileNumbers } from "./profile.js";
import { Sample } from "./sample.js";

/**
 * The same transforms, with what columns are like in other training rows; as it was, of a column without a value there.
 * `learned`: how many rows the transforms were learned from
 */
export function profiledBy(pipeline: PipelineState, training: Table, learned: number): PipelineState {
  return pipeline.map((state) => reprofiled(state, training, learned));
}

function reprofiled(state: ColumnState, training: Table, learned: number): ColumnState {
  const column = columnOf(training, state.name);
  if (column?.type === "category" && state.type === "category")
    return { ...state, profile: sharesOf(state, column, learned) };
  if (!column || column.type === "category") return state;
  const present = new Sample(column.values);
  const { length: rows } = column.values;
  if (present.values.length === 0) return state;
  if (state.type === "number") return { ...state, profile: profileNumbers(present, rows) };
  if (state.type !== "date" || column.type !== "date") return state;
  const order = state.order ?? column.order; // which new rows may tell
  return { ...state, ...(order && { order }), profile: profileDates(present, rows) };
}

function sharesOf({ categories, profile }: CategoryState, column: CategoryColumn, learned: number): CategoryProfile {
  const among = placesAmong(categories, column.decimal);
  const rare = categories.length;
  const placeOf = column.categories.map((category) => among(category) ?? rare);
  const counts = new Float64Array(rare + 2);
  for (const code of column.codes) counts[code < 0 ? rare + 1 : placeOf[code]!]!++;
  const shares = Array.from(counts, (count) => count / column.codes.length);
  // what the model has no place for is no more to be expected than before, however many of these rows are of that kind
  const { rows, variance } = profile.unplaced;
  const times = column.codes.length / learned;
  const unplaced = { rows: rows * times, variance: variance * times };
  return { shares: shares.slice(0, rare), other: shares[rare]!, missing: shares[rare + 1]!, unplaced };
}
