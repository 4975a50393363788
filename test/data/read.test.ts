import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readBlocks, readColumns, readTable, type WantedColumn } from "../../src/data/read.js";
import { fileSource } from "../../src/data/source.js";
import {
  type CategoryColumn,
  columnOf,
  type NumberColumn,
  type Table,
  takeRows,
  textOf,
} from "../../src/data/table.js";
import { byDefault, cells, inChunks, refusal, sourceOf, tableOf } from "./source.js";

const refused = (text: string, options: Parameters<typeof tableOf>[1] = {}) => refusal(() => tableOf(text, options));
const typeOf = async (...texts: string[]) =>
  columnOf(await tableOf(`x,y\n${texts.map((text) => `"${text}",1\n`).join("")}`), "x")!.type;

describe("the type of a column", () => {
  it.each(["1", "-1", "+1", "1.5", ".5", "5.", "1e-3", "1E3", "-2.5e+10", "007", "1e308", "1e-400", " 3 ", "-0"])(
    "is a number for %s",
    async (text) => {
      expect(await typeOf(text)).toBe("number");
      expect(cells(await tableOf(`x,y\n"${text}",1\n`), "x")).toEqual([Number(text)]);
    },
  );

  it.each([
    "1e400",
    "-1e400",
    "inf",
    "Infinity",
    "-inf",
    "0x10",
    "0b1",
    "1_000",
    "1 000",
    "1.5.2",
    "e5",
    "1e",
    "-",
    ".",
    "١",
    "1%",
    "$5",
    "1.5f",
  ])("is a category for %s", async (text) => {
    expect(await typeOf(text)).toBe("category");
    expect(cells(await tableOf(`x,y\n"${text}",1\n`), "x")).toEqual([text]);
  });

  it("is a number where all present cells are numbers, whatever is missing", async () => {
    const table = await tableOf("x,y\n,1\nNA,1\n3,1\n?,1\nNaN,1\nnull,1\n4.5,1\n");
    expect(columnOf(table, "x")?.type).toBe("number");
    expect(cells(table, "x")).toEqual([undefined, undefined, 3, undefined, undefined, undefined, 4.5]);
  });

  it("is a category where fewer than nine in ten are numbers, and the cells keep their text", async () => {
    const table = await tableOf("x,y\n007,1\n7,1\n7.0,1\nbond,1\n1e3,1\n");
    expect(columnOf(table, "x")?.type).toBe("category");
    expect(cells(table, "x")).toEqual(["007", "7", "7.0", "bond", "1e3"]);
  });

  it("is found out whether words or numbers come first, in any chunks", async () => {
    for (const text of ["x,y\n,1\n007,1\nb,1\nb,2\n", "x,y\n,1\nb,1\n007,1\nb,2\n"]) {
      for (const size of [1, 4, 1000]) {
        const table = await readTable(inChunks(text, size), byDefault);
        expect(cells(table, "x").toSorted()).toEqual(["007", "b", "b", undefined]);
      }
    }
  });

  describe("of labels", () => {
    const labels = async (...texts: string[]) =>
      columnOf(await tableOf(`x,y\n${texts.map((text) => `1,${text}\n`).join("")}`, { labels: "y" }), "y")!;

    it.each([
      ["a zero in front", ["01001", "1001", "2000"]],
      ["a zero at the end", ["1.1", "1.10", "2"]],
      ["more digits than a double has", ["12345678901234567890", "12345678901234567891"]],
      ["an exponent", ["1e3", "1000"]],
    ])("stays as it is written with %s", async (_, texts) => {
      const table = await tableOf(`x,y\n${texts.map((text) => `1,${text}\n`).join("")}`, { labels: "y" });
      expect(cells(table, "y")).toEqual(texts);
      expect(cells(await tableOf(`x,y\n${texts.map((text) => `1,${text}\n`).join("")}`), "y")).toEqual(
        texts.map(Number),
      );
    });

    it("is a number where all are plain ones, so that 1 and 1.0 are one", async () => {
      expect(await labels("1", "2.0", "", "2", "-0.5")).toEqual({
        type: "number",
        name: "y",
        values: Float64Array.of(1, 2, Number.NaN, 2, -0.5),
      });
    });

    it("is a category where there are words, but for a few among numbers, which are mistakes", async () => {
      expect((await labels("1", "b", "01")).type).toBe("category");
      const texts = ["1", "2", "3", "4", "5", "6", "7", "", "8", "9", "1o"];
      expect(await refusal(() => labels(...texts))).toMatchObject({
        message: "the cells of this column are numbers, but one is not",
        details: { at: 't.csv:12, column "y"', have: '"1o"' },
      });
      const given = await tableOf("x,y\n1,01\n", { labels: "y", types: { y: "number" } });
      expect(cells(given, "y")).toEqual([1]);
    });
  });

  it.each(["\n", "\r"])("remembers the words for a missing cell that it met, where lines end with %j", async (end) => {
    const rows = Array.from({ length: 20_000 }, (_, i) => ["red", "", "blue"][i % 3]!);
    const first = [...rows, " NaN"]; // at the end, where the words of a block are looked at once each
    const read = async (cells: readonly string[]) => {
      const text = ["x,y", ...cells.map((cell, i) => `${cell},${i}`), ""].join(end);
      return columnOf(await readTable(inChunks(text, 2 ** 16), byDefault), "x");
    };
    expect(await read(first)).toMatchObject({ type: "category", missingWords: ["NaN"] });
    expect(await read(["NA", "?", ...first])).toMatchObject({ missingWords: ["NA", "?", "NaN"] });
    expect(await read(rows)).not.toHaveProperty("missingWords");
  });

  it("is a number, and all of it missing, for an empty column", async () => {
    expect(cells(await tableOf("x,y\n,1\nNA,2\n"), "x")).toEqual([undefined, undefined]);
  });

  it("reads words without the blanks around them, quoted or not", async () => {
    expect(cells(await tableOf('x,y\n a ,1\n"a",1\n" a",1\nNA ,1\n'), "x")).toEqual(["a", "a", "a", undefined]);
  });

  it("is not taken from JavaScript's own names", async () => {
    const table = await tableOf("constructor,toString,hasOwnProperty\n1,a,2\n3,b,4\n");
    expect(cells(table, "constructor")).toEqual([1, 3]);
    expect(cells(table, "toString")).toEqual(["a", "b"]);
    expect(cells(table, "hasOwnProperty")).toEqual([2, 4]);
  });
});

