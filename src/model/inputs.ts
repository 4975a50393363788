import { z } from "zod";
import type { InputColumn } from "../transform/pipeline.js";
import type { ModelOptions } from "./options.js";
import type { Tensor } from "./tensors.js";

/** How the network takes a column of X. */
const inputColumn = z.discriminatedUnion("kind", [
  /** as it is */
  z.strictObject({ kind: z.literal("number") }),
  /** a code, as 1 in its place and 0 elsewhere */
  z.strictObject({ kind: z.literal("oneHot"), places: z.int().positive() }),
  /** a code, as −1 for 0, 1 for 1, else 0 */
  z.strictObject({ kind: z.literal("sign") }),
  /** a code, as a learned row of a table */
  z.strictObject({ kind: z.literal("embedding"), places: z.int().positive(), width: z.int().positive() }),
]);
type Column = z.output<typeof inputColumn>;

/** The first part of a network: from numbers and codes to what the first layer is given. */
export const inputSpec = z.strictObject({
  columns: z.array(inputColumn).min(1),
  /** share of the codes that are taken for those of unknown categories while it learns */
  unknown: z.number().min(0).lt(1).default(0),
});
export type InputSpec = z.output<typeof inputSpec>;

/** How many numbers a column becomes. */
export function columnWidth(column: Column): number {
  switch (column.kind) {
    case "oneHot":
      return column.places;
    case "embedding":
      return column.width;
    default:
      return 1;
  }
}

/** The code of an unknown category: that of the last place. A sign is 0 for it. */
export function unknownCode(column: Column): number {
  return "places" in column ? column.places - 1 : 2;
}

function widthOf({ columns }: InputSpec): number {
  return columns.reduce((sum, column) => sum + columnWidth(column), 0);
}

/** Its tensors: a table for each column that has one. */
export function inputTensors({ columns }: InputSpec): Tensor[] {
  return columns.flatMap((column, number) =>
    column.kind === "embedding"
      ? [{ name: `categories.${number}.weight`, kind: "category", shape: [column.places, column.width] } as const]
      : [],
  );
}

interface Spec {
  /** what the first layer is given */
  readonly inputs: number;
  /** where it is not X as it is */
  readonly input?: InputSpec | undefined;
}

/** How a network with these options takes the columns of X. */
export function inputFor(columns: readonly InputColumn[], { categories }: Pick<ModelOptions, "categories">): Spec {
  const input: InputSpec = {
    columns: columns.map((column) => columnFor(column, categories)),
    unknown: categories.unknown,
  };
  return isPlain(input) ? { inputs: columns.length } : { inputs: widthOf(input), input };
}

function columnFor(column: InputColumn, { oneHotUpTo, embedding, binary }: ModelOptions["categories"]): Column {
  if (column.kind !== "code") return { kind: "number" };
  if (column.categories === 2 && binary === "sign") return { kind: "sign" };
  return column.categories > oneHotUpTo
    ? { kind: "embedding", places: placesOf(column), width: embedding }
    : { kind: "oneHot", places: placesOf(column) };
}

function placesOf({ categories, other }: Extract<InputColumn, { kind: "code" }>): number {
  return categories + Number(other);
}

/** Whether X goes on as it is. */
function isPlain({ columns }: InputSpec): boolean {
  return columns.every(({ kind }) => kind === "number");
}

/** The spec of a network of these columns. Models of earlier versions don't say how they take codes: one-hot. */
export function withInput<S extends Spec>(spec: S, columns: readonly InputColumn[]): S {
  if (spec.input || columns.every(({ kind }) => kind !== "code")) return spec;
  const oneHot = columns.map(
    (column): Column => (column.kind === "code" ? { kind: "oneHot", places: placesOf(column) } : { kind: "number" }),
  );
  return { ...spec, input: { columns: oneHot, unknown: 0 } };
}

/** Whether a network takes these columns. */
export function takes(spec: Spec, columns: readonly InputColumn[]): boolean {
  const { inputs, input } = withInput(spec, columns);
  if (!input) return inputs === columns.length;
  return (
    inputs === widthOf(input) &&
    input.columns.length === columns.length &&
    input.columns.every((column, number) => isOf(column, columns[number]!))
  );
}

function isOf(column: Column, of: InputColumn): boolean {
  if (of.kind !== "code") return column.kind === "number";
  if (column.kind === "sign") return of.categories === 2;
  return "places" in column && column.places === placesOf(of);
}
