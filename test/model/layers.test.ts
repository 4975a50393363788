import { describe, expect, it } from "vitest";
import { Memory } from "../../src/engine/memory.js";
import { seededRandom } from "../../src/engine/random.js";
import { record } from "../../src/engine/tape.js";
import { Network } from "../../src/model/network.js";
import { plainSpec, plainWeights, trainableWeights } from "../../src/model/parametrization.js";
import type { NetworkSpec } from "../../src/model/spec.js";
import { numbersFrom } from "../engine/reference.js";
import { plainNetwork } from "./plain.js";
import { differences } from "./reference.js";

const ROWS = 11;
const plain: NetworkSpec = {
  inputs: 3,
  hidden: [5, 4],
  outputs: 2,
  ...plainNetwork,
  activation: { name: "mish" },
  initializer: { name: "heNormal" },
  loss: { name: "mse" },
};

/** A network with random weights, and a step of it on random rows: loss, gradients and outputs. */
function example(settings: Partial<NetworkSpec>, seed = 3) {
  const memory = new Memory();
  const network = new Network(memory, { ...plain, ...settings });
  network.initialize(seededRandom(seed, "weights"));
  const number = numbersFrom(seed);
  const small = () => Math.fround(number() / 16);
  const weights = network.weights.map((weight) => weight + small() / 4);
  network.weights = weights;
  const X = memory.matrix(ROWS, 3, true);
  const y = memory.matrix(ROWS, 2, true);
  for (const { data } of [X, y]) data.set(Float32Array.from(data, small));
  const program = record(memory, ROWS, (tape) => {
    const { Y: yHat, backward } = network.forward(tape, X, "training");
    const loss = network.loss.value(tape, yHat, y);
    const dX = backward(network.loss.gradient(tape, yHat, y))();
    return { loss, dX, yHat };
  });
  const play = () => {
    program.play(ROWS);
    return program.result;
  };
  return { memory, network, weights, X, play };
}

const kinds: [string, Partial<NetworkSpec>][] = [
  ["a learned scale of the inputs", { scaling: true }],
  ["neural-tangent parametrization", { parametrization: "neuralTangent" }],
  ["parametric activations", { parametric: true }],
  ["dropout", { dropout: 0.4 }],
  ["weights that two networks share", { tabm: 2 }],
  ["shared weights and no hidden layer", { tabm: 2, hidden: [] }],
  ["all of them", { tabm: 2, scaling: true, parametrization: "neuralTangent", parametric: true, dropout: 0.25 }],
];

describe.each(kinds)("a network with %s", (_, settings) => {
  it("has the gradients that finite differences have, the inputs' included", () => {
    const { network, weights, X, play } = example(settings);
    for (const dropout of network.dropouts) dropout.set(network.spec.dropout, 0x9e3779b9);
    const { dX } = play();
    const [gradient, gradientOfX] = [network.parameters.gradient.data.slice(), dX.data.slice()];
    const byWeights = differences(weights, (moved) => {
      network.weights = moved;
      return play().loss.value;
    });
    network.weights = weights;
    const byX = differences(X.data.slice(), (moved) => {
      X.data.set(moved);
      return play().loss.value;
    });
    for (const [i, difference] of byWeights.entries()) expect(gradient[i], `weight ${i}`).toBeCloseTo(difference, 3);
    for (const [i, difference] of byX.entries()) expect(gradientOfX[i], `input ${i}`).toBeCloseTo(difference, 3);
    expect(Math.max(...gradient.map(Math.abs))).toBeGreaterThan(0.05); // or the differences would say nothing
  });

  it("predicts the same by its plain weights", () => {
    const { memory, network, X } = example(settings);
    const predicted = record(memory, ROWS, (tape) => network.predict(tape, X));
    predicted.play(ROWS);
    const [spec, weights] = [plainSpec(network.spec), plainWeights(network.spec, network.weights)];
    const other = new Network(memory, spec);
    other.weights = weights;
    const again = record(memory, ROWS, (tape) => other.predict(tape, X));
    again.play(ROWS);
    expect(again.result.data).toEqual(predicted.result.data);
  });

  it("can be trained on from its plain weights, which come back to a rounding", () => {
    const { network } = example(settings);
    const there = trainableWeights(network.spec, plainWeights(network.spec, network.weights));
    for (const [i, weight] of network.weights.entries()) {
      expect(Math.abs(there[i]! - weight)).toBeLessThanOrEqual(2 ** -23 * Math.abs(weight));
    }
  });
});

it("neural-tangent layers begin with the outputs that plain ones begin with", () => {
  const outputs = (["standard", "neuralTangent"] as const).map((parametrization) => {
    const memory = new Memory();
    const network = new Network(memory, { ...plain, parametrization });
    network.initialize(seededRandom(1, "weights"));
    const X = memory.matrix(ROWS, 3, true);
    X.data.set(Float32Array.from(X.data, numbersFrom(2)));
    const { result, play } = record(memory, ROWS, (tape) => network.predict(tape, X));
    play(ROWS);
    return result.data.slice();
  });
  for (const [i, output] of outputs[0]!.entries()) expect(outputs[1]![i]).toBeCloseTo(output, 4);
});

describe("dropout", () => {
  /** Inputs of 1 through one dropout layer: a network whose weights make outputs of its hidden units. */
  function outputsOf(rate: number, key: number): Float32Array {
    const memory = new Memory();
    const network = new Network(memory, {
      ...plain,
      inputs: 1,
      hidden: [200],
      outputs: 200,
      ...plainNetwork,
      activation: { name: "identity" },
      dropout: rate,
    });
    const eye = Array.from({ length: 200 * 200 }, (_, i) => Number(i % 201 === 0));
    network.weights = Float32Array.from([...Array(200).fill(1), ...Array(200).fill(0), ...eye, ...Array(200).fill(0)]);
    network.dropouts[0]!.set(rate, key);
    const X = memory.matrix(50, 1, true);
    X.data.fill(1);
    const { result, play } = record(memory, 50, (tape) => network.forward(tape, X, "training").Y);
    play(50);
    return result.data.slice();
  }

  it.each([0.1, 0.5, 0.9])("leaves out %d of the units, and makes the others so much larger", (rate) => {
    const outputs = outputsOf(rate, 12345);
    const kept = outputs.filter((output) => output !== 0);
    expect(new Set(kept)).toEqual(new Set([Math.fround(1 / (1 - rate))]));
    const deviation = Math.sqrt((rate * (1 - rate)) / outputs.length);
    expect(Math.abs(kept.length / outputs.length - (1 - rate))).toBeLessThan(4 * deviation);
  });

  it("leaves out others for another key, the same for the same", () => {
    const [once, again, other] = [7, 7, 8].map((key) => outputsOf(0.5, key)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ]; // as many as keys
    expect(again).toEqual(once);
    const alike = once.filter((output, i) => output === other[i]).length / once.length;
    expect(Math.abs(alike - 0.5)).toBeLessThan(0.02);
    const inFirstRow = once.subarray(0, 200);
    expect(inFirstRow).not.toEqual(once.subarray(200, 400));
  });
});
