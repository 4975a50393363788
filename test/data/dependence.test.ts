import { describe, expect, it } from "vitest";
import { asideBy, checkApart, dependenceOf, groupsIn } from "../../src/data/dependence.js";
import { dataSettings } from "../train/settings.js";
import { columns, refusal } from "./source.js";

const codesOf = (cells: readonly number[] | readonly string[], option: "groups" | "time") => {
  const found = dependenceOf(columns({ c: cells, y: cells.map((_, i) => i) }), ["y"], dataSettings({ [option]: "c" }));
  return found.kind === "none" ? undefined : [...found.codes];
};

describe("rows that depend on each other", () => {
  it("are in groups by the words or the numbers of a column", () => {
    expect(codesOf(["b", "a", "b", "c"], "groups")).toEqual([0, 1, 0, 2]);
    expect(codesOf([12, 7.5, 12, -1], "groups")).toEqual([0, 1, 0, 2]);
    expect(codesOf(["1", "x", "1.0", "01"], "groups")).toEqual([0, 1, 0, 2]); // a whole number however it is written
  });

  it("are groups of their own where they don't say it", () => {
    const [column] = columns({ c: ["b", undefined, "a", undefined, "b", undefined] }).columns;
    const { codes, count, alone } = groupsIn(column!);
    expect([codes[0], new Set(codes).size, Math.max(...codes), count, alone]).toEqual([codes[4], 5, 4, 5, 3]);
  });

  it("are an error where they are more different ones than a Map can hold", async () => {
    const [column] = columns({ c: [3, 1, 3, 2] }).columns;
    expect(groupsIn(column!, 3).count).toBe(3);
    const error = await refusal(() => groupsIn(column!, 2));
    expect([error.kind, error.message]).toEqual(["data", "a column has more than 2 different groups"]);
  });

  it("may be judged by rows of the latest time that is learned from, and by no earlier ones", async () => {
    const at = (...times: number[]) => columns({ c: times });
    const check = (times: number[]) =>
      checkApart(at(3, 7, 5), at(...times), { groups: null, time: "c", dates: "auto" });
    check([7, 8, 9]);
    expect(await refusal(() => check([8, 6]))).toMatchObject({ kind: "data", details: { have: '"6"' } });
  });

  it("are in order by numbers", () => {
    expect(codesOf([2019, -3, 2020.5, 2019, 100], "time")).toEqual([2, 0, 3, 2, 1]);
  });

  it("are in order by dates, with or without a time of day", () => {
    expect(codesOf(["2024-03-01", "2023-12-31", "2024-03-01", "2024-10-02"], "time")).toEqual([1, 0, 1, 2]);
    expect(codesOf(["2024-03-01T09:30Z", "2024-03-01 09:30:01.5", "2024-03-01", "2024-03-01 09:30"], "time")).toEqual([
      1, 2, 0, 1,
    ]);
  });

  it("are the same moment however it is written", () => {
    const midnight = ["2024-03-01", "2024-03-01 00:00", "2024-03-01T00:00:00Z", "2024-03-01T00:00:00.000"];
    const later = ["2024-03-01T10:00:00.5", "2024-03-01 10:00:00.50Z"];
    expect(codesOf([...later, ...midnight, "2024-03-01T10:00"], "time")).toEqual([2, 2, 0, 0, 0, 0, 1]);
  });

  it("are told by a column that is there, is whole and is no target", async () => {
    const table = columns({ c: ["2024-01-01", undefined], day: ["1/3/2024", "2/3/2024"], y: [1, 2] });
    const refused = async (options: object) => {
      const { kind, message, details } = await refusal(() => dependenceOf(table, ["y"], dataSettings(options)));
      return [kind, message, details.at ?? details.setting];
    };
    expect(await refused({ groups: "d" })).toEqual(["usage", 'no column "d" in t.csv', "data.groups"]);
    expect(await refused({ time: "y" })).toEqual(["usage", '"y" is already a target', "data.time"]);
    expect(await refused({ groups: "c" })).toEqual(["data", "a row lacks its group", 't.csv:3, column "c"']);
    expect(await refused({ time: "c" })).toEqual(["data", "a row lacks its time", 't.csv:3, column "c"']);
    expect(await refused({ time: "day" })).toEqual([
      "data",
      '"1/3/2024" could be either of two dates',
      't.csv:2, column "day"',
    ]);
    expect(await refused({ groups: "c", time: "day" })).toEqual([
      "usage",
      "rows are held out by groups or by time, not by both",
      "data.groups",
    ]);
  });
});

it("a column that says how rows hang together is no input if it is of groups, or of words", () => {
  const aside = (option: "groups" | "time", cells: readonly string[] | readonly number[]) => {
    const table = columns({ c: cells, y: cells.map((_, i) => i) });
    return asideBy(dependenceOf(table, ["y"], dataSettings({ [option]: "c" })), table);
  };
  expect(aside("groups", [1, 1, 2])).toEqual({ name: "c", why: "marks which rows belong together" });
  expect(aside("time", ["2024-01-01", "2024-01-02", "2024-02-01"])?.why).toBe("gives the order of the rows");
  expect(aside("time", [2021, 2022, 2023])).toBeUndefined();
  expect(asideBy({ kind: "none" }, columns({ c: [1] }))).toBeUndefined();
});
