import { Command } from "commander";
import type { LoadedConfig } from "../config/load.js";
import type { Config } from "../config/schema.js";
import type { Baselines } from "../train/baseline.js";
import type { Prepared } from "../train/prepare.js";
import type { Engine, Outcome } from "../train/train.js";
import { baselineOption, failIfOption, type GateOptions, gatesFor, maxRegressionOption } from "./gates.js";
import { comparisons } from "./scores.js";
import { type Stopwatch, stopwatch } from "./stopwatch.js";
import { example, folderName, setOption, threadsOption } from "./usage.js";

interface TrainOptions extends GateOptions {
  readonly set?: string[];
  readonly out?: string;
  readonly threads: number | "auto";
  readonly backend?: string;
  readonly json?: boolean;
}

export function trainCommand(): Command {
  return new Command("train")
    .description("learn from a table as a config says, and write a run folder with the model")
    .argument("<config>", "a JSON file; see the README, or let an editor use configs/nnfit.schema.json")
    .option(...setOption)
    .option("--out <folder>", "the run folder, over the config's `output`", folderName)
    .option(...threadsOption)
    .option("--backend <name>", "wasm, or blas for the system's BLAS library, over the config's `training.backend`")
    .option(...failIfOption)
    .option(...baselineOption)
    .option(...maxRegressionOption)
    .option("--json", "print one JSON object at the end: scores, and seconds for each part of the work")
    .addHelpText(
      "before",
      example(
        "nnfit train configs/iris.json",
        "nnfit train configs/diamonds.json --set training.epochs=50 --set model.hidden=[64,64] --out runs/larger",
      ),
    )
    .action(trainAction);
}

async function trainAction(path: string, options: TrainOptions): Promise<void> {
  const { set, out, threads, backend, json } = options;
  const clock = stopwatch();
  const { loadConfig, displayPath, resolvedConfig } = await import("../config/load.js");
  const { fileSource } = await import("../data/csv.js");
  const { readColumns, readTable } = await import("../data/read.js");
  const { modelOf } = await import("../artifact/trained.js");
  const { Run } = await import("../artifact/run.js");
  const { findTask } = await import("../train/task.js");
  const { prepare } = await import("../train/prepare.js");
  const { baselinesOf } = await import("../train/compare.js");
  const { scoreNames } = await import("../train/metrics.js");
  const { engineFor, train } = await import("../train/train.js");
  const { progressDisplay, watched } = await import("./progress.js");
  const { conclude, describe } = await import("./story.js");

  const gatesOf = await gatesFor(options);
  const workingDirectory = process.cwd();
  const loaded = loadConfig(path, { set: set ?? [], out, backend, workingDirectory });
  const { data, task: taskSetting, output } = loaded.config;
  const source = (file: string) => watched(fileSource(file, displayPath(workingDirectory, file)));

  clock.lap("start");
  const { table, task, config, prepared, engine } = await located(loaded, async () => {
    const table = await readTable(source(data.train), data);
    clock.lap("read");
    const task = findTask(table, data.target, taskSetting);
    const config = loaded.configFor({ rows: task.table.rows, task: task.task });
    const prepared = await prepare(task, config, (wanted) =>
      readColumns(source(String(data.validation)), data, wanted),
    );
    const engine = await engineFor(prepared, { threads, blasLibrary: process.env.NNFIT_BLAS });
    clock.lap("prepare");
    return { table, task, config, prepared, engine };
  });
  const { target, members } = prepared;
  const gates = await gatesOf(target);
  describe(table, task, prepared, engine, config);

  const folder = displayPath(workingDirectory, output);
  const holdsOut = members.some(({ validation }) => validation.length > 0);
  const scores = holdsOut ? scoreNames(target, "history") : undefined;
  const run = new Run(output, { name: folder, source: path, config: resolvedConfig(config), scores });
  const display = await progressDisplay({ epochs: config.training.epochs, scores: scoreNames(target, "line") });
  let outcome: Outcome;
  try {
    outcome = await train(prepared, engine, {
      progress: (epochs) => display.progress(epochs),
      report(report) {
        run.record(report);
        display.report(report);
      },
    });
    clock.lap("fit");
  } finally {
    display.stop();
    run.close();
  }
  const { learned, baselines } = baselinesOf(prepared, outcome);
  clock.lap("score");

  const hasModel = outcome.members.every(({ keptEpoch, stopped }) => keptEpoch > 0 || stopped !== "diverged");
  if (hasModel) run.save(modelOf(prepared, outcome, learned, data.missing));
  const diverged = await divergence(outcome, config, hasModel ? `${folder}/model.safetensors` : undefined);
  if (diverged) throw diverged;
  clock.lap("save");
  const failure = gates(outcome.judgement.scores);
  const compared = await comparisons(target, outcome.judgement.scores, baselines);
  conclude(prepared, outcome, compared, { folder, seconds: clock.seconds.fit ?? 0 });
  if (json) console.log(JSON.stringify(result(prepared, outcome, engine, baselines, folder, clock.seconds)));
  if (failure) throw failure;
}

/** What a script wants to know of a training. */
function result(
  prepared: Prepared,
  { members, judgement, rowCounts, epochs, keptEpoch, stopped }: Outcome,
  { blas, workers, engineThreads }: Engine,
  baselines: Baselines,
  folder: string,
  seconds: Stopwatch["seconds"],
) {
  const visits = members.reduce(
    (sum, { epochs }, member) => sum + epochs * prepared.members[member]!.training.length,
    0,
  );
  return {
    version: 1,
    model: `${folder}/model.safetensors`,
    task: prepared.target.task,
    members: members.length,
    ...rowCounts,
    epochs,
    keptEpoch,
    stopped,
    scores: judgement.scores,
    ...baselines,
    backend: blas ? "blas" : "wasm",
    threads: blas ? (blas.threads ?? null) : Math.max(workers, 1) * engineThreads,
    seconds,
    rowsPerSecond: seconds.fit ? Math.round(visits / seconds.fit) : null,
  };
}

/** Errors that name a setting get the place where it stands. */
export async function located<Result>(
  { locate }: Pick<LoadedConfig, "locate">,
  work: () => Promise<Result>,
): Promise<Result> {
  const { NnfitError } = await import("../errors.js");
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof NnfitError) || !error.details.setting) throw error;
    throw new NnfitError(error.kind, error.message, { ...error.details, at: locate(error.details.setting) });
  }
}

/** The error of a training that diverged. */
async function divergence({ members }: Outcome, { training }: Config, model: string | undefined) {
  const { NnfitError } = await import("../errors.js");
  const number = members.findIndex(({ stopped }) => stopped === "diverged");
  const first = members[number];
  if (!first) return undefined;
  const rate = training.optimizer.learningRate;
  const which = members.length > 1 ? `member ${number + 1}, ` : "";
  const good = members.length > 1 ? "the last good weights of each member" : `the weights of epoch ${first.keptEpoch}`;
  return new NnfitError("diverged", "training diverged: the loss is no longer a finite number", {
    at: `${which}epoch ${first.diverged?.epoch}, batch ${first.diverged?.batch}`,
    have: model ? `${good}, kept in ${model}` : "no epoch with good weights, so no model was written",
    try: `a smaller training.optimizer.learningRate (it is ${rate}), or scaling that brings inputs and target to about 1`,
  });
}
