import { describe, expect, it } from "vitest";
import { Memory } from "../../src/engine/memory.js";
import { seededRandom } from "../../src/engine/random.js";
import { record } from "../../src/engine/tape.js";
import { type LossChoice, lossChoice, losses } from "../../src/model/losses.js";
import { Network } from "../../src/model/network.js";
import { plainSpec, plainWeights } from "../../src/model/parametrization.js";
import { countParameters, multiplicationsOf, tensorsOf } from "../../src/model/parts.js";
import type { NetworkSpec } from "../../src/model/spec.js";
import { at, GuardedMemory, matmul, type Table, table, transpose, uniformFrom } from "../engine/reference.js";
import { computed, gradient } from "./computed.js";
import { plainNetwork } from "./plain.js";
import * as reference from "./reference.js";

const K = 3;
const ROWS = 7;
const BATCH_SIZE = 9;

const choices = ["mse", "huber", "binaryCrossEntropy", "crossEntropy", { name: "crossEntropy", smoothing: 0.2 }].map(
  (choice) => lossChoice.parse(choice),
);

const specOf = (loss: LossChoice): NetworkSpec => ({
  inputs: 4,
  hidden: [5, 6],
  outputs: losses[loss.name].outputs(3),
  ...plainNetwork,
  activation: { name: "tanh" },
  initializer: { name: "heNormal" },
  loss,
  tabm: K,
});

/** The outputs of each of the networks, by the paper's formula: layer after layer tanh(((x ⊙ r)·Wᵀ) ⊙ s + b). */
function outputsOf(spec: NetworkSpec, weights: readonly number[], X: Table): Table[] {
  let taken = 0;
  const tensors = new Map(
    tensorsOf(spec).map(({ name, shape }) => {
      const columns = shape.at(-1)!;
      const rows = shape.slice(0, -1).reduce((product, side) => product * side, 1);
      const data = weights.slice(taken, taken + rows * columns);
      taken += data.length;
      return [name, { rows, columns, data }];
    }),
  );
  expect(taken).toBe(weights.length);
  const layers = spec.hidden.length + 1;
  return Array.from({ length: K }, (_, k) => {
    const scaled = (Y: Table, by: Table | undefined) =>
      by ? table(Y.rows, Y.columns, (r, c) => at(Y, r, c) * at(by, k, c)) : Y;
    return Array.from({ length: layers }, (_, layer) => layer).reduce((Y, layer) => {
      const tensor = (name: string) => tensors.get(`layers.${layer}.${name}`);
      const isLast = layer === layers - 1;
      const W = tensor("weight")!;
      const own = isLast ? table(spec.outputs, W.columns, (r, c) => at(W, k * spec.outputs + r, c)) : W;
      const Z = scaled(matmul(scaled(Y, tensor("r")), transpose(own)), tensor("s"));
      const sums = table(Z.rows, Z.columns, (r, c) => at(Z, r, c) + at(tensor("bias")!, k, c));
      return isLast ? sums : table(sums.rows, sums.columns, (r, c) => Math.tanh(at(sums, r, c)));
    }, X);
  });
}

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe.each(choices.map((choice) => [JSON.stringify(choice), choice] as const))(
  "networks that share weights, and %s",
  (_, loss) => {
    it("have the mean of their losses, its gradients, and predict the mean", () => {
      const uniform = uniformFrom(5);
      const number = (size: number) => Math.fround(size * (2 * uniform() - 1));
      const spec = specOf(loss);
      const { task } = losses[loss.name];
      const classes = Math.max(spec.outputs, 2);
      const memory = new GuardedMemory();
      const network = new Network(memory, spec);
      const weights = Array.from(network.weights, () => number(1));
      network.weights = Float32Array.from(weights);
      const X = table(ROWS, spec.inputs, () => number(2));
      const targets = task === "regression" ? spec.outputs : 1;
      const y = table(ROWS, targets, () => (task === "regression" ? number(2.5) : Math.floor(uniform() * classes)));
      const actual = computed({ memory, network, X, y }, BATCH_SIZE);

      const lossOf = (weights: readonly number[], X: Table) =>
        meanOf(outputsOf(spec, weights, X).map((yHat) => reference.loss(loss)(yHat, y)));
      expect(actual.loss).toBeCloseTo(lossOf(weights, X), 5);
      const predictions = outputsOf(spec, weights, X).map(reference.inverseLink(loss));
      const mean = predictions[0]!.data.map((_, i) => meanOf(predictions.map(({ data }) => data[i]!)));
      expectNear(actual.prediction, mean);
      expectNear(
        actual.dW,
        gradient((v) => lossOf(v, X), weights),
      );
      expectNear(
        actual.dX,
        gradient((data) => lossOf(weights, { ...X, data }), X.data),
      );
    });
  },
);

