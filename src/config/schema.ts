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
      "values for all that a config does not set itself, by the size of the table; balanced if nothing is said, none if the config sets model.hidden or names training.optimizer",
    ),
  data: dataOptions.describe("the table"),
  task: z
    .enum(["auto", ...task.options])
    .default("auto")
    .describe("auto: regression for a target of numbers, classification for words or two different numbers"),
  scale: scaleOptions.prefault({}).describe("to about unit magnitude, learned from the training rows"),
  model: modelOptions.prefault({}).describe("the network"),
  training: trainingOptions.prefault({}).describe("minibatch gradient descent"),
  output: z
    .string()
    .min(1)
    .optional()
    .describe("the run folder, relative to this config; by default runs/<name of the config> in the working directory"),
  search: searchSetting
    .optional()
    .describe(
      'what `nnfit search` tries: ranges by the path of a setting, { "training.optimizer.learningRate": { "log": [0.003, 0.3] } }, and how to search; `train` leaves it alone',
    ),
});
type Parsed = z.output<typeof configSchema>;

/** A config with every default filled in and its paths absolute. */
export interface Config extends Omit<Parsed, "$schema" | "output" | "preset" | "search"> {
  readonly preset: PresetName;
  readonly output: string;
}
