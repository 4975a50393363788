import { oneAgainstRest, type Ranked } from "./ranking.js";

/** Rows whose classes are known, and what is predicted of them. */
export interface ClassifiedRows {
  readonly truth: Int32Array;
  readonly predicted: Int32Array;
  /** [rows, classes] */
  readonly probabilities: Float32Array;
  /** how many there are */
  readonly classes: number;
  /** One class against the rest, as often as it takes; sorted when a metric first asks. */
  rankings(): readonly Ranked[];
}

export function classifiedRows(truth: Int32Array, predicted: Int32Array, probabilities: Float32Array): ClassifiedRows {
  let rankings: readonly Ranked[] | undefined;
  return {
    truth,
    predicted,
    probabilities,
    classes: probabilities.length / truth.length,
    rankings: () => {
      rankings ??= oneAgainstRest(truth, probabilities);
      return rankings;
    },
  };
}
