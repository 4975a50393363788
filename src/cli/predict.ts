import { createWriteStream, existsSync, realpathSync, renameSync, rmSync, statSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline as streamPipeline } from "node:stream/promises";
import { Command, Option } from "commander";
import type { Block } from "../data/read.js";
import { printFailure, printResult, stoppedFailure } from "./failure.js";
import { keepInputs, modelAt, placeOf, rowsSource } from "./locate.js";
import { watchSignals } from "./signals.js";
import { count, note } from "./text.js";
import { example, modelArgument, type RowsOptions, rowsFormat, threadsOption, withRowsOptions } from "./usage.js";

interface PredictOptions extends RowsOptions {
  readonly out?: string;
  readonly with?: readonly string[] | "all";
  readonly proba?: boolean;
  readonly reasons?: boolean;
  readonly onError: "fail" | "null";
  readonly csvSafe?: boolean;
  readonly json?: boolean;
  readonly threads: number | "auto";
}

export function predictCommand(): Command {
  return withRowsOptions(
    new Command("predict")
      .description("predict the rows of a table, in their order and in the target's units")
      .argument(...modelArgument)
      .argument("[rows]", "a CSV file, or - for standard input; columns are matched by name", "-")
      .option("--out <file>", "file for the predictions; default: standard output")
      .option(
        "--with <columns>",
        "copy columns of the input, unchanged, before the predictions: names separated by commas (quoted if they contain one), or all",
        (text: string) => (text === "all" ? text : namesIn(text)),
      )
      .option("--proba", "add the probability of each class")
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
    out,
    with: kept = [],
    proba = false,
    reasons = false,
    onError,
    csvSafe = false,
    json = false,
    threads,
    ...written
  }: PredictOptions,
): Promise<void> {
  const { Memory } = await import("../engine/memory.js");
  const { NnfitError } = await import("../errors.js");
  const { cellFormat, checkedNetworksOf } = await import("../artifact/model.js");
  const { csvLine } = await import("../data/csv.js");
  const { readBlocks } = await import("../data/read.js");
  const { predictionThreads } = await import("../train/parallel.js");
  const { predictor } = await import("../train/predictor.js");
  const { predictionCells, predictionHeader, safeWord } = await import("../transform/output.js");
  const { rowsNotFinite } = await import("../transform/scalers.js");
  const { Remarks } = await import("./remarks.js");

  if (json && out === undefined) {
    throw new NnfitError("usage", "--json and the predictions would both go to standard output", {
      try: "--out predictions.csv --json",
    });
  }
  const place = await placeOf(path);
  const model = await modelAt(place, path);
  if (out !== undefined) await keepInputs(out, { "the table": rows, "the model": place.file, "the config": path });
  if (proba && model.target.task === "regression") {
    throw new NnfitError("usage", "--proba is for classes, and this model predicts a number");
  }
  const source = await rowsSource(rows, out !== undefined || !process.stdout.isTTY);
  const memory = new Memory(
    threads === "auto" ? predictionThreads(model.network, model.members, source.bytes ?? 0) : threads,
  );
  const predict = predictor(memory, checkedNetworksOf(model, memory, path), model.pipeline, onError === "null");
  const format = { ...rowsFormat(written), ...cellFormat(model) };
  const blocks = readBlocks(source, format, model.pipeline, { lenient: onError === "null", kept });
  const remarks = new Remarks(model.pipeline, reasons);
  const word = csvSafe ? safeWord : (text: string) => text;
  const label = model.target.task === "classification" ? word : (number: string) => number;
  const header = predictionHeader(model.target, proba);
  const counts = { rows: 0, withoutPrediction: 0 };
  const notFinite: { rows: number; first?: string } = { rows: 0 };
  const linesOf = ({ table, kept }: Block): string => {
    const { reasons: odd, unreadable } = remarks.on(table);
    const outputs = predict(table);
    const lost = rowsNotFinite(outputs, model.network.outputs);
    if (onError === "fail" && lost.length > 0) {
      throw new NnfitError("data", "what the network makes of this row is no finite number", {
        at: `${table.source}:${table.lines[lost[0]!]}`,
        try: "nnfit check, to see what is far from the training rows, or --on-error null to leave the prediction empty",
      });
    }
    const without = new Set([...unreadable, ...lost]);
    counts.rows += table.rows;
    counts.withoutPrediction += without.size;
    if (lost.length > 0) {
      notFinite.rows += lost.length;
      notFinite.first ??= `${table.source}:${table.lines[lost[0]!]}`;
    }
    const predictions = predictionCells(model.target, outputs, model.network.outputs, proba);
    const lineOf = ([first = "", ...others]: readonly string[], row: number) => {
      const asWritten = kept.map(({ cells }) => word(cells[row]!));
      const cells = without.has(row) ? header.map(() => "") : [label(first), ...others];
      return csvLine([...asWritten, ...cells, ...(reasons ? [word(odd[row]!)] : [])]);
    };
    return predictions.map(lineOf).join("");
  };
  const lines = async function* () {
    let text: string | undefined; // the header goes with the first rows, so that an error comes before it
    let first = true;
    for await (const block of blocks) {
      if (first) {
        const names = [...block.kept.map(({ name }) => name), ...header, ...(reasons ? ["reasons"] : [])];
        const twice = names.find((name, place) => names.indexOf(name) < place);
        if (twice !== undefined) {
          throw new NnfitError("usage", `the predictions would have two columns "${twice}"`, {
            at: source.name,
            try: "--with the names of other columns",
          });
        }
        text = csvLine(names.map(word));
      }
      first = false;
      if (block.table.rows === 0) continue;
      yield (text ?? "") + linesOf(block);
      text = undefined;
    }
    if (text !== undefined) yield text;
  };
  try {
    if (out === undefined) await streamPipeline(Readable.from(lines()), process.stdout, { end: false });
    else await writeStream(out, Readable.from(lines()), json);
  } finally {
    memory.close();
  }
  remarks.sentences().forEach(note);
  if (notFinite.rows > 0) {
    const what = notFinite.rows === 1 ? "has no prediction, as it makes" : "have no prediction, as they make";
    note(`${count(notFinite.rows, "row")} ${what} no finite number; the first is ${notFinite.first}`);
  }
  if (json) printResult({ version: 1, predictions: out, ...counts, odd: remarks.counts() });
}

