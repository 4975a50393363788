import { z } from "zod";
import { optimizerChoice } from "./optimizers.js";

/** The `training` part of a config. */
export const trainingOptions = z.strictObject({
  epochs: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(100)
    .describe("times that all rows are gone through; 0 leaves the model as initialized"),
  batchSize: z
    .union([z.int().positive(), z.literal("full")])
    .default(32)
    .describe('rows for each update; "full": gradient descent on all rows at once'),
  shuffle: z.boolean().default(true).describe("take the rows in a new random order every epoch"),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(1)
    .describe("of the split, the initial weights and the order of rows"),
  patience: z.int().min(0).default(0).describe("stop after so many epochs without a lower validation loss; 0: never"),
  backend: z
    .enum(["wasm", "blas"])
    .default("wasm")
    .describe(
      "what multiplies matrices; blas: the system's BLAS library, faster on wide layers, but its bits vary by machine",
    ),
  optimizer: optimizerChoice.prefault("sgd").describe("how weights are updated"),
});
export type TrainingOptions = z.output<typeof trainingOptions>;
