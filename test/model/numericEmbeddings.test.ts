import { describe, expect, it } from "vitest";
import { Dataset } from "../../src/data/dataset.js";
import { Memory } from "../../src/engine/memory.js";
import { seededRandom } from "../../src/engine/random.js";
import { record } from "../../src/engine/tape.js";
import { type InputSpec, inputFor, inputSpec, inputTensors } from "../../src/model/inputs.js";
import { Network } from "../../src/model/network.js";
import { modelOptions } from "../../src/model/options.js";
import { sizeOf } from "../../src/model/tensors.js";
import { fit } from "../../src/train/fit.js";
import { Optimizer, optimizerChoice } from "../../src/train/optimizers.js";
import { trainingOptions } from "../../src/train/options.js";
import { noiseOf, Rates } from "../../src/train/pace.js";
import type { InputColumn } from "../../src/transform/inputColumns.js";
import { numbersFrom, uniformFrom } from "../engine/reference.js";
import { plainNetwork } from "./plain.js";
import { differences } from "./reference.js";

const ROWS = 40;
const columns: InputColumn[] = [
  { kind: "number" },
  { kind: "code", categories: 3, other: true },
  { kind: "number" },
  { kind: "flag" },
  { kind: "number" },
  { kind: "code", categories: 9, other: true },
];
/** Numbers about 1, two values in the third column of numbers. */
const rows = (() => {
  const uniform = uniformFrom(8);
  const number = () => Math.fround(4 * uniform() - 2);
  return Array.from({ length: ROWS }, (_, r) => [
    number(),
    Math.floor(4 * uniform()),
    number(),
    r % 2,
    r % 2,
    Math.floor(10 * uniform()),
  ]);
})();
const X = Float32Array.from(rows.flat());
const inputOf = (model: object): { inputs: number; input: InputSpec } => {
  const { inputs, input } = inputFor(columns, modelOptions.parse(model), () => X);
  return { inputs, input: input! }; // there are codes
};

const pbld = { numericEmbedding: { name: "pbld", hidden: 5, outputs: 3 } };
const bent = { numericEmbedding: { name: "pbld", hidden: 5, outputs: 3, bins: 6 } };
const piecewise = { numericEmbedding: { name: "piecewiseLinear", bins: 6, outputs: 3 } };
const embeddings: [string, object][] = [
  ["pbld", pbld],
  ["pbld with bends", bent],
  ["piecewiseLinear", piecewise],
  ["pbld, tables and unknown categories", { ...pbld, categories: { oneHotUpTo: 3, embedding: 2, unknown: 0.2 } }],
];

function networkOn(memory: Memory, model: object, scaling = false): Network {
  const network = new Network(memory, {
    ...inputOf(model),
    hidden: [7],
    outputs: 2,
    ...plainNetwork,
    activation: { name: "tanh" },
    initializer: { name: "glorotUniform" },
    loss: { name: "mse" },
    scaling,
  });
  network.initialize(seededRandom(2, "weights"));
  return network;
}

/** What the first layer is given of the rows. */
function inputsOf(network: Network): number[][] {
  const matrix = network.memory.matrix(ROWS, columns.length, true);
  matrix.data.set(X);
  const program = record(network.memory, ROWS, (tape) => network.input!.forward(tape, matrix, "prediction").Y);
  program.play(ROWS);
  const { inputs } = network.spec;
  return Array.from({ length: ROWS }, (_, r) => [...program.result.data.subarray(r * inputs, (r + 1) * inputs)]);
}

/** The tensors of a network by name, each as a function of its indices. */
function tensorsOf(network: Network): Record<string, (...index: number[]) => number> {
  const weights = network.weights;
  let taken = 0;
  return Object.fromEntries(
    network.tensors.map((tensor) => {
      const start = taken;
      taken += sizeOf(tensor);
      const at = (index: number[]) => index.reduce((place, i, side) => place * tensor.shape[side]! + i, 0);
      return [tensor.name, (...index: number[]) => weights[start + at(index)]!];
    }),
  );
}

const range6 = [0, 1, 2, 3, 4, 5];

