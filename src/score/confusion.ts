/** A matrix of more classes would have more numbers than anybody reads, and in the end more than there is memory. */
export const MOST_CLASSES = 2_000;

/** How many rows of each class (a row of the matrix) are predicted to be of each (a column). */
export function confusion(truth: Int32Array, predicted: Int32Array, classes: number): number[][] {
  const matrix = Array.from({ length: classes }, () => Array<number>(classes).fill(0));
  for (let row = 0; row < truth.length; row++) matrix[truth[row]!]![predicted[row]!]!++;
  return matrix;
}

/** Of each class: of the rows that are predicted to be of it, the share that are; of those that are, the share predicted so. */
export function precisionAndRecall(matrix: readonly (readonly number[])[]) {
  const shareOf = (part: number, whole: number) => (whole > 0 ? part / whole : null);
  const columnSum = (c: number) => matrix.reduce((sum, row) => sum + row[c]!, 0);
  return {
    precision: matrix.map((row, c) => shareOf(row[c]!, columnSum(c))),
    recall: matrix.map((row, c) =>
      shareOf(
        row[c]!,
        row.reduce((sum, count) => sum + count, 0),
      ),
    ),
  };
}

/** For a classification: a row for each true class, in it a number for each predicted one; and what follows from them. */
export interface Confusion extends ReturnType<typeof precisionAndRecall> {
  readonly classes: readonly string[];
  readonly rows: readonly (readonly number[])[];
}
