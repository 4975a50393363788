/** How numbers are written, and what to do about those that are written otherwise. */

import type { CellFormat } from "./csv.js";

/** The mark before the fractions of numbers. */
export type Decimal = CellFormat["decimal"];

/** A decimal number, as people and programs write them: no hexadecimals, no infinities. */
const NUMBER = {
  ".": /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/,
  ",": /^[+-]?(?:\d+,?\d*|,\d+)(?:[eE][+-]?\d+)?$/,
} as const;

const WHOLE = { ".": /^(-?\d+)(?:\.0+)?$/, ",": /^(-?\d+)(?:,0+)?$/ } as const;

/** A number with the other decimal point, or with a mark between its thousands. */
const OTHERWISE_WRITTEN = {
  ".": /^[+-]?(?:\d+,\d+|\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,})$/,
  ",": /^[+-]?(?:\d+\.\d+|\d{1,3}(?:\.\d{3})+(?:,\d+)?|\d{1,3}(?:,\d{3})+\.\d+|\d{1,3}(?:,\d{3}){2,})$/,
} as const;

/** The mark that is not the decimal point, but may well stand in a number. */
export function otherMark(decimal: Decimal): Decimal {
  return decimal === "." ? "," : ".";
}

/** What the marks are called. */
export const MARKS = { ".": "points", ",": "commas" } as const;

/** What makes a number of one that is otherwise written. Of two different marks the last one is the decimal point. */
export function wayToRead(text: string, decimal: Decimal): string {
  const other = otherMark(decimal);
  const times = (mark: string) => text.split(mark).length - 1;
  if (times(decimal) > 1 && times(other) === 0) return `no ${MARKS[decimal]} between thousands`;
  if (times(other) > 1 && times(decimal) === 0) return `no ${MARKS[other]} between thousands`;
  if (times(decimal) === 0) {
    return `data.decimal: "${other}" if those are decimal ${MARKS[other]}, no ${MARKS[other]} between thousands`;
  }
  const isDecimal = text.lastIndexOf(decimal) > text.lastIndexOf(other);
  return isDecimal
    ? `no ${MARKS[other]} between thousands`
    : `data.decimal: "${other}" and no ${MARKS[decimal]} between thousands`;
}

/** What to do about a cell that has the other mark for its decimal point, where the point is given. */
export function wayToWrite(text: string, decimal: Decimal): string | undefined {
  const other = otherMark(decimal);
  if (!/^[+-]?\d+[.,]\d+$/.test(text) || !text.includes(other)) return undefined;
  const ways = /^[+-]?[1-9]\d{0,2}[.,]\d{3}$/.test(text)
    ? `${text.replace(other, decimal)}, or ${text.replace(other, "")} if the mark parts thousands`
    : text.replace(other, decimal);
  return `writing it ${ways}: numbers are read with decimal ${MARKS[decimal]} here`;
}

/** Whether a cell looks like a number, and is none only for its marks. */
export function isOtherwiseWritten(text: string, decimal: Decimal): boolean {
  return OTHERWISE_WRITTEN[decimal].test(text);
}

/** Whether zeros stand before a whole number, as in codes. */
export function hasZeros(text: string): boolean {
  return /^0\d+$/.test(text);
}

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
