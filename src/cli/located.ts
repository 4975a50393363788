import type { LoadedConfig } from "../config/load.js";

/** Errors that name a setting get the place where it stands. */
export async function located<Result>(
  { locate }: Pick<LoadedConfig, "locate">,
  work: () => Promise<Result>,
): Promise<Result> {
  const { NnfitError } = await import("../errors.js");
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof NnfitError) || !error.details.setting) throw error;
    throw new NnfitError(error.kind, error.message, { ...error.details, at: locate(error.details.setting) });
  }
}
