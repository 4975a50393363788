import { seededRandom } from "../engine/random.js";
import { invertTarget } from "../transform/target.js";
import { evaluator } from "./evaluate.js";
import { fit, type Update } from "./fit.js";
import { badness, type Place, type Scores, scoresOf } from "./metrics.js";
import { Optimizer } from "./optimizers.js";
import type { TrainingOptions } from "./options.js";
import { dropoutOf, paceOf } from "./pace.js";
import type { Prepared, Rows } from "./prepare.js";

/** How good the network's predictions are of some rows. */
export interface Judgement {
  /** the mean loss, in scaled units */
  readonly loss: number;
  /** in the target's own units */
  readonly scores: Scores;
}

/** An epoch that is done. */
export interface EpochReport {
  readonly epoch: number;
  /** the mean of its batches' losses, weighted by rows */
  readonly loss: number;
  /** of the validation rows, where there are any */
  readonly validation: Judgement | undefined;
}

export type Progress = Update | { readonly kind: "report"; readonly report: EpochReport };

export interface Outcome {
  /** The epoch whose weights the network now has: the best by validation loss, or without validation the last. */
  readonly keptEpoch: number;
  /** The mean of its batches' losses; NaN for weights as initialised. */
  readonly loss: number;
  /** Of the validation rows, or where there are none of the training rows. */
  readonly judgement: Judgement;
  /** How many epochs were done. */
  readonly epochs: number;
  readonly stopped: "all epochs done" | "patience" | "diverged";
  /** The update whose loss was no longer finite. */
  readonly diverged: Update | undefined;
}

/** An epoch and the weights that it ended with. */
interface Candidate {
  readonly report: EpochReport;
  readonly weights: Float32Array;
}

/** `fit`, and around it: every epoch judged, the best weights kept, a stop when it no longer gets better or diverges. */
export function* train(prepared: Prepared, options: TrainingOptions): Generator<Progress, Outcome> {
  const { network, training, validation, batchSize } = prepared;
  const judge = judgeOf(prepared, validation ?? training);
  const random = seededRandom(options.seed, "weights");
  network.initialize(random, training.scaled.X);

  let kept: Candidate = candidate(0, Number.NaN);
  let latest = kept;
  let last: Update | undefined;
  function candidate(epoch: number, loss: number): Candidate {
    const report = { epoch, loss, validation: validation && epoch > 0 ? judge("history") : undefined };
    return { report, weights: network.weights };
  }
  /** Of equal losses the first is the best; of equal scores, which are coarser, the last. */
  function isBetter(judged: Judgement, best: Judgement | undefined): boolean {
    if (!best) return true;
    const [now, before] = [judged, best].map((judgement) => badness(options.bestBy, prepared.target, judgement));
    return options.bestBy === "loss" ? now! < before! : now! <= before!;
  }
  function outcome(stopped: Outcome["stopped"], judgement?: Judgement): Outcome {
    const { report, weights } = kept;
    network.weights = weights;
    return {
      keptEpoch: report.epoch,
      loss: report.loss,
      judgement: judgement ?? judge(),
      epochs: latest.report.epoch,
      stopped,
      diverged: stopped === "diverged" ? last : undefined,
    };
  }

  const events = fit(network, training.scaled, {
    epochs: options.epochs,
    batchSize,
    optimizer: new Optimizer(network.memory, network.parameters, options.optimizer, paceOf(network, options)),
    dropout: dropoutOf(network, options, seededRandom(options.seed, "dropout")),
    weights: random,
    shuffle: options.shuffle ? seededRandom(options.seed, "batches") : undefined,
  });
  for (const event of events) {
    if (event.kind === "update") {
      last = event;
      if (!Number.isFinite(event.loss)) return outcome("diverged");
      if (!validation) kept = latest; // the weights before this update gave a finite loss
      yield event;
      continue;
    }
    const done = candidate(event.epoch, event.loss);
    const { validation: judged } = done.report;
    if (judged && !Number.isFinite(judged.loss)) return outcome("diverged");
    latest = done;
    if (judged && isBetter(judged, kept.report.validation)) kept = done;
    yield { kind: "report", report: done.report };
    const waited = event.epoch - kept.report.epoch;
    if (judged && options.patience > 0 && waited >= options.patience) return outcome("patience");
  }

  if (!validation && latest.report.epoch > 0) {
    const judged = judge(); // the weights after the last update
    if (!Number.isFinite(judged.loss)) return outcome("diverged");
    kept = latest;
    return outcome("all epochs done", judged);
  }
  return outcome("all epochs done");
}

/** Judges the network, with the weights that it has when asked, on some rows: by all scores, or by those of an epoch. */
function judgeOf({ network, target }: Prepared, { scaled, truth }: Rows): (place?: Place) => Judgement {
  const evaluate = evaluator(network, scaled);
  return (place) => {
    const { loss, outputs } = evaluate();
    return { loss, scores: scoresOf(target, truth, invertTarget(target, outputs, network.spec.outputs), place) };
  };
}
