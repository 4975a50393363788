import { distance } from "fastest-levenshtein";
import * as z from "zod";

/** Whatever is parsed here is parsed once: compiling a schema first would take longer than it saves. */
z.config({ jitless: true });

/**
 * A family is a record of named members, such as the losses. A member says in one line what it is, has a schema of
 * its options, and makes itself with them. The names allowed in a config, the JSON Schema, the reference in
 * docs/settings.md and the tests that hold for every member are all derived from the record.
 */
export interface FamilyMember<Options extends z.ZodObject = z.ZodObject, Made = unknown> {
  readonly about: string;
  readonly options: Options;
  with(options: z.output<Options>): Made;
}

// biome-ignore lint/suspicious/noExplicitAny: a member takes its own options and no others, which only `any` allows here
export type Family = Readonly<Record<string, FamilyMember<any>>>;

/** One member of a family and its options, as a config gives them when resolved: `{ "name": "huber", "delta": 1 }`. */
export type Choice<F extends Family> = {
  [Name in keyof F & string]: { name: Name } & OptionsOf<z.output<F[Name]["options"]>>;
}[keyof F & string];

/** zod types the options of a member without any as Record<string, never>, which would forbid the name too. */
type OptionsOf<Output> = string extends keyof Output ? unknown : Output;

/** What a member of the family makes. */
export type Made<F extends Family> = ReturnType<F[keyof F]["with"]>;

/** No options. */
export const none = z.strictObject({});

/**
 * The schema of a choice: a name alone, or an object with the name and options. Where there is a default, it is chosen
 * by nothing, and an object without a name is about it.
 */
export function choiceOf<const F extends Family>(family: F): z.ZodType<Choice<F>, unknown>;
export function choiceOf<const F extends Family>(
  family: F,
  byDefault: keyof F & string,
): z.ZodPrefault<z.ZodType<Choice<F>, unknown>>;
export function choiceOf(family: Family, byDefault?: string): z.ZodType {
  const [first, ...others] = Object.entries(family).map(([name, { about, options }]) => {
    const literal = z.literal(name);
    const named = name === byDefault ? literal.default(name) : literal;
    return z.strictObject({ name: named, ...options.shape }).describe(about);
  });
  const object = z.discriminatedUnion("name", [first!, ...others]);
  const name = z.enum(Object.keys(family)).transform((name) => object.parse({ name }));
  const choice = z.union([name, object]);
  return byDefault === undefined ? choice : choice.prefault(byDefault);
}

/** Makes the member that was chosen. */
export function make<F extends Family>(family: F, { name, ...options }: Choice<F>): Made<F> {
  // the options were parsed by this member's own schema
  return family[name]!.with(options) as Made<F>;
}

/** The candidate that `word` is most likely a misspelling of, if any is near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const apart = (candidate: string) => distance(word.toLowerCase(), candidate.toLowerCase());
  const best = candidates.reduce<string | undefined>(
    (best, candidate) => (best === undefined || apart(candidate) < apart(best) ? candidate : best),
    undefined,
  );
  if (best === undefined) return undefined;
  const [shorter, longer] = [Math.min(word.length, best.length), Math.max(word.length, best.length)];
  if (apart(best) > shorter || apart(best) === longer) return undefined; // nothing in common
  return apart(best) <= Math.max(2, Math.ceil(word.length / 3)) ? best : undefined;
}
