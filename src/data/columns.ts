import { NnfitError } from "../errors.js";
import { MOST_DIFFERENT } from "./arrays.js";
import type { CellFormat } from "./csv.js";
import { asDates, type DayOrderChoice, datesOf, notDate } from "./dateColumn.js";
import { Growing } from "./growing.js";
import { listed } from "./header.js";
import { deletingRows, MOST_MISTAKES, mistakesText, waysOut } from "./mistakes.js";
import { Notation, wayToWrite } from "./notation.js";
import { type Decimal, MARKS, numberReader, otherMark } from "./numbers.js";
import type { CellReceiver } from "./rows.js";
import type { ScannedColumn } from "./scan.js";
import type { CategoryColumn, Column, ColumnType, DateColumn } from "./table.js";

/** A column with at least this share of numbers is a column of numbers, and the other cells are mistakes. */
const NEARLY_ALL = 0.9;

/** Of so many rows it is seen how numbers are written. */
const ROWS_LOOKED_AT = 200;

interface BuilderOptions {
  /** in a column that is given as one of numbers or dates, a cell that is none is kept apart, and is no error */
  readonly lenient?: boolean;
  /** the numbers are names of these classes */
  readonly classes?: readonly string[] | undefined;
  /** it would be of use as one of words */
  readonly mayBeWords?: boolean;
  /** its words are dates, if all of them can be read so */
  readonly mayBeDates?: boolean;
  readonly order?: DayOrderChoice | undefined;
  /** its words are collected from the first cell on, also if that is a number */
  readonly isWords?: boolean;
}

/** A cell of a target that is none of a model's classes. */
export function unknownClass(text: string, classes: readonly string[], at: string, similar?: string): NnfitError {
  return new NnfitError("data", `"${text}" is not a class that the model knows`, {
    at,
    have: listed(classes),
    try: similar && `"${similar}", if it is the same`,
  });
}

/** Collects the cells of one column and finds out its type, unless that is given. */
export class ColumnBuilder implements CellReceiver {
  private readonly values = new Growing<Float64Array>(Float64Array);
  private readonly codes = new Growing<Int32Array>(Int32Array);
  private readonly codeOf = new Map<string, number>();
  private readonly missing: ReadonlySet<string>;
  private readonly decimal: Decimal;
  private readonly thousands: CellFormat["thousands"];
  private readonly numberIn: (text: string) => number | undefined;
  private type: ColumnType | undefined;
  private numbers = 0;
  private others = 0;
  private readonly notation: Notation;
  /** Numbers that mark a cell as missing, such as -999, however they are written. */
  private readonly missingNumbers: ReadonlySet<number>;
  private firstOther: { text: string; line: number } | undefined;
  /** the first different words */
  private readonly words = new Set<string>();
  private readonly unreadable = new Map<number, string>();
  /** what was met of the words for a missing cell, but for none at all */
  private readonly missingWords = new Set<string>();

  constructor(
    readonly name: string,
    private readonly given: ColumnType | undefined,
    { missing, decimal, thousands }: CellFormat,
    private readonly source: string,
    private readonly options: BuilderOptions = {},
  ) {
    this.missing = new Set(missing);
    this.decimal = decimal;
    this.thousands = thousands;
    this.notation = new Notation(decimal);
    this.numberIn = numberReader({ decimal, thousands });
    this.missingNumbers = new Set(missing.flatMap((word) => this.numberIn(word) ?? []));
    this.type = given === "date" || options.isWords ? "category" : given;
  }

  /** It is one of numbers, so far. */
  get hasNumbers(): boolean {
    return this.type === "number";
  }

  /** Room for the numbers that are likely to come. */
  moveTo(room: Float64Array): void {
    this.values.moveTo(room);
  }

  push(cell: string, line: number): void {
    const text = cell.trim();
    const value = this.type === "category" && this.given ? undefined : this.numberIn(text);
    if (this.marksMissing(text, value)) {
      if (text !== "") this.missingWords.add(text);
      if (this.type !== "category") this.values.push(Number.NaN);
      if (this.type !== "number") this.codes.push(-1);
      return;
    }
    if (value === undefined) {
      this.others++;
      this.seeOther(text);
      this.firstOther ??= { text, line };
      if (this.given === "number") {
        const { lenient, classes } = this.options;
        if (!lenient && classes) throw unknownClass(text, classes, this.place(line));
        if (!lenient) throw this.unreadableCell(text, line);
        this.unreadable.set(this.values.size, text);
      }
    } else {
      this.numbers++;
      if (!this.given && this.values.size < ROWS_LOOKED_AT) this.notation.see(text, value);
    }

    this.type ??= value === undefined ? "category" : "number"; // the first present cell decides what is collected
    if (this.type === "number") this.values.push(value ?? Number.NaN);
    else this.codes.push(this.code(text));
  }

