import { type Decimal, numberIn, wholeNumber } from "../data/numbers.js";
import type { CategoryColumn } from "../data/table.js";

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
export function placesAmong(
  categories: readonly string[],
  decimal: Decimal = ".",
): (word: string) => number | undefined {
  let places = known.get(categories);
  if (places?.decimal !== decimal) {
    const ofWord = new Map(categories.map((word, place) => [word, place]));
    places = { decimal, ofWord, ofWhole: placesOfWhole(categories, decimal) };
    known.set(categories, places);
  }
  const { ofWord, ofWhole } = places;
  return (word) => ofWord.get(word) ?? ofWhole.get(wholeNumber(word, decimal) ?? "");
}

interface Places {
  readonly decimal: Decimal;
  readonly ofWord: ReadonlyMap<string, number>;
  readonly ofWhole: ReadonlyMap<string, number | undefined>;
}

/** Tables come in blocks, each of which asks again. */
const known = new WeakMap<readonly string[], Places>();

function placesOfWhole(categories: readonly string[], decimal: Decimal): ReadonlyMap<string, number | undefined> {
  const places = new Map<string, number | undefined>();
  for (const [place, category] of categories.entries()) {
    const number = wholeNumber(category, decimal);
    if (number !== undefined) places.set(number, places.has(number) ? undefined : place);
  }
  return places;
}

/**
 * How many rows each category has, by its code. Spellings of one whole number, such as 1 and 1.0, are one category, by the
 * code of the one that is most frequent.
 */
export function rowsByCategory({ codes, categories, decimal = "." }: CategoryColumn): Map<number, number> {
  const counts = new Map<number, number>();
  for (const code of codes) if (code >= 0) counts.set(code, (counts.get(code) ?? 0) + 1);
  const firstOf = new Map<string, number>();
  const rows = new Map<number, number>();
  for (const [code, count] of [...counts].sort(([, a], [, b]) => b - a)) {
    const word = categories[code]!;
    const number = wholeNumber(word, decimal) ?? word;
    const first = firstOf.get(number) ?? code;
    firstOf.set(number, first);
    rows.set(first, (rows.get(first) ?? 0) + count);
  }
  return rows;
}
