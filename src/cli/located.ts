import type { LoadedConfig } from "../config/load.js";
import { NnfitError } from "../errors.js";

/** Errors that name a setting get the place where it stands. */
export async function located<Result>(
  { locate }: Pick<LoadedConfig, "locate">,
  work: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof NnfitError) || !error.details.setting) throw error;
    throw error.with({ at: locate(error.details.setting) });
  }
}
