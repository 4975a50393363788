import { beforeAll, describe, expect, it } from "vitest";
import { folder, json, nnfit, put, works } from "./nnfit.js";

/** A day after the other for two years, the month first; the target follows the season and the weekend. */
const rows = Array.from({ length: 730 }, (_, i) => {
  const date = new Date(Date.UTC(2022, 0, 1 + i));
  const text = i % 100 === 99 ? "" : `${date.getUTCMonth() + 1}/${date.getUTCDate()}/${date.getUTCFullYear()}`;
  const weekend = [0, 6].includes(date.getUTCDay()) ? 5 : 0;
  return `${text},${(i * 7) % 13},${(10 * Math.cos((2 * Math.PI * i) / 365) + weekend).toFixed(3)}`;
});
const table = (lines: readonly string[], header = "due,x,y") => `${[header, ...lines].join("\n")}\n`;
const config = (data: object = {}) =>
  JSON.stringify({ data: { train: "t.csv", target: "y", ...data }, preset: "fast", training: { epochs: 40 } });

const cwd = folder({ "t.csv": table(rows), "c.json": config() });
let trained = "";
beforeAll(async () => {
  trained = (await works(["train", "c.json"], { cwd })).err;
});

const predict = (lines: readonly string[], ...args: string[]) =>
  nnfit(["predict", "runs/c", ...args], { cwd, input: table(lines, "due,x") });

