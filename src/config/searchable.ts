import * as z from "zod";
import { NnfitError } from "../errors.js";
import { nearest } from "../family.js";
import { searchOptionNames } from "../search/options.js";
import { configSchema } from "./schema.js";

/** Parts of a config that have no ranges, and why. */
const others: Record<string, string> = {
  data: "it says which rows there are, and all trials must be judged by the same ones",
  task: "it says what is to be learned",
  preset: "it is what the ranges are about; name one beside the search",
  output: "a search has one folder",
  "training.seed": "it says which rows are held out, and all trials must be judged by the same ones",
  "training.backend": "it changes the time, not what is learned",
  "model.members": "more networks are held out more rows, and all trials must be judged by the same ones",
};

/** Every key of a config's `search` must be one of its options, or the path of a setting that ranges make sense for. */
export function checkSearchPaths(search: unknown, locate: (setting: string) => string): void {
  if (typeof search !== "object" || search === null) return; // the schema says that it must be an object
  for (const path of Object.keys(search)) {
    if (searchOptionNames.includes(path)) continue;
    const at = locate(`search.${path}`);
    const why = reasonAgainst(path);
    if (why) throw new NnfitError("usage", `${path} can't be searched: ${why}`, { at });
    if (isSetting(path)) continue;
    const similar = similarTo(path);
    throw new NnfitError("usage", `there is no setting "${path}" to search`, {
      at,
      try: similar && `"${similar}"`,
    });
  }
}

/** Of the settings of the same last word the nearest, or else of all. */
function similarTo(path: string): string | undefined {
  const last = path.slice(path.lastIndexOf(".") + 1);
  const paths = settingPaths().filter((path) => !reasonAgainst(path));
  const alike = paths.filter((path) => path.endsWith(`.${last}`));
  return nearest(path, alike) ?? alike[0] ?? nearest(path, [...searchOptionNames, ...paths]);
}

function reasonAgainst(path: string): string | undefined {
  const under = Object.keys(others).find((other) => `${path}.`.startsWith(`${other}.`));
  return under && others[under];
}

/** The part of a JSON Schema that is looked at here. */
interface JsonObject {
  readonly properties?: Readonly<Record<string, JsonObject>>;
  readonly additionalProperties?: JsonObject | boolean;
  readonly anyOf?: readonly JsonObject[];
  readonly oneOf?: readonly JsonObject[];
}

const parts = ["scale", "model", "training"];

function schema(): JsonObject {
  return z.toJSONSchema(configSchema, { io: "input" }) as JsonObject; // its types say less than this
}

function branchesOf(schema: JsonObject): JsonObject[] {
  return [schema, ...[...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap(branchesOf)];
}

/** A setting below a part of the config; of a family's members, one of any of them. */
function isSetting(path: string): boolean {
  const keys = path.split(".");
  if (keys.length < 2 || !parts.includes(keys[0]!)) return false;
  const found = keys.reduce<JsonObject[]>(
    (schemas, key) =>
      schemas.flatMap(branchesOf).flatMap(({ properties, additionalProperties }) => {
        if (properties && Object.hasOwn(properties, key)) return [properties[key]!];
        return typeof additionalProperties === "object" ? [additionalProperties] : [];
      }),
    [schema()],
  );
  return found.length > 0;
}

/** The paths of all settings that have a name of their own. */
function settingPaths(): string[] {
  const below = (of: JsonObject, prefix: string): string[] =>
    branchesOf(of).flatMap(({ properties = {} }) =>
      Object.entries(properties).flatMap(([key, inner]) => [`${prefix}${key}`, ...below(inner, `${prefix}${key}.`)]),
    );
  const { properties = {} } = schema();
  return [...new Set(parts.flatMap((part) => below(properties[part] ?? {}, `${part}.`)))];
}