describe("numbers with commas in them", () => {
  it.each([
    ["decimal commas", ["1,5", "2,25", "-0,5"], 'data.decimal: ","'],
    ["commas between thousands", ["1,234", "12,345.5", "1,234,567"], 'data.thousands: ","'],
    ["the same twice in one", ["18,611", "71,919,838"], 'data.thousands: ","'],
    [
      "either",
      ["18,611", "3"],
      'data.decimal: "," if those are decimal commas, data.thousands: "," if they separate thousands',
    ],
    ["decimal commas among whole numbers", ["3", "4", "4,5", "5,5"], 'data.decimal: ","'],
    ["whole numbers among decimal commas", ["4,5", "3", "5,5", "4"], 'data.decimal: ","'],
    ["decimals, or thousands with points", ["33.737", "0,997"], 'data.decimal: ","'],
  ])("are an error that says so: %s", async (_, values, way) => {
    const error = await refused(`x;y\n${values.map((value) => `${value};0`).join("\n")}\n`);
    expect(error).toMatchObject({ kind: "data", message: expect.stringContaining("have commas in them") });
    const first = values.findIndex((value) => value.includes(","));
    expect(error.details).toMatchObject({
      at: `t.csv:${2 + first}, column "x"`,
      have: `"${values[first]}"`,
      try: `${way}, or data.types: { "x": "category" }`,
    });
  });

  it.each([
    [".", ["5,188.50", "7,200.25"], 'data.thousands: ",", or data.types: { "x": "category" }'],
    [".", ["5.188,50", "7.200,25"], 'data.decimal: "," and data.thousands: ".", or data.types: { "x": "category" }'],
    [",", ["1.234,5", "7"], 'data.thousands: ".", or data.types: { "x": "category" }'],
    [",", ["5.188,50", "7.200,25"], 'data.thousands: ".", or data.types: { "x": "category" }'],
    [",", ["5,188.50", "7,200.25"], 'data.decimal: "." and data.thousands: ",", or data.types: { "x": "category" }'],
  ] as const)("with the decimal %s, and %s, say what to do", async (decimal, [first, second], way) => {
    const error = await refusal(() => tableOf(`x;y\n${first};0\n${second};0\n`, { decimal }));
    expect(error.message).toContain(decimal === "." ? "have commas in them" : "have points in them");
    expect(error).toMatchObject({ details: { have: `"${first}"`, try: way } });
  });

  it("are no error in a column that is ignored", async () => {
    expect((await tableOf("x;y\n1,5;0\n2,5;0\n", { ignore: ["x"] })).rows).toBe(2);
  });

  it("are categories where the config says so, and so is a word with commas among others", async () => {
    expect(columnOf(await tableOf("x;y\n1,5;0\n2,5;0\n", { types: { x: "category" } }), "x")?.type).toBe("category");
    for (const cells of ["1,5 red", "1 1,5 red blue", "red 1 1,5", "1 red 1,5"]) {
      const table = await tableOf(
        `x;y\n${cells
          .split(" ")
          .map((cell) => `${cell};0`)
          .join("\n")}\n`,
      );
      expect(columnOf(table, "x")?.type, cells).toBe("category");
    }
  });
});

