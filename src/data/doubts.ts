import { numberIn } from "./columns.js";
import { looksLikeDate, normalDate } from "./dates.js";
import type { DataOptions } from "./options.js";
import type { CategoryColumn, NumberColumn, Table, Task } from "./table.js";

/** What people and programs write for a value that is missing, in small letters. */
const MISSING = new Set([
  "",
  "n/a",
  "na",
  "nan",
  "#n/a",
  "<na>",
  "null",
  "nil",
  "none",
  "-",
  "--",
  "–",
  "—",
  ".",
  "?",
  "missing",
  "unknown",
]);

/** A number as a person reads it, with a currency, a percent sign, a unit, its thousands apart, or negative in parentheses. */
const DRESSED =
  /^[+\u2212(-]?([$€£¥]|[A-Z]{3}(?= ))?\s?[+\u2212-]?(?:\d+|\d{1,3}(?:[ ,'_\u00a0\u202f]\d{3})+)(?:[.,]\d+)?\s?([$€£¥%]|[A-Za-zµ°]{1,4}[²³23]?)?\)?$/;

/** Fewer different cells, or rows, look like something by chance. */
const FEW_CELLS = 3;
const FEW_ROWS = 20;

/** In words, each column that is likely to be something else than what it was taken for, if nobody said what it is. */
export function doubtsAbout(table: Table, data: DataOptions, task: Task | "auto"): string[] {
  const targets = [data.target].flat();
  const labels = task === "classification" ? targets : [];
  const settled = new Set([...data.ignore, ...Object.keys(data.types), data.groups, data.time, data.weight, ...labels]);
  const doubtful = table.columns.filter(({ name }) => !settled.has(name));
  const inputs = doubtful.filter(({ name }) => !targets.includes(name));
  return doubtful.flatMap((column) => {
    if (column.type === "category") return doubtAboutWords(column, data, targets.includes(column.name)) ?? [];
    return inputs.length > 1 && inputs.includes(column) ? (doubtAboutNumbers(column) ?? []) : [];
  });
}

function doubtAboutWords(
  { name, categories }: CategoryColumn,
  { missing, decimal }: DataOptions,
  isTarget: boolean,
): string | undefined {
  const missed = categories.filter((word) => MISSING.has(word.toLowerCase()));
  const cells = categories.filter((word) => !MISSING.has(word.toLowerCase()));
  const list = JSON.stringify([...missing, ...missed]);
  const areNumbers = cells.length > 1 && cells.every((cell) => numberIn(cell, decimal) !== undefined);
  if (isTarget && missed.length > 0 && (!areNumbers || cells.length < FEW_CELLS)) {
    return `"${missed[0]}" is taken for one of the classes of "${name}"; data.missing: ${list} leaves its rows out`;
  }
  if (cells.length < FEW_CELLS) return undefined;
  if (areNumbers) {
    return `"${name}" is a column of words, as "${missed[0]}" stands among its numbers; data.missing: ${list} makes it one of numbers`;
  }
  const dress = dressOf(cells, decimal);
  if (dress !== undefined) {
    return `"${name}" is a column of words, as its numbers are written like "${dress}"; plain ones would make it one of numbers`;
  }
  if (cells.every(looksLikeDate)) {
    return `"${name}" holds dates, which are taken for words: columns of numbers made of them, such as the month, say more${cells.every(normalDate) ? `, and data.time: "${name}" puts rows in order` : ""}`;
  }
  return undefined;
}

/** One of the cells, if all are numbers in the same dress. */
function dressOf(cells: readonly string[], decimal: DataOptions["decimal"]): string | undefined {
  let dressed: string | undefined;
  const dresses = new Set<string>();
  for (const cell of cells) {
    const [whole, before = "", after = ""] = DRESSED.exec(cell) ?? [];
    if (whole === undefined) return undefined;
    if (before || after) dresses.add(`${before} ${after}`);
    if (dresses.size > 1) return undefined;
    if (numberIn(cell, decimal) === undefined) dressed ??= cell;
  }
  return dressed;
}

function doubtAboutNumbers(column: NumberColumn): string | undefined {
  return countsRows(column)
    ? `"${column.name}" counts the rows; if it tells nothing else of them, data.ignore: ["${column.name}"] leaves it out`
    : undefined;
}

/** Whole numbers, none twice and none left out between the smallest and the largest. */
function countsRows({ values }: NumberColumn): boolean {
  if (values.length < FEW_ROWS) return false;
  let smallest = values[0]!;
  for (const value of values) {
    if (!Number.isInteger(value)) return false;
    if (value < smallest) smallest = value;
  }
  const seen = new Uint8Array(values.length);
  for (const value of values) {
    const place = value - smallest;
    if (place >= values.length || seen[place] === 1) return false;
    seen[place] = 1;
  }
  return true;
}
