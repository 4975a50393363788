import type { Memory } from "../engine/memory.js";
import {
  datasetOf,
  type MemberOutcome,
  type MemberState,
  MemberTraining,
  type Problem,
  type Progress,
} from "./member.js";
import type { Member } from "./members.js";

/** Something that happened to one member. */
export type MemberEvent = { readonly member: number } & (
  | Progress
  | { readonly kind: "outcome"; readonly outcome: MemberOutcome; readonly state: MemberState }
);

/** How each member is that has not ended, by its number. */
export type States = ReadonlyMap<number, MemberState>;

/** A member and how it is: all that another thread needs to go on with it. */
export interface HandedOver {
  readonly member: Member;
  readonly state: MemberState;
}

export interface TrainingInTurn {
  /** Until all members that it has are done. */
  readonly events: Generator<MemberEvent, void>;
  /** How the members are between two events. */
  states(): States;
  /** Gives a member away between two events, if that leaves another to go on with. */
  give(): HandedOver | undefined;
}

/** Trains members side by side on one memory: an epoch of each in turn. `from` is how they were when interrupted. */
export function trainInTurn(
  memory: Memory,
  problem: Problem,
  members: readonly Member[],
  from?: States,
): TrainingInTurn {
  const dataset = datasetOf(memory, problem);
  const running = new Map(
    members.map((member) => {
      const training = new MemberTraining(memory, dataset, problem, member, from?.get(member.number));
      return [member.number, { member, training }];
    }),
  );
  /** whose turn it is */
  let current: number | undefined;

  function* events(): Generator<MemberEvent, void> {
    while (running.size > 0) {
      for (const [member, { training }] of running) {
        current = member;
        for (let goesOn = true; goesOn; ) {
          const { value, done } = training.events.next();
          goesOn = !done && value.kind !== "report";
          if (done) running.delete(member);
          yield done ? { member, kind: "outcome", outcome: value, state: training.state() } : { member, ...value };
        }
      }
    }
  }
  return {
    events: events(),
    states: () => new Map([...running].map(([member, { training }]) => [member, training.state()])),
    give() {
      const other = [...running.keys()].findLast((member) => member !== current);
      if (other === undefined || running.size < 2) return undefined;
      const { member, training } = running.get(other)!;
      running.delete(other);
      return { member, state: training.state() };
    },
  };
}