describe("marks between thousands, where the config says so,", () => {
  it.each([
    [".", ",", ["1,234.5", "-12,345,678", "1234.5", "0.5", "1e3"], [1234.5, -12345678, 1234.5, 0.5, 1000]],
    [",", ".", ["1.234,5", "-12.345.678", "1234,5", "0,5", "1e3"], [1234.5, -12345678, 1234.5, 0.5, 1000]],
    [",", " ", ["1 234,5", "12\u00a0345", "9\u202f999,", " 1 000 "], [1234.5, 12345, 9999, 1000]],
    [".", "'", ["1'234.5", "12\u2019345"], [1234.5, 12345]],
  ] as const)("with the decimal %s and %j, make numbers of the cells", async (decimal, thousands, written, values) => {
    const rows = (quote: string) => `x;y\n${written.map((cell) => `${quote}${cell}${quote};w`).join("\n")}\n`;
    for (const quote of ["", '"']) {
      expect(cells(await tableOf(rows(quote), { decimal, thousands }), "x")).toEqual(values);
    }
  });

  it.each(["0,753", "00,123", "1,23", "12,3456", ",123", "1,234,5", "1234,567", "1,,234", "1 234"])(
    "leave anything else for an error or a word: %s",
    async (cell) => {
      const error = await refusal(() => tableOf(`x;y\n${cell};1\n2;1\n`, { thousands: ",", types: { x: "number" } }));
      expect(error.message).toBe(`"${cell}" is not a number`);
    },
  );

  it("may not be the decimal point", async () => {
    expect(await refusal(() => tableOf("x;y\n1;2\n", { thousands: "." }))).toMatchObject({
      kind: "usage",
      message: "the decimal mark can't also separate thousands",
      details: { setting: "data.thousands" },
    });
  });
});

describe("decimal commas, where the config says so,", () => {
  const decimal = "," as const;

  it("make the same table as points do, in both lanes", async () => {
    const numbers = ["1.5", "-0.25", ".5", "5.", "+2.5e-3", "1e3", "12", "NA", "", "0.1234567890123456789", " 3.5 "];
    const rows = numbers.map((number, i) => [number, `word ${i % 3}`, String(i / 4)]);
    const text = (cell: (text: string) => string) =>
      ["x;kind;y", ...rows.map((row) => row.map(cell).join(";"))].join("\n");
    const points = await tableOf(text((cell) => cell));
    const comma = (cell: string) => cell.replace(".", ",");
    expect(cells(points, "x")[0]).toBe(1.5);
    const same = ({ columns, ...rest }: Table) => ({
      ...rest,
      columns: columns.map((column) => (column.type === "category" ? { ...column, decimal } : column)),
    });
    expect(await tableOf(text(comma), { decimal })).toEqual(same(points));
    expect(await tableOf(text((cell) => `"${comma(cell)}"`).replaceAll(";", ","), { decimal })).toEqual(
      same(await tableOf(text((cell) => `"${cell}"`).replaceAll(";", ","))),
    );
  });

  it("leave points for an error that says so", async () => {
    for (const values of [
      ["1.5", "2.25"],
      ["3", "1.234"],
    ]) {
      const error = await refused(`x;y\n${values.map((value) => `${value};0`).join("\n")}\n`, { decimal });
      expect(error.message).toContain("have points in them");
      expect(error.details.try).toContain('data.decimal: "."');
    }
  });

  it("are no delimiter of a table with a single column", async () => {
    expect(cells(await tableOf("x\n0,5\n-1,25\n", { decimal }), "x")).toEqual([0.5, -1.25]);
  });

  it("are missing where they stand for that", async () => {
    const table = await tableOf("x;y\n-9,9;0\n2,5;0\n", { decimal, missing: ["-9,9"] });
    expect(cells(table, "x")).toEqual([undefined, 2.5]);
  });
});

