import { InvalidArgumentError } from "commander";
import { NnfitError } from "../errors.js";
import { nearest } from "../family.js";
import { firstScores } from "../score/baseline.js";
import { metrics } from "../score/metrics.js";
import { quantileOf, type Scores, scoreKinds } from "../score/scoring.js";
import type { TargetState } from "../transform/target.js";
import { earlierScores } from "./earlierScores.js";

// What a script asks of the scores. It is read before any work, so that a slip is found at once, and judged at the end.

const operators = {
  "<": (score: number, limit: number) => score < limit,
  "<=": (score: number, limit: number) => score <= limit,
  ">": (score: number, limit: number) => score > limit,
  ">=": (score: number, limit: number) => score >= limit,
};

/** "rmse > 620": the scores fail if this holds. */
interface Condition {
  readonly text: string;
  readonly score: string;
  readonly operator: keyof typeof operators;
  readonly limit: number;
}

export interface GateOptions {
  readonly failIf?: readonly string[];
  /** a file that `evaluate --json` or `train --json` wrote */
  readonly baseline?: string;
  /** as a share of the earlier score */
  readonly maxRegression?: number;
}

/** A condition that holds, or a score that is too much worse, and the values that say so. */
interface Failure {
  readonly failed: string;
  readonly have: string;
}

/** Which way each score gets better. */
type Kinds = Readonly<Record<string, "higher" | "lower">>;

/** The error that ends the command, after all else is done, if the scores fail. */
export type Gates = (scores: Scores) => NnfitError | undefined;

export const failIfOption = [
  "--fail-if <condition>",
  'exit with code 1 if this holds, such as "rmse > 620" or "accuracy < 0.95"; can be repeated',
  (text: string, all: readonly string[] = []): readonly string[] => [...all, text],
] as const;

export const baselineOption = [
  "--baseline <scores.json>",
  "exit with code 1 if a score is worse than in this file, written by evaluate --json or train --json",
] as const;

export const maxRegressionOption = [
  "--max-regression <percentage>",
  "how much worse a score may be, as a percentage of the earlier one, such as 2% (default: 0%)",
  (text: string): number => {
    const share = /^(\d+(?:\.\d+)?) ?%$/.exec(text.trim())?.[1];
    if (share === undefined) throw new InvalidArgumentError("It takes a percentage, such as 2%.");
    return Number(share) / 100;
  },
] as const;

/** Checks what needs no model or table, and reads the earlier scores. What it gives takes the target, then the scores. */
export function gatesFor(options: GateOptions): (target: TargetState) => Gates {
  const { baseline, maxRegression = 0 } = options;
  if (baseline === undefined && options.maxRegression !== undefined) {
    throw new NnfitError("usage", "--max-regression needs earlier scores", {
      try: "--baseline scores.json",
    });
  }
  const failIf = (options.failIf ?? []).map(conditionOf);
  const earlier = baseline === undefined ? undefined : earlierScores(baseline);

  return (target) => {
    const kinds = scoreKinds(target);
    for (const { score, text } of failIf) if (!(score in kinds)) throw unknownScore(score, text, Object.keys(kinds));
    if (earlier && !Object.keys(kinds).some((name) => name in earlier.scores)) {
      throw new NnfitError("data", "the earlier scores include none of this model's scores", {
        at: baseline,
        have: Object.keys(earlier.scores).join(", ") || "no score",
      });
    }
    if (earlier && earlier.quantile !== quantileOf(target)) {
      const text = (quantile: number | undefined) =>
        quantile === undefined ? "no quantile" : `the quantile ${quantile}`;
      throw new NnfitError("data", "the earlier scores are of another quantile than this model predicts", {
        at: baseline,
        have: `${text(earlier.quantile)}, and ${text(quantileOf(target))} now`,
      });
    }
    // other scores are best for a mean, and get worse where a quantile gets better
    const compared = quantileOf(target) === undefined ? Object.keys(kinds) : firstScores(target);
    return (scores) => {
      const failures = [
        ...failIf.flatMap((condition) => judge(condition, scores[condition.score]!)),
        ...regressions(scores, earlier?.scores ?? {}, { kinds, compared }, maxRegression).map(({ failed, have }) => ({
          failed: `${failed} than in ${baseline}`,
          have,
        })),
      ];
      if (failures.length === 0) return undefined;
      const failed = failures.map(({ failed }) => failed).join("; ");
      return new NnfitError("check", `the scores fail: ${failed}`, {
        have: failures.map(({ have }) => have).join("; "),
      });
    };
  };
}

/** A score that is not defined fails: nothing shows that it is good enough. */
function judge({ score, operator, limit, text }: Condition, value: number): Failure[] {
  if (Number.isNaN(value)) return [{ failed: text, have: `${score} is not defined for these rows` }];
  return operators[operator](value, limit) ? [{ failed: text, have: `${score} ${value}` }] : [];
}

/** Scores that both have and that are worse by more than a share of what they were, or no longer defined. */
function regressions(
  scores: Scores,
  earlier: Scores,
  { kinds, compared }: { readonly kinds: Kinds; readonly compared: readonly string[] },
  most: number,
): Failure[] {
  return Object.entries(earlier).flatMap(([name, before]) => {
    const score = scores[name];
    if (score === undefined || !compared.includes(name)) return [];
    if (Number.isNaN(score)) {
      return [{ failed: `${name} is worse`, have: `${name} is not defined for these rows (it was ${before})` }];
    }
    const worse = kinds[name] === "higher" ? before - score : score - before;
    if (worse <= most * Math.abs(before)) return [];
    const by = most > 0 ? `more than ${percentage(most)} worse` : "worse";
    const share = before === 0 ? "" : `, ${percentage(worse / Math.abs(before))} worse`;
    return [{ failed: `${name} is ${by}`, have: `${name} ${score} (it was ${before})${share}` }];
  });
}

function percentage(share: number): string {
  return `${Number((100 * share).toPrecision(4))} %`;
}

/** Reads a condition on a metric of whatever task; "rmse_" and more is one of several targets. */
function conditionOf(text: string): Condition {
  const names = Object.keys(metrics);
  const parts = /^\s*(.+?)\s*(<=|>=|<|>)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*$/i.exec(text);
  if (!parts) {
    throw new NnfitError("usage", "a condition is a score, one of < <= > >=, and a number", {
      at: `--fail-if "${text}"`,
      have: `the scores ${names.join(", ")}`,
      try: '"rmse > 620"',
    });
  }
  const score = parts[1]!;
  if (!names.some((name) => score === name || score.startsWith(`${name}_`))) throw unknownScore(score, text, names);
  const operator = parts[2] as keyof typeof operators; // by the pattern
  return { text: text.trim(), score, operator, limit: Number(parts[3]) };
}

function unknownScore(score: string, text: string, names: readonly string[]) {
  const longer = names.find((name) => name.toLowerCase().startsWith(score.toLowerCase()));
  const near = longer ?? nearest(score, names);
  return new NnfitError("usage", `there is no score "${score}"`, {
    at: `--fail-if "${text}"`,
    have: names.join(", "),
    try: near && `"${near}"`,
  });
}
