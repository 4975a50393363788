import { describe, expect, it } from "vitest";
import type { DateColumn, Table } from "../../src/data/table.js";
import { applyPipeline } from "../../src/transform/apply.js";
import { Contract } from "../../src/transform/contract.js";
import { cyclesIn, INPUTS_OF_CYCLE } from "../../src/transform/cycles.js";
import { inputColumns, inputsOf } from "../../src/transform/inputColumns.js";
import { type DateState, learnPipeline } from "../../src/transform/pipeline.js";

const day = (text: string) => (text === "" ? Number.NaN : Date.parse(`${text}Z`) / 86_400_000);

function tableOf(...texts: readonly string[]): Table {
  const column: DateColumn = { type: "date", name: "t", values: Float64Array.from(texts, day) };
  return { source: "t.csv", rows: texts.length, columns: [column], lines: Int32Array.from(texts, (_, row) => row + 2) };
}

function learn(table: Table, scale: Parameters<typeof learnPipeline>[1]["scale"] = "standard") {
  return learnPipeline(table, { noInputs: [], ignored: [], scale });
}
const state = (table: Table) => learn(table).pipeline[0] as DateState;

/** A day after the other, from 2023-01-01, a Sunday. */
const daily = (count: number, step = 1) =>
  Array.from({ length: count }, (_, i) => new Date(Date.UTC(2023, 0, 1 + i * step)).toISOString().slice(0, 10));

const hourly = (count: number) =>
  Array.from({ length: count }, (_, i) => new Date(Date.UTC(2023, 0, 1, i)).toISOString().slice(0, 16));
const endOfMonth = (i: number) => new Date(Date.UTC(2022, i + 1, 0)).toISOString().slice(0, 10);

