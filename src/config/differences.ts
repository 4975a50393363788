import type { Fingerprint } from "../train/fingerprint.js";
import type { TrainingOptions } from "../train/options.js";
import { schedules } from "../train/schedules.js";
import { effectiveSettings } from "./effect.js";

/** What a training is made from. */
export interface Origin {
  /** resolved */
  readonly config: Readonly<Record<string, unknown>>;
  readonly data: Fingerprint;
}

/**
 * In words, each setting and each part of the data by which a training would be another one than that which was begun.
 * It may be made longer where no rate depends on how long it is.
 */
export function differences(begun: Origin, now: Origin): string[] {
  const [before, after] = [effectiveSettings(begun.config), effectiveSettings(now.config)];
  const names = [...new Set([...before.keys(), ...after.keys()])];
  const changed = names.flatMap((name) => {
    const [then, since] = [before.get(name), after.get(name)];
    if (then === since) return [];
    if (name !== "training.epochs") return [`${name}: ${then ?? "not set"}, now ${since ?? "not set"}`];
    if (Number(since) < Number(then)) return [`${name}: ${then}, now ${since}, and it can only be raised`];
    return hasSchedule(now.config) ? [`${name}: ${then}, now ${since}, and training.schedule depends on it`] : [];
  });
  const parts = [...new Set([...Object.keys(begun.data), ...Object.keys(now.data)])];
  const others = parts.flatMap((name) => {
    const [then, since] = [begun.data[name], now.data[name]];
    if (then === since) return [];
    if (then === undefined) return [`${name}: new`];
    if (since === undefined) return [`${name}: is no longer there`];
    return [name === "number of rows" ? `${name}: ${then}, now ${since}` : `${name}: changed`];
  });
  return changed.length > 0 ? changed : others; // of other settings, other data may be but a consequence
}

function hasSchedule({ training }: Origin["config"]): boolean {
  const { schedule } = training as TrainingOptions; // a resolved config has it
  const { warmUp, ...rates } = schedule;
  return warmUp !== 0 || Object.values(rates).some(({ name }) => schedules[name].spansTraining);
}
