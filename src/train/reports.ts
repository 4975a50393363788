import type { MemberEvent } from "./interleave.js";
import type { EpochReport, Judgement, MemberOutcome } from "./member.js";
import type { Member } from "./members.js";

/** What is seen of a training while it goes on. */
export interface Watcher {
  /** How much is done, in epochs, as a mean over the members. */
  progress(epochs: number): void;
  /** An epoch that all members have done or will not do: means over those that have. */
  report(report: EpochReport): void;
}

/** Puts together what happens to each member. */
export class Reports {
  private readonly reports = new Map<number, Map<number, EpochReport>>();
  private readonly done: number[];
  private readonly outcomes: (MemberOutcome | undefined)[];
  private reported = 0;

  constructor(
    private readonly members: readonly Member[],
    private readonly batchSize: number,
    private readonly watcher: Watcher,
  ) {
    this.done = members.map(() => 0);
    this.outcomes = members.map(() => undefined);
  }

  take(event: MemberEvent): void {
    const { member } = event;
    if (event.kind === "update") {
      const batches = Math.ceil(this.members[member]!.training.length / this.batchSize);
      this.done[member] = event.epoch - 1 + event.batch / batches;
    } else if (event.kind === "report") {
      const { report } = event;
      this.done[member] = report.epoch;
      const ofEpoch = this.reports.get(report.epoch) ?? new Map<number, EpochReport>();
      this.reports.set(report.epoch, ofEpoch.set(member, report));
      this.tell();
    } else {
      this.outcomes[member] = event.outcome;
      this.tell();
    }
    this.watcher.progress(this.done.reduce((sum, epochs) => sum + epochs, 0) / this.done.length);
  }

  /** Of each member, once all have one. */
  get ended(): readonly MemberOutcome[] | undefined {
    const ended = this.outcomes.filter((outcome) => outcome !== undefined);
    return ended.length === this.outcomes.length ? ended : undefined;
  }

  /** Reports the epochs that no member will add to. */
  private tell(): void {
    for (let epoch = this.reported + 1; ; epoch++) {
      const ofEpoch = this.reports.get(epoch);
      const isOver = this.outcomes.every((outcome, member) => outcome !== undefined || ofEpoch?.has(member));
      if (!ofEpoch || !isOver) return;
      const inOrder = [...ofEpoch].sort(([a], [b]) => a - b);
      this.watcher.report(this.meanOf(epoch, inOrder));
      this.reports.delete(epoch);
      this.reported = epoch;
    }
  }

  private meanOf(epoch: number, reports: readonly [number, EpochReport][]): EpochReport {
    const [first] = reports;
    if (reports.length === 1 && first) return first[1];
    const judged = reports.flatMap(([member, { validation }]): [number, Judgement][] =>
      validation ? [[this.members[member]!.validation.length, validation]] : [],
    );
    const loss = weightedMean(reports.map(([member, { loss }]) => [this.members[member]!.training.length, loss]));
    return { epoch, loss, validation: judged.length > 0 ? meanJudgement(judged) : undefined };
  }
}

/** Weighted by rows; of losses that is the loss over all of the rows. */
export function meanJudgement(judgements: readonly (readonly [rows: number, Judgement])[]): Judgement {
  const mean = (of: (judgement: Judgement) => number) =>
    weightedMean(judgements.map(([rows, each]) => [rows, of(each)]));
  const names = Object.keys(judgements[0]?.[1].scores ?? {});
  return {
    loss: mean(({ loss }) => loss),
    scores: Object.fromEntries(names.map((name) => [name, mean(({ scores }) => scores[name]!)])),
  };
}

export function weightedMean(values: readonly (readonly [weight: number, value: number])[]): number {
  const total = values.reduce((sum, [weight]) => sum + weight, 0);
  return values.reduce((sum, [weight, value]) => sum + weight * value, 0) / total;
}
