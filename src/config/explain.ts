import type * as z from "zod";
import { NnfitError } from "../errors.js";
import { nearest } from "../family.js";
import { placesAt, settingPaths } from "./places.js";

/** The first thing that the schema finds wrong with a config, in words. `locate` says where a setting stands. */
export function schemaError(
  issues: readonly z.core.$ZodIssue[],
  raw: unknown,
  locate: (setting: string) => string,
): NnfitError {
  const findings = issues.map((issue) => closest(issue, raw));
  // a misspelled key is the likelier cause of a missing one
  const { path, message, keys, options } = findings.find(({ keys }) => keys) ?? findings[0]!;
  const setting = path.join(".");
  if (keys) {
    const unknown = keys[0]!;
    const similar = nearest(unknown, options ?? []);
    const here = [...path, unknown].join(".");
    const elsewhere = settingsCalled(unknown).filter((setting) => setting !== here); // here another member may have it
    return new NnfitError("usage", `there is no setting "${unknown}"${setting && ` in ${setting}`}`, {
      setting: here,
      at: locate(here),
      have: options && `settings ${options.join(", ")}`,
      try: similar ? `"${similar}"` : elsewhere.join(" or ") || undefined,
    });
  }
  const value = valueAt(raw, path);
  const similar = typeof value === "string" && options ? nearest(value, options) : undefined;
  const at = locate(setting);
  const list = message === MUST_BE_LIST ? asList(path, value) : undefined;
  // without quotes around it, a shell takes those in it away
  const quoted = list && `'${`${setting}=${list}`.replaceAll("'", "'\\''")}'`;
  const listed = quoted && at.startsWith("--set") && list.includes('"') ? `--set ${quoted}` : list;
  return new NnfitError("usage", setting ? `${setting} ${message}` : `the config ${message}`, {
    setting,
    at,
    have: value === undefined ? undefined : shorten(JSON.stringify(value)),
    try: similar ? `"${similar}"` : listed,
  });
}

