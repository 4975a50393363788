import { NnfitError } from "../errors.js";
import { nearest } from "../family.js";
import { searchOptionNames } from "../search/options.js";
import { placesAt, settingPaths } from "./places.js";

/** Parts of a config that have no ranges, and why. */
const others: Record<string, string> = {
  data: "it decides which rows there are, and all trials must be judged by the same rows",
  task: "it decides what is learned",
  preset: "the ranges change what it sets; name one outside the search",
  output: "a search has one folder",
  "training.seed": "it decides which rows are held out, and all trials must be judged by the same rows",
  "training.backend": "it changes the speed and the last digits, not how good a model is",
  "model.members": "more networks hold out more rows, and all trials must be judged by the same rows",
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

/** Whether a setting, or a part of it, may have ranges. */
export function isSearchable(path: string): boolean {
  return isSetting(path) && !reasonAgainst(path);
}

/** Of the settings of the same last word the nearest, or else of all. */
function similarTo(path: string): string | undefined {
  const last = path.slice(path.lastIndexOf(".") + 1);
  const paths = settingPaths().filter(isSearchable);
  const alike = paths.filter((path) => path.endsWith(`.${last}`));
  return nearest(path, alike) ?? alike[0] ?? nearest(path, [...searchOptionNames, ...paths]);
}

function reasonAgainst(path: string): string | undefined {
  const under = Object.keys(others).find((other) => `${path}.`.startsWith(`${other}.`));
  return under && others[under];
}

const parts = ["scale", "model", "training"];

/** A setting below a part of the config; of a family's members, one of any of them. */
function isSetting(path: string): boolean {
  const keys = path.split(".");
  return keys.length > 1 && parts.includes(keys[0]!) && placesAt(keys).length > 0;
}