/** Of each embedded column the edges of its bins. */
function edgesOf({ spec }: Network): (readonly number[])[] {
  return spec.input!.columns.flatMap((column) => (column.kind === "numericEmbedding" ? [column.edges!] : []));
}

/** How far x is through each of six bins. */
function through(edges: readonly number[], x: number): number[] {
  const share = (bin: number) => (x - edges[bin]!) / (edges[bin + 1]! - edges[bin]!);
  return range6.map((bin) => Math.max(Math.min(share(bin), bin === 5 ? Infinity : 1), bin === 0 ? -Infinity : 0));
}

/** Where a tensor begins among the weights. */
function offsetOf(network: Network, name: string): number {
  const before = network.tensors.findIndex((tensor) => tensor.name === name);
  return network.tensors.slice(0, before).reduce((sum, tensor) => sum + sizeOf(tensor), 0);
}

describe.each(embeddings)("%s", (_, model) => {
  it("has the gradients that finite differences have", () => {
    const memory = new Memory();
    const network = networkOn(memory, model, true);
    const nudge = numbersFrom(1);
    network.weights = network.weights.map((weight) => weight + nudge() / 64); // also those that begin at 0
    network.input!.set(7);
    const matrix = memory.matrix(ROWS, columns.length, true);
    const y = memory.matrix(ROWS, 2, true);
    matrix.data.set(X);
    y.data.set(Float32Array.from(y.data, () => nudge() / 16));
    const program = record(memory, ROWS, (tape) => {
      const { Y: yHat, backward } = network.forward(tape, matrix, "training");
      backward(network.loss.gradient(tape, yHat, y));
      return network.loss.value(tape, yHat, y);
    });
    program.play(ROWS);
    const [weights, gradient] = [network.weights, network.parameters.gradient.data.slice()];
    const expected = differences(weights, (moved) => {
      network.weights = moved;
      program.play(ROWS);
      return program.result.value;
    });
    for (const [i, difference] of expected.entries()) expect(gradient[i], `weight ${i}`).toBeCloseTo(difference, 3);
    let taken = 0;
    for (const tensor of network.tensors) {
      const part = gradient.subarray(taken, taken + sizeOf(tensor));
      taken += part.length;
      expect(Math.max(...part.map(Math.abs)), tensor.name).toBeGreaterThan(0.01); // or the differences would say nothing
    }
  });

  it("learns the same bits on any number of threads", () => {
    const trained = (threads: number) => {
      const memory = new Memory(threads);
      const network = networkOn(memory, model);
      const data = Dataset.of(
        memory,
        ROWS,
        X,
        Float32Array.from({ length: 2 * ROWS }, (_, i) => i % 7),
      );
      const events = fit(network, data, {
        epochs: 3,
        batchSize: 11,
        optimizer: new Optimizer(memory, network.parameters, optimizerChoice.parse("adam")),
        noise: noiseOf(network, new Rates(trainingOptions.parse({}), 5), seededRandom(3, "dropout")),
        weights: seededRandom(3, "weights"),
        shuffle: seededRandom(3, "batches"),
      });
      for (const _ of events);
      memory.close();
      return [...new Uint32Array(network.weights.buffer)];
    };
    expect(trained(2)).toEqual(trained(1));
    expect(trained(3)).toEqual(trained(1));
  });
});

