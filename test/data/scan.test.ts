import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { numberIn } from "../../src/data/numbers.js";
import { type ScannedRows, Scanner } from "../../src/data/scan.js";

const scanned = (text: string, width: number, delimiter = ",", decimal = ".") =>
  new Scanner(delimiter.charCodeAt(0), width, decimal.charCodeAt(0)).scan(Buffer.from(text), 0, 1);

const texts = (rows: ScannedRows, column: number) =>
  Array.from({ length: rows.count }, (_, row) => rows.column(column).text(row));

/** The numbers that a column of such cells holds, and where they are left to JavaScript, undefined. */
function numbersIn(cells: readonly string[]): (number | undefined)[] {
  const { values, others } = scanned(cells.map((cell) => `${cell},\n`).join(""), 2)
    .column(0)
    .numbers();
  return [...values].map((value, row) => (others.includes(row) ? undefined : value));
}

describe("a decimal", () => {
  const piece = fc.constantFrom("0", "1", "5", "9", "12345678", "000", ".", "-", "+", "e", "E", " ", "x", "é");
  const digits = fc.stringMatching(/^[0-9]{1,25}$/);
  const exponent = fc.integer({ min: -80, max: 80 }).map((e) => `e${e}`);
  const text = fc.oneof(
    fc.array(piece, { maxLength: 7 }).map((pieces) => pieces.join("")),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.double({ min: -1e3, max: 1e3, noNaN: true }).map(String),
    fc.float({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.tuple(fc.integer(), fc.nat(999_999)).map(([whole, part]) => `${whole}.${part}`),
    fc.tuple(digits, digits, fc.option(exponent)).map(([whole, part, e]) => `${whole}.${part}${e ?? ""}`),
    fc.tuple(digits, exponent).map(([whole, e]) => whole + e),
  );

  it("is the nearest double, as Number() has it, and nothing else is one", () => {
    let read = 0;
    let all = 0;
    fc.assert(
      fc.property(fc.array(text, { minLength: 200, maxLength: 400 }), (cells) => {
        for (const [row, value] of numbersIn(cells).entries()) {
          all++;
          if (value === undefined) continue;
          read++;
          if (!Object.is(value, numberIn(cells[row]!.trim(), ".")))
            expect(value, cells[row]).toBe(numberIn(cells[row]!, "."));
        }
      }),
      { numRuns: 300 },
    );
    expect(read).toBeGreaterThan(all / 2);
  });

  it("is the same with a decimal comma, and with a point then none", () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 100, maxLength: 200 }), (cells) => {
        const column = (cells: readonly string[], decimal: string) =>
          scanned(cells.map((cell) => `${cell};\n`).join(""), 2, ";", decimal)
            .column(0)
            .numbers();
        const swapped = cells.map((cell) => cell.replaceAll(/[.,]/g, (mark) => (mark === "." ? "," : ".")));
        expect(column(swapped, ",")).toEqual(column(cells, "."));
        const others = [...column(cells, ",").others];
        for (const [row, cell] of cells.entries()) if (cell.includes(".")) expect(others, cell).toContain(row);
      }),
      { numRuns: 100 },
    );
  });

  it("is the nearest double close to halfway between two", () => {
    const half = fc
      .tuple(fc.bigInt({ min: 2n ** 52n, max: 2n ** 53n - 1n }), fc.integer({ min: 0, max: 10 }))
      .map(([mantissa, up]) => (2n * mantissa + 1n) * 2n ** BigInt(up));
    fc.assert(
      fc.property(fc.array(half, { minLength: 200, maxLength: 400 }), (halves) => {
        const cells = halves.flatMap((n) => [String(n), String(n + 1n), String(n - 1n), `${n}e-5`, `${n + 1n}e-9`]);
        for (const [row, value] of numbersIn(cells).entries()) {
          if (value !== undefined && value !== Number(cells[row])) expect(value, cells[row]).toBe(Number(cells[row]));
        }
      }),
      { numRuns: 100 },
    );
  });

  it.each([
    ...["0", "-0", "7", "+7", "-1.5", ".5", "5.", "  12.25\t", "123456789012345", "0.00000000000001", "1e3", "-2.5E-7"],
    ...["0.1234567890123456", "9007199254740995e1", "1e22", "1234567890123456789", "0000000000000000000000.5"],
  ])("%s is read", (text) => {
    expect(numbersIn([text])).toEqual([Number(text)]);
  });

  it.each(['"1.5"', '" 7 "', '"-0.1234567890123456"', '"1e3"'])("in quotes is read: %s", (text) => {
    expect(numbersIn([text])).toEqual([Number(text.slice(1, -1))]);
  });

  it.each([
    ...['""', '" "', '"1""2"', '"""1"""'],
    ...["", " ", ".", "-", "+-1", "1 2", "0x10", "1_000", "1;5", "inf", "NaN", "1.2.3", "e5", "1e", "1e+", "1e5x"],
    ...["1e400", "12345678901234567890", "1e-400", "4.9e-324"],
    ...["9007199254740993", "1e23"], // halfway between two doubles, or nearly
  ])("%j is left to others", (text) => {
    expect(numbersIn([text])).toEqual([undefined]);
  });
});

