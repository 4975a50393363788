import { Checkpoints } from "../artifact/checkpoints.js";
import { RunFolder, refuseFile } from "../artifact/folder.js";
import { FOLDS_FILE, foldFacts, foldFiles, OUT_OF_FOLD_FILE, saveFolds } from "../artifact/foldFiles.js";
import { MODEL_FILE } from "../artifact/model.js";
import { modelOf } from "../artifact/trained.js";
import { displayPath, type LoadedConfig, loadConfig, resolvedConfig } from "../config/load.js";
import type { Config } from "../config/schema.js";
import type { Table } from "../data/table.js";
import { NnfitError } from "../errors.js";
import {
  crossValidate,
  type FoldResult,
  type FoldsEngine,
  type FoldsWatcher,
  foldsEngine,
} from "../folds/crossValidation.js";
import { keepFolds } from "../folds/keep.js";
import { type CrossValidation, planFolds, prepareFold } from "../folds/plan.js";
import { type FoldScores, foldScores } from "../folds/scores.js";
import { MOST_NETWORKS } from "../model/options.js";
import { metricsAt } from "../score/metrics.js";
import { scoreNames } from "../score/scoring.js";
import type { Prepared } from "../train/prepare.js";
import { estimatedIn } from "../transform/estimands.js";
import { awaitFolder } from "./awaitFolder.js";
import { describe, engineFacts, isByTime } from "./describe.js";
import { foldDivergence } from "./divergence.js";
import { failureOf, printResult } from "./failure.js";
import { foldsDisplay } from "./foldsProgress.js";
import { FoldsSession } from "./foldsSession.js";
import { concludeFolds, foldsText, warnOfFolds } from "./foldsStory.js";
import { gatesFor } from "./gates.js";
import { located } from "./located.js";
import { readTask } from "./prepare.js";
import { removeOld } from "./resume.js";
import { comparisons } from "./scores.js";
import { type Stopwatch, stopwatch } from "./stopwatch.js";
import type { TrainOptions } from "./trainOptions.js";

interface FoldsOptions extends TrainOptions {
  readonly folds: number;
  readonly keep: boolean;
}

/** `nnfit train --folds`: trains as often as there are folds, and tests each on rows that it did not learn from. */
export async function crossValidateAction(path: string, options: FoldsOptions): Promise<void> {
  const clock = stopwatch();

  const { json = false, folds, keep, resume = false } = options;
  const gatesOf = gatesFor(options);
  const job = await understand(path, options, clock);
  const { table, config, text, plan, first, engine, name } = job;
  const { target } = first;
  const gates = gatesOf(target);
  describe({ table, task: plan.task, prepared: first, engine, config }, foldsText(plan));
  warnOfFolds(plan);

  refuseFile(config.output, name);
  const identity = { name, source: path, config: text };
  using folder = new RunFolder(config.output, identity, foldFiles({ keep }));
  const session = new FoldsSession({ config, text, folder: name, folds, keep, resume, words: process.argv.slice(2) });
  const results = await trainWatched(job, folder, session, options);
  clock.lap("fit");
  const scores = foldScores(target, results);
  clock.lap("score");

  const isTold = !(keep && folder.hadOther); // what is there is of another config, and stays until there is a model
  const file = isTold ? `${name}/${FOLDS_FILE}` : undefined;
  const diverged = foldDivergence(results, { table: plan.task.table, config, file });
  if (diverged) {
    if (isTold) saveFolds(folder, plan.task.table, table, results);
    session.remove(); // going on would gain nothing
    clock.lap("save");
    const told = { engine, model: null, seconds: clock.seconds };
    if (json) printResult(resultOf(plan, results, scores, told), failureOf(diverged));
    throw diverged;
  }
  const kept = keep ? keepFolds(plan, results, scores) : undefined;
  const model = kept && modelOf(kept.prepared, kept.outcome, kept.baseline, config.data);
  saveFolds(folder, plan.task.table, table, results, model);
  if (model) removeOld(new Checkpoints(config.output, name), "the model of the folds replaces the earlier run");
  session.remove();
  clock.lap("save");
  const failure = gates(scores.mean);
  const compared = comparisons(target, config.training, scores.mean, scores.baselines, {
    pipeline: first.pipeline,
    networks: first.members.length,
  });
  const seconds = clock.seconds.fit ?? 0;
  concludeFolds(target, results, scores, compared, {
    folder: name,
    files: [FOLDS_FILE, OUT_OF_FOLD_FILE],
    seconds,
    kept: kept?.outcome,
    failure,
    isByTime: isByTime(config.data),
  });
  if (json) {
    const told = { engine, model: model ? `${name}/${MODEL_FILE}` : null, seconds: clock.seconds };
    printResult(resultOf(plan, results, scores, told), failureOf(failure));
  }
  if (failure) throw failure;
}

