import { type DataOptions, dataOptions } from "../../src/data/options.js";

/** `data` of a config whose target is y, with these settings and the defaults of all others. */
export function dataSettings(settings: object = {}): DataOptions {
  return dataOptions.parse({ train: "t.csv", target: "y", ...settings });
}
