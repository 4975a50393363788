import { NnfitError } from "../errors.js";
import { type CsvFormat, MOST_RECORD_BYTES, type Records, readRecords, syntax, tooLong } from "./csv.js";
import { delimiterOf, SAMPLE_CHARACTERS } from "./delimiter.js";
import { inUtf8 } from "./encoding.js";
import type { WrittenRow } from "./header.js";
import { isPlain } from "./plain.js";
import { type ScannedColumn, Scanner } from "./scan.js";
import { CHUNK_BYTES, type Source } from "./source.js";

/** More columns than this are no table, and would take more memory than their text. */
const MOST_COLUMNS = 1_000_000;
const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;
const BYTE_ORDER_MARK = Buffer.from("\ufeff");

/** A row of more lines than fit in so many bytes is left to csv-parse: it may be a quote that is never closed. */
const MOST_KEPT_BYTES = 2 ** 20;

/** Takes the cells of a column. */
export interface CellReceiver {
  push(text: string, line: number): void;
  /** The same for a column of scanned rows. */
  pushColumn(column: ScannedColumn, lines: Int32Array): void;
}

/** Some rows of a table. */
export interface Rows {
  /** the line that each begins on, counted from 1 */
  readonly lines: Int32Array;
  /** how many of the table's bytes they are, where that is known */
  readonly bytes?: number;
  /** Gives a receiver the cells of a column, `place` counted from 0. Only until the next rows are asked for. */
  fill(receiver: CellReceiver, place: number): void;
}

interface HeadedRows {
  readonly header: readonly string[];
  readonly headerLine: number;
  /** the first row, where it comes with the header: it may be the header in truth */
  readonly below: WrittenRow | undefined;
  readonly rows: Rows;
}

/**
 * The rows of a CSV table, and with each block of them the header.
 *
 * csv-parse is the reader of record, and slow. Blocks of plain lines are cut up here, by the same rules; from the first one
 * on that is not plain, or has a row with the wrong number of cells or a quote where none may be, csv-parse has the rest.
 */
export async function* readRows(source: Source, format: CsvFormat): AsyncGenerator<HeadedRows> {
  const blocks = wholeLines(inUtf8(source, format.encoding), format.skipLines);
  try {
    yield* rowsOf(blocks, source, format);
  } finally {
    await blocks.return(); // the source is let go of, also where an error ends the reading
  }
}

async function* rowsOf(blocks: Blocks, source: Source, format: CsvFormat): AsyncGenerator<HeadedRows> {
  const { value: block, done } = await blocks.next();
  if (done) throw new NnfitError("data", "the table is empty", { at: source.name });
  const { skipLines } = format;
  const first = afterLines(block, skipLines, source);
  checkLine(first, source, skipLines + 1);
  const delimiter = await delimiterOf(first.toString("utf8", 0, SAMPLE_CHARACTERS), format);
  const found = { ...format, delimiter };
  const header =
    delimiter.charCodeAt(0) < 0x80 && delimiter !== '"' ? await plainRow(first, delimiter, skipLines + 1) : undefined;
  if (!header) {
    const whole = { name: source.name, read: () => chain(first, blocks) };
    const before = { linesBefore: skipLines, bytesBefore: block.length - first.length };
    yield* parsedRows(readRecords(whole, found, before), source);
    return;
  }

  const { cells: names, line: headerLine, lastLine } = header;
  checkWidth(names, source, headerLine);
  const below = await plainRow(first.subarray(header.endsAt), delimiter, lastLine + 1);
  const headed = { header: names, headerLine, below };
  yield { ...headed, rows: textRows({ cells: [], lines: [] }) }; // also where no rows follow
  const scanner = new Scanner(delimiter.charCodeAt(0), names.length, format.decimal.charCodeAt(0));
  let line = lastLine;
  let begin = header.endsAt;
  for (let block: Buffer = first; ; begin = 0) {
    let kept = 0;
    if (isPlain(block)) {
      const scanned = scanner.scan(block, begin, line + 1);
      const { lines } = scanned;
      const fill: Rows["fill"] = (receiver, place) => receiver.pushColumn(scanned.column(place), lines);
      yield { ...headed, rows: { lines, bytes: scanned.endsAt - begin, fill } };
      line = scanned.nextLine - 1;
      begin = scanned.endsAt;
      if (scanned.isUnfinished && block.length - begin <= MOST_KEPT_BYTES) kept = block.length - begin;
    }
    const next = kept > 0 || begin === block.length ? await blocks.next(kept) : undefined;
    if (!next || (next.done && kept > 0)) {
      const rest = { name: source.name, read: () => chain(block.subarray(begin), blocks) };
      for await (const records of readRecords(rest, found, { width: names.length, linesBefore: line })) {
        yield { ...headed, rows: textRows(records) };
      }
      return;
    }
    if (next.done) return;
    block = next.value;
    checkLine(block, source, line + 1);
  }
}

/** Without so many lines at its beginning. They are short, or nobody would want to skip them. */
function afterLines(block: Buffer, lines: number, { name }: Source): Buffer {
  const at = endOfLines(block, lines);
  if (at < block.length || lines === 0) return block.subarray(at);
  throw new NnfitError(
    "data",
    `the table has no header after ${lines === 1 ? "the line" : `the ${lines} lines`} to skip`,
    {
      at: name,
      try: "a smaller data.skipLines",
    },
  );
}

/** Where so many lines end; at the end or beyond it where there are no more. */
function endOfLines(block: Buffer, lines: number): number {
  let at = 0;
  for (let line = 0; line < lines; line++) {
    while (at < block.length && block[at] !== LF && block[at] !== CR) at++;
    at += block[at] === CR && block[at + 1] === LF ? 2 : 1;
  }
  return at;
}

