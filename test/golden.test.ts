import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Dataset } from "../src/data/dataset.js";
import { Memory } from "../src/engine/memory.js";
import { activationChoice } from "../src/model/activations.js";
import { lossChoice } from "../src/model/losses.js";
import { Network } from "../src/model/network.js";
import { fit } from "../src/train/fit.js";
import { Optimizer, optimizerChoice } from "../src/train/optimizers.js";
import { plainNetwork } from "./model/plain.js";

/** Recorded with PyTorch in float64: see golden/README.md. */
interface Golden {
  case: string;
  activation: string;
  loss: string;
  optimizer: {
    name: string;
    lr: number;
    momentum?: number;
    nesterov?: boolean;
    weight_decay?: number;
    betas?: number[];
  };
  batchSize: number;
  X: number[][];
  y: (number | number[])[];
  initial: Layer[];
  firstGradient: Layer[];
  epochLoss: number[];
  final: Layer[];
}
interface Layer {
  weight: number[][];
  bias: number[];
}

const folder = new URL("golden/", import.meta.url);
const cases = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name): Golden => JSON.parse(readFileSync(new URL(name, folder), "utf8")));

const camelCase = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
const flat = (layers: Layer[]) => layers.flatMap(({ weight, bias }) => [...weight.flat(), ...bias]);

function setUp(golden: Golden) {
  const memory = new Memory();
  const network = new Network(memory, {
    inputs: golden.X[0]!.length,
    hidden: golden.initial.slice(0, -1).map(({ bias }) => bias.length),
    outputs: golden.initial.at(-1)!.bias.length,
    ...plainNetwork,
    activation: activationChoice.parse(camelCase(golden.activation)),
    initializer: { name: "heNormal" },
    loss: lossChoice.parse(camelCase(golden.loss)),
  });
  network.weights = Float32Array.from(flat(golden.initial));

  const { name, lr, weight_decay, ...rest } = golden.optimizer;
  const choice = optimizerChoice.parse({
    name,
    learningRate: lr,
    ...rest,
    ...(weight_decay === undefined ? {} : { weightDecay: weight_decay }),
  });
  const y = golden.y.flat();
  const rows = Dataset.of(memory, golden.X.length, Float32Array.from(golden.X.flat()), Float32Array.from(y));
  const events = fit(network, rows, {
    epochs: golden.epochLoss.length,
    batchSize: golden.batchSize,
    optimizer: new Optimizer(memory, network.parameters, choice),
    weights: undefined,
    shuffle: undefined,
  });
  return { network, events };
}

/** The largest difference, relative to the largest number expected in the same tensor. */
function difference(actual: ArrayLike<number>, expected: Layer[]): number {
  let at = 0;
  let worst = 0;
  for (const tensor of expected.flatMap(({ weight, bias }) => [weight.flat(), bias])) {
    const scale = Math.max(...tensor.map(Math.abs));
    for (const value of tensor) worst = Math.max(worst, Math.abs(actual[at++]! - value) / scale);
  }
  expect(at).toBe(actual.length);
  return worst;
}

describe.each(cases.map((golden) => [golden.case, golden] as const))("PyTorch's trajectory %s", (_, golden) => {
  const tolerance = golden.optimizer.name === "sgd" ? 2e-5 : 1e-4;

  it("has the same first gradient", () => {
    const { network, events } = setUp(golden);
    events.next(); // an update
    expect(difference(network.parameters.gradient.data, golden.firstGradient)).toBeLessThan(tolerance);
  });

  it("has the same mean loss after every epoch and the same final weights", () => {
    const { network, events } = setUp(golden);
    const losses = [...events].flatMap((event) => (event.kind === "epoch" ? [event.loss] : []));
    expect(losses).toHaveLength(golden.epochLoss.length);
    for (const [epoch, loss] of losses.entries()) {
      expect(Math.abs(loss / golden.epochLoss[epoch]! - 1), `epoch ${epoch + 1}`).toBeLessThan(tolerance);
    }
    expect(difference(network.weights, golden.final)).toBeLessThan(tolerance);
  });
});
