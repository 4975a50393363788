import { takeMatrixRows } from "../data/arrays.js";
import { Dataset } from "../data/dataset.js";
import type { Memory } from "../engine/memory.js";
import { type Random, type RandomState, seededRandom } from "../engine/random.js";
import { Network } from "../model/network.js";
import { plainWeights } from "../model/parametrization.js";
import { evaluator } from "../predict/evaluate.js";
import { metricsAt, type NamedMetric } from "../score/metrics.js";
import { scoresOf } from "../score/scoring.js";
import { invertTarget, type TargetState } from "../transform/target.js";
import { type Truth, takeTruth } from "../transform/truth.js";
import { type Autopsy, autopsyOf } from "./autopsy.js";
import { balance, type KnownTargets } from "./balance.js";
import { BestEpoch, type Candidate, type EpochReport, type Judgement } from "./bestEpoch.js";
import type { End, Stopped } from "./ends.js";
import { fit, type Position, type Update } from "./fit.js";
import type { Member } from "./members.js";
import { Optimizer, type OptimizerState } from "./optimizers.js";
import { noiseOf, paceOf, Rates, type RatesState } from "./pace.js";
import type { Prepared, ScaledRows } from "./prepare.js";

export type Progress = Update | { readonly kind: "report"; readonly report: EpochReport };

/** One network of an ensemble, trained. */
export interface MemberOutcome extends End {
  /** The mean of the kept epoch's batch losses; NaN for weights as initialised. */
  readonly loss: number;
  /** Of the rows that judge it. */
  readonly judgement: Judgement;
  /** What it predicts for those rows, [rows, outputs]: what the loss's inverse link makes of its outputs. */
  readonly outputs: Float32Array;
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

/** The rows of a training in the engine's memory, for all members that learn there. */
export function datasetOf(memory: Memory, { rows: { size, X, y } }: { rows: NetworkRows }): Dataset {
  return Dataset.of(memory, size, X, y);
}

/** Rows as a network takes them. */
type NetworkRows = Omit<ScaledRows, "straightX">;

/** What a training needs to know, as one thread tells another. */
export interface Problem extends Pick<Prepared, "spec" | "target" | "training" | "batchSize" | "initial"> {
  readonly rows: NetworkRows;
}

/**
 * `fit`, and around it: every epoch judged, the best weights kept, a stop when it no longer gets better or diverges.
 * It begins with random weights, with those that the problem gives, or where it was interrupted.
 */
export class MemberTraining {
  /** What happens, as long as somebody asks for more. */
  readonly events: Generator<Progress, MemberOutcome>;
  private readonly network: Network;
  private readonly learned: Dataset;
  private readonly held: Dataset;
  private readonly judge: Judge;
  private readonly rates: Rates;
  private readonly optimizer: Optimizer;
  private readonly random: Readonly<Record<Stream, Random>>;
  private readonly fitting: ReturnType<typeof fit>;
  private readonly best: BestEpoch;
  /** the last update */
  private last: Update | undefined;
  /** where the generator of batches was before it drew the order of the epoch's rows */
  private beforeOrder: RandomState;
  private ended: MemberState | undefined;

  constructor(
    memory: Memory,
    dataset: Dataset,
    private readonly problem: Problem,
    private readonly member: Member,
    private readonly from?: MemberState,
  ) {
    const { spec, target, rows, training, batchSize, initial } = problem;
    const { judging, judgingWeights, trainingWeights, number } = member;
    const randomOf = (stream: Stream) => seededRandom(training.seed, stream, number);
    this.random = { weights: randomOf("weights"), batches: randomOf("batches"), dropout: randomOf("dropout") };
    this.network = new Network(memory, spec);
    this.held = dataset.subset(judging, judgingWeights?.each);
    this.judge = judgeOf(this.network, target, this.held, takeTruth(rows.truth, judging));
    this.rates = new Rates(training, Math.ceil(member.training.length / batchSize));
    const pace = paceOf(this.network, this.rates, training);
    this.optimizer = new Optimizer(memory, this.network.parameters, training.optimizer, pace);
    const given = from?.weights ?? initial?.[number];
    if (given) this.network.weights = given;
    this.learned = dataset.subset(member.training, trainingWeights?.each);
    const options = {
      epochs: training.epochs,
      batchSize,
      optimizer: this.optimizer,
      noise: noiseOf(this.network, this.rates, this.random.dropout),
      weights: given ? undefined : this.random.weights,
      shuffle: training.shuffle ? this.random.batches : undefined,
    };
    this.fitting = fit(this.network, this.learned, options, from && positionOf(from));

    const latest = from?.latest ?? this.candidate(0, Number.NaN);
    this.best = new BestEpoch({ ...training, target }, latest, from?.kept, from?.improvedEpoch);
    this.last = from?.last;
    if (from) {
      this.optimizer.state = from.optimizer;
      this.rates.state = from.rates;
      this.random.batches.state = from.random.batches;
      this.random.dropout.state = from.random.dropout;
    }
    this.beforeOrder = this.random.batches.state;
    this.events = this.run();
  }

