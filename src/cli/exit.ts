import { type ErrorKind, NnfitError } from "../errors.js";
import { Interrupted, signalCodes } from "./signals.js";
import { colors, count, labelled } from "./text.js";

/** The exit code of each kind of error: a contract with scripts. 0 is success, 130 and 143 a stop by a signal. */
export const exitCodes: Readonly<Record<ErrorKind, number>> = {
  check: 1,
  usage: 2,
  fault: 3,
  data: 4,
  files: 5,
  model: 6,
  diverged: 7,
};

/** The exit code where all went well, and what the user asked to check does not hold. */
export const CHECK_FAILED = 1;

export function exitCodeOf(error: unknown): number {
  if (error === undefined || isClosedPipe(error)) return 0;
  if (error instanceof Interrupted) return signalCodes[error.signal];
  return error instanceof NnfitError ? exitCodes[error.kind] : exitCodes.fault;
}

/** Prints an error on standard error and returns the exit code for it. */
export function report(error: unknown): number {
  if (isClosedPipe(error)) return 0;
  if (error instanceof Interrupted) return reportInterrupted(error);
  if (!(error instanceof NnfitError)) {
    // a fault of ours: whoever mends it needs the stack
    console.error(`${colors.red("error:")} a fault of nnfit itself, please report it`);
    console.error(error);
    return exitCodes.fault;
  }
  const { at, setting, have, try: attempt } = error.details;
  console.error(`${colors.red("error:")} ${error.message}`);
  const lines = { at: at ?? setting, have, try: attempt };
  for (const [label, text] of Object.entries(lines)) {
    if (text) console.error(labelled(label, text, 4));
  }
  return exitCodeOf(error);
}

function reportInterrupted(interrupted: Interrupted): number {
  const { signal, epochs, checkpoint, resume } = interrupted;
  console.error(labelled("stopped", `by ${signal} after ${count(epochs, "epoch")}; all is kept in ${checkpoint}`));
  console.error(labelled("resume", resume));
  return exitCodeOf(interrupted);
}

function isClosedPipe(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EPIPE";
}
