import * as z from "zod";
import { dataOptions } from "../data/options.js";
import { task } from "../data/table.js";
import { modelOptions } from "../model/options.js";
import { searchSetting } from "../search/options.js";
import { trainingOptions } from "../train/options.js";
import { scaleOptions } from "../transform/options.js";
import { type PresetName, presetNames } from "./presets.js";

/** A config, made of the parts that each room of the code owns. */
export const configSchema = z.strictObject({
  $schema: z.string().optional().describe("for editors: ./nnfit.schema.json"),
  preset: z
    .enum(presetNames)
    .optional()
    .describe(
      "values for all settings that the config leaves out, chosen by the size of the table; by default balanced, or none if the config sets model.hidden or names training.optimizer",
    ),
  data: dataOptions.describe("the table"),
  task: z
    .enum(["auto", ...task.options])
    .default("auto")
    .describe(
      "auto: regression for a numeric target, classification for a target that holds words, or only two different numbers and no loss of a regression is named",
    ),
  scale: scaleOptions.prefault({}).describe("scaling to about unit magnitude, learned from the training rows"),
  model: modelOptions.prefault({}).describe("the network"),
  training: trainingOptions.prefault({}).describe("mini-batch gradient descent"),
  output: z
    .string()
    .min(1)
    .optional()
    .describe("the run folder, relative to this config; default: runs/<name of the config> in the working directory"),
  search: searchSetting
    .optional()
    .describe(
      'what `nnfit search` tries: ranges by the path of a setting, such as { "training.optimizer.learningRate": { "log": [0.003, 0.3] } }, and how to search; `train` ignores it',
    ),
});
type Parsed = z.output<typeof configSchema>;

/** A config with every default filled in and its paths absolute. */
export interface Config extends Omit<Parsed, "$schema" | "output" | "preset" | "search"> {
  readonly preset: PresetName;
  readonly output: string;
}
