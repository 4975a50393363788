import { Dataset } from "../data/dataset.js";
import type { Memory } from "../engine/memory.js";
import { seededRandom } from "../engine/random.js";
import { Network } from "../model/network.js";
import { invertTarget, type TargetState, type Truth, takeTruth } from "../transform/target.js";
import { evaluator } from "./evaluate.js";
import { fit, type Update } from "./fit.js";
import type { Member } from "./members.js";
import { badness, type MetricName, type Place, type Scores, scoresOf } from "./metrics.js";
import { Optimizer } from "./optimizers.js";
import { dropoutOf, paceOf, Rates } from "./pace.js";
import type { Prepared } from "./prepare.js";

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

/** One network of an ensemble, trained. */
export interface MemberOutcome {
  /** The epoch whose weights these are: the best by what the options say, or without validation the last. */
  readonly keptEpoch: number;
  /** The mean of its batches' losses; NaN for weights as initialised. */
  readonly loss: number;
  /** Of its validation rows, or where there are none of its training rows. */
  readonly judgement: Judgement;
  /** What it predicts for those rows, [rows, outputs]: what the loss's link makes of its outputs. */
  readonly outputs: Float32Array;
  /** How many epochs were done. */
  readonly epochs: number;
  readonly stopped: Stopped;
  /** The update whose loss was no longer finite. */
  readonly diverged: Update | undefined;
  /** as they work, without the parametrization that only training needs */
  readonly weights: Float32Array;
}

export type Stopped = "all epochs done" | "patience" | "diverged";

/** An epoch and the weights that it ended with. */
interface Candidate {
  readonly report: EpochReport;
  readonly weights: Float32Array;
}

/** The rows of a training in the engine's memory, for all members that learn there. */
export function datasetOf(memory: Memory, { rows: { size, X, y } }: Pick<Prepared, "rows">): Dataset {
  return Dataset.of(memory, size, X.length / size, y.length / size).fill(X, y);
}

/** `fit`, and around it: every epoch judged, the best weights kept, a stop when it no longer gets better or diverges. */
export function* trainMember(
  memory: Memory,
  dataset: Dataset,
  {
    spec,
    target,
    rows,
    training: options,
    batchSize,
  }: Pick<Prepared, "spec" | "target" | "rows" | "training" | "batchSize">,
  member: Member,
): Generator<Progress, MemberOutcome> {
  const { seed, bestBy } = options;
  const randomOf = (stream: "weights" | "batches" | "dropout") => seededRandom(seed, stream, member.number);
  const network = new Network(memory, spec);
  const validation = member.validation.length > 0 ? member.validation : undefined;
  const held = dataset.subset(validation ?? member.training, member.judgingWeights);
  const judge = judgeOf(network, target, held, takeTruth(rows.truth, validation ?? member.training));
  const rates = new Rates(options, Math.ceil(member.training.length / batchSize));
  const random = randomOf("weights");
  const learned = dataset.subset(member.training, member.trainingWeights);
  network.initialize(random, learned);

  let kept: Candidate = candidate(0, Number.NaN);
  let latest = kept;
  let last: Update | undefined;
  function candidate(epoch: number, loss: number): Candidate {
    const report = {
      epoch,
      loss,
      validation: validation && epoch > 0 ? judge("history", bestBy).judgement : undefined,
    };
    return { report, weights: network.weights };
  }
  /** Of equal losses the first is the best; of equal scores, which are coarser, the last, as of those not defined. */
  function isBetter(judged: Judgement, best: Judgement | undefined): boolean {
    if (!best) return true;
    const [now, before] = [judged, best].map((judgement) => badness(bestBy, target, judgement));
    return bestBy === "loss" ? now! < before! : now! <= before! || Number.isNaN(before);
  }
  function outcome(stopped: Stopped, judged?: Judged): MemberOutcome {
    const { report, weights } = kept;
    network.weights = weights;
    return {
      keptEpoch: report.epoch,
      loss: report.loss,
      ...(judged ?? judge()),
      epochs: latest.report.epoch,
      stopped,
      diverged: stopped === "diverged" ? last : undefined,
      weights: network.plain.weights,
    };
  }

  const events = fit(network, learned, {
    epochs: options.epochs,
    batchSize,
    optimizer: new Optimizer(memory, network.parameters, options.optimizer, paceOf(network, rates, options)),
    dropout: dropoutOf(network, rates, randomOf("dropout")),
    weights: random,
    shuffle: options.shuffle ? randomOf("batches") : undefined,
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
    rates.observe(judged?.loss ?? event.loss);
    latest = done;
    if (judged && isBetter(judged, kept.report.validation)) kept = done;
    yield { kind: "report", report: done.report };
    const waited = event.epoch - kept.report.epoch;
    if (judged && options.patience > 0 && waited >= options.patience) return outcome("patience");
  }

  if (!validation && latest.report.epoch > 0) {
    const judged = judge(); // the weights after the last update
    if (!Number.isFinite(judged.judgement.loss)) return outcome("diverged");
    kept = latest;
    return outcome("all epochs done", judged);
  }
  return outcome("all epochs done");
}

type Judged = Pick<MemberOutcome, "judgement" | "outputs">;

/** Judges the network, with the weights that it has when asked, on some rows: by all scores, or by those of an epoch. */
function judgeOf(
  network: Network,
  target: TargetState,
  rows: Dataset,
  truth: Truth,
): (place?: Place, also?: MetricName | "loss") => Judged {
  const evaluate = evaluator(network, rows);
  return (place, also) => {
    const { loss, outputs } = evaluate();
    const predictions = invertTarget(target, outputs, network.spec.outputs);
    return { judgement: { loss, scores: scoresOf(target, truth, predictions, place, also) }, outputs };
  };
}