describe("a few words among numbers", () => {
  const nineNumbers = "x,y\n1,0\n2,0\n3,0\n\n4,0\n5,0\n6,0\n7,0\n8,0\n9,0\n";

  it("are an error with line, column and what to do", async () => {
    const error = await refused(`${nineNumbers}1O,0\n`);
    expect(error.kind).toBe("data");
    expect(error.details.at).toBe('t.csv:12, column "x"');
    expect(error.details.have).toBe('"1O"');
    expect(error.details.try).toContain('data.types: { "x": "category" }');
    expect(error.details.try).toContain('data.missing: ["","NA","NaN","null","?","1O"]'); // the whole list: it takes the place of the default
  });

  it("are an error at the first of them, also where they come before the numbers", async () => {
    const rows = [...Array.from({ length: 18 }, (_, i) => `${i},0`), "old,0"].join("\n");
    const error = await refused(`x,y\nnew,0\n${rows}\n`);
    expect(error.details.at).toBe('t.csv:2, column "x"');
    expect(error.message).toContain("2 are not");
  });

  it.each([0, 1, 19_000])("are told all at once, from row %i on, with what to do about them", async (first) => {
    const mistakes = async (...words: string[]) => {
      const cells = Array.from({ length: 20_000 }, (_, i) => `${i / 4}`);
      for (const [i, word] of [...words, words[0]!].entries()) cells[first + 2 * i] = word;
      const text = ["x,y", ...cells.map((cell) => `${cell},0`)].join("\n");
      return (await refusal(() => readTable(inChunks(text, 2 ** 16), byDefault))).details;
    };
    expect(await mistakes("inf", "-Infinity", "#DIV/0!")).toEqual({
      at: `t.csv:${first + 2}, column "x"`,
      have: '"inf", "-Infinity" and "#DIV/0!"',
      try: 'correcting the cells, data.missing: ["","NA","NaN","null","?","inf","-Infinity","#DIV/0!"], or data.types: { "x": "category" }',
    });
    expect((await mistakes("Total", "<0.3")).try).toMatch(
      /^deleting rows, if they are totals or headings, numbers in their places, such as half of a lower limit, data/,
    );
    const many = Array.from({ length: 30 }, (_, i) => `w${i}`);
    expect(await mistakes(...many)).toMatchObject({
      have: '"w0", "w1", "w2", "w3", "w4" and others',
      try: expect.stringMatching(/"w18","w19"\],/) as string,
    });
  });

  it("are words like the rest, as soon as they are more than one in ten", async () => {
    expect(columnOf(await tableOf(`${nineNumbers}a,0\nb,0\n`), "x")?.type).toBe("category");
  });

  it("are missing where data.missing says so", async () => {
    const table = await tableOf(`${nineNumbers}n/a,0\n`, { missing: ["n/a"] });
    expect(cells(table, "x").at(-1)).toBeUndefined();
    expect(columnOf(table, "x")?.type).toBe("number");
  });

  it("are missing however the number is written that data.missing has", async () => {
    const cells9 = ["-999", "-999.0", " -999 ", "-9.99e2", "-999.5", "999"];
    const rows = cells9.map((cell) => `${cell},0\n`).join("");
    for (const text of [`x,y\n${rows}`, `x,y\n"1",0\n${rows}`, `x,y\n${rows}${"5,0\n".repeat(3000)}`]) {
      const table = await tableOf(text, { missing: ["-999"] });
      expect(cells(table, "x").filter((cell) => cell !== 5 && cell !== 1)).toEqual([
        ...Array.from({ length: 4 }, () => undefined),
        -999.5,
        999,
      ]);
    }
    const words = await tableOf(`x,y\na,0\nb,0\n${rows}`, { missing: ["-999"] });
    expect(cells(words, "x")).toEqual(["a", "b", undefined, undefined, undefined, undefined, "-999.5", "999"]);
    const given = await tableOf(`x,y\n${rows}`, { missing: ["-999"], types: { x: "category" } });
    expect(cells(given, "x")).toEqual([undefined, "-999.0", undefined, "-9.99e2", "-999.5", "999"]);
  });

  it("are missing too where the table has nothing else in its first rows", async () => {
    const table = await tableOf(`x,y\n${"-999.0,0\n".repeat(300)}a,1\nb,1\n`, { missing: ["-999"] });
    expect(columnOf(table, "x")?.type).toBe("category");
    expect(cells(table, "x").slice(298)).toEqual([undefined, undefined, "a", "b"]);
  });
});

