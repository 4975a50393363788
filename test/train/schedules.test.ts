import { describe, expect, it } from "vitest";
import { make } from "../../src/family.js";
import { type ScheduleChoice, scheduleChoice, schedules } from "../../src/train/schedules.js";

const schedule = (choice: unknown) => make(schedules, scheduleChoice.parse(choice) as ScheduleChoice);
const shares = Array.from({ length: 1001 }, (_, i) => i / 1000);

describe.each(Object.keys(schedules))("the schedule %s", (name) => {
  it("stays between 0 and 1, and reaches 1", () => {
    const values = shares.map(schedule(name));
    for (const value of values) {
      expect(value).toBeGreaterThanOrEqual(-1e-12);
      expect(value).toBeLessThanOrEqual(1 + 1e-12);
    }
    expect(Math.max(...values)).toBeGreaterThan(0.999);
  });
});

const at = (choice: unknown, ...places: number[]) => places.map(schedule(choice));
const close = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 12));

it("constant, step and the cosines have the values of their formulas", () => {
  expect(at("constant", 0, 0.5, 1)).toEqual([1, 1, 1]);
  expect(at("step", 0, 0.49, 0.5, 0.74, 0.75, 1)).toEqual(close([1, 1, 0.1, 0.1, 0.01, 0.01]));
  expect(at({ name: "step", at: [0.2], factor: 0.5 }, 0.1, 0.2, 1)).toEqual([1, 0.5, 0.5]);
  expect(at("cosine", 0, 1 / 3, 0.5, 2 / 3, 1)).toEqual(close([1, 0.75, 0.5, 0.25, 0]));
  expect(at("flatCos", 0, 0.25, 0.5, 0.75, 1)).toEqual(close([1, 1, 1, 0.5, 0]));
});

it("oneCycle rises, then falls", () => {
  expect(at({ name: "oneCycle", rise: 0.4, start: 0.2 }, 0, 0.2, 0.4, 0.7, 1)).toEqual(close([0.2, 0.6, 1, 0.5, 0]));
  expect(at({ name: "oneCycle", rise: 0 }, 0, 0.5, 1)).toEqual(close([1, 0.5, 0]));
});

it("coslog4 is 0 at 0, 1/15, 3/15, 7/15 and 1, and 1 between them", () => {
  expect(at("coslog4", 0, 1 / 15, 3 / 15, 7 / 15, 1)).toEqual(close([0, 0, 0, 0, 0]));
  const middles = [0.5, 1.5, 2.5, 3.5].map((half) => (2 ** half - 1) / 15);
  expect(at("coslog4", ...middles)).toEqual(close([1, 1, 1, 1]));
});
