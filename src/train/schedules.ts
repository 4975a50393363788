import { z } from "zod";
import { cos, log } from "../engine/scalar.js";
import { type Choice, choiceOf, type Member, none } from "../family.js";

/** How much of a rate there is after a share t of all updates, 0 ≤ t ≤ 1. */
export type Schedule = (t: number) => number;

type ScheduleMember<O extends z.ZodObject> = Member<O, Schedule>;

/** From 1 at 0 along half a cosine to 0 at 1. */
const halfCosine = (t: number) => 0.5 * (1 + cos(Math.PI * t));

const stepOptions = z.strictObject({
  at: z.array(z.number().min(0).max(1)).default([0.5, 0.75]).describe("shares of the updates after which it falls"),
  factor: z.number().positive().max(1).default(0.1).describe("what it falls by"),
});
const oneCycleOptions = z.strictObject({
  rise: z.number().min(0).lt(1).default(0.3).describe("share of the updates in which it rises"),
  start: z.number().min(0).max(1).default(0.04).describe("where it begins"),
});

export const schedules = {
  constant: {
    about: "always the same",
    options: none,
    with: () => () => 1,
  } satisfies ScheduleMember<typeof none>,

  step: {
    about: "falls by a factor after given shares of the updates",
    options: stepOptions,
    with:
      ({ at, factor }) =>
      (t) =>
        factor ** at.filter((place) => t >= place).length,
  } satisfies ScheduleMember<typeof stepOptions>,

  cosine: {
    about: "½(1 + cos πt): falls slowly, then fast, then slowly to 0 (Loshchilov and Hutter, 2017)",
    options: none,
    with: () => halfCosine,
  } satisfies ScheduleMember<typeof none>,

  oneCycle: {
    about: "rises along half a cosine, then falls along another to 0 (Smith and Topin, 2018)",
    options: oneCycleOptions,
    with:
      ({ rise, start }) =>
      (t) =>
        t < rise ? start + (1 - start) * (1 - halfCosine(t / rise)) : halfCosine((t - rise) / (1 - rise)),
  } satisfies ScheduleMember<typeof oneCycleOptions>,

  coslog4: {
    about: "½(1 − cos(2π·log₂(1 + 15t))): four waves, each twice as long as the one before (RealMLP, 2024)",
    options: none,
    with: () => (t) => 0.5 * (1 - cos((2 * Math.PI * log(1 + 15 * t)) / LN_2)),
  } satisfies ScheduleMember<typeof none>,

  flatCos: {
    about: "1 for the first half, then ½(1 + cos π(2t − 1)) (RealMLP, 2024)",
    options: none,
    with: () => (t) => halfCosine(Math.max(1, 2 * t) - 1),
  } satisfies ScheduleMember<typeof none>,
};

const LN_2 = log(2);

export const scheduleChoice = choiceOf(schedules, "constant");
export type ScheduleChoice = Choice<typeof schedules>;
