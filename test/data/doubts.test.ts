import { describe, expect, it } from "vitest";
import { doubtsAbout } from "../../src/data/doubts.js";
import { dataOptions } from "../../src/data/options.js";
import { tableOf } from "./source.js";

const learning = { task: "auto", squaresErrors: true } as const;
type Given = Partial<Parameters<typeof dataOptions.parse>[0] & object>;

/** What is doubted of the column x, of a table that has a column z and a target y beside it. */
async function doubts(cells: readonly string[], given: Given = {}, task: "auto" | "classification" = "auto") {
  const data = dataOptions.parse({ train: "t.csv", target: "y", ...given });
  const rows = cells.map((cell, i) => `"${cell}",${(i * 7) % 5},${(i * 3) % 4}`);
  const { types, missing } = data;
  return doubtsAbout(await tableOf(["x,z,y", ...rows].join("\n"), { types, missing }), data, { ...learning, task });
}
const among = (word: string) => ["1", "2.5", "3", "-4", word, word];

it("a column that tells the target by a cut is noted, with the cut", async () => {
  const isLate = (i: number) => i % 3 === 0;
  const notes = async (write: (day: number) => string | number, kind: "number" | "date") => {
    const day = (i: number) => (isLate(i) === i > 2 ? 100 + (i % 50) : 1 + ((i * 7) % 90));
    const rows = Array.from({ length: 300 }, (_, i) => `${write(day(i))},${(i * 7) % 5},${isLate(i) ? "late" : "ok"}`);
    const data = dataOptions.parse({ train: "t.csv", target: "y" });
    return doubtsAbout(await tableOf(["x,z,y", ...rows].join("\n"), { types: { x: kind } }), data, learning);
  };
  const tells = (cut: string | number) => [
    `"x" tells the target "y" in nearly every row, by being above ${cut} or not; if new rows won't have it, data.ignore: ["x"] leaves it out`,
  ];
  expect(await notes((day) => day + 0.5, "number")).toEqual(tells(90.5));
  expect(await notes((day) => new Date(86_400_000 * day).toISOString().slice(0, 10), "date")).toEqual(
    tells("1970-04-01"),
  );
});

