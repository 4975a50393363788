import { distance } from "fastest-levenshtein";
import { countCodes } from "./arrays.js";
import type { CellFormat } from "./csv.js";
import { dayOrderIn, daysIn, isSeason, looksLikeDate } from "./dates.js";
import { MARKS, numberIn, numberReader, otherMark } from "./numbers.js";
import { type DataOptions, usuallyMissing } from "./options.js";
import type { CategoryColumn } from "./table.js";

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
  "undefined",
  "(null)",
  "<null>",
  "\\n", // \N, as databases write it
  "n.a.",
  "nat",
  "inf",
  "+inf",
  "-inf",
  "infinity",
  "-infinity",
  "#div/0!",
  "#value!",
  "#ref!",
  "#num!",
  "#name?",
  "#null!",
]);

/** A number as a person reads it, with a currency, a percent sign, a unit, its thousands apart, or negative in parentheses. */
const DRESSED =
  /^[+\u2212(-]?([$€£¥]|[A-Z]{3}(?= ))?\s?[+\u2212-]?(?:\d+|\d{1,3}(?:[ ,.'_\u00a0\u202f]\d{3})+)(?:[.,]\d+)?\s?([$€£¥%]|[A-Za-zµ°]{1,4}[²³23]?)?\)?$/;

/** A time of day. */
const CLOCK = /^\d{1,2}:[0-5]\d(?::[0-5]\d(?:\.\d+)?)?(?: ?[ap]m)?$/i;

/** Fewer different cells look like something by chance. */
const FEW_CELLS = 3;

export interface Doubt {
  readonly what: string;
  readonly way?: string;
  /** the way makes a column of numbers of it */
  readonly makesNumbers: boolean;
}

/** What else a column of words may be, if it is likely. */
export function doubtAboutWords(column: CategoryColumn, data: DataOptions, isTarget: boolean): Doubt | undefined {
  const { name, categories } = column;
  const missed = categories.filter((word) => MISSING.has(word.toLowerCase()));
  const cells = categories.filter((word) => !MISSING.has(word.toLowerCase()));
  const marks = marksOf(cells, data);
  const settings = [
    ...(marks && marks.decimal !== data.decimal ? [`data.decimal: "${marks.decimal}"`] : []),
    ...(marks && marks.thousands !== data.thousands ? [`data.thousands: "${marks.thousands}"`] : []),
  ];
  const asMissing = missed.length > 0 ? [`data.missing: ${JSON.stringify([...data.missing, ...missed])}`] : [];
  const all = [...settings, ...asMissing];
  const dress = dressOf(cells, data.decimal);
  if (isTarget && missed.length > 0 && ((marks ?? dress) === undefined || cells.length < FEW_CELLS)) {
    const what = `"${missed[0]}" is read as a class of "${name}"`;
    return {
      what,
      way: `${all.join(" and ")} ${all.length > 1 ? "leave" : "leaves"} its rows out`,
      makesNumbers: false,
    };
  }
  if (cells.length < FEW_CELLS) return undefined;
  const isWords = `"${name}" is read as words, because`;
  if (marks) {
    const kinds = [
      ...(marks.decimal === data.decimal ? [] : [`decimal ${MARKS[marks.decimal]}`]),
      ...(marks.thousands === data.thousands ? [] : ["thousands separators"]),
    ].join(" and ");
    const numbers = missed.length > 0 ? `"${missed[0]}" is among ` : "its numbers have ";
    const of = missed.length > 0 ? (kinds ? `numbers with ${kinds}` : "its numbers") : kinds;
    const way = `${all.join(" and ")} ${all.length > 1 ? "make" : "makes"} it numeric`;
    return { what: `${isWords} ${numbers}${of}`, way, makesNumbers: true };
  }
  if (dress !== undefined) {
    const what = `${isWords} its numbers are written like "${dress}"`;
    const plain = ["plain numbers", ...asMissing].join(" and ");
    return { what, way: `${plain} would make it numeric`, makesNumbers: true };
  }
  if (cells.every(looksLikeDate) && !cells.every(isSeason))
    return { ...doubtAboutDates(name, cells, asMissing, isTarget), makesNumbers: false };
  if (!isTarget && cells.every((cell) => CLOCK.test(cell))) {
    const way = "hours as numbers, such as 17.5, or dates with their times, can be learned from";
    return { what: `"${name}" holds times of day, which are read as words`, way, makesNumbers: false };
  }
  return doubtAboutMixture(column, cells, data);
}

/** Words such as NA that may be classes, unless it was the config that made them words for a missing cell. */
export function doubtAboutMissing({ name, missingWords = [] }: CategoryColumn, data: DataOptions): Doubt | undefined {
  const words = missingWords.filter((word) => usuallyMissing.includes(word));
  if (words.length === 0) return undefined;
  const others = data.missing.filter((word) => !words.includes(word));
  const [are, theirs, classes] =
    words.length > 1
      ? ["are read as missing targets", "their", "them as classes"]
      : ["is read as a missing target", "its", "it as a class"];
  const what = `${words.map((word) => `"${word}"`).join(" and ")} in "${name}" ${are}, and ${theirs} rows are left out`;
  return { what, way: `data.missing: ${JSON.stringify(others)} reads ${classes}`, makesNumbers: false };
}

/** So many different numbers are no codes, such as 1, 2 and 3a; */
const MANY_NUMBERS = 10;
/** and so large a share of the rows has them. */
const MOSTLY = 0.5;

/** Numbers for the most part, as where a laboratory wrote "<0.3". */
function doubtAboutMixture(
  { name, codes, categories }: CategoryColumn,
  cells: readonly string[],
  data: DataOptions,
): Doubt | undefined {
  const number = numberReader(data);
  const words: string[] = [];
  const most = Math.min(cells.length / 3, cells.length - MANY_NUMBERS); // two numbers for each word, and many of them
  if (most < 0) return undefined;
  for (const cell of cells) if (number(cell) === undefined && words.push(cell) > most) return undefined;
  const isNumber = categories.map((cell) => number(cell) !== undefined);
  const rows = codes.reduce((rows, code) => rows + Number(code >= 0 && isNumber[code]), 0);
  if (rows < MOSTLY * codes.length) return undefined;
  const more = words.length - 1;
  const others = more > 0 ? `"${words[0]}" and ${more} other ${more === 1 ? "word" : "words"} are` : `"${words[0]}" is`;
  const what = `"${name}" is read as words, because ${others} among its numbers`;
  return {
    what,
    way: `numbers or missing cells in their place would make it numeric; data.types: { "${name}": "category" } says that they are codes`,
    makesNumbers: true,
  };
}

/** The marks that make numbers of all cells, those that the config has if they do. */
function marksOf(
  cells: readonly string[],
  { decimal, thousands }: DataOptions,
): Omit<CellFormat, "missing"> | undefined {
  const groups = [...new Set([thousands, null, ",", ".", " ", "'"] as const)];
  for (const point of [decimal, otherMark(decimal)]) {
    for (const mark of groups) {
      if (mark === point) continue;
      const numberIn = numberReader({ decimal: point, thousands: mark });
      if (cells.every((cell) => numberIn(cell) !== undefined)) return { decimal: point, thousands: mark };
    }
  }
  return undefined;
}

function doubtAboutDates(
  name: string,
  cells: readonly string[],
  asMissing: readonly string[],
  isTarget: boolean,
): Pick<Doubt, "what" | "way"> {
  if (isTarget) return { what: `"${name}" holds dates, and each of them is a class` };
  const what = `"${name}" holds dates, which are read as words`;
  const order = dayOrderIn(cells);
  const unread = cells.find((cell) => daysIn(cell, order) === undefined);
  const isOrdered = unread === undefined || daysIn(unread, "dayFirst") === undefined;
  const settings = [...(isOrdered ? [] : ['data.dates: "dayFirst" or "monthFirst"']), ...asMissing];
  if (unread !== undefined && isOrdered)
    return { what: `${what}, because ${unread} can't be read as a date`, way: "dates such as 2024-03-01 can" };
  if (settings.length === 0) settings.push(`data.types: { "${name}": "date" }`);
  return { what, way: `${settings.join(" and ")} ${settings.length > 1 ? "make" : "makes"} them dates` };
}

/** Words that people wrote in more than one way. */
export function doubtAboutSpelling({ name, codes, categories }: CategoryColumn, isTarget: boolean): Doubt | undefined {
  const pairs = [...differInCapitals(categories), ...(isTarget ? misspelt(codes, categories) : [])];
  const [first] = pairs;
  if (!first) return undefined;
  const more = pairs.length - 1;
  const others = more > 1 ? `, and so are ${more} other pairs` : more === 1 ? ", and so is another pair" : "";
  const what = `"${first[0]}" and "${first[1]}" are different words in "${name}"${others}`;
  return { what, way: "written the same way, they would be one", makesNumbers: false };
}

function differInCapitals(words: readonly string[]): [string, string][] {
  const first = new Map<string, string>();
  return words.flatMap((word): [string, string][] => {
    const small = word.toLowerCase();
    const alike = first.get(small);
    if (alike === undefined) first.set(small, word);
    return alike === undefined ? [] : [[alike, word]];
  });
}

/** A word of so few letters is likely another one if one of them differs. */
const SHORT = 4;
/** Of so few rows, and so much fewer than another word has, one is likely misspelt. */
const FEW_ROWS = 5;
const MUCH_FEWER = 20;
/** There are no more classes that somebody could write. */
const MOST_CLASSES = 1000;

function misspelt(codes: Int32Array, words: readonly string[]): [string, string][] {
  if (words.length > MOST_CLASSES) return [];
  const present = codes.filter((code) => code >= 0);
  const rows = countCodes(present, words.length);
  return words.flatMap((word, code): [string, string][] => {
    if (rows[code]! > FEW_ROWS || word.length < SHORT || /\d/.test(word)) return [];
    const right = words.find(
      (other, i) => rows[i]! >= MUCH_FEWER * rows[code]! && distance(other.toLowerCase(), word.toLowerCase()) === 1,
    );
    return right === undefined ? [] : [[right, word]];
  });
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
