import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import * as z from "zod";
import { join } from "../data/arrays.js";
import type { CellFormat } from "../data/csv.js";
import { csvOptions, thousandsMark } from "../data/options.js";
import type { Memory } from "../engine/memory.js";
import { fileError, NnfitError } from "../errors.js";
import { takes } from "../model/inputs.js";
import { estimatedBy, losses } from "../model/losses.js";
import { Network } from "../model/network.js";
import { MOST_NETWORKS } from "../model/options.js";
import { countParameters, tensorsOf } from "../model/parts.js";
import { networkSpec } from "../model/spec.js";
import { sizeOf } from "../model/tensors.js";
import { baselineState, baselinesFit } from "../score/baseline.js";
import { savedScores } from "../score/saved.js";
import { stopped } from "../train/ends.js";
import type { Fingerprint } from "../train/fingerprint.js";
import { trainingOptions } from "../train/options.js";
import type { Snapshot } from "../train/reports.js";
import { estimatedIn } from "../transform/estimands.js";
import { inputColumns } from "../transform/inputColumns.js";
import { pipelineState } from "../transform/pipeline.js";
import { targetState, targetWidth } from "../transform/target.js";
import { systemFiles } from "./files.js";
import { headOf } from "./head.js";
import { parseJson } from "./json.js";
import { checkProbe, probeFits, probeState } from "./probe.js";
import { decodeSafetensors, encodeSafetensors, HEAD_BYTES, isOurs, type Tensor } from "./safetensors.js";
import { decodeSnapshot, encodeSnapshot, SNAPSHOT_TENSORS, snapshotSchema } from "./snapshot.js";
import { version } from "./version.js";
import { writeWhole } from "./write.js";

/** How a model came to be: nothing in it differs between two runs of the same config on the same data. */
const trainingSummary = z.strictObject({
  options: trainingOptions.extend({ checkpoint: trainingOptions.shape.checkpoint.unwrap().optional() }),
  trainingRows: z.int().positive(),
  validationRows: z.int().min(0),
  /** that the scores are of; checkpoints don't say it */
  judgedRows: z.int().positive().optional(),
  /** epochs done */
  epochs: z.int().min(0),
  /** the epoch whose weights these are; of several members the latest such epoch */
  keptEpoch: z.int().min(0),
  /** of each network, where there are several */
  members: z.array(z.strictObject({ keptEpoch: z.int().min(0), epochs: z.int().min(0) })).optional(),
  stopped: stopped.or(z.literal("not yet done")),
  /** the mean loss of the kept epoch's batches, in scaled units; null for a model as initialised */
  loss: z.number().nullable(),
  /** on the rows that were held out, or where none were on training rows; null where it is no finite number */
  judgedLoss: z.number().nullable(),
  /** in the target's own units, on the same rows; null where one is no finite number */
  scores: savedScores,
  /** checkpoints have none */
  baseline: baselineState.optional(),
});

/** What a checkpoint says beyond the model that it is. */
const checkpointSchema = z.strictObject({
  /** as in the run folder */
  config: z.record(z.string(), z.unknown()),
  data: z.record(z.string(), z.string()),
  snapshot: snapshotSchema,
});

/** Counts up when a reader of the format before would not understand it. */
const FORMAT = 1;

/** All of a model but its weights. */
const description = z.strictObject({
  format: z.literal(FORMAT),
  nnfit: z.string(),
  pipeline: pipelineState,
  target: targetState,
  network: networkSpec,
  /** how many such networks there are; what they predict is averaged */
  members: z.int().min(1).max(MOST_NETWORKS).default(1),
  missing: csvOptions.missing,
  /** in the tables that it reads, if they have no decimal points */
  decimal: z.literal(",").optional(),
  /** in the same, where any may stand between thousands */
  thousands: thousandsMark.optional(),
  /** in the same, the column that tells which rows belong together, if the config named one */
  groups: z.string().optional(),
  /** in the same, the column that tells when a row was, if the config named one */
  time: z.string().optional(),
  training: trainingSummary,
  checkpoint: checkpointSchema.optional(),
  /** checkpoints have none, and models that predict a row as no finite number */
  probe: probeState.optional(),
});
export type Description = z.output<typeof description>;

