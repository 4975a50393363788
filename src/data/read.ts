import { NnfitError } from "../errors.js";
import { nearest } from "../family.js";
import { ColumnBuilder } from "./columns.js";
import type { CsvFormat, Source } from "./csv.js";
import { Growing } from "./growing.js";
import { type Rows, readRows } from "./rows.js";
import type { ColumnType, Table } from "./table.js";

/** In numbers. A table that seems larger gets its room as it comes. */
const MOST_ROOM = 2 ** 29;

const MOST_LISTED = 40;

export interface ReadOptions extends CsvFormat {
  /** types that are given, not found out */
  readonly types: Readonly<Record<string, ColumnType>>;
  /** columns that nobody asks what they are */
  readonly ignore?: readonly string[];
}

export interface WantedColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** A column that may be missing from the table altogether. */
  readonly optional?: boolean;
}

/**
 * Reads a whole table and finds out the type of each column: a number where all its present cells are finite numbers,
 * else a category.
 */
export async function readTable(source: Source, options: ReadOptions): Promise<Table> {
  let builders: ColumnBuilder[] | undefined;
  const lines = new Growing<Int32Array>(Int32Array);
  for await (const { header, places, rows } of withHeader(source, options)) {
    if (!builders) {
      checkNames(Object.keys(options.types), header, "data.types", source.name);
      builders = header.map((name) => {
        const given = Object.hasOwn(options.types, name) ? options.types[name] : undefined;
        return new ColumnBuilder(name, given, options, source.name);
      });
    }
    lines.append(rows.lines);
    fillAll(builders, places, rows);
    if (rows.bytes && lines.size === rows.lines.length) expectRows(builders, lines.size, rows.bytes, source);
  }
  if (!builders || lines.size === 0) throw noRows(source);

  const ignored = new Set(options.ignore);
  for (const builder of builders) if (!ignored.has(builder.name)) builder.check();
  // Where words came after numbers, what the numbers looked like is lost: such columns are read again as words.
  const words = builders.filter(({ turnedToWords }) => turnedToWords).map(({ name }) => [name, "category"] as const);
  if (words.length > 0 && source.once) throw readTwice(words[0]![0], source);
  if (words.length > 0)
    return readTable(source, { ...options, types: { ...options.types, ...Object.fromEntries(words) } });
  return finish(builders, lines.whole(), source);
}

/** Reads a whole table, only the wanted columns, matched by name and of known types. */
export async function readColumns(source: Source, format: CsvFormat, wanted: readonly WantedColumn[]): Promise<Table> {
  let builders: ColumnBuilder[] | undefined;
  const lines = new Growing<Int32Array>(Int32Array);
  for await (const { header, places, rows } of withHeader(source, format)) {
    builders ??= wantedBuilders(wanted, header, places, source, format);
    lines.append(rows.lines);
    fillAll(builders, places, rows);
  }
  if (!builders || lines.size === 0) throw noRows(source);
  return finish(builders, lines.whole(), source);
}

/** The same in blocks of rows, for a table of any length. A table without rows gives no block. */
export async function* readBlocks(
  source: Source,
  format: CsvFormat,
  wanted: readonly WantedColumn[],
): AsyncGenerator<Table> {
  for await (const { header, places, rows } of withHeader(source, format)) {
    const builders = wantedBuilders(wanted, header, places, source, format);
    fillAll(builders, places, rows);
    if (rows.lines.length > 0) yield finish(builders, rows.lines, source);
  }
}

/**
 * The same, and with each block the header. Cells that should be numbers and are none are no error: they are kept as a
 * column's `unreadable`. Blocks may be without rows, so that a header alone is seen too.
 */
export async function* readLeniently(
  source: Source,
  format: CsvFormat,
  wanted: readonly WantedColumn[],
): AsyncGenerator<{ header: readonly string[]; table: Table }> {
  for await (const { header, places, rows } of withHeader(source, format)) {
    const builders = wantedBuilders(wanted, header, places, source, format, true);
    fillAll(builders, places, rows);
    yield { header, table: finish(builders, rows.lines, source) };
  }
}

/** The rows, and with each block of them the checked header. */
async function* withHeader(
  source: Source,
  format: CsvFormat,
): AsyncGenerator<{ header: readonly string[]; places: ReadonlyMap<string, number>; rows: Rows }> {
  let known: { header: readonly string[]; places: ReadonlyMap<string, number> } | undefined;
  for await (const { header: cells, headerLine, rows } of readRows(source, format)) {
    if (!known) {
      const header = checkHeader(cells, source, headerLine);
      known = { header, places: placesOf(header) };
    }
    yield { ...known, rows };
  }
}

