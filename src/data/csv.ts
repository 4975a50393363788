import type { CsvError, Parser } from "csv-parse";
import { NnfitError } from "../errors.js";
import { type Encoding, utf16By } from "./encoding.js";
import { listed } from "./header.js";
import type { Source } from "./source.js";

/** How cells are understood. */
export interface CellFormat {
  /** what stands in a cell that has no value */
  readonly missing: readonly string[];
  /** the decimal point of numbers */
  readonly decimal: "." | ",";
  /** what may stand between thousands, other than the decimal point */
  readonly thousands: "," | "." | " " | "'" | null;
}

export interface CsvFormat extends CellFormat {
  /** what parts the cells: one character, "tab", or "auto": found out from the first rows */
  readonly delimiter: string;
  readonly encoding: Encoding;
  /** lines above the header */
  readonly skipLines: number;
}

/** Some records of a table, in order, and the lines they begin on, counted from 1. */
export interface Records {
  readonly cells: string[][];
  readonly lines: number[];
}

/** A record longer than this is a broken file, most often an unclosed quote. */
export const MOST_RECORD_BYTES = 16 * 2 ** 20;

/**
 * The records of a CSV table, read by csv-parse, a block for each chunk of its bytes. Blank lines are passed over. The
 * delimiter is known, and the numbers of lines and, where lines are skipped, of bytes before. The first record is the header, unless it is known how many cells that has.
 */
export async function* readRecords(
  source: Source,
  { delimiter }: Pick<CsvFormat, "delimiter">,
  { linesBefore = 0, bytesBefore = 0, width }: Partial<Record<"linesBefore" | "bytesBefore" | "width", number>> = {},
): AsyncGenerator<Records> {
  const parser = await recordParser(delimiter, linesBefore, width !== undefined);
  // csv-parse takes the width from the first record, so it is given one
  if (width !== undefined) yield* blocks(parser, source, `${new Array(width).fill("x").join(delimiter)}\n`);
  for await (const text of decode(source, linesBefore + 1, bytesBefore)) yield* blocks(parser, source, text);
  yield* blocks(parser, source, undefined);
}

interface RecordParser {
  readonly parser: Parser;
  /** records parsed and not yet handed on */
  records: Records;
  /** the line that the last record ended on */
  line: number;
  /** csv-parse's counts after the last record: blank lines, and lines, of which it finds two in a CRLF within quotes */
  counted: LineCounts;
}

interface LineCounts {
  readonly lines: number;
  readonly empty_lines: number;
}

/** What is the same wherever csv-parse reads. */
export const syntax = { bom: true, record_delimiter: ["\r\n", "\n", "\r"], skip_empty_lines: true };

/** The first record may be one that sets the width and is not handed on, nor stands in the table. */
async function recordParser(delimiter: string, linesBefore: number, setsWidth: boolean): Promise<RecordParser> {
  const { parse } = await import("csv-parse"); // only where a table needs it
  let isHeader = setsWidth;
  const state = { records: { cells: [], lines: [] }, line: linesBefore, counted: { lines: 0, empty_lines: 0 } } as Omit<
    RecordParser,
    "parser"
  >;
  const parser = parse({
    ...syntax,
    delimiter,
    max_record_size: MOST_RECORD_BYTES,
    on_record: (cells: string[], counted: LineCounts) => {
      if (isHeader) {
        isHeader = false;
        state.line = linesBefore;
        state.counted = { lines: counted.lines, empty_lines: counted.empty_lines };
        return null;
      }
      const begins = beginning(state, counted);
      const further = counted.lines - state.counted.lines - (begins - state.line);
      state.records.cells.push(cells);
      state.records.lines.push(begins);
      state.line = begins + (further > 0 ? newlines(cells) : 0);
      state.counted = { lines: counted.lines, empty_lines: counted.empty_lines }; // csv-parse's own holds much more
      return null; // handed on in blocks, not one by one through the stream
    },
  });
  parser.on("error", () => {}); // each write reports its own error
  return Object.assign(state, { parser });
}

/** The line that the record after the last one begins on. */
function beginning({ line, counted }: Omit<RecordParser, "parser">, now: LineCounts): number {
  return line + 1 + now.empty_lines - counted.empty_lines;
}

/** Parses a chunk, or with `undefined` the end of the text, and yields the records that it completed. */
async function* blocks(state: RecordParser, source: Source, text: string | undefined): AsyncGenerator<Records> {
  await new Promise<void>((resolve, reject) => {
    const done = (error?: Error | null) => (error ? reject(csvError(error, state, source)) : resolve());
    if (text === undefined) state.parser.end(done);
    else state.parser.write(text, done);
  });
  const { records } = state;
  state.records = { cells: [], lines: [] };
  if (records.cells.length > 0) yield records;
}

function newlines(cells: readonly string[]): number {
  return cells.reduce((sum, cell) => sum + (cell.match(/\r\n|\n|\r/g)?.length ?? 0), 0);
}

