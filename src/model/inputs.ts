import * as z from "zod";
import { choiceOf, make } from "../family.js";
import { type InputColumn, placesOf } from "../transform/inputColumns.js";
import { mostBins, numericEmbeddings } from "./numericEmbeddings.js";
import type { ModelOptions } from "./options.js";
import type { Tensor } from "./tensors.js";

/** How the network takes a column of X. */
const inputColumn = z.discriminatedUnion("kind", [
  /** as it is */
  z.strictObject({ kind: z.literal("number") }),
  /** a number, embedded; where the embedding has bins, between these edges */
  z.strictObject({ kind: z.literal("numericEmbedding"), edges: z.array(z.number()).min(2).refine(ascend).optional() }),
  /** a code, as 1 in its place and 0 elsewhere */
  z.strictObject({ kind: z.literal("oneHot"), places: z.int().positive() }),
  /** a code, as −1 for 0, 1 for 1, else 0 */
  z.strictObject({ kind: z.literal("sign") }),
  /** a code, as a learned row of a table */
  z.strictObject({ kind: z.literal("categoryEmbedding"), places: z.int().positive(), width: z.int().positive() }),
]);
type Column = z.output<typeof inputColumn>;

/** The first part of a network: from numbers and codes to what the first layer is given. */
export const inputSpec = z
  .strictObject({
    columns: z.array(inputColumn).min(1),
    /** of the numbers that are embedded */
    numbers: choiceOf(numericEmbeddings),
    /** share of the codes that are taken for those of unknown categories while it learns */
    unknown: z.number().min(0).lt(1).default(0),
  })
  .refine(({ columns, numbers }) => {
    const embedding = make(numericEmbeddings, numbers);
    const embedded = columns.filter((column) => column.kind === "numericEmbedding");
    return embedded.every(({ edges }) => embedding && (embedding.edges !== undefined) === (edges !== undefined));
  }, "its embedding of numbers does not fit its columns");
export type InputSpec = z.output<typeof inputSpec>;

function ascend(edges: readonly number[]): boolean {
  return edges.every((edge, i) => i === 0 || edges[i - 1]! < edge);
}

/** How many numbers each column becomes. */
export function columnWidths({ columns, numbers }: InputSpec): number[] {
  const embedding = make(numericEmbeddings, numbers);
  return columns.map((column) => {
    switch (column.kind) {
      case "oneHot":
        return column.places;
      case "categoryEmbedding":
        return column.width;
      case "numericEmbedding":
        return embedding ? Number(embedding.keepsNumber) + embedding.outputs : 1;
      default:
        return 1;
    }
  });
}

/** How many numbers a row is at most on its way to the first layer. */
export function widestOf({ inputs, input }: Spec): number {
  if (!input) return inputs;
  const embedded = embeddedNumbers(input).places.length;
  return Math.max(inputs, embedded * (make(numericEmbeddings, input.numbers)?.hidden ?? 0));
}

/** The code of an unknown category: that of the last place. A sign is 0 for it. */
export function unknownCode(column: Column): number {
  return "places" in column ? column.places - 1 : 2;
}

function widthOf(spec: InputSpec): number {
  return columnWidths(spec).reduce((sum, width) => sum + width, 0);
}

/** The embedded columns of numbers: which they are, and the edges of their bins. */
export function embeddedNumbers({ columns }: InputSpec): { places: number[]; edges: number[][] } {
  const places = columns.flatMap(({ kind }, place) => (kind === "numericEmbedding" ? [place] : []));
  return {
    places,
    edges: columns.flatMap((column) => (column.kind === "numericEmbedding" ? [column.edges ?? []] : [])),
  };
}

/** Its tensors: a table for each column that has one, then those of the embedded numbers. */
export function inputTensors(spec: InputSpec): Tensor[] {
  const tables = spec.columns.flatMap((column, number): Tensor[] =>
    column.kind === "categoryEmbedding"
      ? [{ name: `categories.${number}.weight`, kind: "categoryEmbedding", shape: [column.places, column.width] }]
      : [],
  );
  const { places, edges } = embeddedNumbers(spec);
  const numbers = places.length > 0 ? make(numericEmbeddings, spec.numbers) : undefined;
  return [...tables, ...(numbers?.tensors(places.length, mostBins(edges)) ?? [])];
}

interface Spec {
  /** what the first layer is given */
  readonly inputs: number;
  /** where it is not X as it is */
  readonly input?: InputSpec | undefined;
}

/** How a network with these options takes the columns of X, looked at where need be.   X [training rows, columns] */
export function inputFor(
  columns: readonly InputColumn[],
  { categories, numericEmbedding }: Pick<ModelOptions, "categories" | "numericEmbedding">,
  X: () => Float32Array,
): Spec {
  const rows = numericEmbedding.name === "none" ? undefined : X();
  const input: InputSpec = {
    columns: columns.map((column, place) => {
      if (column.kind === "code") return codeFor(column, categories);
      if (column.kind === "flag") return { kind: "number" };
      return rows ? numberFor(numericEmbedding, every(rows, place, columns.length)) : { kind: "number" };
    }),
    numbers: numericEmbedding,
    unknown: categories.unknown,
  };
  return isPlain(input) ? { inputs: columns.length } : { inputs: widthOf(input), input };
}

type Code = Extract<InputColumn, { kind: "code" }>;

/** How a network with these options takes a code. */
export function codeFor(column: Code, { oneHotUpTo, embedding, binary }: ModelOptions["categories"]): Column {
  if (column.categories === 2 && binary === "sign") return { kind: "sign" };
  return column.categories > oneHotUpTo
    ? { kind: "categoryEmbedding", places: placesOf(column), width: embedding }
    : { kind: "oneHot", places: placesOf(column) };
}

function numberFor(choice: ModelOptions["numericEmbedding"], values: Float32Array): Column {
  const embedding = make(numericEmbeddings, choice);
  if (!embedding || !hasValues(values, embedding.minValues)) return { kind: "number" };
  const edges = embedding.edges?.(values);
  if (edges && edges.length < 2) return { kind: "number" }; // too near each other for bins
  return edges ? { kind: "numericEmbedding", edges } : { kind: "numericEmbedding" };
}

function every(X: Float32Array, place: number, columns: number): Float32Array {
  return Float32Array.from({ length: X.length / columns }, (_, row) => X[row * columns + place]!);
}

/** Whether there are so many different values. */
function hasValues(values: Float32Array, count: number): boolean {
  const different = new Set<number>();
  for (const value of values) if (different.add(value).size >= count) return true;
  return false;
}

/** Whether X goes on as it is. */
function isPlain({ columns }: InputSpec): boolean {
  return columns.every(({ kind }) => kind === "number");
}

/** Whether a network takes these columns. */
export function takes({ inputs, input }: Spec, columns: readonly InputColumn[]): boolean {
  if (!input) return inputs === columns.length && columns.every(({ kind }) => kind !== "code");
  return (
    inputs === widthOf(input) &&
    input.columns.length === columns.length &&
    input.columns.every((column, number) => isOf(column, columns[number]!))
  );
}

function isOf(column: Column, of: InputColumn): boolean {
  if (of.kind !== "code")
    return column.kind === "number" || (column.kind === "numericEmbedding" && of.kind === "number");
  if (column.kind === "sign") return of.categories === 2;
  return "places" in column && column.places === placesOf(of);
}
