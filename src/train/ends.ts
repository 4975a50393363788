import * as z from "zod";

/** Why a training ended. */
export const stopped = z.enum(["diverged", "all epochs done", "patience"]);
export type Stopped = z.output<typeof stopped>;

/** How a training ended. */
export interface End {
  /** epochs done */
  readonly epochs: number;
  /** the epoch whose weights are kept: the best by what the options say, or without validation the last */
  readonly keptEpoch: number;
  readonly stopped: Stopped;
}

/** Several as one: the most epochs, the latest that was kept, and of the reasons the first in their order. */
export function together(ends: readonly End[]): End {
  return {
    epochs: Math.max(...ends.map(({ epochs }) => epochs)),
    keptEpoch: Math.max(...ends.map(({ keptEpoch }) => keptEpoch)),
    stopped: stopped.options.find((reason) => ends.some((end) => end.stopped === reason)) ?? "all epochs done",
  };
}
