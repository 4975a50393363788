import * as z from "zod";
import { metricNames } from "../score/metrics.js";
import { judgeChoice } from "./judges.js";
import { methodChoice } from "./methods.js";
import { type RangeSetting, rangeSetting } from "./ranges.js";

/** How many trials there are if neither `runs` nor `minutes` is said. */
export const DEFAULT_RUNS = 40;

/** What the `search` part of a config says beside its ranges. */
const howToSearch = z.object({
  by: z
    .enum(["auto", "loss", ...metricNames])
    .default("auto")
    .describe(
      "the score that trials are compared by; auto: training.bestBy, or if that is the loss, rmse or logLoss, which are comparable across losses and scalers",
    ),
  judge: judgeChoice.describe("which rows trials are scored on"),
  method: methodChoice.describe("which trials are trained, and for how long"),
  runs: z
    .int()
    .positive()
    .max(1_000_000)
    .optional()
    .describe(`number of trials; default: ${DEFAULT_RUNS}, or with minutes as many as there is time for`),
  minutes: z
    .number()
    .positive()
    .optional()
    .describe("time limit in minutes: no training starts after it, but those under way are finished"),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(1)
    .describe("random seed for the values drawn from the ranges"),
});
type HowToSearch = z.output<typeof howToSearch>;

/** The `search` part of a config: how to search, and ranges by the path of the setting. */
export const searchSetting = howToSearch.catchall(rangeSetting);

export const searchOptionNames = Object.keys(howToSearch.shape);

export interface SearchOptions extends HowToSearch {
  /** by path, in the order of the paths */
  readonly ranges: ReadonlyMap<string, RangeSetting>;
}

/** A search of these settings; without a word of one, its defaults and no ranges. */
export function searchOptionsOf(setting: z.output<typeof searchSetting> = searchSetting.parse({})): SearchOptions {
  const how = howToSearch.parse(Object.fromEntries(searchOptionNames.map((name) => [name, setting[name]])));
  const paths = Object.keys(setting)
    .filter((name) => !searchOptionNames.includes(name))
    .sort();
  return { ...how, ranges: new Map(paths.map((path) => [path, rangeSetting.parse(setting[path])])) };
}
