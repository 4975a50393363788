import * as z from "zod";
import { metricNames } from "../score/metrics.js";
import { optimizerChoice } from "./optimizers.js";
import { scheduleChoice } from "./schedules.js";

const schedule = (what: string) => scheduleChoice.describe(`schedule that multiplies ${what} over the training`);
const factor = (what: string) => z.number().positive().default(1).describe(`learning rate factor of ${what}`);

/** The `training` part of a config. */
export const trainingOptions = z.strictObject({
  epochs: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(100)
    .describe("passes over the training rows; 0 leaves the model as initialized"),
  batchSize: z
    .union([z.int().positive(), z.literal("full")])
    .default(32)
    .describe('rows per mini-batch, and so per update; "full": gradient descent on all rows at once'),
  shuffle: z.boolean().default(true).describe("go through the rows in a new random order every epoch"),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(1)
    .describe("random seed for the split, the initial weights, the order of rows and dropout"),
  bestBy: z
    .enum(["loss", ...metricNames])
    .default("loss")
    .describe(
      "how the best epoch is chosen, on the validation rows: by the loss or by any score of the task, which is then in history.csv too; with several targets, by the mean score, with errors in scaled units",
    ),
  classWeights: z
    .union([z.enum(["none", "balanced"]), z.record(z.string(), z.number().min(0))])
    .default("none")
    .describe(
      'weight of each class in the training loss, times data.weight; "balanced": rows / (classes · rows of the class), or { "yes": 5 }, where other classes have weight 1; weights are rescaled to mean 1 over the training rows, and the validation loss has no class weights',
    ),
  calibrate: z
    .boolean()
    .default(false)
    .describe(
      "after training, calibrate the probabilities by temperature scaling, fitted to the validation rows, if there are any; with the loss mse or poisson, set the last layer's bias so that each network's predictions of its training rows add up, as scaled, to their true values",
    ),
  patience: z
    .int()
    .min(0)
    .default(0)
    .describe(
      "early stopping: stop after this many epochs without improvement on the validation rows (in loss, or in the score of bestBy); 0: never",
    ),
  checkpoint: z
    .union([
      z.strictObject({ everyEpochs: z.int().positive() }),
      z.strictObject({ everySeconds: z.number().positive() }),
    ])
    .default({ everySeconds: 30 })
    .describe(
      'how often to write a checkpoint that a stopped training can resume from: { "everyEpochs": n } or { "everySeconds": s }; does not change the result',
    ),
  backend: z
    .enum(["wasm", "blas"])
    .default("wasm")
    .describe(
      "the engine for matrix products; blas: the system's BLAS library, faster on wide layers, but its results are not bit-identical across machines",
    ),
  optimizer: optimizerChoice.describe("how weights are updated"),
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
          'warm-up: how long the learning rate rises linearly from 0 before its schedule starts, which then spans the remaining updates: a share of all updates, { "epochs": 5 } or { "updates": 500 }',
        ),
      learningRate: schedule("the learning rate"),
      weightDecay: schedule("the weight decay"),
      dropout: schedule("model.dropout"),
    })
    .prefault({})
    .describe("how rates change over the training"),
  learningRateFactors: z
    .strictObject({
      bias: factor("biases"),
      scaling: factor("the learned input scales (model.scaling)"),
      activation: factor("the learned shares of the activation (model.parametric)"),
      categoryEmbedding: factor("category embeddings"),
      numericEmbedding: factor("numeric embeddings"),
      adapter: factor("each network's own scales (model.tabm)"),
    })
    .prefault({})
    .describe("factors of the optimizer's learning rate for some kinds of weights"),
  clipNorm: z
    .number()
    .min(0)
    .default(0)
    .describe(
      "gradient clipping: largest norm of the gradient of all weights together; a larger gradient is scaled down; 0: no limit",
    ),
  decayBiases: z
    .boolean()
    .default(true)
    .describe("weight decay also applies to biases, scales, activation shares and embeddings"),
});
export type TrainingOptions = z.output<typeof trainingOptions>;
