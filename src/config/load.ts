import { existsSync, readFileSync, realpathSync } from "node:fs";
import { basename, dirname, extname, join, relative, resolve, sep } from "node:path";
import {
  createScanner,
  findNodeAtLocation,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from "jsonc-parser";
import type * as z from "zod";
import { encodingNamed } from "../data/encoding.js";
import { isAddress, noAddress } from "../data/source.js";
import { fileError, NnfitError } from "../errors.js";
import { type SearchOptions, searchOptionNames, searchOptionsOf } from "../search/options.js";
import type { Values } from "../search/trials.js";
import { schemaError } from "./explain.js";
import { presetOf, type TableFacts, withPreset } from "./presets.js";
import { type Config, configSchema } from "./schema.js";
import { checkSearchPaths } from "./searchable.js";

/** A config and where its settings stand, for errors. */
export interface LoadedConfig {
  /** with a preset for any table: all that is needed to read the table */
  readonly config: Config;
  readonly search: SearchOptions;
  /** with its preset for a table that is known, and with values that a search has drawn */
  configFor(facts: TableFacts, drawn?: Values): Config;
  /** "data.target, configs/houses.json:4" */
  locate(setting: string): string;
  /** The same, for a setting that may have its value from a range of the search. */
  locateDrawn(setting: string): string;
}

export interface LoadOptions {
  /** `path=value`, over what the file says */
  readonly set?: readonly string[];
  /** the run folder, over what the file says */
  readonly out?: string | undefined;
  /** training.backend, over what `set` and the file say */
  readonly backend?: string | undefined;
  readonly workingDirectory: string;
}

/** Reads a config file: JSON, comments and trailing commas allowed. Errors are of kind `usage`. */
export function loadConfig(path: string, { set = [], out, backend, workingDirectory }: LoadOptions): LoadedConfig {
  const name = displayPath(workingDirectory, path);
  const text = readConfig(path, name);
  const tree = parseJson(text, name);
  const raw = jsonValue(tree, text, name);
  const assigned = new Map<string, string>();
  for (const assignment of set) assigned.set(assign(raw, assignment), `--set ${assignment}`);
  if (backend !== undefined) assigned.set(assign(raw, `training.backend=${backend}`), `--backend ${backend}`);

  nameEncoding(raw);

  const locate = (setting: string) => {
    if (setting === "") return `${name}:1`;
    const assignment = [...assigned].findLast(
      ([path]) => `${setting}.`.startsWith(`${path}.`) || path.startsWith(`${setting}.`),
    );
    if (assignment) return assignment[1];
    for (let keys = setting.split("."); keys.length > 0; keys = keys.slice(0, -1)) {
      const node = nodeAt(tree, keys);
      if (node) return `${setting}, ${name}:${lineAt(text, (node.parent ?? node).offset)}`;
    }
    return `${setting}, ${name}`;
  };
  checkSearchPaths((raw as { search?: unknown } | null)?.search, locate);
  const paths = { folder: dirname(resolve(path)), runName: basename(path, extname(path)), out, workingDirectory };
  const parse = (values: unknown, facts: TableFacts | undefined, locate: LoadedConfig["locate"]) => {
    const parsed = configSchema.safeParse(withPreset(values, facts));
    if (!parsed.success) throw schemaError(parsed.error.issues, values, locate);
    for (const name of ["train", "validation"] as const) {
      const path = parsed.data.data[name];
      if (typeof path === "string" && isAddress(path))
        throw noAddress(path, { at: locate(`data.${name}`), have: path });
    }
    return parsed.data;
  };
  const asWritten = parse(raw, undefined, locate);
  const search = searchOptionsOf(asWritten.search);
  const locateDrawn = (setting: string) => {
    const range = [...search.ranges.keys()].findLast((path) => `${setting}.`.startsWith(`${path}.`));
    return locate(range === undefined ? setting : `search.${range}`);
  };
  const configFor = (facts: TableFacts, drawn: Values = {}) =>
    withPaths(parse(withDrawn(raw, drawn), facts, locateDrawn), paths);
  return { locate, locateDrawn, config: withPaths(asWritten, paths), search, configFor };
}

/** An encoding by its one name among those that people know it by. */
function nameEncoding(raw: unknown): void {
  const { data } = (raw ?? {}) as { data?: { encoding?: unknown } };
  if (typeof data?.encoding === "string") data.encoding = encodingNamed(data.encoding) ?? data.encoding;
}

/** A config with drawn values in the place of its own. Its preset is the one that it had without them. */
function withDrawn(raw: unknown, drawn: Values): unknown {
  const paths = Object.keys(drawn).sort(); // a part of a setting comes after the setting
  if (paths.length === 0) return raw;
  const values = structuredClone(raw) as Record<string, unknown>; // it was parsed as a config
  values.preset = presetOf(values);
  for (const path of paths) put(values, keysOf(path), structuredClone(drawn[path]));
  return values;
}

/** What stands at a place; a key of `search` has dots of its own. */
function nodeAt(tree: Node, keys: readonly string[]): Node | undefined {
  const [first, ...path] = keys;
  if (first !== "search") return findNodeAtLocation(tree, [...keys]);
  const ends = path.map((_, i) => i + 1);
  const end = ends.find((end) => findNodeAtLocation(tree, [first, path.slice(0, end).join(".")]));
  return findNodeAtLocation(tree, end ? [first, path.slice(0, end).join("."), ...path.slice(end)] : [...keys]);
}

/**
 * Paths of a config are relative to its folder, those of the command line to the working directory. A table that is not
 * there, seen from the folder as it is spelled, is looked for from where that folder lies.
 */
function withPaths(
  { $schema: _, search: __, output, preset = "none", data, ...rest }: z.output<typeof configSchema>,
  {
    folder,
    runName,
    out,
    workingDirectory,
  }: { folder: string; runName: string; out: string | undefined; workingDirectory: string },
): Config {
  const outputPath = output === undefined ? resolve(workingDirectory, "runs", runName) : resolve(folder, output);
  const tablePath = (path: string) => {
    const places = [folder, realOf(folder)].map((from) => resolve(from, path));
    return places.find(existsSync) ?? places[0]!;
  };
  return {
    preset,
    data: {
      ...data,
      train: tablePath(data.train),
      validation: typeof data.validation === "string" ? tablePath(data.validation) : data.validation,
    },
    ...rest,
    output: out === undefined ? outputPath : resolve(workingDirectory, out),
  };
}

/** The config as it is kept in a folder: every default written out, paths relative to that folder, the run's if nothing is said. */
export function resolvedConfig({ data, output, ...rest }: Config, folder = output): string {
  const resolved = {
    data: {
      ...data,
      train: pathFrom(folder, data.train),
      validation: typeof data.validation === "string" ? pathFrom(folder, data.validation) : data.validation,
    },
    ...rest,
    output: pathFrom(folder, output),
  };
  return `${JSON.stringify(resolved, undefined, 2)}\n`;
}

/** A path that leads from a folder to the same file also where the folder is spelled by symbolic links. */
function pathFrom(folder: string, path: string): string {
  const real = realOf(folder);
  const spelled = relativePath(folder, path);
  return realOf(resolve(real, spelled)) === realOf(path) ? spelled : relativePath(real, path);
}

/** A path without symbolic links, as far as it is there. */
function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return dirname(path) === path ? path : join(realOf(dirname(path)), basename(path));
  }
}

