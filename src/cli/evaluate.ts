import { Command } from "commander";
import type { Intervals } from "../score/bootstrap.js";
import type { TargetState } from "../transform/target.js";
import type { Predictions, Truth } from "../transform/truth.js";
import { failureOf, printResult } from "./failure.js";
import { baselineOption, failIfOption, type GateOptions, gatesFor, maxRegressionOption } from "./gates.js";
import { findModel, rowsSource } from "./locate.js";
import { comparisons, confusionLines, importanceLines, scoreLines } from "./scores.js";
import { summarize } from "./summary.js";
import { count, print, remark, say } from "./text.js";
import { example, modelArgument, type RowsOptions, rowsFormat, withRowsOptions } from "./usage.js";

interface EvaluateOptions extends GateOptions, RowsOptions {
  readonly json?: boolean;
  readonly intervals: boolean;
  readonly importance?: boolean;
}

/** A larger confusion matrix is for programs. */
const MOST_CLASSES_AS_TEXT = 20;

export function evaluateCommand(): Command {
  return withRowsOptions(
    new Command("evaluate")
      .description("score a model on rows whose target is known, in the target's units")
      .argument(...modelArgument)
      .argument("[rows]", "a CSV file with the target, or - for standard input", "-")
      .option("--json", "print one JSON object")
      .option("--no-intervals", "leave out the 95 % confidence intervals of the scores (bootstrap)")
      .option(
        "--importance",
        "report permutation importance: how much worse the scores get when one column is shuffled",
      )
      .option(...failIfOption)
      .option(...baselineOption)
      .option(...maxRegressionOption)
      .addHelpText(
        "before",
        example(
          "nnfit evaluate runs/iris labelled.csv",
          "nnfit evaluate runs/iris labelled.csv --importance",
          "nnfit evaluate runs/iris labelled.csv --json > scores.json",
          'nnfit evaluate runs/iris labelled.csv --fail-if "accuracy < 0.95" --baseline scores.json --max-regression 2%',
        ),
      )
      .action(evaluateAction),
  );
}

async function evaluateAction(path: string, rows: string, options: EvaluateOptions): Promise<void> {
  const { Memory } = await import("../engine/memory.js");
  const { cellFormat, checkedNetworksOf } = await import("../artifact/model.js");
  const { readColumns } = await import("../data/read.js");
  const { EVALUATION_ROWS } = await import("../train/evaluate.js");
  const { predictionThreads } = await import("../train/parallel.js");
  const { predictorOfInputs } = await import("../train/predictor.js");
  const { scoreBaselines } = await import("../score/baseline.js");
  const { bootstrap } = await import("../score/bootstrap.js");
  const { lateBar } = await import("./progress.js");
  const { FEWEST_ROWS, importances, passesFor } = await import("../score/importance.js");
  const { scoresOf } = await import("../score/metrics.js");
  const { applyPipeline } = await import("../transform/apply.js");
  const { inputColumns, inputsOf, widthOf } = await import("../transform/inputColumns.js");
  const { invertTarget, rowsWithTarget, targetColumns, targetNames, truthOf } = await import("../transform/target.js");

  const gatesOf = await gatesFor(options);
  const model = await findModel(path);
  const { target, pipeline, training } = model;
  const gates = await gatesOf(target);
  const wanted = [...pipeline, ...targetColumns(target)];
  const source = await rowsSource(rows);
  const passes = options.importance ? passesFor(pipeline.length) : 1;
  const memory = new Memory(predictionThreads(model.network, model.members, passes * (source.bytes ?? 0)));
  const networks = checkedNetworksOf(model, memory, path);
  const predict = predictorOfInputs(memory, networks, { columns: widthOf(pipeline), rows: EVALUATION_ROWS });
  const whole = await readColumns(source, { ...rowsFormat(options), ...cellFormat(model) }, wanted);
  const table = rowsWithTarget(whole, targetNames(target));
  const truth = truthOf(target, table);
  const X = applyPipeline(pipeline, table);
  const predicted = (inputs: Float32Array) => invertTarget(target, predict(inputs), model.network.outputs);
  const predictions = predicted(X);
  const scores = scoresOf(target, truth, predictions);
  const intervals = options.intervals ? bootstrap(target, truth, predictions, scores) : undefined;
  const known = { X, columns: inputColumns(pipeline), truth };
  const baselines = training.baseline && scoreBaselines(target, training.baseline, known);
  const bar = await lateBar("importance", "columns", pipeline.length);
  const isAsked = options.importance === true;
  const important =
    isAsked && table.rows >= FEWEST_ROWS
      ? importances(target, inputsOf(pipeline), known, predicted, bar.update)
      : undefined;
  bar.stop();
  memory.close();
  const failure = gates(scores);
  const matrix = await confusionOf(target, truth, predictions);

  const skipped = whole.rows - table.rows;
  if (skipped > 0) say("left out", `${count(skipped, "row")} without a target`);
  const compared = baselines
    ? await comparisons(target, { ...training.options, loss: model.network.loss }, scores, baselines)
    : [];
  if (options.json) {
    const counts = { version: 1, task: target.task, rows: table.rows, rowsWithoutTarget: skipped };
    printResult(
      {
        ...counts,
        scores,
        ...intervalFields(intervals),
        ...baselines,
        confusion: matrix,
        ...(important && { importance: important }),
      },
      failureOf(failure),
    );
  } else {
    print(scoreLines(table.rows, scores, intervals?.of, compared));
    if (matrix) printMatrix(matrix);
    if (important) print(["", ...importanceLines(important)]);
    if (isAsked && !important) say("left out", "the importance of columns: one row has no other to take cells from");
    for (const { label, remarks } of compared) for (const text of remarks) remark(`${label}: ${text}`);
  }
  summarize({
    title: `nnfit evaluate: ${path}`,
    scores: { network: scores },
    intervals: intervals?.of,
    compared,
    failure,
    facts: {
      scores: `of ${count(table.rows, "row")} of ${source.name}${intervals ? ", with 95 % intervals" : ""}`,
      model: path,
    },
  });
  if (failure) throw failure;
}

function printMatrix({ classes, rows }: { classes: readonly string[]; rows: readonly (readonly number[])[] }): void {
  if (classes.length <= MOST_CLASSES_AS_TEXT) print(["", ...confusionLines(classes, rows)]);
  else say("left out", `the confusion matrix of ${classes.length} classes; --json has it`);
}

function intervalFields(intervals: Intervals | undefined) {
  return intervals && { intervals: intervals.of, resamples: intervals.resamples };
}

/** For a classification: a row for each true class, in it a number for each predicted one. */
async function confusionOf(target: TargetState, truth: Truth, predictions: Predictions) {
  if (target.task === "regression" || truth.task === "regression" || predictions.task === "regression")
    return undefined;
  const { confusion, precisionAndRecall } = await import("../score/confusion.js");
  const { classes } = target;
  const rows = confusion(truth.classes, predictions.classes, classes.length);
  return { classes, rows, ...precisionAndRecall(rows) };
}