/** Blocks are cut at line ends: one without any is a part of a line that is too long. CR alone ends lines too. */
function checkLine(block: Buffer, { name }: Source, line: number): void {
  if (block.length >= MOST_RECORD_BYTES && !block.includes(LF) && !block.includes(CR)) throw tooLong(`${name}:${line}`);
}

function checkWidth({ length }: readonly string[], { name }: Source, line: number): void {
  if (length <= MOST_COLUMNS) return;
  throw new NnfitError("data", `the header has ${length} columns, but ${MOST_COLUMNS} is the maximum`, {
    at: `${name}:${line}`,
  });
}

/** What csv-parse reads, the header taken off. */
async function* parsedRows(blocks: AsyncGenerator<Records>, source: Source): AsyncGenerator<HeadedRows> {
  let headed: Omit<HeadedRows, "rows"> | undefined;
  for await (const records of blocks) {
    if (!headed) {
      const header = records.cells.shift()!;
      const headerLine = records.lines.shift()!;
      checkWidth(header, source, headerLine);
      const [cells] = records.cells;
      headed = { header, headerLine, below: cells && { cells, line: records.lines[0]! } };
    }
    yield { ...headed, rows: textRows(records) };
  }
  if (!headed) throw new NnfitError("data", "the table is empty", { at: source.name });
}

function textRows({ cells, lines }: Records): Rows {
  return {
    lines: Int32Array.from(lines),
    fill(receiver, place) {
      for (const [row, record] of cells.entries()) receiver.push(record[place]!, lines[row]!);
    },
  };
}

/** The first line that is not blank, if the block begins with plain lines. */
async function plainRow(block: Buffer, delimiter: string, firstLine: number) {
  let line = firstLine;
  for (let start = 0; start < block.length; ) {
    const { end, lines, quotes } = wholeRow(block, start);
    const bytes = block.subarray(start, end);
    if (!isPlain(bytes)) return undefined;
    const text = bytes.toString("utf8").replace(/\r?\n$/, "");
    if (text !== "") {
      const cells = quotes === 0 ? text.split(delimiter) : await parsedRow(text, delimiter);
      return cells && { cells, line, lastLine: line + lines - 1, endsAt: end };
    }
    line += lines;
    start = end;
  }
  return undefined;
}

/** Up to the first line end that is not within quotes. */
function wholeRow(block: Buffer, start: number): { end: number; lines: number; quotes: number } {
  let quotes = 0;
  let lines = 0;
  for (let at = start; ; ) {
    const lineEnd = block.indexOf(LF, at);
    const end = lineEnd < 0 ? block.length : lineEnd + 1;
    for (let quote = block.indexOf(QUOTE, at); quote >= 0 && quote < end; quote = block.indexOf(QUOTE, quote + 1))
      quotes++;
    lines++;
    if (lineEnd < 0 || quotes % 2 === 0) return { end, lines, quotes };
    at = end;
  }
}

/** Its cells, where it is one row; what is wrong with it otherwise, csv-parse says when it reads the table. */
async function parsedRow(text: string, delimiter: string): Promise<string[] | undefined> {
  const { parse } = await import("csv-parse/sync");
  try {
    const [cells, ...others] = parse(text, { ...syntax, bom: false, delimiter });
    return others.length === 0 ? cells : undefined;
  } catch {
    return undefined;
  }
}

/** Blocks of bytes; who asks for the next one says how many bytes at the end of the last it is to begin with once more. */
type Blocks = AsyncGenerator<Buffer, void, number | undefined>;

/**
 * The bytes in blocks that end with a line end, but for the last one. Without a byte order mark. A block is there until
 * the next one is asked for.
 */
async function* wholeLines(source: Source, skipLines: number): Blocks {
  let room = Buffer.alloc(0);
  let size = 0;
  let first = true;
  const block = (end: number) => (first ? withoutMark(room.subarray(0, end)) : room.subarray(0, end));
  for await (const chunk of source.read()) {
    if (size + chunk.length > room.length) {
      const larger = Buffer.allocUnsafeSlow(2 * (size + chunk.length));
      room.copy(larger, 0, 0, size);
      room = larger;
    }
    room.set(chunk, size);
    size += chunk.length;
    if (first && !hasSample(room.subarray(0, size), skipLines)) continue;
    if (!chunk.includes(LF) && size < MOST_RECORD_BYTES) continue;
    const end = room.lastIndexOf(LF, size - 1) + 1 || size;
    const kept = (yield block(end)) ?? 0;
    room.copyWithin(0, end - kept, size);
    size -= end - kept;
    first = false;
  }
  const last = block(size);
  if (last.length > 0) yield last;
}

/** Whether there is enough of the header and the rows below the lines to skip to find out the delimiter. */
function hasSample(bytes: Buffer, skipLines: number): boolean {
  if (bytes.length >= MOST_RECORD_BYTES) return true;
  return bytes.length >= SAMPLE_CHARACTERS && bytes.length - endOfLines(bytes, skipLines) >= SAMPLE_CHARACTERS;
}

function withoutMark(bytes: Buffer): Buffer {
  return bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? bytes.subarray(3) : bytes;
}

/** The bytes in pieces that are handled in little memory. */
async function* chain(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array> {
  yield* pieces(first);
  for await (const block of rest) yield* pieces(block);
}

function* pieces(block: Buffer): Generator<Uint8Array> {
  for (let at = 0; at < block.length; at += CHUNK_BYTES) yield block.subarray(at, at + CHUNK_BYTES);
}
