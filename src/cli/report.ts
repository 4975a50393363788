import { CommanderError } from "commander";
import { NnfitError } from "../errors.js";
import { exitCodeOf } from "./exit.js";
import { type Failure, failureOf, printFailure } from "./failure.js";
import { annotate } from "./github.js";
import { Interrupted, signalText } from "./signals.js";
import { colors, labelled, oneLine, say, sayCommand, tell } from "./text.js";

/** Tells an error, to people, to GitHub, and if asked to scripts too, and returns the exit code for it. */
export function report(error: unknown, { json }: { json: boolean }): number {
  const failure = failureOf(error);
  if (failure) {
    tellPeople(error, failure);
    annotateFailure(failure);
    if (json) printFailure(failure);
  }
  return exitCodeOf(error);
}

/** Sets the exit code of a command that has told people and scripts itself why. */
export function endWith(failure: Failure): void {
  annotateFailure(failure);
  process.exitCode = failure.exit;
}

/** An error as an annotation, all of it in one. */
function annotateFailure({ code, message, at, have, try: attempt }: Failure): void {
  const details = Object.entries({ at, have, try: attempt }).filter(([, text]) => text);
  const lines = [message, ...details.map(([label, text]) => `${label}: ${text}`)];
  annotate("error", lines.join("\n"), { title: `nnfit: ${code}`, at });
}

function tellPeople(error: unknown, { message, at, have, try: attempt }: Failure): void {
  if (error instanceof CommanderError && error.code === "commander.help") return; // the help was printed
  if (error instanceof Interrupted) {
    const { signal, after, checkpoint, resume } = error;
    say("stopped", `by ${signalText(signal)} after ${after}; checkpoint saved in ${checkpoint}`);
    sayCommand("resume", resume);
    return;
  }
  tell([`${colors.red("error:")} ${oneLine(message)}`]);
  if (!(error instanceof NnfitError) && !(error instanceof CommanderError)) {
    console.error(error); // whoever mends it needs the stack
    return;
  }
  for (const [label, text] of Object.entries({ at, have, try: attempt })) {
    if (text) tell(labelled(label, text, 4));
  }
}
