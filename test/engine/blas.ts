import { type Blas, findBlas } from "../../src/engine/blas.js";

/** The BLAS of this machine, or why there is none. With CI=true it throws instead, so that no test is left out there. */
export async function systemBlas(threads: number | "auto" = "auto"): Promise<Blas | string> {
  try {
    return await findBlas({ threads, library: process.env.NNFIT_BLAS });
  } catch (error) {
    if (process.env.CI === "true" || !(error instanceof Error)) throw error;
    return `needs a BLAS: ${error.message}`;
  }
}