describe("a given type", () => {
  it("makes words of numbers, as they are written", async () => {
    const table = await tableOf("zip,y\n01234,1\n1234,2\n1234.0,3\n", { types: { zip: "category" } });
    expect(cells(table, "zip")).toEqual(["01234", "1234", "1234.0"]);
  });

  it("makes a word an error with its line, even where most are words", async () => {
    expect(await refused("x,y\n1,1\n\nb,2\nc,3\n", { types: { x: "number" } })).toMatchObject({
      kind: "data",
      message: '"b" is not a number',
      details: { at: 't.csv:4, column "x"' },
    });
  });

  it.each([
    [
      "x;y\n0.1;1\n0.25;2\n0,512;3\n",
      "are numbers, but one has a comma",
      "writing it 0.512: numbers are read with decimal points here",
    ],
    [
      "x;y\n0,5;1\n0,1;2\n0.7;3\n",
      "are numbers, but 2 have commas",
      "writing it 0.5: numbers are read with decimal points here",
    ],
    ["x;y\n0,5;0.1\n0,1;0.2\n", "look like numbers, but have commas in them", 'decimal points, as in "y"'],
    [
      "x;y\n18,611;0.569\n71,919;0.2\n",
      "look like numbers, but have commas in them",
      'data.thousands: "," if they separate thousands, or decimal points, as in "y"',
    ],
    ["x;y\n18,611;0.569\n71,919,838;0.2\n", "look like numbers, but have commas in them", 'data.thousands: ","'],
    ["x;y\n10,802.91;0.569\n7,100;0.2\n", "look like numbers, but have commas in them", 'data.thousands: ","'],
    [
      "x;y\n10.802,91;0.569\n7.100,00;0.2\n",
      "look like numbers, but have commas in them",
      'writing 10.802,91 as 10802.91: "y" has decimal points',
    ],
    ["x;y\n1,412.82;1\n271.67;2\n2,500;3\n", "are numbers, but 2 have commas", 'data.thousands: ","'],
    ["x;y\n33.737;0,997\n1.200;0,5\n", "look like numbers, but have commas in them", 'data.decimal: ","', "y"],
    ["x;y\n1,000,000;1\n2,000,000;2\n", "look like numbers, but have commas in them", 'data.thousands: ","'],
    [
      "x;y\n1.005.158;1\n2.000.000;2\n",
      "look like numbers, but have points in them",
      'data.decimal: "," and data.thousands: "."',
    ],
  ])(
    "that numbers with the other mark deny is told by what the others have: %j",
    async (text, what, way, name = "x") => {
      const { message, details } = await refused(text);
      expect(message).toBe(`the cells of this column ${what}`);
      expect(details.try).toBe(`${way}, or data.types: { "${name}": "category" }`);
    },
  );

  const whole = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => String(from + i));
  it.each([
    [
      "decimals that come late",
      [...whole(0, 210), "5.5", "6.25", "3,5"],
      "writing it 3.5: numbers are read with decimal points here",
    ],
    [
      "many decimals that come late",
      [...whole(0, 210), "5.12345", "3,5"],
      "writing it 3.5: numbers are read with decimal points here",
    ],
    ["what may be thousands, late", [...whole(0, 210), "5.123", "3,5"], 'data.decimal: ","'],
    ["what may be thousands, early and late", ["1.500", ...whole(0, 210), "2.500", "3,5"], 'data.decimal: ","'],
  ])("that numbers with the other mark deny are told by %s", async (_, cells, way) => {
    const { details } = await refused(`x;y\n${cells.map((cell) => `${cell};1`).join("\n")}\n`);
    expect(details.try).toBe(`${way}, or data.types: { "x": "category" }`);
  });

  it("is not offered as words for a weight or the time", async () => {
    for (const what of ["weight", "time"]) {
      const { details } = await refused("x;y\n1,500;1\n200;1\n", { [what]: "x" });
      expect(details.try).toBe(
        'data.decimal: "," if those are decimal commas, data.thousands: "," if they separate thousands',
      );
    }
  });

  it.each([
    [".", "0,569", "writing it 0.569: numbers are read with decimal points here"],
    [",", "-1.5", "writing it -1,5: numbers are read with decimal commas here"],
    [
      ".",
      "1,234",
      "writing it 1.234, or 1234 if the mark separates thousands: numbers are read with decimal points here",
    ],
    [".", "1,234.5", "writing it 1234.5: numbers are read with decimal points here"],
    [".", "1.234,5", "writing it 1234.5: numbers are read with decimal points here"],
    [",", "1.234.567", "writing it 1234567: numbers are read with decimal commas here"],
    [".", `${"9".repeat(330)}.5`, "correcting the cell, or leaving it empty"],
  ] as const)("has a cell with the other decimal mark told: %s of %s", async (decimal, cell, way) => {
    const { details } = await refused(`x;y\n${cell};1\n`, { decimal, types: { x: "number" } });
    expect(details.try).toBe(way);
  });

  it.each([
    ["y;x\n0.1;1\n0,2;1\n0.3;1\n", "writing it 0.2: numbers are read with decimal points here"],
    [`y;x\n${"0.5;1\n".repeat(20)}inf;1\n`, 'correcting the cell or data.missing: ["","NA","NaN","null","?","inf"]'],
  ])("is no way out for numbers that are to be predicted: %j", async (text, way) => {
    expect((await refused(text, { target: "y" })).details.try).toBe(way);
    expect((await refused(text)).details.try).toContain('data.types: { "y": "category" }');
  });

  it("of no column is an error that names the nearest", async () => {
    expect(await refused("price,y\n1,1\n", { types: { prices: "number" } })).toMatchObject({
      kind: "usage",
      message: 'no column "prices" in t.csv',
      details: { setting: "data.types", have: "price, y", try: '"price"' },
    });
  });
});

