import { Command } from "commander";
import { findModel, rowsSource } from "./locate.js";
import { count, say, scoreCell } from "./text.js";
import { delimiterOption, example, modelArgument } from "./usage.js";

interface EvaluateOptions {
  readonly json?: boolean;
  readonly delimiter: string;
}

export function evaluateCommand(): Command {
  return new Command("evaluate")
    .description("score a model on rows whose target is known, in the target's own units")
    .argument(...modelArgument)
    .argument("[rows]", "a CSV file with the target, or - for standard input", "-")
    .option("--json", "print one JSON object")
    .option(...delimiterOption)
    .addHelpText(
      "before",
      example("nnfit evaluate runs/iris labelled.csv", "nnfit evaluate runs/iris labelled.csv --json"),
    )
    .action(evaluateAction);
}

async function evaluateAction(path: string, rows: string, { json, delimiter }: EvaluateOptions): Promise<void> {
  const { Memory } = await import("../engine/memory.js");
  const { networkOf } = await import("../artifact/model.js");
  const { readColumns } = await import("../data/read.js");
  const { predictor } = await import("../train/predictor.js");
  const { scoresOf } = await import("../train/metrics.js");
  const { invertTarget, rowsWithTarget, targetColumns, targetNames, truthOf } = await import("../transform/target.js");

  const { target, pipeline, missing, ...model } = await findModel(path);
  const network = networkOf({ target, pipeline, missing, ...model }, new Memory());
  const wanted = [...pipeline, ...targetColumns(target)];
  const whole = await readColumns(await rowsSource(rows), { delimiter, missing }, wanted);
  const table = rowsWithTarget(whole, targetNames(target));
  const predictions = invertTarget(target, predictor(network, pipeline)(table), network.spec.outputs);
  const scores = scoresOf(target, truthOf(target, table), predictions);

  const skipped = whole.rows - table.rows;
  if (skipped > 0) say("left out", `${count(skipped, "row")} without a target`);
  if (json) {
    console.log(
      JSON.stringify({ version: 1, task: target.task, rows: table.rows, rowsWithoutTarget: skipped, scores }),
    );
    return;
  }
  const width = Math.max("rows".length, ...Object.keys(scores).map((name) => name.length));
  console.log(`${"rows".padEnd(width)}  ${table.rows}`);
  for (const [name, score] of Object.entries(scores)) console.log(`${name.padEnd(width)}  ${scoreCell(score)}`);
}
