import { spawn } from "node:child_process";
import { fstatSync } from "node:fs";
import { constants } from "node:os";
import { signalCodes } from "./signals.js";

/**
 * The system ends no first process of a container by signals that it does not listen for, and one that computes hears of
 * none. So a second process does the work, to which the first one passes them on. Gives the second one's exit code;
 * undefined where there can be none.
 */
export async function runInSecond(argv: readonly string[]): Promise<number | undefined> {
  const child = spawn(process.execPath, [...process.execArgv, ...argv.slice(1)], {
    stdio: descriptorsFor(argv),
    detached: true, // a key pressed in the terminal would reach it twice
  });
  const passOn = (signal: NodeJS.Signals) => void child.kill(signal);
  const passedOn: NodeJS.Signals[] = [...(Object.keys(signalCodes) as NodeJS.Signals[]), "SIGWINCH"]; // Object.keys forgets the names
  for (const signal of passedOn) process.on(signal, passOn);
  return await new Promise((resolve) => {
    child.once("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal!])); // it has one or the other
    child.once("error", () => {
      for (const signal of passedOn) process.off(signal, passOn);
      resolve(undefined);
    });
  });
}

/** Those of standard input, output and error, and of others that the command line names, where they are open. */
function descriptorsFor(argv: readonly string[]): ("inherit" | "ignore")[] {
  const named = argv.flatMap((word, i) => {
    const given =
      argv[i - 1] === "--events" ? word : /^(?:--events=|\/dev\/fd\/|\/proc\/self\/fd\/)(.*)$/.exec(word)?.[1];
    return given !== undefined && /^\d{1,4}$/.test(given) ? [Number(given)] : [];
  });
  const isOpen = (descriptor: number) => {
    try {
      return fstatSync(descriptor) !== undefined;
    } catch {
      return false;
    }
  };
  const handedOn = [0, 1, 2, ...named.filter(isOpen)];
  return Array.from({ length: Math.max(...handedOn) + 1 }, (_, fd) => (handedOn.includes(fd) ? "inherit" : "ignore"));
}
