import { CommanderError } from "commander";
import { type ErrorKind, NnfitError } from "../errors.js";
import { Interrupted, signalCodes } from "./signals.js";

/** The exit code of each kind of error: a contract with scripts. 0 is success, 129, 130 and 143 a stop by a signal. */
export const exitCodes: Readonly<Record<ErrorKind, number>> = {
  check: 1,
  usage: 2,
  fault: 3,
  data: 4,
  files: 5,
  model: 6,
  diverged: 7,
};

export function exitCodeOf(error: unknown): number {
  if (error === undefined || isClosedPipe(error)) return 0;
  if (error instanceof Interrupted) return signalCodes[error.signal];
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage;
  return error instanceof NnfitError ? exitCodes[error.kind] : exitCodes.fault;
}

function isClosedPipe(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EPIPE";
}
