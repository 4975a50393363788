import { describe, expect, it } from "vitest";
import { Memory } from "../../src/engine/memory.js";
import { seededRandom } from "../../src/engine/random.js";
import { type InitializerName, initializerChoice, initializers } from "../../src/model/initializers.js";
import { countParameters, Network } from "../../src/model/network.js";

const INPUTS = 300;
const OUTPUTS = 200;

/** The distribution that each is named for: see the papers in src/model/initializers.ts. */
const expected: Record<InitializerName, { uniform: boolean; variance: number }> = {
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
  expect(Object.keys(expected)).toEqual(Object.keys(initializers));
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

  it("are kept by initialize when they were set", () => {
    made.weights = numbered;
    expect(initialized(made).weights).toEqual(numbered);
  });
});