/** The list that one value was likely meant as, of what entries the schema has at that place. */
function asList(path: readonly PropertyKey[], value: unknown): string | undefined {
  if ((typeof value !== "string" && typeof value !== "number") || value === "") return undefined;
  const unquoted = (word: string) => word.trim().replace(/^(['"])(.*)\1$/s, "$2");
  const text = unquoted(String(value));
  const inner = text.replace(/^\[(.*)\]$/s, "$1");
  if (placesAt(path).some(({ items }) => items?.type === "integer")) {
    const numbers = inner.split(/[\s,;x×]+/);
    if (text === "0") return "[]";
    return numbers.every((number) => /^[1-9]\d*$/.test(number)) ? `[${numbers.join(",")}]` : undefined;
  }
  const words = inner.split(",").map(unquoted);
  return JSON.stringify(words.includes("") && inner === text ? [inner] : words);
}

/** If more settings have a name, none of them is likely meant. */
const MOST_MEANT = 3;

/** The settings whose last part is such a name, written batchSize, batch_size or batch-size: of those of different depth the shallowest. */
export function settingsCalled(name: string): string[] {
  const plain = (text: string) =>
    text
      .slice(text.lastIndexOf(".") + 1)
      .replaceAll(/[-_]/g, "")
      .toLowerCase();
  const settings = settingPaths().filter((path) => plain(path) === plain(name));
  const depthOf = (path: string) => path.split(".").length;
  const least = Math.min(...settings.map(depthOf));
  const meant = settings.filter((path) => depthOf(path) === least);
  return meant.length > MOST_MEANT ? [] : meant;
}

interface Finding {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** unknown keys */
  readonly keys?: readonly string[];
  /** names that are allowed here */
  readonly options?: readonly string[] | undefined;
}

/** Of a union's several complaints, the one of the branch that the value was most likely meant for. */
function closest(issue: z.core.$ZodIssue, raw: unknown, above: readonly PropertyKey[] = []): Finding {
  const path = [...above, ...issue.path];
  const value = valueAt(raw, path);
  switch (issue.code) {
    case "invalid_union": {
      if (value === undefined) return { path, message: "is missing" };
      if (issue.discriminator !== undefined) {
        const { options = [] } = issue as { options?: readonly unknown[] }; // zod leaves them out of its types
        const names = options.filter((name) => typeof name === "string");
        return { path, message: `must be one of ${names.map((name) => `"${name}"`).join(", ")}`, options: names };
      }
      const forms = formsAt(path);
      const misformed = forms.length > 1 ? ofNoForm(forms, path, value) : undefined;
      if (misformed) return misformed;
      const likeliest = issue.errors.toSorted((a, b) => a.length - b.length); // the branch with the fewest complaints
      const branches = likeliest
        .map((errors) => errors.find(({ code }) => code === "unrecognized_keys") ?? errors[0])
        .filter((first) => first !== undefined);
      const deep = branches.find((branch) => branch.path.length > 0 || branch.code === "unrecognized_keys");
      if (deep && typeof value === "object") return closest(deep, raw, path);
      const unions = branches.find(({ code }) => code === "invalid_union");
      if (unions && typeof value === "object") return closest(unions, raw, path);
      const fitting = branches.find((branch) => branch.code !== "invalid_type" && branch.code !== "invalid_value");
      if (fitting) return closest(fitting, raw, path);
      const allowed = [...new Set(branches.flatMap((branch) => expectation(branch)))].map((what) =>
        what === articles.object && forms.length > 1 ? formText(forms) : what,
      );
      const names = branches.flatMap((branch) => (branch.code === "invalid_value" ? branch.values.map(String) : []));
      return { path, message: `must be ${allowed.join(" or ")}`, options: names };
    }
    case "unrecognized_keys":
      return { path, message: "", keys: issue.keys, options: keysAt(path, raw) };
    case "invalid_value":
      return {
        path,
        message: value === undefined ? "is missing" : `must be ${expectation(issue)[0]}`,
        options: issue.values.map(String),
      };
    case "invalid_type":
      return { path, message: value === undefined ? "is missing" : `must be ${expectation(issue, isWhole(path))[0]}` };
    case "too_small":
      return beyond(bound(issue, issue.inclusive ? "at least" : "more than", issue.minimum), path, value);
    case "too_big":
      return beyond(bound(issue, issue.inclusive ? "at most" : "less than", issue.maximum), path, value);
    default:
      return { path, message: `is not valid: ${issue.message}` };
  }
}

/** The forms that an object may have at a place, each by its settings; members of a family, which have names, are none. */
function formsAt(path: readonly PropertyKey[]): string[][] {
  const objects = placesAt(path).flatMap(({ properties }) => (properties ? [properties] : []));
  return objects.some(({ name }) => name) ? [] : objects.map((properties) => Object.keys(properties));
}

/** { "epochs": … } or { "updates": … } */
function formText(forms: readonly (readonly string[])[]): string {
  return forms.map((keys) => `{ ${keys.map((key) => `"${key}": …`).join(", ")} }`).join(" or ");
}

/** What is wrong with an object whose settings are of no form, or of several. */
function ofNoForm(
  forms: readonly (readonly string[])[],
  path: readonly PropertyKey[],
  value: unknown,
): Finding | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const [given, known] = [Object.keys(value), forms.flat()];
  const keys = given.filter((key) => !known.includes(key));
  if (keys.length > 0) return { path, message: "", keys, options: known };
  const isOfOne = given.length > 0 && forms.some((form) => given.every((key) => form.includes(key)));
  return isOfOne ? undefined : { path, message: `must be ${formText(forms)}` };
}

/** What is beyond a bound. A word may also have been meant for one of the names that are allowed there: zod tells of its length alone. */
function beyond(bound: string, path: readonly PropertyKey[], value: unknown): Finding {
  const options = typeof value === "string" ? placesAt(path).flatMap(({ enum: names = [] }) => names.map(String)) : [];
  return { path, message: `must be ${[...options.map((name) => `"${name}"`), bound].join(" or ")}`, options };
}

function bound(
  { origin, exact = false }: { origin: string; exact?: boolean },
  how: string,
  limit: number | bigint,
): string {
  const unit = { string: "character", array: "entry" }[origin];
  if (unit === undefined) return `${how} ${limit}`;
  const units = Number(limit) === 1 ? unit : unit === "entry" ? "entries" : `${unit}s`;
  return exact ? `${limit} ${units} long` : `${how} ${limit} ${units} long`;
}

const MUST_BE_LIST = "must be a list";

const articles: Record<string, string> = {
  array: "a list",
  object: "an object",
  record: "an object",
  int: "a whole number",
  boolean: "true or false",
};

function expectation(issue: z.core.$ZodIssue, whole = false): string[] {
  if (issue.code === "invalid_value") {
    const values = issue.values.map((value) => JSON.stringify(value));
    return [values.length > 1 ? `one of ${values.join(", ")}` : values[0]!];
  }
  if (issue.code === "invalid_type" && whole) return ["a whole number"];
  if (issue.code === "invalid_type") return [articles[issue.expected] ?? `a ${issue.expected}`];
  if (issue.code === "invalid_union") return issue.errors.flatMap(([first]) => (first ? expectation(first) : []));
  return [];
}

/** The settings that the schema has at a place; of several members of a family, those of the one that is chosen there. */
function keysAt(path: readonly PropertyKey[], raw: unknown): string[] | undefined {
  const value = valueAt(raw, path);
  const { name } = (value ?? {}) as { name?: unknown };
  const objects = placesAt(path).flatMap(({ properties }) => (properties ? [properties] : []));
  const chosen =
    objects.find((properties) => name !== undefined && properties.name?.const === name) ??
    objects.find((properties) => properties.name?.default !== undefined) ??
    objects[0];
  return chosen && Object.keys(chosen).filter((key) => key !== "$schema");
}

/** That a place takes whole numbers: zod asks for a number first, and only of a number that it be whole. */
function isWhole(path: readonly PropertyKey[]): boolean {
  return placesAt(path).some(({ type }) => type === "integer");
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], raw);
}

function shorten(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
