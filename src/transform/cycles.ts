import * as z from "zod";
import { cos } from "../engine/scalar.js";

/** What comes again with the calendar or the clock. */
interface Cycle {
  readonly about: string;
  /** how long it is at least, in days */
  readonly length: number;
  /** how many different days of it there must be on average, or rows would tell of their own dates and not of it */
  readonly leastDays: number;
  /** Where in it a moment is, from 0 up to 1. */
  turn(days: number): number;
}

/** 1970 began on a Thursday, three days after the beginning of a week. */
const FIRST_WEEKDAY = 3;
const DAY_MILLISECONDS = 86_400_000;

export const cycles = {
  year: {
    about: "the time of year",
    length: 365,
    leastDays: 1,
    turn: (days) => {
      const year = new Date(days * DAY_MILLISECONDS).getUTCFullYear();
      return between(firstDayOf(year, 0), days, firstDayOf(year + 1, 0));
    },
  },
  month: {
    about: "the time of month",
    length: 28,
    leastDays: 2,
    turn: (days) => {
      const date = new Date(days * DAY_MILLISECONDS);
      const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
      return between(firstDayOf(year, month), days, firstDayOf(year, month + 1));
    },
  },
  week: {
    about: "the time of week",
    length: 7,
    leastDays: 1,
    turn: (days) => turnOf((days + FIRST_WEEKDAY) / 7),
  },
  day: {
    about: "the time of day",
    length: 1,
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

/** The cycles that rows of these days can tell of: they go through it once at least, and are at different times of it. */
export function cyclesIn(days: Float64Array): CycleName[] {
  const span = spanOf(days);
  const differentDays = new Set(days.map(Math.floor)).size;
  return names.filter((name) => {
    const { length, leastDays, turn }: Cycle = cycles[name];
    if (span < length || differentDays < (leastDays * span) / length) return false;
    const first = turn(days[0]!);
    return days.some((day) => turn(day) !== first);
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

function cosOfTurns(turns: number): number {
  return cos(2 * Math.PI * turns);
}

function turnOf(x: number): number {
  return x - Math.floor(x);
}

function spanOf(days: Float64Array): number {
  let [first, last] = [days[0]!, days[0]!];
  for (const day of days) {
    if (day < first) first = day;
    if (day > last) last = day;
  }
  return last - first;
}

function between(first: number, days: number, next: number): number {
  return (days - first) / (next - first);
}

function firstDayOf(year: number, month: number): number {
  return Date.UTC(year, month, 1) / DAY_MILLISECONDS;
}
