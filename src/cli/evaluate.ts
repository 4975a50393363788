import type { Command } from "commander";
import type { Model } from "../artifact/model.js";
import { type Confusion, MOST_CLASSES } from "../score/confusion.js";
import { estimatedIn } from "../transform/estimands.js";
import type { Coverage } from "../transform/predictionIntervals.js";
import type { TargetState } from "../transform/target.js";
import { type Against, againstCells, againstLines, againstText, estimandRemarks, modelAgainst } from "./against.js";
import { type Evaluation, type EvaluationOptions, evaluate } from "./evaluation.js";
import { failureOf, printResult } from "./failure.js";
import { baselineOption, failIfOption, type GateOptions, gatesFor, maxRegressionOption } from "./gates.js";
import { remarksOnIntervals, tellIntervals } from "./intervalRemarks.js";
import { findModel } from "./locate.js";
import { clippedSentences } from "./remarks.js";
import { withRowsOptions } from "./rowsOptions.js";
import {
  type Comparison,
  comparedRemarks,
  comparisons,
  confusionLines,
  importanceLines,
  labelledFact,
  ruleLines,
  scoreLines,
} from "./scores.js";
import { summarize } from "./summary.js";
import { count, note, plain, print, remark, say, short, terminalWidth, whole } from "./text.js";
import { modelWithThreshold, thresholdOption } from "./threshold.js";
import { example, modelArgument } from "./usage.js";

interface EvaluateOptions extends GateOptions, EvaluationOptions {
  readonly json?: boolean;
  readonly threshold?: number;
  readonly against?: string;
}

/** A larger confusion matrix is for programs. */
const MOST_CLASSES_AS_TEXT = 20;

export function configure(command: Command): Command {
  return withRowsOptions(
    command
      .argument(...modelArgument)
      .argument("[rows]", "a CSV file with the target, or - for standard input", "-")
      .option("--json", "print one JSON object")
      .option("--no-intervals", "leave out the 95 % confidence intervals of scores and differences (bootstrap)")
      .option(
        "--importance",
        "report permutation importance: how much worse the scores get when one column is shuffled",
      )
      .option(
        "--against <model>",
        "compare with another model on the same rows: by how much each score differs, and whether that may be chance",
      )
      .option(...thresholdOption)
      .option(...failIfOption)
      .option(...baselineOption)
      .option(...maxRegressionOption)
      .addHelpText(
        "before",
        example(
          "nnfit evaluate runs/iris labelled.csv",
          "nnfit evaluate runs/iris labelled.csv --importance",
          "nnfit evaluate runs/iris labelled.csv --against runs/earlier",
          "nnfit evaluate runs/iris labelled.csv --json > scores.json",
          'nnfit evaluate runs/iris labelled.csv --fail-if "accuracy < 0.95" --baseline scores.json --max-regression 2%',
        ),
      )
      .action(evaluateAction),
  );
}

async function evaluateAction(path: string, rows: string, options: EvaluateOptions): Promise<void> {
  const gatesOf = gatesFor(options);
  const model = modelWithThreshold(findModel(path), options.threshold);
  const gates = gatesOf(model.target);
  const other =
    options.against === undefined ? undefined : modelAgainst(options.against, rows, model, options.threshold);
  const evaluation = await evaluate(model, path, rows, options, other);
  const { scores, intervals, against } = evaluation;
  const failure = gates(scores);
  const compared = comparedWith(model, evaluation);
  const positive = positiveText(model.target);
  const hasIntervals = Object.values(intervals?.of ?? {}).some(Boolean);

  if (evaluation.withoutTarget > 0) say("left out", `${count(evaluation.withoutTarget, "row")} without a target`);
  if (options.json) printResult(fieldsOf(model, evaluation), failureOf(failure));
  else printEvaluation(model, evaluation, compared);
  if (options.importance && !evaluation.importance)
    say("left out", "the importance of columns: a single row can't be shuffled");
  const remarks = [
    ...learnedRemarks(evaluation),
    ...(other ? estimandRemarks(model.target, other) : []),
    ...remarksOnIntervals(model, evaluation),
  ];
  comparedRemarks(compared).forEach(remark);
  if (!evaluation.seemsLearned) evaluation.oddities.sentences("; nnfit check finds them all").forEach(note);
  clippedSentences(evaluation.clipped).forEach(note);
  remarks.forEach(remark);
  tellIntervals(model, evaluation);
  summarize({
    title: `nnfit evaluate: ${path}`,
    columns: [{ heading: "network", scores, intervals: intervals?.of }],
    compared,
    tables: against ? [{ title: againstText(against), cells: againstCells(model.target, against) }] : [],
    remarks,
    failure,
    facts: {
      scores: `of ${count(evaluation.rows, "row")} of ${evaluation.source}${hasIntervals ? ", with 95 % intervals" : ""}`,
      model: path,
      ...(positive !== undefined && { positive }),
    },
  });
  if (failure) throw failure;
}

