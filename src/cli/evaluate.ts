import { Command } from "commander";
import type { Model } from "../artifact/model.js";
import type { Groups } from "../data/dependence.js";
import type { WantedColumn } from "../data/read.js";
import type { Source } from "../data/source.js";
import type { Baselines } from "../score/baseline.js";
import type { Intervals } from "../score/bootstrap.js";
import type { precisionAndRecall } from "../score/confusion.js";
import type { Importances } from "../score/importance.js";
import type { Scores } from "../score/metrics.js";
import type { TargetState } from "../transform/target.js";
import type { Predictions, Truth } from "../transform/truth.js";
import { failureOf, printResult } from "./failure.js";
import { baselineOption, failIfOption, type GateOptions, gatesFor, maxRegressionOption } from "./gates.js";
import { findModel, rowsSource } from "./locate.js";
import { comparisons, confusionLines, importanceLines, scoreLines } from "./scores.js";
import { summarize } from "./summary.js";
import { count, oneLine, print, remark, say, whole } from "./text.js";
import { example, modelArgument, type RowsOptions, rowsFormat, withRowsOptions } from "./usage.js";

interface EvaluateOptions extends GateOptions, RowsOptions {
  readonly json?: boolean;
  readonly intervals: boolean;
  readonly importance?: boolean;
}

interface Confusion extends ReturnType<typeof precisionAndRecall> {
  readonly classes: readonly string[];
  readonly rows: readonly (readonly number[])[];
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
  const gatesOf = await gatesFor(options);
  const model = await findModel(path);
  const gates = await gatesOf(model.target);
  const source = await rowsSource(rows);
  const evaluation = await evaluate(model, path, source, options);
  const { scores, groups, intervals, importance } = evaluation;
  const failure = gates(scores);

  if (evaluation.withoutTarget > 0) say("left out", `${count(evaluation.withoutTarget, "row")} without a target`);
  const compared = await comparedWith(model, evaluation);
  if (options.json) {
    printResult(fieldsOf(model, evaluation), failureOf(failure));
  } else {
    print(scoreLines(evaluation.rows, scores, intervals?.of, compared));
    if (evaluation.confusion) printMatrix(evaluation.confusion);
    if (importance) print(["", ...importanceLines(importance)]);
    if (options.importance && !importance)
      say("left out", "the importance of columns: one row has no other to take cells from");
    for (const { label, remarks } of compared) for (const text of remarks) remark(`${label}: ${text}`);
  }
  if (evaluation.hasLearned) remark("the model has learned from rows of this table, so its scores are too good");
  if (intervals && model.groups !== undefined) tellGroups(model.groups, groups);
  summarize({
    title: `nnfit evaluate: ${path}`,
    scores: { network: scores },
    intervals: intervals?.of,
    compared,
    failure,
    facts: {
      scores: `of ${count(evaluation.rows, "row")} of ${source.name}${intervals ? ", with 95 % intervals" : ""}`,
      model: path,
    },
  });
  if (failure) throw failure;
}

/** What scoring a model on the rows of a table comes to. */
interface Evaluation {
  readonly rows: number;
  /** rows of the table that were left out for it */
  readonly withoutTarget: number;
  /** the rows seem to be those that the model was trained on */
  readonly hasLearned: boolean;
  readonly scores: Scores;
  readonly intervals?: Intervals | undefined;
  /** which rows were drawn together for the intervals */
  readonly groups?: Groups | undefined;
  readonly baselines?: Baselines | undefined;
  readonly confusion?: Confusion | undefined;
  readonly importance?: Importances | undefined;
}

