import { spawn } from "node:child_process";
import { describe, expect, it } from "vitest";
import { Dataset } from "../../src/data/dataset.js";
import { Memory } from "../../src/engine/memory.js";
import { seededRandom } from "../../src/engine/random.js";
import { record } from "../../src/engine/tape.js";
import { Network } from "../../src/model/network.js";
import { fit } from "../../src/train/fit.js";
import { Optimizer, optimizerChoice } from "../../src/train/optimizers.js";
import { trainingOptions } from "../../src/train/options.js";
import { noiseOf, Rates } from "../../src/train/pace.js";
import { plainNetwork } from "../model/plain.js";

/**
 * Odd shapes everywhere: 13 inputs, layers of 37 and 301 units, 7 classes, batches of 29 and a last one of 11. So many
 * bytes that nothing touches come first in the memory.
 */
function trained(threads: number, tabm?: number, before = 0): Float32Array {
  const memory = new Memory(threads);
  if (before > 0) memory.matrix(before / 4, 1);
  const network = new Network(memory, {
    inputs: 13,
    hidden: [37, 301],
    outputs: 7,
    ...plainNetwork,
    activation: { name: "mish" },
    initializer: { name: "heNormal" },
    loss: { name: "crossEntropy", smoothing: 0.1 },
    dropout: 0.2,
    parametric: true,
    scaling: true,
    ...(tabm ? { tabm } : {}),
  });
  const random = seededRandom(3, "split");
  const rows = Dataset.of(
    memory,
    127,
    Float32Array.from({ length: 127 * 13 }, () => random.normal()),
    Float32Array.from({ length: 127 }, () => random.below(7)),
  );
  const events = fit(network, rows, {
    epochs: 3,
    batchSize: 29,
    optimizer: new Optimizer(memory, network.parameters, optimizerChoice.parse("adamw")),
    noise: noiseOf(network, new Rates(trainingOptions.parse({}), 5), seededRandom(3, "dropout")),
    weights: seededRandom(3, "weights"),
    shuffle: seededRandom(3, "batches"),
  });
  for (const _ of events);
  memory.close();
  return network.weights;
}

function expectSameBits(actual: Float32Array, expected: Float32Array, message: string): void {
  expect(Buffer.compare(Buffer.from(actual.buffer), Buffer.from(expected.buffer)), message).toBe(0);
}

/** Does something while other processes want all processors. */
function underLoad(work: () => void): void {
  const others = [1, 2, 3].map(() => spawn(process.execPath, ["-e", "for(;;){}"], { stdio: "ignore" }));
  try {
    work();
  } finally {
    for (const other of others) other.kill("SIGKILL");
  }
}

describe("threads", () => {
  it("change no bit where the memory goes beyond 2 GiB, and its addresses beyond 31 bits", () => {
    expectSameBits(trained(2, undefined, 2 ** 31), trained(1), "2 threads");
  });

  it("change no bit of the weights, however many there are", () => {
    const alone = trained(1);
    expect(alone.every(Number.isFinite)).toBe(true);
    for (const threads of [2, 3, 4, 7]) expectSameBits(trained(threads), alone, `${threads} threads`);
  });

  it("change no bit of weights that networks share", () => {
    const alone = trained(1, 3);
    expect(alone.every(Number.isFinite)).toBe(true);
    for (const threads of [2, 3, 7]) expectSameBits(trained(threads, 3), alone, `${threads} threads`);
  });

  it("change no bit while others keep the processors busy, training after training", () => {
    const alone = trained(1);
    underLoad(() => {
      for (const threads of [2, 3, 4, 7, 2, 4]) expectSameBits(trained(threads), alone, `${threads} threads`);
    });
  });

  it("are not confused by tapes without instructions", () => {
    const memory = new Memory(2, 5_000_000_000n);
    const x = memory.matrix(1, 4);
    const empty = record(memory, 1, () => x);
    for (let i = 0; i < 50; i++) {
      const program = record(memory, 1, (tape) => tape.add(x, i));
      empty.play(1);
      program.play(1);
      expect(program.result.data[0]).toBe(i);
    }
    memory.close();
  });
});
