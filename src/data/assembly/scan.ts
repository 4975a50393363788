import { decimal, setPoint, setPowers, shortDecimal } from "./decimal";

export { setPoint, setPowers };

/**
 * Cuts plain CSV text, as data/plain.ts has it, into cells and reads numbers and words from them, one column at a time.
 *
 *     text    the block
 *     starts  of each row: where it begins, and the line it is on (two 32-bit words)
 *     ends    of each row, of each cell: where it ends
 */
const LF: u32 = 0x0a;
const CR: u32 = 0x0d;
const SPACE: u32 = 0x20;
const TAB: u32 = 0x09;
const QUOTE: u32 = 0x22;

let text: usize = 0;
let starts: usize = 0;
let ends: usize = 0;
let width: usize = 0;
let rows: usize = 0;
/** where the rows end: at the end of the text, or at the first row that is odd */
let rowsEnd: usize = 0;
let nextLine: u32 = 0;
/** the text ends within quotes, so that its last row may go on */
let unfinished: bool = false;

export function rowCount(): usize {
  return rows;
}
export function endOfRows(): usize {
  return rowsEnd - text;
}
export function lineAfterRows(): u32 {
  return nextLine;
}
export function isUnfinished(): bool {
  return unfinished;
}

/**
 * Cuts the text from `at` to `end` into rows of `cells` cells, up to the first row that has more or fewer, or a quote where
 * none may be. Blank lines are passed over. 16 bytes beyond the end can be read, and hold nothing. There is room for as many
 * ends as the text has bytes, and one row more.
 *
 * Of sixteen bytes at a time a bit each says what they are. A byte is within quotes if an odd number of them came before:
 * an escaped quote, "", closes and opens.
 */
export function cut(
  block: usize,
  at: usize,
  end: usize,
  delimiter: u32,
  cells: usize,
  firstLine: u32,
  startsAt: usize,
  endsAt: usize,
  hasQuotes: bool,
): void {
  text = block;
  starts = startsAt;
  ends = endsAt;
  width = cells;
  rows = 0;
  nextLine = firstLine;
  rowsEnd = at;
  unfinished = false;
  const delimiters = i8x16.splat(delimiter as i8);
  const lineEnds = i8x16.splat(LF as i8);
  const quotes = i8x16.splat(QUOTE as i8);
  let cell: usize = 0;
  let place = ends;
  let isWithin: bool = false;
  let closed: u32 = 0; // the byte before closes quotes
  let edge: u32 = 1; // a quote may open after the byte before
  let innerLines: u32 = 0; // line ends within the quotes of this row
  for (let from = at; from < end; from += 16) {
    const bytes = v128.load(from);
    const lines = i8x16.eq(bytes, lineEnds);
    let found = i8x16.bitmask(v128.or(i8x16.eq(bytes, delimiters), lines)) as u32;
    let inner: u32 = 0;
    let odd: u32 = 0;
    let quoted: u32 = 0;
    if (hasQuotes) quoted = i8x16.bitmask(i8x16.eq(bytes, quotes)) as u32;
    const edges = found | quoted;
    if ((quoted | (isWithin as u32) | closed) != 0) {
      const within = oddOnesUpTo(quoted) ^ (isWithin ? 0xffff : 0);
      const opens = quoted & within;
      const closes = quoted & ~within;
      const beyond: u32 = end - from < 16 ? 0xffff << ((end - from) as u32) : 0;
      const maySucceed = edges | (i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(CR as i8))) as u32) | beyond;
      odd = ((opens & ~((edges << 1) | edge)) | (((closes << 1) | closed) & ~maySucceed)) & 0xffff;
      if (odd != 0) found &= (odd & -odd) - 1;
      found &= ~within;
      inner = (i8x16.bitmask(lines) as u32) & within;
      isWithin = (within & 0x8000) != 0;
      closed = closes >> 15;
    }
    edge = edges >> 15;
    while (found != 0) {
      const bit = ctz(found);
      const here = from + bit;
      found &= found - 1;
      if (load<u8>(here) == delimiter) {
        if (++cell >= width) return; // too many
        store<u32>(place, here as u32);
        place += 4;
      } else {
        const before: u32 = (1 << bit) - 1;
        innerLines += popcnt(inner & before);
        inner &= ~before;
        if (!endRow(here, here + 1, cell, place, innerLines)) return;
        place = ends + ((rows * width) << 2);
        cell = 0;
        innerLines = 0;
      }
    }
    if (odd != 0) return;
    innerLines += popcnt(inner);
  }
  unfinished = isWithin;
  if (rowsEnd < end && !isWithin) endRow(end, end, cell, place, innerLines); // the last line has no line end
}