/** A path as seen from a folder, with forward slashes. */
function relativePath(from: string, path: string): string {
  return relative(from, resolve(path)).replaceAll(sep, "/") || ".";
}

/** A path as people are told it: as seen from the working directory, or whole where that is shorter. */
export function displayPath(workingDirectory: string, path: string): string {
  const seen = relativePath(workingDirectory, path);
  const whole = resolve(path).replaceAll(sep, "/");
  return seen.length <= whole.length ? seen : whole;
}

/** Editors and shells on Windows write a byte order mark, and PowerShell UTF-16. */
function decoded(bytes: Buffer): string {
  const begins = (...marks: number[]) => marks.every((mark, i) => bytes[i] === mark);
  return new TextDecoder(begins(0xff, 0xfe) ? "utf-16le" : begins(0xfe, 0xff) ? "utf-16be" : "utf-8").decode(bytes);
}

function readConfig(path: string, name: string): string {
  if (isAddress(path)) throw noAddress(path, { at: path });
  try {
    return decoded(readFileSync(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException; // node:fs throws nothing else
    if (code === "ENOENT") throw new NnfitError("usage", "there is no such config file", { at: name });
    if (code !== "EISDIR") throw fileError("read the config", name, error);
    throw new NnfitError("usage", "the config is a folder, not a file", {
      at: name,
      try: existsSync(join(path, "config.json")) ? `${name}/config.json` : undefined,
    });
  }
}

/** Settings nest no deeper than this, by far; what does would end in a stack that is too small. */
const DEEPEST = 64;

/** Where brackets nest too deeply, if they do. */
function tooDeepAt(text: string): number | undefined {
  const scanner = createScanner(text, true);
  for (let depth = 0; scanner.getPosition() < text.length; ) {
    scanner.scan();
    const token = text.slice(scanner.getTokenOffset(), scanner.getPosition());
    if (token === "{" || token === "[") depth++;
    if (token === "}" || token === "]") depth--;
    if (depth > DEEPEST) return scanner.getTokenOffset();
  }
  return undefined;
}

function parseJson(text: string, name: string): Node {
  const deep = tooDeepAt(text);
  if (deep !== undefined) {
    throw new NnfitError("usage", `the config is nested more than ${DEEPEST} levels deep`, {
      at: `${name}:${lineAt(text, deep)}`,
    });
  }
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error || !tree) {
    const at = error?.offset ?? 0;
    const column = at - (text.lastIndexOf("\n", at - 1) + 1) + 1;
    const what = error ? spell(printParseErrorCode(error.error)) : "it is empty";
    throw new NnfitError("usage", `the config is not JSON: ${what}`, {
      at: `${name}:${lineAt(text, at)}:${column}`,
      // a table in the place of the config
      try: /\.[ct]sv$/i.test(name) ? `a config such as { "data": { "train": "${name}", "target": "…" } }` : undefined,
    });
  }
  return tree;
}

/** "CloseBraceExpected" as "close brace expected" */
function spell(code: string): string {
  return code.replace(/(?<=.)[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).replace(/^./, (l) => l.toLowerCase());
}

/** The value of a JSON tree, in objects without a prototype's names. A key that stands twice is an error. */
function jsonValue(node: Node, text: string, name: string): unknown {
  if (node.type === "array") return (node.children ?? []).map((child) => jsonValue(child, text, name));
  if (node.type !== "object") return node.value;
  const value: Record<string, unknown> = {};
  for (const { children } of node.children ?? []) {
    const [key, child] = children as [Node, Node]; // a property has both, or the text would not have parsed
    if (Object.hasOwn(value, key.value) || key.value === "__proto__") {
      const message = key.value === "__proto__" ? "__proto__ is not a setting" : `"${key.value}" is set twice`;
      throw new NnfitError("usage", message, { at: `${name}:${lineAt(text, key.offset)}` });
    }
    value[key.value] = jsonValue(child, text, name);
  }
  return value;
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

/** Carries out `path=value`, the value JSON or else a string. Returns the path. */
function assign(raw: unknown, assignment: string): string {
  const [, path, text] = assignment.match(/^([^=]+)=(.*)$/s) ?? [];
  const keys = path?.split(".") ?? [];
  if (keys.length > DEEPEST || tooDeepAt(text ?? "") !== undefined) {
    throw new NnfitError("usage", `--set ${assignment.slice(0, 40)}… is nested more than ${DEEPEST} levels deep`);
  }
  if (path === undefined || text === undefined || keys.some((key) => key === "" || key === "__proto__")) {
    throw new NnfitError("usage", "--set takes path=value", {
      at: `--set ${assignment}`,
      try: "--set training.epochs=50",
    });
  }
  if (typeof raw !== "object" || raw === null) return path; // the schema says that it must be an object
  put(raw as Record<string, unknown>, keysOf(path), jsonOrText(text));
  return path;
}

/** Settings whose keys are names of columns, classes or settings, which may have dots. */
const WITH_NAMES = ["data.types", "scale.inputs", "scale.target", "training.classWeights", "search"];

function keysOf(path: string): string[] {
  const place = WITH_NAMES.find((place) => path.startsWith(`${place}.`));
  if (place === undefined) return path.split(".");
  const name = path.slice(place.length + 1);
  const isSetting = place === "search" && searchOptionNames.includes(name.split(".")[0]!);
  return isSetting ? path.split(".") : [...place.split("."), name];
}

/** Puts a value at a place of a config, and makes the objects on the way there. */
function put(raw: Record<string, unknown>, keys: readonly string[], newValue: unknown): void {
  let place = raw;
  for (const [depth, key] of keys.slice(0, -1).entries()) {
    const value = Object.hasOwn(place, key) ? place[key] : undefined;
    if (typeof value === "string")
      place[key] = { [keys[0] === "scale" && depth === 1 ? "*" : "name"]: value }; // a name alone
    else if (typeof value !== "object" || value === null) place[key] = {};
    place = place[key] as Record<string, unknown>; // it was just made sure
  }
  place[keys.at(-1)!] = newValue;
}

function jsonOrText(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "number" && !Number.isFinite(value) ? text : value; // 1e400 would be told as null
  } catch {
    return text;
  }
}
