import { join, take } from "../data/arrays.js";

/** True targets, in their own units. */
export type Truth =
  | { readonly task: "regression"; readonly values: readonly Float64Array[] }
  | { readonly task: "classification"; readonly classes: Int32Array };

/** Predicted targets, in their own units. */
export type Predictions =
  | { readonly task: "regression"; readonly values: readonly Float64Array[] }
  | {
      readonly task: "classification";
      readonly classes: Int32Array;
      /** [rows, classes] */
      readonly probabilities: Float32Array;
    };

export function rowCountOf(truth: Truth): number {
  return truth.task === "regression" ? truth.values[0]!.length : truth.classes.length;
}

/** The truth of some of the rows, in the order given. */
export function takeTruth(truth: Truth, rows: Uint32Array): Truth {
  if (truth.task === "classification") return { ...truth, classes: take(truth.classes, rows) };
  return { ...truth, values: truth.values.map((values) => take(values, rows)) };
}

/** The truths of several tables, one after the other: one at least, and all of one target. */
export function joinTruths(truths: readonly Truth[]): Truth {
  const [first] = truths as readonly [Truth];
  if (first.task === "classification") {
    return {
      task: first.task,
      classes: join(
        Int32Array,
        truths.flatMap((truth) => ("classes" in truth ? [truth.classes] : [])),
      ),
    };
  }
  const values = first.values.map((_, t) =>
    join(
      Float64Array,
      truths.flatMap((truth) => ("values" in truth ? [truth.values[t]!] : [])),
    ),
  );
  return { task: "regression", values };
}

/** The predictions of several tables, one after the other. */
export function joinPredictions(parts: readonly Predictions[]): Predictions {
  const truth = joinTruths(parts);
  if (truth.task === "regression") return truth;
  const probabilities = parts.flatMap((part) => ("probabilities" in part ? [part.probabilities] : []));
  return { ...truth, probabilities: join(Float32Array, probabilities) };
}