describe("a column of words is doubted", () => {
  it.each(["n/a", "N/A", "none", "-", "NULL", "unknown", "<NA>", "NaT", "#DIV/0!", "Inf"])(
    "where %s stands among numbers",
    async (word) => {
      expect(await doubts(among(word))).toEqual([
        `"x" is read as words, because "${word}" is among its numbers; data.missing: ["","NA","NaN","null","?","${word}"] makes it numeric`,
      ]);
    },
  );

  it.each([
    ["5%", "12.5%", "7%"],
    ["$5", "$1 200", "$7.50"],
    ["5 €", "7 €", "8.50 €"],
    ["4.881.234 €", "12.500 €", "7 €"],
    ["12 kg", "13.5 kg", "9 kg"],
    ["$124,070.00", "$7.50", "-$1,200.00"],
    ["USD 124.07", "USD 5", "USD 7.50"],
    ["(0.13)", "0.5", "1.25"],
    ["\u22120.13", "0.5", "1.25"],
    ["50m²", "60m²", "70.5m²"],
  ])("where numbers are written like %s", async (...cells) => {
    const [doubt, ...others] = await doubts(cells);
    expect(doubt).toMatch(/^"x" is read as words, because its numbers are written like "\S+.*"; plain numbers/);
    expect(others).toEqual([]);
  });

  it.each([
    ["<0.3", '"<0.3" is'],
    ["ND,1.2 ± 0.1", '"ND" and 1 other word are'],
  ])("where %s stands among many numbers", async (words, stand) => {
    const mixed = (numbers: number) => [...Array.from({ length: numbers }, (_, i) => `${i}.5`), ...words.split(",")];
    expect(await doubts([...mixed(12), ...mixed(2)])).toEqual([
      `"x" is read as words, because ${stand} among its numbers; numbers or missing cells in their place would make it numeric; data.types: { "x": "category" } says that they are codes`,
    ]);
    expect(await doubts([...mixed(6), ...mixed(2)])).toEqual([]); // these may be codes
  });

  it("but not where a third of the cells are words, or most rows have one", async () => {
    const cells = (numbers: number, words: number) => [
      ...Array.from({ length: numbers }, (_, i) => `${i}.5`),
      ...Array.from({ length: words }, (_, i) => `w${i}`),
    ];
    expect(await doubts(cells(16, 8))).toHaveLength(1);
    expect(await doubts(cells(15, 8))).toEqual([]);
    expect(await doubts([...cells(16, 2), ...Array<string>(14).fill("w0")])).toHaveLength(1);
    expect(await doubts([...cells(16, 2), ...Array<string>(15).fill("w0")])).toEqual([]);
  });

  it.each([
    [["01/03/2024", "02/03/2024", "07/03/2024"], 'data.dates: "dayFirst" or "monthFirst" makes them dates'],
    [
      ["1/3/24 10:00 PM", "2/3/24 9:30 AM", "17/3/24 9:30 AM"],
      'data.dates: "dayFirst" or "monthFirst" makes them dates',
    ],
    [["24/03/01", "24/03/02", "24/03/17"], 'data.dates: "dayFirst" or "monthFirst" makes them dates'],
    [["01-03-24", "02-03-24", "07-03-24"], "dates such as 2024-03-01 can"],
    [["2024-02-28", "2024-02-29", "2024-02-30"], "dates such as 2024-03-01 can"],
    [["2024-03-01", "-", "2024-03-02", "2024-03-05"], 'data.missing: ["","NA","NaN","null","?","-"] makes them dates'],
    [
      ["1/3/2024", "-", "1/4/2024", "1/5/2024"],
      'data.dates: "dayFirst" or "monthFirst" and data.missing: ["","NA","NaN","null","?","-"] make them dates',
    ],
  ])("where all look like dates and are not read as such: %s", async (cells, way) => {
    const [doubt, ...others] = await doubts(cells);
    expect(doubt).toMatch(/^"x" holds dates, which are read as words/);
    expect(doubt?.endsWith(way)).toBe(true);
    expect(others).toEqual([]);
  });

  it("where all are times of day", async () => {
    expect(await doubts(["07:30", "17:45:10", "3:05 PM"])).toEqual([
      '"x" holds times of day, which are read as words; hours as numbers, such as 17.5, or dates with their times, can be learned from',
    ]);
  });

  it.each([
    ["words", ["n/a", "red", "blue", "green"]],
    ["numbered things", ["A1", "A2", "A3"]],
    ["numbers with letters of their own", ["12a", "12b", "13c"]],
    ["quarters", ["2019Q1", "2019Q2", "2020Q1"]],
    ["ordinals", ["1st", "2nd", "3rd"]],
    ["ranges", ["1-5", "6-10", "11-15"]],
    ["versions", ["1.2.3", "1.2.4", "1.3.0"]],
    ["seasons", ["2008-09", "2009-10", "2010-11"]],
    ["two numbers and a word", ["5", "n/a", "10"]],
    ["telephone numbers", ["555-123-4567", "555-123-4568", "555-124-4567"]],
  ])("but not %s", async (_, cells) => {
    expect(await doubts(cells)).toEqual([]);
  });

  it.each([
    ["0", "1", "NULL"],
    ["yes", "no", "N/A"],
  ])("where %s, %s and %s are classes of the target", async (...words) => {
    expect(await doubts([...words, ...words], { target: "x" })).toEqual([
      `"${words[2]}" is read as a class of "x"; data.missing: ["","NA","NaN","null","?","${words[2]}"] leaves its rows out`,
    ]);
    expect(await doubts([...words, ...words], { target: "x" }, "classification")).toEqual([]);
    expect(await doubts([...words, ...words])).toEqual([]);
  });

  it.each([
    [".", ",", "commas", ["1,5", "2", "NULL", "3,25", "NULL"]],
    [",", ".", "points", ["1.5", "2", "NULL", "3.25", "NULL"]],
  ] as const)(
    "where numbers do not have the decimal %s, and others are missing",
    async (decimal, other, marks, cells) => {
      expect(await doubts(cells, { decimal, missing: [] })).toEqual([
        `"x" is read as words, because "NULL" is among numbers with decimal ${marks}; data.decimal: "${other}" and data.missing: ["NULL"] make it numeric`,
      ]);
    },
  );

  it("where numbers have another decimal point and exponents", async () => {
    expect(await doubts(["1,5e3", "2,5e-3", "7,25e2", "1,5e3"])).toEqual([
      '"x" is read as words, because its numbers have decimal commas; data.decimal: "," makes it numeric',
    ]);
  });

  it.each([
    [["1 234", "12 345", "7"], "its numbers have thousands separators", 'data.thousands: " " makes'],
    [["1'234", "1'235.5", "999"], "its numbers have thousands separators", `data.thousands: "'" makes`],
    [
      ["1,234", "n/a", "999", "12,345,678"],
      '"n/a" is among numbers with thousands separators',
      'data.thousands: "," and data.missing: ["n/a"] make',
    ],
    [
      ["1.234,5", "n/a", "999", "0,5"],
      '"n/a" is among numbers with decimal commas and thousands separators',
      'data.decimal: "," and data.thousands: "." and data.missing: ["n/a"] make',
    ],
  ])("where numbers have marks between thousands: %j", async (cells, what, way) => {
    const told = await doubts(cells, { missing: [], types: {} });
    expect(told).toEqual([`"x" is read as words, because ${what}; ${way} it numeric`]);
  });

  it("where words differ in capitals alone", async () => {
    expect(await doubts(["TRUE", "false", "True", "False"])).toEqual([
      '"TRUE" and "True" are different words in "x", and so is another pair; written the same way, they would be one',
    ]);
    expect(await doubts(["yes", "Yes"], { target: "x" })).toHaveLength(1);
  });

  it("where a class is a misspelling of another one, if that one is far more common", async () => {
    const classes = (...rare: string[]) => [
      ...Array.from({ length: 60 }, (_, i) => ((i * 5) % 7 > 3 ? "churned" : "active")),
      ...rare,
    ];
    const doubted = '"churned" and "churnd" are different words in "x"';
    const way = "written the same way, they would be one";
    for (const task of ["auto", "classification"] as const) {
      expect(await doubts(classes("churnd"), { target: "x" }, task)).toEqual([`${doubted}; ${way}`]);
      expect(await doubts(classes("churnd", "actve", "Active"), { target: "x" }, task)).toEqual([
        `"active" and "Active" are different words in "x", and so are 2 other pairs; ${way}`,
      ]);
    }
    expect(await doubts(classes("churnd"))).toEqual([]); // of an input it is a rare category
    expect(await doubts(classes("churnd", "churnd"), { target: "x" })).toEqual([]); // more than a twentieth
    expect(await doubts(classes("chrnde"), { target: "x" })).toEqual([]);
    const often = Array.from({ length: 250 }, (_, i) => ((i * 5) % 7 > 3 ? "churned" : "active"));
    expect(await doubts([...often, ...Array<string>(5).fill("churnd")], { target: "x" })).toHaveLength(1);
    const oftener = [...often, ...often];
    expect(await doubts([...oftener, ...Array<string>(6).fill("churnd")], { target: "x" })).toEqual([]);
    expect(await doubts([...often.map((word) => word.slice(0, 3)), "chi"], { target: "x" })).toEqual([]); // too short
    const codes = [...Array.from({ length: 60 }, (_, i) => ((i * 5) % 7 > 3 ? "grade 1" : "grade 2")), "grade 3"];
    expect(await doubts(codes, { target: "x" })).toEqual([]);
  });

  it("where a class and another one have a doubt each", async () => {
    const classes = [...Array.from({ length: 40 }, (_, i) => ["yes", "no"][i % 2]!), "Yes", "unknown"];
    expect(await doubts(classes, { target: "x" })).toEqual([
      '"unknown" is read as a class of "x"; data.missing: ["","NA","NaN","null","?","unknown"] leaves its rows out',
      '"yes" and "Yes" are different words in "x"; written the same way, they would be one',
    ]);
  });

  it.each(["auto", "classification"] as const)("where words for a missing target may be classes (%s)", async (task) => {
    const classes = (...words: string[]) =>
      Array.from({ length: 48 }, (_, i) => ["a", "b", ...words][Math.floor(i / 4) % 4] ?? "");
    const read = (cells: readonly string[], given: Given = {}) => doubts(cells, { target: "x", ...given }, task);
    expect(await read(classes("NA"))).toEqual([
      '"NA" in "x" is read as a missing target, and its rows are left out; data.missing: ["","NaN","null","?"] reads it as a class',
    ]);
    expect(await read(classes("NA", " null "))).toEqual([
      '"NA" and "null" in "x" are read as missing targets, and their rows are left out; data.missing: ["","NaN","?"] reads them as classes',
    ]);
    expect(await read(classes())).toEqual([]);
    expect(await read(classes("-9"), { missing: ["", "-9"] })).toEqual([]); // the config says so
    expect(await read(classes("NA"), { types: { x: "category" } })).toEqual([]);
    expect(await read(classes("NA"), { target: "y" })).toEqual([]);
    if (task === "auto") expect(await read(["NA", ...Array.from({ length: 30 }, (_, i) => `${i}.5`)])).toEqual([]);
  });

  it("but not where the config says what it is", async () => {
    expect(await doubts(among("n/a"), { types: { x: "category" } })).toEqual([]);
    expect(await doubts(among("n/a"), { ignore: ["x"] })).toEqual([]);
    expect(await doubts(["2024-03-01", "2024-03-02", "2024-03-05"], { time: "x" })).toEqual([]);
    expect(await doubts(among("n/a"), { target: "x" }, "classification")).toEqual([]);
    expect(await doubts(among("n/a"), { target: "x" })).toHaveLength(1);
  });
});

