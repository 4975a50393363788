import * as z from "zod";
import { activationChoice } from "./activations.js";
import { initializerChoice } from "./initializers.js";
import { lossChoice } from "./losses.js";
import { numericEmbeddingChoice } from "./numericEmbeddings.js";

/** A model has no more networks, and of networks that share weights no more share them. */
export const MOST_NETWORKS = 256;

/** The `model` part of a config. */
export const modelOptions = z.strictObject({
  hidden: z
    .array(z.int().min(1).max(65536))
    .max(256)
    .default([32, 32])
    .describe("units in each hidden layer; [] makes a linear model"),
  activation: activationChoice.describe("activation function of the hidden layers"),
  initializer: z
    .union([z.literal("auto"), initializerChoice])
    .prefault("auto")
    .describe("how the initial weights are set; auto: the initializer that fits the activation"),
  parametric: z
    .boolean()
    .default(false)
    .describe("each unit learns how much of the activation it applies: x + α(f(x) − x), α initially 1"),
  categories: z
    .strictObject({
      oneHotUpTo: z
        .int()
        .min(0)
        .default(1000)
        .describe(
          "a column with up to this many categories is one-hot encoded; one with more gets a learned embedding",
        ),
      embedding: z.int().min(1).max(1024).default(8).describe("width of the learned embeddings, in inputs per column"),
      binary: z
        .enum(["oneHot", "sign"])
        .default("oneHot")
        .describe(
          "how a column with two categories is encoded; sign: as one input, −1 or 1, with 0 for unknown or missing",
        ),
      minRows: z
        .int()
        .min(1)
        .default(1)
        .describe("categories with fewer training rows than this are treated like unknown and missing ones"),
      unknown: z
        .number()
        .min(0)
        .max(0.5)
        .default(0)
        .describe(
          "share of each mini-batch's categories that are treated as unknown, at random, such as 0.02, so that the network learns to handle unknown categories",
        ),
    })
    .prefault({})
    .describe("how categorical columns become inputs"),
  numericEmbedding: numericEmbeddingChoice.describe("how each numeric column is embedded before the first layer"),
  scaling: z.boolean().default(false).describe("multiply each input by a learned factor, initially 1"),
  parametrization: z
    .enum(["standard", "neuralTangent"])
    .default("standard")
    .describe("neuralTangent: each layer multiplies its weights by 1/√inputs, which scales their gradients too"),
  dropout: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe("share of each hidden layer's outputs that is set to 0 during training, at random for each mini-batch"),
  members: z
    .int()
    .min(1)
    .max(MOST_NETWORKS)
    .default(1)
    .describe(
      "networks in the ensemble, whose predictions are averaged; if data.validation is a fraction, each holds out different rows (with data.time, all hold out the latest)",
    ),
  tabm: z
    .int()
    .min(1)
    .max(MOST_NETWORKS)
    .default(1)
    .describe(
      "networks that share the weights of the hidden layers, each with its own scales, biases and last layer; they are trained together and their predictions averaged (TabM; Gorishniy et al., 2024); with members, each member has this many",
    ),
  loss: z
    .union([z.literal("auto"), lossChoice])
    .prefault("auto")
    .describe("auto: mse for regression, binaryCrossEntropy for two classes, crossEntropy for more"),
});
export type ModelOptions = z.output<typeof modelOptions>;