export interface Model extends Omit<Description, "format" | "nnfit" | "checkpoint"> {
  readonly version: string;
  /** of each member, tensor by tensor: W₁ by rows, b₁, W₂, b₂, … */
  readonly weights: readonly Float32Array[];
}

/** What a stopped training goes on from. */
export interface Checkpoint {
  readonly model: Model;
  readonly config: Readonly<Record<string, unknown>>;
  /** what it learns from */
  readonly data: Fingerprint;
  readonly snapshot: Snapshot;
}

export const MODEL_FILE = "model.safetensors";

/**
 * Writes a model as one safetensors file; its tensors have the names and shapes of PyTorch's nn.Linear, where networks
 * share weights those of tabm.ts, and those of several members begin with `members.0.`, `members.1.`, …
 */
export function saveModel(path: string, model: Model, files = systemFiles, name = path): void {
  writeWhole(path, encodeModel(model), files, name);
}

/** Writes a checkpoint: a model file with the tensors of a snapshot after its own. */
export function saveCheckpoint(
  path: string,
  { model, snapshot, ...of }: Checkpoint,
  files = systemFiles,
  name = path,
): void {
  const { text, tensors } = encodeSnapshot(snapshot);
  writeWhole(path, encodeModel(model, { checkpoint: { ...of, snapshot: text } }, tensors), files, name);
}

/** The bytes of a model file. */
export function encodeModel(
  { weights, version: _, ...parts }: Model,
  more: Pick<Description, "checkpoint"> = {},
  moreTensors: readonly Tensor[] = [],
): Buffer {
  const described: Description = { format: FORMAT, nnfit: version, ...parts, ...more };
  const written: unknown = JSON.parse(JSON.stringify(described)); // numbers that are not finite become null
  const text = JSON.stringify(description.parse(written)); // in the order of the schema, as it will be read
  const tensors = weights.flatMap((ofMember, member) => {
    let taken = 0;
    return tensorsOf(parts.network).map((tensor) => {
      const start = taken;
      taken += sizeOf(tensor);
      return { ...tensor, name: tensorName(parts, member, tensor.name), data: ofMember.subarray(start, taken) };
    });
  });
  return encodeSafetensors([...tensors, ...moreTensors], text);
}

function tensorName({ members }: Pick<Description, "members">, member: number, name: string): string {
  return members === 1 ? name : `members.${member}.${name}`;
}

/** Reads a model, which may be a checkpoint, and checks it wholly. Errors are of kind `model`. */
export function loadModel(path: string, name = path): Model {
  return readModel(path, name).model;
}

/** Reads a checkpoint and checks it wholly. Errors are of kind `model`. */
export function loadCheckpoint(path: string, name = path): Checkpoint {
  const { model, checkpoint, snapshotTensors } = readModel(path, name);
  const size = countParameters(model.network);
  const snapshot = checkpoint && decodeSnapshot(checkpoint.snapshot, snapshotTensors, size);
  if (!checkpoint || snapshot?.members.length !== model.members) {
    throw new NnfitError("model", "the file is not a checkpoint that training can continue from", { at: name });
  }
  return { model, config: checkpoint.config, data: checkpoint.data, snapshot };
}

