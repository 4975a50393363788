import { describe, expect, it } from "vitest";
import { dataOptions } from "../../src/data/options.js";
import { doubtAboutTime } from "../../src/data/timeDoubts.js";
import { seededRandom } from "../../src/engine/random.js";

type Given = Partial<Parameters<typeof dataOptions.parse>[0] & object>;

function doubt(days: readonly number[], given: Given = {}) {
  const table = {
    source: "t.csv",
    rows: days.length,
    lines: Int32Array.from(days, (_, row) => row + 2),
    columns: ["date", "other"].map((name) => ({ type: "date" as const, name, values: Float64Array.from(days) })),
  };
  return doubtAboutTime(table, dataOptions.parse({ train: "t.csv", target: "y", ...given }));
}

const told = (name: string) =>
  `"${name}" orders the rows in time; if new rows will be later, data.time: "${name}" validates on the latest rows`;

const FIRST = 19_723; // Monday, 2024-01-01
const shuffled = (days: readonly number[]) => {
  const copy = [...days];
  seededRandom(1, "split").shuffle(copy);
  return copy;
};
const series = (length: number, day: (i: number) => number) => Array.from({ length }, (_, i) => day(i));
const days = series(100, (i) => FIRST + i);
const weekdays = series(100, (i) => FIRST + i).filter((_, i) => i % 7 < 5 && i !== 16); // but for a holiday
const firstOfMonth = series(48, (i) => Date.UTC(2020, i, 1) / 86_400_000);
const uneven = series(100, (i) => FIRST + i * i);

describe("a date that orders the rows in time is doubted", () => {
  it.each([
    ["a row a day", days],
    ["the latest first", days.toReversed()],
    ["uneven gaps, in order", uneven],
    ["several rows of a date, in order", uneven.flatMap((day, i) => Array<number>(1 + (i % 5)).fill(day))],
    ["a missing date, as of a row of totals", [...days, Number.NaN]],
    ["a row a day, in any order", shuffled(days)],
    ["a row a business day", shuffled(weekdays)],
    ["a row a month", shuffled(firstOfMonth)],
    ["a row an hour", shuffled(series(100, (i) => FIRST + i / 24))],
    ["shops by week, one after the other", series(20, (shop) => shop).flatMap(() => series(52, (i) => FIRST + 7 * i))],
    [
      "shops by week, of which some rows are missing",
      series(20, (shop) => shop).flatMap((shop) => series(52, (i) => FIRST + 7 * i).filter((_, i) => (i + shop) % 19)),
    ],
  ])("where they have %s", (_, dates) => {
    expect(doubt(dates)).toBe(told("date"));
  });

  it.each([
    ["few different dates", days.slice(0, 19)],
    ["few different dates, however many rows", shuffled(series(900, (i) => FIRST + (i % 19)))],
    ["uneven gaps, in any order", shuffled(uneven)],
    ["missing dates", days.map((day, i) => (i % 19 ? day : Number.NaN))],
    ["different numbers of rows", shuffled(days.flatMap((day, i) => Array<number>(1 + (i % 5)).fill(day)))],
  ])("but not where they have %s", (_, dates) => {
    expect(doubt(dates)).toBeUndefined();
  });

  it("but not where rows come by chance, on some of the days or on all of them", () => {
    const random = seededRandom(1, "split");
    const among = (rows: number, range: number) => doubt(series(rows, () => FIRST + random.below(range)));
    for (const range of [25, 100, 365, 20_000]) {
      for (const share of [0.3, 1, 2, 5, 30]) {
        const rows = Math.min(Math.ceil(range * share), 5000);
        const found = series(40, () => Number(among(rows, range) !== undefined));
        expect(
          found.reduce((sum, one) => sum + one),
          `${rows} rows in ${range} days`,
        ).toBe(0);
      }
    }
  });

  it("but not where the config says how rows are held out, or that the date is no input", () => {
    expect(doubt(days, { time: "date" })).toBeUndefined();
    expect(doubt(days, { groups: "other" })).toBeUndefined();
    expect(doubt(days, { validation: 0 })).toBeUndefined();
    expect(doubt(days, { validation: "later.csv" })).toBeUndefined();
    expect(doubt(days, { ignore: ["date"] })).toBe(told("other"));
    expect(doubt(days, { types: { date: "date" } })).toBe(told("date"));
  });
});
