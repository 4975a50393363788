import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Command, Option } from "commander";
import { checkedNetworksOf } from "../artifact/model.js";
import { readBlocks } from "../data/read.js";
import { Memory } from "../engine/memory.js";
import { threadsOf } from "../engine/threads.js";
import { NnfitError } from "../errors.js";
import { BlockPredictor } from "../predict/blockPredictor.js";
import { threadsToPredict } from "../predict/predictor.js";
import { printResult } from "./failure.js";
import { checkInterval, intervalOption } from "./interval.js";
import { modelAt, placeOf, rowsSource } from "./locate.js";
import { refuseInputs, writePredictions } from "./outputFile.js";
import { PredictionLines } from "./predictions.js";
import { inputsToRead, type RowsOptions, rowsFormat, withRowsOptions } from "./rowsOptions.js";
import { note } from "./text.js";
import { modelWithThreshold, thresholdOption } from "./threshold.js";
import { example, modelArgument, threadsOption } from "./usage.js";

interface PredictOptions extends RowsOptions {
  readonly out?: string;
  readonly with?: readonly string[] | "all";
  readonly proba?: boolean;
  readonly interval?: number;
  readonly threshold?: number;
  readonly reasons?: boolean;
  readonly onError: "fail" | "null";
  readonly csvSafe?: boolean;
  readonly json?: boolean;
  readonly threads: number | "auto";
}

export function configure(command: Command): Command {
  return withRowsOptions(
    command
      .argument(...modelArgument)
      .argument("[rows]", "a CSV file, or - for standard input; columns are matched by name", "-")
      .option("--out <file>", "file for the predictions; default, and -: standard output")
      .option(
        "--with <columns>",
        "copy columns of the input, unchanged, before the predictions: names separated by commas (quoted if they contain one), or all",
        (text: string) => (text === "all" ? text : namesIn(text)),
      )
      .option("--proba", "add the probability of each class")
      .option(...intervalOption)
      .option(...thresholdOption)
      .option("--reasons", "add a column that says what is unusual about a row: missing, unseen or out-of-range values")
      .addOption(
        new Option(
          "--on-error <what>",
          "what to do with a row that can't be predicted because a cell is not a number: fail, or null to leave the prediction empty",
        )
          .choices(["fail", "null"])
          .default("fail"),
      )
      .option("--csv-safe", "put a ' before text that a spreadsheet would read as a formula")
      .option("--json", "with --out: print one JSON object, with the number of rows and what was unusual about them")
      .option(...threadsOption)
      .addHelpText(
        "before",
        example(
          "nnfit predict runs/iris new.csv --out predictions.csv",
          "nnfit predict runs/iris new.csv --with all --out predictions.csv",
          "nnfit predict runs/diamonds new.csv --interval 90 --out predictions.csv",
          "cat new.csv | nnfit predict runs/iris - --proba > predictions.csv",
          "nnfit predict runs/iris new.csv --reasons --on-error null --out predictions.csv",
        ),
      )
      .action(predictAction),
  );
}

async function predictAction(
  path: string,
  rows: string,
  {
    out: file,
    with: kept = [],
    proba = false,
    interval,
    threshold,
    reasons = false,
    onError,
    csvSafe = false,
    json = false,
    threads,
    ...rowsOptions
  }: PredictOptions,
): Promise<void> {
  const out = file === "-" ? undefined : file;
  if (json && out === undefined) {
    throw new NnfitError("usage", "--json and the predictions would both go to standard output", {
      try: "--out predictions.csv --json",
    });
  }
  const place = placeOf(path);
  const model = modelWithThreshold(modelAt(place, path), threshold);
  if (out !== undefined) refuseInputs(out, { "the table": rows, "the model": place.file, "the config": path });
  if (proba && model.target.task === "regression") {
    throw new NnfitError("usage", "--proba is for classes, but this model predicts a number", {
      try: "--interval 90, which adds the ends of an interval that holds 90 % of true values",
    });
  }
  if (interval !== undefined) checkInterval(model.target, interval, path);
  const source = rowsSource(rows, out !== undefined || !process.stdout.isTTY);
  const lenient = onError === "null";
  const memory = new Memory();
  const format = rowsFormat(model, rowsOptions);
  const blocks = readBlocks(source, format, inputsToRead(model.pipeline, rowsOptions), { lenient, kept });
  const predictor = new BlockPredictor(memory, checkedNetworksOf(model, memory, path), model.pipeline, {
    lenient,
    threads: threadsOf(threads),
    isLong: threadsToPredict(model.network, model.members, source.bytes ?? 0) > 1,
  });
  const predictions = new PredictionLines(model, {
    beside: { probabilities: proba, interval },
    reasons,
    lenient,
    csvSafe,
  });
  const lines = Readable.from(predictions.lines(predictor.predict(blocks)));
  try {
    if (out === undefined) await pipeline(lines, process.stdout, { end: false });
    else await writePredictions(out, lines, json);
  } finally {
    await predictor.close();
  }
  predictions.sentences().forEach(note);
  if (json) printResult({ version: 1, predictions: out, ...predictions.counts, odd: predictions.odd() });
}

/** Names separated by commas; in quotes those that have one. A column without a name has an empty one. */
function namesIn(text: string): string[] {
  return [...`,${text}`.matchAll(/,(?:"((?:[^"]|"")*)"(?=,|$)|([^,]*))/g)].map(
    ([, quoted, plain = ""]) => quoted?.replaceAll('""', '"') ?? plain.trim(),
  );
}
