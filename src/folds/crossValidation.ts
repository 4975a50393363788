import { range } from "../data/split.js";
import { takeRows } from "../data/table.js";
import type { Blas } from "../engine/blas.js";
import { Memory } from "../engine/memory.js";
import { NnfitError } from "../errors.js";
import { Network } from "../model/network.js";
import { plainSpec } from "../model/parametrization.js";
import { evaluator } from "../predict/evaluate.js";
import { meanByElement } from "../predict/predictor.js";
import { type Baselines, learnBaselines, scoreBaselines } from "../score/baseline.js";
import { scoresOf } from "../score/scoring.js";
import type { Judgement } from "../train/bestEpoch.js";
import { allKnownRows, rowsToFit } from "../train/compare.js";
import { datasetOf } from "../train/member.js";
import type { RowWeights } from "../train/members.js";
import { type FoldLayout, layOutFolds } from "../train/parallel.js";
import { type Prepared, rowsOf, type ScaledRows } from "../train/prepare.js";
import type { Snapshot } from "../train/reports.js";
import { blasFor, type EngineOptions, type Keeper, ON_BLAS, type Outcome, train } from "../train/train.js";
import { rowWeights, weightsOf } from "../train/weights.js";
import { invertTarget } from "../transform/target.js";
import type { Predictions } from "../transform/truth.js";
import { type CrossValidation, prepareFold } from "./plan.js";
import type { Fold } from "./split.js";

/** A fold, trained on its learning rows and tested on its others. */
export interface FoldOutcome {
  readonly fold: Fold;
  /** all but its rows, which take much memory */
  readonly prepared: Omit<Prepared, "rows">;
  readonly outcome: Outcome;
  /** of the test rows */
  readonly judgement: Judgement;
  /** what the networks predict of the test rows on average, [rows, outputs] */
  readonly outputs: Float32Array;
  readonly predictions: Predictions;
  readonly truth: ScaledRows["truth"];
  /** how much each test row counts in the loss; none: all the same */
  readonly weights?: RowWeights | undefined;
}

interface TestRows extends ScaledRows {
  readonly weights?: RowWeights | undefined;
}

/** The same beside simpler rules. */
export interface FoldResult extends FoldOutcome {
  /** learned from the same rows as the networks, scored on the test rows */
  readonly baselines: Baselines;
}

export interface FoldsEngine extends FoldLayout {
  readonly blas: Blas | undefined;
}

/** What is seen of a cross-validation while it goes on. */
export interface FoldsWatcher<Result = FoldResult> {
  /** How many epochs are done, of all folds together, as a mean over the members of each; and how many were before an interruption. */
  progress(epochs: number, before: number): void;
  /** A fold is done. */
  done(result: Result): void;
}

/** Keeps what folds need to go on after an interruption. */
export interface FoldsKeeper {
  /** Who keeps what a fold needs, and where it was interrupted. */
  open(fold: Fold, prepared: Prepared): FoldKeeper;
}

export interface FoldKeeper extends Keeper {
  /** Whether all folds are to stop, each after it has kept what it needs. */
  readonly isStopping: boolean;
  /** So many epochs are done. */
  report(epochs: number): void;
}

export async function foldsEngine(
  { spec, batchSize, members, training }: Pick<Prepared, "spec" | "batchSize" | "members" | "training">,
  folds: number,
  options: EngineOptions,
): Promise<FoldsEngine> {
  const blas = await blasFor(training, options);
  const layout = blas
    ? { lanes: 1, layoutOf: () => ON_BLAS }
    : layOutFolds(spec, { batchSize, members: members.length, folds }, options.threads);
  return { ...layout, blas };
}

/** Trains and tests the folds, some side by side, and gives their results in order. `first` is the first fold, prepared. */
export function crossValidate(
  plan: CrossValidation,
  first: Prepared,
  engine: FoldsEngine,
  watcher: FoldsWatcher,
  keeper?: FoldsKeeper,
): Promise<FoldResult[]> {
  return inLanes(plan, first, engine, watcher, compare, keeper);
}

