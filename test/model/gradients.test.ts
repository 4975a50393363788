import { describe, expect, it } from "vitest";
import { type Matrix, Memory } from "../../src/engine/memory.js";
import { record, type Tape } from "../../src/engine/tape.js";
import { make } from "../../src/family.js";
import { type ActivationChoice, activationChoice, activations } from "../../src/model/activations.js";
import { type LossChoice, lossChoice, losses } from "../../src/model/losses.js";
import { Network } from "../../src/model/network.js";
import type { NetworkSpec } from "../../src/model/spec.js";
import { GuardedMemory, type Table, table, uniformFrom } from "../engine/reference.js";
import { computed, gradient } from "./computed.js";
import { plainNetwork } from "./plain.js";
import * as reference from "./reference.js";

const activationChoices: ActivationChoice[] = [
  ...Object.keys(activations).map((name) => activationChoice.parse(name)),
  activationChoice.parse({ name: "leakyRelu", slope: 0.2 }),
  activationChoice.parse({ name: "elu", alpha: 1.7 }),
];
const lossChoices: LossChoice[] = [
  ...Object.keys(losses).map((name) => lossChoice.parse(name)),
  lossChoice.parse({ name: "huber", delta: 0.3 }),
  lossChoice.parse({ name: "quantile", q: 0.9 }),
  lossChoice.parse({ name: "crossEntropy", smoothing: 0.2 }),
];

function title({ name, ...options }: ActivationChoice | LossChoice): string {
  return [name, ...Object.entries(options).flat()].join(" ");
}
const titled = <C extends ActivationChoice | LossChoice>(choices: C[]) =>
  choices.map((choice) => [title(choice), choice] as const);

const ROWS = 7;
const BATCH_SIZE = 9;

/** A network of two hidden layers, with random float32 numbers for the weights, X and y. */
function example(activation: ActivationChoice, loss: LossChoice) {
  const uniform = uniformFrom(5);
  const number = (size: number) => Math.fround(size * (2 * uniform() - 1));
  const { task, outputs } = losses[loss.name];
  const spec: NetworkSpec = {
    inputs: 3,
    hidden: [5, 4],
    outputs: outputs(3),
    ...plainNetwork,
    activation,
    initializer: { name: "heNormal" },
    loss,
  };
  const target = () => (loss.name === "poisson" ? Math.max(number(2.5), 0) : number(2.5));
  const targets = task === "regression" ? spec.outputs : 1;
  const classes = Math.max(spec.outputs, 2);
  const memory = new GuardedMemory();
  const network = new Network(memory, spec);
  const weights = Array.from(network.weights, () => number(1));
  network.weights = Float32Array.from(weights);
  return {
    memory,
    network,
    spec,
    weights,
    X: table(ROWS, spec.inputs, () => number(2)),
    y: table(ROWS, targets, () => (task === "regression" ? target() : Math.floor(uniform() * classes))),
  };
}

/** The largest difference, relative to the largest number expected. */
function difference(actual: readonly number[], expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(...expected.map(Math.abs));
  return Math.max(...actual.map((value, i) => Math.abs(value - expected[i]!))) / scale;
}

describe.each(titled(activationChoices))("a network with %s", (_, activation) => {
  describe.each(titled(lossChoices))("and %s", (_, loss) => {
    it("has the reference's outputs, loss, predictions and gradients", () => {
      const set = example(activation, loss);
      const { spec, weights, X, y } = set;
      const value = reference.loss(loss);
      const lossOf = (weights: readonly number[], X: Table) => value(reference.forward(spec, weights, X), y);
      const actual = computed(set, BATCH_SIZE);

      const yHat = reference.forward(spec, weights, X);
      expect(difference(actual.yHat, yHat.data)).toBeLessThan(1e-6);
      expect(difference([actual.loss], [value(yHat, y)])).toBeLessThan(1e-6);
      expect(difference(actual.prediction, reference.inverseLink(loss)(yHat).data)).toBeLessThan(1e-6);

      const dW = gradient((weights) => lossOf(weights, X), weights);
      expect(difference(actual.dW, dW), "∂L/∂W").toBeLessThan(2e-6);
      const dX = gradient((data) => lossOf(weights, { ...X, data }), X.data);
      expect(difference(actual.dX, dX), "∂L/∂X").toBeLessThan(2e-6);
    });
  });
});

it("one output tells the probability of either of two classes to all its digits", () => {
  const memory = new GuardedMemory();
  const yHat = [-90, -40, -17, -1, 0, 1, 17, 40, 90];
  const { result, play } = record(memory, yHat.length, (tape) => {
    const outputs = memory.put({ rows: yHat.length, columns: 1, data: yHat }, yHat.length);
    return make(losses, lossChoice.parse("binaryCrossEntropy")).inverseLink(tape, outputs);
  });
  play(yHat.length);
  for (const [row, z] of yHat.entries()) {
    const [first, second] = result.data.subarray(2 * row, 2 * row + 2);
    expect(Math.abs(first! / (1 / (1 + Math.exp(z))) - 1)).toBeLessThan(1e-6);
    expect(Math.abs(second! / (1 / (1 + Math.exp(-z))) - 1)).toBeLessThan(1e-6);
  }
});

