import { InvalidArgumentError } from "commander";
import { NnfitError } from "../errors.js";
import { metrics } from "../score/metrics.js";
import { type Scores, scoreKinds } from "../score/scoring.js";
import { firstScores } from "../score/wanted.js";
import { estimandOf } from "../transform/estimands.js";
import type { TargetState } from "../transform/target.js";
import { earlierScores } from "./earlierScores.js";
import { nearName } from "./nearName.js";
import { percent, short } from "./text.js";

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

/** What fails, in words, and the values that say so. */
interface Failure {
  readonly failed: string;
  readonly have: readonly string[];
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
    for (const { score, text } of failIf)
      if (!(score in kinds)) throw unknownScore(score, text, Object.keys(kinds), target.task);
    if (earlier && !Object.keys(kinds).some((name) => name in earlier.scores)) {
      throw new NnfitError("data", "the earlier scores include none of this model's scores", {
        at: baseline,
        have: Object.keys(earlier.scores).join(", ") || "no score",
      });
    }
    const estimand = estimandOf(target);
    const before = earlier && estimandOf({ task: target.task, ...earlier.estimated }).text;
    if (before !== undefined && before !== estimand.text) {
      throw new NnfitError("data", "the earlier scores are of a model that predicts something else", {
        at: baseline,
        have: `the ${before}, and the ${estimand.text} now`,
      });
    }
    // other scores are best for a mean, and get worse where a quantile gets better
    const compared = estimand.isMean ? Object.keys(kinds) : firstScores(target);
    return (scores) => {
      const failures = [
        ...conditionFailures(failIf, scores),
        ...regressionFailures(regressions(scores, earlier?.scores ?? {}, { kinds, compared }, maxRegression), {
          most: maxRegression,
          baseline,
        }),
      ];
      if (failures.length === 0) return undefined;
      return new NnfitError("check", failures.map(({ failed }) => failed).join("; "), {
        have: failures.flatMap(({ have }) => have).join("; "),
      });
    };
  };
}

/** A score that is not defined fails: nothing shows that it is good enough. */
function conditionFailures(conditions: readonly Condition[], scores: Scores): Failure[] {
  const scoreIn = ({ score }: Condition) => scores[score] ?? Number.NaN;
  const holding = conditions.filter((of) => operators[of.operator](scoreIn(of), of.limit));
  const open = conditions.filter((of) => Number.isNaN(scoreIn(of)));
  const texts = (of: readonly Condition[]) => of.map(({ text }) => text).join(", ");
  const [what, ofOpen] = [
    holding.length === 1 ? "a --fail-if condition holds" : `${holding.length} --fail-if conditions hold`,
    open.length === 1 ? "a --fail-if condition" : `${open.length} --fail-if conditions`,
  ];
  return [
    ...(holding.length > 0
      ? [
          {
            failed: `${what}: ${texts(holding)}`,
            have: holding.map((of) => `${of.score} ${shortBeyond(of, scoreIn(of))}`),
          },
        ]
      : []),
    ...(open.length > 0
      ? [
          {
            failed: `${ofOpen} can't be judged: ${texts(open)}`,
            have: open.map(({ score }) => `${score} is not defined for these rows`),
          },
        ]
      : []),
  ];
}

/** In as few digits as show that the condition holds. */
function shortBeyond({ operator, limit }: Condition, value: number): string {
  for (let digits = 5; digits < 17; digits++) {
    const text = short(value, digits);
    if (operators[operator](Number(text), limit)) return text;
  }
  return String(value);
}

function regressionFailures(
  worse: readonly string[],
  { most, baseline }: { readonly most: number; readonly baseline: string | undefined },
): Failure[] {
  if (worse.length === 0) return [];
  const than = most > 0 ? `more than ${Number((100 * most).toPrecision(4))}% worse` : "worse";
  const are = worse.length === 1 ? "score is" : "scores are";
  return [{ failed: `${worse.length} ${are} ${than} than in ${baseline}`, have: worse }];
}

/** Scores that both have and that are worse by more than a share of what they were, or no longer defined. */
function regressions(
  scores: Scores,
  earlier: Scores,
  { kinds, compared }: { readonly kinds: Kinds; readonly compared: readonly string[] },
  most: number,
): string[] {
  return Object.entries(earlier).flatMap(([name, before]) => {
    const score = scores[name];
    if (score === undefined || !compared.includes(name)) return [];
    if (Number.isNaN(score)) return [`${name} is not defined for these rows (was ${short(before)})`];
    const worse = kinds[name] === "higher" ? before - score : score - before;
    if (worse <= most * Math.abs(before)) return [];
    const share = before === 0 ? "" : `, ${percent(worse / Math.abs(before))} worse`;
    return [`${name} ${short(score)} (was ${short(before)}${share})`];
  });
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

function unknownScore(score: string, text: string, names: readonly string[], task?: string) {
  const isOfOther = task !== undefined && score in metrics && !names.some((name) => name.startsWith(`${score}_`));
  const longer = names.find((name) => name.toLowerCase().startsWith(score.toLowerCase()));
  const near = isOfOther ? undefined : (longer ?? nearName(score, names));
  const what = isOfOther ? `the score ${score} is not available for a ${task}` : `there is no score "${score}"`;
  return new NnfitError("usage", what, {
    at: `--fail-if "${text}"`,
    have: names.join(", "),
    try: near && `"${near}"`,
  });
}
