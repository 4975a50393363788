/** Seconds spent on each part of a command's work; the first part began with the process. */
export interface Stopwatch {
  /** Ends the part `name`. */
  lap(name: string): void;
  readonly seconds: Readonly<Record<string, number>>;
}

export function stopwatch(): Stopwatch {
  const seconds: Record<string, number> = {};
  let last = 0; // performance.now() counts from the start of the process
  return {
    seconds,
    lap(name) {
      const now = performance.now();
      seconds[name] = Math.round(now - last) / 1000;
      last = now;
    },
  };
}
