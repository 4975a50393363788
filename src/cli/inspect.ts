import type { Command } from "commander";
import type { Model } from "../artifact/model.js";
import { losses } from "../model/losses.js";
import { linearRule, ruleOf } from "../score/baseline.js";
import { wantedScores } from "../score/wanted.js";
import type { TrainingOptions } from "../train/options.js";
import { inputsOf } from "../transform/inputColumns.js";
import { mostPercentOf } from "../transform/predictionIntervals.js";
import { type ScalerState, scalers } from "../transform/scalers.js";
import { aligned } from "./align.js";
import { printResult } from "./failure.js";
import { findModel, isCheckpoint } from "./locate.js";
import { baselineText } from "./scores.js";
import {
  clippedText,
  count,
  extras,
  fitted,
  percent,
  print,
  rangeText,
  scoreText,
  short,
  some,
  valueText,
  weightText,
  whole,
} from "./text.js";
import { example, modelArgument } from "./usage.js";

export function configure(command: Command): Command {
  return command
    .argument(...modelArgument)
    .option("--json", "print one JSON object, without the weights")
    .addHelpText("before", example("nnfit inspect runs/iris", "nnfit inspect runs/iris --json"))
    .action(inspectAction);
}

function inspectAction(path: string, { json }: { json?: boolean }): void {
  const model = findModel(path);
  if (json) {
    const { weights, version: nnfit, probe, ...description } = model;
    const parameters = weights.reduce((sum, { length }) => sum + length, 0);
    const most = mostPercentOf(model.target);
    const summary = {
      version: 1,
      nnfit,
      parameters,
      ...description,
      ...(most > 0 && { mostInterval: most }),
      probeRows: probe?.inputs.length ?? 0,
    };
    printResult(summary, undefined, withoutLongParts);
    return;
  }
  const { pipeline, network } = model;
  const taken = inputsOf(pipeline).map(({ places: [place = 0] }) => network.input?.columns[place]);
  const lines = inspectText(model, {
    inverseLink: losses[network.loss.name].inverseLink,
    inverseOf: ({ name }) => scalers[name].inverse,
    taken,
  });
  print([...lines, ...baselineLines(model).flatMap(indented)]);
}

/** As far as a terminal is wide. */
function indented(line: string): string[] {
  return fitted(line, 10);
}

type Input = NonNullable<Model["network"]["input"]>["columns"][number];

/** Of JSON.stringify: the linear model's coefficients and the residuals are left out as the network's weights are. */
function withoutLongParts(key: string, value: unknown): unknown {
  if (key === "residuals") return undefined;
  if (key !== "linear" || typeof value !== "object" || value === null || !("coefficients" in value)) return value;
  return { ...value, coefficients: undefined, intercepts: undefined };
}

/** What the network was compared with in training; nothing of a checkpoint. */
function baselineLines({ target, training: { baseline, options } }: Model): string[] {
  if (!baseline) return [];
  const { scores, linear } = baseline;
  const text = (rule: string, of: Readonly<Record<string, number | null>> | undefined) =>
    of ? baselineText(rule, of, wantedScores(target, options)) : rule;
  const lines = [`baseline  ${text(ruleOf(target, baseline), scores?.baseline)}`];
  if ("leftOut" in linear) return [...lines, `linear    none: ${linear.leftOut}`];
  return [...lines, `linear    ${text(linearRule(target), scores?.linear)}`];
}

function calibration(target: Model["target"]): string {
  if (target.task === "regression" || target.temperature === undefined) return "";
  return `, calibrated by the temperature ${short(target.temperature, 3)}`;
}

/** What of a model only its families know. */
interface Words {
  readonly inverseLink: string;
  /** a scaler's inverse, as its record has it */
  readonly inverseOf: (scaler: ScalerState) => string;
  /** how the network takes the first input of each column, where the model says it */
  readonly taken: readonly (Input | undefined)[];
}

function inspectText(
  { version, weights, pipeline, target, network, members, groups, time, training }: Model,
  { inverseLink, inverseOf, taken }: Words,
): string[] {
  const { inputs, hidden, outputs, activation, initializer, loss } = network;
  const { options, trainingRows, epochs, stopped } = training;
  const { warmUp, ...schedule } = options.schedule;
  const widths = [inputs, ...hidden, outputs].join(" → ");
  const most = mostPercentOf(target);
  return [
    ...indented(`model     written by nnfit ${version}, ${sizeText(weights)}`),
    "",
    "columns",
    ...aligned(pipeline.map((column, number) => columnCells(column, taken[number]))),
    "",
    "target",
    ...aligned(targetCells(target, inverseOf)),
    "",
    members > 1 ? `networks  ${whole(members)} × (${widths})` : `network   ${widths}`,
    ...[
      `          activation ${withOptions(activation)}, initial weights ${initializer.name}`,
      ...extras(network).map((extra) => `          ${extra}`),
      `          loss ${withOptions(loss)}, predictions by ${inverseLink}${calibration(target)}`,
    ].flatMap(indented),
    "",
    ...[
      `training  ${withOptions(options.optimizer)}`,
      ...Object.entries(schedule)
        .filter(([, { name }]) => name !== "constant")
        .map(([rate, schedule]) => `          ${rate} by the schedule ${withOptions(schedule)}`),
      ...(warmUp === 0 ? [] : [`          learningRate warmed up in ${warmUpText(warmUp)}`]),
      ...(options.classWeights === "none" ? [] : [`          class weights ${weightText(options.classWeights)}`]),
      `          ${count(trainingRows, "row")}, ${batchesText(training, members)}, seed ${options.seed}`,
      ...(groups === undefined ? [] : [`          rows of the same "${groups}" kept together`]),
      ...(time === undefined ? [] : [`          the latest rows by "${time}" held out`]),
      `          ${count(epochs, "epoch")}${ENDS[stopped]}, ${keptText(training)}`,
      `scores    ${scoresText(training)}`,
      ...(most > 0 ? [`intervals up to ${most} %, by predict --interval`] : []),
    ].flatMap(indented),
  ];
}

