import * as z from "zod";

/** Why a training ended; of several that are one, the first of these that any of them says. */
export const stopped = z.enum(["diverged", "all epochs done", "patience"]);
export type Stopped = z.output<typeof stopped>;

export function stoppedTogether(all: readonly Stopped[]): Stopped {
  return stopped.options.find((reason) => all.includes(reason)) ?? "all epochs done";
}
