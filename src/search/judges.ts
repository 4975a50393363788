import type { Table } from "../data/table.js";
import { type Member, none } from "../family.js";
import type { Judgement, Stopped } from "../train/member.js";
import { prepare, type TaskOptions } from "../train/prepare.js";
import type { TaskOf } from "../train/task.js";
import { type EngineOptions, engineFor, train } from "../train/train.js";

/** What all trials of a search learn from. */
export interface Material {
  readonly task: Pick<TaskOf, "table" | "task" | "names" | "classes">;
  /** the validation table, where the config names one */
  readonly validation: Table | undefined;
}

/** How a training of a trial came out. */
export interface TrialOutcome {
  /** that were done */
  readonly epochs: number;
  /** whose weights were judged */
  readonly keptEpoch: number;
  readonly stopped: Stopped;
  readonly judgement: Judgement;
}

/** Trains what `options` say, and judges it. `progress` is told the share that is done. */
export type Judge = (
  material: Material,
  options: TaskOptions,
  engine: EngineOptions,
  progress: (share: number) => void,
) => Promise<TrialOutcome>;

/** Which rows tell how good a trial is. */
export const judges = {
  validation: {
    about: "the rows that the training holds out, by the networks that did not learn from them",
    options: none,
    with:
      () =>
      async ({ task, validation }, options, engineOptions, progress) => {
        const prepared = await prepare(task, options, async () => {
          if (!validation) throw new Error("the validation table was not read");
          return validation;
        });
        const { epochs: planned } = options.training;
        const { epochs, keptEpoch, stopped, judgement } = await train(
          prepared,
          await engineFor(prepared, engineOptions),
          { progress: (epochs) => progress(epochs / planned), report() {} },
        );
        return { epochs, keptEpoch, stopped, judgement };
      },
  },
} satisfies Record<string, Member<typeof none, Judge>>;

export type JudgeName = keyof typeof judges;
export const judgeNames = Object.keys(judges) as [JudgeName, ...JudgeName[]]; // Object.keys forgets the names
