import type { InputColumn } from "./pipeline.js";

/** The width of what `oneHot` makes. */
export function oneHotWidth(columns: readonly InputColumn[]): number {
  return columns.reduce((sum, column) => sum + placesOf(column), 0);
}

/**
 * X with each code as 1 in its place and 0 elsewhere, for what knows numbers only, such as a linear regression
 * X [rows, columns] → [rows, width]
 */
export function oneHot(columns: readonly InputColumn[], X: Float32Array): Float32Array {
  if (columns.every(({ kind }) => kind !== "code")) return X;
  const width = oneHotWidth(columns);
  const rows = X.length / columns.length;
  const made = new Float32Array(rows * width);
  let place = 0;
  for (const [number, column] of columns.entries()) {
    const places = placesOf(column);
    for (let row = 0; row < rows; row++) {
      const x = X[row * columns.length + number]!;
      const at = row * width + place;
      if (column.kind !== "code") made[at] = x;
      else if (x >= 0) made[at + x] = 1;
    }
    place += places;
  }
  return made;
}

function placesOf(column: InputColumn): number {
  return column.kind === "code" ? column.categories + Number(column.other) : 1;
}