/** What is to be trained, by what, and where the results go. */
interface FoldsJob {
  readonly loaded: LoadedConfig;
  /** as it was read */
  readonly table: Table;
  /** with the values of its preset */
  readonly config: Config;
  /** the same as a file has it */
  readonly text: string;
  readonly plan: CrossValidation;
  /** the first fold, made ready */
  readonly first: Prepared;
  readonly engine: FoldsEngine;
  /** the run folder, as people are told it */
  readonly name: string;
}

async function understand(path: string, options: FoldsOptions, clock: Stopwatch): Promise<FoldsJob> {
  const { set = [], out, threads, backend, folds, keep } = options;

  const workingDirectory = process.cwd();
  const loaded = loadConfig(path, { set, out, backend, workingDirectory });
  const name = displayPath(workingDirectory, loaded.config.output);
  await awaitFolder(loaded.config.output, name);
  clock.lap("start");
  return located(loaded, async () => {
    const { table, task, facts, readValidation } = await readTask(loaded, () => clock.lap("read"));
    const config = loaded.configFor(facts);
    if (keep) checkKeep(config, folds);
    const plan = planFolds(task, config, { folds, sharesScaling: keep }, readValidation);
    const first = await prepareFold(plan, plan.folds[0]!); // there are two at least
    const engine = await foldsEngine(first, folds, { threads, blasLibrary: process.env.NNFIT_BLAS });
    clock.lap("prepare");
    return { loaded, table, config, text: resolvedConfig(config), plan, first, engine, name };
  });
}

/** Trains and tests the folds while a display follows. */
async function trainWatched(
  { loaded, config, plan, first, engine }: FoldsJob,
  folder: RunFolder,
  session: FoldsSession,
  { folds, quiet = false }: FoldsOptions,
): Promise<FoldResult[]> {
  const { epochs } = config.training;
  const display = foldsDisplay({
    folds,
    epochs,
    scores: scoreNames(first.target, metricsAt(first.target, "line")),
    quiet,
  });
  const watcher: FoldsWatcher = {
    progress(epochs, before) {
      folder.beat();
      display.progress(epochs, before);
    },
    done: (result) => display.done(result),
  };
  try {
    return await located(loaded, () => crossValidate(plan, first, engine, watcher, session));
  } catch (error) {
    throw session.withResume(error);
  } finally {
    display.stop();
    session.close();
  }
}

/** What a script wants to know of a cross-validation. `scores` are what gates judge: the means over the folds. */
function resultOf(
  { task, folds }: CrossValidation,
  results: readonly FoldResult[],
  scores: FoldScores,
  { engine, model, seconds }: { engine: FoldsEngine; model: string | null; seconds: Stopwatch["seconds"] },
) {
  return {
    version: 1,
    model,
    task: task.task,
    ...estimatedIn(results[0]!.outcome.target),
    members: results[0]!.outcome.members.length, // there are two results at least
    scores: scores.mean,
    deviations: scores.deviation,
    outOfFold: { rows: folds.reduce((sum, { test }) => sum + test.length, 0), scores: scores.outOfFold },
    ...scores.baselines,
    folds: results.map((result) => ({
      ...foldFacts(result),
      scores: result.judgement.scores,
      ...result.baselines,
    })),
    ...engineFacts({ ...engine.layoutOf(0), blas: engine.blas }, engine.lanes),
    seconds,
  };
}

function checkKeep({ data, model }: Config, folds: number): void {
  if (data.time !== null) {
    throw new NnfitError("usage", "--keep would keep networks that know only the earliest rows", {
      setting: "data.time",
      try: "the same command without --folds and --keep: it trains a model that knows the latest rows too",
    });
  }
  if (folds * model.members <= MOST_NETWORKS) return;
  throw new NnfitError("usage", `a model can't have more than ${MOST_NETWORKS} networks`, {
    setting: "model.members",
    have: `${folds} folds of ${model.members}`,
    try: "fewer folds, or leaving out --keep",
  });
}
