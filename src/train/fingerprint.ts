import { createHash } from "node:crypto";
import { inputsOf, widthOf } from "../transform/inputColumns.js";
import { targetNames } from "../transform/target.js";
import type { Prepared } from "./prepare.js";

/** What a training learns from, by parts: two trainings that have the same learn from the same. */
export type Fingerprint = Readonly<Record<string, string>>;

export function fingerprint({ pipeline, target, rows, members, initial }: Prepared): Fingerprint {
  const width = widthOf(pipeline);
  const parts: Record<string, string> = { "number of rows": String(rows.size) };
  for (const { name, state, places } of inputsOf(pipeline)) {
    const values = new Float32Array(rows.size * places.length);
    for (let row = 0, at = 0; row < rows.size; row++) {
      for (const place of places) values[at++] = rows.X[row * width + place]!;
    }
    parts[`column "${name}"`] = digest(JSON.stringify(state), values);
  }
  const truth = rows.truth.task === "regression" ? rows.truth.values : [rows.truth.classes];
  parts[`target "${targetNames(target).join('", "')}"`] = digest(JSON.stringify(target), rows.y, ...truth);
  parts["rows that are held out"] = digest(...members.map(({ validation }) => validation));
  const weights = members.flatMap(({ trainingWeights, judgingWeights }) => [
    trainingWeights?.each,
    judgingWeights?.each,
  ]);
  if (weights.some((each) => each)) parts["weights of rows"] = digest(...weights.map((each) => each ?? ""));
  parts["weights at the beginning"] = initial ? digest(...initial) : "random";
  return parts;
}

function digest(...parts: readonly (string | NodeJS.ArrayBufferView)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part).update("\n");
  return hash.digest("hex").slice(0, 16);
}
