/** How numbers are written, and what to do about those that are written otherwise. */

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

/** It may be a whole number of thousands as well as one with three decimals. */
const GROUP_OR_DECIMALS = /^[+-]?[1-9]\d{0,2}[.,]\d{3}$/;

/** Whether a number has a decimal point for certain, whichever of the marks it is. */
export function hasDecimals(text: string): boolean {
  return /[.,]/.test(text) && !GROUP_OR_DECIMALS.test(text) && !hasGroups(text);
}

/** Whether it has marks between thousands for certain: the same twice, or both. */
function hasGroups(text: string): boolean {
  return (text.match(/[.,]/g) ?? []).length > 1;
}

/** With the decimal mark, and without marks between thousands. Of two different marks the last is the decimal one. */
function plainly(text: string, decimal: Decimal): string {
  const marks = text.match(/[.,]/g) ?? [];
  const last = marks.at(-1) ?? decimal;
  const isDecimal = marks.filter((mark) => mark === last).length === 1;
  return text.replace(/[.,]/g, (mark) => (isDecimal && mark === last ? decimal : ""));
}

/** What to do about a cell that is no number only for its marks. */
export function wayToWrite(text: string, decimal: Decimal): string | undefined {
  if (!isOtherwiseWritten(text, decimal)) return undefined;
  const thousands = GROUP_OR_DECIMALS.test(text) ? `, or ${text.replace(/[.,]/, "")} if the mark parts thousands` : "";
  return `writing it ${plainly(text, decimal)}${thousands}: numbers are read with decimal ${MARKS[decimal]} here`;
}

/** What to do about a column of numbers that are otherwise written, some of them here; `known` is a column with decimals. */
export function wayToRead(texts: readonly string[], decimal: Decimal, known: string | undefined): string {
  const other = otherMark(decimal);
  const grouped = texts.find(hasGroups);
  if (grouped !== undefined) {
    const [mark] = grouped.match(/[.,]/)!;
    if (mark === other) return `data.thousands: "${mark}"`;
    return known === undefined
      ? `data.decimal: "${other}" and data.thousands: "${mark}"`
      : `writing it ${plainly(grouped, decimal)}: "${known}" has decimal ${MARKS[decimal]}`;
  }
  const groups = texts.some(hasDecimals) ? undefined : `data.thousands: "${other}" if they part thousands`;
  if (known !== undefined) {
    const as = `decimal ${MARKS[decimal]}, as "${known}" has them`;
    return groups === undefined ? as : `${groups}, or ${as}`;
  }
  return groups === undefined
    ? `data.decimal: "${other}"`
    : `data.decimal: "${other}" if those are decimal ${MARKS[other]}, ${groups}`;
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
    throw new NnfitError("usage", "the decimal point can't stand between thousands too", {
      setting: "data.thousands",
      have: `data.decimal: "${decimal}"`,
    });
  }
  const mark = THOUSANDS[thousands];
  const grouped = new RegExp(`^[+-]?\\d{1,3}(?:${mark}\\d{3})+(?:[${decimal}]\\d*)?$`);
  const marks = new RegExp(mark, "g");
  return (text) =>
    numberIn(text, decimal) ?? (grouped.test(text) ? numberIn(text.replace(marks, ""), decimal) : undefined);
}
