import { numberIn } from "../data/numbers.js";

/** Numbers in their own order where all are numbers, else words by code point. */
export function inOrder(words: Iterable<string>): string[] {
  const unordered = [...words];
  const decimal = ([".", ","] as const).find((point) => unordered.every((word) => numberIn(word, point) !== undefined));
  if (decimal === undefined) return unordered.sort(byCodePoint);
  return unordered.sort((a, b) => numberIn(a, decimal)! - numberIn(b, decimal)! || byCodePoint(a, b));
}

/** UTF-8 has the order of the code points; JavaScript's own order is that of UTF-16 units. */
function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/**
 * The place of a word among these categories; of a whole number that is written otherwise too, such as 1.0 for 1, unless
 * several categories are that number.
 */
export function placesAmong(categories: readonly string[]): (word: string) => number | undefined {
  let places = known.get(categories);
  if (!places) {
    places = { ofWord: new Map(categories.map((word, place) => [word, place])), ofWhole: placesOfWhole(categories) };
    known.set(categories, places);
  }
  const { ofWord, ofWhole } = places;
  return (word) => ofWord.get(word) ?? ofWhole.get(wholeNumber(word) ?? "");
}

interface Places {
  readonly ofWord: ReadonlyMap<string, number>;
  readonly ofWhole: ReadonlyMap<string, number | undefined>;
}

/** Tables come in blocks, each of which asks again. */
const known = new WeakMap<readonly string[], Places>();

function placesOfWhole(categories: readonly string[]): ReadonlyMap<string, number | undefined> {
  const places = new Map<string, number | undefined>();
  for (const [place, category] of categories.entries()) {
    const number = wholeNumber(category);
    if (number !== undefined) places.set(number, places.has(number) ? undefined : place);
  }
  return places;
}

/** 1 of 1.0, as programs write it whose columns hold missing cells as NaN. Zeros before it count: 01 is another word. */
function wholeNumber(word: string): string | undefined {
  return /^(-?\d+)(\.0+)?$/.exec(word)?.[1];
}
