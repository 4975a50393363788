import { Command } from "commander";
import { version } from "../artifact/version.js";
import { NnfitError } from "../errors.js";
import { withAdvice } from "./advice.js";
import { exitCodes } from "./exit.js";
import { runInSecond } from "./firstProcess.js";
import { report } from "./report.js";
import { signalCodes } from "./signals.js";
import { example } from "./usage.js";

/** A command: how it is called, what it is in a line, and what gives its file. */
interface Loadable {
  readonly usage: string;
  readonly about: string;
  load(): Promise<{ configure(command: Command): Command }>;
}

/** A command's file is loaded when it is called, so that --help and --version are instant. */
const commands: Readonly<Record<string, Loadable>> = {
  train: {
    usage: "[options] <config>",
    about: "train on a table as a config describes, and write a run folder with the model",
    load: () => import("./train.js"),
  },
  search: {
    usage: "[options] <config>",
    about: "search the ranges in a config for the best settings, and write the best config, ready to train",
    load: () => import("./search.js"),
  },
  predict: {
    usage: "[options] <model> [rows]",
    about: "predict the rows of a table, in their order and in the target's units",
    load: () => import("./predict.js"),
  },
  evaluate: {
    usage: "[options] <model> [rows]",
    about: "score a model on rows whose target is known, in the target's units",
    load: () => import("./evaluate.js"),
  },
  check: {
    usage: "[options] <model> [rows]",
    about: "check whether a table is like the one that the model was trained on; exit code 1 if it is not",
    load: () => import("./check.js"),
  },
  inspect: {
    usage: "[options] <model>",
    about: "show what is in a model: columns, scalers, network, training",
    load: () => import("./inspect.js"),
  },
  verify: {
    usage: "[options] <run>",
    about:
      "train again from a run's config, and check that the result is the same byte for byte; exit code 1 if it is not",
    load: () => import("./verify.js"),
  },
  doctor: {
    usage: "[options]",
    about: "report what nnfit finds on this machine, and check that it computes the same bits as on other machines",
    load: () => import("./doctor.js"),
  },
  schema: {
    usage: "[options]",
    about: "print the JSON Schema of a config, or a reference of all settings",
    load: () => import("./schema.js"),
  },
};

/** Runs the command line and sets the exit code. The only place that ends the process. */
export async function main(argv: readonly string[]): Promise<void> {
  const code = process.pid === 1 ? await runInSecond(argv) : undefined;
  if (code === undefined) await run(argv);
  else process.exitCode = code;
}

async function run(argv: readonly string[]): Promise<void> {
  // A reader that has seen enough, such as head, closes the pipe: that is no error, nor does it hide one.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(process.exitCode);
    console.error(`error: can't write to standard output: ${error.message}`);
    process.exit(exitCodes.files);
  });

  // Nobody reads the story any more: what is worked on is done all the same, and the exit code tells how.
  process.stderr.on("error", () => {});

  // A process without work ends by itself, and would say that all went well.
  const leftUndone = () => {
    const error = new Error("there is nothing left to wait for, and the command is not done");
    process.exitCode = report(error, { json: wantsJson(argv) });
  };
  process.once("beforeExit", leftUndone);
  const program = newProgram();
  try {
    await addCommands(program, argv);
    await refuseUnknownHelp(argv);
    await program.parseAsync(argv);
  } catch (error) {
    const command = program.commands.find((command) => command.name() === argv[2]);
    process.exitCode = report(await withAdvice(error, command), { json: wantsJson(argv) });
  } finally {
    process.off("beforeExit", leftUndone);
    if (process.exitCode === signalCodes.SIGHUP) endByHangup();
  }
}

/** As if it had not been heeded: without its terminal a process of Node can't leave in another way (it aborts). */
function endByHangup(): void {
  process.kill(process.pid, "SIGHUP"); // nobody listens any more
}

const silent = { outputError() {} }; // an error is told by whoever catches it, as all are

function newProgram(): Command {
  return new Command("nnfit")
    .description("Trains a neural network on a table and predicts with it.")
    .version(version)
    .addHelpText(
      "before",
      example("nnfit train config.json", "nnfit predict runs/config new.csv --out predictions.csv"),
    )
    .configureHelp({ subcommandTerm: (of) => `${of.name()} ${commands[of.name()]?.usage ?? of.usage()}` })
    .configureOutput(silent)
    .exitOverride();
}

/** Of all but the one that is called there is only what the list of commands says. */
async function addCommands(program: Command, argv: readonly string[]): Promise<void> {
  for (const [name, { about, load }] of Object.entries(commands)) {
    const command = new Command(name).description(about);
    const isCalled = [argv[2], argv[3]].includes(name); // perhaps after help
    if (isCalled) (await load()).configure(command);
    program.addCommand(command.configureOutput(silent).exitOverride());
  }
}

/** commander shows the general help for what is no command. */
async function refuseUnknownHelp([, , help, name]: readonly string[]): Promise<void> {
  if (help !== "help" || name === undefined || name.startsWith("-") || name === "help" || name in commands) return;
  const { nearest } = await import("../family.js");
  const near = nearest(name, Object.keys(commands));
  throw new NnfitError("usage", `unknown command "${name}"`, { try: near ? `nnfit help ${near}` : "nnfit --help" });
}

/** Whether or not the other words can be understood. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return argv.slice(0, end === -1 ? undefined : end).includes("--json");
}
