import { NnfitError } from "../errors.js";
import type { CellFormat } from "./csv.js";
import { Growing } from "./growing.js";
import { listed } from "./header.js";
import {
  hasDecimals,
  hasZeros,
  isOtherwiseWritten,
  MARKS,
  numberReader,
  otherMark,
  wayToRead,
  wayToWrite,
} from "./numbers.js";
import type { CellReceiver } from "./rows.js";
import type { ScannedColumn } from "./scan.js";
import type { Column, ColumnType } from "./table.js";

/** A column with at least this share of numbers is a column of numbers, and the other cells are mistakes. */
const NEARLY_ALL = 0.9;

/** Of so many rows it is seen how numbers are written: with zeros before them, with decimals for certain. */
const ROWS_LOOKED_AT = 200;
/** So many different cells tell what the marks in them are. */
const MOST_OTHERWISE = 100;

/** Of a column that is given as one of numbers. */
interface NumbersOptions {
  /** a cell that is none is kept apart, and is no error */
  readonly lenient?: boolean;
  /** the numbers are names of these classes */
  readonly classes?: readonly string[] | undefined;
}

/** A cell of a target that is none of a model's classes. */
export function unknownClass(text: string, classes: readonly string[], at: string, similar?: string): NnfitError {
  return new NnfitError("data", `"${text}" is none of the classes that the model knows`, {
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
  private readonly decimal: CellFormat["decimal"];
  private readonly numberIn: (text: string) => number | undefined;
  private type: ColumnType | undefined;
  private numbers = 0;
  private others = 0;
  /** of them, those that look like numbers with other marks; some of these */
  private otherwiseWritten = 0;
  private readonly otherwise = new Set<string>();
  /** A cell that looks like a number is one, and not a word for a missing value such as -999. */
  private readonly numbersArePresent: boolean;
  private withZeros: string | undefined;
  private withDecimals = false;
  private withGroups: string | undefined;
  private largestWhole = 0;
  private firstOther: { text: string; line: number } | undefined;
  private readonly unreadable = new Map<number, string>();

  constructor(
    readonly name: string,
    private readonly given: ColumnType | undefined,
    { missing, decimal, thousands }: CellFormat,
    private readonly source: string,
    private readonly ofNumbers: NumbersOptions = {},
  ) {
    this.missing = new Set(missing);
    this.decimal = decimal;
    this.numberIn = numberReader({ decimal, thousands });
    this.numbersArePresent = missing.every((word) => this.numberIn(word) === undefined);
    this.type = given;
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
    if (this.missing.has(text)) {
      if (this.type !== "category") this.values.push(Number.NaN);
      if (this.type !== "number") this.codes.push(-1);
      return;
    }
    const value = this.given === "category" ? undefined : this.numberIn(text);
    if (value === undefined) {
      this.others++;
      if (isOtherwiseWritten(text, this.decimal)) {
        this.otherwiseWritten++;
        if (this.otherwise.size < MOST_OTHERWISE) this.otherwise.add(text);
      }
      this.firstOther ??= { text, line };
      if (this.given === "number") {
        const { lenient, classes } = this.ofNumbers;
        if (!lenient && classes) throw unknownClass(text, classes, this.place(line));
        if (!lenient) throw this.notNumber(`"${text}" is not a number`, wayToWrite(text, this.decimal));
        this.unreadable.set(this.values.size, text);
      }
    } else {
      this.numbers++;
      if (!this.given && this.values.size < ROWS_LOOKED_AT) this.lookAt(text);
    }

    this.type ??= value === undefined ? "category" : "number"; // the first present cell decides what is collected
    if (this.type === "number") this.values.push(value ?? Number.NaN);
    else this.codes.push(this.code(text));
  }

  pushColumn(column: ScannedColumn, lines: Int32Array): void {
    if (this.type === "category") this.pushWords(column);
    else if (this.numbersArePresent) this.pushNumbers(column, lines);
    else for (const [row, line] of lines.entries()) this.push(column.text(row), line);
  }

  private pushNumbers(column: ScannedColumn, lines: Int32Array): void {
    const { values, others } = column.numbers();
    const first = this.given ? 0 : Math.min(lines.length, ROWS_LOOKED_AT - this.values.size);
    for (let row = 0; row < first; row++) {
      if (!Number.isNaN(values[row])) this.lookAt(column.text(row).trim());
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

  private lookAt(number: string): void {
    if (hasZeros(number)) this.withZeros ??= number;
    else if (hasDecimals(number)) this.withDecimals = true;
    else if (number.includes(this.decimal)) this.withGroups ??= number;
    else this.largestWhole = Math.max(this.largestWhole, Math.abs(this.numberIn(number) ?? 0));
  }

  /** Where decimals had zeros cut off at their ends, some would have fewer than three; and thousands have no whole ones. */
  private get mayHaveGroups(): boolean {
    const whole = this.largestWhole;
    if (this.given || this.withDecimals || whole === 0 || whole >= 1000) return false;
    return this.values.whole().every((value) => Number.isNaN(value) || (Math.abs(value) < 1000 && isThousandth(value)));
  }

  /** Each different cell is looked at once. */
  private pushWords(column: ScannedColumn): void {
    const { words, codes } = column.words();
    const known = words.map((word) => {
      const text = word.trim();
      if (this.missing.has(text)) return { code: -1, number: 0, other: 0, otherwise: 0 };
      const number = Number(!this.given && this.numberIn(text) !== undefined);
      const otherwise = Number(isOtherwiseWritten(text, this.decimal));
      return { code: this.code(text), number, other: 1 - number, otherwise };
    });
    const found = codes.map((code) => known[code]!.code);
    for (const code of codes) {
      this.numbers += known[code]!.number;
      this.others += known[code]!.other;
      this.otherwiseWritten += known[code]!.otherwise;
    }
    this.codes.append(found);
  }

  /** It began with numbers, and words came after. */
  get turnedToWords(): boolean {
    return this.type === "number" && this.others > 0;
  }

  /** That the column is not one of numbers with mistakes in it; `others` are those of the same table. */
  check(others: readonly ColumnBuilder[] = [], { mayBeWords = true } = {}): void {
    if (this.given || this.others === 0) return;
    const orWords = !mayBeWords ? "" : `, or data.types: { "${this.name}": "category" }`;
    if (this.otherwiseWritten === this.others) throw this.otherwiseWrittenError(others, orWords);
    if (this.numbers < NEARLY_ALL * (this.numbers + this.others)) return;
    const cells = this.others === 1 ? "one is not" : `${this.others} are not`;
    const missing = JSON.stringify([...this.missing, this.firstOther?.text]);
    const way = `correcting the cell${mayBeWords ? "," : " or"} data.missing: ${missing}${orWords}`;
    throw this.notNumber(`the cells of this column are numbers, but ${cells}`, way);
  }

  private otherwiseWrittenError(others: readonly ColumnBuilder[], orWords: string): NnfitError {
    const { decimal } = this;
    const { text = "" } = this.firstOther ?? {};
    const marks = MARKS[text.includes(otherMark(decimal)) ? otherMark(decimal) : decimal];
    const texts =
      this.type === "number"
        ? [...this.otherwise]
        : [...this.codeOf.keys()].filter((word) => isOtherwiseWritten(word, decimal));
    if (this.hasDecimals) {
      const cells = this.others === 1 ? `one has a ${marks.slice(0, -1)}` : `${this.others} have ${marks}`;
      const way = wayToWrite(text, decimal) ?? wayToRead(texts, decimal, this.name);
      return this.notNumber(`the cells of this column are numbers, but ${cells}`, way + orWords);
    }
    const way = wayToRead(texts, decimal, others.find(({ hasDecimals }) => hasDecimals)?.name);
    const what = `the cells of this column look like numbers, but have ${marks} in them`;
    return this.notNumber(what, way + orWords);
  }

  /** Whether some of its numbers have decimals, and so the mark that was expected. */
  private get hasDecimals(): boolean {
    if (this.type === "number") return this.withDecimals || haveDecimals(this.values.whole(), ROWS_LOOKED_AT);
    return [...this.codeOf.keys()].some((text) => hasDecimals(text) && this.numberIn(text) !== undefined);
  }

  finish(): Column {
    const { name, decimal, unreadable, withZeros, withGroups } = this;
    const { lenient } = this.ofNumbers;
    return this.type === "category"
      ? { type: "category", name, codes: this.codes.whole(), categories: [...this.codeOf.keys()], decimal }
      : {
          type: "number",
          name,
          values: this.values.whole(),
          ...(lenient && { unreadable }),
          ...(withZeros !== undefined && { withZeros }),
          ...(withGroups !== undefined && this.mayHaveGroups && { withGroups }),
        };
  }

  private code(text: string): number {
    const code = this.codeOf.get(text) ?? this.codeOf.size;
    this.codeOf.set(text, code);
    return code;
  }

  private place(line: number): string {
    return `${this.source}:${line}, column "${this.name}"`;
  }

  private notNumber(message: string, way = "correcting the cell, or leaving it empty"): NnfitError {
    const { text, line } = this.firstOther!;
    return new NnfitError("data", message, {
      at: this.place(line),
      have: this.given ? undefined : `"${text}"`,
      try: way,
    });
  }
}

/**
 * Whether numbers whose text is no longer known have decimals: some have other than three of them, or all have fewer, and
 * the first rows, of which it is known that they could be thousands, have none.
 */
function haveDecimals(values: Float64Array, first: number): boolean {
  const isFraction = (value: number) => !Number.isNaN(value) && !Number.isInteger(value);
  const fractions = values.subarray(first).filter(isFraction);
  const isGroup = (value: number) => !hasDecimals(value.toFixed(3)) && isThousandth(value);
  if (fractions.some((value) => !isGroup(value))) return true;
  const areShort = fractions.every((value) => Number(value.toFixed(2)) === value);
  return fractions.length > 0 && areShort && !values.subarray(0, first).some(isFraction);
}

function isThousandth(value: number): boolean {
  return Number(value.toFixed(3)) === value;
}
