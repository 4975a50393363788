import * as z from "zod";
import { activationChoice } from "./activations.js";
import { initializerChoice } from "./initializers.js";
import { lossChoice } from "./losses.js";
import { numericEmbeddingChoice } from "./numericEmbeddings.js";

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
  parametric: z
    .boolean()
    .default(false)
    .describe("each unit learns how much of the activation it has: x + α(f(x) − x), α 1 at first"),
  categories: z
    .strictObject({
      oneHotUpTo: z
        .int()
        .min(0)
        .default(1000)
        .describe("a column of so many categories has an input for each; one of more has a learned embedding"),
      embedding: z.int().min(1).max(1024).default(8).describe("inputs that such an embedding has"),
      binary: z
        .enum(["oneHot", "sign"])
        .default("oneHot")
        .describe("two categories; sign: as one input, −1 or 1, and 0 for any other or missing"),
      minRows: z
        .int()
        .min(1)
        .default(1)
        .describe("categories of fewer training rows share the place of those that are unknown or missing"),
      unknown: z
        .number()
        .min(0)
        .max(0.5)
        .default(0)
        .describe(
          "share of a batch's categories that count as unknown, at random; 0.02, say: then a category never seen has a place of its own, which has learned",
        ),
    })
    .prefault({})
    .describe("how columns of words become inputs"),
  numericEmbedding: numericEmbeddingChoice
    .prefault("none")
    .describe("what the network makes of each column of numbers before its first layer"),
  scaling: z.boolean().default(false).describe("each input is multiplied by a learned number, 1 at first"),
  parametrization: z
    .enum(["standard", "neuralTangent"])
    .default("standard")
    .describe("neuralTangent: a layer's weights count 1/√inputs of what they are, and learn accordingly"),
  dropout: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe("share of each hidden layer's outputs that is left out of a batch, at random"),
  members: z
    .int()
    .min(1)
    .max(256)
    .default(1)
    .describe("networks whose predictions are averaged; each holds out other rows, if a fraction is held out"),
  tabm: z
    .int()
    .min(1)
    .max(256)
    .default(1)
    .describe(
      "so many networks that share the hidden layers' weights, each with scales, biases and a last layer of its own, learn as one, and what they predict is averaged (TabM; Gorishniy et al., 2024); with members, each member is so many",
    ),
  loss: z
    .union([z.literal("auto"), lossChoice])
    .prefault("auto")
    .describe("auto: mse for a regression, binaryCrossEntropy for two classes, crossEntropy for more"),
});
export type ModelOptions = z.output<typeof modelOptions>;