describe("a column of dates is doubted", () => {
  it("where years of two digits are taken for late ones", async () => {
    expect(await doubts(["14-Mar-52", "15-Mar-01", "1-Apr-99"])).toEqual([
      '"x" has two-digit years, and 14-Mar-52 is read as a date in 2052; four-digit years are unambiguous',
    ]);
    expect(await doubts(["14-Mar-22", "15-Mar-01", "1-Apr-99"])).toEqual([]);
    expect(await doubts(["2052-03-14", "2052-03-15", "2052-03-19"])).toEqual([]);
  });
});

describe("a target of many words that look like numbers", () => {
  const many = Array.from({ length: 21 }, (_, i) => String(i / 4));

  it.each([
    ["a word stands among them", [...many, "N/A", "N/A", "N/A"], /"N\/A" is among its numbers/],
    ["they have decimal commas, and some are missing", [...many.map((_, i) => `${i},25`), "-"], /decimal commas/],
    [
      "they are dressed, and some are missing",
      ["NULL", ...many.map((cell) => `$${cell}`), "NULL"],
      /written like "\$0"/,
    ],
    ["they are dressed", many.map((cell) => `${cell} €`), /written like "0 €"/],
  ])("is an error where %s", async (_, cells, what) => {
    await expect(doubts(cells, { target: "x" })).rejects.toMatchObject({
      kind: "data",
      message: expect.stringMatching(what) as string,
      details: { try: expect.stringMatching(/; or "task": "classification"/) as string },
    });
    expect(await doubts(cells, { target: "x" }, "classification")).toEqual([]);
    expect(await doubts(cells)).toHaveLength(1);
    expect(await doubts(cells.slice(-20), { target: "x" })).toHaveLength(1);
  });
});

