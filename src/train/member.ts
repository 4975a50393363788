import { Dataset } from "../data/dataset.js";
import type { Memory } from "../engine/memory.js";
import { type RandomState, seededRandom } from "../engine/random.js";
import { Network, plainWeights } from "../model/network.js";
import { type MetricName, type Place, scoresOf } from "../score/metrics.js";
import { invertTarget, type TargetState } from "../transform/target.js";
import { type Truth, takeTruth } from "../transform/truth.js";
import { type Autopsy, autopsyOf } from "./autopsy.js";
import { BestEpoch, type Candidate, type EpochReport, type Judgement } from "./bestEpoch.js";
import { evaluator } from "./evaluate.js";
import { fit, type Position, type Update } from "./fit.js";
import type { Member } from "./members.js";
import { Optimizer, type OptimizerState } from "./optimizers.js";
import { dropoutOf, paceOf, Rates, type RatesState } from "./pace.js";
import type { Prepared } from "./prepare.js";
import type { Stopped } from "./stopped.js";

export type Progress = Update | { readonly kind: "report"; readonly report: EpochReport };

/** One network of an ensemble, trained. */
export interface MemberOutcome {
  /** The epoch whose weights these are: the best by what the options say, or without validation the last. */
  readonly keptEpoch: number;
  /** The mean of its batches' losses; NaN for weights as initialised. */
  readonly loss: number;
  /** Of the rows that judge it. */
  readonly judgement: Judgement;
  /** What it predicts for those rows, [rows, outputs]: what the loss's inverse link makes of its outputs. */
  readonly outputs: Float32Array;
  /** How many epochs were done. */
  readonly epochs: number;
  readonly stopped: Stopped;
  /** The update whose loss was no longer finite. */
  readonly diverged: Update | undefined;
  /** what was found then */
  readonly autopsy: Autopsy | undefined;
  /** as they work, without the parametrization that only training needs */
  readonly weights: Float32Array;
}

/** All that a member needs to go on exactly from where it is. */
export interface MemberState {
  /** the last update */
  readonly last: Update | undefined;
  readonly weights: Float32Array;
  readonly optimizer: OptimizerState;
  readonly rates: RatesState;
  /** where its generators are; that of batches before it drew the order of the epoch's rows */
  readonly random: { readonly batches: RandomState; readonly dropout: RandomState };
  /** the last epoch */
  readonly latest: Candidate;
  /** the best epoch so far */
  readonly kept: Candidate;
  /** the last epoch that was better than all before it */
  readonly improvedEpoch: number;
  readonly diverged: boolean;
}

export interface MemberTraining {
  readonly events: Generator<Progress, MemberOutcome>;
  /** How it is between two events, or when it has ended. */
  state(): MemberState;
}

/** The rows of a training in the engine's memory, for all members that learn there. */
export function datasetOf(memory: Memory, { rows: { size, X, y } }: Pick<Prepared, "rows">): Dataset {
  return Dataset.of(memory, size, X.length / size, y.length / size).fill(X, y);
}

/** What a training needs to know, as one thread tells another. */
export type Problem = Pick<Prepared, "spec" | "target" | "rows" | "training" | "batchSize" | "initial">;

/**
 * `fit`, and around it: every epoch judged, the best weights kept, a stop when it no longer gets better or diverges.
 * It begins with random weights, with those that the problem gives, or where it was interrupted.
 */