/** For people. */
function printEvaluation({ target }: Model, evaluation: Evaluation, compared: readonly Comparison[]): void {
  const { rows, scores, coverage, intervals, confusion, importance, against } = evaluation;
  const room = terminalWidth(process.stdout);
  const positive = positiveText(target);
  if (positive === undefined) print([`rows  ${whole(rows)}`]);
  else print([...labelledFact("rows", whole(rows)), ...labelledFact("positive", positive)]);
  print(["", ...scoreLines(scores, compared, intervals?.of, room)]);
  const facts = [...ruleLines(compared), ...(coverage ? coverageLines(coverage) : [])];
  if (facts.length > 0) print(["", ...facts]);
  if (target.task === "classification") printMatrix(target.classes.length, confusion);
  if (importance) print(["", ...importanceLines(importance, room)]);
  if (against) print(["", ...againstLines(target, against)]);
}

/** What the intervals of `predict --interval` hold. */
function coverageLines({ percent, targets }: Coverage): string[] {
  return targets.flatMap(({ name, share, width }, t) => {
    const of = targets.length > 1 ? `${name}: ` : "";
    const held = `${short(100 * share, 3)} % of the true values are in their ${percent} % intervals`;
    return labelledFact(t === 0 ? "interval" : "", `${of}${held}, whose median width is ${short(width, 5)}`);
  });
}

/** Of two classes, the one that f1, rocAuc and averagePrecision are of. */
function positiveText(target: TargetState): string | undefined {
  if (target.task === "regression" || target.classes.length !== 2) return undefined;
  const { classes, threshold } = target;
  return `"${classes[1]}"${threshold === undefined ? "" : `, predicted from a probability of ${plain(threshold)} on`}`;
}

function learnedRemarks({ seemsLearned, against }: Evaluation): string[] {
  return [
    ...(seemsLearned ? ["the model seems to have been trained on these rows, so the scores are optimistic"] : []),
    ...(against?.seemsLearned
      ? [`${against.model} seems to have been trained on these rows, so its scores are optimistic`]
      : []),
  ];
}

function comparedWith({ target, training, members }: Model, { scores, baselines }: Evaluation): Comparison[] {
  return baselines ? comparisons(target, training.options, scores, baselines, { networks: members }) : [];
}

/** For programs. */
function fieldsOf({ target, groups: column }: Model, evaluation: Evaluation) {
  const { rows, withoutTarget, seemsLearned, oddities, clipped } = evaluation;
  const { scores, coverage, intervals, groups, baselines, confusion, importance, against } = evaluation;
  return {
    version: 1,
    task: target.task,
    ...estimatedIn(target),
    threshold: target.task === "classification" ? target.threshold : undefined, // left out where there is none
    rows,
    rowsWithoutTarget: withoutTarget,
    seemsLearned,
    odd: oddities.counts(),
    clipped,
    scores,
    ...(coverage && { coverage }),
    ...(intervals && { intervals: intervals.of, resamples: intervals.resamples }),
    ...(intervals && groups && { groups: { column, count: groups.count } }),
    ...baselines,
    confusion,
    ...(importance && { importance }),
    ...(against && { against: fieldsAgainst(against) }),
  };
}

function fieldsAgainst({ model, seemsLearned, scores, differences: difference, intervals }: Against) {
  const ofDifference = intervals && { intervals: intervals.of, resamples: intervals.resamples };
  return { model, seemsLearned, scores, difference, ...ofDifference };
}

function printMatrix(classes: number, confusion: Confusion | undefined): void {
  if (confusion && classes <= MOST_CLASSES_AS_TEXT) {
    print(["", ...confusionLines(confusion)]);
    return;
  }
  const where = confusion ? "--json has it" : `there is none of more than ${whole(MOST_CLASSES)}`;
  say("left out", `the confusion matrix of ${whole(classes)} classes; ${where}`);
}
