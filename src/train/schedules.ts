import * as z from "zod";
import { cos, log } from "../engine/scalar.js";
import { type Choice, choiceOf, type FamilyMember, none } from "../family.js";

/** How much of a rate there is after a share t of all updates, 0 ≤ t ≤ 1. */
export interface Schedule {
  (t: number): number;
  /** of one that goes by the losses too */
  readonly watch?: Watch | undefined;
}

/** Follows the losses that epochs end with. */
export interface Watch {
  /** All that it remembers, as plain data; set, it goes on from there. */
  state: WatchState;
  observe(loss: number): void;
}

export interface WatchState {
  /** how much of the rate there is */
  readonly rate: number;
  /** the least loss; null before the first epoch */
  readonly best: number | null;
  /** epochs since then, or since the rate last fell */
  readonly waited: number;
}

interface ScheduleMember<O extends z.ZodObject> extends FamilyMember<O, Schedule> {
  /** Whether it spans the whole training, so that it is another one in a longer training. */
  readonly spansTraining: boolean;
}

/** From 1 at 0 along half a cosine to 0 at 1. */
const halfCosine = (t: number) => 0.5 * (1 + cos(Math.PI * t));

const stepOptions = z.strictObject({
  at: z.array(z.number().min(0).max(1)).default([0.5, 0.75]).describe("shares of the updates after which it drops"),
  factor: z.number().positive().max(1).default(0.1).describe("factor that it is multiplied by at each drop"),
});
const oneCycleOptions = z.strictObject({
  rise: z.number().min(0).lt(1).default(0.3).describe("share of the updates during which it rises"),
  start: z.number().min(0).max(1).default(0.04).describe("the multiple it starts from"),
});

const plateauOptions = z.strictObject({
  factor: z.number().positive().lt(1).default(0.1).describe("factor that it is multiplied by at each drop"),
  patience: z
    .int()
    .min(0)
    .default(10)
    .describe("epochs without improvement that are tolerated; it drops after one more"),
  threshold: z
    .number()
    .min(0)
    .lt(1)
    .default(1e-4)
    .describe("share of the best loss by which a loss must be lower to count as an improvement"),
  smallest: z.number().min(0).max(1).default(0).describe("the multiple below which it does not drop"),
});

export const schedules = {
  constant: {
    about: "always 1",
    spansTraining: false,
    options: none,
    with: () => () => 1,
  } satisfies ScheduleMember<typeof none>,

  step: {
    about: "drops by a factor after given shares of the updates",
    spansTraining: true,
    options: stepOptions,
    with:
      ({ at, factor }) =>
      (t) =>
        at.reduce((rate, place) => (t >= place ? rate * factor : rate), 1),
  } satisfies ScheduleMember<typeof stepOptions>,

  cosine: {
    about: "½(1 + cos πt): falls slowly, then fast, then slowly to 0 (Loshchilov and Hutter, 2017)",
    spansTraining: true,
    options: none,
    with: () => halfCosine,
  } satisfies ScheduleMember<typeof none>,

  oneCycle: {
    about: "rises along half a cosine, then falls along another to 0 (Smith and Topin, 2018)",
    spansTraining: true,
    options: oneCycleOptions,
    with:
      ({ rise, start }) =>
      (t) =>
        t < rise ? start + (1 - start) * (1 - halfCosine(t / rise)) : halfCosine((t - rise) / (1 - rise)),
  } satisfies ScheduleMember<typeof oneCycleOptions>,

  coslog4: {
    about: "½(1 − cos(2π·log₂(1 + 15t))): four waves, each twice as long as the one before (RealMLP, 2024)",
    spansTraining: true,
    options: none,
    with: () => (t) => 0.5 * (1 - cos((2 * Math.PI * log(1 + 15 * t)) / Math.LN2)),
  } satisfies ScheduleMember<typeof none>,

  flatCos: {
    about: "1 for the first half, then ½(1 + cos π(2t − 1)) (RealMLP, 2024)",
    spansTraining: true,
    options: none,
    with: () => (t) => halfCosine(Math.max(1, 2 * t) - 1),
  } satisfies ScheduleMember<typeof none>,

  plateau: {
    about:
      "drops by a factor when the validation loss (or the training loss, if no rows are held out) stops improving (PyTorch's ReduceLROnPlateau)",
    spansTraining: false,
    options: plateauOptions,
    with: (options) => {
      const watch = plateauWatch(options);
      return Object.assign(() => watch.state.rate, { watch });
    },
  } satisfies ScheduleMember<typeof plateauOptions>,
};

function plateauWatch({ factor, patience, threshold, smallest }: z.output<typeof plateauOptions>): Watch {
  return {
    state: { rate: 1, best: null, waited: 0 },
    observe(loss) {
      const { rate, best, waited } = this.state;
      if (best === null || loss < best * (1 - threshold)) this.state = { rate, best: loss, waited: 0 };
      else if (waited < patience) this.state = { rate, best, waited: waited + 1 };
      else this.state = { rate: Math.max(rate * factor, smallest), best, waited: 0 };
    },
  };
}

/**
 * The same after a first share of the updates, in which the rate rises linearly from 0 to what the schedule begins with. One
 * that begins with 0 runs from the first update on, and is held down meanwhile.
 */
export function warmedUp(schedule: Schedule, share: number): Schedule {
  if (share === 0) return schedule;
  const { watch } = schedule;
  const held = (t: number) => Math.min(t / share, 1) * schedule(t);
  const before = (t: number) => (t < share ? (t / share) * schedule(0) : schedule((t - share) / (1 - share)));
  return Object.assign(schedule(0) === 0 ? held : before, { watch });
}

export const scheduleChoice = choiceOf(schedules, "constant");
export type ScheduleChoice = Choice<typeof schedules>;