describe("pbld", () => {
  const network = networkOn(new Memory(), pbld);

  it("gives x and W₂·cos(2πw₁x + b₁) + b₂ of each number in its place, and leaves the other columns as they are", () => {
    const t = tensorsOf(network);
    const made = inputsOf(network);
    for (const [r, [a, code, b, flag, binary]] of rows.entries()) {
      const embedded = (x: number, f: number) => [
        x,
        ...[0, 1].map((o) => {
          const cosine = (k: number) =>
            Math.cos(2 * Math.PI * t["numbers.frequency"]!(f, k) * x + t["numbers.phase"]!(f, k));
          const products = [0, 1, 2, 3, 4].map((k) => t["numbers.weight"]!(f, o, k) * cosine(k));
          return products.reduce((sum, x) => sum + x, t["numbers.bias"]!(f, o));
        }),
      ];
      const places = [0, 1, 2, 3].map((place) => Number(place === code));
      const expected = [...embedded(a!, 0), ...places, ...embedded(b!, 1), flag!, binary!];
      for (const [i, x] of expected.entries()) expect(made[r]![i], `row ${r}, input ${i}`).toBeCloseTo(x, 5);
    }
  });

  it("adds e·W where it has bins, and begins with W = 0", () => {
    const network = networkOn(new Memory(), bent);
    const without = inputsOf(network);
    const [at, number] = [offsetOf(network, "numbers.bins"), numbersFrom(6)];
    expect(network.weights.subarray(at, at + 2 * 2 * 6).every((weight) => weight === 0)).toBe(true);
    network.weights = network.weights.map((weight, i) => (i >= at && i < at + 24 ? number() / 8 : weight));
    const t = tensorsOf(network);
    const made = inputsOf(network);
    for (const [r, row] of rows.entries()) {
      for (const [f, column] of [0, 2].entries()) {
        const e = through(edgesOf(network)[f]!, row[column]!);
        expect(made[r]![f * 7]).toBe(row[column]);
        for (const o of [0, 1]) {
          const expected = e.reduce((sum, share, bin) => sum + share * t["numbers.bins"]!(f, o, bin), 0);
          expect(made[r]![f * 7 + 1 + o]! - without[r]![f * 7 + 1 + o]!).toBeCloseTo(expected, 4);
        }
      }
    }
  });

  it("begins with RealMLP's distributions", () => {
    const wide: InputSpec = {
      columns: Array(200).fill({ kind: "numericEmbedding" }),
      numbers: { name: "pbld", hidden: 16, outputs: 4, frequency: 0.1, bins: 0, minValues: 3 },
      unknown: 0,
    };
    const settings = { ...network.spec, input: wide, inputs: 800 };
    const made = new Network(new Memory(), settings);
    made.initialize(seededRandom(1, "weights"));
    let taken = 0;
    const expected: Record<string, { variance: number; bound: number }> = {
      "numbers.frequency": { variance: 0.01, bound: Number.POSITIVE_INFINITY },
      "numbers.phase": { variance: Math.PI ** 2 / 3, bound: Math.PI },
      "numbers.weight": { variance: 1 / 16 / 3, bound: 1 / 4 },
      "numbers.bias": { variance: 1 / 16 / 3, bound: 1 / 4 },
    };
    for (const tensor of inputTensors(wide)) {
      const values = [...made.weights.subarray(taken, taken + sizeOf(tensor))];
      taken += values.length;
      const { variance, bound } = expected[tensor.name]!;
      const n = values.length;
      const sum = (f: (x: number) => number) => values.reduce((total, x) => total + f(x), 0);
      expect(Math.abs(sum((x) => x) / n), tensor.name).toBeLessThan(4 * Math.sqrt(variance / n));
      expect(Math.abs(sum((x) => x * x) / n / variance - 1), tensor.name).toBeLessThan(4 * Math.sqrt(2 / n));
      expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(Math.fround(bound));
    }
    expect(taken).toBe(200 * (16 + 16 + 3 * 16 + 3));
  });
});