describe("the names in a config", () => {
  it.each([
    ["target", "prices"],
    ["target", ["y", "prices"]],
    ["weight", "prices"],
    ["groups", "prices"],
    ["time", "prices"],
  ])("are columns: data.%s is not %j", async (setting, name) => {
    expect(await refused("price,y\n1,1\n", { [setting]: name })).toMatchObject({
      kind: "usage",
      message: 'no column "prices" in t.csv',
      details: { setting: `data.${setting}`, have: "price, y", try: '"price"' },
    });
  });

  it.each([
    ["one line", "# exported, by me\nx,y\n1,2\n2,3\n", 1],
    ["a blank line too", "# exported, by me\n\nx,y\n1,2\n", 2],
    ["quotes", '"exported, 2024","by ""me"""\n"x","y"\n1,2\n', 1],
    ["line ends in CR", "# exported, by me\rx,y\r1,2\r", 1],
  ])("are looked for below a title of as many cells: %s", async (_, text, lines) => {
    const words = text.replace("1,2", "1,2\n".repeat(9)); // which make a mistake of the header
    for (const settings of [{ target: "y" }, { target: "y", weight: "x" }, { types: { x: "number" } }] as const) {
      expect((await refused(words, settings)).details.try).toBe(`data.skipLines: ${lines}`);
    }
    expect(cells(await tableOf(text, { target: "y", skipLines: lines }), "y")[0]).toBe(2);
    expect((await refused(text, { target: "z" })).details.try).toBeUndefined();
    const wanted: WantedColumn[] = [{ name: "x", type: "number" }];
    for (const read of [readColumns, (...args: Parameters<typeof readColumns>) => readBlocks(...args).next()]) {
      expect((await refusal(() => read(sourceOf(text), byDefault, wanted))).details.try).toBe(
        `data.skipLines: ${lines}`,
      );
    }
  });
});

describe("the header", () => {
  it.each([
    ["a name twice", "a,b,a\n1,2,3\n", "columns 1 and 3"],
    ["a name twice but for blanks", "a, a\n1,2\n", "columns 1 and 2"],
    ["no name", "a,,c\n1,2,3\n", "column 2"],
    ["a blank name", 'a," ",c\n1,2,3\n', "column 2"],
    ["__proto__", "a,__proto__\n1,2\n", '"__proto__"'],
  ])("is refused with %s", async (_, text, what) => {
    const error = await refused(`\n${text}`);
    expect(error).toMatchObject({ kind: "data", details: { at: "t.csv:2" } });
    expect(error.message).toContain(what);
  });

  it("may have columns without a name, or with the same one, that are ignored", async () => {
    const table = await tableOf("a,,b,b,\n1,2,3,4,5\n", { ignore: ["", "b"] });
    expect(cells(table, "a")).toEqual([1]);
    expect((await refused("a,,b,b\n1,2,3,4\n", { ignore: [""] })).message).toContain("columns 3 and 4");
  });

  it("may hold any other name", async () => {
    const names = ["Größe", "a b", "a,b", 'say "x"', "1", "two\nlines", "😀", "prediction"];
    const header = names.map((name) => `"${name.replaceAll('"', '""')}"`).join(",");
    const table = await tableOf(`${header}\n${names.map((_, i) => i).join(",")}\n`);
    expect(table.columns.map(({ name }) => name)).toEqual(names);
    expect(cells(table, "two\nlines")).toEqual([5]);
    expect([...table.lines]).toEqual([3]);
  });
});

