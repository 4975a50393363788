import { Part as Kind } from "./assembly/opcodes.js";
import type { Matrix } from "./memory.js";

/** What some columns of an arranged matrix are made of: a column `at` of another matrix of the batch. */
export type ColumnPart = { readonly from: Matrix; readonly at: number } & (
  | { readonly kind: "copy"; readonly columns: number } // that column and those after it
  | { readonly kind: "repeat"; readonly columns: number } // that column, so many times
  | { readonly kind: "oneHot"; readonly places: number } // of a code: 1 in its place, else 0
  | { readonly kind: "sign" } // of a code: −1 for 0, 1 for 1, else 0
  | { readonly kind: "lookup"; readonly table: Matrix } // of a code: that row of a table
);

/** How many columns a part becomes. */
export function columnsOf(part: ColumnPart): number {
  switch (part.kind) {
    case "copy":
    case "repeat":
      return part.columns;
    case "oneHot":
      return part.places;
    case "sign":
      return 1;
    case "lookup":
      return part.table.columns;
  }
}

const kinds = { copy: Kind.Copy, repeat: Kind.Repeat, oneHot: Kind.OneHot, sign: Kind.Sign, lookup: Kind.Lookup };

/** The parts as the kernel reads them (assembly/opcodes.ts), copies of neighbours as one. */
export function wordsOf(parts: readonly ColumnPart[]): { words: Uint32Array; width: number; count: number } {
  const joined: ColumnPart[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    const longer = last && joinedCopy(last, part);
    if (longer) joined[joined.length - 1] = longer;
    else joined.push(part);
  }
  let width = 0;
  const words = joined.flatMap((part) => {
    const { kind, from, at } = part;
    const begin = width;
    width += columnsOf(part);
    const table = kind === "lookup" ? [part.table.address, part.table.rows] : [0, 0];
    return [kinds[kind], begin, width - begin, from.address + 4 * at, from.columns, ...table];
  });
  return { words: Uint32Array.from(words), width, count: joined.length };
}

/** One copy in the place of two, where the second goes on where the first ends. */
function joinedCopy(a: ColumnPart, b: ColumnPart): ColumnPart | undefined {
  if (a.kind !== "copy" || b.kind !== "copy" || a.from !== b.from || a.at + a.columns !== b.at) return undefined;
  return { ...a, columns: a.columns + b.columns };
}
