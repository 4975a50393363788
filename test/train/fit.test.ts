import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { Dataset } from "../../src/data/dataset.js";
import { Memory } from "../../src/engine/memory.js";
import { seededRandom } from "../../src/engine/random.js";
import { activationChoice } from "../../src/model/activations.js";
import { Network } from "../../src/model/network.js";
import { type Epoch, fit, type Update } from "../../src/train/fit.js";
import { Optimizer, optimizerChoice } from "../../src/train/optimizers.js";
import * as reference from "../engine/reference.js";
import { at, map, numbersFrom, type Table, table } from "../engine/reference.js";
import { plainNetwork } from "../model/plain.js";

interface Setting {
  X: Table;
  y: Table;
  hidden?: number[];
  weights?: ArrayLike<number>;
  optimizer?: object;
  epochs?: number;
  batchSize?: number;
  /** seeds; without the second, batches are taken in row order */
  seed?: number;
  shuffle?: number;
}

function setUp({ X, y, hidden = [], weights, optimizer, epochs = 1, batchSize = X.rows, seed = 1, shuffle }: Setting) {
  const memory = new Memory();
  const network = new Network(memory, {
    inputs: X.columns,
    hidden,
    outputs: y.columns,
    ...plainNetwork,
    activation: activationChoice.parse("tanh"),
    initializer: { name: "glorotUniform" },
    loss: { name: "mse" },
  });
  if (weights) network.weights = Float32Array.from(weights);
  const rows = Dataset.of(memory, X.rows, Float32Array.from(X.data), Float32Array.from(y.data));
  const events = fit(network, rows, {
    epochs,
    batchSize,
    optimizer: new Optimizer(memory, network.parameters, optimizerChoice.parse({ name: "sgd", ...optimizer })),
    weights: weights ? undefined : seededRandom(seed, "weights"),
    shuffle: shuffle === undefined ? undefined : seededRandom(shuffle, "batches"),
  });
  return { memory, network, events };
}

type Event = Update | Epoch;
const isUpdate = (event: Event) => event.kind === "update";
const isEpoch = (event: Event) => event.kind === "epoch";

/** Rows to learn from, of a nonlinear function. */
function example(rows = 23) {
  const X = table(rows, 3, numbersFrom(1));
  const y = table(rows, 2, (r, c) => Math.fround(Math.sin(at(X, r, c) + at(X, r, 2))));
  return { X, y, hidden: [6, 5] };
}

/**
 * The rows of every batch of every epoch. The network always answers 0 and row r's target is 2ʳ, so a batch's loss
 * times its size is the sum of 4ʳ over its rows, and tells which they are.
 */
function batchesOf(m: number, batchSize: number, epochs: number, shuffle?: number): number[][][] {
  const X = table(m, 1, () => 1);
  const y = table(m, 1, (r) => 2 ** r);
  const optimizer = { learningRate: 1e-40 };
  const settings = { X, y, weights: [0, 0], optimizer, epochs, batchSize };
  const { events } = setUp({ ...settings, ...(shuffle === undefined ? {} : { shuffle }) });
  const batches: number[][][] = [];
  for (const { epoch, batch, loss } of [...events].filter(isUpdate)) {
    const size = Math.min(batchSize, m - (batch - 1) * batchSize);
    const digits = Math.round(loss * size)
      .toString(4)
      .padStart(m, "0");
    const rows = [...digits].reverse().flatMap((digit, r) => Array<number>(Number(digit)).fill(r));
    expect(rows).toHaveLength(size);
    batches[epoch - 1] ??= [];
    expect(batches[epoch - 1]).toHaveLength(batch - 1);
    batches[epoch - 1]!.push(rows);
  }
  return batches;
}

