import { Worker } from "node:worker_threads";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { Memory } from "../../src/engine/memory.js";
import { seededRandom } from "../../src/engine/random.js";
import { NnfitError } from "../../src/errors.js";
import { Network } from "../../src/model/network.js";
import type { NetworkSpec } from "../../src/model/spec.js";
import { BlockPredictor } from "../../src/predict/blockPredictor.js";
import type { PipelineState } from "../../src/transform/pipeline.js";
import { numbersLike } from "../artifact/model.js";
import { plainNetwork } from "../model/plain.js";

const pipeline: PipelineState = ["a", "b"].map((name) => ({
  name,
  type: "number",
  scaler: { name: "none" },
  fill: 0,
  indicator: false,
  profile: numbersLike(0, 1),
}));

/** So wide that a few blocks are worth other threads. */
const spec = {
  inputs: 2,
  hidden: [1200, 1200],
  ...plainNetwork,
  activation: { name: "tanh" },
  outputs: 1,
  loss: { name: "mse" },
  initializer: { name: "heUniform" },
} satisfies NetworkSpec;

const ROWS = 100;

function block(number: number) {
  const values = (shift: number) =>
    Float64Array.from({ length: ROWS }, (_, i) => Math.fround((number + shift) / (i + 1)));
  const columns = pipeline.map(({ name }, c) => ({ type: "number" as const, name, values: values(c) }));
  const lines = Int32Array.from({ length: ROWS }, (_, i) => i + 1);
  return { number, table: { source: "made", rows: ROWS, columns, lines } };
}

async function* blocks(count: number) {
  for (let number = 0; number < count; number++) {
    yield block(number);
    await new Promise((resolve) => setImmediate(resolve)); // as reading a file does
  }
}

function predictorOn(threads: number, isLong = false, lenient = false): BlockPredictor {
  const memory = new Memory();
  const network = new Network(memory, spec);
  network.initialize(seededRandom(1, "weights"));
  const predictor = new BlockPredictor(memory, [network], pipeline, { lenient, threads, isLong });
  onTestFinished(() => predictor.close());
  return predictor;
}

async function predicted(threads: number, count: number, isLong = false) {
  const all: { number: number; outputs: number[] }[] = [];
  for await (const { block, outputs } of predictorOn(threads, isLong).predict(blocks(count))) {
    all.push({ number: block.number, outputs: [...outputs] });
  }
  return all;
}

describe("a table predicted block by block", () => {
  it("has the same outputs in the same order on any number of threads", async () => {
    const messages = vi.spyOn(Worker.prototype, "postMessage");
    onTestFinished(() => messages.mockRestore());
    const alone = await predicted(1, 40);
    expect(alone.map(({ number }) => number)).toEqual([...Array(40).keys()]);
    expect(messages).not.toHaveBeenCalled();
    for (const threads of [2, 4]) expect(await predicted(threads, 40)).toEqual(alone);
    expect(await predicted(3, 40, true)).toEqual(alone);
    expect(messages).toHaveBeenCalled(); // else no thread has helped
  });

  it("has no outputs for a row with a number that is too large to compute with, if that is no error", async () => {
    async function* withLarge() {
      const far = block(0);
      const [a, b] = far.table.columns;
      a!.values[7] = 1e39;
      b!.values[30] = -1e39;
      yield far;
      yield block(1);
    }
    const without: number[][] = [];
    for await (const { outputs } of predictorOn(1, false, true).predict(withLarge()))
      without.push([...outputs.keys()].filter((row) => Number.isNaN(outputs[row])));
    expect(without).toEqual([[7, 30], []]);
  });

  it("has each block as soon as it is predicted, also if the next one is long in coming", async () => {
    let release = () => {};
    const late = new Promise<void>((resolve) => {
      release = resolve;
    });
    async function* slow() {
      yield* blocks(40);
      await late;
      yield block(40);
    }
    const rows = predictorOn(2).predict(slow());
    for (let number = 0; number < 40; number++) expect((await rows.next()).value).toMatchObject({ block: { number } });
    release();
    expect((await rows.next()).value).toMatchObject({ block: { number: 40 } });
    expect(await rows.next()).toEqual({ done: true, value: undefined });
  });

  it("has an error in the table after all that comes before it", async () => {
    async function* broken() {
      yield* blocks(40);
      throw new NnfitError("data", "a broken row");
    }
    const seen: number[] = [];
    const all = async () => {
      for await (const { block } of predictorOn(3).predict(broken())) seen.push(block.number);
    };
    await expect(all()).rejects.toThrow("a broken row");
    expect(seen).toEqual([...Array(40).keys()]);
  });

  it("ends with an error if a thread dies", async () => {
    const post = Worker.prototype.postMessage;
    const messages = vi.spyOn(Worker.prototype, "postMessage").mockImplementation(function (this: Worker, ...message) {
      void this.terminate();
      return post.apply(this, message);
    });
    onTestFinished(() => messages.mockRestore());
    await expect(predicted(2, 1000)).rejects.toThrow("a prediction thread ended");
  });
});
