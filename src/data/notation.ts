import { type Decimal, MARKS, numberReader, otherMark } from "./numbers.js";

/** A number with the other decimal point, or with a mark between its thousands. */
const FOREIGN = {
  ".": /^[+-]?(?:\d+,\d+|\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,})$/,
  ",": /^[+-]?(?:\d+\.\d+|\d{1,3}(?:\.\d{3})+(?:,\d+)?|\d{1,3}(?:,\d{3})+\.\d+|\d{1,3}(?:,\d{3}){2,})$/,
} as const;

/** So many different cells tell what the marks in them are. */
const MOST_FOREIGN = 100;

/**
 * How the cells of a column that look like numbers are written, as far as the first of them tell: evidence for what is
 * doubted and advised.
 */
export class Notation {
  /** a cell such as 00501, if there is one */
  withZeros: string | undefined;
  /** whether all cells that are no numbers are none only for their marks */
  isForeign = true;
  private readonly foreign = new Set<string>();
  private hasDecimals = false;
  private group: string | undefined;
  private largestWhole = 0;

  constructor(private readonly decimal: Decimal) {}

  /** Whether the text of a number may tell more than is known. */
  isNews(value: number): boolean {
    return Number.isInteger(value) || (!this.hasDecimals && !Number.isNaN(value));
  }

  /** One of the first numbers. */
  see(text: string, value: number): void {
    if (hasZeros(text)) this.withZeros ??= text;
    else if (hasDecimals(text)) this.hasDecimals = true;
    else if (text.includes(this.decimal)) this.group ??= text;
    else this.largestWhole = Math.max(this.largestWhole, Math.abs(value));
  }

  /** A cell that is no number. */
  seeOther(text: string): void {
    if (!FOREIGN[this.decimal].test(text)) this.isForeign = false;
    else if (this.foreign.size < MOST_FOREIGN) this.foreign.add(text);
  }

  /** Whether some numbers have decimals, and so the mark that was expected; of the first `seen` ones the text is known. */
  tellsDecimals(values: Float64Array, seen: number): boolean {
    return this.hasDecimals || haveDecimals(values, seen);
  }

  /**
   * A number such as 1.485, if all may have points between thousands. Where decimals had zeros cut off at their ends, some
   * would have fewer than three; and of thousands there are none without.
   */
  mayHaveGroups(values: Float64Array): string | undefined {
    const whole = this.largestWhole;
    if (this.hasDecimals || whole === 0 || whole >= 1000) return undefined;
    const isSuch = (value: number) => Number.isNaN(value) || (Math.abs(value) < 1000 && isThousandth(value));
    return values.every(isSuch) ? this.group : undefined;
  }

  /** The mark that all foreign cells have between thousands, if one of them has it for certain. */
  thousandsMark(): Decimal | undefined {
    const texts = [...this.foreign];
    const thousands = otherMark(this.decimal);
    const numberIn = numberReader({ decimal: this.decimal, thousands });
    return texts.every((text) => numberIn(text) !== undefined) && texts.some(hasGroups) ? thousands : undefined;
  }

  /** What to do about the foreign cells; `known` is a column with decimals. */
  wayToRead(known: string | undefined): string {
    return wayToRead([...this.foreign], this.decimal, known);
  }
}

/** It may be a whole number of thousands as well as one with three decimals. */
const GROUP_OR_DECIMALS = /^[+-]?[1-9]\d{0,2}[.,]\d{3}$/;

/** Whether a number has a decimal point for certain, whichever of the marks it is. */
function hasDecimals(text: string): boolean {
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
  if (!FOREIGN[decimal].test(text)) return undefined;
  const thousands = GROUP_OR_DECIMALS.test(text)
    ? `, or ${text.replace(/[.,]/, "")} if the mark separates thousands`
    : "";
  return `writing it ${plainly(text, decimal)}${thousands}: numbers are read with decimal ${MARKS[decimal]} here`;
}

/** What to do about a column of numbers that are foreign, some of them here; `known` is a column with decimals. */
function wayToRead(texts: readonly string[], decimal: Decimal, known: string | undefined): string {
  const other = otherMark(decimal);
  const grouped = texts.find(hasGroups);
  if (grouped !== undefined) {
    const [mark] = grouped.match(/[.,]/)!;
    if (mark === other) return `data.thousands: "${mark}"`;
    return known === undefined
      ? `data.decimal: "${other}" and data.thousands: "${mark}"`
      : `writing ${grouped} as ${plainly(grouped, decimal)}: "${known}" has decimal ${MARKS[decimal]}`;
  }
  const groups = texts.some(hasDecimals) ? undefined : `data.thousands: "${other}" if they separate thousands`;
  if (known !== undefined) {
    const as = `decimal ${MARKS[decimal]}, as in "${known}"`;
    return groups === undefined ? as : `${groups}, or ${as}`;
  }
  return groups === undefined
    ? `data.decimal: "${other}"`
    : `data.decimal: "${other}" if those are decimal ${MARKS[other]}, ${groups}`;
}

/** Whether zeros stand before a whole number, as in codes. */
function hasZeros(text: string): boolean {
  return /^0\d+$/.test(text);
}

/**
 * Whether numbers whose text is no longer known have decimals: some have other than three of them, or all have fewer, and
 * the first rows, of which it is known that they could be thousands, have none.
 */
function haveDecimals(values: Float64Array, first: number): boolean {
  const isFraction = (value: number) => !Number.isNaN(value) && !Number.isInteger(value);
  const fractions = values.subarray(first).filter(isFraction);
  const isGroup = (value: number) => !hasDecimals(value.toFixed(3)) && isThousandth(value);
  if (fractions.some((value) => !isGroup(value))) return true;
  const areShort = fractions.every((value) => Number(value.toFixed(2)) === value);
  return fractions.length > 0 && areShort && !values.subarray(0, first).some(isFraction);
}

function isThousandth(value: number): boolean {
  return Number(value.toFixed(3)) === value;
}