describe("a table without rows", () => {
  it.each([
    ["nothing", ""],
    ["blank lines", "\n\n"],
    ["a byte order mark", "\ufeff"],
  ])("is refused as empty: %s", async (_, text) => {
    expect(await refused(text)).toMatchObject({
      kind: "data",
      message: "the table is empty",
      details: { at: "t.csv" },
    });
  });

  it("is refused as a header alone", async () => {
    for (const text of ["a,b", "a,b\n", "a,b\r\n\r\n"]) {
      expect(await refused(text)).toMatchObject({ kind: "data", message: "the table has a header but no rows" });
      expect(
        await refusal(() => readColumns(sourceOf(text), byDefault, [{ name: "a", type: "number" }])),
      ).toMatchObject({
        kind: "data",
        message: "the table has a header but no rows",
      });
    }
  });

  it("is refused as no file", async () => {
    const missing = fileURLToPath(new URL("no-such-table.csv", import.meta.url));
    expect(await refusal(() => readTable(fileSource(missing, "houses.csv"), byDefault))).toMatchObject({
      kind: "files",
      message: "can't read the table: there is no such file",
      details: { at: "houses.csv" },
    });
    const folder = fileURLToPath(new URL(".", import.meta.url));
    expect(await refusal(() => readTable(fileSource(folder, "datasets"), byDefault))).toMatchObject({
      kind: "files",
      message: "can't read the table: it is a folder",
    });
  });
});

describe("the rows of a table", () => {
  it("know the lines they begin on, and keep them when some are taken", async () => {
    const table = await tableOf('x,y\n1,a\n\n2,"b\nc"\n3,d\n');
    expect([...table.lines]).toEqual([2, 4, 6]);
    const taken = takeRows(table, Uint32Array.from([2, 0]));
    expect([...taken.lines]).toEqual([6, 2]);
    expect(cells(taken, "x")).toEqual([3, 1]);
    expect(cells(taken, "y")).toEqual(["d", "a"]);
  });

  it("are written as they would be read", async () => {
    const table = await tableOf("x,y\n1e-3,\n,b\n");
    const [x, y] = table.columns;
    expect([textOf(x!, 0), textOf(x!, 1), textOf(y!, 0), textOf(y!, 1)]).toEqual(["0.001", undefined, undefined, "b"]);
  });
});

describe("wanted columns", () => {
  const wanted: WantedColumn[] = [
    { name: "kind", type: "category" },
    { name: "size", type: "number" },
    { name: "price", type: "number", optional: true },
  ];
  const read = (text: string) => readColumns(sourceOf(text), byDefault, wanted);

  it("are found by name, in the order wanted, and others are not looked at", async () => {
    const table = await read('note,size,kind\n"ragged? no",1.5,7\nx,2,a\n');
    expect(table.columns.map(({ name }) => name)).toEqual(["kind", "size"]);
    expect(cells(table, "kind")).toEqual(["7", "a"]);
    expect(cells(table, "size")).toEqual([1.5, 2]);
  });

  it("are found beside any others: without a name, or twice of one name", async () => {
    const table = await read("size,,kind,note,note,\n1.5,2,a,b,c,d\n");
    expect(table.columns.map(({ name }) => name)).toEqual(["kind", "size"]);
    expect([...cells(table, "kind"), ...cells(table, "size")]).toEqual(["a", 1.5]);
  });

  it.each([";", ",", "\t"])("are no line that tells a spreadsheet the delimiter %j", async (mark) => {
    const error = await refusal(() => tableOf(`sep=${mark}\na${mark}b\n1${mark}2\n3${mark}4\n`));
    expect(error).toMatchObject({
      kind: "data",
      message: expect.stringContaining('begins with "sep="'),
      details: { at: "t.csv:1", try: "data.skipLines: 1" },
    });
  });

  it("are an error where one stands twice", async () => {
    expect(await refusal(() => read("size,kind,size\n1,a,2\n"))).toMatchObject({
      message: 'the header names "size" more than once: columns 1 and 3',
      details: { at: "t.csv:1" },
    });
  });

  it("may be optional", async () => {
    expect(cells(await read("size,kind,price\n1,a,9\n"), "price")).toEqual([9]);
    expect(columnOf(await read("size,kind\n1,a\n"), "price")).toBeUndefined();
  });

  it("that are lacking are all named, and of one the nearest is suggested", async () => {
    expect(await refusal(() => read("siez,color\n1,a\n"))).toMatchObject({
      kind: "data",
      message: 'the table lacks the columns "kind", "size"',
      details: { at: "t.csv", have: "siez, color" },
    });
    const one = await refusal(() => read("siez,kind\n1,a\n"));
    expect(one.message).toBe('the table lacks the column "size"');
    expect(one.details.try).toContain('"siez"');
    const inOtherCase = await refusal(() => read("SIZE,Kind\n1,a\n"));
    expect(inOtherCase.details.try).toBe('renaming "Kind" to "kind", "SIZE" to "size", if they are the same');
    expect((await refusal(() => read("kind,y\na,1\n"))).details.try).toBeUndefined(); // nothing in common
    const used = await refusal(() => read("kind,sizes\n1,a\n"));
    expect(used.details.try).toContain('"sizes"');
    expect((await refusal(() => read("size\n1\n"))).details.try).toContain("data.skipLines"); // the model needs it as it is
  });

  it("that hold a word where a number is wanted are an error with its line", async () => {
    expect(await refusal(() => read("size,kind\n1,a\n1.5x,b\n"))).toMatchObject({
      kind: "data",
      message: '"1.5x" is not a number',
      details: { at: 't.csv:3, column "size"' },
    });
  });

  it("come in blocks that together are the whole table, for any chunks", async () => {
    const rows = Array.from({ length: 50 }, (_, i) => `${i},"k${i % 3}\n"\n`);
    const text = `size,kind\n${rows.join("")}`;
    const whole = await read(text);
    for (const size of [1, 7, 64, 10_000]) {
      const blocks = [];
      for await (const { table } of readBlocks(inChunks(text, size), byDefault, wanted)) blocks.push(table);
      expect(blocks.every((block) => block.rows === block.lines.length)).toBe(true);
      expect(blocks.flatMap((block) => cells(block, "size"))).toEqual(cells(whole, "size"));
      expect(blocks.flatMap((block) => cells(block, "kind"))).toEqual(cells(whole, "kind"));
      expect(blocks.flatMap((block) => [...block.lines])).toEqual([...whole.lines]);
    }
  });

  it("of a header alone have no rows, but lacking ones are still an error", async () => {
    const blocks = async (text: string) => {
      let count = 0;
      for await (const { table } of readBlocks(sourceOf(text), byDefault, wanted)) count += table.rows;
      return count;
    };
    expect(await blocks("size,kind\n")).toBe(0);
    expect(await refusal(() => blocks("size\n"))).toMatchObject({ kind: "data" });
    expect(await refusal(() => blocks(""))).toMatchObject({ kind: "data", message: "the table is empty" });
  });
});