export function trainMember(
  memory: Memory,
  dataset: Dataset,
  { spec, target, rows, training: options, batchSize, initial }: Problem,
  member: Member,
  from?: MemberState,
): MemberTraining {
  const { seed, bestBy } = options;
  const randomOf = (stream: "weights" | "batches" | "dropout") => seededRandom(seed, stream, member.number);
  const random = { weights: randomOf("weights"), batches: randomOf("batches"), dropout: randomOf("dropout") };
  const network = new Network(memory, spec);
  const holdsOut = member.validation.length > 0;
  const held = dataset.subset(member.judging, member.judgingWeights?.each);
  const judge = judgeOf(network, target, held, takeTruth(rows.truth, member.judging));
  const rates = new Rates(options, Math.ceil(member.training.length / batchSize));
  const optimizer = new Optimizer(memory, network.parameters, options.optimizer, paceOf(network, rates, options));
  const given = from?.weights ?? initial?.[member.number];
  if (given) network.weights = given;
  const learned = dataset.subset(member.training, member.trainingWeights?.each);
  network.initialize(random.weights, learned);

  const latest = from?.latest ?? candidate(0, Number.NaN);
  const best = new BestEpoch({ ...options, target }, latest, from?.kept, from?.improvedEpoch);
  let last = from?.last;
  let ended: MemberState | undefined;
  if (from) {
    optimizer.state = from.optimizer;
    rates.state = from.rates;
    random.batches.state = from.random.batches;
    random.dropout.state = from.random.dropout;
  }
  let beforeOrder = random.batches.state;

  function candidate(epoch: number, loss: number): Candidate {
    const report = {
      epoch,
      loss,
      validation: holdsOut && epoch > 0 ? judge("history", bestBy).judgement : undefined,
    };
    return { report, weights: network.weights };
  }
  function state(diverged = false): MemberState {
    return {
      last,
      weights: network.weights,
      optimizer: optimizer.state,
      rates: rates.state,
      random: { batches: beforeOrder, dropout: random.dropout.state },
      latest: best.latest,
      kept: best.kept,
      improvedEpoch: best.improvedEpoch,
      diverged,
    };
  }
  function examined(state: MemberState): Autopsy {
    random.batches.state = beforeOrder;
    const shuffle = options.shuffle ? random.batches : undefined;
    return autopsyOf({ network, target, learned, held, batchSize, shuffle, state });
  }
  function outcome(stopped: Stopped, judged?: Judged): MemberOutcome {
    ended = state(stopped === "diverged");
    const autopsy = ended.diverged ? examined(ended) : undefined;
    const { report, weights } = best.kept;
    network.weights = weights;
    return {
      keptEpoch: report.epoch,
      loss: report.loss,
      ...(judged ?? judge()),
      epochs: best.latest.report.epoch,
      stopped,
      diverged: stopped === "diverged" ? last : undefined,
      autopsy,
      weights: plainWeights(spec, weights),
    };
  }

  function* events(): Generator<Progress, MemberOutcome> {
    if (from?.diverged) return outcome("diverged");
    if (best.isOutOfPatience) return outcome("patience");
    const training = {
      epochs: options.epochs,
      batchSize,
      optimizer,
      dropout: dropoutOf(network, rates, random.dropout),
      weights: random.weights,
      shuffle: options.shuffle ? random.batches : undefined,
    };
    for (const event of fit(network, learned, training, from && positionOf(from))) {
      if (event.kind === "update") {
        last = event;
        if (!Number.isFinite(event.loss)) return outcome("diverged");
        if (!holdsOut) best.keepLatest(); // the weights before this update gave a finite loss
        yield event;
        continue;
      }
      const done = candidate(event.epoch, event.loss);
      const { validation: judged } = done.report;
      if (judged && !Number.isFinite(judged.loss)) return outcome("diverged");
      rates.observe(judged?.loss ?? event.loss);
      best.take(done);
      beforeOrder = random.batches.state;
      yield { kind: "report", report: done.report };
      if (best.isOutOfPatience) return outcome("patience");
    }

    if (!holdsOut && best.latest.report.epoch > 0) {
      const judged = judge(); // the weights after the last update
      if (!Number.isFinite(judged.judgement.loss)) return outcome("diverged");
      best.keepLatest();
      return outcome("all epochs done", judged);
    }
    return outcome("all epochs done");
  }
  return { events: events(), state: () => ended ?? state(from?.diverged) };
}

/** Where `fit` goes on: after the last update, or if that ended an epoch which is judged, with the next epoch. */
function positionOf({ last, latest }: MemberState): Position | undefined {
  if (!last || latest.report.epoch < last.epoch) return last;
  return { epoch: last.epoch + 1, batch: 0, total: 0 };
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
    const predictions = invertTarget(target, outputs);
    return { judgement: { loss, scores: scoresOf(target, truth, predictions, place, also) }, outputs };
  };
}
