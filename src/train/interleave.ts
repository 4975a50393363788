import type { Memory } from "../engine/memory.js";
import { datasetOf, type MemberOutcome, type MemberState, type Problem, type Progress, trainMember } from "./member.js";
import type { Member } from "./members.js";

/** Something that happened to one member. */
export type MemberEvent = { readonly member: number } & (
  | Progress
  | { readonly kind: "outcome"; readonly outcome: MemberOutcome; readonly state: MemberState }
);

/** How each member is that has not ended, by its number. */
export type States = ReadonlyMap<number, MemberState>;

export interface TrainingInTurn {
  readonly events: Generator<MemberEvent, void>;
  /** How the members are between two events. */
  states(): States;
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
    members.map((member) => [member.number, trainMember(memory, dataset, problem, member, from?.get(member.number))]),
  );
  function* events(): Generator<MemberEvent, void> {
    while (running.size > 0) {
      for (const [member, training] of running) {
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
    states: () => new Map([...running].map(([member, training]) => [member, training.state()])),
  };
}
