import { type Command, CommanderError } from "commander";
import { type ErrorDetails, NnfitError } from "../errors.js";

/** The error with what may mend it in the words of a command: its own options, where errors of data name settings of a config. */
export async function withAdvice(error: unknown, command: Command | undefined): Promise<unknown> {
  if (hasNoPlace(error))
    return new NnfitError("files", "the working directory no longer exists", { try: "cd to a folder that does" });
  if (error instanceof CommanderError) return ofCommandLine(error, command);
  if (!(error instanceof NnfitError) || error.details.try === undefined) return error;
  return error.with({ try: inOptions(error.details, command) });
}

/** Paths are told as seen from the working directory, which may be gone. */
function hasNoPlace(error: unknown): boolean {
  return (
    error instanceof Error &&
    "syscall" in error &&
    error.syscall === "uv_cwd" &&
    "code" in error &&
    error.code === "ENOENT"
  );
}

function takes(command: Command | undefined, option: string): boolean {
  return command?.options.some(({ long }) => long === option) ?? false;
}

/** data.skipLines: 1 as --skip-lines 1, where the command has that option, and what only options can do */
function inOptions({ try: advice = "", unreadable }: ErrorDetails, command: Command | undefined): string {
  const named = advice.replace(/data\.(\w+)(?:: ("[^"]*"|\d+))?/g, (setting: string, name: string, value = "") => {
    const option = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    return takes(command, option) ? `${option} ${value}`.trimEnd() : setting;
  });
  if (/decimal (?:points|commas) here$/.test(named) && takes(command, "--decimal")) {
    const given = command?.getOptionValue("decimal");
    return `${named}, ${given === undefined ? "unless --decimal says otherwise" : `or leaving out --decimal "${given}"`}`;
  }
  if (unreadable && takes(command, "--on-error"))
    return `${named}, or --on-error null, which leaves its prediction empty`;
  return named;
}

/**
 * commander's "error: unknown option '--outt'\n(Did you mean --out?)" in parts, and "error: option '--threads <n>' argument
 * 'x' is invalid. It takes …"
 */
async function ofCommandLine(error: CommanderError, command: Command | undefined): Promise<unknown> {
  if (error.exitCode === 0 || error.code === "commander.help") return error; // what was asked for is printed
  const help = command ? `nnfit ${command.name()} --help` : "nnfit --help";
  const [what = "", ...hints] = error.message.replace(/^error: /, "").split("\n");
  const [, option, value, takes] = /^option '(.*?)' argument '(.*)' is invalid\. (.*)$/s.exec(what) ?? [];
  if (option !== undefined)
    return new NnfitError("usage", `${option}: ${lowerFirst(takes!)}`, { have: `"${value}"`, try: help });
  const near = hints.join(" ").replace(/^\(Did you mean (?:one of )?(.*)\?\)$/, "$1");
  const settings = error.code === "commander.unknownOption" ? await settingsFor(what, command) : "";
  return new NnfitError("usage", what.replaceAll(/'([^']*)'/g, '"$1"'), { try: settings || near || help });
}

/** How a setting is set that has the name of an unknown option, by a command that takes a config. */
async function settingsFor(what: string, command: Command | undefined): Promise<string> {
  const [, option] = /'--([^'=]+)/.exec(what) ?? [];
  if (option === undefined || !takes(command, "--set")) return "";
  const { settingsCalled } = await import("../config/explain.js");
  return settingsCalled(option)
    .map((setting) => `--set ${setting}=…`)
    .join(" or ");
}

/** "It takes a number." as "it takes a number" */
function lowerFirst(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, "");
}
