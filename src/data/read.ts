import { NnfitError } from "../errors.js";
import { ColumnBuilder } from "./columns.js";
import type { CsvFormat } from "./csv.js";
import type { DayOrderChoice } from "./dateColumn.js";
import { Growing } from "./growing.js";
import {
  checkHeader,
  checkNamed,
  checkNames,
  lacksColumns,
  lacksKept,
  placesOf,
  type WrittenRow,
  wayToNames,
} from "./header.js";
import { withLabels } from "./labels.js";
import { type CellReceiver, type Rows, readRows } from "./rows.js";
import type { ScannedColumn } from "./scan.js";
import type { Source } from "./source.js";
import { type Column, type ColumnType, columnOf, type Table } from "./table.js";

/** In numbers. A table that seems larger gets its room as it comes. */
const MOST_ROOM = 2 ** 29;

export interface ReadOptions extends CsvFormat {
  /** types that are given, not found out */
  readonly types: Readonly<Record<string, ColumnType>>;
  /** columns whose cells are not looked at, unless something else in these options names them */
  readonly ignore?: readonly string[];
  /** a column of labels, which stay as they are written where they are not plain numbers */
  readonly labels?: string;
  /** columns that are to be predicted: numbers that are wrong in them don't make classes */
  readonly target?: string | readonly string[];
  readonly dates?: DayOrderChoice;
  /** columns that would be of no use as words */
  readonly weight?: string | null;
  readonly time?: string | null;
  /** a column of names, also where they look like numbers: as such, long ones and ones with leading zeros would become the same */
  readonly groups?: string | null;
}

export interface WantedColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** A column that may be missing from the table altogether. */
  readonly optional?: boolean;
  /** Cells that should be numbers or dates and are none are no error: they are kept as its `unreadable`. */
  readonly lenient?: boolean;
  /** what its cells may be, for an error that tells of one that is no number */
  readonly classes?: readonly string[];
  /** what comes first in its dates such as 3/4/2024 */
  readonly order?: DayOrderChoice | undefined;
}

/**
 * Reads a whole table and finds out the type of each column: a number where all its present cells are finite numbers,
 * else a category.
 */
export function readTable(source: Source, options: ReadOptions): Promise<Table> {
  return readOrAgain(source, options, new Set());
}

/** `words`: columns that begin with numbers, and have words after them */
async function readOrAgain(source: Source, options: ReadOptions, words: ReadonlySet<string>): Promise<Table> {
  const { types, labels } = options;
  const needed = { target: options.target, weight: options.weight, groups: options.groups, time: options.time };
  const used = Object.values(needed).flatMap((names) => names ?? []);
  const ignored = new Set(options.ignore?.filter((name) => !used.includes(name)));
  const noDates = new Set([options.ignore ?? [], options.target ?? [], options.weight ?? []].flat());
  const noWords = new Set([options.target ?? [], options.weight ?? [], options.time ?? []].flat());
  let names: readonly string[] = [];
  let builders: ColumnBuilder[] | undefined;
  const lines = new Growing<Int32Array>(Int32Array);
  const matters = (name: string) => name !== "" && !ignored.has(name);
  for await (const { header, at, below, places, rows } of withHeader(source, options, matters)) {
    if (!builders) {
      names = header;
      if (!ignored.has("")) checkNamed(header, at);
      for (const [setting, of] of Object.entries({ ...needed, types: Object.keys(types) })) {
        const named = [of ?? []].flat();
        checkNames(named, header, `data.${setting}`, source.name, wayToNames(named, below));
      }
      const read = header.filter((name) => !ignored.has(name));
      builders = read.map((name) => {
        const asked = Object.hasOwn(types, name) ? types[name] : name === labels ? "category" : undefined;
        const given = name === options.groups ? "category" : asked;
        return new ColumnBuilder(name, given, options, source.name, {
          mayBeWords: !noWords.has(name),
          mayBeDates: !given && !noDates.has(name),
          order: options.dates ?? "auto",
          isWords: words.has(name),
        });
      });
    }
    lines.append(rows.lines);
    fillAll(builders, places, rows);
    if (rows.bytes && lines.size === rows.lines.length) expectRows(builders, lines.size, rows.bytes, source);
  }
  if (!builders || lines.size === 0) throw noRows(source);

  for (const builder of builders) builder.check(builders);
  // Where words came after numbers, what the numbers looked like is lost: such columns are read again as words.
  const turned = builders.filter(({ turnedToWords }) => turnedToWords).map(({ name }) => name);
  if (turned.length > 0 && source.once) throw readTwice(turned[0]!, source);
  if (turned.length > 0) return readOrAgain(source, options, new Set(turned));
  const table = withIgnored(finish(builders, lines.whole(), source), names);
  return labels === undefined || Object.hasOwn(types, labels) ? table : withLabels(labels, table, options);
}

/** With all columns of its header: those that were not read are there without a value. */
function withIgnored(table: Table, header: readonly string[]): Table {
  if (table.columns.length === header.length) return table;
  const values = new Float64Array(table.rows).fill(Number.NaN);
  const blank = (name: string): Column => ({ type: "number", name, values });
  return { ...table, columns: header.map((name) => columnOf(table, name) ?? blank(name)) };
}

/** Each column once, though several may ask for it: as the first of them wants it. */
export function joinColumns(columns: readonly WantedColumn[], more: readonly WantedColumn[]): WantedColumn[] {
  const names = new Set(columns.map(({ name }) => name));
  return [...columns, ...more.filter(({ name }) => !names.has(name))];
}