/** The bytes as text; anything that is not UTF-8 is an error with its line. */
async function* decode(source: Source, firstLine: number, firstByte: number): AsyncGenerator<string> {
  let line = firstLine;
  let begin = firstByte;
  let before = ""; // the last character of the text so far: a CR there and an LF here are one line end
  let rest: Uint8Array = new Uint8Array(); // of a character that the last chunk ended in
  let unended = 0; // characters since the last line end: csv-parse limits what cells hold, not how many there are
  const at = (text: string) => `${source.name}:${line + newlines([before + text]) - newlines([before])}`;
  const notUtf8 = (text: string) =>
    new NnfitError("data", "the table is not UTF-8 text", {
      at: at(text),
      try: 'its encoding, such as data.encoding: "windows-1252", or saving it as UTF-8',
    });

  for await (const chunk of source.read()) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    const end = bytes.length - unfinished(bytes);
    rest = Uint8Array.from(bytes.subarray(end));
    const nul = bytes.indexOf(0);
    if (nul >= 0) {
      const encoding = utf16By(bytes, begin);
      throw new NnfitError("data", "the table contains a NUL byte, so it is not CSV text", {
        at: at(Buffer.from(bytes.subarray(0, nul)).toString("latin1")), // which has the same line ends
        try: `${encoding ? `data.encoding: "${encoding}", if it is in UTF-16, or ` : ""}saving it as UTF-8`,
      });
    }
    const text = textOf(bytes.subarray(0, end));
    if (text === undefined) throw notUtf8(textBeforeInvalid(bytes));
    const lineEnd = Math.max(text.lastIndexOf("\n"), text.lastIndexOf("\r"));
    unended = lineEnd < 0 ? unended + text.length : text.length - lineEnd - 1;
    if (unended > MOST_RECORD_BYTES) throw tooLong(at(text.slice(0, lineEnd + 1)));
    line += newlines([before + text]) - newlines([before]);
    before = text.at(-1) ?? before;
    begin += end;
    yield text;
  }
  if (rest.length > 0) throw notUtf8("");
}

function textOf(bytes: Uint8Array, stream = false): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes, { stream });
  } catch {
    return undefined;
  }
}

/** How many bytes at the end begin a character and don't finish it. */
function unfinished(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
    if (byte < 0x80) return 0;
  }
  return 0;
}

/** The text before the first byte that is not UTF-8, found by halving. */
function textBeforeInvalid(bytes: Uint8Array): string {
  let valid = 0;
  let invalid = bytes.length;
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >> 1;
    if (textOf(bytes.subarray(0, middle), true) === undefined) invalid = middle;
    else valid = middle;
  }
  return textOf(bytes.subarray(0, valid), true)!;
}

/** What to do about a row that has other cells than the header, which has so many; those beyond are in `more`. */
function wayToWidth(header: number, cells: number, more: readonly unknown[], line: number): string {
  if (more.length > 0 && more.every((cell) => cell === "")) {
    return "removing the delimiters at the ends of rows, or ending the header with as many";
  }
  if (header === 1) return "data.skipLines, if a title comes first, or naming the delimiter";
  if (cells === 1)
    return "deleting the line, if it is a note below the table, or naming the delimiter (data.delimiter)";
  const quoting = "quoting cells that contain the delimiter, or naming the delimiter (data.delimiter)";
  return cells === header + 1 && line === 2
    ? `a name for the first column, if that is R's row names (write.table: col.names = NA); or ${quoting}`
    : quoting;
}

/** What csv-parse found, as an error of ours. */
function csvError(error: Error, state: RecordParser, { name }: Source): NnfitError {
  const { code, record } = error as CsvError & { record?: unknown };
  const { lines = 0, empty_lines = 0 } = error as unknown as Partial<LineCounts>; // csv-parse puts its counts on the error
  const begins = beginning(state, { lines, empty_lines });
  const here = begins + lines - state.counted.lines - (begins - state.line);
  switch (code) {
    case "CSV_RECORD_INCONSISTENT_FIELDS_LENGTH": {
      const [expected, got] = error.message.match(/\d+/g) ?? [];
      const header = Number(expected);
      const row: readonly unknown[] = Array.isArray(record) ? record : [];
      const cells = row.length || Number(got);
      return new NnfitError("data", `a row has ${count(cells, "cell")} where the header has ${header}`, {
        at: `${name}:${begins}`,
        have: row.length === 1 ? `"${listed([String(row[0])])}"` : undefined,
        try: wayToWidth(header, cells, row.slice(header), begins),
      });
    }
    case "CSV_QUOTE_NOT_CLOSED":
      return new NnfitError("data", "a quote is opened in this row and never closed", { at: `${name}:${begins}` });
    case "CSV_MAX_RECORD_SIZE":
      return tooLong(`${name}:${begins}`);
    case "CSV_INVALID_CLOSING_QUOTE":
    case "INVALID_OPENING_QUOTE":
      return new NnfitError("data", "a quote is in the middle of a cell", {
        at: `${name}:${here}`,
        try: `${followedByBlank(error) ? 'data.delimiter: " ", if spaces separate the cells, or ' : ""}quoting the whole cell, and doubling the quotes in it: "a ""b"" c"`,
      });
    default:
      return new NnfitError("data", `not a CSV table: ${error.message}`, { at: `${name}:${here}` });
  }
}

/** A quoted cell is followed by a blank, as R writes it where nothing else is asked for. csv-parse tells so in words alone. */
function followedByBlank({ message }: Error): boolean {
  return message.includes('got " "');
}

export function tooLong(at: string): NnfitError {
  const mebibytes = MOST_RECORD_BYTES / 2 ** 20;
  return new NnfitError(
    "data",
    `a row is longer than ${mebibytes} MiB: most likely because of an unclosed quote, or because the file is not a table`,
    { at },
  );
}

function count(n: number | string | undefined, thing: string): string {
  return `${n} ${thing}${Number(n) === 1 ? "" : "s"}`;
}

/** One line of CSV, quoted where it has to be. */
export function csvLine(cells: readonly string[]): string {
  if (cells.length === 1 && cells[0] === "") return '""\n'; // it would be a blank line
  return `${cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(",")}\n`;
}
