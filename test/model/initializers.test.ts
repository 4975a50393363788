import { describe, expect, it } from "vitest";
import { type Matrix, Memory } from "../../src/engine/memory.js";
import { seededRandom } from "../../src/engine/random.js";
import { record } from "../../src/engine/tape.js";
import { type InitializerName, initializerChoice, initializers } from "../../src/model/initializers.js";
import { Network } from "../../src/model/network.js";
import { countParameters } from "../../src/model/parts.js";
import type { NetworkSpec } from "../../src/model/spec.js";
import { numbersFrom, uniformFrom } from "../engine/reference.js";
import { plainNetwork } from "./plain.js";

const INPUTS = 300;
const OUTPUTS = 200;

/** The distribution that each is named for: see the papers in src/model/initializers.ts. */
const expected: Record<
  Exclude<InitializerName, "dataDriven" | "zeroOutput">,
  { uniform: boolean; variance: number }
> = {
  heNormal: { uniform: false, variance: 2 / INPUTS },
  heUniform: { uniform: true, variance: 2 / INPUTS },
  glorotNormal: { uniform: false, variance: 2 / (INPUTS + OUTPUTS) },
  glorotUniform: { uniform: true, variance: 2 / (INPUTS + OUTPUTS) },
  lecunNormal: { uniform: false, variance: 1 / INPUTS },
  lecunUniform: { uniform: true, variance: 1 / INPUTS },
};

function network(initializer: string, inputs = INPUTS, hidden: number[] = [], outputs = OUTPUTS): Network {
  return new Network(new Memory(), {
    inputs,
    hidden,
    outputs,
    ...plainNetwork,
    activation: { name: "tanh" },
    initializer: initializerChoice.parse(initializer),
    loss: { name: "mse" },
  });
}

function initialized(made: Network, seed = 1): Network {
  made.initialize(seededRandom(seed, "weights"));
  return made;
}

it("every initializer has its distribution stated here", () => {
  expect([...Object.keys(expected), "dataDriven", "zeroOutput"]).toEqual(Object.keys(initializers)); // these two below
});