/** How a training ended, where that is not the end of its epochs. */
const ENDS: Readonly<Record<Model["training"]["stopped"], string>> = {
  "all epochs done": "",
  patience: ", stopped early",
  diverged: ", then it diverged",
  "not yet done": " so far",
};

/** Networks that hold out different rows have batches of some of them; how many, only training knew. */
function batchesText({ options, trainingRows }: Model["training"], members: number): string {
  const { batchSize } = options;
  if (batchSize === "full" || batchSize >= trainingRows) return "1 batch of all rows";
  const batches = count(Math.ceil(trainingRows / batchSize), "batch", "batches");
  const upTo = trainingRows % batchSize > 0 ? "up to " : "";
  return members > 1
    ? `batches of up to ${count(batchSize, "row")}`
    : `${batches} of ${upTo}${count(batchSize, "row")}`;
}

function scoresText(training: Model["training"]): string {
  const { scores } = training;
  const unfinished = isCheckpoint({ training }) ? "this is a checkpoint of an unfinished training" : "";
  if (Object.keys(scores).length === 0) return `none yet: ${unfinished}`;
  return `${scoreText(scores)} on ${judgedText(training)}${unfinished && `, so far: ${unfinished}`}`;
}

function judgedText({ trainingRows, validationRows, judgedRows }: Model["training"]): string {
  if (validationRows > 0) return count(validationRows, "validation row");
  if (judgedRows === undefined) return "training rows"; // a checkpoint doesn't say how many
  return judgedRows < trainingRows ? `${whole(judgedRows)} of the training rows` : count(judgedRows, "training row");
}

function warmUpText(warmUp: TrainingOptions["schedule"]["warmUp"]): string {
  if (typeof warmUp === "number") return `${percent(warmUp)} of the updates`;
  return "epochs" in warmUp ? count(warmUp.epochs, "epoch") : count(warmUp.updates, "update");
}

function sizeText(weights: Model["weights"]): string {
  const [first] = weights;
  const each = count(first?.length ?? 0, "weight");
  return weights.length > 1 ? `${weights.length} networks of ${each} each` : each;
}

function keptText({ keptEpoch, members }: Model["training"]): string {
  if (!members) return `weights of epoch ${keptEpoch}`;
  return `weights of the epochs ${members.map(({ keptEpoch }) => keptEpoch).join(", ")}`;
}

function columnCells(column: Model["pipeline"][number], input: Input | undefined): string[] {
  if (column.type !== "category") {
    const range = [rangeText(column)];
    const cycles =
      column.type === "date" && column.cycles.length > 0 ? [`with the time of ${column.cycles.join(", ")}`] : [];
    const missing = column.indicator ? [`missing cells are ${valueText(column, column.fill)} and flagged`] : [];
    return [column.name, column.type, scalerText(column.scaler), [...range, ...cycles, ...missing].join("; ")];
  }
  const { name, categories, other } = column;
  if (input?.kind === "sign") {
    return [name, "category", `${categories[0]} −1, ${categories[1]} 1, and any other or missing 0`, ""];
  }
  const way = input?.kind === "categoryEmbedding" ? `embedding of ${input.width}` : "one-hot";
  return [name, "category", `${way}: ${some(categories)}${other ? ", and one for any other or missing" : ""}`, ""];
}

function targetCells(target: Model["target"], inverseOf: Words["inverseOf"]): string[][] {
  if (target.task === "classification") {
    const [, positive] = target.classes;
    const from = target.threshold === undefined ? "" : `; "${positive}" from a probability of ${target.threshold}`;
    return [[target.name, "classes", `${target.classes.join(", ")}${from}`]];
  }
  return target.targets.map(({ name, scaler, range }) => {
    const inverse = withNumbers(inverseOf(scaler), scaler);
    return [name, "number", `${scalerText(scaler)}; inverse: ${inverse}${clippedText(range)}`];
  });
}

function scalerText(scaler: { readonly name: string }): string {
  const { name, ...state } = scaler;
  const values = Object.entries(state).flatMap(([key, value]) =>
    typeof value === "number" ? [`${key} ${short(value)}`] : [],
  );
  return [name, ...values].join(" ");
}

/** A formula, with the scaler's numbers in the place of their names in braces. */
function withNumbers(formula: string, numbers: Readonly<Record<string, unknown>>): string {
  return formula.replace(/\{(\w+)\}/g, (_, name: string) => short(Number(numbers[name])));
}

function withOptions({ name, ...options }: { readonly name: string }): string {
  const values = Object.entries(options).map(([key, value]) => `${key} ${JSON.stringify(value)}`);
  return values.length > 0 ? `${name} (${values.join(", ")})` : name;
}
