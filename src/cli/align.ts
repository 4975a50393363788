import { eastAsianWidth } from "get-east-asian-width";
import { oneLine } from "./text.js";

/** A column is no wider for the sake of a few long cells. */
const WIDEST_COLUMN = 40;

/** Rows of cells in columns of equal width. */
export function aligned(rows: readonly string[][], indent = "  "): string[] {
  const lines = rows.map((cells) => cells.map(oneLine));
  const widths = lines[0]!.map((_, c) => Math.min(widest(lines.map((cells) => cells[c]!)), WIDEST_COLUMN));
  return lines.map((cells) => `${indent}${cells.map((cell, c) => padEnd(cell, widths[c]!)).join("  ")}`.trimEnd());
}

/** The same without indent; where that is too wide, columns that have no room are below the others, again with the first. */
export function columnsBelow(rows: readonly string[][], room: number): string[] {
  const columns = rows[0]!.length;
  const part = (start: number, end: number) =>
    aligned(
      rows.map(([first = "", ...others]) => [first, ...others.slice(start - 1, end - 1)]),
      "",
    );
  const lines: string[] = [];
  for (let start = 1, end: number; start < columns; start = end) {
    for (end = start + 1; end < columns && widest(part(start, end + 1)) <= room; ) end++;
    for (const line of part(start, end)) lines.push(line);
  }
  return lines;
}

/** Shorter names say too little. */
const NARROWEST = 8;

/** The same in so much room, as far as shorter names make it fit: the cells that `isName` says so of. */
export function narrowed(
  rows: readonly string[][],
  room: number,
  isName: (row: number, column: number) => boolean,
  indent?: string,
): string[] {
  const lines = rows.map((cells) => cells.map(oneLine));
  const withNames = (width: number) =>
    aligned(
      lines.map((cells, r) => cells.map((cell, c) => (isName(r, c) ? shortened(cell, width) : cell))),
      indent,
    );
  for (let width = WIDEST_COLUMN; width > NARROWEST; width--) {
    const text = withNames(width);
    if (widest(text) <= room) return text;
  }
  return withNames(NARROWEST);
}

/** The places that a text takes on a terminal, where characters of East Asia and emoji take two, and marks on others none. */
export function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) {
    if (!/[\p{Mn}\p{Me}\p{Cf}]/u.test(character)) width += eastAsianWidth(character.codePointAt(0)!);
  }
  return width;
}

export function widest(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, widthOf(text)), 0);
}

export function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}

export function padStart(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - widthOf(text))) + text;
}

/** In so many places at most. */
export function shortened(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = "";
  for (const character of text) {
    if (widthOf(kept + character) > width - 1) break;
    kept += character;
  }
  return `${kept}…`;
}
