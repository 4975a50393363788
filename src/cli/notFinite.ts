import type { Table } from "../data/table.js";
import { type ErrorDetails, NnfitError } from "../errors.js";

/** That a network makes no finite number of some rows, which therefore have no prediction. */
export function notFinite(
  { source, lines }: Pick<Table, "source" | "lines">,
  rows: readonly number[],
  details: Pick<ErrorDetails, "have" | "try">,
): NnfitError {
  return new NnfitError("data", "the network's output for this row is not finite", {
    at: `${source}:${lines[rows[0]!]}`, // there is one at least
    ...details,
  });
}