function expectNear(actual: readonly number[], expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(...expected.map(Math.abs));
  expect(Math.max(...actual.map((value, i) => Math.abs(value - expected[i]!))) / scale).toBeLessThan(2e-6);
}

describe("networks that share weights begin", () => {
  const begun = (settings: Partial<NetworkSpec>) => {
    const network = new Network(new Memory(), { ...specOf(lossChoice.parse("mse")), ...settings });
    network.initialize(seededRandom(1, "weights"));
    const tensors = new Map<string, number[]>();
    let taken = 0;
    for (const { name, shape } of network.tensors) {
      const size = shape.reduce((product, side) => product * side, 1);
      tensors.set(name, [...network.weights.subarray(taken, taken + size)]);
      taken += size;
    }
    return { network, tensors };
  };

  it("with signs for the inputs of each, drawn for it, and all other scales 1", () => {
    const { tensors } = begun({ inputs: 40 });
    const signs = tensors.get("layers.0.r")!;
    expect(new Set(signs)).toEqual(new Set([1, -1]));
    expect(signs.slice(0, 40)).not.toEqual(signs.slice(40, 80));
    for (const name of ["layers.0.s", "layers.1.r", "layers.1.s"])
      expect(new Set(tensors.get(name))).toEqual(new Set([1]));
  });

  it("with the same number for all inputs of a column, a normal one where numbers are embedded", () => {
    const columns = [{ kind: "oneHot", places: 3 }, { kind: "numericEmbedding" }] as const;
    const numbers = { name: "pbld", hidden: 4, outputs: 3, frequency: 1, bins: 0, minValues: 3 } as const;
    const { tensors } = begun({ inputs: 6, input: { columns: [...columns], numbers, unknown: 0 } });
    const r = tensors.get("layers.0.r")!;
    for (let k = 0; k < K; k++) {
      const of = r.slice(k * 6, k * 6 + 6);
      expect(of).toEqual([of[0], of[0], of[0], of[3], of[3], of[3]]);
    }
    expect(new Set(r).size).toBe(2 * K);
  });

  it("by an initializer that looks at what all of them make of training rows", () => {
    const memory = new Memory();
    const network = new Network(memory, {
      ...specOf(lossChoice.parse("mse")),
      initializer: { name: "dataDriven" },
      parametrization: "neuralTangent",
    });
    const uniform = uniformFrom(2);
    const all = memory.matrix(400, 4, true);
    all.data.set(Array.from({ length: 1600 }, () => 2 * uniform() - 1));
    network.initialize(seededRandom(1, "weights"), { X: all, rows: Uint32Array.from({ length: 400 }, (_, i) => i) });
    const { b, W } = network.dense[0]!;
    expect(b.value.columns).toBe(K * W.value.rows);
    expect([...b.value.data.slice(5, 10)]).toEqual([...b.value.data.slice(0, 5)]);
    const { result, play } = record(memory, 400, (tape) => network.forward(tape, all).Y);
    play(400);
    for (let column = 0; column < 2 * K; column++) {
      const values = Array.from({ length: 400 }, (_, r) => result.data[r * result.columns + column]!);
      const mean = meanOf(values);
      expect(Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2)))).toBeCloseTo(1, 1);
    }
  });

  it("and are saved as weights that need no parametrization", () => {
    const { network } = begun({ parametrization: "neuralTangent" });
    const plain = new Network(new Memory(), plainSpec(network.spec));
    plain.weights = plainWeights(network.spec, network.weights);
    const X: Table = table(ROWS, 4, (r, c) => Math.sin(r * 4 + c));
    const outputs = [network, plain].map((each) => {
      const input = each.memory.matrix(ROWS, 4, true);
      input.data.set(X.data);
      const { result, play } = record(each.memory, ROWS, (tape) => each.predict(tape, input));
      play(ROWS);
      return [...result.data];
    });
    expectNear(outputs[0]!, outputs[1]!);
  });
});

it("networks that share weights multiply as often as separate ones, and by their scales", () => {
  const spec = specOf(lossChoice.parse("mse"));
  const { tabm: _, ...alone } = spec;
  const scales = K * (4 + 5 + 5 + 6);
  expect(multiplicationsOf(spec)).toBe(K * multiplicationsOf(alone) + scales);
  expect(countParameters(spec)).toBeLessThan(multiplicationsOf(spec));
});
