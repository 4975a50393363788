import * as z from "zod";
import type { Random } from "../engine/random.js";
import { exp, log } from "../engine/scalar.js";
import type { FamilyMember } from "../family.js";

/** What JSON can hold. */
const json = z.json();
export type Json = z.output<typeof json>;

/** What a setting is drawn from. */
export interface Range {
  /** the bounds, or all values: if a config may have these, it may have whatever is drawn */
  readonly ends: readonly [Json, ...Json[]];
  draw(random: Random): Json;
}

type RangeMember<O extends z.ZodObject> = FamilyMember<O, Range>;

const SIGNIFICANT_DIGITS = 6;

/** A drawn number as people write it, within its bounds. */
function rounded(x: number, [low, high]: readonly [number, number]): number {
  return Math.min(Math.max(Number(x.toPrecision(SIGNIFICANT_DIGITS)), low), high);
}

const boundsOf = (number: z.ZodNumber) =>
  z
    .tuple([number, number])
    .refine(([low, high]) => low < high, { error: "the first bound must be below the second" })
    .describe("the lower and the upper bound");
const logOptions = z.strictObject({ log: boundsOf(z.number().positive()) });
const linearOptions = z.strictObject({ linear: boundsOf(z.number()) });
const integerOptions = z.strictObject({ integer: boundsOf(z.int()) });
const choiceOptions = z.strictObject({
  choice: z.array(json).min(1).describe("the values, any that the setting allows"),
});

/** A range is an object of one key, its name, with its bounds or values. */
export const ranges = {
  log: {
    about: "a number between two bounds above 0, uniform on a log scale: as often from 0.01 to 0.1 as from 0.1 to 1",
    options: logOptions,
    with: ({ log: bounds }) => {
      const [low, high] = bounds;
      const [from, to] = [log(low), log(high)];
      return { ends: bounds, draw: (random) => rounded(exp(from + (to - from) * random.uniform()), bounds) };
    },
  } satisfies RangeMember<typeof logOptions>,

  linear: {
    about: "a number between two bounds, all equally likely",
    options: linearOptions,
    with: ({ linear: bounds }) => {
      const [low, high] = bounds;
      return { ends: bounds, draw: (random) => rounded(low + (high - low) * random.uniform(), bounds) };
    },
  } satisfies RangeMember<typeof linearOptions>,

  integer: {
    about: "a whole number from the first bound to the second, all equally likely",
    options: integerOptions,
    with: ({ integer: bounds }) => {
      const [low, high] = bounds;
      return { ends: bounds, draw: (random) => low + random.below(high - low + 1) };
    },
  } satisfies RangeMember<typeof integerOptions>,

  choice: {
    about: "one of the listed values, all equally likely",
    options: choiceOptions,
    with: ({ choice }) => ({
      ends: choice as [Json, ...Json[]], // the schema saw that there is one
      draw: (random) => choice[random.below(choice.length)]!,
    }),
  } satisfies RangeMember<typeof choiceOptions>,
};

type RangeName = keyof typeof ranges;
const rangeNames = Object.keys(ranges) as RangeName[]; // Object.keys forgets the names

/** As a config has it: `{ "log": [0.001, 0.1] }`. */
export const rangeSetting = z
  .strictObject({
    log: logOptions.shape.log.optional().describe(ranges.log.about),
    linear: linearOptions.shape.linear.optional().describe(ranges.linear.about),
    integer: integerOptions.shape.integer.optional().describe(ranges.integer.about),
    choice: choiceOptions.shape.choice.optional().describe(ranges.choice.about),
  } satisfies Record<RangeName, z.ZodType>)
  .refine((setting) => Object.keys(setting).length === 1, { error: `it takes one of ${rangeNames.join(", ")}` })
  .describe('the range that a setting is drawn from, by its path: "model.dropout": { "linear": [0, 0.5] }');
export type RangeSetting = z.output<typeof rangeSetting>;

export function makeRange(setting: RangeSetting): Range {
  const name = rangeNames.find((name) => setting[name] !== undefined);
  if (!name) throw new Error("a range without a name");
  // a record of functions of different options can't be called by a name alone; the schema saw that these are its own
  return (ranges[name].with as (options: RangeSetting) => Range)(setting);
}