/** A bit is 1 where an odd number of bits up to it are, of sixteen. */
@inline
function oddOnesUpTo(bits: u32): u32 {
  bits ^= bits << 1;
  bits ^= bits << 2;
  bits ^= bits << 4;
  return (bits ^ (bits << 8)) & 0xffff;
}

/**
 * What begins at `rowsEnd` and goes up to `end`, over `innerLines` line ends, has `cell` delimiters: it is a row, a blank
 * line, or false: too short.
 */
function endRow(end: usize, next: usize, cell: usize, place: usize, innerLines: u32): bool {
  if (end > rowsEnd && load<u8>(end - 1) == CR) end--;
  if (end > rowsEnd) {
    if (cell + 1 < width) return false;
    store<u32>(place, end as u32);
    store<u32>(starts + (rows << 3), rowsEnd as u32);
    store<u32>(starts + (rows << 3), nextLine, 4);
    rows++;
  }
  nextLine += 1 + innerLines;
  rowsEnd = next;
  return true;
}

@inline
function startOf(row: usize, column: usize): usize {
  return column == 0 ? load<u32>(starts + (row << 3)) : load<u32>(ends + ((row * width + column - 1) << 2)) + 1;
}

@inline
function endOf(row: usize, column: usize): usize {
  return load<u32>(ends + ((row * width + column) << 2));
}

export function cellStart(row: usize, column: usize): usize {
  return startOf(row, column) - text;
}
export function cellEnd(row: usize, column: usize): usize {
  return endOf(row, column) - text;
}

/** The column as float64 numbers. Returns how many rows hold something else: `others` lists them, `values` has NaN. */
export function numbers(column: usize, values: usize, others: usize): usize {
  let count: usize = 0;
  for (let row: usize = 0; row < rows; row++, values += 8) {
    const at = startOf(row, column);
    const end = endOf(row, column);
    let value = shortDecimal(at, end);
    if (value != value) value = dressedDecimal(at, end);
    store<f64>(values, value);
    if (value != value) store<u32>(others + (count++ << 2), row as u32);
  }
  return count;
}

/** A number in quotes, with blanks around it, or without. */
function dressedDecimal(at: usize, end: usize): f64 {
  if (at < end && load<u8>(at) == QUOTE) {
    at++;
    end--;
    const value = shortDecimal(at, end);
    if (value == value) return value;
  }
  while (at < end && isBlank(load<u8>(at))) at++;
  while (end > at && isBlank(load<u8>(end - 1))) end--;
  return decimal(at, end);
}

@inline
function isBlank(byte: u32): bool {
  return byte == SPACE || byte == TAB;
}

/**
 * The column as the numbers of words that have different bytes, in order of appearance. Returns how many there are; `firstRows` says
 * where each is first. `table` has room for `slots` words of 32 bits, a power of two larger than there are rows.
 */
export function words(column: usize, codes: usize, firstRows: usize, table: usize, slots: usize): usize {
  memory.fill(table, 0, slots << 2);
  let count: usize = 0;
  for (let row: usize = 0; row < rows; row++) {
    const at = startOf(row, column);
    const length = endOf(row, column) - at;
    let slot = hash(at, length) & ((slots as u32) - 1);
    let code: usize;
    for (;;) {
      const taken: usize = load<u32>(table + (slot << 2));
      if (taken == 0) {
        code = count++;
        store<u32>(firstRows + (code << 2), row as u32);
        store<u32>(table + (slot << 2), count as u32);
        break;
      }
      code = taken - 1;
      const first = load<u32>(firstRows + (code << 2));
      const start = startOf(first, column);
      if (endOf(first, column) - start == length && memory.compare(start, at, length) == 0) break;
      slot = (slot + 1) & ((slots as u32) - 1);
    }
    store<u32>(codes + (row << 2), code as u32);
  }
  return count;
}

/** FNV-1a */
function hash(at: usize, length: usize): u32 {
  let h: u32 = 0x811c9dc5;
  for (const end = at + length; at < end; at++) h = (h ^ load<u8>(at)) * 0x01000193;
  return h ^ (h >> 15);
}
