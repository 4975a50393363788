import { join } from "node:path";
import type { Command } from "commander";
import { checkDescriptor } from "../artifact/descriptor.js";
import type { Model } from "../artifact/model.js";
import { MODEL_FILE } from "../artifact/model.js";
import { modelOf } from "../artifact/trained.js";
import { displayPath, loadConfig, resolvedConfig } from "../config/load.js";
import type { NnfitError } from "../errors.js";
import { allowsFolds } from "../folds/plan.js";
import type { Baselines } from "../score/baseline.js";
import { metricsAt } from "../score/metrics.js";
import { scoresFrom } from "../score/saved.js";
import { scoreNames } from "../score/scoring.js";
import { choiceOf } from "../train/choice.js";
import { baselinesOf } from "../train/compare.js";
import { holdsOut } from "../train/members.js";
import type { Watcher } from "../train/reports.js";
import { type Engine, engineFor, hasModel, type Outcome, train } from "../train/train.js";
import { estimatedIn } from "../transform/estimands.js";
import { awaitFolder } from "./awaitFolder.js";
import { conclude } from "./conclude.js";
import { tellUnknown } from "./continue.js";
import { describe, engineFacts, isByTime } from "./describe.js";
import { divergence } from "./divergence.js";
import { exitCodeOf } from "./exit.js";
import { failureOf, printResult } from "./failure.js";
import { crossValidateAction } from "./folds.js";
import { type Gates, gatesFor } from "./gates.js";
import { modelAt, modelIn } from "./locate.js";
import { located } from "./located.js";
import { type PreparedTraining, prepareTraining } from "./prepare.js";
import { progressDisplay } from "./progress.js";
import { comparisons } from "./scores.js";
import { epochsOf, openSession, type Session } from "./session.js";
import { type Stopwatch, stopwatch } from "./stopwatch.js";
import { say, scoreText } from "./text.js";
import { refuseTogether, type TrainOptions, withTrainOptions } from "./trainOptions.js";
import { example } from "./usage.js";

export function configure(command: Command): Command {
  const described = command.argument(
    "<config>",
    "a JSON file; see docs/settings.md, or let an editor use configs/nnfit.schema.json",
  );
  return withTrainOptions(described)
    .addHelpText(
      "before",
      example(
        "nnfit train configs/iris.json",
        "nnfit train configs/diamonds.json --set training.epochs=50 --set model.hidden=[64,64] --out runs/larger",
        "nnfit train configs/penguins.json --folds 5",
      ),
    )
    .action(trainAction);
}

async function trainAction(path: string, options: TrainOptions): Promise<void> {
  const { folds, keep = false, events: descriptor } = options;
  refuseTogether(options);
  if (folds !== undefined) {
    return crossValidateAction(path, { ...options, folds, keep });
  }
  if (descriptor !== undefined) checkDescriptor(descriptor);
  const gatesOf = gatesFor(options);
  const clock = stopwatch();
  const job = await understand(path, options, clock);
  const gates = gatesOf(job.prepared.target);
  await trainJob(job, options, gates, clock);
}

/** What is to be trained, by what, and where the results go. */
interface Job extends PreparedTraining {
  readonly engine: Engine;
  /** the config file */
  readonly source: string;
  /** the run folder, as people are told it */
  readonly folder: string;
}

/** Reads config and table, and makes ready what is to be trained. */
async function understand(path: string, options: TrainOptions, clock: Stopwatch): Promise<Job> {
  const { set, out, threads, backend, continueFrom } = options;

  const workingDirectory = process.cwd();
  const loaded = loadConfig(path, { set: set ?? [], out, backend, workingDirectory });
  const folder = displayPath(workingDirectory, loaded.config.output);
  await awaitFolder(loaded.config.output, folder);
  clock.lap("start");
  const ready = await prepareTraining(loaded, continueFrom, () => clock.lap("read"));
  const engine = await located(loaded, () =>
    engineFor(ready.prepared, { threads, blasLibrary: process.env.NNFIT_BLAS }),
  );
  clock.lap("prepare");
  return { ...ready, engine, source: path, folder };
}

