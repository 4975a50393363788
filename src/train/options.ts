import * as z from "zod";
import { metricNames } from "../score/metrics.js";
import { optimizerChoice } from "./optimizers.js";
import { scheduleChoice } from "./schedules.js";

const schedule = (what: string) =>
  scheduleChoice.prefault("constant").describe(`of ${what}, as a multiple of what is set`);
const factor = (what: string) => z.number().positive().default(1).describe(`of ${what}`);

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
  bestBy: z
    .enum(["loss", ...metricNames])
    .default("loss")
    .describe(
      "what tells the best epoch, on the validation rows: their loss, or any score of the task, which history.csv then has too",
    ),
  classWeights: z
    .union([z.enum(["none", "balanced"]), z.record(z.string(), z.number().min(0))])
    .default("none")
    .describe(
      'how much each class counts in what is learned, times data.weight; "balanced": rows / (classes · rows of the class), or { "yes": 5 }, where other classes count 1; weights are multiples of their mean over the training rows, and the validation loss has none',
    ),
  calibrate: z
    .boolean()
    .default(false)
    .describe("fit the temperature of the probabilities to the held-out rows, after the training"),
  patience: z.int().min(0).default(0).describe("stop after so many epochs that were no better; 0: never"),
  checkpoint: z
    .union([
      z.strictObject({ everyEpochs: z.int().positive() }),
      z.strictObject({ everySeconds: z.number().positive() }),
    ])
    .default({ everySeconds: 30 })
    .describe(
      'how often to write what a stopped training needs to go on: { "everyEpochs": n } or { "everySeconds": s }; it changes no result',
    ),
  backend: z
    .enum(["wasm", "blas"])
    .default("wasm")
    .describe(
      "what multiplies matrices; blas: the system's BLAS library, faster on wide layers, but its bits vary by machine",
    ),
  optimizer: optimizerChoice.prefault("sgd").describe("how weights are updated"),
  schedule: z
    .strictObject({
      warmUp: z
        .union([
          z.number().min(0).lt(1),
          z.strictObject({ epochs: z.number().positive() }),
          z.strictObject({ updates: z.int().positive() }),
        ])
        .default(0)
        .describe(
          'how long the learning rate rises linearly from 0 before its schedule begins, which then has the rest: a share of all updates, { "epochs": 5 } or { "updates": 500 }',
        ),
      learningRate: schedule("the learning rate"),
      weightDecay: schedule("the optimizer's weight decay"),
      dropout: schedule("model.dropout"),
    })
    .prefault({})
    .describe("how rates change over the training"),
  learningRateFactors: z
    .strictObject({
      bias: factor("biases"),
      scaling: factor("the learned scales of the inputs"),
      activation: factor("the units' shares of the activation"),
      category: factor("the learned embeddings of categories"),
      embedding: factor("the learned embeddings of numbers"),
      adapter: factor("the scales that networks which share weights have of their own"),
    })
    .prefault({})
    .describe("the learning rate of some kinds of weights, as multiples of the optimizer's"),
  clipNorm: z
    .number()
    .min(0)
    .default(0)
    .describe("the longest that the gradient of all weights together may be; a longer one is shortened; 0: no limit"),
  decayBiases: z
    .boolean()
    .default(true)
    .describe("weight decay shrinks biases, scales, activations and embeddings too"),
});
export type TrainingOptions = z.output<typeof trainingOptions>;
