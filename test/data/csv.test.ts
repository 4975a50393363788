import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csvLine, type Records, readRecords } from "../../src/data/csv.js";
import { findDelimiter } from "../../src/data/delimiter.js";
import { readRows } from "../../src/data/rows.js";
import type { Source } from "../../src/data/source.js";
import { byDefault, inChunks, refusal, sourceOf } from "./source.js";

/** The header and all rows, as text. */
async function recordsOf(source: Source | string, delimiter = "auto", skipLines = 0): Promise<Records> {
  const cells: string[][] = [];
  const lines: number[] = [];
  const blocks = readRows(typeof source === "string" ? sourceOf(source) : source, {
    ...byDefault,
    delimiter,
    skipLines,
  });
  for await (const { header, headerLine, rows } of blocks) {
    if (cells.length === 0) {
      cells.push([...header]);
      lines.push(headerLine);
    }
    const columns = header.map((_, place) => {
      const column: string[] = [];
      rows.fill(
        {
          push: (text) => column.push(text),
          pushColumn: (scanned, lines) => column.push(...Array.from(lines, (_, row) => scanned.text(row))),
        },
        place,
      );
      return column;
    });
    cells.push(...Array.from(rows.lines, (_, row) => columns.map((column) => column[row]!)));
    lines.push(...rows.lines);
  }
  return { cells, lines };
}

/** The same by csv-parse alone. */
async function parsedRecordsOf(source: Source, delimiter: string): Promise<Records> {
  const cells: string[][] = [];
  const lines: number[] = [];
  for await (const block of readRecords(source, { ...byDefault, delimiter })) {
    cells.push(...block.cells);
    lines.push(...block.lines);
  }
  return { cells, lines };
}

const refused = (source: Source | string, delimiter?: string) => refusal(() => recordsOf(source, delimiter));

describe("plain blocks and csv-parse", () => {
  const piece = fc.constantFrom(
    "a",
    "é",
    "1",
    "-2.5",
    ",",
    ",",
    ",",
    "\n",
    "\n",
    "\r\n",
    "\r",
    '"',
    " ",
    "\0",
    "3e4",
    "😀",
  );
  const text = fc.array(piece, { maxLength: 40 }).map((pieces) => `a,b,c\n${pieces.join("")}`);
  /** Mostly right, so that much of it is read before an odd row. */
  const quotedCell = fc.oneof(
    {
      weight: 12,
      arbitrary: fc.constantFrom('"a"', '""', '"x,y"', '"1.5"', '"two\nlines"', '"two\r\nlines"', '"a ""b"" c"'),
    },
    { weight: 8, arbitrary: fc.constantFrom("a", "", "é", "-2.5", '"""', '" "', "' '") },
    { weight: 1, arbitrary: fc.constantFrom('"', 'a"', '"a" ', '"a"b', ' "a"', '"\r"', '""""', '"😀""', "\r") },
  );
  const ends = fc.constantFrom("\n", "\r\n", "\n\n");
  const quotedText = fc.integer({ min: 1, max: 4 }).chain((width) => {
    const row = fc
      .tuple(fc.array(quotedCell, { minLength: width, maxLength: width }), ends)
      .map(([cells, end]) => cells.join(",") + end);
    const names = fc
      .constantFrom(["a", "b", "c", "d"], ['"a"', '"b ""c"""', "c", "d"], ['\ufeff"a\nb"', "b", '"c,d"', "e"])
      .map((cells) => cells.slice(0, width).join(","));
    return fc
      .tuple(names, ends, fc.array(row, { maxLength: 30 }), fc.nat(3))
      .map(([names, end, rows, cut]) => names + end + (cut === 0 ? rows.join("").slice(0, -1) : rows.join("")));
  });
  /** A table's records, or the error that it ends in. */
  const told = (records: Promise<Records>) =>
    records.catch((error) => ({ kind: error.kind, message: error.message, details: error.details }));

  it("give the same records, lines and errors for any text, in whatever chunks", async () => {
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.nat(80), { maxLength: 4 }), async (text, cuts) => {
        const both = await told(recordsOf(sourceOf(text, cuts), ","));
        const parsed = await told(parsedRecordsOf(sourceOf(text), ","));
        expect(both).toEqual(parsed);
      }),
      { numRuns: 2000 },
    );
  });

  it("give the same for any quotes, in whatever chunks", async () => {
    await fc.assert(
      fc.asyncProperty(quotedText, fc.array(fc.nat(400), { maxLength: 6 }), async (text, cuts) => {
        const both = await told(recordsOf(sourceOf(text, cuts), ","));
        expect(both).toEqual(await told(parsedRecordsOf(sourceOf(text), ",")));
      }),
      { numRuns: 3000 },
    );
  });

  it("give the same for a long table whose cells have line ends, wherever chunks end", async () => {
    const cell = (row: number) => `"${"line\n".repeat(row % 40)}""${row}"", and more"`;
    const lines = Array.from({ length: 5_000 }, (_, row) => `${row},${cell(row)},"${row / 8}"`);
    for (const end of ["", '1,"never closed,3\n4,5,6\n', '1,"a"b,3\n']) {
      const text = ["a,b,c", ...lines, end].join("\n");
      const parsed = await told(parsedRecordsOf(sourceOf(text), ","));
      for (const size of [66_000, 100_003]) expect(await told(recordsOf(inChunks(text, size)))).toEqual(parsed);
    }
  });

  it("give the same for a row of some megabytes", async () => {
    const text = `a,b\n1,2\n3,"${"x\n".repeat(1_500_000)}"\n5,6\n`;
    const both = await recordsOf(inChunks(text, 2 ** 18));
    expect(both.lines).toEqual([1, 2, 3, 1_500_004]);
    expect(both).toEqual(await parsedRecordsOf(sourceOf(text), ","));
  });

  it("give the same for a long table whose quotes, blank lines and faults come late", async () => {
    const lines = Array.from({ length: 30_000 }, (_, row) => `${row},${row / 8},word ${row % 7}`);
    const late = ["", "1,2,3", "", '"1,5",2,3', "4,5,6", "7,8"];
    for (const end of late.keys()) {
      const text = ["a,b,c", ...lines, ...late.slice(0, end + 1), "9,9,9", ""].join("\r\n");
      const both = await told(recordsOf(inChunks(text, 50_000)));
      expect(both).toEqual(await told(parsedRecordsOf(sourceOf(text), ",")));
    }
  });
});

