import { plainSpec } from "../model/network.js";
import type { BaselineState } from "../train/baseline.js";
import type { Prepared } from "../train/prepare.js";
import type { Outcome } from "../train/train.js";
import type { Model } from "./model.js";
import { version } from "./version.js";

/** The model that a training ended with. `missing` are the cells that count as missing. */
export function modelOf(
  { spec, pipeline, training }: Pick<Prepared, "spec" | "pipeline" | "training">,
  { target, members, judgement, rowCounts, epochs, keptEpoch, stopped }: Omit<Outcome, "judgedRows">,
  baseline: BaselineState,
  missing: readonly string[],
): Model {
  const loss = members.reduce((sum, { loss }) => sum + loss, 0) / members.length;
  return {
    version,
    pipeline,
    target,
    network: plainSpec(spec),
    members: members.length,
    missing: [...missing],
    training: {
      options: training,
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
    weights: members.map(({ weights }) => weights),
  };
}
