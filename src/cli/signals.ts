/** What a process is asked to stop by, and its exit code then: a contract with scripts. */
export const signalCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
export type StopSignal = keyof typeof signalCodes;

/** In words: what was typed, for the signal of a key. */
export function signalText(signal: StopSignal): string {
  return signal === "SIGINT" ? "Ctrl-C (SIGINT)" : signal;
}

/** Training was stopped by a signal and can go on. */
export class Interrupted extends Error {
  constructor(
    readonly signal: StopSignal,
    /** how much was done, in words */
    readonly after: string,
    /** what it can go on from */
    readonly checkpoint: string,
    /** the command that goes on */
    readonly resume: string,
  ) {
    super(`stopped by ${signalText(signal)}`);
  }
}

export interface SignalWatch {
  readonly received: StopSignal | undefined;
  stop(): void;
}

/**
 * Notes the first signal, and tells of it. Nobody listens for a second one, so it ends the process at once, whatever it
 * does.
 */
export function watchSignals(tell = (_signal: StopSignal): void => {}): SignalWatch {
  let received: StopSignal | undefined;
  const names = Object.keys(signalCodes) as StopSignal[]; // Object.keys forgets the names
  const take = (signal: NodeJS.Signals) => {
    received = signal as StopSignal; // it is listened for no other
    stop();
    tell(received);
  };
  const stop = () => {
    for (const name of names) process.off(name, take);
  };
  for (const name of names) process.on(name, take);
  return {
    get received() {
      return received;
    },
    stop,
  };
}
