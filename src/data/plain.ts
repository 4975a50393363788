import { isUtf8 } from "node:buffer";

/** Takes the cells of a column, one after the other. */
export interface CellReceiver {
  push(text: string, line: number): void;
  /** The same for a cell that lies in `bytes` from `start` to `end`. */
  pushBytes(bytes: Buffer, start: number, end: number, line: number): void;
}

/** Some rows of a table. */
export interface Rows {
  /** the line that each begins on, counted from 1 */
  readonly lines: readonly number[];
  /** Gives a receiver the cells of a column, `place` counted from 0. */
  fill(receiver: CellReceiver, place: number): void;
}

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;

/**
 * That whole lines need no parser: without a quote, a row is what the delimiter cuts a line into. NUL, text that is not
 * UTF-8 and a CR that ends no line are left to the parser too, which says what is wrong with them.
 */
export function isPlain(block: Buffer): boolean {
  if (block.includes(QUOTE) || block.includes(0) || !isUtf8(block)) return false;
  for (let at = block.indexOf(CR); at >= 0; at = block.indexOf(CR, at + 1)) {
    if (block[at + 1] !== LF) return false;
  }
  return true;
}

export interface PlainRows extends Rows {
  /** Where the rows end: at the end of the block, or at the first row that has more or fewer cells than it should. */
  readonly endsAt: number;
  /** how many lines they take, blank ones included */
  readonly lineCount: number;
}

/** The rows of a plain block, from byte `begin`, the line number `firstLine`, on. Blank lines are passed over. */
export function plainRows(
  block: Buffer,
  begin: number,
  delimiter: number,
  width: number,
  firstLine: number,
): PlainRows {
  const lines: number[] = [];
  const starts: number[] = [];
  // where each cell ends; a row has at least `width` bytes, its line end or the end of the block among them
  const ends = new Int32Array(block.length - begin + width + 1);
  let line = firstLine;
  let next = begin;
  while (next < block.length) {
    const base = lines.length * width;
    let cells = 0;
    let at = next;
    for (; at < block.length; at++) {
      const byte = block[at];
      if (byte === delimiter) {
        if (++cells >= width) break;
        ends[base + cells - 1] = at;
      } else if (byte === LF) break;
    }
    if (cells >= width) break; // too many cells
    const end = at > next && block[at - 1] === CR ? at - 1 : at;
    if (end > next) {
      if (cells + 1 < width) break; // too few
      ends[base + cells] = end;
      starts.push(next);
      lines.push(line);
    }
    line++;
    next = at + 1;
  }
  return {
    lines,
    endsAt: Math.min(next, block.length),
    lineCount: line - firstLine,
    fill(receiver, place) {
      for (let row = 0; row < starts.length; row++) {
        const cell = row * width + place;
        receiver.pushBytes(block, place === 0 ? starts[row]! : ends[cell - 1]! + 1, ends[cell]!, lines[row]!);
      }
    },
  };
}

/** Powers of ten that a double holds exactly. */
const POWERS = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);
const SPACE = 0x20;
const TAB = 0x09;

/**
 * The number in a cell of up to 15 digits without an exponent, or NaN where the cell is anything else. Digits and power
 * of ten are exact doubles then, and their quotient is the nearest double, as Number() has it.
 */
export function shortDecimal(bytes: Buffer, start: number, end: number): number {
  let at = start;
  let stop = end;
  while (at < stop && (bytes[at] === SPACE || bytes[at] === TAB)) at++;
  while (stop > at && (bytes[stop - 1] === SPACE || bytes[stop - 1] === TAB)) stop--;
  const negative = bytes[at] === 0x2d;
  if (negative || bytes[at] === 0x2b) at++;
  if (stop - at > 16) return Number.NaN;
  let digits = 0;
  let count = 0;
  let decimals = -1; // no point yet
  for (; at < stop; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit >= 0 && digit <= 9) {
      digits = digits * 10 + digit;
      count++;
      if (decimals >= 0) decimals++;
    } else if (bytes[at] === 0x2e && decimals < 0) decimals = 0;
    else return Number.NaN;
  }
  if (count === 0 || count > 15) return Number.NaN;
  const value = decimals > 0 ? digits / POWERS[decimals]! : digits;
  return negative ? -value : value;
}
