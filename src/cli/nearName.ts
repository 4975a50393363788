import { distance } from "fastest-levenshtein";
import { nearest } from "../family.js";

/** The candidate that `name` is most likely a misspelling of. Unlike `nearest` it knows none that only looks a little alike. */
export function nearName(name: string, candidates: readonly string[]): string | undefined {
  const near = nearest(name, candidates);
  if (near === undefined) return undefined;
  const apart = distance(name.toLowerCase(), near.toLowerCase());
  return apart <= Math.max(1, Math.floor(name.length / 4)) ? near : undefined;
}