describe("a table with dates", () => {
  it("is learned from by season and weekday", async () => {
    expect(trained).toMatch(
      /inputs +1 number: x\n +inputs +1 date: due \(days, time of year, time of month, time of week\)\n/,
    );
    const { out } = await works(["inspect", "runs/c"], { cwd });
    expect(out).toMatch(
      /due +date +robustSmooth .* 2022-01-01 to 2023-12-31; with the time of year, month, week; missing cells are 2022-12-\d\d and flagged/,
    );
    const { scores } = json<{ scores: { r2: number } }>(
      (await works(["evaluate", "runs/c", "t.csv", "--json"], { cwd })).out,
    );
    expect(scores.r2).toBeGreaterThan(0.95);
  });

  it("is predicted the same however a date is written", async () => {
    const written = ["7/5/2023", "2023-07-05", "5 Jul 2023", "July 5, 2023", "5.7.2023", "2023-07-05T00:00Z"];
    const { out } = await predict(written.map((date) => `"${date}",3`));
    const [, ...predictions] = out.trim().split("\n");
    expect(predictions).toHaveLength(written.length);
    expect(new Set(predictions).size).toBe(1);
  });

  it("is learned from alike if its dates are compact, or have years of two digits", async () => {
    const compact = rows.map((line) => {
      const [, month = "", day = "", year = "", rest] = /^(?:(\d+)\/(\d+)\/(\d+))?(,.*)$/.exec(line)!;
      return `${year}${year && month.padStart(2, "0")}${year && day.padStart(2, "0")}${rest}`;
    });
    const short = rows.map((line) => line.replace(/\/\d\d(\d\d),/, "/$1,"));
    const other = folder({
      ...{ "t.csv": table(compact), "c.json": config({ types: { due: "date" } }), "n.json": config() },
      ...{ "s.csv": table(short), "s.json": config({ train: "s.csv" }) },
    });
    const [scores] = /rmse \d.*/.exec(trained)!;
    for (const name of ["c", "s"]) {
      const { err } = await works(["train", `${name}.json`], { cwd: other });
      expect(err).toContain("1 date: due");
      expect(err).toContain(scores);
    }
    const { err } = await works(["train", "n.json", "--set", "training.epochs=1"], { cwd: other });
    expect(err).toContain('data.types: { "due": "date" } reads them as dates');
  });

  it("has new rows that are no dates refused, or left empty", async () => {
    const lines = ["7/5/2023,3", "13/5/2023,3", ",3", "1/1/2031,3"];
    const { code, err } = await predict(lines);
    expect(code).toBe(4);
    expect(err).toContain('"13/5/2023" is not a date with the month first\n  at    standard input:3, column "due"');
    expect(err).toMatch(/try {3}a date such as 2024-03-01 or 2024-03-01 17:30, or --on-error null, which leaves its/);
    const total = await predict(["7/5/2023,3", "Total,3"]);
    expect(total.err).toMatch(
      /try {3}deleting the row, if it is a total or a heading, or a date such .* --on-error null/,
    );
    const lenient = await predict(lines, "--on-error", "null", "--reasons");
    expect(lenient.out.trim().split("\n")).toEqual([
      expect.stringMatching(/^prediction,reasons$/),
      expect.stringMatching(/^-?\d+\.\d+,$/),
      ',"due ""13/5/2023"" is not a date"',
      expect.stringMatching(/^-?\d+\.\d+,due is missing$/),
      expect.stringMatching(/^-?\d+\.\d+,due 2031-01-01 is outside 2022-01-01 to 2023-12-31$/),
    ]);
    expect(lenient.err).toContain('1 row has no prediction, because "due" is not a date: "13/5/2023"');
    expect(lenient.err).toContain('"due" is beyond its training range (2022-01-01 to 2023-12-31) in 1 row');
  });

  it("keeps its contract on later dates, and breaks it on words", async () => {
    const check = (lines: readonly string[], ...args: string[]) =>
      nnfit(["check", "runs/c", ...args], { cwd, input: table(lines, "due,x") });
    const later = Array.from(
      { length: 40 },
      (_, i) => `2024-01-${String((i % 30) + 1).padStart(2, "0")},${(i * 7) % 13}`,
    );
    expect(await check(later)).toMatchObject({ code: 0 });
    const limited = await check(later, "--max-outside", "0.5");
    expect(limited.code).toBe(1);
    expect(limited.err).toContain('"due" is beyond its training range (2022-01-01 to 2023-12-31) in 100% of the rows');
    const words = await check([...later, "soon,3"]);
    expect(words.code).toBe(1);
    expect(words.err).toContain('"due" is not a date in 1 row: "soon"');
  });

  it("goes on training from a model, with other rows", async () => {
    const more = folder({ "t.csv": table(rows.slice(0, 300)), "c.json": config(), "d.json": config() });
    await works(["train", "c.json"], { cwd: more });
    const { err } = await works(["train", "d.json", "--continue-from", "runs/c"], { cwd: more });
    expect(err).toContain("1 date: due");
  });

  it("is verified to the same bytes, on threads too", async () => {
    await works(["verify", "runs/c", "--threads", "2"], { cwd });
  });

  it("whose dates can't be told apart says how to, and does it", async () => {
    const ambiguous = rows.filter((line) => /^\d+\/\d\//.test(line));
    const files = { "t.csv": table(ambiguous), "c.json": config(), "d.json": config({ dates: "monthFirst" }) };
    const other = folder({
      ...files,
      "e.json": config({ types: { due: "date" } }),
      "w.json": config({ types: { due: "category" } }),
    });
    const words = await works(["train", "c.json"], { cwd: other });
    expect(words.err).toContain('data.dates: "dayFirst" or "monthFirst" makes them dates');
    expect(words.err).toMatch(/left out +due: an identifier/);
    expect((await works(["train", "d.json"], { cwd: other })).err).toContain("1 date: due");
    expect((await works(["train", "w.json"], { cwd: other })).err).toContain("1 category: due");
    const given = await nnfit(["train", "e.json"], { cwd: other });
    expect(given.code).toBe(4);
    expect(given.err).toContain('"1/1/2022" could be either of two dates\n  at    t.csv:2, column "due"');
  });

  it("that puts rows in order is an input as others are", async () => {
    const whole = rows.filter((line) => !line.startsWith(","));
    const ordered = folder({ "t.csv": table(whole), "c.json": config({ time: "due" }) });
    const { err } = await works(["train", "c.json"], { cwd: ordered });
    expect(err).toMatch(/inputs +1 date: due \(days, time of year, time of month, time of week\)\n/);
    const predicted = await works(["predict", "runs/c"], { cwd: ordered, input: "due,x\n2024-07-05,3\n" });
    expect(predicted.err).toContain('"due" is beyond its training range');
    const without = await nnfit(["predict", "runs/c"], { cwd: ordered, input: "x\n3\n" });
    expect(without.err).toContain("due");
    expect(without.code).toBe(4);
    await works(["train", "c.json", "--folds", "3"], { cwd: ordered });
  });

  it("has a few cells that are no dates refused by line, as those that are no numbers are", async () => {
    for (const [cell, row] of [
      ["soon", 0],
      ["0000-00-00", 700],
    ] as const) {
      const wrong = rows.with(row, `${cell},1,2`);
      const files = { "t.csv": table(wrong), "c.json": config(), "m.json": config({ missing: ["", cell] }) };
      const other = folder(files);
      const { code, err } = await nnfit(["train", "c.json"], { cwd: other });
      expect(code).toBe(4);
      expect(err).toContain("error: the cells of this column are dates, but one is not");
      expect(err).toContain(`at    t.csv:${row + 2}, column "due"\n  have  "${cell}"`);
      await works(["train", "m.json", "--set", "training.epochs=1"], { cwd: other });
    }
  });

  it("is read cell by cell if training knew no order: the same in every block, and by --dates in one way", async () => {
    const iso = rows.map((line) => line.replace(/^(\d+)\/(\d+)\/(\d+)/, (_, m, d, y) => `${y}-${m}-${d}`));
    const files = { "t.csv": table(iso), "c.json": config({ time: null }) };
    const other = folder(files);
    await works(["train", "c.json", "--set", "training.epochs=2"], { cwd: other });
    const of = async (lines: readonly string[], ...more: string[]) =>
      (await works(["predict", "runs/c", ...more], { cwd: other, input: table(lines, "due,x") })).out;
    const expected = await of(["2023-04-13,1", "2023-04-14,1"]);
    expect(await of(["4/13/2023,1", "14/4/2023,1"])).toBe(expected); // none of them can be another date
    const [monthFirst, dayFirst] = [
      ["4/3/2023,1", "4/13/2023,1"],
      ["3/4/2023,1", "13/4/2023,1"],
    ];
    for (const lines of [monthFirst, dayFirst]) {
      const { code, err } = await nnfit(["predict", "runs/c"], { cwd: other, input: table(lines, "due,x") });
      expect(code).toBe(4);
      expect(err).toContain(`"${lines[0]!.slice(0, -2)}" could be either of two dates`);
      expect(err).toContain("--dates");
    }
    const wanted = await of(["2023-04-03,1", "2023-04-13,1"]);
    expect(await of(monthFirst, "--dates", "monthFirst")).toBe(wanted);
    expect(await of(dayFirst, "--dates", "dayFirst")).toBe(wanted);
    put(other, { "new.csv": table(dayFirst.map((line) => `${line},1`)) });
    const evaluated = await nnfit(["evaluate", "runs/c", "new.csv"], { cwd: other });
    expect([evaluated.code, evaluated.err]).toEqual([4, expect.stringContaining("could be either of two dates")]);
    for (const command of ["evaluate", "check"]) {
      const { err } = await nnfit([command, "runs/c", "new.csv", "--dates", "dayFirst"], { cwd: other });
      expect(err).not.toContain("error");
    }
  });

  it("is read with another order than the training rows had, if --dates says so", async () => {
    const [own, other] = await Promise.all([predict(["7/25/2023,3"]), predict(["25/7/2023,3"], "--dates", "dayFirst")]);
    expect(own.out).toBe(other.out);
  });

  it("can have none as a target", async () => {
    const dated = folder({ "t.csv": table(rows), "c.json": config({ target: "due", types: { due: "date" } }) });
    const { code, err } = await nnfit(["train", "c.json"], { cwd: dated });
    expect(code).toBe(2);
    expect(err).toContain('the target "due" can\'t be a date');
  });
});