describe("batches", () => {
  const sizes = fc.record({ m: fc.integer({ min: 1, max: 20 }), batchSize: fc.integer({ min: 1, max: 24 }) });

  it("of every epoch part the rows into ⌈m / m′⌉, shuffled or not", () => {
    fc.assert(
      fc.property(sizes, fc.option(fc.nat(), { nil: undefined }), ({ m, batchSize }, shuffle) => {
        const epochs = batchesOf(m, batchSize, 3, shuffle);
        expect(epochs).toHaveLength(3);
        for (const batches of epochs) {
          expect(batches).toHaveLength(Math.ceil(m / batchSize));
          expect(batches.flat().sort((a, b) => a - b)).toEqual([...Array(m).keys()]);
          const full = Array(batches.length - 1).fill(batchSize);
          expect(batches.map(({ length }) => length)).toEqual([...full, m - full.length * batchSize]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("are in row order without shuffling", () => {
    const order = [
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9],
    ];
    expect(batchesOf(10, 4, 2)).toEqual([order, order]);
  });

  it("are shuffled anew for every epoch, by the seed alone", () => {
    const epochs = batchesOf(20, 1, 4, 7);
    expect(new Set(epochs.map(String)).size).toBe(4);
    expect(batchesOf(20, 1, 4, 7)).toEqual(epochs);
    expect(batchesOf(20, 1, 4, 8)).not.toEqual(epochs);
  });

  it("bring every row into every place", () => {
    const places = new Set(
      batchesOf(6, 1, 300, 1).flatMap((batches) => batches.map(([row], place) => `${row}${place}`)),
    );
    expect(places.size).toBe(36);
  });

  it("are one of all rows where they are larger than the table", () => {
    expect(batchesOf(5, 100, 1)).toEqual([[[0, 1, 2, 3, 4]]]);
  });
});

describe("an epoch", () => {
  it("ends with the mean of its batches' losses, weighted by rows", () => {
    const events = [...setUp({ ...example(), epochs: 3, batchSize: 5, shuffle: 1 }).events];
    const sizes = [5, 5, 5, 5, 3];
    for (const { epoch, loss } of events.filter(isEpoch)) {
      const updates = events.filter(isUpdate).filter((update) => update.epoch === epoch);
      expect(updates.map(({ batch }) => batch)).toEqual([1, 2, 3, 4, 5]);
      const total = updates.reduce((sum, update, i) => sum + update.loss * sizes[i]!, 0);
      expect(loss).toBeCloseTo(total / 23, 12);
    }
    expect(events.filter(isEpoch).map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    expect(events.map(({ kind }) => kind).slice(0, 6)).toEqual([...Array(5).fill("update"), "epoch"]);
  });

  it("allocates nothing", () => {
    const { memory, events } = setUp({ ...example(), epochs: 4, batchSize: 5, shuffle: 1 });
    const allocate = vi.spyOn(memory, "allocate");
    memory.cell();
    expect(allocate).toHaveBeenCalled(); // it would be seen
    allocate.mockClear();
    const bytes = memory.buffer.byteLength;
    for (const _ of events);
    expect(allocate).not.toHaveBeenCalled();
    expect(memory.buffer.byteLength).toBe(bytes);
  });
});

describe("with a batch of all rows and no hidden layer, fit is gradient descent", () => {
  it("W ← W − α·∂L/∂W, b ← b − α·∂L/∂b", () => {
    const [m, learningRate, epochs] = [20, 0.05, 40];
    const number = numbersFrom(3);
    const X = table(m, 3, () => Math.fround(Math.tanh(number())));
    const y = table(m, 2, () => Math.fround(Math.tanh(number())));
    const start = Array.from({ length: 8 }, number);

    let W = table(2, 3, (r, c) => start[3 * r + c]!);
    let b = table(1, 2, (_, c) => start[6 + c]!);
    const minus = (A: Table, B: Table) => table(A.rows, A.columns, (r, c) => at(A, r, c) - at(B, r, c));
    const losses: number[] = [];
    for (let epoch = 0; epoch < epochs; epoch++) {
      const XW = reference.matmul(X, reference.transpose(W));
      const yHat = table(m, 2, (r, c) => at(XW, r, c) + at(b, 0, c));
      const e = minus(yHat, y);
      losses.push(e.data.reduce((sum, x) => sum + x * x, 0) / e.data.length);
      const dYHat = map(e, (x) => (2 * x) / e.data.length);
      W = minus(
        W,
        map(reference.matmul(reference.transpose(dYHat), X), (d) => learningRate * d),
      );
      b = minus(
        b,
        map(reference.sumRows(dYHat), (d) => learningRate * d),
      );
    }

    const { network, events } = setUp({ X, y, weights: start, optimizer: { learningRate }, epochs });
    for (const [epoch, { loss }] of [...events].filter(isEpoch).entries()) {
      expect(Math.abs(loss / losses[epoch]! - 1)).toBeLessThan(1e-5);
    }
    const expected = [...W.data, ...b.data];
    const apart = expected.map((weight, i) => Math.abs(network.weights[i]! - weight));
    expect(Math.max(...apart) / Math.max(...expected.map(Math.abs))).toBeLessThan(1e-5);
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
  });
});

describe("fit starts", () => {
  const size = 3 * 6 + 6 + 6 * 5 + 5 + 5 * 2 + 2;

  it("from weights that were set, and 0 epochs leave them so", () => {
    const weights = Float32Array.from({ length: size }, (_, i) => i / 7);
    const { network, events } = setUp({ ...example(), weights, epochs: 0 });
    expect([...events]).toEqual([]);
    expect(network.weights).toEqual(weights);

    const onwards = (start: ArrayLike<number>, seed: number) => {
      const { network, events } = setUp({ ...example(), weights: start, seed });
      for (const _ of events);
      return network.weights;
    };
    expect(onwards(weights, 1)).toEqual(onwards(weights, 2));
    expect(onwards(weights, 1)).not.toEqual(
      onwards(
        weights.map((w) => -w),
        1,
      ),
    );
  });

  it("from random weights by the seed otherwise, and 0 epochs leave them so", () => {
    const initial = (seed: number) => {
      const { network, events } = setUp({ ...example(), epochs: 0, seed });
      const { weights } = network;
      for (const _ of events);
      expect(network.weights).toEqual(weights);
      return weights;
    };
    expect(initial(1).some((w) => w !== 0)).toBe(true);
    expect(initial(1)).toEqual(initial(1));
    expect(initial(1)).not.toEqual(initial(2));
  });
});

describe("two fits", () => {
  const bits = (setting: Partial<Setting>) => {
    const optimizer = { name: "adam", learningRate: 0.01 };
    const { network, events } = setUp({ ...example(), optimizer, epochs: 5, batchSize: 4, shuffle: 1, ...setting });
    const losses = [...events].map(({ loss }) => loss);
    return { weights: [...new Uint32Array(network.weights.buffer)], losses };
  };

  it("with the same seeds have the same bits", () => {
    expect(bits({})).toEqual(bits({}));
  });

  it("with another seed for the weights or the batches differ", () => {
    expect(bits({ seed: 2 }).weights).not.toEqual(bits({}).weights);
    expect(bits({ shuffle: 2 }).weights).not.toEqual(bits({}).weights);
  });
});
