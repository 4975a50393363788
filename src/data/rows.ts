import { NnfitError } from "../errors.js";
import { type CsvFormat, MOST_RECORD_BYTES, type Records, readRecords, tooLong } from "./csv.js";
import { findDelimiter, SAMPLE_CHARACTERS } from "./delimiter.js";
import { isPlain } from "./plain.js";
import { type ScannedColumn, Scanner } from "./scan.js";
import { CHUNK_BYTES, type Source } from "./source.js";

/** More columns than this are no table, and would take more memory than their text. */
const MOST_COLUMNS = 1_000_000;
const LF = 0x0a;
const CR = 0x0d;
const BYTE_ORDER_MARK = Buffer.from("\ufeff");

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
  readonly rows: Rows;
}

/**
 * The rows of a CSV table, and with each block of them the header.
 *
 * csv-parse is the reader of record, and slow. Blocks of lines that need no parser are cut up here, by the same rules;
 * from the first block on that has a quote, or a row with the wrong number of cells, csv-parse has the rest.
 */
export async function* readRows(source: Source, format: CsvFormat): AsyncGenerator<HeadedRows> {
  const blocks = wholeLines(source);
  try {
    yield* rowsOf(blocks, source, format);
  } finally {
    await blocks.return(); // the source is let go of, also where an error ends the reading
  }
}

async function* rowsOf(
  blocks: AsyncGenerator<Buffer, void>,
  source: Source,
  format: CsvFormat,
): AsyncGenerator<HeadedRows> {
  const { value: first, done } = await blocks.next();
  if (done) throw new NnfitError("data", "the table is empty", { at: source.name });

  checkLine(first, source, 1);
  const delimiter =
    format.delimiter === "auto"
      ? await findDelimiter(first.toString("utf8", 0, SAMPLE_CHARACTERS), format.decimal)
      : format.delimiter;
  const found = { ...format, delimiter };
  const header = delimiter.charCodeAt(0) < 0x80 ? plainHeader(first, delimiter) : undefined;
  if (!header) {
    yield* parsedRows(readRecords({ name: source.name, read: () => chain(first, blocks) }, found), source);
    return;
  }

  const { names, line: headerLine } = header;
  checkWidth(names, source, headerLine);
  yield { header: names, headerLine, rows: textRows({ cells: [], lines: [] }) }; // also where no rows follow
  const scanner = new Scanner(delimiter.charCodeAt(0), names.length, format.decimal.charCodeAt(0));
  let line = headerLine;
  let begin = header.endsAt;
  for (let block: Buffer = first; ; begin = 0) {
    if (isPlain(block)) {
      const scanned = scanner.scan(block, begin, line + 1);
      const { lines } = scanned;
      const fill: Rows["fill"] = (receiver, place) => receiver.pushColumn(scanned.column(place), lines);
      yield { header: names, headerLine, rows: { lines, bytes: scanned.endsAt - begin, fill } };
      line = scanned.nextLine - 1;
      begin = scanned.endsAt;
    }
    if (begin < block.length) {
      const rest = { name: source.name, read: () => chain(block.subarray(begin), blocks) };
      for await (const records of readRecords(rest, found, { header: names, line })) {
        yield { header: names, headerLine, rows: textRows(records) };
      }
      return;
    }
    const next = await blocks.next();
    if (next.done) return;
    block = next.value;
    checkLine(block, source, line + 1);
  }
}

/** Blocks are cut at line ends: one without any is a part of a line that is too long. CR alone ends lines too. */
function checkLine(block: Buffer, { name }: Source, line: number): void {
  if (block.length >= MOST_RECORD_BYTES && !block.includes(LF) && !block.includes(CR)) throw tooLong(`${name}:${line}`);
}

function checkWidth({ length }: readonly string[], { name }: Source, line: number): void {
  if (length <= MOST_COLUMNS) return;
  throw new NnfitError("data", `the header has ${length} columns, and ${MOST_COLUMNS} are the most`, {
    at: `${name}:${line}`,
  });
}

/** What csv-parse reads, the header taken off. */
async function* parsedRows(blocks: AsyncGenerator<Records>, source: Source) {
  let header: string[] | undefined;
  let headerLine = 1;
  for await (const records of blocks) {
    if (!header) {
      header = records.cells.shift()!;
      headerLine = records.lines.shift()!;
      checkWidth(header, source, headerLine);
    }
    yield { header, headerLine, rows: textRows(records) };
  }
  if (!header) throw new NnfitError("data", "the table is empty", { at: source.name });
}

function textRows({ cells, lines }: Records): Rows {
  return {
    lines: Int32Array.from(lines),
    fill(receiver, place) {
      for (const [row, record] of cells.entries()) receiver.push(record[place]!, lines[row]!);
    },
  };
}

/** The header, if the block begins with plain lines: the cells of the first line that is not blank. */
function plainHeader(block: Buffer, delimiter: string) {
  let line = 1;
  for (let start = 0; start < block.length; line++) {
    const lineEnd = block.indexOf(LF, start);
    const end = lineEnd < 0 ? block.length : lineEnd + 1;
    const bytes = block.subarray(start, end);
    if (!isPlain(bytes)) return undefined;
    const text = bytes.toString("utf8").replace(/\r?\n$/, "");
    if (text !== "") return { names: text.split(delimiter), line, endsAt: end };
    start = end;
  }
  return undefined;
}

/**
 * The bytes in blocks that end with a line end, but for the last one. Without a byte order mark. A block is there until
 * the next one is asked for.
 */
async function* wholeLines(source: Source): AsyncGenerator<Buffer, void> {
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
    if (first && size < SAMPLE_CHARACTERS) continue;
    const lineEnd = chunk.lastIndexOf(LF);
    if (lineEnd < 0 && size < MOST_RECORD_BYTES) continue;
    const end = lineEnd < 0 ? size : size - chunk.length + lineEnd + 1;
    yield block(end);
    room.copyWithin(0, end, size);
    size -= end;
    first = false;
  }
  const last = block(size);
  if (last.length > 0) yield last;
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
