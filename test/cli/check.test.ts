import { once } from "node:events";
import { beforeAll, describe, expect, it } from "vitest";
import { folder, json, nnfit, residentMegabytes, start, works } from "./nnfit.js";

interface Column {
  readonly name: string;
  readonly present: boolean;
  readonly missing: number;
  readonly missingInTraining: number;
  readonly unreadable: number;
  readonly outside: number | null;
  readonly outsideLimit: number | null;
  readonly unseen: number | null;
  readonly drift: number | null;
  readonly driftByChance: number | null;
  readonly breaks: readonly string[];
}
interface Check {
  readonly version: number;
  readonly holds: boolean;
  readonly rows: number;
  readonly extra: readonly string[];
  readonly columns: readonly Column[];
}

const header = "age,city,price,y";
/** Rows that are much alike, from any number on. */
const row = (i: number) => {
  const age = i % 50 === 0 ? "" : 20 + ((i * 7) % 60);
  return `${age},${["Oslo", "Rome", "Lima", "Oslo"][(i * 3) % 4]},${1 + ((i * 11) % 900)},${i % 2 ? "yes" : "no"}`;
};
const rows = (from: number, count: number) => Array.from({ length: count }, (_, i) => row(from + i));
const table = (lines: readonly string[], head = header) => `${[head, ...lines].join("\n")}\n`;

const cwd = folder({
  "t.csv": table(rows(0, 1800)),
  "c.json": '{ "data": { "train": "t.csv", "target": "y", "validation": 0 }, "training": { "epochs": 1 } }',
});
beforeAll(async () => {
  await works(["train", "c.json"], { cwd });
});

const check = (input: string, ...args: string[]) => nnfit(["check", "runs/c", ...args], { cwd, input });
const brokenIn = (err: string) =>
  err.split("\n").flatMap((line) => (line.startsWith("broken:") ? [line.slice(8)] : []));
const found = async (input: string, ...args: string[]) => {
  const { code, out, err } = await check(input, "--json", ...args);
  const data = json<Check>(out);
  return { code, err, ...data, columns: Object.fromEntries(data.columns.map((column) => [column.name, column])) };
};

/** Rows with some of the cells replaced. */
const changed = (count: number, which: (i: number) => boolean, change: (cells: string[]) => string[]) =>
  rows(0, count).map((line, i) => (which(i) ? change(line.split(",")).join(",") : line));
const withCity = (city: string) => (cells: string[]) => [cells[0]!, city, ...cells.slice(2)];
const withAge = (age: string) => (cells: string[]) => [age, ...cells.slice(1)];

