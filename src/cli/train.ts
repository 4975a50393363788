import { Command, InvalidArgumentError } from "commander";
import type { LoadedConfig } from "../config/load.js";
import type { Config } from "../config/schema.js";
import type { Table } from "../data/table.js";
import type { Baseline, BaselineState } from "../train/baseline.js";
import type { Prepared } from "../train/prepare.js";
import type { Outcome } from "../train/train.js";
import { baselineOption, failIfOption, type GateOptions, gatesFor, maxRegressionOption } from "./gates.js";
import { baselineText, noBetterText } from "./scores.js";
import { type Stopwatch, stopwatch } from "./stopwatch.js";
import { count, duration, extras, say, scoreText, shellWord, some, whole } from "./text.js";
import { example, threadsOption } from "./usage.js";

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
    .option(
      "--set <path=value>",
      "set a value of the config; can be repeated",
      (value: string, all: readonly string[] = []) => [...all, value],
    )
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

function folderName(text: string): string {
  if (text.trim() !== "") return text;
  throw new InvalidArgumentError("It takes the name of a folder.");
}

async function trainAction(path: string, options: TrainOptions): Promise<void> {
  const { set, out, threads, backend, json } = options;
  const clock = stopwatch();
  const { loadConfig, displayPath, resolvedConfig } = await import("../config/load.js");
  const { fileSource } = await import("../data/csv.js");
  const { readColumns, readTable } = await import("../data/read.js");
  const { Run } = await import("../artifact/run.js");
  const { prepare } = await import("../train/prepare.js");
  const { firstScores, learnBaseline, notBetter, scoreBaseline } = await import("../train/baseline.js");
  const { scoreNames } = await import("../train/metrics.js");
  const { train } = await import("../train/train.js");
  const { progressDisplay, watched } = await import("./progress.js");

  const gatesOf = await gatesFor(options);
  const workingDirectory = process.cwd();
  const loaded = loadConfig(path, { set: set ?? [], out, backend, workingDirectory });
  const { config } = loaded;
  const source = (file: string) => watched(fileSource(file, displayPath(workingDirectory, file)));

  clock.lap("start");
  const { table, prepared } = await located(loaded, async () => {
    const table = await readTable(source(config.data.train), config.data);
    clock.lap("read");
    const prepared = await prepare(table, { ...config, threads, blasLibrary: process.env.NNFIT_BLAS }, (wanted) =>
      readColumns(source(String(config.data.validation)), config.data, wanted),
    );
    clock.lap("prepare");
    return { table, prepared };
  });
  const gates = await gatesOf(prepared.target);
  describe(table, prepared, config);

  const folder = displayPath(workingDirectory, config.output);
  const scores = prepared.validation && scoreNames(prepared.target, "history");
  using run = new Run(config.output, { name: folder, source: path, config: resolvedConfig(config), scores });
  const display = await progressDisplay({
    epochs: config.training.epochs,
    batches: batchesOf(prepared),
    scores: scoreNames(prepared.target, "line"),
  });
  let outcome: Outcome;
  try {
    outcome = follow(train(prepared, config.training), (progress) => {
      if (progress.kind === "report") {
        clock.lap("fit");
        run.record(progress.report);
      }
      run.beat();
      display.show(progress);
    });
  } finally {
    display.stop();
    prepared.network.memory.close();
  }
  const { target, training, validation } = prepared;
  const learned = learnBaseline(target, training.truth);
  const baseline = scoreBaseline(target, learned, (validation ?? training).truth);
  clock.lap("score");

  const hasModel = outcome.keptEpoch > 0 || outcome.stopped !== "diverged";
  if (hasModel) run.save(modelOf(prepared, config, outcome, learned));
  if (outcome.diverged) throw await diverged(outcome, config, hasModel ? `${folder}/model.safetensors` : undefined);
  clock.lap("save");
  const failure = gates(outcome.judgement.scores);
  const worse = notBetter(target, outcome.judgement.scores, baseline.scores);
  const compared = [baselineText(baseline, firstScores(target)), ...noBetterText(worse)];
  conclude(prepared, outcome, compared, { folder, seconds: clock.seconds.fit ?? 0, bestBy: config.training.bestBy });
  if (json) console.log(JSON.stringify(result(prepared, outcome, baseline, folder, clock.seconds)));
  if (failure) throw failure;
}

/** What a script wants to know of a training. */
function result(
  { target, training, validation, network: { memory } }: Prepared,
  { keptEpoch, judgement, epochs, stopped }: Outcome,
  baseline: Baseline,
  folder: string,
  seconds: Stopwatch["seconds"],
) {
  return {
    version: 1,
    model: `${folder}/model.safetensors`,
    task: target.task,
    trainingRows: training.scaled.size,
    validationRows: validation?.scaled.size ?? 0,
    epochs,
    keptEpoch,
    stopped,
    scores: judgement.scores,
    baseline,
    backend: memory.blas ? "blas" : "wasm",
    threads: memory.blas ? (memory.blas.threads ?? null) : memory.threads,
    seconds,
    rowsPerSecond: seconds.fit ? Math.round((training.scaled.size * epochs) / seconds.fit) : null,
  };
}

/** Runs a generator to its end; `see` gets what it yields. */
function follow<Seen, Result>(generator: Generator<Seen, Result>, see: (seen: Seen) => void): Result {
  for (;;) {
    const { value, done } = generator.next();
    if (done) return value;
    see(value);
  }
}

