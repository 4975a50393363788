import { takeMatrixRows } from "../data/arrays.js";
import {
  type BaselineState,
  type Baselines,
  learnBaselines,
  predictBaselines,
  ruleOfEach,
  scoreBaselines,
  scorePredictions,
  withScores,
} from "../score/baseline.js";
import type { KnownRows } from "../score/linear.js";
import { inputColumns } from "../transform/inputColumns.js";
import type { PipelineState } from "../transform/pipeline.js";
import { joinPredictions, joinTruths, type Predictions, takeTruth } from "../transform/truth.js";
import { learnedRows, type Member } from "./members.js";
import type { Prepared, ScaledRows } from "./prepare.js";
import type { Outcome } from "./train.js";

/**
 * What simpler rules learn from the same rows, and how they do on the rows that the network was judged by. Where several
 * members hold out different rows, so do the rules: each row is predicted by one that did not learn from it.
 */
export function baselinesOf(
  prepared: Prepared,
  { judgedRows }: Pick<Outcome, "judgedRows">,
): { learned: BaselineState; baselines: Baselines } {
  const { target, members } = prepared;
  const learned = learnBaselines(target, rowsToFit(prepared));
  const baselines = holdOutInTurn(members)
    ? scoresInTurn(prepared, learned)
    : scoreBaselines(target, learned, knownRows(prepared, judgedRows));
  return { learned: withScores(learned, baselines), baselines };
}

/** Whether several networks hold out different rows. */
export function holdOutInTurn(members: readonly Member[]): boolean {
  const [first, second] = members;
  return first !== undefined && second !== undefined && first.training.length < learnedRows({ members }).length;
}

function scoresInTurn(prepared: Prepared, learned: BaselineState): Baselines {
  const { target } = prepared;
  const parts = onceEach(prepared.members, prepared.rows.size).map((member) => {
    const state = learnBaselines(target, rowsToFit({ ...prepared, members: [member] }));
    const rows = knownRows(prepared, member.validation);
    return { state, truth: rows.truth, ...predictBaselines(target, state, rows) };
  });
  const linear = parts.map(({ linear }) => linear).filter((each): each is Predictions => each !== undefined);
  const all = {
    baseline: joinPredictions(parts.map(({ baseline }) => baseline)),
    ...(linear.length === parts.length ? { linear: joinPredictions(linear) } : {}),
  };
  const rule = ruleOfEach(
    target,
    parts.map(({ state }) => state),
  );
  return scorePredictions(target, learned, joinTruths(parts.map(({ truth }) => truth)), all, rule);
}

/** The first members, as long as they hold out rows that no earlier one did. */
function onceEach(members: readonly Member[], rows: number): Member[] {
  const isHeld = new Uint8Array(rows);
  return members.filter(({ validation }) => {
    const isNew = validation.every((row) => isHeld[row] === 0);
    if (isNew) for (const row of validation) isHeld[row] = 1;
    return isNew;
  });
}

/** Rows as a linear model takes them. */
export function allKnownRows({ straightX: X, truth }: ScaledRows, pipeline: PipelineState): KnownRows {
  return { X, columns: inputColumns(pipeline), truth };
}

/** The rows that some of the members learn from, each with the mean of the weights that it has there. */
export function rowsToFit(
  prepared: Pick<Prepared, "pipeline" | "rows"> & {
    readonly members: readonly Pick<Member, "training" | "trainingWeights">[];
  },
): KnownRows {
  const { members } = prepared;
  const learned = learnedRows({ members });
  if (!members.some(({ trainingWeights }) => trainingWeights)) return knownRows(prepared, learned);
  const sums = new Float64Array(prepared.rows.size);
  const counts = new Float64Array(prepared.rows.size);
  for (const { training, trainingWeights } of members) {
    for (const [i, row] of training.entries()) {
      sums[row]! += trainingWeights?.each[i] ?? 1;
      counts[row]!++;
    }
  }
  return { ...knownRows(prepared, learned), weights: Float64Array.from(learned, (row) => sums[row]! / counts[row]!) };
}

/** The same as `allKnownRows`, of some of the rows of a training. */
function knownRows({ pipeline, rows }: Pick<Prepared, "pipeline" | "rows">, numbers: Uint32Array): KnownRows {
  const all = allKnownRows(rows, pipeline);
  if (numbers.length === rows.size) return all; // row numbers are different, and ascend
  const { X, columns, truth } = all;
  return { X: takeMatrixRows(X, columns.length, numbers), columns, truth: takeTruth(truth, numbers) };
}