/** A file appears when it is complete: until then it is a temporary file beside it. Devices and pipes are written to. */
async function writeStream(path: string, text: Readable, json: boolean): Promise<void> {
  const { fileError } = await import("../errors.js");
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() ?? true;
  const place = existsSync(path) ? realpathSync(path) : path; // a symbolic link stays one
  const target = isFile ? `${place}.${process.pid}.tmp` : path;
  if (isFile) rmSync(target, { force: true }); // what somebody has put there, a symbolic link too, is not written through
  const file = createWriteStream(target, { flush: isFile, ...(isFile && { flags: "wx" }) });
  const signals = watchSignals((signal) => {
    if (isFile) rmSync(target, { force: true });
    if (json) printFailure(stoppedFailure(signal));
    process.kill(process.pid, signal); // nobody listens any more: it ends the process
  });
  let failed: Error | undefined;
  file.on("error", (error) => {
    failed = error;
  });
  try {
    await streamPipeline(text, file);
    if (isFile) renameSync(target, place);
  } catch (error) {
    if (isFile) rmSync(target, { force: true });
    throw error === failed ? fileError("write the predictions", path, error) : error;
  } finally {
    signals.stop();
  }
}

/** Names separated by commas; in quotes those that have one. */
function namesIn(text: string): string[] {
  return [...text.matchAll(/"((?:[^"]|"")*)"|([^,]+)/g)].map(
    ([, quoted, plain = ""]) => quoted?.replaceAll('""', '"') ?? plain.trim(),
  );
}