describe("piecewiseLinear", () => {
  it("is w·x + b + e·W, and begins with W = 0", () => {
    const network = networkOn(new Memory(), piecewise);
    const { weights } = network;
    const at = 3 * 2 * 2; // w and b: 3 outputs of 2 columns
    expect(weights.subarray(at, at + 2 * 3 * 6).every((w) => w === 0)).toBe(true);
    expect(weights.subarray(0, at).every((w) => w !== 0 && Math.abs(w) <= Math.fround(1 / Math.sqrt(3)))).toBe(true);
    const number = numbersFrom(6);
    network.weights = weights.map((weight, i) => (i >= at && i < at + 36 ? number() / 8 : weight));
    const t = tensorsOf(network);
    const made = inputsOf(network);
    for (const [r, row] of rows.entries()) {
      for (const [f, column] of [0, 2].entries()) {
        const x = row[column]!;
        const e = through(edgesOf(network)[f]!, x);
        for (const o of [0, 1, 2]) {
          const linear = t["numbers.weight"]!(f, o) * x + t["numbers.bias"]!(f, o);
          const expected = e.reduce((sum, share, bin) => sum + share * t["numbers.bins"]!(f, o, bin), linear);
          expect(made[r]![f * 7 + o]).toBeCloseTo(expected, 4); // 3 outputs and 4 places come before the second
        }
      }
    }
  });

  it("has its bins between quantiles of the training rows, each edge once", () => {
    const of = (values: number[], bins: number) =>
      inputFor([{ kind: "number" }], modelOptions.parse({ numericEmbedding: { name: "piecewiseLinear", bins } }), () =>
        Float32Array.from(values),
      ).input?.columns[0];
    const values = Array.from({ length: 101 }, (_, i) => ((i * 37) % 101) / 100);
    expect(of(values, 4)).toEqual({ kind: "numericEmbedding", edges: [0, 0.25, 0.5, 0.75, 1] });
    expect(of([1, 1, 1, 1, 1, 1, 2, 3, 9], 4)).toEqual({ kind: "numericEmbedding", edges: [1, 2, 9] });
    expect(of([1, 2, 1, 2], 4)).toBeUndefined();
    const nearly = [-1, -1.8e-16, 0, 6e-17, 1]; // a cosine at the quarters of a turn
    expect(of(nearly, 4)).toEqual({ kind: "numericEmbedding", edges: [-1, Math.fround(-1.8e-16), 1] });
  });

  it("goes on with its slope beyond the training rows, and takes columns of fewer bins than others", () => {
    const input = inputSpec.parse({
      columns: [
        { kind: "numericEmbedding", edges: [0, 1, 3] },
        { kind: "numericEmbedding", edges: [0, 2] },
      ],
      numbers: { name: "piecewiseLinear", bins: 2, outputs: 1 },
    });
    const network = new Network(new Memory(), {
      input,
      inputs: 2,
      hidden: [],
      outputs: 1,
      ...plainNetwork,
      activation: { name: "tanh" },
      initializer: { name: "heNormal" },
      loss: { name: "mse" },
    });
    const [w, b, W] = [
      [1, 0],
      [0, 5],
      [10, 100, 1000, 7],
    ] as const;
    network.weights = Float32Array.of(...w, ...b, ...W, 1, 1, 0);
    const matrix = network.memory.matrix(4, 2, true);
    matrix.data.set([-2, -1, 0.5, 1, 2, 3, 5, 0]);
    const program = record(network.memory, 4, (tape) => network.input!.forward(tape, matrix, "prediction").Y);
    program.play(4);
    expect([...program.result.data]).toEqual([-2 - 20, 5 - 500, 5.5, 505, 2 + 10 + 50, 1505, 5 + 10 + 200, 5]);
  });
});

describe("columns that stay as they are", () => {
  it.each([
    [2, [true, true, true]],
    [3, [true, true, false]],
    [41, [false, false, false]],
  ])("are those of fewer than %d different values, and indicators", (minValues, expected) => {
    const { input } = inputOf({ numericEmbedding: { name: "pbld", minValues } });
    const isEmbedded = input.columns.map(({ kind }) => kind === "numericEmbedding");
    expect([0, 2, 4].map((column) => isEmbedded[column])).toEqual(expected);
    expect(isEmbedded[3]).toBe(false);
  });
});

it.each([
  ["no embedding", { columns: [{ kind: "numericEmbedding" }], numbers: "none" }],
  ["bins that the embedding has none of", { columns: [{ kind: "numericEmbedding", edges: [0, 1] }], numbers: "pbld" }],
  ["no bins", { columns: [{ kind: "numericEmbedding" }], numbers: "piecewiseLinear" }],
  ["edges that don't ascend", { columns: [{ kind: "numericEmbedding", edges: [0, 0] }], numbers: "piecewiseLinear" }],
])("a description of embedded columns is refused: %s", (_, input) => {
  expect(inputSpec.safeParse(input).success).toBe(false);
});