/** Errors that name a setting get the place where it stands. */
async function located<Result>({ locate }: LoadedConfig, work: () => Promise<Result>): Promise<Result> {
  const { NnfitError } = await import("../errors.js");
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof NnfitError) || !error.details.setting) throw error;
    throw new NnfitError(error.kind, error.message, { ...error.details, at: locate(error.details.setting) });
  }
}

function batchesOf({ training, batchSize }: Prepared): number {
  return Math.ceil(training.scaled.size / batchSize);
}

/** Says what was understood. */
function describe(table: Table, prepared: Prepared, config: Config): void {
  const { pipeline, target, network, training, validation, batchSize, leftOut, withoutTarget, taskBecause } = prepared;
  say("table", `${table.source}: ${count(table.rows, "row")}, ${count(table.columns.length, "column")}`);
  for (const type of ["number", "category"] as const) {
    const names = pipeline.filter((column) => column.type === type).map(({ name }) => name);
    if (names.length > 0)
      say("inputs", `${count(names.length, type, type === "number" ? "numbers" : "categories")}: ${some(names)}`);
  }
  for (const why of new Set(leftOut.map(({ why }) => why))) {
    const names = leftOut.filter((column) => column.why === why).map(({ name }) => name);
    say("left out", `${some(names)}: ${why}`);
  }
  if (target.task === "regression") {
    const targets = target.targets.map(({ name, scaler }) => `${name} (scaled by ${scaler.name})`);
    say("target", `${some(targets)}: a regression`);
  } else say("target", `${target.name}: ${count(target.classes.length, "class", "classes")}: ${some(target.classes)}`);
  if (taskBecause) say("", taskBecause);
  if (withoutTarget > 0) say("left out", `${count(withoutTarget, "row")} without a target`);
  const held = validation ? `${whole(validation.scaled.size)} held out to judge by` : "none held out";
  say("rows", `${whole(training.scaled.size)} to learn from, ${held}`);
  const { inputs, hidden, outputs, activation, loss } = network.spec;
  const widths = [inputs, ...hidden, outputs].join(" → ");
  const parts = [widths, activation.name, ...extras(network.spec), loss.name].join(", ");
  say("network", `${parts}: ${count(network.weights.length, "weight")}`);
  const { blas } = network.memory;
  if (blas) say("engine", `${blas.name} (its bits vary by machine)`);
  const { epochs, optimizer } = config.training;
  const batches = batchesOf(prepared);
  const rows = training.scaled.size;
  const size = batchSize === rows ? "all rows" : count(batchSize, "row");
  const upTo = rows % batchSize > 0 ? "up to " : "";
  const updates = `${count(batches, "batch", "batches")} of ${upTo}${size}`;
  say("training", `${optimizer.name}, ${count(epochs, "epoch")} of ${updates}`);
}

function modelOf(
  { network, pipeline, target, training, validation }: Prepared,
  config: Config,
  outcome: Outcome,
  baseline: BaselineState,
) {
  const { keptEpoch, loss, judgement, epochs, stopped } = outcome;
  const { plain } = network;
  return {
    version: "",
    pipeline,
    target,
    network: plain.spec,
    missing: config.data.missing,
    training: {
      options: config.training,
      trainingRows: training.scaled.size,
      validationRows: validation?.scaled.size ?? 0,
      epochs,
      keptEpoch,
      stopped,
      loss: Number.isNaN(loss) ? null : loss,
      judgedLoss: judgement.loss,
      scores: judgement.scores,
      baseline,
    },
    weights: plain.weights,
  };
}

async function diverged({ diverged, keptEpoch }: Outcome, { training }: Config, model: string | undefined) {
  const { NnfitError } = await import("../errors.js");
  const rate = training.optimizer.learningRate;
  return new NnfitError("diverged", "training diverged: the loss is no longer a finite number", {
    at: `epoch ${diverged?.epoch}, batch ${diverged?.batch}`,
    have: model
      ? `the weights of epoch ${keptEpoch}, kept in ${model}`
      : "no epoch with good weights, so no model was written",
    try: `a smaller training.optimizer.learningRate (it is ${rate}), or scaling that brings inputs and target to about 1`,
  });
}

/** Says how it went and what to do with the model. */
function conclude(
  { validation, training }: Prepared,
  { keptEpoch, judgement, epochs, stopped }: Outcome,
  compared: readonly string[],
  { folder, seconds, bestBy }: { folder: string; seconds: number; bestBy: Config["training"]["bestBy"] },
) {
  const early = stopped === "patience" ? ", stopped early" : "";
  const why = bestBy === "loss" ? "the one with the least validation loss" : `the best by ${bestBy}`;
  const best = validation && keptEpoch > 0 ? `; kept epoch ${whole(keptEpoch)}, ${why}` : "";
  say("done", `${count(epochs, "epoch")} in ${duration(seconds)}${early}${best}`);
  const rows = validation
    ? count(validation.scaled.size, "validation row")
    : count(training.scaled.size, "training row");
  say("scores", `${scoreText(judgement.scores)} on the ${rows}`);
  for (const [line, text] of compared.entries()) say(line === 0 ? "baseline" : "", text);
  say("model", `${folder}/model.safetensors`);
  say("predict", `nnfit predict ${shellWord(folder)} new.csv --out predictions.csv`);
}
