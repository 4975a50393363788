import { CommanderError } from "commander";
import { type ErrorKind, NnfitError } from "../errors.js";
import { exitCodeOf, exitCodes } from "./exit.js";
import { Interrupted, type StopSignal, signalCodes, signalText } from "./signals.js";
import { toldNotes } from "./text.js";

/** An error as scripts get it: a contract with them, as the exit codes are. */
export interface Failure {
  readonly code: ErrorKind | "stopped";
  readonly exit: number;
  readonly message: string;
  /** where: a file and line, a setting, an option, an epoch, or the last checkpoint */
  readonly at?: string | undefined;
  /** what was there instead */
  readonly have?: string | undefined;
  /** what to do about it */
  readonly try?: string | undefined;
}

/** Nothing for what ends a command early and is no error: a closed pipe, --help. */
export function failureOf(error: unknown): Failure | undefined {
  const exit = exitCodeOf(error);
  if (exit === 0) return undefined;
  if (error instanceof NnfitError) {
    const { at, setting, have, try: attempt } = error.details;
    return { code: error.kind, exit, message: error.message, at: at ?? setting, have, try: attempt };
  }
  if (error instanceof CommanderError) return { code: "usage", exit, message: "no command given", try: "nnfit --help" };
  if (error instanceof Interrupted) {
    const { signal, after, checkpoint, resume } = error;
    const failure = stoppedFailure(signal, resume);
    return { ...failure, message: `${failure.message} after ${after}`, at: checkpoint };
  }
  return { code: "fault", exit, message: "a bug in nnfit, please report it", have: String(error) };
}

/** That something which the user asked to check does not hold. */
export function checkFailure(message: string, details: Pick<Failure, "at" | "have">): Failure {
  return { code: "check", exit: exitCodes.check, message, ...details };
}

/** That a signal stopped a command, and how to go on, where that can be. */
export function stoppedFailure(signal: StopSignal, resume?: string): Failure {
  return { code: "stopped", exit: signalCodes[signal], message: `stopped by ${signalText(signal)}`, try: resume };
}

let hasPrinted = false;

/** Prints a command's one JSON object, within it the error that the command ends with, if there is one. */
export function printResult(
  result: object,
  failure?: Failure,
  replacer?: (key: string, value: unknown) => unknown,
): void {
  hasPrinted = true;
  const notes = toldNotes.length > 0 ? { notes: toldNotes } : {};
  const error = failure ? { error: failure } : {};
  console.log(JSON.stringify({ ...result, ...notes, ...error }, replacer));
}

/** Prints an error as the one JSON object of a command that has no result. */
export function printFailure(failure: Failure): void {
  if (!hasPrinted) printResult({ version: 1 }, failure);
}
