import type { EpochReport, Judgement } from "./bestEpoch.js";
import type { MemberEvent, States } from "./interleave.js";
import type { MemberOutcome, MemberState } from "./member.js";
import { type Member, totalOf } from "./members.js";

/** What is seen of a training while it goes on. */
export interface Watcher {
  /** How much is done, in epochs, as a mean over the members. */
  progress(epochs: number): void;
  /** An epoch that all members have done or will not do: means over those that have. */
  report(report: EpochReport): void;
}

/** All that a training needs to go on exactly from where it is: of each member how it is, and the epochs it has done. */
export interface Snapshot {
  readonly members: readonly { readonly state: MemberState; readonly reports: readonly EpochReport[] }[];
}

/** Puts together what happens to each member. */
export class Reports {
  /** of each member, from the first epoch on */
  private readonly reports: EpochReport[][];
  private readonly done: number[];
  private readonly outcomes: (MemberOutcome | undefined)[];
  private readonly finalStates = new Map<number, MemberState>();
  private reported = 0;

  /** `from` is where the training was interrupted: what was reported then is not reported again. */
  constructor(
    private readonly members: readonly Member[],
    private readonly batchSize: number,
    private readonly watcher: Watcher,
    from?: Snapshot,
  ) {
    this.outcomes = members.map(() => undefined);
    this.reports = members.map((_, member) => [...(from?.members[member]?.reports ?? [])]);
    this.done = this.reports.map(({ length }) => length);
    this.reported = this.complete;
  }

  take(event: MemberEvent): void {
    const { member } = event;
    if (event.kind === "update") {
      const batches = Math.ceil(this.members[member]!.training.length / this.batchSize);
      this.done[member] = event.epoch - 1 + event.batch / batches;
    } else if (event.kind === "report") {
      const { report } = event;
      this.done[member] = report.epoch;
      this.reports[member]!.push(report);
      this.tell();
    } else {
      this.outcomes[member] = event.outcome;
      this.finalStates.set(member, event.state);
      this.tell();
    }
    this.watcher.progress(this.done.reduce((sum, epochs) => sum + epochs, 0) / this.done.length);
  }

  /** Of each member, once all have one. */
  get ended(): readonly MemberOutcome[] | undefined {
    const ended = this.outcomes.filter((outcome) => outcome !== undefined);
    return ended.length === this.outcomes.length ? ended : undefined;
  }

  /** What was reported up to now. */
  get told(): EpochReport[] {
    return Array.from({ length: this.reported }, (_, index) => this.meanOf(index + 1));
  }

  /** A snapshot, given how the members are that go on; undefined where one is lacking. */
  snapshot(states: States): Snapshot | undefined {
    const members = this.reports.flatMap((reports, member) => {
      const state = this.finalStates.get(member) ?? states.get(member);
      return state ? [{ state, reports: reports.slice(0, state.latest.report.epoch) }] : [];
    });
    return members.length === this.members.length ? { members } : undefined;
  }

  /** Reports the epochs that no member will add to. */
  private tell(): void {
    const { complete } = this;
    while (this.reported < complete) this.watcher.report(this.meanOf(++this.reported));
  }

  /** How many epochs no member will add to. */
  private get complete(): number {
    const done = this.reports.map(({ length }) => length);
    const ofRunning = done.filter((_, member) => !this.outcomes[member]);
    return ofRunning.length > 0 ? Math.min(...ofRunning) : Math.max(...done);
  }

  private meanOf(epoch: number): EpochReport {
    const reports = this.reports.flatMap((ofMember, member): [number, EpochReport][] => {
      const report = ofMember[epoch - 1];
      return report ? [[member, report]] : [];
    });
    const [first] = reports;
    if (reports.length === 1 && first) return first[1];
    const judged = reports.flatMap(([member, { validation }]): [Member, Judgement][] =>
      validation ? [[this.members[member]!, validation]] : [],
    );
    const loss = weightedMean(
      reports.map(([member, { loss }]) => {
        const { training, trainingWeights } = this.members[member]!;
        return [totalOf(training, trainingWeights), loss];
      }),
    );
    return { epoch, loss, validation: judged.length > 0 ? meanJudgement(judged) : undefined };
  }
}

/** Scores weighted by rows; the loss by how much they count, so that it is that over all of the rows. */
export function meanJudgement(judgements: readonly (readonly [Judged, Judgement])[]): Judgement {
  const names = Object.keys(judgements[0]?.[1].scores ?? {});
  const score = (name: string) =>
    weightedMean(judgements.map(([{ judging }, { scores }]) => [judging.length, scores[name]!]));
  return { loss: meanLoss(judgements), scores: Object.fromEntries(names.map((name) => [name, score(name)])) };
}

type Judged = Pick<Member, "judging" | "judgingWeights">;

/** Over all of the rows. */
export function meanLoss(judgements: readonly (readonly [Judged, Judgement])[]): number {
  return weightedMean(
    judgements.map(([{ judging, judgingWeights }, { loss }]) => [totalOf(judging, judgingWeights), loss]),
  );
}

function weightedMean(values: readonly (readonly [weight: number, value: number])[]): number {
  const total = values.reduce((sum, [weight]) => sum + weight, 0);
  return values.reduce((sum, [weight, value]) => sum + weight * value, 0) / total;
}