describe.each(titled(lossChoices))("rows with weights, and %s", (_, loss) => {
  it("have the reference's loss and gradients: each row's times its weight", () => {
    const set = example(activationChoice.parse("tanh"), loss);
    const { memory, network, spec, weights, X, y } = set;
    const w = [0.5, 2, 0, 1.25, 0.25, 3, 0.125];
    const { result, play } = record(memory, BATCH_SIZE, (tape) => {
      const target = memory.put(y, BATCH_SIZE);
      const rowWeights = memory.put(
        table(ROWS, 1, (r) => w[r]!),
        BATCH_SIZE,
      );
      const { Y: yHat, backward } = network.forward(tape, memory.put(X, BATCH_SIZE));
      backward(network.loss.gradient(tape, yHat, target, rowWeights));
      return network.loss.value(tape, yHat, target, rowWeights);
    });
    play(ROWS);
    memory.expectGuards();

    const value = reference.loss(loss);
    const row = ({ columns, data }: Table, r: number) => table(1, columns, (_, c) => data[r * columns + c]!);
    const lossOf = (weights: readonly number[]) => {
      const yHat = reference.forward(spec, weights, X);
      return w.reduce((sum, weight, r) => sum + weight * value(row(yHat, r), row(y, r)), 0) / ROWS;
    };
    expect(difference([result.value], [lossOf(weights)])).toBeLessThan(1e-6);
    expect(difference([...network.parameters.gradient.data], gradient(lossOf, weights)), "∂L/∂W").toBeLessThan(2e-6);
  });
});

/** The results of a recording that makes a matrix of another, element by element. */
function pointwise(inputs: readonly number[], recording: (tape: Tape, x: Matrix) => Matrix): number[] {
  const memory = new Memory();
  const x = memory.matrix(inputs.length, 1, true);
  const { result, play } = record(memory, inputs.length, (tape) => recording(tape, x));
  x.data.set(inputs);
  play(inputs.length);
  return [...result.data];
}

const grid = (from: number, to: number, steps: number) =>
  Array.from({ length: steps + 1 }, (_, i) => Math.fround(from + ((to - from) * i) / steps));

describe.each(titled(activationChoices))("the activation %s", (_, choice) => {
  const f = make(activations, choice);
  const derivative = (tape: Tape, x: Matrix) => f.derivative(tape, x, f.forward(tape, x));

  it("meets its formula and the formula's slope between −8 and 8", () => {
    const formula = reference.activation(choice);
    const h = 1e-3;
    const away = (x: number) => reference.corners(choice.name).every((corner) => Math.abs(x - corner) > 2 * h);
    const inputs = grid(-8, 8, 3000).filter(away);
    const y = pointwise(inputs, f.forward);
    const slope = pointwise(inputs, derivative);
    const isFormula = (x: number, i: number) => Math.abs(y[i]! - formula(x)) <= 3e-7 * Math.abs(formula(x));
    expect(inputs.filter((x, i) => !isFormula(x, i))).toEqual([]);
    const isSlope = (x: number, i: number) => Math.abs(slope[i]! - reference.derivative(formula, x, h)) < 1e-6;
    expect(inputs.filter((x, i) => !isSlope(x, i))).toEqual([]);
  });

  it("stays finite far out, and so does its slope", () => {
    const inputs = [-1e30, -1e4, -100, 100, 1e4, 1e30];
    expect(pointwise(inputs, f.forward).every(Number.isFinite)).toBe(true);
    expect(pointwise(inputs, derivative).every((slope) => Math.abs(slope) <= 1.1)).toBe(true);
  });
});

describe("at its corner, an activation has PyTorch's slope", () => {
  it.each([
    [{ name: "relu" }, 0],
    [{ name: "leakyRelu" }, 0.01],
    [{ name: "leakyRelu", slope: 0.2 }, 0.2],
    [{ name: "elu", alpha: 1.7 }, 1.7],
    [{ name: "selu" }, 1.0507009873554805 * 1.6732632423543772],
  ] as const)("%o: %d", (choice, slope) => {
    const f = make(activations, activationChoice.parse(choice));
    const slopes = pointwise([0, -0], (tape, x) => f.derivative(tape, x, f.forward(tape, x)));
    expect(slopes).toEqual([Math.fround(slope), Math.fround(slope)]);
  });
});

describe("at its corner, a loss has the slope", () => {
  const slope = (choice: LossChoice, error: number) =>
    pointwise([error], (tape, yHat) => make(losses, choice).gradient(tape, yHat, tape.multiply(yHat, 0)))[0]!;

  it("0 of mae, and 0 of huber at no error", () => {
    expect(slope(lossChoice.parse("mae"), 0)).toBe(0);
    expect(slope(lossChoice.parse("huber"), 0)).toBe(0);
  });

  it("±delta of huber, at delta and beyond", () => {
    const huber = lossChoice.parse({ name: "huber", delta: 0.5 });
    expect([0.5, -0.5, 0.75, -9].map((error) => slope(huber, error))).toEqual([0.5, -0.5, 0.5, -0.5]);
  });
});

it("large errors and confident outputs have finite losses", () => {
  for (const [, choice] of titled(lossChoices)) {
    const loss = make(losses, choice);
    for (const [outputs, label] of [
      [[1e4, -1e4], 1],
      [[-1e4, 1e4], 0],
    ] as const) {
      const memory = new Memory();
      const width = choice.name === "crossEntropy" ? 2 : 1;
      const yHat = memory.matrix(1, width);
      const y = memory.matrix(1, 1);
      yHat.data.set(outputs.slice(0, width));
      y.data.set([label]);
      const { result, play } = record(memory, 1, (tape) => ({
        value: loss.value(tape, yHat, y),
        gradient: loss.gradient(tape, yHat, y),
      }));
      play(1);
      expect(Number.isFinite(result.value.value), choice.name).toBe(true);
      expect([...result.gradient.data].every(Number.isFinite), choice.name).toBe(true);
    }
  }
});