describe.concurrent("nnfit check", () => {
  it("holds for the training table, in any order of columns and without the target", async () => {
    const whole = await works(["check", "runs/c", "t.csv"], { cwd });
    expect(whole.err).toBe("");
    const turned = rows(0, 1800).map((line) => line.split(",").slice(0, 3).reverse().join(","));
    const { code, err, holds, columns } = await found(table(turned, "price,city,age"));
    expect({ code, err, holds }).toEqual({ code: 0, err: "", holds: true });
    for (const { drift, missing, missingInTraining } of Object.values(columns)) {
      expect(Math.abs(drift!)).toBeLessThan(1e-9);
      expect(missing).toBe(missingInTraining);
    }
    expect(columns.age!.missing).toBe(36 / 1800);
  });

  it("holds for other rows like them, however few: chance is no drift", async () => {
    for (const count of [1, 10, 100, 1000]) {
      expect(await found(table(rows(12_345, count)))).toMatchObject({ code: 0, holds: true, rows: count });
    }
  });

  it("leaves to chance how many of few rows are beyond the range of few, unless a share is given", async () => {
    const sine = (i: number) => (100 * Math.sin(i * i)).toFixed(3); // no two rows are alike
    const numbers = (from: number, count: number) =>
      table(
        Array.from({ length: count }, (_, i) => `${sine(from + i)},${sine(2 * (from + i) + 1)},${i % 2}`),
        "a,b,y",
      );
    const small = folder({ "t.csv": numbers(0, 60), "c.json": '{ "data": { "train": "t.csv", "target": "y" } }' });
    await works(["train", "c.json", "--set", "preset=fast", "--set", "training.epochs=1"], { cwd: small });
    const others = async (...args: string[]) => {
      const { code, out } = await nnfit(["check", "runs/c", "--json", ...args], {
        cwd: small,
        input: numbers(1000, 40),
      });
      return { code, columns: json<Check>(out).columns };
    };
    const { code, columns } = await others();
    expect(code).toBe(0);
    expect(Math.max(...columns.map(({ outside }) => outside!))).toBeGreaterThan(0.01);
    expect(columns[0]!.outsideLimit).toBe(9 / 40); // of two columns, BetaBinomial(40; 2, 59) exceeds 9 in one once in a thousand times
    expect((await others("--max-outside", "0.01")).code).toBe(1);
  });

  it("leaves to chance how many categories are new, of a column in which many stand once", async () => {
    const words = (from: number, count: number) =>
      table(
        Array.from({ length: count }, (_, i) => `${i % 3 ? "usual" : `word${from + i}`},${i % 2}`),
        "word,y",
      );
    const many = folder({ "t.csv": words(0, 200), "c.json": '{ "data": { "train": "t.csv", "target": "y" } }' });
    await works(["train", "c.json", "--set", "preset=none", "--set", "training.epochs=1"], { cwd: many });
    const holds = async (input: string, ...args: string[]) =>
      (await nnfit(["check", "runs/c", ...args], { cwd: many, input })).code;
    expect(await holds(words(1000, 60))).toBe(0);
    expect(await holds(words(1000, 60), "--max-unseen", "0.1")).toBe(1);
  });

  it("prints a table that is aligned, with the rows and the extra columns", async () => {
    const { code, out } = await check(
      table(
        rows(0, 900).map((line) => `${line},7`),
        `${header},note`,
      ),
    );
    expect(code).toBe(0);
    const lines = out.trimEnd().split("\n");
    expect(lines.slice(0, 3)).toEqual(["rows   900", "extra  note", ""]);
    expect(lines[3]).toMatch(/^column +type +missing +in training +outside +unseen +drift +by chance$/);
    expect(lines[4]).toMatch(/^age +number +2\.0% +2\.0% +0% +- +0\.0\d\d +< 0\.0\d\d +ok$/);
    expect(lines[5]).toMatch(/^city +category +0% +0% +- +0% +0\.000 +< 0\.0\d\d +ok$/);
    expect(new Set(lines.slice(4).map((line) => line.search(/ok$/))).size).toBe(1);
  });

  it("breaks for a column that is not there, and names one that is much like it", async () => {
    const { code, err, columns, extra } = await found(table(rows(0, 100), "agee,city,price,y"));
    expect(code).toBe(1);
    expect(brokenIn(err)).toEqual(['the table has no column "age"; it has "agee"']);
    expect(extra).toEqual(["agee"]);
    expect(columns.age).toMatchObject({ present: false, missing: null, drift: null, breaks: ["lacking"] });
    expect(brokenIn((await check("city,price\n")).err).at(-1)).toBe('the table has no column "age"');
  });

  it("breaks for a single cell that is no number", async () => {
    const { code, err, columns } = await found(table(changed(1000, (i) => i === 500, withAge("forty"))));
    expect(code).toBe(1);
    expect(brokenIn(err)).toEqual(['"age" is not a number in 1 row: "forty"']);
    expect(columns.age).toMatchObject({ unreadable: 1, breaks: ["not numbers"] });
  });

  it("breaks for unseen categories from --max-unseen on", async () => {
    const few = table(changed(1000, (i) => i < 10, withCity("Bonn")));
    const more = table(changed(1000, (i) => i < 11, withCity("Bonn")));
    expect((await found(few)).code).toBe(0);
    const { code, err, columns } = await found(more);
    expect(code).toBe(1);
    expect(columns.city).toMatchObject({ unseen: 0.011, breaks: ["unseen"] });
    expect(brokenIn(err)).toEqual([
      '"city" has a category that the model does not know in 1.1% of the rows ("Bonn"); the limit is 1%',
    ]);
    expect((await found(more, "--max-unseen", "0.011")).code).toBe(0);
    expect((await found(few, "--max-unseen", "0")).code).toBe(1);
  });

  it("breaks for numbers out of range from --max-outside on", async () => {
    const more = table(changed(1000, (i) => i < 12, withAge("120")));
    const { code, err, columns } = await found(more);
    expect(code).toBe(1);
    expect(columns.age).toMatchObject({ outside: 0.012, breaks: ["outside"] });
    expect(brokenIn(err)).toEqual([
      '"age" is beyond its training range (20 to 79) in 1.2% of the rows; the limit is 1%',
    ]);
    expect((await found(more, "--max-outside", ".02")).code).toBe(0);
  });

  it("holds for later rows, whether data.time is of numbers or dates, and predict says that they are later", async () => {
    const date = (week: number) => new Date(Date.UTC(2024, 0, 7 * week)).toISOString().slice(0, 10);
    const weeks = (from: number, write: (week: number) => number | string) =>
      table(
        Array.from({ length: 80 }, (_, i) => `${write(from + i)},${(i * 7) % 10},${(i * 37) % 80}`),
        "week,x,y",
      );
    for (const write of [(week: number) => week, date]) {
      const data = { train: "t.csv", target: "y", time: "week" };
      const training = { epochs: 1 };
      const later = folder({ "t.csv": weeks(1, write), "c.json": JSON.stringify({ data, training }) });
      await works(["train", "c.json"], { cwd: later });
      const input = weeks(81, write);
      expect(await nnfit(["check", "runs/c"], { cwd: later, input })).toMatchObject({ code: 0, err: "" });
      expect((await nnfit(["check", "runs/c", "--max-outside", "0.5"], { cwd: later, input })).code).toBe(1);
      const { err } = await works(["predict", "runs/c"], { cwd: later, input });
      expect(err).toMatch(/^note: "week" is beyond its training range \(.* to .*\) in 80 rows$/m);
      expect((await works(["inspect", "runs/c"], { cwd: later })).out).toContain(
        'the latest rows by "week" held out\n',
      );
    }
  });

  it("breaks for drift from --max-drift on: other numbers, other shares of categories, more cells missing", async () => {
    const drifted = table(
      changed(
        1000,
        (i) => i % 2 === 0,
        (cells) => ["21", "Rome", ...cells.slice(2)],
      ),
    );
    const { code, err, columns } = await found(drifted);
    expect(code).toBe(1);
    expect(columns).toMatchObject({ age: { breaks: ["drift"] }, city: { breaks: ["drift"] }, price: { breaks: [] } });
    expect(brokenIn(err)[0]).toMatch(
      /^"age" has drifted: its population stability index is \d\.\d{3}; the limit is \d\.\d+$/,
    );
    expect((await found(drifted, "--max-drift", "9")).code).toBe(0);

    const { columns: emptier } = await found(table(changed(1000, (i) => i % 3 === 0, withAge("NA"))));
    expect(emptier.age!.missing).toBeGreaterThan(0.33);
    expect(emptier.age!.breaks).toEqual(["missing", "drift"]);
    const allowed = await found(table(changed(1000, (i) => i % 3 === 0, withAge("NA"))), "--max-missing", ".4");
    expect(allowed.columns.age!.breaks).toEqual(["drift"]);
    const slight = await check(table(changed(1000, (i) => i % 12 === 0, withAge("NA"))));
    expect(slight).toMatchObject({ code: 0, out: expect.stringMatching(/^age .*ok, some drift$/m) });
  });

  it("says which rows have drifted, if it is those that are none of the frequent numbers", async () => {
    const amounts = (amount: (i: number) => number) =>
      table(
        Array.from({ length: 400 }, (_, i) => `${i % 8 ? i % 2 : amount(i)},${i % 3}`),
        "amount,y",
      );
    const data = { train: "t.csv", target: "y" };
    const mostly = folder({
      "t.csv": amounts((i) => 2 + i),
      "c.json": JSON.stringify({ data, training: { epochs: 1 } }),
    });
    await works(["train", "c.json"], { cwd: mostly });
    const { code, err } = await nnfit(["check", "runs/c"], { cwd: mostly, input: amounts((i) => 300 + i / 8) });
    expect(code).toBe(1);
    expect(brokenIn(err)).toEqual([
      expect.stringMatching(
        /^"amount" has drifted where it is not 0 or 1: its population stability index is \d\.\d{3};/,
      ),
    ]);
  });

  it("says with --json the same as the table, with a version", async () => {
    const { version, rows: count, columns } = await found(table(rows(0, 200)));
    expect({ version, count }).toEqual({ version: 1, count: 200 });
    expect(columns.price).toMatchObject({ outside: 0, unseen: null });
    expect(columns.city).toMatchObject({ outside: null, unseen: 0 });
  });

  it("does not hold for a header alone, of which only the columns can be checked", async () => {
    expect(await found(`${header}\n`)).toMatchObject({
      code: 1,
      err: "broken: the table has a header but no rows, so only its columns could be checked\n",
      holds: false,
      rows: 0,
    });
  });

  it("ends with other codes for what is no check: an empty table, a lacking model, a limit that is none", async () => {
    expect((await check("")).code).toBe(4);
    expect((await nnfit(["check", "nowhere", "t.csv"], { cwd })).code).toBe(6);
    for (const limit of ["-1", "1.5", "x", ""]) {
      expect((await check(table(rows(0, 9)), `--max-unseen=${limit}`)).code).toBe(2);
    }
    expect((await check(table(rows(0, 9)), "--max-drift=-1")).code).toBe(2);
  });
});

it("needs no more memory for a table that is longer, whatever words are in it", async () => {
  const child = start(["check", "runs/c"], { cwd, env: { NODE_OPTIONS: "--max-old-space-size=32" } });
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, residentMegabytes(child.pid!));
  }, 20);
  child.stdout.resume();
  child.stderr.resume();
  const closed = once(child, "close");
  child.stdin.write(`${header}\n`);
  for (let block = 0; block < 600; block++) {
    const lines = Array.from({ length: 500 }, (_, i) => `30,${"word".repeat(20)}${block * 500 + i},5,yes\n`).join("");
    if (!child.stdin.write(lines)) await once(child.stdin, "drain");
  }
  child.stdin.end();
  const [code] = await closed;
  clearInterval(watch);
  expect(code).toBe(1);
  expect(most).toBeLessThan(200);
});

it("is in the help, with examples first", async () => {
  expect((await works(["--help"], { cwd })).out).toMatch(/^ +check \[options\] <model> \[rows\]/m);
  expect((await works(["check", "--help"], { cwd })).out).toMatch(/^ {2}\$ nnfit check runs\/iris new\.csv\n/);
});
