import { countDifferent, take } from "../data/arrays.js";
import type { TargetState } from "../transform/target.js";
import type { Prepared } from "./prepare.js";

/** What the best epoch of a network is chosen by; of several networks, of the one that has the fewest rows for it. */
export interface Choice {
  readonly rows: number;
  /** that these rows are of, where rows of a group belong together */
  readonly groups: number | undefined;
  /** of two classes the rarer one, and how many of the rows have it */
  readonly rarer: { readonly name: string; readonly rows: number } | undefined;
  /** so few that the best of many epochs is so in good part by chance */
  readonly isFew: boolean;
}

/** On pure noise the best of many epochs explains a tenth of 150 rows that it is chosen by, and half of 12. */
const FEW_ROWS = 500;

export function choiceOf({ members, rows: { truth }, target, groupOf }: Prepared): Choice {
  const { validation } = members.reduce((a, b) => (b.validation.length < a.validation.length ? b : a));
  const rows = validation.length;
  const groups = groupOf && countDifferent(take(groupOf, validation));
  const rarer = truth.task === "classification" ? rarerOf(target, take(truth.classes, validation)) : undefined;
  const independent = Math.min(rows, groups ?? rows, 2 * (rarer?.rows ?? rows));
  return { rows, groups, rarer, isFew: independent < FEW_ROWS };
}

/** Of two classes, rows of the commoner one tell little without as many of the other. */
function rarerOf(target: TargetState, classes: Int32Array): Choice["rarer"] {
  if (target.task === "regression" || target.classes.length !== 2) return undefined;
  const positive = classes.reduce((sum, code) => sum + code, 0);
  const code = Number(2 * positive < classes.length);
  return { name: target.classes[code]!, rows: code === 1 ? positive : classes.length - positive };
}