function readModel(path: string, name: string) {
  const { tensors: all, text } = decodeSafetensors(readModelFile(path, name), name);
  const json = parseJson(text);
  const { format, nnfit: writtenBy } = Object(json) as { format?: unknown; nnfit?: unknown };
  if (format !== FORMAT && typeof format === "number") {
    throw new NnfitError("model", `the model file has format ${format}, and nnfit ${version} reads format ${FORMAT}`, {
      at: name,
      have: typeof writtenBy === "string" ? `a model written by nnfit ${writtenBy}`.slice(0, 100) : undefined,
      try: "training it again, or the nnfit that wrote it",
    });
  }
  const parsed = description.safeParse(json);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new NnfitError("model", `the model file does not describe a model that nnfit ${version} knows`, {
      at: name,
      have: `${path.join(".")}: ${message}`.slice(0, 200),
      try: "training it again, if another nnfit wrote it",
    });
  }
  // a parser passes over keys that stand twice, and a schema over __proto__
  if (JSON.stringify(json) !== text || text.includes('"__proto__":')) {
    throw new NnfitError("model", "the description in the model file is not as nnfit writes it", { at: name });
  }
  const { format: _, nnfit, checkpoint, ...model } = parsed.data;
  const ofSnapshot = ({ name }: Tensor) => checkpoint !== undefined && name.startsWith(SNAPSHOT_TENSORS);
  const tensors = all.filter((tensor) => !ofSnapshot(tensor));
  const weights = join(
    Float32Array,
    tensors.map(({ data }) => data),
  );
  checkConsistent(model, tensors, weights, name);
  const size = countParameters(model.network);
  const ofMember = (_: unknown, member: number) => weights.subarray(member * size, (member + 1) * size);
  return {
    model: { ...model, version: nnfit, weights: Array.from({ length: model.members }, ofMember) } satisfies Model,
    checkpoint,
    snapshotTensors: all.filter(ofSnapshot),
  };
}

/**
 * The networks of a model, ready to predict; they have to predict the model's probe as they did when it was saved. Errors
 * are of kind `model`. `name` is the model's file.
 */
export function checkedNetworksOf(model: Model, memory: Memory, name?: string): Network[] {
  const { probe, version: writtenBy } = model;
  const make = (ofProbe: Memory) => networksOf(model, ofProbe);
  if (probe) checkProbe(make, probe, { isOfThisVersion: writtenBy === version, name });
  return networksOf(model, memory);
}

/** How the cells of a model's tables are understood. */
export function cellFormat({ missing, decimal, thousands }: Pick<Model, keyof CellFormat>) {
  return { missing: [...missing], decimal: decimal ?? ".", thousands: thousands ?? null } satisfies CellFormat;
}

/** The networks of a model, unchecked. */
export function networksOf({ network: spec, weights }: Pick<Model, "network" | "weights">, memory: Memory): Network[] {
  return weights.map((ofMember) => {
    const network = new Network(memory, spec);
    network.weights = ofMember;
    return network;
  });
}

/** Whether a file that is there may be a model of ours; or where one was, what is left of it. */
export function mayBeModel(path: string, wasThere: boolean): boolean {
  const head = headOf(path, HEAD_BYTES);
  return head.length < HEAD_BYTES ? wasThere : isOurs(head);
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

/** That columns, network, target and tensors fit each other. */
function checkConsistent(
  model: Pick<Description, "network" | "members" | "pipeline" | "target" | "training" | "probe">,
  tensors: readonly Tensor[],
  weights: Float32Array,
  name: string,
): void {
  const { network, members, pipeline, target, training, probe } = model;
  const expected = Array.from({ length: members }, (_, member) =>
    tensorsOf(network).map((tensor) => `${tensorName(model, member, tensor.name)} ${tensor.shape}`),
  );
  const found = tensors.map(({ name, shape }) => `${name} ${shape}`);
  const loss = losses[network.loss.name];
  const outputs = loss.outputs(targetWidth(target));
  const faults = [
    found.join() !== expected.join() && "its tensors are not those of its network",
    weights.length !== members * countParameters(network) && "it has more or fewer weights than its network",
    !takes(network, inputColumns(pipeline)) && "its network does not fit its columns",
    !isDeepStrictEqual(estimatedIn({ task: loss.task, ...estimatedBy(network.loss) }), estimatedIn(target)) &&
      "its loss is not of what is estimated",
    (loss.task !== target.task || outputs !== network.outputs) && "its network does not fit its target",
    training.baseline &&
      !baselinesFit(training.baseline, target, inputColumns(pipeline)) &&
      "its baseline does not fit its target or its columns",
    probe &&
      !probeFits(probe, inputColumns(pipeline), targetWidth(target)) &&
      "its probe does not fit its network or its columns",
    !weights.every(Number.isFinite) && "not all of its weights are finite numbers",
  ];
  const fault = faults.find((fault) => typeof fault === "string");
  if (fault) throw new NnfitError("model", `the model file contradicts itself: ${fault}`, { at: name });
}