/** The names of the wanted columns that a table has not, or not as they are wanted. */
export function lacking(table: Table, wanted: readonly WantedColumn[]): string[] {
  const isThere = ({ name, type, optional, lenient }: WantedColumn) => {
    const column = columnOf(table, name);
    if (!column) return optional;
    const unreadable = column.type === "category" ? 0 : (column.unreadable?.size ?? 0);
    return column.type === type && (lenient || unreadable === 0);
  };
  return wanted.filter((column) => !isThere(column)).map(({ name }) => name);
}

/** Reads a whole table, only the wanted columns, matched by name and of known types. */
export async function readColumns(source: Source, format: CsvFormat, wanted: readonly WantedColumn[]): Promise<Table> {
  let builders: ColumnBuilder[] | undefined;
  const lines = new Growing<Int32Array>(Int32Array);
  for await (const { rows, ...headed } of withHeader(source, format, isOneOf(wanted))) {
    builders ??= wantedBuilders(wanted, headed, source, format);
    lines.append(rows.lines);
    fillAll(builders, headed.places, rows);
  }
  if (!builders || lines.size === 0) throw noRows(source);
  return finish(builders, lines.whole(), source);
}

/** Some rows of a table, and its header. */
export interface Block {
  readonly header: readonly string[];
  readonly table: Table;
  /** the columns that are kept as they are written */
  readonly kept: readonly KeptColumn[];
}

/** The cells of a column, as they are written. */
class KeptColumn implements CellReceiver {
  readonly cells: string[] = [];

  constructor(readonly name: string) {}

  push(text: string): void {
    this.cells.push(text);
  }

  pushColumn(column: ScannedColumn): void {
    const { words, codes } = column.words();
    for (const code of codes) this.cells.push(words[code]!);
  }
}

interface BlockOptions {
  /** Cells that should be numbers and are none are no error: they are kept as a column's `unreadable`. */
  readonly lenient?: boolean;
  /** columns to keep as they are written, whether wanted or not */
  readonly kept?: readonly string[] | "all";
}

/** The same in blocks, for a table of any length. Some may be without rows, so that a header alone is seen too. */
export async function* readBlocks(
  source: Source,
  format: CsvFormat,
  wanted: readonly WantedColumn[],
  { lenient = false, kept = [] }: BlockOptions = {},
): AsyncGenerator<Block> {
  const matters = isOneOf(kept === "all" ? wanted : [...wanted, ...kept.map((name) => ({ name }))]);
  for await (const { rows, ...headed } of withHeader(source, format, matters)) {
    const { header, places } = headed;
    const builders = wantedBuilders(wanted, headed, source, format, lenient);
    fillAll(builders, places, rows);
    const keptPlaces = kept === "all" ? [...header.keys()] : placesOfKept(kept, header, places, source);
    const asWritten = keptPlaces.map((place) => {
      const column = new KeptColumn(header[place]!);
      rows.fill(column, place);
      return column;
    });
    yield { header, table: finish(builders, rows.lines, source), kept: asWritten };
  }
}

function placesOfKept(
  kept: readonly string[],
  header: readonly string[],
  places: ReadonlyMap<string, number>,
  { name: at }: Source,
): number[] {
  const lacking = kept.filter((name) => !places.has(name));
  if (lacking.length > 0) throw lacksKept(lacking, header, kept, at);
  return kept.map((name) => places.get(name)!);
}

interface Header {
  readonly header: readonly string[];
  /** the file and line where it stands */
  readonly at: string;
  readonly places: ReadonlyMap<string, number>;
  /** the first row, where it is known */
  readonly below: WrittenRow | undefined;
}

/** The rows, and with each block of them the header, in which every column that matters has a name of its own. */
async function* withHeader(
  source: Source,
  format: CsvFormat,
  matters: (name: string) => boolean,
): AsyncGenerator<Header & { rows: Rows }> {
  let known: Header | undefined;
  for await (const { header: cells, headerLine, below, rows } of readRows(source, format)) {
    if (!known) {
      const at = `${source.name}:${headerLine}`;
      const header = checkHeader(cells, at, matters);
      known = { header, at, places: placesOf(header), below };
    }
    yield { ...known, rows };
  }
}

/** Columns that nobody wants may be called anything. */
function isOneOf(wanted: readonly { readonly name: string }[]): (name: string) => boolean {
  const names = new Set(wanted.map(({ name }) => name));
  return (name) => names.has(name);
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
  { header, places, below }: Header,
  source: Source,
  format: CsvFormat,
  lenient = false,
): ColumnBuilder[] {
  const present = wanted.filter(({ name }) => places.has(name));
  const lacking = wanted.filter(({ name, optional }) => !optional && !places.has(name)).map(({ name }) => name);
  if (lacking.length > 0) throw lacksColumns(lacking, header, wanted, source.name, below);
  return present.map(
    ({ name, type, classes, order, lenient: own = false }) =>
      new ColumnBuilder(name, type, format, source.name, { lenient: lenient || own, classes, order }),
  );
}

function finish(builders: readonly ColumnBuilder[], lines: Int32Array, { name: source }: Source): Table {
  return {
    source,
    rows: lines.length,
    columns: builders.map((builder) => builder.finish(lines)),
    lines,
  };
}

function readTwice(name: string, source: Source): NnfitError {
  return new NnfitError("data", `the column "${name}" begins with numbers, but words follow`, {
    at: source.name,
    have: "a pipe, which can't be read again to see how the numbers are written",
    try: `a file, or data.types: { "${name}": "category" }`,
  });
}

function noRows({ name }: Source): NnfitError {
  return new NnfitError("data", "the table has a header but no rows", { at: name });
}
