import { badness, type Scores } from "../score/scoring.js";
import type { TargetState } from "../transform/target.js";
import type { TrainingOptions } from "./options.js";

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

/** An epoch and the weights that it ended with; number 0 is how it began. */
export interface Candidate {
  readonly report: EpochReport;
  readonly weights: Float32Array;
}

/** Which epoch's weights are kept, and when it is no longer worth waiting for better ones. */
export class BestEpoch {
  /** `improvedEpoch`: the last one that was better than all before it, not as good */
  constructor(
    private readonly rule: Pick<TrainingOptions, "bestBy" | "patience"> & { readonly target: TargetState },
    public latest: Candidate,
    public kept: Candidate = latest,
    public improvedEpoch = kept.report.epoch,
  ) {}

  /**
   * An epoch is done: it is kept if it was judged and is the best so far. Of equal losses the first is the best; of equal scores,
   * which are coarser, the last, as of those not defined.
   */
  take(done: Candidate): void {
    this.latest = done;
    const { validation } = done.report;
    if (!validation) return;
    const { bestBy, target } = this.rule;
    const best = this.kept.report.validation;
    const now = badness(bestBy, target, validation);
    const before = best ? badness(bestBy, target, best) : Number.NaN;
    const isBetter = !best || now < before || (Number.isNaN(before) && !Number.isNaN(now));
    const isAsGood = bestBy !== "loss" && (now === before || Number.isNaN(before));
    if (isBetter) this.improvedEpoch = done.report.epoch;
    if (isBetter || isAsGood) this.kept = done;
  }

  /** Without validation rows: the last epoch is kept, once it is known that its weights give a finite loss. */
  keepLatest(): void {
    this.kept = this.latest;
  }

  get isOutOfPatience(): boolean {
    const { patience } = this.rule;
    const { epoch, validation } = this.latest.report;
    return validation !== undefined && patience > 0 && epoch - this.improvedEpoch >= patience;
  }
}
