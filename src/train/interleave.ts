import type { Memory } from "../engine/memory.js";
import { datasetOf, type MemberOutcome, type Progress, trainMember } from "./member.js";
import type { Member } from "./members.js";
import type { Prepared } from "./prepare.js";

/** What a training needs to know, as one thread tells another. */
export type Problem = Pick<Prepared, "spec" | "target" | "rows" | "training" | "batchSize">;

/** Something that happened to one member. */
export type MemberEvent = { readonly member: number } & (
  | Progress
  | { readonly kind: "outcome"; readonly outcome: MemberOutcome }
);

/** Trains members side by side on one memory: an epoch of each in turn. */
export function* trainInTurn(
  memory: Memory,
  problem: Problem,
  members: readonly Member[],
): Generator<MemberEvent, void> {
  const dataset = datasetOf(memory, problem);
  const running = new Map(members.map((member) => [member.number, trainMember(memory, dataset, problem, member)]));
  while (running.size > 0) {
    for (const [member, training] of running) {
      for (let goesOn = true; goesOn; ) {
        const { value, done } = training.next();
        goesOn = !done && value.kind !== "report";
        if (done) running.delete(member);
        yield done ? { member, kind: "outcome", outcome: value } : { member, ...value };
      }
    }
  }
}