describe("a column of dates", () => {
  it("becomes scaled days, and where in each cycle they are", () => {
    const table = tableOf(...daily(731));
    const { pipeline } = learn(table);
    const { fill, scaler, cycles } = state(table);
    expect(cycles).toEqual(["year", "month", "week"]);
    expect(fill).toBe(day("2024-01-01"));
    const X = applyPipeline(pipeline, tableOf("2023-01-01", "2023-07-05T12:00", "2024-12-31"));
    const { center, scale } = scaler as unknown as { center: number; scale: number };
    // 2023-01-01 was a Sunday, 2023-07-05 a Wednesday and 2024-12-31 a Tuesday; weeks begin on Monday
    const turns = [
      [day("2023-01-01"), 0, 0, 6 / 7],
      [day("2023-07-05T12:00"), 185.5 / 365, 4.5 / 31, 2.5 / 7],
      [day("2024-12-31"), 365 / 366, 30 / 31, 1 / 7],
    ] as const;
    const expected = turns.flatMap(([value, ...places]) => [
      (value - fill - center) / scale,
      ...places.flatMap((turn) =>
        [1, 2].flatMap((k) => [Math.cos(2 * Math.PI * k * turn), Math.sin(2 * Math.PI * k * turn)]),
      ),
    ]);
    expect(X).toHaveLength(expected.length);
    for (const [i, x] of X.entries()) expect(x).toBeCloseTo(expected[i]!, 6);
  });

  it("where cells are missing has the median, no time of a cycle and a flag", () => {
    const table = tableOf(...daily(14), "");
    const { pipeline } = learn(table);
    const { fill, scaler } = state(table);
    expect(fill).toBe(day("2023-01-08") - 0.5);
    const { center, scale } = scaler as unknown as { center: number; scale: number };
    expect(inputColumns(pipeline).map(({ kind }) => kind)).toEqual([
      ...new Array(1 + INPUTS_OF_CYCLE).fill("number"),
      "flag",
    ]);
    expect(inputsOf(pipeline)).toMatchObject([{ name: "t", places: [0, 1, 2, 3, 4, 5] }]);
    const X = applyPipeline(pipeline, tableOf("", "2023-01-02"));
    expect([...X.slice(0, 6)]).toEqual([Math.fround((0 - center) / scale), 0, 0, 0, 0, 1]);
    expect([...X.slice(7)]).toEqual([1, expect.closeTo(0), 1, expect.closeTo(0), 0]); // the beginning of a week
  });

  it.each([
    ["of every day of two weeks", daily(14), ["week"]],
    ["of every day of a year and a day", daily(366), ["year", "month", "week"]],
    ["of every third day of two months", daily(20, 3), ["month", "week"]],
    ["of every day of a year", daily(365), ["year", "month", "week"]],
    [
      "of every day of a year, and one far from it by mistake",
      [...daily(365), "9999-12-31"],
      ["year", "month", "week"],
    ],
    [
      "of 200 days, and 200 others long after",
      [...daily(200), ...daily(200).map((text) => `2043${text.slice(4)}`)],
      ["year", "month", "week"],
    ],
    ["of many days, one with a time of day", daily(300).with(150, "2023-05-31T12:00"), ["month", "week"]],
    ["of one day in each of many years", Array.from({ length: 40 }, (_, i) => `${1990 + i}-07-01`), []],
    [
      "of the same time of each day, on either side of day 2¹⁴",
      Array.from({ length: 60 }, (_, i) => `${new Date(Date.UTC(2014, 9, 15 + i)).toISOString().slice(0, 10)}T00:15`),
      ["month", "week"],
    ],
    ["of one day of each week", daily(20, 7), ["month"]],
    ["of one day in a hundred, as birthdays are", daily(50, 101), ["year"]],
    ["of every hour of a day", hourly(24), []],
    ["of every hour of two days", hourly(48), ["day"]],
    ["of every hour of a week", hourly(24 * 8), ["week", "day"]],
    ["of the end of each month in two years", daily(24).map((_, i) => endOfMonth(i)), ["year"]],
    ["of the beginning of each year", ["2021-01-01", "2022-01-01", "2023-01-01"], []],
    ["of the beginning of each month", daily(12).map((_, i) => `2023-${String(i + 1).padStart(2, "0")}-01`), []],
    [
      "of that in two years",
      daily(24).map((_, i) => `${2022 + Math.floor(i / 12)}-${String((i % 12) + 1).padStart(2, "0")}-01`),
      ["year"],
    ],
  ])("%s has the cycles that its rows can tell of", (_, texts, expected) => {
    expect(cyclesIn(Float64Array.from(texts, day))).toEqual(expected);
    expect(cyclesIn(Float64Array.from(texts.toReversed(), day))).toEqual(expected);
  });

  it("that says nothing is left out", () => {
    const other = { type: "number" as const, name: "x" };
    const leftOut = (...texts: string[]) => {
      const table = tableOf(...texts);
      const values = Float64Array.from(texts, (_, row) => row);
      return learn({ ...table, columns: [...table.columns, { ...other, values }] }).leftOut;
    };
    expect(leftOut("2023-01-01", "2023-01-01")).toEqual([
      { name: "t", why: "the same in every training row: 2023-01-01" },
    ]);
    expect(leftOut("", "")).toEqual([{ name: "t", why: "empty in the training rows" }]);
  });

  it("is scaled as the config says", () => {
    const { pipeline } = learn(tableOf(...daily(11)), { "*": "standard", t: "minmax" });
    const X = applyPipeline(pipeline, tableOf("2023-01-01", "2023-01-11"));
    expect([X[0], X[X.length / 2]]).toEqual([0, 1]);
  });

  it("may go on in new rows, but not if a limit is given", () => {
    const table = tableOf(...daily(30));
    const contract = new Contract(learn(table).pipeline, 30);
    contract.add(tableOf("2024-01-01", "2024-01-02"));
    const [finding] = contract.findings({ drift: 0.25 });
    expect(finding).toMatchObject({
      type: "date",
      outside: 1,
      outsideLimit: null,
      drift: null,
      unseen: null,
      breaks: [],
    });
    const far = new Contract(learn(table).pipeline, 30);
    far.add(tableOf("2024-01-01", "9999-12-31"));
    expect(far.findings({ drift: 0.25 })).toMatchObject([{ farOutside: day("9999-12-31"), breaks: ["far outside"] }]);
    const [limited] = contract.findings({ drift: 0.25, outside: 0.1 });
    expect(limited).toMatchObject({ outside: 1, outsideLimit: 0.1, breaks: ["outside"] });
  });
});