  /** How it is between two events, or when it has ended. */
  state(): MemberState {
    return this.ended ?? this.now(this.from?.diverged);
  }

  private *run(): Generator<Progress, MemberOutcome> {
    const { best, from, random, rates } = this;
    if (from?.diverged) return this.outcome("diverged");
    if (best.isOutOfPatience) return this.outcome("patience");
    for (const event of this.fitting) {
      if (event.kind === "update") {
        this.last = event;
        if (!Number.isFinite(event.loss)) return this.outcome("diverged");
        if (!this.holdsOut) best.keepLatest(); // the weights before this update gave a finite loss
        yield event;
        continue;
      }
      const done = this.candidate(event.epoch, event.loss);
      const { validation: judged } = done.report;
      if (judged && !Number.isFinite(judged.loss)) return this.outcome("diverged");
      rates.observe(judged?.loss ?? event.loss);
      best.take(done);
      this.beforeOrder = random.batches.state;
      yield { kind: "report", report: done.report };
      if (best.isOutOfPatience) return this.outcome("patience");
    }

    if (!this.holdsOut && best.latest.report.epoch > 0) {
      const judged = this.judge(); // the weights after the last update
      if (!Number.isFinite(judged.judgement.loss)) return this.outcome("diverged");
      best.keepLatest();
      return this.outcome("all epochs done", judged);
    }
    return this.outcome("all epochs done");
  }

  private get holdsOut(): boolean {
    return this.member.validation.length > 0;
  }

  /** The weights as they are, judged if there are rows that they were not learned from. */
  private candidate(epoch: number, loss: number): Candidate {
    const isJudged = this.holdsOut && epoch > 0;
    const { target, training } = this.problem;
    const by = metricsAt(target, "history", training.bestBy);
    const validation = isJudged ? this.judge(by).judgement : undefined;
    return { report: { epoch, loss, validation }, weights: this.network.weights };
  }

  private now(diverged = false): MemberState {
    const { last, network, optimizer, rates, beforeOrder, random, best } = this;
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

  private outcome(stopped: Stopped, judged?: Judged): MemberOutcome {
    const { best, network } = this;
    const diverged = stopped === "diverged";
    this.ended = this.now(diverged);
    const autopsy = diverged ? this.examined(this.ended) : undefined;
    const { report, weights } = best.kept;
    network.weights = weights;
    const isBalanced = report.epoch > 0 && this.problem.training.calibrate && balance(network, this.knownTargets());
    return {
      keptEpoch: report.epoch,
      loss: report.loss,
      ...((!isBalanced && judged) || this.judge()),
      epochs: best.latest.report.epoch,
      stopped,
      diverged: diverged ? this.last : undefined,
      autopsy,
      weights: plainWeights(this.problem.spec, network.weights),
    };
  }

  private knownTargets(): KnownTargets {
    const { learned, member } = this;
    const { y, size } = this.problem.rows;
    const known = takeMatrixRows(y, y.length / size, member.training);
    return { rows: learned, y: known, weights: member.trainingWeights?.each };
  }

  private examined(state: MemberState): Autopsy {
    const { network, learned, held, random, beforeOrder } = this;
    const { target, training, batchSize } = this.problem;
    random.batches.state = beforeOrder;
    const shuffle = training.shuffle ? random.batches : undefined;
    return autopsyOf({ network, target, learned, held, batchSize, shuffle, state });
  }
}

/** What it draws at random, each by itself. */
type Stream = "weights" | "batches" | "dropout";

/** Where `fit` goes on: after the last update, or if that ended an epoch which is judged, with the next epoch. */
function positionOf({ last, latest }: MemberState): Position | undefined {
  if (!last || latest.report.epoch < last.epoch) return last;
  return { epoch: last.epoch + 1, batch: 0, total: 0 };
}

type Judged = Pick<MemberOutcome, "judgement" | "outputs">;
type Judge = (by?: NamedMetric[]) => Judged;

/** Judges the network, with the weights that it has when asked, on some rows: by all scores, or by those of some metrics. */
function judgeOf(network: Network, target: TargetState, rows: Dataset, truth: Truth): Judge {
  const evaluate = evaluator(network, rows);
  return (by) => {
    const { loss, outputs } = evaluate();
    const predictions = invertTarget(target, outputs);
    return { judgement: { loss, scores: scoresOf(target, truth, predictions, by) }, outputs };
  };
}
