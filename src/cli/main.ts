import { Command, CommanderError } from "commander";
import { version } from "../artifact/version.js";
import { checkCommand } from "./check.js";
import { doctorCommand } from "./doctor.js";
import { evaluateCommand } from "./evaluate.js";
import { exitCodes } from "./exit.js";
import { printFailure, stoppedFailure } from "./failure.js";
import { inspectCommand } from "./inspect.js";
import { predictCommand } from "./predict.js";
import { report } from "./report.js";
import { schemaCommand } from "./schema.js";
import { searchCommand } from "./search.js";
import { type StopSignal, signalCodes } from "./signals.js";
import { trainCommand } from "./train.js";
import { example } from "./usage.js";
import { verifyCommand } from "./verify.js";

// Commands load what they need when they run, so that --help and --version are instant.
const commands = [
  trainCommand,
  searchCommand,
  predictCommand,
  evaluateCommand,
  checkCommand,
  inspectCommand,
  verifyCommand,
  doctorCommand,
  schemaCommand,
];

/** Runs the command line and sets the exit code. The only place that ends the process. */
export async function main(argv: readonly string[]): Promise<void> {
  // A reader that has seen enough, such as head, closes the pipe: that is no error, nor does it hide one.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(process.exitCode);
    console.error(`error: can't write to standard output: ${error.message}`);
    process.exit(exitCodes.files);
  });

  // Nobody reads the story any more: what is worked on is done all the same, and the exit code tells how.
  process.stderr.on("error", () => {});

  const silent = { outputError() {} }; // an error is told below, as all are
  const program = new Command("nnfit")
    .description("Trains a neural network on a table and predicts with it.")
    .version(version)
    .addHelpText(
      "before",
      example("nnfit train config.json", "nnfit predict runs/config new.csv --out predictions.csv"),
    )
    .configureOutput(silent)
    .exitOverride();
  for (const command of commands) program.addCommand(command().configureOutput(silent).exitOverride());

  // A process without work ends by itself, and would say that all went well.
  const leftUndone = () => {
    const error = new Error("there is nothing left to wait for, and the command is not done");
    process.exitCode = report(error, { json: wantsJson(argv) });
  };
  process.once("beforeExit", leftUndone);
  if (wantsJson(argv)) tellSignals();
  try {
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = report(await withSetting(error, program, argv), { json: wantsJson(argv) });
  } finally {
    process.off("beforeExit", leftUndone);
  }
}

/** A signal that no command listens for ends the process, and scripts are told. */
function tellSignals(): void {
  for (const signal of Object.keys(signalCodes) as StopSignal[]) {
    process.once(signal, () => {
      if (process.listenerCount(signal) > 0) return; // whoever listens tells it
      printFailure(stoppedFailure(signal));
      process.exit(signalCodes[signal]);
    });
  }
}

/** An unknown option of a command that takes a config may be one of its settings. */
async function withSetting(error: unknown, program: Command, argv: readonly string[]): Promise<unknown> {
  if (!(error instanceof CommanderError) || error.code !== "commander.unknownOption") return error;
  const command = program.commands.find((command) => command.name() === argv[2]);
  const [, option] = /'--([^'=]+)/.exec(error.message) ?? [];
  if (option === undefined || !command?.options.some(({ long }) => long === "--set")) return error;
  const { settingsCalled } = await import("../config/explain.js");
  const settings = settingsCalled(option).map((setting) => `--set ${setting}=…`);
  if (settings.length === 0) return error;
  const { NnfitError } = await import("../errors.js");
  return new NnfitError("usage", `unknown option '--${option}'`, { try: settings.join(" or ") });
}

/** Whether or not the other words can be understood. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return argv.slice(0, end === -1 ? undefined : end).includes("--json");
}
