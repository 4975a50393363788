import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dateText, dayOrderIn, daysIn, isCompactDate, looksLikeDate, mayBeOlder } from "../../src/data/dates.js";

const DAY = 86_400_000;
const daysOf = (...[year, month, ...rest]: [number, number, number, number?, number?, number?, number?]) =>
  Date.UTC(year, month - 1, ...rest) / DAY;

/** Moments of years with four digits, in whole milliseconds. */
const moments = fc.date({ min: new Date("1000-01-01T00:00:00Z"), max: new Date("9999-12-31T23:59:59.999Z") });
const months = "January February March April May June July August September October November December".split(" ");

describe("a date", () => {
  it.each([
    ["1970-01-01", daysOf(1970, 1, 1)],
    ["2024-03-01", daysOf(2024, 3, 1)],
    ["2024-3-1", daysOf(2024, 3, 1)],
    ["2024/03/01", daysOf(2024, 3, 1)],
    ["2024.03.01", daysOf(2024, 3, 1)],
    ["2024-Mar-01", daysOf(2024, 3, 1)],
    ["2024-03", daysOf(2024, 3, 1)],
    ["1 Mar 2024", daysOf(2024, 3, 1)],
    ["01-MAR-2024", daysOf(2024, 3, 1)],
    ["1. March 2024", daysOf(2024, 3, 1)],
    ["01MAR2024", daysOf(2024, 3, 1)],
    ["1st March 2024", daysOf(2024, 3, 1)],
    ["Mar 1 2024", daysOf(2024, 3, 1)],
    ["Mar  1 2024", daysOf(2024, 3, 1)],
    ["March 22nd, 2024", daysOf(2024, 3, 22)],
    ["Mar 2024", daysOf(2024, 3, 1)],
    ["march-2024", daysOf(2024, 3, 1)],
    ["01-MAR-24", daysOf(2024, 3, 1)],
    ["1/Mar/24 5:30 pm", daysOf(2024, 3, 1, 17, 30)],
    ["31 Dec 68", daysOf(2068, 12, 31)],
    ["1 Jan 69", daysOf(1969, 1, 1)],
    ["20240301", daysOf(2024, 3, 1)],
    ["Sept 1, 2024", daysOf(2024, 9, 1)],
    ["1.3.2024", daysOf(2024, 3, 1)],
    ["29.02.2024", daysOf(2024, 2, 29)],
    ["0999-01-01", undefined],
    ["2024-03-01 17:30", daysOf(2024, 3, 1, 17, 30)],
    ["2024-03-01T17:30:15", daysOf(2024, 3, 1, 17, 30, 15)],
    ["2024-03-01T17:30:15.250Z", daysOf(2024, 3, 1, 17, 30, 15, 250)],
    ["2024-03-01 17:30:00 UTC", daysOf(2024, 3, 1, 17, 30)],
    ["2024-03-01T17:30:00+01:00", daysOf(2024, 3, 1, 16, 30)],
    ["2024-03-01 17:30:00-0530", daysOf(2024, 3, 1, 23, 0)],
    ["2024-03-01 10:00:00+01", daysOf(2024, 3, 1, 9)],
    ["2024-03-01 10:00 GMT", daysOf(2024, 3, 1, 10)],
    ["9999-12-31T23:00:00-05:00", undefined],
    ["1000-01-01T00:00:00+05:00", undefined],
    ["2009/10", undefined],
    ["4000-01", undefined],
    ["1.3.2024 5:30 PM", daysOf(2024, 3, 1, 17, 30)],
    ["1.3.2024 12:30am", daysOf(2024, 3, 1, 0, 30)],
    ["1.3.2024 12:30 pm", daysOf(2024, 3, 1, 12, 30)],
  ])("%s is so many days from 1970", (text, days) => {
    if (days === undefined) expect(daysIn(text)).toBeUndefined();
    else expect(daysIn(text)).toBeCloseTo(days, 10);
  });

  it.each([
    ...[
      "2024-02-30",
      "2023-02-29",
      "1900-02-29",
      "2100-02-29",
      "2024-13-01",
      "2024-00-01",
      "2024-01-00",
      "2024-03-01 24:00",
      "2024-03-01 12:60",
    ],
    ...["2024-03-01 12:00:60", "2024-03-01 13:00 pm", "2024-03-01 0:30 am", "2024-03/01", "2024-03-01x", "2024"],
    ...[
      "20240230",
      "0010-01-01",
      "1-Jan-0099",
      "17240301",
      "3/1/24",
      "1-Mar/24",
      "Mar 24",
      "Mar-1-24",
      "1.Mar.24",
      "1 Mai 2024",
      "1.2.3",
      "17:30",
      "2024-W10",
      "",
      "3/4/2024",
      "2024.03",
    ],
  ])("is not %s", (text) => {
    expect(daysIn(text)).toBeUndefined();
  });

  it("that ends with its year is read as the column's other dates are", () => {
    expect(daysIn("3/4/2024", "dayFirst")).toBe(daysOf(2024, 4, 3));
    expect(daysIn("3-4-2024", "monthFirst")).toBe(daysOf(2024, 3, 4));
    expect(daysIn("13/4/2024", "monthFirst")).toBeUndefined();
    expect(dayOrderIn(["3/4/2024", "13/4/2024", "2024-01-01"])).toBe("dayFirst");
    expect(dayOrderIn(["3/4/2024", "4/13/2024"])).toBe("monthFirst");
    expect(dayOrderIn(["3/4/2024", "13.4.2024", "red"])).toBeUndefined();
  });

  it("whose year has two digits is read where it can't be one that begins with it", () => {
    expect(dayOrderIn(["3/4/24", "4/13/24"])).toBe("monthFirst");
    expect(dayOrderIn(["3/4/24", "13/4/24"])).toBeUndefined();
    expect(dayOrderIn(["3/4/24", "13/4/24", "13/4/2024"])).toBe("dayFirst");
    expect(daysIn("3/4/24")).toBeUndefined();
    expect(daysIn("3/4/24 17:30", "monthFirst")).toBe(daysOf(2024, 3, 4, 17, 30));
    expect(daysIn("3/4/69", "dayFirst")).toBe(daysOf(1969, 4, 3));
    expect(daysIn("3/4/68", "dayFirst")).toBe(daysOf(2068, 4, 3));
    expect(daysIn("3-4-24", "dayFirst")).toBeUndefined();
  });

  it.each([
    ["3/14/52", true],
    ["14-MAR-52 10:30", true],
    ["3/14/39", false],
    ["3/14/2052", false],
    ["2052-03-14", false],
  ])("%s may be of the century before: %s", (text, isOlder) => {
    expect(mayBeOlder(text, daysIn(text, "monthFirst"))).toBe(isOlder);
  });

  it("may be a number that has the form of one", () => {
    expect([20240301, 20240229, 20000229, 18000101, 21991231].every(isCompactDate)).toBe(true);
    expect([20240230, 19000229, 17991231, 22000101, 20240301.5, -20240301, 2024, Number.NaN].some(isCompactDate)).toBe(
      false,
    );
  });

  it("of any moment is read as what it was, in every way to write it", () => {
    fc.assert(
      fc.property(moments, (moment) => {
        if (Number.isNaN(moment.getTime())) return;
        const [date, time] = moment.toISOString().split(/[TZ]/) as [string, string];
        const [year, month, day] = date.split("-") as [string, string, string];
        const name = months[Number(month) - 1]!;
        const days = moment.getTime() / DAY;
        for (const text of [
          ...[
            `${date}T${time}Z`,
            `${date} ${time}`,
            `${year}/${month}/${day} ${time}`,
            `${day}.${month}.${year} ${time}`,
          ],
          ...[`${Number(day)} ${name} ${year} ${time}`, `${name.slice(0, 3)} ${Number(day)}, ${year} ${time}`],
        ]) {
          expect(Math.abs(daysIn(text)! - days)).toBeLessThan(1e-9);
        }
        expect(daysIn(`${month}/${day}/${year} ${time}`, "monthFirst")).toBe(daysIn(`${date} ${time}`));
        expect(daysIn(`${day}/${month}/${year} ${time}`, "dayFirst")).toBe(daysIn(`${date} ${time}`));
        expect(daysIn(dateText(days))).toBe(daysIn(`${date} ${time}`));
      }),
    );
  });

  it("is written as short as it can be", () => {
    expect(dateText(daysOf(2024, 3, 1))).toBe("2024-03-01");
    expect(dateText(daysOf(2024, 3, 1, 17, 30))).toBe("2024-03-01 17:30");
    expect(dateText(daysOf(2024, 3, 1, 17, 30, 5))).toBe("2024-03-01 17:30:05");
    expect(dateText(daysOf(2024, 3, 1, 17, 30, 5, 20))).toBe("2024-03-01 17:30:05.020");
  });

  it.each(["3/4/24", "3/4/2024", "1-Mar-24", "2024-02-30"])("is what %s looks like, whatever it is", (text) => {
    expect(looksLikeDate(text)).toBe(true);
  });
});
