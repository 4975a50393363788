import { createHash, type Hash } from "node:crypto";
import { inputsOf, widthOf } from "../transform/inputColumns.js";
import type { PipelineState } from "../transform/pipeline.js";
import { targetNames } from "../transform/target.js";
import type { Prepared } from "./prepare.js";

/** What a training learns from, by parts: two trainings that have the same learn from the same. */
export type Fingerprint = Readonly<Record<string, string>>;

export function fingerprint({ pipeline, target, rows, members, initial }: Prepared): Fingerprint {
  const parts: Record<string, string> = { "number of rows": String(rows.size), ...columnDigests(pipeline, rows) };
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

/** So many rows of X stay in the cache while one column after the other is taken from them. */
const BLOCK_ROWS = 2048;

function columnDigests(pipeline: PipelineState, { X, size }: Prepared["rows"]): Record<string, string> {
  const width = widthOf(pipeline);
  const columns = inputsOf(pipeline).map((input) => ({
    ...input,
    hash: hashOf(JSON.stringify(input.state)),
    values: new Float32Array(Math.min(BLOCK_ROWS, size) * input.places.length),
  }));
  for (let from = 0; from < size; from += BLOCK_ROWS) {
    const end = Math.min(from + BLOCK_ROWS, size);
    for (const { places, hash, values } of columns) {
      let at = 0;
      for (let row = from; row < end; row++) for (const place of places) values[at++] = X[row * width + place]!;
      hash.update(values.subarray(0, at));
    }
  }
  return Object.fromEntries(columns.map(({ name, hash }) => [`column "${name}"`, digestOf(hash.update("\n"))]));
}

function digest(...parts: readonly (string | NodeJS.ArrayBufferView)[]): string {
  return digestOf(hashOf(...parts));
}

function hashOf(...parts: readonly (string | NodeJS.ArrayBufferView)[]): Hash {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part).update("\n");
  return hash;
}

function digestOf(hash: Hash): string {
  return hash.digest("hex").slice(0, 16);
}
