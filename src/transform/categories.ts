import { numberIn } from "../data/columns.js";

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