/** Trains, saves and tells. */
async function trainJob(job: Job, options: TrainOptions, gates: Gates, clock: Stopwatch): Promise<void> {
  const { resume = false, events: descriptor } = options;
  const { task, config, prepared, source, folder } = job;

  const tellPlan = () => {
    describe(job);
    if (job.beginning) tellUnknown(job.beginning, task.table);
  };
  const scores = scoresOfEpoch(job);
  const [text, words] = [resolvedConfig(config), process.argv.slice(2)];
  const replaced = resume ? undefined : modelIn(config.output);
  const session = openSession({ prepared, config, text, folder, source, scores, resume, descriptor, words, tellPlan });
  if (session === "complete") return tellComplete(job, options, gates);
  let ended: { outcome?: Outcome; model?: string } = {};
  try {
    const outcome = await trainWatched(job, session, options, clock);
    const { learned, baselines } = baselinesOf(prepared, outcome);
    clock.lap("score");

    const isKept = hasModel(outcome);
    if (isKept) session.save(modelOf(prepared, outcome, learned, config.data));
    session.saved();
    ended = { outcome, ...(isKept ? { model: `${folder}/${MODEL_FILE}` } : {}) };
    const diverged = divergence({ outcome, prepared, table: task.table, config, model: ended.model });
    clock.lap("save");
    if (diverged) {
      const told = { seconds: clock.seconds, from: session.from };
      if (options.json && isKept) printResult(result(job, outcome, baselines, told), failureOf(diverged));
      throw diverged;
    }
    const failure = gates(outcome.judgement.scores);
    session.end(exitCodeOf(failure), { ...ended, ...(failure ? { error: failure } : {}) });
    await tellTrained(job, outcome, baselines, {
      replaced,
      failure,
      json: options.json,
      seconds: clock.seconds,
      from: session.from,
    });
    if (failure) throw failure;
  } catch (error) {
    session.fail(error, exitCodeOf(error), ended);
    throw session.withResume(error);
  } finally {
    session.close();
  }
}

/** The names of the scores of an epoch, if rows are held out that it is judged by. */
function scoresOfEpoch({ prepared, config }: Job): readonly string[] | undefined {
  const { members, target } = prepared;
  return holdsOut(members) ? scoreNames(target, metricsAt(target, "history", config.training.bestBy)) : undefined;
}

/** Trains while a session and a display follow. */
async function trainWatched(
  { prepared, config, engine }: Job,
  session: Session,
  { quiet = false }: TrainOptions,
  clock: Stopwatch,
): Promise<Outcome> {
  const { epochs, bestBy } = config.training;
  const { target } = prepared;
  const display = progressDisplay({ epochs, scores: scoreNames(target, metricsAt(target, "line", bestBy)), quiet });
  const watcher: Watcher = {
    progress(epochs) {
      session.beat();
      display.progress(epochs);
    },
    report(report) {
      session.report(report);
      display.report(report);
    },
  };
  clock.lap("open");
  const outcome = await train(prepared, engine, watcher, session).finally(() => display.stop());
  clock.lap("fit");
  return outcome;
}

/** Of a run that a --resume finds done. */
function tellComplete({ config, folder }: Job, { json }: TrainOptions, gates: Gates): void {
  const model = `${folder}/${MODEL_FILE}`;
  const { scores } = modelAt({ file: join(config.output, MODEL_FILE) }, folder).training;
  say(
    "complete",
    `${model}, with ${scoreText(scores)}; nothing is left to do, and without --resume it is trained anew`,
  );
  const failure = gates(scoresFrom(scores));
  if (json) printResult({ version: 1, model, complete: true, scores }, failureOf(failure));
  if (failure) throw failure;
}

async function tellTrained(
  job: Job,
  outcome: Outcome,
  baselines: Baselines,
  { replaced, failure, json, seconds, from }: Told,
): Promise<void> {
  const { prepared, task, config, readValidation, folder } = job;
  const compared = comparisons(prepared.target, config.training, outcome.judgement.scores, baselines, {
    pipeline: prepared.pipeline,
    networks: prepared.members.length,
  });
  const choice = choiceOf(prepared);
  const isTooGood = !prepared.initial && choice.isFew;
  conclude(prepared, outcome, compared, {
    folder,
    seconds: seconds.fit ?? 0,
    earlier: from ? epochsOf(from) : 0,
    replaced,
    failure,
    isByTime: isByTime(config.data),
    choice,
    allowsFolds: isTooGood && (await allowsFolds(task, config, 5, readValidation)),
  });
  if (json) printResult(result(job, outcome, baselines, { seconds, from }), failureOf(failure));
}

/** What else there is to tell of a training. */
interface Told {
  /** the model that stood in the run folder before */
  readonly replaced: Model | undefined;
  /** of gates */
  readonly failure: NnfitError | undefined;
  readonly json: boolean | undefined;
  readonly seconds: Stopwatch["seconds"];
  /** what the training went on from */
  readonly from: Session["from"];
}

/** What a script wants to know of a training. */
function result(
  { prepared, engine, folder }: Job,
  { members, judgement, rowCounts, epochs, keptEpoch, stopped }: Outcome,
  baselines: Baselines,
  { seconds, from }: Pick<Told, "seconds" | "from">,
) {
  const visits = prepared.members.reduce((sum, { number, training }) => {
    const before = from?.members[number]?.state.latest.report.epoch ?? 0;
    return sum + (members[number]!.epochs - before) * training.length;
  }, 0);
  return {
    version: 1,
    model: `${folder}/${MODEL_FILE}`,
    task: prepared.target.task,
    ...estimatedIn(prepared.target),
    members: members.length,
    ...rowCounts,
    epochs,
    keptEpoch,
    stopped,
    scores: judgement.scores,
    ...baselines,
    ...engineFacts(engine),
    seconds,
    rowsPerSecond: seconds.fit ? Math.round(visits / seconds.fit) : null,
  };
}