describe("a column of numbers is doubted", () => {
  const ids = (from: number, count = 30) => Array.from({ length: count }, (_, i) => String(from + ((i * 7) % count)));

  it.each([0, 1, 1000, -3])("where it counts the rows from %i, in any order", async (from) => {
    expect(await doubts(ids(from))).toEqual([
      '"x" looks like a row number; if it means nothing else, data.ignore: ["x"] leaves it out',
    ]);
  });

  it("but not where a number is twice or left out, a cell is empty, or there are few rows", async () => {
    const count = ids(1);
    expect(await doubts(["1", "1", ...count.slice(2)])).toEqual([]);
    expect(await doubts([...count.slice(1), "31.5"])).toEqual([]);
    expect(await doubts([...count.slice(1), "99"])).toEqual([]);
    expect(await doubts([...count.slice(1), ""])).toEqual([]);
    expect(await doubts(ids(1, 19))).toEqual([]);
  });

  it("where all may be dates without marks, unless one can't be, or they are few", async () => {
    const days = Array.from({ length: 24 }, (_, i) => String(20240201 + i));
    expect(await doubts([...days, ""])).toEqual([
      '"x" is a column of numbers that may be dates; data.types: { "x": "date" } reads them as dates',
    ]);
    expect(await doubts([...days, "20240230"])).toEqual([]);
    expect(await doubts(days.slice(5))).toEqual([]);
    expect(await doubts(days, { types: { x: "date" } })).toEqual([
      expect.stringMatching(/^"x" orders the rows in time/),
    ]);
  });

  it.each([
    ["-999", "at least 0.5"],
    ["-99", "at least 0.5"],
    ["9999", "at most 29.5"],
    ["999", "at most 29.5"],
  ])("where %s stands for what is missing", async (nines, limit) => {
    const cells = Array.from({ length: 30 }, (_, i) => `${i}.5`);
    expect(await doubts([...cells, nines, `${nines}.0`, ""])).toEqual([
      `"x" is ${nines} in 2 rows and ${limit} in all others; if it stands for a missing value, data.missing: ["","NA","NaN","null","?","${nines}"] says so`,
    ]);
    expect(await doubts([...cells, nines, nines], { target: "x" })).toHaveLength(1);
    expect(await doubts([...cells, nines])).toEqual([]);
    expect(await doubts([nines, nines, ""])).toEqual([]);
    expect(await doubts([...cells, nines, nines, nines.replace("9", "8")])).toEqual([]);
  });

  it("where a target has values far from all others", async () => {
    const cells = Array.from({ length: 300 }, (_, i) => `${90 + ((i * 7) % 41)}`);
    expect(await doubts([...cells, "142731"], { target: "x" })).toEqual([
      '"x" has values far from all others, such as 142731 in line 302, while half of them lie from 100 to 120; if they are no mistakes, model.loss: "mae" and scale.target: "robust" keep them from outweighing all others',
    ]);
    expect(await doubts([...cells, "-142731.5", "4000"], { target: "x" })).toHaveLength(1);
    const [far] = await doubts([...cells, "-142731"], { target: "x" });
    expect(far).toContain("such as -142731 in line 302,");
    expect(await doubts([...cells, "142731"])).toEqual([]);
    expect(await doubts([...cells, "1500"], { target: "x" })).toEqual([]);
    expect(await doubts([...cells, ...Array(9).fill("142731")], { target: "x" })).toEqual([]); // it is how y is distributed
    expect(await doubts([...Array(300).fill("0"), "142731"], { target: "x" })).toEqual([]);
  });

  it("where a row of the target is the sum of all others, whatever the loss", async () => {
    const amounts = Array.from({ length: 40 }, (_, i) => 90.25 + ((i * 7) % 41));
    const sum = amounts.reduce((sum, amount) => sum + amount, 0);
    const told = (line: number, total: number) => [
      `line ${line} looks like a row of totals, as its "x", ${total}, is the sum of all others; it is learned from like any other row unless it is deleted`,
    ];
    const read = (cells: readonly (string | number)[]) => doubts(cells.map(String), { target: "x" });
    expect(await read([...amounts, sum])).toEqual(told(42, sum));
    expect(await read([Math.round(sum), "", ...amounts, "0"])).toEqual(told(2, Math.round(sum))); // rounded
    expect(await read([...amounts.map((amount) => -amount), -sum])).toEqual(told(42, -sum));
    const some = amounts.map((amount, i) => (i % 9 === 0 ? -amount / 2 : amount)); // losses among the profits
    expect(await read([...some, some.reduce((sum, amount) => sum + amount, 0)])).toHaveLength(1);
    expect(await read([...amounts, 1.01 * sum])).toEqual([]);
    expect(await read([...amounts.slice(0, 19), amounts.slice(0, 19).reduce((sum, x) => sum + x, 0)])).toEqual([]);
    const counts = [...Array(60).fill(0), ...Array(19).fill(1), 19]; // of few rows a sum comes by chance
    expect(await read(counts)).toEqual([]);
    const differences = [...Array.from({ length: 40 }, (_, i) => (i % 2 ? 1 : -1)), 5, -2, -1, 3, 5];
    expect(await read([...differences, 10])).toEqual([]);
    expect(await doubts([...amounts, sum].map(String))).toEqual([]); // of an input
  });

  it("where whole numbers are names of categories", async () => {
    const told =
      '"x" is read as numbers, but neighbouring ones have little in common; if new rows have the same ones, data.types: { "x": "category" } reads them as categories';
    const cells = (i: number) => `${7 * (i % 40)},${i % 5},${((i % 40) ** 2 * 13) % 41}.${i % 9}`;
    const table = await tableOf(["x,z,y", ...Array.from({ length: 800 }, (_, i) => cells(i))].join("\n"));
    const data = dataOptions.parse({ train: "t.csv", target: "y" });
    expect(doubtsAbout(table, data, learning)).toEqual([told]);
    expect(doubtsAbout(table, { ...data, types: { x: "number" } }, learning)).toEqual([]);
  });

  it.each(["customer_id", "ID", "Patient Id", "userId", "kunden-id"])("where %s names things", async (name) => {
    const named = async (idOf: (row: number) => string, given: Given = {}) => {
      const data = dataOptions.parse({ train: "t.csv", target: "y", ...given });
      const rows = Array.from({ length: 90 }, (_, i) => `${idOf(i)},${(i * 7) % 5},${(i * 5) % 7},${(i * 3) % 4}`);
      return doubtsAbout(await tableOf([`${name},z,w,y`, ...rows].join("\n")), data, learning);
    };
    const inGroups = (i: number) => String(100 + 7 * (i % 30));
    const validates = `"${name}" is named like an identifier, and rows share its values; if new rows will have other values, data.groups: "${name}" validates on unseen values, and doesn't learn from it`;
    expect(await named(inGroups)).toEqual([validates]);
    expect(await named((i) => `c${inGroups(i)}`)).toEqual([validates]);
    expect(await named(inGroups, { groups: "z" })).toEqual([]);
    expect(await named((i) => String(100 + 7 * (i % 46)))).toEqual([]); // not two rows of each
    expect(await named((i) => String(100 + 7 * i))).toEqual([]); // it is left out, and so is one that counts the rows
    expect(await named((i) => String(i))).toEqual([]);
    expect(await named((i) => String(i % 19))).toEqual([]); // these may be shops
    expect(await named((i) => `${i}.5`)).toEqual([]);
  });

  it("but not where it is the only input, or a target", async () => {
    expect(await doubts(ids(1), { ignore: ["z"] })).toEqual([]);
    expect(await doubts(ids(1), { target: "x" })).toEqual([]);
  });
});

