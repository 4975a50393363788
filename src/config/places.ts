import * as z from "zod";
import { configSchema } from "./schema.js";

/** What a JSON Schema says of a place of a config. */
export interface Place {
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly type?: unknown;
  readonly properties?: Readonly<Record<string, Place>>;
  readonly additionalProperties?: Place | boolean;
  readonly items?: Place;
  readonly anyOf?: readonly Place[];
  readonly oneOf?: readonly Place[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
}

let known: Place | undefined;

/** The config as a whole. */
export function wholeConfig(): Place {
  known ??= z.toJSONSchema(configSchema, { io: "input" }) as Place; // its types say less than this
  return known;
}

/** All that is said of a place, such as by each member of a family; nothing where there is no such place. */
export function placesAt(path: readonly PropertyKey[]): Place[] {
  return path.reduce<Place[]>(
    (places, key) =>
      places.flatMap(({ properties = {}, additionalProperties: others }) => {
        if (Object.hasOwn(properties, key)) return branchesOf(properties[String(key)]!);
        return typeof others === "object" ? branchesOf(others) : [];
      }),
    branchesOf(wholeConfig()),
  );
}

/** The paths of all settings that have a name of their own. */
export function settingPaths(): string[] {
  const below = (place: Place, prefix: string): string[] =>
    branchesOf(place).flatMap(({ properties = {} }) =>
      Object.entries(properties).flatMap(([key, inner]) => [`${prefix}${key}`, ...below(inner, `${prefix}${key}.`)]),
    );
  return [...new Set(below(wholeConfig(), ""))];
}

function branchesOf(place: Place): Place[] {
  return [place, ...[...(place.anyOf ?? []), ...(place.oneOf ?? [])].flatMap(branchesOf)];
}
