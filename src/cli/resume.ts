import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Checkpoints, FoldCheckpoints, type FoundCheckpoint } from "../artifact/checkpoints.js";
import { doneRun } from "../artifact/events.js";
import { CONFIG_FILE, isResolved } from "../artifact/folder.js";
import { removeStale } from "../artifact/lock.js";
import { MODEL_FILE } from "../artifact/model.js";
import { differences, type Origin } from "../config/differences.js";
import { fileError, NnfitError } from "../errors.js";
import { begunWith, hasBegun, refuse } from "./begun.js";
import { note } from "./text.js";

/**
 * What a run folder has to go on from: a checkpoint; or nothing, because its training is done, or because it was stopped before
 * there was one, or never begun.
 */
export function findCheckpoint(
  { output, folder }: { output: string; folder: string },
  checkpoints: Checkpoints,
  origin: Origin,
): FoundCheckpoint | "complete" | undefined {
  const refusal = (what: string, model = folder) => ({
    what,
    at: folder,
    try: `the config and data that it was started with, another folder with --out, or --continue-from ${model} without --resume`,
    anew: "the same command without --resume, which starts over",
  });

  const done = doneRun(output, folder);
  if (done && existsSync(join(output, MODEL_FILE))) {
    const config = configOfRun(output, folder);
    const { epochs } = config.training as { epochs: number }; // a resolved config has it
    const now = origin.config.training as { epochs: number };
    const asLong = { ...origin, config: { ...origin.config, training: { ...now, epochs } } };
    const differ = differences({ config, data: done.data }, asLong);
    if (now.epochs !== epochs) differ.push(`training.epochs: ${epochs}, now ${now.epochs}`);
    refuse(differ, refusal("the run is complete, and was trained with a different config or data"));
    checkpoints.remove(); // it may have been killed when it was done, before it had tidied up
    removeStale(output, folder);
    return "complete";
  }
  const found = begunWith(
    origin,
    checkpoints,
    refusal("the run was started with a different config or data", checkpoints.latest),
  );
  if (found) return found;
  const folds = new FoldCheckpoints(output, folder);
  if (folds.isEmpty) return undefined;
  throw new NnfitError("usage", "there is no checkpoint to continue from", {
    at: folder,
    have: `checkpoints of folds, in ${folds.name}`,
    try: "the same command with --folds",
  });
}

/** The config that a run has written. What it was trained with can't be told where somebody has taken or changed it. */
function configOfRun(output: string, folder: string): Origin["config"] {
  const details = {
    at: `${folder}/${CONFIG_FILE}`,
    try: "putting the run's own config.json back, or another folder with --out",
  };
  let text: string;
  try {
    text = readFileSync(join(output, CONFIG_FILE), "utf8");
  } catch (error) {
    throw fileError("read the config of the run that is complete", details.at, error).with(details);
  }
  if (isResolved(text)) return JSON.parse(text) as Origin["config"]; // an object with all parts
  throw new NnfitError("files", "the run is complete, but its config is not one that nnfit has written", details);
}

/** Of a training that starts over. What it could have gone on from stays until it has a checkpoint of its own. */
export function startOver(checkpoints: Checkpoints, origin: Origin): void {
  if (!hasBegun(origin, checkpoints)) {
    removeOld(checkpoints);
    return;
  }
  checkpoints.supersede();
  note(
    "training starts over; the earlier run's checkpoints stay until this one writes its own: stop it now, and --resume goes on from them",
  );
}

/** Leaves nothing to go on from with an earlier training. */
export function removeOld(checkpoints: Checkpoints, why = "training starts over"): void {
  if (!checkpoints.isEmpty) note(`${why}; the earlier run's checkpoints for --resume are removed`);
  checkpoints.remove();
}