  pushColumn(column: ScannedColumn, lines: Int32Array): void {
    if (this.type === "category") this.pushWords(column);
    else this.pushNumbers(column, lines);
  }

  private marksMissing(text: string, value: number | undefined): boolean {
    return this.missing.has(text) || (value !== undefined && this.missingNumbers.has(value));
  }

  private pushNumbers(column: ScannedColumn, lines: Int32Array): void {
    const { values, others: words } = column.numbers();
    const others = this.missingNumbers.size === 0 ? words : this.withMissing(words, values);
    const first = this.given ? 0 : Math.min(lines.length, ROWS_LOOKED_AT - this.values.size);
    for (let row = 0; row < first; row++) {
      const value = values[row]!;
      if (!this.missingNumbers.has(value) && this.notation.isNews(value))
        this.notation.see(column.text(row).trim(), value);
    }
    let row = 0;
    const pushUpTo = (end: number) => {
      if (row === end) return;
      if (this.type === "category") {
        for (; row < end; row++) this.push(column.text(row), lines[row]!); // what the numbers look like counts
        return;
      }
      this.type = "number";
      this.numbers += end - row;
      this.values.append(values.subarray(row, end));
      row = end;
    };
    for (const other of others) {
      pushUpTo(other);
      this.push(column.text(row), lines[row]!);
      row++;
    }
    pushUpTo(lines.length);
  }

  /** The rows of words, and those whose numbers mark them as missing. */
  private withMissing(words: Iterable<number>, values: Float64Array): number[] {
    const rows = new Set(words);
    for (const [row, value] of values.entries()) if (this.missingNumbers.has(value)) rows.add(row);
    return [...rows].sort((a, b) => a - b);
  }

  /** Each different cell is looked at once. */
  private pushWords(column: ScannedColumn): void {
    const { words, codes } = column.words();
    const known = words.map((word) => {
      const text = word.trim();
      const value = this.given ? undefined : this.numberIn(text);
      if (this.marksMissing(text, value)) {
        if (text !== "") this.missingWords.add(text);
        return { code: -1, number: 0, other: 0 };
      }
      const number = Number(value !== undefined);
      if (!number) this.seeOther(text);
      return { code: this.code(text), number, other: 1 - number };
    });
    const found = codes.map((code) => known[code]!.code);
    for (const code of codes) {
      this.numbers += known[code]!.number;
      this.others += known[code]!.other;
    }
    this.codes.append(found);
  }

  private seeOther(text: string): void {
    this.notation.seeOther(text);
    if (this.words.size < MOST_MISTAKES) this.words.add(text);
  }

  /** It began with numbers, and words came after. */
  get turnedToWords(): boolean {
    return this.type === "number" && this.others > 0;
  }

  /** That the column is not one of numbers with mistakes in it; `others` are those of the same table. */
  check(others: readonly ColumnBuilder[] = []): void {
    if (this.given || this.others === 0) return;
    if (this.notation.isForeign) throw this.foreignError(others);
    if (this.numbers < NEARLY_ALL * (this.numbers + this.others)) return;
    const cells = this.others === 1 ? "one is not" : `${this.others} are not`;
    throw this.mistakes(`the cells of this column are numbers, but ${cells}`, this.others, {
      line: this.firstOther!.line, // there is one
      words: [...this.words],
    });
  }

  private foreignError(others: readonly ColumnBuilder[]): NnfitError {
    const { decimal, notation, orWords } = this;
    const { text = "" } = this.firstOther ?? {};
    const marks = MARKS[text.includes(otherMark(decimal)) ? otherMark(decimal) : decimal];
    if (this.hasDecimals) {
      const cells = this.others === 1 ? `one has a ${marks.slice(0, -1)}` : `${this.others} have ${marks}`;
      const mark = notation.thousandsMark();
      const way = mark ? `data.thousands: "${mark}"` : (wayToWrite(text, decimal) ?? notation.wayToRead(this.name));
      return this.notNumber(`the cells of this column are numbers, but ${cells}`, way + orWords);
    }
    const way = notation.wayToRead(others.find(({ hasDecimals }) => hasDecimals)?.name);
    const what = `the cells of this column look like numbers, but have ${marks} in them`;
    return this.notNumber(what, way + orWords);
  }

