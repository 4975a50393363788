import { dataOptions } from "../../src/data/options.js";
import { type ReadOptions, readTable } from "../../src/data/read.js";
import type { Source } from "../../src/data/source.js";
import { type Column, columnOf, type Table } from "../../src/data/table.js";
import { NnfitError } from "../../src/errors.js";

/** What a config says of a table where it says nothing. */
const { delimiter, encoding, skipLines, missing, decimal, thousands, types } = dataOptions.parse({
  train: "t.csv",
  target: "y",
});
export const byDefault: ReadOptions = { delimiter, encoding, skipLines, missing, decimal, thousands, types };

/** A table in memory, its bytes cut into chunks at the places given. */
export function sourceOf(content: string | Uint8Array, cuts: readonly number[] = []): Source {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  const places = [0, ...[...new Set(cuts.map((cut) => Math.min(cut, bytes.length)))].sort((a, b) => a - b)];
  return {
    name: "t.csv",
    async *read() {
      for (const [i, place] of places.entries()) yield bytes.subarray(place, places[i + 1]);
    },
  };
}

/** The same, a chunk for every `size` bytes. */
export function inChunks(content: string | Uint8Array, size: number): Source {
  const { length } = Buffer.from(content);
  return sourceOf(
    content,
    Array.from({ length: Math.ceil(length / size) }, (_, i) => i * size),
  );
}

export function tableOf(text: string, options: Partial<ReadOptions> = {}): Promise<Table> {
  return readTable(sourceOf(text), { ...byDefault, ...options });
}

/** A table of one column of numbers (NaN: missing) or words (undefined: missing) for each name. */
export function columns(named: Record<string, readonly number[] | readonly (string | undefined)[]>): Table {
  const rows = Object.values(named)[0]!.length;
  return {
    source: "t.csv",
    rows,
    lines: Int32Array.from({ length: rows }, (_, row) => row + 2),
    columns: Object.entries(named).map(([name, cells]) => column(name, cells)),
  };
}

function column(name: string, cells: readonly number[] | readonly (string | undefined)[]): Column {
  const numbers = cells.filter((cell) => typeof cell === "number");
  if (numbers.length > 0) return { type: "number", name, values: Float64Array.from(numbers) };
  const words = cells.map((cell) => (cell === undefined ? undefined : String(cell)));
  const categories = [...new Set(words.filter((word) => word !== undefined))];
  return {
    type: "category",
    name,
    categories,
    codes: Int32Array.from(words, (word) => (word === undefined ? -1 : categories.indexOf(word))),
  };
}

/** The cells of a column: numbers, days since 1970, or words; undefined where one is missing. */
export function cells(table: Table, name: string): (number | string | undefined)[] {
  const column = columnOf(table, name);
  if (!column) throw new Error(`no column ${name}`);
  return column.type === "category"
    ? Array.from(column.codes, (code) => column.categories[code])
    : Array.from(column.values, (value) => (Number.isNaN(value) ? undefined : value));
}

/** The error that an action ends in; anything else than one that a user can act on is a failure of the test. */
export async function refusal(action: () => unknown): Promise<NnfitError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof NnfitError) return error;
    throw error;
  }
  throw new Error("it was not refused");
}
