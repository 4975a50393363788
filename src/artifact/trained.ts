import type { CellFormat } from "../data/csv.js";
import type { DataOptions } from "../data/options.js";
import { plainSpec, plainWeights } from "../model/parametrization.js";
import type { BaselineState } from "../score/baseline.js";
import { heldRows, learnedRows } from "../train/members.js";
import type { Prepared } from "../train/prepare.js";
import { meanJudgement, type Snapshot } from "../train/reports.js";
import type { Outcome } from "../train/train.js";
import { widthOf } from "../transform/inputColumns.js";
import { type Model, networksOf } from "./model.js";
import { probeOf } from "./probe.js";
import { version } from "./version.js";

/** How the tables that a model reads are written, and which of their columns tells what rows belong together, or when they were. */
export type TableTraits = CellFormat & Pick<DataOptions, "groups" | "time">;

/** The model that a training ended with. */
export function modelOf(
  prepared: Pick<Prepared, "spec" | "pipeline" | "training" | "rows"> & Parameters<typeof learnedRows>[0],
  { target, members, judgement, rowCounts, epochs, keptEpoch, stopped }: Omit<Outcome, "judgedRows">,
  baseline: BaselineState,
  tables: TableTraits,
): Model {
  const { spec, pipeline, training, rows } = prepared;
  const saved = { network: plainSpec(spec), pipeline, weights: members.map(({ weights }) => weights) };
  const probe = probeOf((memory) => networksOf(saved, memory), {
    X: rows.X,
    learned: learnedRows(prepared),
    columns: widthOf(pipeline),
  });
  const loss = members.reduce((sum, { loss }) => sum + loss, 0) / members.length;
  const { checkpoint: _, ...options } = training; // has no part in what is learned
  return {
    version,
    ...saved,
    target,
    members: members.length,
    ...described(tables),
    training: {
      options,
      ...rowCounts,
      epochs,
      keptEpoch,
      ...(members.length > 1 ? { members: members.map(({ keptEpoch, epochs }) => ({ keptEpoch, epochs })) } : {}),
      stopped,
      loss: Number.isNaN(loss) ? null : loss,
      judgedLoss: judgement.loss,
      scores: judgement.scores,
      baseline,
    },
    ...(probe ? { probe } : {}),
  };
}

/** The model that there is in the middle of a training: of each member the best epoch, or before the first the latest weights. */
export function modelSoFar(prepared: Prepared, { members: parts }: Snapshot, tables: TableTraits): Model {
  const { spec, pipeline, target, training, members } = prepared;
  const { checkpoint: _, ...options } = training;
  const kept = parts.map(({ state: { kept, weights } }) =>
    kept.report.epoch === 0 && weights.every(Number.isFinite) ? { ...kept, weights } : kept,
  );
  const loss = kept.reduce((sum, { report }) => sum + report.loss, 0) / kept.length;
  const judged = kept.flatMap(({ report: { validation } }, member) =>
    validation ? [[members[member]!, validation] as const] : [],
  );
  const { loss: judgedLoss, scores } = judged.length === kept.length ? meanJudgement(judged) : NOT_JUDGED;
  const epochs = parts.map(({ state: { latest, kept } }) => ({
    keptEpoch: kept.report.epoch,
    epochs: latest.report.epoch,
  }));
  return {
    version,
    pipeline,
    target,
    network: plainSpec(spec),
    members: members.length,
    ...described(tables),
    training: {
      options,
      trainingRows: learnedRows(prepared).length,
      validationRows: heldRows(members),
      epochs: Math.max(...epochs.map(({ epochs }) => epochs)),
      keptEpoch: Math.max(...epochs.map(({ keptEpoch }) => keptEpoch)),
      ...(members.length > 1 ? { members: epochs } : {}),
      stopped: "not yet done",
      loss: Number.isNaN(loss) ? null : loss,
      judgedLoss,
      scores,
    },
    weights: kept.map(({ weights }) => plainWeights(spec, weights)),
  };
}

const NOT_JUDGED = { loss: null, scores: {} };

function described({ missing, decimal, thousands, groups, time }: TableTraits): Pick<Model, keyof TableTraits> {
  return {
    missing: [...missing],
    ...(decimal === "," && { decimal }),
    ...(thousands !== null && { thousands }),
    ...(groups !== null && { groups }),
    ...(time !== null && { time }),
  };
}
