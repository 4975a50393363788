import { describe, expect, it } from "vitest";
import { configSchema } from "../../src/config/schema.js";
import { Memory } from "../../src/engine/memory.js";
import { trainInTurn } from "../../src/train/interleave.js";
import type { Member } from "../../src/train/members.js";
import { checkMemory, estimateMemory, type Load } from "../../src/train/preflight.js";
import { prepare } from "../../src/train/prepare.js";
import { findTask } from "../../src/train/task.js";
import { columns, refusal } from "../data/source.js";
import { plainNetwork } from "../model/plain.js";
import { dataSettings } from "./settings.js";

const GIBIBYTE = 2 ** 30;

async function trained(rows: number, inputs: number, model: object, training: object) {
  const numbers = (seed: number) => Array.from({ length: rows }, (_, row) => Math.sin(row * seed));
  const named = Object.fromEntries(Array.from({ length: inputs }, (_, i) => [`x${i}`, numbers(i + 2)]));
  const config = configSchema.parse({
    data: { train: "t.csv", target: "y", validation: 0.25 },
    model,
    training: { epochs: 1, ...training },
  });
  const task = findTask(columns({ ...named, y: numbers(1) }), dataSettings(), "auto");
  const prepared = await prepare(task, config, () => Promise.reject(new Error("not needed")));
  const memory = new Memory();
  for (const event of trainInTurn(memory, prepared, prepared.members).events) {
    // finding out why it diverged would take memory too
    if (event.kind === "outcome") expect(event.outcome.stopped).toBe("all epochs done");
  }
  const [{ training: learned, validation }] = prepared.members as [Member];
  const load: Load = {
    spec: prepared.spec,
    members: 1,
    optimizer: config.training.optimizer,
    batchSize: prepared.batchSize,
    trainingRows: learned.length,
    validationRows: validation.length,
    holdsOut: validation.length > 0,
    targets: 1,
    backend: "wasm",
  };
  return { used: memory.buffer.byteLength, estimate: estimateMemory(load) };
}

const load = (hidden: number[], more: Partial<Load> = {}): Load => ({
  spec: {
    ...{ inputs: 10, hidden, outputs: 1 },
    ...plainNetwork,
    activation: { name: "relu" },
    initializer: { name: "heNormal" },
    loss: { name: "mse" },
  },
  optimizer: configSchema.parse({ data: { train: "t", target: "y" } }).training.optimizer,
  ...{
    members: 1,
    batchSize: 32,
    trainingRows: 1_000,
    validationRows: 200,
    holdsOut: true,
    targets: 1,
    backend: "wasm",
  },
  ...more,
});

describe("the estimate of memory", () => {
  it.each<[string, number, number, object, object]>([
    ["many rows", 40_000, 30, { hidden: [8] }, {}],
    ["a wide network", 200, 10, { hidden: [1500, 800] }, { optimizer: "adam" }],
    [
      "a wide network without slots",
      200,
      10,
      { hidden: [1500, 800] },
      { optimizer: { name: "sgd", learningRate: 1e-4 } },
    ],
    ["networks that share weights", 4_000, 4, { hidden: [300, 300, 300], tabm: 16 }, { batchSize: 256 }],
    ["large batches", 6_000, 4, { hidden: [300, 300, 300] }, { batchSize: "full" }],
  ])("is less than what is used, and more than two fifths of it: %s", async (_, rows, inputs, model, training) => {
    const { used, estimate } = await trained(rows, inputs, model, training);
    expect(used).toBeGreaterThan(5e6);
    expect(estimate.engine / used).toBeLessThan(1);
    expect(estimate.engine / used).toBeGreaterThan(0.4);
    expect(estimate.total).toBeGreaterThan(estimate.engine);
  });

  it("counts by hand", () => {
    const { dataset, network, batch, engine } = estimateMemory(load([4]));
    expect(dataset).toBe(1_200 * (10 + 1 + 1) * 4);
    expect(network).toBe((44 + 5) * 4 * (2 + 2)); // W, its gradient, two kept; plain descent remembers nothing
    expect(batch).toBe(3 * 32 * 4 * 4 + 200 * 4 * 4);
    expect(engine).toBe(dataset + network / 2 + batch);
  });

  it("refuses what no WebAssembly memory holds, however much the machine has", async () => {
    const error = await refusal(() => checkMemory(load([65_536, 65_536]), 1e15));
    expect(error).toMatchObject({ kind: "usage", details: { setting: "model.hidden" } });
    expect(error.message).toBe("the training needs at least 112.2 GiB of memory");
    expect(error.details.have).toContain("112.0 GiB for the network");
    expect(error.details.have).toContain("4.0 GiB, the most that a WebAssembly memory can hold");
  });

  it("refuses what the machine has no memory for, and says which part is the largest", async () => {
    const rows = load([4], { trainingRows: 20_000_000 });
    checkMemory(rows, 3 * GIBIBYTE);
    const error = await refusal(() => checkMemory(rows, GIBIBYTE));
    expect(error).toMatchObject({ kind: "usage", details: { setting: "data.train" } });
    expect(error.details.have).toContain("1.0 GiB, the memory that this machine, or its container, has left");
    const full = load([4_000], { batchSize: 50_000, trainingRows: 50_000 });
    expect((await refusal(() => checkMemory(full, GIBIBYTE))).details.setting).toBe("training.batchSize");
  });
});

it("refuses a training whose checkpoints no file of nnfit could hold", async () => {
  const network = (hidden: number[]): Load =>
    load(hidden, { optimizer: { name: "adam", learningRate: 1, betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 0 } });
  expect(() => checkMemory(network([9_000, 9_000]), 1e12)).not.toThrow();
  const error = await refusal(async () => checkMemory(network([12_000, 12_000]), 1e12));
  expect(error).toMatchObject({ kind: "usage", details: { setting: "model.hidden" } });
  expect(error.message).toBe("a checkpoint of this training would take 3.2 GiB");
});