describe("a column of numbers is doubted", () => {
  it.each([[["0101", "1303", "904"]], [["00501", "10001", "90210"]], [["12", "13", "007"]]])(
    "where some are codes with zeros before them: %j",
    async (cells) => {
      const zeros = cells.find((cell) => cell.startsWith("0"));
      expect(await doubts(cells)).toEqual([
        `"x" is read as numbers, but values such as ${zeros} look like codes; data.types: { "x": "category" } reads them as categories`,
      ]);
      expect(await doubts(cells, { types: { x: "number" } })).toEqual([]);
    },
  );

  it.each([[["0", "10", "5"]], [["0.5", "00.5", "1"]], [["-01", "2", "3"]]])(
    "and not where none is: %j",
    async (cells) => {
      expect(await doubts(cells)).toEqual([]);
    },
  );
});

describe("a column that tells the target is doubted", () => {
  const labels = Array.from({ length: 30 }, (_, i) => "abc"[i % 3]!);
  const read = (x: readonly (string | number)[], y: readonly (string | number)[]) =>
    tableOf(["x,z,y", ...x.map((cell, i) => `${cell},${(i * 7) % 5},${y[i]}`)].join("\n"));
  const data = dataOptions.parse({ train: "t.csv", target: "y" });
  const told = [
    '"x" gives away the target "y" in every row; if new rows won\'t have it, data.ignore: ["x"] leaves it out',
  ];

  const onLine = [
    '"x" tells the target "y" almost exactly, along a straight line; if new rows won\'t have it, data.ignore: ["x"] leaves it out',
  ];

  it.each([
    ["the same words", labels, labels, told],
    ["a code for each class", labels.map((label) => ` ${label.charCodeAt(0)}`), labels, told],
    ["the same numbers", labels.map((_, i) => i / 4), labels.map((_, i) => i / 4), told],
    ["two classes of one code", labels.map((label) => Number(label === "a")), labels, []],
    ["other numbers along a straight line", labels.map((_, i) => i / 4), labels.map((_, i) => 0.3 - i), onLine],
    ["other numbers, all different", labels.map((_, i) => i / 4), labels.map((_, i) => (i * 7) % 30), []],
  ])("where it has %s", async (_, x, y, expected) => {
    expect(doubtsAbout(await read(x, y), data, learning)).toEqual(expected);
  });

  it("where its rows are of one thing each, unless the config says what rows belong together", async () => {
    const customers = Array.from({ length: 90 }, (_, i) => `c${i % 30}`);
    const table = await read(
      customers,
      customers.map((_, i) => ["yes", "no"][(i % 30) % 2]!),
    );
    const [doubt, ...others] = doubtsAbout(table, data, learning);
    expect(doubt).toMatch(/^all rows with the same "x" have the same "y"; .* data\.groups: "x" validates on unseen/);
    expect(others).toEqual([]);
    expect(doubtsAbout(table, { ...data, groups: "z" }, learning)).toEqual([]);
  });
});