async function evaluate(model: Model, path: string, source: Source, options: EvaluateOptions): Promise<Evaluation> {
  const { Memory } = await import("../engine/memory.js");
  const { cellFormat, checkedNetworksOf } = await import("../artifact/model.js");
  const { groupsIn } = await import("../data/dependence.js");
  const { readColumns } = await import("../data/read.js");
  const { columnOf } = await import("../data/table.js");
  const { holdLearned } = await import("../train/copies.js");
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
  const { invertTarget, rowsWithTarget, targetNames, truthOf } = await import("../transform/target.js");

  const { target, pipeline, training } = model;
  const passes = options.importance ? passesFor(pipeline.length) : 1;
  const memory = new Memory(predictionThreads(model.network, model.members, passes * (source.bytes ?? 0)));
  const networks = checkedNetworksOf(model, memory, path);
  const predict = predictorOfInputs(memory, networks, { columns: widthOf(pipeline), rows: EVALUATION_ROWS });
  const format = { ...rowsFormat(options), ...cellFormat(model) };
  const all = await readColumns(source, format, await columnsToScore(model));
  const table = rowsWithTarget(all, targetNames(target));
  const truth = truthOf(target, table);
  const X = applyPipeline(pipeline, table);
  const predicted = (inputs: Float32Array) => invertTarget(target, predict(inputs));
  const predictions = predicted(X);
  const scores = scoresOf(target, truth, predictions);
  const groupColumn = model.groups === undefined ? undefined : columnOf(table, model.groups);
  const groups = groupColumn && groupsIn(groupColumn);
  const intervals = options.intervals ? bootstrap(target, truth, predictions, scores, groups) : undefined;
  const known = { X, columns: inputColumns(pipeline), truth };
  const baselines = training.baseline && scoreBaselines(target, training.baseline, known);
  const bar = await lateBar("importance", "columns", pipeline.length);
  const importance =
    options.importance && table.rows >= FEWEST_ROWS
      ? importances(target, inputsOf(pipeline), known, predicted, bar.update)
      : undefined;
  bar.stop();
  memory.close();
  return {
    rows: table.rows,
    withoutTarget: all.rows - table.rows,
    hasLearned: model.probe !== undefined && holdLearned(X, table.rows, model.probe.inputs),
    scores,
    intervals,
    groups,
    baselines,
    confusion: await confusionOf(target, truth, predictions),
    importance,
  };
}

/** The inputs and targets of a model, and the column by which rows belong together, if the table has it. */
async function columnsToScore({ pipeline, target, groups }: Model): Promise<WantedColumn[]> {
  const { targetColumns } = await import("../transform/target.js");
  const columns: WantedColumn[] = [...pipeline, ...targetColumns(target)];
  if (groups === undefined || columns.some(({ name }) => name === groups)) return columns;
  return [...columns, { name: groups, type: "category", optional: true }];
}

async function comparedWith({ target, training, network }: Model, { scores, baselines }: Evaluation) {
  return baselines ? comparisons(target, { ...training.options, loss: network.loss }, scores, baselines) : [];
}

/** For programs. */
function fieldsOf({ target, groups: column }: Model, evaluation: Evaluation) {
  const { rows, withoutTarget, scores, intervals, groups, baselines, confusion, importance } = evaluation;
  return {
    version: 1,
    task: target.task,
    rows,
    rowsWithoutTarget: withoutTarget,
    scores,
    ...(intervals && { intervals: intervals.of, resamples: intervals.resamples }),
    ...(intervals && groups && { groups: { column, count: groups.count } }),
    ...baselines,
    confusion,
    ...(importance && { importance }),
  };
}

/** With fewer, intervals come out too narrow: those from 10 groups held the true error four times in five. */
const FEW_GROUPS = 20;

function tellGroups(column: string, groups: Groups | undefined): void {
  const name = oneLine(column);
  if (!groups) {
    remark(`without the column "${name}", which tells what rows belong together, the intervals may be far too narrow`);
    return;
  }
  say("intervals", `of whole groups of rows, ${whole(groups.count)} by "${name}"`);
  if (groups.count < FEW_GROUPS) remark(`intervals from ${count(groups.count, "group")} come out too narrow`);
}

function printMatrix({ classes, rows }: Confusion): void {
  if (classes.length <= MOST_CLASSES_AS_TEXT) print(["", ...confusionLines(classes, rows)]);
  else say("left out", `the confusion matrix of ${classes.length} classes; --json has it`);
}

/** For a classification: a row for each true class, in it a number for each predicted one. */
async function confusionOf(
  target: TargetState,
  truth: Truth,
  predictions: Predictions,
): Promise<Confusion | undefined> {
  if (target.task === "regression" || truth.task === "regression" || predictions.task === "regression")
    return undefined;
  const { confusion, precisionAndRecall } = await import("../score/confusion.js");
  const { classes } = target;
  const rows = confusion(truth.classes, predictions.classes, classes.length);
  return { classes, rows, ...precisionAndRecall(rows) };
}
