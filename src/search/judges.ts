import * as z from "zod";
import { lacksColumns } from "../data/header.js";
import { lacking } from "../data/read.js";
import type { Table } from "../data/table.js";
import { choiceOf, type FamilyMember, none } from "../family.js";
import { type FoldOutcome, foldsEngine, trainFolds } from "../folds/crossValidation.js";
import { planFolds, prepareFold } from "../folds/plan.js";
import { over } from "../folds/scores.js";
import type { Judgement } from "../train/bestEpoch.js";
import { type End, together } from "../train/ends.js";
import { heldRows } from "../train/members.js";
import { type Prepared, prepare, type ReadValidation, type TaskOptions } from "../train/prepare.js";
import type { TaskOf } from "../train/task.js";
import { type EngineOptions, engineFor, train } from "../train/train.js";

/** What all trials of a search learn from. */
export interface Material {
  readonly task: TaskOf;
  /** the validation table, where the config names one */
  readonly validation: Table | undefined;
}

/** How a training of a trial came out. */
export interface TrialOutcome extends End {
  readonly judgement: Judgement;
}

/** How many rows judge a trial: those held out, or in turn those of so many folds. */
export interface JudgingRows {
  readonly rows: number;
  readonly folds?: number;
}

export interface Judge {
  /** The config has to hold rows out. */
  readonly needsHeldOut: boolean;
  /** Which rows judge. Errors are those of a config that can't be judged so. */
  rows(material: Material, prepared: Prepared, options: TaskOptions): JudgingRows;
  /** Trains what `options` say, and judges it. `progress` is told the share that is done. */
  judge(
    material: Material,
    options: TaskOptions,
    engine: EngineOptions,
    progress: (share: number) => void,
  ): Promise<TrialOutcome>;
}

const foldsOptions = z.strictObject({
  folds: z.int().min(2).max(1000).default(5).describe("number of folds; each trial is trained once per fold"),
});

/** Which rows tell how good a trial is. */
export const judges = {
  validation: {
    about: "the validation rows, each scored by the networks that did not train on it",
    options: none,
    with: () => ({
      needsHeldOut: true,
      rows: (_, { members }) => {
        return { rows: heldRows(members) };
      },
      async judge(material, options, engineOptions, progress) {
        const prepared = await prepare(material.task, options, validationOf(material));
        const { epochs: planned } = options.training;
        const { epochs, keptEpoch, stopped, judgement } = await train(
          prepared,
          await engineFor(prepared, engineOptions),
          { progress: (epochs) => progress(epochs / planned), report() {} },
        );
        return { epochs, keptEpoch, stopped, judgement };
      },
    }),
  } satisfies FamilyMember<typeof none, Judge>,

  folds: {
    about:
      "cross-validation as with train --folds: each fold is scored by networks that did not train on it; mean over the folds",
    options: foldsOptions,
    with: ({ folds }) => ({
      needsHeldOut: false,
      rows: (material, _, options) => {
        const plan = planFolds(material.task, options, { folds, sharesScaling: false }, validationOf(material));
        return { rows: plan.folds.reduce((sum, { test }) => sum + test.length, 0), folds };
      },
      async judge(material, options, engineOptions, progress) {
        const plan = planFolds(material.task, options, { folds, sharesScaling: false }, validationOf(material));
        const first = await prepareFold(plan, plan.folds[0]!); // there are two at least
        const engine = await foldsEngine(first, folds, engineOptions);
        const planned = options.training.epochs * folds;
        const outcomes = await trainFolds(plan, first, engine, {
          progress: (epochs) => progress(epochs / planned),
          done() {},
        });
        return ofFolds(outcomes);
      },
    }),
  } satisfies FamilyMember<typeof foldsOptions, Judge>,
};

export const judgeChoice = choiceOf(judges, "validation");
export type JudgeChoice = z.output<typeof judgeChoice>;

function validationOf({ validation }: Material): ReadValidation {
  return async (wanted) => {
    if (!validation) throw new Error("the validation table was not read");
    const names = lacking(validation, wanted);
    if (names.length > 0)
      throw lacksColumns(
        names,
        validation.columns.map(({ name }) => name),
        wanted,
        validation.source,
      );
    return validation;
  };
}

/** The folds as one: the means of their scores, the most epochs that one did. */
function ofFolds(folds: readonly FoldOutcome[]): TrialOutcome {
  const outcomes = folds.map(({ outcome }) => outcome);
  const judgements = folds.map(({ judgement }) => judgement);
  return {
    ...together(outcomes),
    judgement: {
      loss: judgements.reduce((sum, { loss }) => sum + loss / judgements.length, 0),
      scores: over(judgements.map(({ scores }) => scores)),
    },
  };
}
