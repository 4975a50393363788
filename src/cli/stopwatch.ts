import { workTime } from "./workTime.js";

/** Seconds spent on each part of a command's work; the first part began with the process. */
export interface Stopwatch {
  /** Ends the part `name`, or one more piece of it. */
  lap(name: string): void;
  readonly seconds: Readonly<Record<string, number>>;
}

export function stopwatch(): Stopwatch {
  const milliseconds: Record<string, number> = {};
  let last = 0; // the time of work counts from the start of the process
  return {
    get seconds() {
      return Object.fromEntries(Object.entries(milliseconds).map(([name, time]) => [name, Math.round(time) / 1000]));
    },
    lap(name) {
      const now = workTime();
      milliseconds[name] = (milliseconds[name] ?? 0) + now - last;
      last = now;
    },
  };
}
