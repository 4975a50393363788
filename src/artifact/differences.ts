import { parseJson } from "./json.js";
import { decodeSafetensors, type Tensor } from "./safetensors.js";

/** What a description says at a place, such as `pipeline.0.scaler.mean`; undefined where it says nothing. */
export interface FieldDifference {
  readonly field: string;
  readonly was: unknown;
  readonly is: unknown;
}

export interface TensorDifference {
  readonly name: string;
  readonly weights: number;
  /** how many of them have other bits, or all where the shapes differ */
  readonly differing: number;
  /** the largest difference of two weights; null where the shapes differ or one of the files has no such tensor */
  readonly largest: number | null;
}

export interface ModelDifferences {
  /** in the order of the file */
  readonly fields: readonly FieldDifference[];
  readonly tensors: readonly TensorDifference[];
}

/** Where two model files differ, beyond their checksums. Refuses a file that is damaged. */
export function modelDifferences(was: Buffer, is: Buffer, name: string): ModelDifferences {
  const [before, after] = [decodeSafetensors(was, name), decodeSafetensors(is, name)];
  return {
    fields: fieldDifferences(parseJson(before.text), parseJson(after.text), []),
    tensors: tensorDifferences(before.tensors, after.tensors),
  };
}

function fieldDifferences(was: unknown, is: unknown, path: readonly string[]): FieldDifference[] {
  if (!isNested(was) || !isNested(is) || Array.isArray(was) !== Array.isArray(is)) {
    return JSON.stringify(was) === JSON.stringify(is) ? [] : [{ field: path.join("."), was, is }];
  }
  const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  return keys.flatMap((key) => fieldDifferences(was[key], is[key], [...path, key]));
}

function isNested(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function tensorDifferences(was: readonly Tensor[], is: readonly Tensor[]): TensorDifference[] {
  const named = (tensors: readonly Tensor[]) => new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const [before, after] = [named(was), named(is)];
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names
    .map((name) => tensorDifference(name, before.get(name), after.get(name)))
    .filter(({ differing }) => differing > 0);
}

function tensorDifference(name: string, was: Tensor | undefined, is: Tensor | undefined): TensorDifference {
  const weights = (was ?? is)?.data.length ?? 0;
  if (!was || !is || String(was.shape) !== String(is.shape))
    return { name, weights, differing: weights, largest: null };
  let [differing, largest] = [0, 0];
  for (const [i, weight] of was.data.entries()) {
    if (Object.is(weight, is.data[i])) continue;
    differing++;
    largest = Math.max(largest, Math.abs(weight - is.data[i]!));
  }
  return { name, weights, differing, largest };
}

export interface CellDifference {
  /** from 1, which is the header */
  readonly line: number;
  /** by the header of the first text; null where that has none */
  readonly column: string | null;
  /** null after the end of the line or the text */
  readonly was: string | null;
  readonly is: string | null;
}

/** The first cell in which two CSV texts without quotes differ. */
export function firstCellDifference(was: string, is: string): CellDifference | undefined {
  if (was === is) return undefined;
  const cells = (text: string) => text.split("\n").map((line) => line.split(","));
  const [before, after] = [cells(was), cells(is)];
  const longer = before.length > after.length ? before : after;
  const line = longer.findIndex((_, i) => before[i]?.join() !== after[i]?.join());
  const [then, now] = [before[line] ?? [], after[line] ?? []];
  const wider = then.length > now.length ? then : now;
  const place = wider.findIndex((_, i) => then[i] !== now[i]);
  return {
    line: line + 1,
    column: before[0]?.[place] ?? null,
    was: then[place] ?? null,
    is: now[place] ?? null,
  };
}
