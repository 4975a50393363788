import { expect, it } from "vitest";
import { TimeLeft } from "../../src/cli/timeLeft.js";

/** What is told at each of these moments, in milliseconds, when so much of 100 is done. */
const told = (moments: readonly (readonly [time: number, done: number])[]) => {
  const time = new TimeLeft();
  return moments.map(([now, done]) => time.after(done, 100 - done, now));
};

/** How much is done, by the time in milliseconds. */
const momentsOf = (done: Readonly<Record<number, number>>) =>
  Object.entries(done).map(([time, share]) => [Number(time), share] as const);

it("nobody can tell in the first second, or where nothing was done since half the time", () => {
  const early = { 0: 0, 500: 10, 900: 20 };
  expect(told(momentsOf(early))).toEqual([undefined, undefined, undefined]);
  const stuck = { 0: 0, 500: 10, 2000: 10 };
  expect(told(momentsOf(stuck)).at(-1)).toBeUndefined();
});

it("a slow beginning is soon forgotten", () => {
  const moments = Array.from({ length: 100 }, (_, i) => [i * 100, i < 30 ? 0.001 * i : i - 29] as const);
  const left = told(moments);
  expect(left[60]! / 6.9).toBeCloseTo(1, 2); // 69 remain, 10 a second
  expect(left.at(-1)! / 3).toBeCloseTo(1, 5);
});

it("what was done before is not counted, and a long time keeps few samples", () => {
  const time = new TimeLeft();
  for (let i = 0; i < 100_000; i++) time.after(i, 1e6 - i, i * 100);
  expect(time.after(100_000, 900_000, 1e7)! / 90_000).toBeCloseTo(1, 2);
});
