import * as z from "zod";
import { cos } from "../engine/scalar.js";

/** What comes again with the clock or the calendar. */
interface Cycle {
  readonly about: string;
  /** Where in it a moment is, from 0 up to 1. */
  turn(days: number): number;
  /** Whether rows of these days, in whatever order, can tell of it. */
  isIn(days: Float64Array): boolean;
}

const DAYS_OF_WEEK = 7;
/** 1970 began on a Thursday, three days after the beginning of a week. */
const FIRST_WEEKDAY = 3;
const SHORTEST_YEAR = 365;
const DAY_MILLISECONDS = 86_400_000;

export const cycles = {
  year: {
    about: "the time of year, where the rows span one at least",
    turn: (days) => {
      const year = new Date(days * DAY_MILLISECONDS).getUTCFullYear();
      const [first, next] = [firstDayOf(year), firstDayOf(year + 1)];
      return (days - first) / (next - first);
    },
    isIn: (days) => spanOf(days) >= SHORTEST_YEAR,
  },
  week: {
    about: "the time of week, where the rows have as many different days as there are weeks",
    turn: (days) => turnOf((days + FIRST_WEEKDAY) / DAYS_OF_WEEK),
    isIn: (days) => new Set(days.map(Math.floor)).size >= spanOf(days) / DAYS_OF_WEEK,
  },
  day: {
    about: "the time of day",
    turn: turnOf,
    isIn: () => true,
  },
} satisfies Record<string, Cycle>;

export type CycleName = keyof typeof cycles;
// Object.keys forgets that it is not empty, and whose keys they are
const names = Object.keys(cycles) as [CycleName, ...CycleName[]];
export const cycleName = z.enum(names);

/** A cycle is seen by its first harmonics, of which each is a cosine and a sine: so many tell weekends from other days. */
const HARMONICS = 2;
export const INPUTS_OF_CYCLE = 2 * HARMONICS;

/** The cycles that rows of these days can tell of: those in which they are at different times. */
export function cyclesIn(days: Float64Array): CycleName[] {
  return names.filter((name) => {
    const { isIn, turn }: Cycle = cycles[name];
    const first = turn(days[0]!);
    return isIn(days) && days.some((day) => turn(day) !== first);
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

function firstDayOf(year: number): number {
  return Date.UTC(year, 0, 1) / DAY_MILLISECONDS;
}