describe("numbers of more digits than a double keeps are doubted", () => {
  const ids = (first: bigint) => Array.from({ length: 30 }, (_, i) => String(first + BigInt(i * 3)));
  const told =
    '"x" has whole numbers beyond 2^53, which are rounded, so different ones may become the same; data.types: { "x": "category" } keeps them apart, data.ignore: ["x"] leaves them out';
  it.each([
    ["account numbers", ids(9007199254740990n), [told]],
    ["those below 0", ids(-9007199254741080n), [told]],
    ["shorter ones", ids(900719925474000n), []],
    ["measures of any size", Array.from({ length: 30 }, (_, i) => (i % 2 ? "1e18" : "0.5")), []],
    ["powers of ten", Array.from({ length: 30 }, (_, i) => `1e${i + 20}`), []],
  ])("where they are %s, or not", async (_, cells, expected) => {
    expect(await doubts(cells)).toEqual(expected);
  });
});

describe("numbers that may have points between thousands", () => {
  const rows = (cell: (i: number) => string) => Array.from({ length: 40 }, (_, i) => cell(i));
  it.each([
    ["563 and 1.485", rows((i) => (i % 2 ? String(300 + 7 * i) : `${1 + i}.${487 + i}`)), "1.487"],
    ["decimals of any length", rows((i) => (i % 2 ? String(300 + 7 * i) : `${1 + i}.${i}`)), undefined],
    ["three decimals throughout", rows((i) => `${1 + i}.${487 + i}`), undefined],
    ["whole numbers beyond a thousand", rows((i) => (i % 2 ? String(3000 + 7 * i) : `${1 + i}.${487 + i}`)), undefined],
    ["shares", rows((i) => (i % 2 ? "1" : `0.${487 + i}`)), undefined],
  ])("are doubted, or not: %s", async (_, cells, example) => {
    const way = 'data.decimal: "," and data.thousands: "." change that';
    const doubt = `"x" may have points between thousands, as in ${example}, but they are read as decimal points; ${way}`;
    expect(await doubts(cells)).toEqual(example === undefined ? [] : [doubt]);
  });
});
