import * as z from "zod";
import { cos } from "../engine/scalar.js";

/** What comes again with the calendar or the clock. */
interface Cycle {
  readonly about: string;
  /** so many days the rows must span, their first and last counted, to go through it */
  readonly length: number;
  /** on so many different days of it there must be rows, on average of those that have any, to tell of it and not of these days */
  readonly leastDays: number;
  /** Where in it a moment is, from 0 up to 1. */
  turn(days: number): number;
}

/** 1970 began on a Thursday, three days after the beginning of a week. */
const FIRST_WEEKDAY = 3;
const DAY_MILLISECONDS = 86_400_000;

export const cycles = {
  year: {
    about: "time of year",
    length: 365,
    leastDays: 1,
    turn: (days) => {
      const year = new Date(days * DAY_MILLISECONDS).getUTCFullYear();
      return between(firstDayOf(year, 0), days, firstDayOf(year + 1, 0));
    },
  },
  month: {
    about: "time of month",
    length: 28,
    leastDays: 2,
    turn: (days) => {
      const date = new Date(days * DAY_MILLISECONDS);
      const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
      return between(firstDayOf(year, month), days, firstDayOf(year, month + 1));
    },
  },
  week: {
    about: "time of week",
    length: 7,
    leastDays: 1.5,
    turn: (days) => turnOf((days + FIRST_WEEKDAY) / 7),
  },
  day: {
    about: "time of day",
    length: 2,
    leastDays: 0,
    turn: turnOf,
  },
} satisfies Record<string, Cycle>;

export type CycleName = keyof typeof cycles;
// Object.keys forgets that it is not empty, and whose keys they are
const names = Object.keys(cycles) as [CycleName, ...CycleName[]];
export const cycleName = z.enum(names);

/** A cycle is seen by its first harmonics, of which each is a cosine and a sine: two tell weekends from other days. */
const HARMONICS = 2;
export const INPUTS_OF_CYCLE = 2 * HARMONICS;

/** So small a share of the rows may be mistakes, which don't say how long a time the others span, or what times they are at. */
const FEW_ROWS = 0.01;
/** Times of a cycle that are nearer to each other are the same: days of different months, or a clock that is not exact. */
const SAME_TIME = 0.005;

/** The cycles that rows of these days can tell of: they go through it once at least, and are at different times of it. */
export function cyclesIn(days: Float64Array): CycleName[] {
  const inOrder = days.toSorted();
  const few = Math.floor(FEW_ROWS * days.length);
  const [first, last] = [Math.floor(inOrder[few]!), Math.floor(inOrder.at(-1 - few)!)];
  const differentDays = new Set(days.map(Math.floor)).size;
  return names.filter((name) => {
    const { length, leastDays, turn }: Cycle = cycles[name];
    const withDays = new Set(days.map((day) => Math.floor(day / length))).size;
    if (last - first + 1 < (1 - 2 * FEW_ROWS) * length || differentDays < leastDays * withDays) return false;
    const usual = turn(inOrder[few]!);
    const others = days.reduce((count, day) => count + Number(apart(turn(day), usual) > SAME_TIME), 0);
    return others > few;
  });
}

/** Writes cos 2πkt and sin 2πkt for each harmonic k, t being where in the cycle the day is. */
export function writeCycle(name: CycleName, day: number, X: Float32Array, at: number): void {
  const turn = cycles[name].turn(day);
  for (let k = 1; k <= HARMONICS; k++) {
    X[at++] = cosOfTurns(k * turn);
    X[at++] = cosOfTurns(k * turn - 0.25);
  }
}

/** cos 2πt; at quarters of a turn, which are times of day that many rows have, 0 and no trace of π's rounding. */
function cosOfTurns(turns: number): number {
  const fromHalf = Math.abs(turnOf(turns) - 0.5);
  return fromHalf === 0.25 ? 0 : -cos(2 * Math.PI * fromHalf);
}

/** How far two times of a cycle are from each other, either way around. */
function apart(a: number, b: number): number {
  const distance = Math.abs(a - b);
  return Math.min(distance, 1 - distance);
}

function turnOf(x: number): number {
  return x - Math.floor(x);
}

function between(first: number, days: number, next: number): number {
  return (days - first) / (next - first);
}

function firstDayOf(year: number, month: number): number {
  return Date.UTC(year, month, 1) / DAY_MILLISECONDS;
}
