import { NnfitError } from "../errors.js";
import type { CellFormat } from "./csv.js";

/** The mark before the fractions of numbers. */
export type Decimal = CellFormat["decimal"];

/** A decimal number, as people and programs write them: no hexadecimals, no infinities. */
const NUMBER = {
  ".": /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/,
  ",": /^[+-]?(?:\d+,?\d*|,\d+)(?:[eE][+-]?\d+)?$/,
} as const;

const WHOLE = { ".": /^(-?\d+)(?:\.0+)?$/, ",": /^(-?\d+)(?:,0+)?$/ } as const;

/** The mark that is not the decimal point, but may well stand in a number. */
export function otherMark(decimal: Decimal): Decimal {
  return decimal === "." ? "," : ".";
}

/** What the marks are called. */
export const MARKS = { ".": "points", ",": "commas" } as const;

/** 1 of 1.0, as programs write it whose columns hold missing cells as NaN. Zeros before it count: 01 is another word. */
export function wholeNumber(text: string, decimal: Decimal): string | undefined {
  return WHOLE[decimal].exec(text)?.[1];
}

/** The number that a cell holds, or undefined where it is none or beyond a double's range. */
export function numberIn(text: string, decimal: Decimal): number | undefined {
  if (!NUMBER[decimal].test(text)) return undefined;
  const value = Number(decimal === "." ? text : text.replace(decimal, "."));
  return Number.isFinite(value) ? value : undefined;
}

/** What stands between thousands: a blank may be one where no line ends, an apostrophe a typographic one. */
const THOUSANDS = { ",": ",", ".": "\\.", " ": "[ \u00a0\u202f]", "'": "['\u2019]" } as const;

/**
 * Finds the number that a cell holds, with marks between its thousands or without.
 *
 * @throws NnfitError where the same mark would be both
 */
export function numberReader({
  decimal,
  thousands,
}: Omit<CellFormat, "missing">): (text: string) => number | undefined {
  if (thousands === null) return (text) => numberIn(text, decimal);
  if (thousands === decimal) {
    throw new NnfitError("usage", "the decimal mark can't also separate thousands", {
      setting: "data.thousands",
      have: `data.decimal: "${decimal}"`,
    });
  }
  const mark = THOUSANDS[thousands];
  const grouped = new RegExp(`^[+-]?[1-9]\\d{0,2}(?:${mark}\\d{3})+(?:[${decimal}]\\d*)?$`);
  const marks = new RegExp(mark, "g");
  return (text) =>
    numberIn(text, decimal) ?? (grouped.test(text) ? numberIn(text.replace(marks, ""), decimal) : undefined);
}

/** The same for the words of a column. */
export function numberReaderOf({ decimal = ".", thousands = null }: Partial<Omit<CellFormat, "missing">>) {
  return numberReader({ decimal, thousands });
}