describe.each(Object.entries(expected))("%s", (name, { uniform, variance }) => {
  const [layer] = initialized(network(name)).dense;
  const weights = [...layer!.W.value.data];
  const n = INPUTS * OUTPUTS;
  const sum = (f: (w: number) => number) => weights.reduce((total, w) => total + f(w), 0);

  it("has mean 0 and its variance", () => {
    expect(weights).toHaveLength(n);
    expect(Math.abs(sum((w) => w) / n)).toBeLessThan(4 * Math.sqrt(variance / n));
    expect(Math.abs(sum((w) => w * w) / n / variance - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
  });

  it(uniform ? "reaches its bounds and none beyond" : "has the tails of a normal distribution", () => {
    const bound = Math.sqrt(3 * variance);
    const largest = Math.max(...weights.slice(0, 10_000).map(Math.abs));
    if (uniform) {
      expect(weights.every((w) => Math.abs(w) <= Math.fround(bound))).toBe(true);
      expect(largest).toBeGreaterThan(0.99 * bound);
    } else {
      const beyond = weights.filter((w) => Math.abs(w) > 2 * Math.sqrt(variance)).length / n;
      expect(beyond).toBeCloseTo(0.0455, 2);
      expect(largest).toBeGreaterThan(3 * Math.sqrt(variance));
    }
  });

  it("leaves the biases 0", () => {
    expect(layer!.b.value.data.every((b) => b === 0)).toBe(true);
  });

  it("draws the same weights for the same seed, and others for another", () => {
    const weights = (seed: number) => initialized(network(name, 30, [20], 10), seed).weights;
    expect(weights(1)).toEqual(weights(1));
    expect(weights(2)).not.toEqual(weights(1));
  });
});

describe("a network's weights", () => {
  const made = network("heNormal", 3, [4, 2], 5);
  const size = 3 * 4 + 4 + 4 * 2 + 2 + 2 * 5 + 5;
  const numbered = Float32Array.from({ length: size }, (_, i) => i);

  it("are W₁ by rows, b₁, W₂, b₂, …, W [outputs, inputs]", () => {
    made.weights = numbered;
    let taken = 0;
    for (const { W, b } of made.dense) {
      for (const { value } of [W, b]) {
        expect(value.data).toEqual(numbered.slice(taken, taken + value.data.length));
        taken += value.data.length;
      }
    }
    expect(taken).toBe(size);
    expect(made.dense.map(({ W }) => [W.value.rows, W.value.columns])).toEqual([
      [4, 3],
      [2, 4],
      [5, 2],
    ]);
    expect(countParameters(made.spec)).toBe(size);
  });

  it("are given as a copy", () => {
    made.weights = numbered;
    const before = made.weights;
    before[0] = 100;
    expect(made.weights[0]).toBe(0);
  });

  it("have variances by their own layer's inputs", () => {
    const deep = initialized(network("lecunNormal", 400, [50], 400));
    for (const { W } of deep.dense) {
      const { data, columns } = W.value;
      const variance = data.reduce((sum, w) => sum + w * w, 0) / data.length;
      expect(Math.abs(variance * columns - 1)).toBeLessThan(4 * Math.sqrt(2 / data.length));
    }
  });

  it("differ from layer to layer", () => {
    const deep = initialized(network("lecunNormal", 4, [4], 4));
    expect(deep.dense[0]!.W.value.data).not.toEqual(deep.dense[1]!.W.value.data);
  });
});

describe("dataDriven", () => {
  const all = (X: Matrix) => ({ X, rows: Uint32Array.from({ length: X.rows }, (_, row) => row) });
  const ROWS = 300;
  const HIDDEN = [40, 30];
  const inputs = 11; // two numbers of which one has 4 columns, one of 1, and 6 places
  const kinds: [string, Partial<NetworkSpec>][] = [
    ["standard weights", {}],
    ["neural-tangent weights", { parametrization: "neuralTangent" }],
    ["all else", { parametrization: "neuralTangent", scaling: true, parametric: true, dropout: 0.4 }],
  ];

  function started(settings: Partial<NetworkSpec>, seed = 5, threads = 1) {
    const memory = new Memory(threads);
    const network = new Network(memory, {
      inputs,
      input: {
        columns: [{ kind: "numericEmbedding" }, { kind: "number" }, { kind: "oneHot", places: 6 }],
        numbers: { name: "pbld", hidden: 8, outputs: 4, frequency: 0.3, bins: 0, minValues: 3 },
        unknown: 0.1,
      },
      hidden: HIDDEN,
      outputs: 3,
      ...plainNetwork,
      activation: { name: "mish" },
      initializer: { name: "dataDriven" },
      loss: { name: "mse" },
      ...settings,
    });
    const [number, uniform] = [numbersFrom(2), uniformFrom(2)];
    const X = memory.matrix(ROWS, 3);
    X.data.set(Array.from({ length: ROWS }, () => [number() / 8, number() / 8, Math.floor(6 * uniform())]).flat());
    network.initialize(seededRandom(seed, "weights"), all(X));
    memory.close();
    return { memory, network, X };
  }

  /** Each dense layer's X·Wᵀ·c over the rows, as [rows, out]: what it puts out less its bias. */
  function preActivations({ memory, network, X }: ReturnType<typeof started>): { Z: number[][]; b: number[] }[] {
    const batch = memory.at(X.address, ROWS, 3, true);
    const outputs = network.dense.map((dense) => {
      const forward = dense.forward.bind(dense);
      const seen: { Z?: Matrix } = {};
      dense.forward = (tape, X) => {
        const pass = forward(tape, X);
        seen.Z = pass.Y;
        return pass;
      };
      return seen;
    });
    const program = record(memory, ROWS, (tape) => ({ yHat: network.forward(tape, batch).Y, outputs }));
    program.play(ROWS);
    return network.dense.map((dense, l) => {
      const { data, columns } = outputs[l]!.Z!;
      const b = [...dense.b.value.data];
      const Z = Array.from({ length: ROWS }, (_, r) => b.map((bias, j) => data[r * columns + j]! - bias));
      return { Z, b };
    });
  }

  describe.each(kinds)("with %s", (_, settings) => {
    const example = started(settings);
    const layers = preActivations(example);

    it("gives every unit of every layer the deviation 1 over the training rows, before its bias", () => {
      expect(layers.map(({ b }) => b.length)).toEqual([...HIDDEN, 3]);
      for (const { Z, b } of layers) {
        for (const j of b.keys()) {
          const column = Z.map((row) => row[j]!);
          const mean = column.reduce((a, b) => a + b) / ROWS;
          const variance = column.reduce((sum, z) => sum + (z - mean) ** 2, 0) / ROWS;
          expect(Math.abs(Math.sqrt(variance) - 1)).toBeLessThan(1e-4);
        }
      }
    });

    it("has normal weights but for each unit's scale, and biases −Σ λᵢzᵢ of five rows each, λ = Exp(1)/Σ Exp(1)", () => {
      const random = seededRandom(5, "weights");
      for (let i = 0; i < 8 + 3 * 8 + 3 + 8; i++) (i < 8 ? random.normal : random.uniform)(); // of the embedding
      for (const [l, { Z, b }] of layers.entries()) {
        const { data, columns } = example.network.dense[l]!.W.value;
        const drawn = Array.from(data, () => random.normal());
        for (const [j, bias] of b.entries()) {
          const ratios = Array.from({ length: columns }, (_, i) => data[j * columns + i]! / drawn[j * columns + i]!);
          for (const ratio of ratios) expect(Math.abs(ratio / ratios[0]! - 1)).toBeLessThan(1e-6);
          const five = [0, 1, 2, 3, 4].map(() => ({
            z: Z[random.below(ROWS)]![j]!,
            weight: -Math.log(1 - random.uniform()),
          }));
          const total = five.reduce((sum, { weight }) => sum + weight, 0);
          expect(bias).toBeCloseTo(-five.reduce((sum, { z, weight }) => sum + (weight / total) * z, 0), 4);
        }
      }
    });

    it("has the same bits for the same seed and any threads, and others for another seed", () => {
      const bits = (seed: number, threads: number) => [
        ...new Uint32Array(started(settings, seed, threads).network.weights.buffer),
      ];
      expect(bits(5, 3)).toEqual(bits(5, 1));
      expect(bits(6, 1)).not.toEqual(bits(5, 1));
    });
  });

  it("looks at rows all over a long table", () => {
    const made = network("dataDriven", 1, [], 1);
    const X = made.memory.matrix(10_000, 1);
    X.data.set(X.data.map((_, row) => (row < 5000 ? 0 : 1)));
    made.initialize(seededRandom(1, "weights"), all(X));
    expect(Math.abs(made.weights[0]!)).toBeCloseTo(2, 3); // half zeros, half ones: deviation ½
  });

  it("looks at the training rows alone", () => {
    const made = network("dataDriven", 1, [], 1);
    const X = made.memory.matrix(6, 1);
    X.data.set([100, 0, 100, 1, 0, 1]);
    made.initialize(seededRandom(1, "weights"), { X, rows: Uint32Array.of(1, 3, 4, 5) });
    expect(Math.abs(made.weights[0]!)).toBeCloseTo(2, 3);
  });

  it("leaves a unit that is the same for all rows as it was drawn", () => {
    const made = network("dataDriven", 2, [3], 1);
    const X = made.memory.matrix(50, 2);
    X.data.fill(0.1);
    made.initialize(seededRandom(1, "weights"), all(X));
    const random = seededRandom(1, "weights");
    expect([...made.weights.subarray(0, 6)]).toEqual(Array.from({ length: 6 }, () => Math.fround(random.normal())));
    expect(made.weights.every(Number.isFinite)).toBe(true);
  });
});

describe("zeroOutput", () => {
  const settings = (parametrization: "standard" | "neuralTangent") =>
    new Network(new Memory(), {
      ...network("zeroOutput", 300, [200], 4).spec,
      parametrization,
    });

  it.each([
    ["standard", 1 / 300],
    ["neuralTangent", 1],
  ] as const)("of %s weights: normal weights and biases, and a last layer of zeros", (parametrization, variance) => {
    const [first, last] = initialized(settings(parametrization)).dense;
    const varianceOf = (data: Float32Array) => data.reduce((sum, w) => sum + w * w, 0) / data.length;
    const W = first!.W.value.data;
    expect(Math.abs(varianceOf(W) / variance - 1)).toBeLessThan(4 * Math.sqrt(2 / W.length));
    expect(Math.abs(varianceOf(first!.b.value.data) - 1)).toBeLessThan(4 * Math.sqrt(2 / 200));
    for (const { value } of [last!.W, last!.b]) expect(value.data.every((w) => w === 0)).toBe(true);
  });
});