/** The place of each column in a header. */
function placesOf(header: readonly string[]): ReadonlyMap<string, number> {
  return new Map(header.map((name, place) => [name, place]));
}

function fillAll(builders: readonly ColumnBuilder[], places: ReadonlyMap<string, number>, rows: Rows): void {
  for (const builder of builders) rows.fill(builder, places.get(builder.name)!);
}

/**
 * Makes room for all numbers of the table, by the bytes that the first rows took. It is one piece of memory, which a
 * system hands out faster than a piece for each column.
 */
function expectRows(builders: readonly ColumnBuilder[], count: number, bytes: number, source: Source): void {
  const rows = Math.ceil(1.02 * count * ((source.bytes ?? 0) / bytes));
  const columns = builders.filter(({ hasNumbers }) => hasNumbers);
  if (rows * columns.length > MOST_ROOM) return;
  const room = new Float64Array(rows * columns.length);
  for (const [i, column] of columns.entries()) column.moveTo(room.subarray(i * rows, (i + 1) * rows));
}

function wantedBuilders(
  wanted: readonly WantedColumn[],
  header: readonly string[],
  places: ReadonlyMap<string, number>,
  source: Source,
  format: CsvFormat,
  lenient = false,
): ColumnBuilder[] {
  const present = wanted.filter(({ name }) => places.has(name));
  const lacking = wanted.filter(({ name, optional }) => !optional && !places.has(name)).map(({ name }) => name);
  if (lacking.length > 0) throw lacksColumns(lacking, header, wanted, source);
  return present.map(({ name, type }) => new ColumnBuilder(name, type, format, source.name, lenient));
}

function finish(builders: readonly ColumnBuilder[], lines: Int32Array, { name: source }: Source): Table {
  return {
    source,
    rows: lines.length,
    columns: builders.map((builder) => builder.finish()),
    lines,
  };
}

function readTwice(name: string, source: Source): NnfitError {
  return new NnfitError("data", `the column "${name}" begins with numbers, and words come after`, {
    at: source.name,
    have: "a pipe, which can't be read once more to see what the numbers look like",
    try: `a file, or data.types: { "${name}": "category" }`,
  });
}

function noRows({ name }: Source): NnfitError {
  return new NnfitError("data", "the table has a header and no rows", { at: name });
}

/** Every column has a name of its own. */
function checkHeader(cells: readonly string[], { name: source }: Source, line: number): string[] {
  const names = cells.map((cell) => cell.trim());
  const at = `${source}:${line}`;
  const empty = names.indexOf("");
  if (empty >= 0) {
    throw new NnfitError("data", `column ${empty + 1} of the header has no name`, {
      at,
      have: listed(names.map((name) => name || '""')),
      try: "a name for it, or a table without it; pandas writes none with index=False",
    });
  }
  const places = placesOf(names); // of names that stand twice the last
  const twice = names.find((name, index) => places.get(name) !== index);
  if (twice !== undefined) {
    const columns = names.flatMap((name, index) => (name === twice ? [String(index + 1)] : []));
    throw new NnfitError("data", `the header names "${twice}" more than once: columns ${listed(columns, " and ")}`, {
      at,
    });
  }
  if (names.includes("__proto__")) {
    throw new NnfitError("data", 'the header has a column "__proto__", a name that JavaScript keeps for itself', {
      at,
      try: "another name for the column",
    });
  }
  return names;
}

/** That each of the names, which stand in a setting of the config, is a column of the table `source`. */
export function checkNames(names: readonly string[], header: readonly string[], setting: string, source: string): void {
  const known = new Set(header);
  const unknown = names.find((name) => !known.has(name));
  if (unknown === undefined) return;
  const similar = nearest(unknown, header);
  throw new NnfitError("usage", `no column "${unknown}" in ${source}`, {
    setting,
    have: listed(header),
    try: similar && `"${similar}"`,
  });
}

/** In an error, as many names as a person reads. */
function listed(names: readonly string[], between = ", "): string {
  const shown = names.slice(0, MOST_LISTED).join(between);
  return names.length > MOST_LISTED ? `${shown} and ${names.length - MOST_LISTED} more` : shown;
}

function lacksColumns(
  lacking: readonly string[],
  header: readonly string[],
  wanted: readonly WantedColumn[],
  source: Source,
): NnfitError {
  const [first, ...others] = lacking;
  const extra = header.filter((column) => !wanted.some(({ name }) => name === column));
  const similar = others.length === 0 ? nearest(first!, extra) : undefined;
  const names = listed(lacking.map((name) => `"${name}"`));
  return new NnfitError("data", `the table lacks the ${others.length === 0 ? "column" : "columns"} ${names}`, {
    at: source.name,
    have: listed(header),
    try: similar && `renaming "${similar}" to "${first}", if it is the same`,
  });
}