  /** Whether some of its numbers have decimals, and so the mark that was expected. */
  private get hasDecimals(): boolean {
    return this.notation.tellsDecimals(this.values.whole(), ROWS_LOOKED_AT);
  }

  /** `lines`: where each of its rows begins */
  finish(lines: Int32Array): Column {
    const { name, decimal, thousands, unreadable, notation } = this;
    if (this.type === "category") {
      const column = {
        type: "category" as const,
        name,
        codes: this.codes.whole(),
        categories: [...this.codeOf.keys()],
        ...(this.missingWords.size > 0 && { missingWords: [...this.missingWords] }),
        decimal,
        thousands,
      };
      if (this.given === "date") return this.givenDates(column, lines);
      return (this.options.mayBeDates && this.foundDates(column, lines)) || column;
    }
    const values = this.values.whole();
    const { withZeros } = notation;
    const withGroups = this.given ? undefined : notation.mayHaveGroups(values);
    return {
      type: "number",
      name,
      values,
      ...(this.options.lenient && { unreadable }),
      ...(withZeros !== undefined && { withZeros }),
      ...(withGroups !== undefined && { withGroups }),
    };
  }

  /** If nearly all of its words are dates, the others are mistakes. */
  private foundDates(words: CategoryColumn, lines: Int32Array): DateColumn | undefined {
    const column = datesOf(words, this.options.order, NEARLY_ALL);
    if (!column?.unreadable) return column;
    const { size } = column.unreadable;
    const [row] = column.unreadable.keys();
    const cells = size === 1 ? "one is" : `${size} are`;
    throw this.mistakes(`the cells of this column are dates, but ${cells} not`, size, {
      line: lines[row!]!, // it has one
      words: [...new Set(column.unreadable.values())].slice(0, MOST_MISTAKES),
    });
  }

  private givenDates(words: CategoryColumn, lines: Int32Array): DateColumn {
    const column = asDates(words, this.options.order);
    const [wrong] = this.options.lenient ? [] : (column.unreadable ?? []);
    if (wrong) throw notDate(wrong[1], column, this.place(lines[wrong[0]]!));
    return column;
  }

  /** Some cells that are not like the others, the first of them in a line. */
  private mistakes(message: string, cells: number, { line, words }: { line: number; words: string[] }): NnfitError {
    const { name, missing, orWords } = this;
    return new NnfitError("data", message, {
      at: this.place(line),
      have: mistakesText(words),
      try: waysOut(words, { name, cells, missing, orWords }),
    });
  }

  private get orWords(): string {
    const { mayBeWords = true } = this.options;
    return mayBeWords ? `, or data.types: { "${this.name}": "category" }` : "";
  }

  private code(text: string): number {
    const known = this.codeOf.get(text);
    if (known !== undefined) return known;
    const code = this.codeOf.size;
    if (code === MOST_DIFFERENT) throw this.tooManyWords();
    this.codeOf.set(text, code);
    return code;
  }

  private tooManyWords(): NnfitError {
    return new NnfitError("data", `a column has more than ${MOST_DIFFERENT} different words`, {
      at: `${this.source}, column "${this.name}"`,
      try: `data.ignore: ["${this.name}"], if they only identify rows`,
    });
  }

  private place(line: number): string {
    return `${this.source}:${line}, column "${this.name}"`;
  }

  private notNumber(message: string, way: string): NnfitError {
    const { text, line } = this.firstOther!;
    return new NnfitError("data", message, { at: this.place(line), have: `"${text}"`, try: way });
  }

  private unreadableCell(text: string, line: number): NnfitError {
    const deleting = deletingRows([text], { name: this.name, cells: 1 });
    return new NnfitError("data", `"${text}" is not a number`, {
      at: this.place(line),
      try: wayToWrite(text, this.decimal) ?? `${deleting}correcting the cell, or leaving it empty`,
      unreadable: true,
    });
  }
}
