import { z } from "zod";
import { activationChoice } from "./activations.js";
import { initializerChoice } from "./initializers.js";
import { lossChoice } from "./losses.js";

/** The `model` part of a config. */
export const modelOptions = z.strictObject({
  hidden: z
    .array(z.int().min(1).max(65536))
    .max(256)
    .default([32, 32])
    .describe("units of each hidden layer; [] makes a linear model"),
  activation: activationChoice.prefault("relu").describe("between the layers"),
  initializer: z
    .union([z.literal("auto"), initializerChoice])
    .prefault("auto")
    .describe("of the weights; auto: the one that fits the activation"),
  loss: z
    .union([z.literal("auto"), lossChoice])
    .prefault("auto")
    .describe("auto: mse for a regression, binaryCrossEntropy for two classes, crossEntropy for more"),
});
export type ModelOptions = z.output<typeof modelOptions>;