/** The same without simpler rules beside it. */
export function trainFolds(
  plan: CrossValidation,
  first: Prepared,
  engine: FoldsEngine,
  watcher: FoldsWatcher<FoldOutcome>,
): Promise<FoldOutcome[]> {
  return inLanes(plan, first, engine, watcher, test);
}

/** What is made of a fold that was trained, and of its test rows. */
type Tester<Result> = (fold: Fold, prepared: Prepared, outcome: Outcome, rows: TestRows) => Result;

async function inLanes<Result>(
  plan: CrossValidation,
  first: Prepared,
  engine: FoldsEngine,
  watcher: FoldsWatcher<Result>,
  test: Tester<Result>,
  keeper?: FoldsKeeper,
): Promise<Result[]> {
  const { folds, task, options } = plan;
  const weights = rowWeights(options.data.weight, [task.table]);
  const results: Result[] = [];
  const epochs = folds.map(() => 0);
  let before = 0;
  const waiting = folds.values();
  let failure: { readonly error: unknown } | undefined;
  const runFold = async (fold: Fold) => {
    const prepared = fold.number === 0 ? first : await prepareFold(plan, fold);
    const kept = keeper?.open(fold, prepared);
    if (kept?.from) before += epochsOf(kept.from);
    const outcome = await train(
      prepared,
      { ...engine.layoutOf(fold.number), blas: engine.blas },
      {
        progress(done) {
          if (failure && !kept?.isStopping) throw failure.error; // ends the threads of this fold too
          epochs[fold.number] = done;
          watcher.progress(
            epochs.reduce((sum, each) => sum + each, 0),
            before,
          );
        },
        report: ({ epoch }) => kept?.report(epoch),
      },
      kept,
    );
    const rows = rowsOf(takeRows(task.table, fold.test), prepared.pipeline, prepared.target);
    const result = test(fold, prepared, outcome, { ...rows, weights: weights && weightsOf(fold.test, weights) });
    results[fold.number] = result;
    watcher.done(result);
  };
  const lane = async () => {
    for (const fold of waiting) {
      if (failure) return;
      await runFold(fold).catch((error: unknown) => {
        // What went wrong comes before that another fold was told to stop.
        if (!failure || (error instanceof NnfitError && !(failure.error instanceof NnfitError))) failure = { error };
      });
    }
  };
  await Promise.all(Array.from({ length: engine.lanes }, lane));
  if (failure) throw failure.error;
  return results;
}

function epochsOf({ members }: Snapshot): number {
  return members.reduce((sum, { reports }) => sum + reports.length, 0) / members.length;
}

function test(fold: Fold, prepared: Prepared, outcome: Outcome, rows: TestRows): FoldOutcome {
  const { rows: _, ...rest } = prepared;
  const { loss, outputs } = predict(prepared, outcome, rows);
  const predictions = invertTarget(outcome.target, outputs);
  return {
    fold,
    prepared: rest,
    outcome,
    judgement: { loss, scores: scoresOf(prepared.target, rows.truth, predictions) },
    outputs,
    predictions,
    truth: rows.truth,
    weights: rows.weights,
  };
}

function compare(fold: Fold, prepared: Prepared, outcome: Outcome, rows: TestRows): FoldResult {
  const learned = learnBaselines(prepared.target, rowsToFit(prepared));
  return {
    ...test(fold, prepared, outcome, rows),
    baselines: scoreBaselines(prepared.target, learned, allKnownRows(rows, prepared.pipeline)),
  };
}

/** The mean of what the networks predict, as the model file's would, and the mean of their losses. */
function predict({ spec: trained }: Prepared, { members }: Outcome, rows: TestRows) {
  const spec = plainSpec(trained);
  const memory = new Memory();
  try {
    const dataset = datasetOf(memory, { rows }).subset(range(0, rows.size), rows.weights?.each);
    const evaluations = members.map(({ weights }) => {
      const network = new Network(memory, spec);
      network.weights = weights;
      return evaluator(network, dataset)();
    });
    return {
      loss: evaluations.reduce((sum, { loss }) => sum + loss, 0) / evaluations.length,
      outputs: meanByElement(evaluations.map(({ outputs }) => outputs)),
    };
  } finally {
    memory.close();
  }
}
