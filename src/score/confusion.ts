/** How many rows of each class (a row of the matrix) are predicted to be of each (a column). */
export function confusion(truth: Int32Array, predicted: Int32Array, classes: number): number[][] {
  const matrix = Array.from({ length: classes }, () => Array<number>(classes).fill(0));
  for (let row = 0; row < truth.length; row++) matrix[truth[row]!]![predicted[row]!]!++;
  return matrix;
}