describe("records", () => {
  const cell = fc.oneof(
    fc.string({ unit: fc.constantFrom('"', ",", "\n", "\r", "\r\n", ";", "\t", " ", "a", "é", "€", "😀", "\u2028") }),
    fc.string({ unit: "binary" }).map((text) => text.replaceAll("\0", "")),
  );
  const cutTable = fc.integer({ min: 1, max: 4 }).chain((width) =>
    fc.record({
      // a record of one empty cell is a blank line
      rows: fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 6 }),
      cuts: fc.array(fc.nat(200), { maxLength: 8 }),
    }),
  );

  it("read back what csvLine wrote, in whatever chunks the bytes come", async () => {
    await fc.assert(
      fc.asyncProperty(cutTable, async ({ rows, cuts }) => {
        fc.pre(!rows[0]![0]!.startsWith("\ufeff")); // that would be a byte order mark
        const { cells } = await recordsOf(sourceOf(rows.map(csvLine).join(""), cuts), ",");
        expect(cells).toEqual(rows);
      }),
      { numRuns: 300 },
    );
  });

  it("begin on the lines that an editor shows, whatever the line ends, blank lines and chunks", async () => {
    const row = (...ends: string[]) => {
      const end = fc.constantFrom(...ends);
      return fc.record({ blank: fc.array(end, { maxLength: 2 }), inside: fc.array(end, { maxLength: 2 }), end });
    };
    // a CR before an LF would be one line end
    const rows = fc
      .constantFrom(["\n"], ["\r\n"], ["\r"], ["\n", "\r\n"])
      .chain((ends) => fc.array(row(...ends), { minLength: 1, maxLength: 5 }));
    const cuts = fc.array(fc.nat(120), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(rows, cuts, async (rows, cuts) => {
        let text = "";
        const expected: number[] = [];
        for (const { blank, inside, end } of rows) {
          text += blank.join("");
          expected.push(text.split(/\r\n|\n|\r/).length);
          text += `"a${inside.map((end) => `${end}b`).join("")}",c${end}`;
        }
        expect((await recordsOf(sourceOf(text, cuts), ",")).lines).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  it("may end in LF, CRLF or CR, mixed, and the last one in nothing", async () => {
    const { cells, lines } = await recordsOf("a,b\r\n1,2\n3,4\r5,6");
    expect(cells).toEqual([
      ["a", "b"],
      ["1", "2"],
      ["3", "4"],
      ["5", "6"],
    ]);
    expect(lines).toEqual([1, 2, 3, 4]);
  });

  it("count a CRLF inside a quoted cell as one line", async () => {
    expect((await recordsOf('a,b\r\n"x\r\ny",1\r\nz,2\r\n')).lines).toEqual([1, 2, 4]);
  });

  it("come without the byte order mark, also when the header is quoted and the mark cut in two", async () => {
    const bytes = Buffer.from('\ufeff"a",b\n1,2\n');
    for (let size = 1; size <= 4; size++) {
      expect((await recordsOf(inChunks(bytes, size))).cells).toEqual([
        ["a", "b"],
        ["1", "2"],
      ]);
    }
  });

  it("keep an empty cell in quotes, and pass over blank lines", async () => {
    const { cells, lines } = await recordsOf('a\n\n""\n\n\n1\n');
    expect(cells).toEqual([["a"], [""], ["1"]]);
    expect(lines).toEqual([1, 3, 6]);
  });

  it("come after the lines to skip, which count", async () => {
    for (const title of ['Report; "of" March,\n\n', "Report\r\n\r\n", "Report\r\r"]) {
      for (const header of ["a,b", '"a",b']) {
        for (const row of ["3,4", '3,"4"']) {
          const text = `${title}${header}\n1,2\n\n${row}\n5,6,7\n`;
          const fine = await recordsOf(text.slice(0, -6), "auto", 2);
          expect(fine).toEqual({
            cells: [
              ["a", "b"],
              ["1", "2"],
              ["3", "4"],
            ],
            lines: [3, 4, 6],
          });
          const error = await refusal(() => recordsOf(text, "auto", 2));
          expect(error.details.at).toBe("t.csv:7");
        }
      }
    }
  });

  it("come after more lines to skip than a block has, whatever chunks there are", async () => {
    const title = `${"x,".repeat(100)}\n`.repeat(900);
    const text = `${title}a,mm,x;b;y\n${"1;2;3\n".repeat(300)}`;
    for (const size of [65_536, 100_000, 2 ** 18]) {
      const { cells, lines } = await recordsOf(inChunks(text, size), "auto", 900);
      expect(cells.slice(0, 2)).toEqual([
        ["a,mm,x", "b", "y"],
        ["1", "2", "3"],
      ]);
      expect([cells.length, lines[0]]).toEqual([301, 901]);
    }
  });

  it("may not all be skipped", async () => {
    for (const text of ["a,b\n", "a,b", "a,b\r\n"]) {
      expect(await refusal(() => recordsOf(text, "auto", 1))).toMatchObject({
        kind: "data",
        message: "the table has no header after the line to skip",
        details: { at: "t.csv", try: "a smaller data.skipLines" },
      });
    }
  });

  it("are looked for in vain in an empty table", async () => {
    for (const empty of ["", "\n\r\n\n", "\ufeff"]) {
      expect(await refused(empty)).toMatchObject({ kind: "data", message: "the table is empty" });
    }
  });
});

describe("the delimiter", () => {
  it.each([
    ["comma", "a,b\n1,2\n3,4\n", ","],
    ["semicolon", "a;b\n1;2\n3;4\n", ";"],
    ["semicolon, with decimal commas", "a;b;c\n1,5;2,5;3,5\n4,0;1,25;7,5\n", ";"],
    ["semicolon, with a comma in a heading", "length, cm;width, cm;kind\n1;2;x\n3;4;y\n", ";"],
    ["tab", "a\tb\n1\t2\n", "\t"],
    ["tab, with commas in the cells", "name\tx\nSmith, J\t1\nMiller, K\t2\n", "\t"],
    ["pipe", "a|b\n1|2\n", "|"],
    ["comma for one column only", "a\n1\n2\n", ","],
    ["comma for one column of text with semicolons", "text\nx; y\nz\n", ","],
    ["of a header alone", "a;b;c", ";"],
    ["of a header and one row", "a\tb,c\td\n1\t2\t3", "\t"],
    ["not one inside quotes", '"a;b;c",d\n"1;2;3",4\n', ","],
    ["not one inside the quotes of a header alone", '"a;b;c",d\n', ","],
    ["not one inside the quotes of a header before one row", '"a;b;c",d\n1,2', ","],
    ["with newlines inside quotes", '"a\nb";c\n"1\n2";3\n', ";"],
    ["with CR as line end", "a;b\r1;2\r3;4\r", ";"],
  ])("is found out: %s", async (_, text, expected) => {
    expect(await findDelimiter(text, ".")).toBe(expected);
  });

  it("is found out from the first rows of a long table, cut anywhere", async () => {
    const text = `a;b\n${"1,5;2,5\n".repeat(9_000)}`;
    const { cells } = await recordsOf(inChunks(text, 20_011));
    expect(cells).toHaveLength(9_001);
    expect(cells.every((row) => row.length === 2)).toBe(true);
  });

  it("is the given one, whatever the table looks like", async () => {
    expect((await recordsOf("a;b,c\n1;2,3\n", ",")).cells).toEqual([
      ["a;b", "c"],
      ["1;2", "3"],
    ]);
    expect((await recordsOf("a§b\n1§2\n", "§")).cells).toEqual([
      ["a", "b"],
      ["1", "2"],
    ]);
  });
});

describe("what is no CSV text", () => {
  const notUtf8 = { kind: "data", message: "the table is not UTF-8 text" };
  /** A table of which one line has the bytes given, all else being fine. */
  const broken = (line: number, bytes: readonly number[], end = "\n") =>
    Buffer.concat(
      Array.from({ length: 9 }, (_, i) =>
        i + 1 === line
          ? Buffer.concat([Buffer.from("x"), Buffer.from(bytes), Buffer.from(`,1${end}`)])
          : Buffer.from(`é€😀,${i}${end}`),
      ),
    );

  it.each([
    ["a Latin-1 é", [0xe9]],
    ["half a character", [0xe2, 0x82]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["too long a form", [0xc0, 0xaf]],
  ])("is refused with the line it stands on, in whatever chunks: %s", async (_, bytes) => {
    for (const end of ["\n", "\r\n"]) {
      for (const line of [1, 2, 5, 9]) {
        const table = broken(line, bytes, end);
        for (const size of [1, 2, 3, 5, 7, 16, 1000]) {
          const error = await refused(inChunks(table, size));
          expect(error, `${JSON.stringify(end)} line ${line}, chunks of ${size}`).toMatchObject({
            ...notUtf8,
            details: { at: `t.csv:${line}` },
          });
        }
      }
    }
  });

  it("is refused: a character cut off by the end of the file", async () => {
    expect(await refused(sourceOf(Buffer.from([0x61, 0x0a, 0x31, 0x0a, 0xe2, 0x82])))).toMatchObject({
      ...notUtf8,
      details: { at: "t.csv:3", try: expect.stringContaining("saving it as UTF-8") },
    });
  });

  it("is refused: a NUL byte, with its line", async () => {
    for (const size of [1, 3, 1000]) {
      expect(await refused(inChunks("a,b\r\n1,2\r\n3,\0\r\n", size))).toMatchObject({
        kind: "data",
        details: { at: "t.csv:3" },
      });
    }
  });
});

describe("a broken row is refused with the line it begins on", () => {
  it.each([
    ["too few cells", "a,b,c\n1,2,3\n4,5\n", 3, "a row has 2 cells where the header has 3"],
    ["too many cells", "a,b\n1,2\n1,2,3\n", 3, "a row has 3 cells where the header has 2"],
    ["one cell", "a,b\n1\n", 2, "a row has 1 cell where the header has 2"],
    [
      "after blank lines and newlines in cells",
      'a,b\n\n"x\n\ny",2\n\n1\n',
      7,
      "a row has 1 cell where the header has 2",
    ],
    ["with newlines in its own cells", 'a,b\n"x\ny"\n', 2, "a row has 1 cell where the header has 2"],
  ])("ragged: %s", async (_, text, line, message) => {
    for (const size of [1, 1000]) {
      const error = await refused(inChunks(text, size), ",");
      expect(error).toMatchObject({ kind: "data", message, details: { at: `t.csv:${line}` } });
    }
  });

  it.each([
    ["that end with a delimiter", "a,b\n1,2,\n3,4,\n", /^removing the delimiters at the ends of rows/],
    [
      "that R's write.table names",
      'a,b\n"1",1,2\n"2",3,4\n',
      /^a name for the first column, .* col\.names = NA\); or quoting/,
    ],
    ["one of which has a delimiter in a cell", "a,b\n1,2\n1,2,3\n", /^quoting cells .* \(data\.delimiter\)$/],
    ["of other numbers of cells", "a,b\n1,2,3,4\n", /^quoting cells/],
    ["that end with several delimiters", "a,b\n1,2,,,\n3,4,,,\n", /^removing the delimiters at the ends of rows/],
    ["below the table", "a,b\n1,2\n(1 row)\n", /^deleting the line, if it is a note below the table, or naming the/],
    ["below a title", "# exported\n\na,b,c\n1,2,3\n", /^data\.skipLines, if a title comes first/],
  ])("with what to do about rows %s", async (_, text, way) => {
    const error = await refused(sourceOf(text), ",");
    expect(error).toMatchObject({ details: { try: expect.stringMatching(way) as string } });
  });

  it.each([
    ["(150 rows)", '"(150 rows)"'],
    ["x".repeat(100), `"${"x".repeat(80)}…"`],
    ["1,2,3", undefined],
  ])("with the cell of a row that has one alone: %s", async (line, have) => {
    expect((await refused(sourceOf(`a,b\n1,2\n${line}\n`), ",")).details.have).toBe(have);
  });

  it.each([
    ["in the header", '"a,b\n1,2\n', 1],
    ["in the last row", 'a,b\n1,2\n3,"4\n5,6\n', 3],
    ["after blank lines", 'a,b\n1,2\n\n\n3,"4\n5,6\n', 5],
    ["after newlines in cells", 'a,b\n"x\ny",2\n3,"4\n5,6\n', 4],
  ])("an unclosed quote: %s", async (_, text, line) => {
    for (const size of [1, 1000]) {
      expect(await refused(inChunks(text, size), ",")).toMatchObject({
        kind: "data",
        message: "a quote is opened in this row and never closed",
        details: { at: `t.csv:${line}` },
      });
    }
  });

  it("an unclosed quote in a table too long to be one row", async () => {
    const text = `a,b\n1,2\n"3,4\n${"5,6\n".repeat(4.3e6)}`;
    const error = await refused(inChunks(text, 2 ** 22));
    expect(error).toMatchObject({ kind: "data", details: { at: "t.csv:3" } });
    expect(error.message).toContain("an unclosed quote");
  });

  it.each([
    ["after a word", 'a,b\n1,2\nx"y,2\n', 3],
    ["after a closed quote", 'a,b\n1,2\n"x"y,2\n', 3],
    ["after newlines in cells", 'a,b\n"x\ny",2\nx"y,2\n', 4],
  ])("a quote in the middle of a cell: %s", async (_, text, line) => {
    for (const size of [1, 1000]) {
      expect(await refused(inChunks(text, size), ",")).toMatchObject({
        kind: "data",
        message: "a quote is in the middle of a cell",
        details: { at: `t.csv:${line}` },
      });
    }
  });
});

it("names the delimiter of a table whose quoted cells are followed by blanks, as R writes it", async () => {
  const table = '"x" "y"\n"1" 0.5 0.6\n';
  expect((await refused(sourceOf(table))).details.try).toMatch(
    /^data\.delimiter: " ", if spaces separate the cells, or /,
  );
  expect((await refused(sourceOf('a,b\n"x"y,2\n'))).details.try).toMatch(/^quoting the whole cell/);
});

describe("csvLine", () => {
  it("quotes what has to be quoted and nothing else", () => {
    expect(csvLine(["a", "1.5", " b ", "c;d"])).toBe("a,1.5, b ,c;d\n");
    expect(csvLine(['say "hi"', "x,y", "two\nlines", ""])).toBe('"say ""hi""","x,y","two\nlines",\n');
  });

  it("writes a single empty cell so that it is no blank line", () => {
    expect(csvLine([""])).toBe('""\n');
  });
});
