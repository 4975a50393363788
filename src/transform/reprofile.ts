import { type CategoryColumn, columnOf, type Table } from "../data/table.js";
import { placesAmong } from "./categories.js";
import type { CategoryState, ColumnState, PipelineState } from "./pipeline.js";
import { type CategoryProfile, profileDates, profileNumbers } from "./profile.js";
import { Sample } from "./sample.js";

/** The same transforms, with what columns are like in other training rows; as it was, of a column without a value there. */
export function profiledBy(pipeline: PipelineState, training: Table): PipelineState {
  return pipeline.map((state) => reprofiled(state, training));
}

function reprofiled(state: ColumnState, training: Table): ColumnState {
  const column = columnOf(training, state.name);
  if (column?.type === "category" && state.type === "category") return { ...state, profile: sharesOf(state, column) };
  if (!column || column.type === "category") return state;
  const present = new Sample(column.values);
  const { length: rows } = column.values;
  if (present.values.length === 0) return state;
  if (state.type === "number") return { ...state, profile: profileNumbers(present, rows) };
  return state.type === "date" ? { ...state, profile: profileDates(present, rows) } : state;
}

function sharesOf({ categories }: CategoryState, column: CategoryColumn): CategoryProfile {
  const among = placesAmong(categories, column.decimal);
  const rare = categories.length;
  const placeOf = column.categories.map((category) => among(category) ?? rare);
  const counts = new Float64Array(rare + 2);
  for (const code of column.codes) counts[code < 0 ? rare + 1 : placeOf[code]!]!++;
  const shares = Array.from(counts, (count) => count / column.codes.length);
  const unplaced = { rows: counts[rare]!, variance: counts[rare]! }; // places were not chosen by these rows
  return { shares: shares.slice(0, rare), other: shares[rare]!, missing: shares[rare + 1]!, unplaced };
}
