import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { z } from "zod";
import { csvOptions } from "../data/options.js";
import type { Memory } from "../engine/memory.js";
import { fileError, NnfitError } from "../errors.js";
import { losses } from "../model/losses.js";
import { countParameters, Network, networkSpec, sizeOf, tensorsOf } from "../model/network.js";
import { baselineFits, baselineState } from "../train/baseline.js";
import { trainingOptions } from "../train/options.js";
import { pipelineState, widthOf } from "../transform/pipeline.js";
import { targetState } from "../transform/target.js";
import { systemFiles } from "./files.js";
import { decodeSafetensors, encodeSafetensors, HEAD_BYTES, isOurs, parseJson, type Tensor } from "./safetensors.js";
import { version } from "./version.js";
import { writeWhole } from "./write.js";

/** How a model came to be: nothing in it differs between two runs of the same config on the same data. */
const trainingSummary = z.strictObject({
  options: trainingOptions,
  trainingRows: z.int().positive(),
  validationRows: z.int().min(0),
  /** epochs done */
  epochs: z.int().min(0),
  /** the epoch whose weights these are */
  keptEpoch: z.int().min(0),
  stopped: z.enum(["all epochs done", "patience", "diverged"]),
  /** the mean loss of the kept epoch's batches, in scaled units; null for a model as initialised */
  loss: z.number().nullable(),
  /** on the validation rows, or where there are none on the training rows; null where it is no finite number */
  judgedLoss: z.number().nullable(),
  /** in the target's own units, on the same rows; null where one is no finite number */
  scores: z.record(z.string(), z.number().nullable()),
  /** older models have none */
  baseline: baselineState.optional(),
});

/** All of a model but its weights. */
const description = z.strictObject({
  format: z.literal(1),
  nnfit: z.string(),
  pipeline: pipelineState,
  target: targetState,
  network: networkSpec,
  missing: csvOptions.missing,
  training: trainingSummary,
});
export type Description = z.output<typeof description>;

export interface Model extends Omit<Description, "format" | "nnfit"> {
  readonly version: string;
  /** W₁ by rows, b₁, W₂, b₂, … */
  readonly weights: Float32Array;
}

export const MODEL_FILE = "model.safetensors";

/** Writes a model as one safetensors file; its tensors have the names and shapes of PyTorch's nn.Linear. */
export function saveModel(path: string, { weights, version: _, ...parts }: Model, files = systemFiles): void {
  const text = JSON.stringify({ format: 1, nnfit: version, ...parts } satisfies Description);
  let taken = 0;
  const tensors = tensorsOf(parts.network).map((tensor) => {
    const start = taken;
    taken += sizeOf(tensor);
    return { ...tensor, data: weights.subarray(start, taken) };
  });
  writeWhole(path, encodeSafetensors(tensors, text), files);
}

/** Reads a model and checks it wholly. Errors are of kind `model`. */
export function loadModel(path: string, name = path): Model {
  const { tensors, text } = decodeSafetensors(readModelFile(path, name), name);
  const json = parseJson(text);
  const parsed = description.safeParse(json);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new NnfitError("model", `the model file does not describe a model that nnfit ${version} knows`, {
      at: name,
      have: `${path.join(".")}: ${message}`.slice(0, 200),
    });
  }
  // a parser passes over keys that stand twice, and a schema over __proto__
  if (JSON.stringify(json) !== text || text.includes('"__proto__":')) {
    throw new NnfitError("model", "the description in the model file is not as nnfit writes it", { at: name });
  }
  const { format: _, nnfit, ...model } = parsed.data;
  const weights = join(tensors);
  checkConsistent(model, tensors, weights, name);
  return { ...model, version: nnfit, weights };
}

/** The network of a model, ready to predict. */
export function networkOf({ network: spec, weights }: Model, memory: Memory): Network {
  const network = new Network(memory, spec);
  network.weights = weights;
  return network;
}

function readModelFile(path: string, name: string): Buffer {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    const head = Buffer.alloc(HEAD_BYTES);
    let size = 0; // a pipe gives parts
    for (let more = -1; more !== 0; size += more) more = readSync(file, head, { offset: size });
    // what is no model is not read on: it may be large, or have no end
    return isOurs(head) ? Buffer.concat([head.subarray(0, size), readFileSync(file)]) : head.subarray(0, size);
  } catch (error) {
    const { message } = fileError("read the model", name, error);
    throw new NnfitError("model", message, { at: name });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function join(tensors: readonly Tensor[]): Float32Array {
  const all = new Float32Array(tensors.reduce((sum, { data }) => sum + data.length, 0));
  let at = 0;
  for (const { data } of tensors) {
    all.set(data, at);
    at += data.length;
  }
  return all;
}

/** That columns, network, target and tensors fit each other. */
function checkConsistent(
  { network, pipeline, target, training }: Pick<Description, "network" | "pipeline" | "target" | "training">,
  tensors: readonly Tensor[],
  weights: Float32Array,
  name: string,
): void {
  const expected = tensorsOf(network).map(({ name, shape }) => `${name} ${shape}`);
  const found = tensors.map(({ name, shape }) => `${name} ${shape}`);
  const loss = losses[network.loss.name];
  const outputs = loss.outputs(target.task === "regression" ? target.targets.length : target.classes.length);
  const faults = [
    found.join() !== expected.join() && "its tensors are not those of its network",
    weights.length !== countParameters(network) && "it has more or fewer weights than its network",
    network.inputs !== widthOf(pipeline) && "its network does not fit its columns",
    (loss.task !== target.task || outputs !== network.outputs) && "its network does not fit its target",
    training.baseline && !baselineFits(training.baseline, target) && "its baseline does not fit its target",
    !weights.every(Number.isFinite) && "not all of its weights are finite numbers",
  ];
  const fault = faults.find((fault) => typeof fault === "string");
  if (fault) throw new NnfitError("model", `the model file contradicts itself: ${fault}`, { at: name });
}