describe("rows", () => {
  it("are what the delimiter cuts a line into; blank lines are passed over, and count", () => {
    const rows = scanned("a;b\r\n\n;\r\n\r\nc;d", 2, ";");
    expect(rows).toMatchObject({ count: 3, endsAt: 14, nextLine: 6 });
    expect([...rows.lines]).toEqual([1, 3, 5]);
    expect([0, 1, 2].map((row) => [rows.column(0).text(row), rows.column(1).text(row)])).toEqual([
      ["a", "b"],
      ["", ""],
      ["c", "d"],
    ]);
  });

  it.each(["1,2\n3\n4,5\n", "1,2\n3,4,5\n6,7\n", "1,2\n3", "1,2\n3,4,"])(
    "end before the first that is odd: %j",
    (text) => {
      expect(scanned(text, 2)).toMatchObject({ count: 1, endsAt: 4, nextLine: 2 });
    },
  );

  it("may have delimiters and line ends within quotes, which count as lines", () => {
    const rows = scanned('"a;\n""b""";1\r\n\n"";"2"\nc;"\r\n\n"\nd;4\n', 2, ";");
    expect(rows).toMatchObject({ count: 4, nextLine: 9, isUnfinished: false });
    expect([...rows.lines]).toEqual([1, 4, 5, 8]);
    expect(texts(rows, 0)).toEqual(['a;\n"b"', "", "c", "d"]);
    expect(texts(rows, 1)).toEqual(["1", "2", "\r\n\n", "4"]);
    expect(rows.column(1).numbers()).toEqual({ values: Float64Array.of(1, 2, NaN, 4), others: Int32Array.of(2) });
  });

  it.each(['a"b,1\n', '"a"b,1\n', ' "a",1\n', '"a" ,1\n', 'x,"a"""b\n', '"a""b"c,1\n'])(
    "end before the first with a quote where none may be: %j, wherever in the sixteen bytes",
    (odd) => {
      for (let length = 0; length < 20; length++) {
        const fine = `"${"x".repeat(length)}",1\n`;
        expect(scanned(`${fine}${odd}3,4\n`, 2)).toMatchObject({ count: 1, endsAt: fine.length, isUnfinished: false });
      }
    },
  );

  it("end before one that the block does not end", () => {
    for (const open of ['2,"', '2,"\n', '2,"a""', '"a\nb,3\n', '"']) {
      expect(scanned(`1,2\n${open}`, 2)).toMatchObject({ count: 1, endsAt: 4, nextLine: 2, isUnfinished: true });
    }
    expect(scanned('1,2\n2,"a"', 2)).toMatchObject({ count: 2, isUnfinished: false });
  });

  it("begin where they are told to", () => {
    const rows = new Scanner(0x2c, 2, 0x2e).scan(Buffer.from("x,y\n1,2\n3,4\n"), 4, 2);
    expect([...rows.lines]).toEqual([2, 3]);
    expect(rows).toMatchObject({ endsAt: 12, nextLine: 4 });
    expect([...rows.column(1).numbers().values]).toEqual([2, 4]);
  });
});

it("words are told apart by all their bytes, however many there are", () => {
  const words = fc.array(fc.stringMatching(/^[ab é]{0,3}$/), { minLength: 1, maxLength: 500 });
  fc.assert(
    fc.property(words, (cells) => {
      const found = scanned(cells.map((cell) => `${cell},x\n`).join(""), 2)
        .column(0)
        .words();
      expect(found.words).toEqual([...new Set(cells)]);
      expect([...found.codes]).toEqual(cells.map((cell) => found.words.indexOf(cell)));
    }),
  );
});
