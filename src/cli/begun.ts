import type { Checkpoints, FoundCheckpoint } from "../artifact/checkpoints.js";
import { version } from "../artifact/version.js";
import { differences, type Origin } from "../config/differences.js";
import { NnfitError } from "../errors.js";

/** What a person is told of a training that can't go on. */
export interface Refusal {
  /** that it is another one */
  readonly what: string;
  readonly at: string;
  readonly try: string;
  /** what begins it anew, should its checkpoints be damaged */
  readonly anew: string;
}

/**
 * The newest checkpoint that can be read, if there is any.
 *
 * @throws NnfitError where it was begun with another config, other data or another nnfit, or where all are damaged
 */
export function begunWith(origin: Origin, checkpoints: Checkpoints, refusal: Refusal): FoundCheckpoint | undefined {
  const found = newestOf(checkpoints, refusal);
  if (found) refuse(differencesFrom(found, origin), refusal);
  return found;
}

/** Whether there are checkpoints that a training of this origin could go on from. */
export function hasBegun(origin: Origin, checkpoints: Checkpoints): boolean {
  const found = readable(checkpoints);
  return found !== undefined && differencesFrom(found, origin).length === 0;
}

/** The same of the config alone, whatever the data. */
export function isBegunWith(config: Origin["config"], checkpoints: Checkpoints): boolean {
  const found = readable(checkpoints);
  return found !== undefined && differencesFrom(found, { config, data: found.data }).length === 0;
}

function readable(checkpoints: Checkpoints): FoundCheckpoint | undefined {
  try {
    return checkpoints.newest();
  } catch (error) {
    if (error instanceof NnfitError) return undefined;
    throw error;
  }
}

function differencesFrom(found: FoundCheckpoint, origin: Origin): string[] {
  const ofVersion = found.model.version === version ? [] : [`nnfit: ${found.model.version}, now ${version}`];
  return [...ofVersion, ...differences(found, origin)];
}

/** Ends with the differences, if there are any. */
export function refuse(differences: readonly string[], { what, at, try: way }: Omit<Refusal, "anew">): void {
  if (differences.length === 0) return;
  throw new NnfitError("usage", what, { at, have: differences.join("; "), try: way });
}

function newestOf(checkpoints: Checkpoints, { anew }: Refusal): FoundCheckpoint | undefined {
  try {
    return checkpoints.newest();
  } catch (error) {
    if (!(error instanceof NnfitError)) throw error;
    throw error.with({ try: anew });
  }
}
