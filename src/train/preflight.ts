import { freemem, totalmem } from "node:os";
import { MOST_PAGES } from "../engine/memory.js";
import { NnfitError } from "../errors.js";
import { make } from "../family.js";
import { countParameters } from "../model/parts.js";
import type { NetworkSpec } from "../model/spec.js";
import { evaluationRows } from "../predict/evaluate.js";
import { type OptimizerChoice, optimizers } from "./optimizers.js";
import type { TrainingOptions } from "./options.js";

/** What decides how much memory a training takes. */
export interface Load {
  readonly spec: NetworkSpec;
  /** networks that are trained side by side */
  readonly members: number;
  readonly optimizer: OptimizerChoice;
  readonly batchSize: number;
  readonly trainingRows: number;
  readonly validationRows: number;
  /** rows are held out, by which an earlier epoch than the last may be the best */
  readonly holdsOut: boolean;
  /** values of the target a row */
  readonly targets: number;
  readonly backend: TrainingOptions["backend"];
}

/** In bytes, at least: what a training takes beside the table that was read. */
export interface MemoryEstimate {
  /** rows, scaled, in the engine */
  readonly dataset: number;
  /** weights, gradients, what the optimizer remembers, and the copies of the weights that are kept */
  readonly network: number;
  /** what the layers give for a batch, and their gradients */
  readonly batch: number;
  /** as much of it as lies in the engine's one WebAssembly memory */
  readonly engine: number;
  readonly total: number;
}

const FLOAT = 4;
/** The weights of the best epoch and of the last one. */
const KEPT_WEIGHTS = 2;

/** Those of a layer as products take them: forward and backward in training, and forward in evaluation. */
const PACKED_WEIGHTS = 3;

/** An estimate from below: a training that it finds too large does not fit. */
export function estimateMemory(load: Load): MemoryEstimate {
  const { spec, members, optimizer, batchSize, trainingRows, validationRows, targets, backend } = load;
  const packs = backend === "wasm" ? 1 : 0; // BLAS packs matrices elsewhere
  const weights = members * countParameters(spec) * FLOAT;
  const betweenLayers = spec.hidden.reduce((sum, width, i) => sum + width * (spec.hidden[i + 1] ?? 0), 0);
  const packed = packs * PACKED_WEIGHTS * betweenLayers * FLOAT; // of one network: others may have memories of their own
  const inEngine = weights * (2 + make(optimizers, optimizer).slots.length) + packed; // W, ∂L/∂W and the slots
  const rows = trainingRows + validationRows;
  const columns = spec.input?.columns.length ?? spec.inputs;
  const dataset = rows * (columns + targets + 1) * FLOAT; // X, y, and the order of the rows
  const hidden = (spec.tabm ?? 1) * spec.hidden.reduce((sum, width) => sum + width, 0);
  const evaluated = Math.min(evaluationRows(spec), validationRows || trainingRows) * hidden * FLOAT;
  const kept = (spec.tabm ? 4 : 2) + packs; // Y, ∂L/∂Y and Y packed of each hidden layer; of shared ones also the products, and what they are of
  const batch = kept * batchSize * hidden * FLOAT + evaluated;
  const engine = dataset + inEngine + batch;
  const scaled = trainingRows * columns * FLOAT; // on its way into the engine
  const network = inEngine + KEPT_WEIGHTS * weights;
  return { dataset, network, batch, engine, total: engine + KEPT_WEIGHTS * weights + scaled };
}

/** As the system tells it, and within what a container may have. */
export function availableMemory(): number {
  const limit = process.constrainedMemory?.() ?? 0; // 0 or a huge number where there is none
  const left = limit > 0 ? limit - process.memoryUsage.rss() : Number.POSITIVE_INFINITY;
  // on macOS freemem leaves out what the system would give back at once, which is most of it
  const free = process.platform === "darwin" ? totalmem() : freemem();
  return Math.min(free, left);
}

/** Of a file that is written, read back and hashed in one piece. */
const MOST_FILE_BYTES = 2 ** 31 - 2 ** 20;

/** Refuses a training that would not fit, before anything of it is in memory. */
export function checkMemory(load: Load, available = availableMemory()): void {
  const estimate = estimateMemory(load);
  const most = MOST_PAGES * 65_536;
  if (estimate.engine <= most && estimate.total <= available) {
    checkFiles(load);
    return;
  }
  const { dataset, network, batch } = estimate;
  const parts = { rows: dataset, network, batch };
  const said = Object.entries(parts).map(([name, bytes]) => `${memoryText(bytes)} for the ${name}`);
  const limit =
    estimate.engine > most
      ? `${memoryText(most)}, the most that a WebAssembly memory can hold`
      : `${memoryText(available)}, the memory that this machine, or its container, has left`;
  const largest = Object.entries(parts).reduce((most, part) => (part[1] > most[1] ? part : most))[0];
  throw new NnfitError("usage", `the training needs at least ${memoryText(estimate.total)} of memory`, {
    setting: settings[largest] ?? "model.hidden",
    have: `${said.join(", ")}; the limit is ${limit}`,
    try: `fewer or smaller layers in model.hidden, ${load.members > 1 ? "fewer model.members, " : ""}a smaller training.batchSize, ${load.spec.tabm ? "a smaller model.tabm, " : ""}or fewer rows`,
  });
}

/**
 * A checkpoint is a model with the best epoch's weights, which it has once more as they are trained; then those of now, where
 * rows are held out those of the last epoch, and what the optimizer remembers.
 */
function checkFiles({ spec, members, optimizer, holdsOut }: Load): void {
  const copies = 3 + Number(holdsOut) + make(optimizers, optimizer).slots.length;
  const bytes = members * countParameters(spec) * FLOAT * copies;
  if (bytes <= MOST_FILE_BYTES) return;
  throw new NnfitError("usage", `a checkpoint of this training would take ${memoryText(bytes)}`, {
    setting: "model.hidden",
    have: `${memoryText(MOST_FILE_BYTES)}, the largest file that nnfit can write`,
    try: "fewer or smaller layers in model.hidden, fewer model.members, or an optimizer that remembers less, such as sgd",
  });
}

const settings: Record<string, string> = { rows: "data.train", network: "model.hidden", batch: "training.batchSize" };

export function memoryText(bytes: number): string {
  const gibi = Math.max(bytes, 0) / 2 ** 30;
  if (gibi < 1) return `${(gibi * 1024).toFixed(0)} MiB`;
  return gibi < 1000 ? `${gibi.toFixed(1)} GiB` : `${gibi.toPrecision(3)} GiB`;
}
