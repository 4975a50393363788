import { InvalidArgumentError } from "commander";

/** Examples, at the top of a help text. */
export function example(...lines: string[]): string {
  return `${lines.map((line) => `  $ ${line}`).join("\n")}\n`;
}

/** MODEL, as several commands take it. */
export const modelArgument = ["<model>", "a run folder, its model file, or the config that trained it"] as const;

/** An option of commands that compute for long. */
export const threadsOption = [
  "--threads <n>",
  "number of threads; changes the speed, not the result (except with the blas backend)",
  (text: string): number | "auto" => {
    if (text === "auto") return text;
    if (/^[1-9]\d?$/.test(text)) return Number(text);
    throw new InvalidArgumentError('It takes a number from 1 to 99, or "auto".');
  },
  "auto",
] as const;

/** An option of commands that take a config. */
export const setOption = [
  "--set <path=value>",
  "set a value of the config; can be repeated",
  (value: string, all: readonly string[] = []): string[] => [...all, value],
] as const;

/** Reads the name of a folder. */
export function folderName(text: string): string {
  if (text.trim() !== "") return text;
  throw new InvalidArgumentError("It takes the name of a folder.");
}