it("a column of dates whose first cell is a number is one of dates with a mistake, as where it comes later", async () => {
  const dates = Array.from({ length: 40 }, (_, i) => `2024-01-${String((i % 28) + 1).padStart(2, "0")}`);
  for (const row of [0, 5]) {
    const text = ["d", ...dates.with(row, "7")].join("\n");
    expect(await refusal(() => readTable(sourceOf(text), byDefault))).toMatchObject({
      kind: "data",
      message: "the cells of this column are dates, but one is not",
      details: { at: `t.csv:${row + 2}, column "d"`, have: '"7"' },
    });
  }
  const several = ["d", ...dates.with(3, "soon").with(5, "7").with(8, "soon")].join("\n");
  expect(await refusal(() => readTable(sourceOf(several), byDefault))).toMatchObject({
    message: "the cells of this column are dates, but 3 are not",
    details: { have: '"soon" and "7"', try: expect.stringContaining('"?","soon","7"]') as string },
  });
  const compact = await readTable(sourceOf(["d", "20240301", ...dates].join("\n")), byDefault);
  expect(columnOf(compact, "d")).toMatchObject({ type: "date" });
});

it("ignored columns are not read, but for those that something else asks for", async () => {
  const text = "a,b,c\n1,x,2\n2,y,3\n";
  const all = await readTable(sourceOf(text), { ...byDefault, ignore: ["b", "c"], groups: "c" });
  expect(all.columns.map(({ name, type }) => [name, type])).toEqual([
    ["a", "number"],
    ["b", "number"],
    ["c", "category"], // groups have names
  ]);
  expect([...(columnOf(all, "b") as NumberColumn).values]).toEqual([Number.NaN, Number.NaN]);
  expect((columnOf(all, "c") as CategoryColumn).categories).toEqual(["2", "3"]);
});

it("a pipe whose column turns from numbers to words is refused in words: it can't be read again", async () => {
  const source = { ...sourceOf("x,y\n1,0\nred,0\nblue,1\n"), once: true };
  const error = await refusal(() => readTable(source, byDefault));
  expect(error).toMatchObject({ kind: "data", message: expect.stringContaining('"x" begins with numbers') });
  expect(error.details.try).toContain('data.types: { "x": "category" }');
});

it("groups are told apart by their names, where numbers would make them the same", async () => {
  const names = ["1", "01", "001", "9007199254740993000", "9007199254740993001"];
  const table = await tableOf(`g,x\n${names.map((name) => `${name},1\n`).join("")}`, { groups: "g" });
  expect(cells(table, "g")).toEqual(names);
  const given = await tableOf("g,x\n01,1\n1,2\n", { groups: "g", types: { g: "number" } });
  expect(cells(given, "g")).toEqual(["01", "1"]); // as evaluate reads them
});
