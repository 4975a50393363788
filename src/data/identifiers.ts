import { countDifferentNumbers } from "./arrays.js";
import type { NumberColumn } from "./table.js";

/** customer_id, Patient ID, userId */
const IDENTIFIER = /(?:^|[^\p{L}])(?:id|Id|ID|uuid|UUID|guid|GUID)$|\p{Ll}I[dD]$/u;

export function isNamedLikeIdentifier(name: string): boolean {
  return IDENTIFIER.test(name);
}

/** Whole numbers, each row with its own, in a column that is named like an identifier: they name rows. */
export function nameRows({ name, values }: NumberColumn): boolean {
  if (!isNamedLikeIdentifier(name) || values.length < 2 || !values.every(Number.isInteger)) return false;
  return countDifferentNumbers(values) === values.length;
}
