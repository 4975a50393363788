import type { MemberEvent, States } from "./interleave.js";
import type { Member } from "./members.js";

/** Who trains which members, and how much is left of them. */
export class Work {
  /** of each member that has not ended */
  private readonly owners: Map<number, number>;
  /** epochs of each member */
  private readonly done: number[];
  /** epochs that each worker has done, of any member */
  private readonly worked: number[];
  /** how many members each worker was asked for, and has not answered */
  private readonly asks: number[];

  constructor(
    members: readonly Member[],
    workers: number,
    private readonly epochs: number,
    private readonly begun: number,
    from: States | undefined,
  ) {
    this.owners = new Map(members.map(({ number }) => [number, number % workers]));
    this.done = members.map(({ number }) => from?.get(number)?.latest.report.epoch ?? 0);
    this.worked = Array.from({ length: workers }, () => 0);
    this.asks = Array.from({ length: workers }, () => 0);
  }

  ownerOf(member: number): number | undefined {
    return this.owners.get(member);
  }

  get isDone(): boolean {
    return this.owners.size === 0;
  }

  /** How many members are being asked for. */
  get asked(): number {
    return this.asks.reduce((sum, count) => sum + count, 0);
  }

  ask(worker: number): void {
    this.asks[worker]!++;
  }

  answer(worker: number): void {
    this.asks[worker]!--;
  }

  forgetAsks(worker: number): void {
    this.asks[worker] = 0;
  }

  handOver(member: number, worker: number): void {
    this.owners.set(member, worker);
  }

  take(worker: number, event: MemberEvent): void {
    if (event.kind === "outcome") this.owners.delete(event.member);
    else if (event.kind === "report") {
      this.done[event.member] = event.report.epoch;
      this.worked[worker]!++;
    }
  }

  /** Which worker has most left to do, if that is more than so many seconds and it can spare a member. */
  busiest(seconds: number, now: number): number | undefined {
    let busiest: number | undefined;
    let most = seconds;
    for (const [worker, worked] of this.worked.entries()) {
      const own = [...this.owners].filter(([, owner]) => owner === worker).map(([member]) => member);
      if (own.length - this.asks[worker]! < 2) continue;
      const epochs = own.reduce((sum, member) => sum + this.epochs - this.done[member]!, 0);
      const left = (epochs * (now - this.begun)) / 1000 / Math.max(worked, 1);
      if (left <= most) continue;
      most = left;
      busiest = worker;
    }
    return busiest;
  }
}
