import { describe, expect, it } from "vitest";
import { Memory } from "../../src/engine/memory.js";
import { record } from "../../src/engine/tape.js";
import { Optimizer, type OptimizerChoice, optimizerChoice, optimizers } from "../../src/train/optimizers.js";
import { numbersFrom, uniformFrom } from "../engine/reference.js";

const SIZE = 13;
const STEPS = 50;

/** A weight after its updates by these gradients: the formulas of torch.optim, in double precision. */
type Formula = (weight: number, gradients: readonly number[]) => number;

function formula(choice: OptimizerChoice): Formula {
  switch (choice.name) {
    case "sgd":
      return sgd(choice);
    case "adam":
      return adam(choice);
    case "adamw":
      return adamw(choice);
    default:
      throw new Error(`no formula for the optimizer ${JSON.stringify(choice)}`);
  }
}

type OptionsOf<Name> = Extract<OptimizerChoice, { name: Name }>;

function sgd({ learningRate, momentum, nesterov, weightDecay }: OptionsOf<"sgd">): Formula {
  return (weight, gradients) => {
    let velocity = 0;
    for (const gradient of gradients) {
      const g = gradient + weightDecay * weight;
      velocity = momentum * velocity + g;
      weight -= learningRate * (nesterov ? g + momentum * velocity : velocity);
    }
    return weight;
  };
}

function adam({ learningRate, betas: [beta1, beta2], epsilon, weightDecay }: OptionsOf<"adam">): Formula {
  return (weight, gradients) => {
    let [m, v] = [0, 0];
    for (const [i, gradient] of gradients.entries()) {
      const g = gradient + weightDecay * weight;
      m = beta1 * m + (1 - beta1) * g;
      v = beta2 * v + (1 - beta2) * g * g;
      const mHat = m / (1 - beta1 ** (i + 1));
      const vHat = v / (1 - beta2 ** (i + 1));
      weight -= (learningRate * mHat) / (Math.sqrt(vHat) + epsilon);
    }
    return weight;
  };
}

/** Weight decay is a step of its own, ahead of one of Adam's. */
function adamw({ learningRate, betas: [beta1, beta2], epsilon, weightDecay }: OptionsOf<"adamw">): Formula {
  return (weight, gradients) => {
    let [m, v] = [0, 0];
    for (const [i, g] of gradients.entries()) {
      weight *= 1 - learningRate * weightDecay;
      m = beta1 * m + (1 - beta1) * g;
      v = beta2 * v + (1 - beta2) * g ** 2;
      const denominator = Math.sqrt(v) / Math.sqrt(1 - beta2 ** (i + 1)) + epsilon;
      weight -= (learningRate / (1 - beta1 ** (i + 1))) * (m / denominator);
    }
    return weight;
  };
}

/** Random weights, and STEPS gradients for each of them. */
function example() {
  const number = numbersFrom(1);
  const uniform = uniformFrom(2);
  const weights = Array.from({ length: SIZE }, () => Math.fround(2 * uniform() - 1));
  const gradients = weights.map(() => Array.from({ length: STEPS }, number));
  return { weights, gradients };
}

/** The weights after each update. */
function updated(choice: OptimizerChoice, weights: readonly number[], gradients: readonly number[][]): number[][] {
  const memory = new Memory();
  const parameter = { value: memory.matrix(1, weights.length), gradient: memory.matrix(1, weights.length) };
  const optimizer = new Optimizer(memory, parameter, choice);
  const { play } = record(memory, 1, (tape) => optimizer.update(tape, parameter));
  parameter.value.data.set(weights);
  return gradients[0]!.map((_, step) => {
    parameter.gradient.data.set(gradients.map((ofWeight) => ofWeight[step]!));
    optimizer.advance(0);
    play(1);
    return [...parameter.value.data];
  });
}

const choices = [
  ...Object.keys(optimizers).map((name) => ({ name })),
  { name: "sgd", learningRate: 0.01, momentum: 0.9 },
  { name: "sgd", learningRate: 0.01, momentum: 0.9, nesterov: true },
  { name: "sgd", learningRate: 0.01, weightDecay: 0.1 },
  { name: "sgd", learningRate: 0.01, momentum: 0.8, nesterov: true, weightDecay: 0.1 },
  { name: "adam", learningRate: 0.02 },
  { name: "adam", learningRate: 0.02, betas: [0.5, 0.9] },
  { name: "adam", learningRate: 0.02, betas: [0, 0] },
  { name: "adam", learningRate: 0.02, epsilon: 0.3 },
  { name: "adam", learningRate: 0.02, weightDecay: 0.1 },
  { name: "adamw", learningRate: 0.02, weightDecay: 0 },
  { name: "adamw", learningRate: 0.02, weightDecay: 0.5 },
  { name: "adamw", learningRate: 0.02, betas: [0.7, 0.99], epsilon: 0.01, weightDecay: 0.1 },
].map((given) => [JSON.stringify(given), optimizerChoice.parse(given)] as const);

describe.each(choices)("%s", (_, choice) => {
  it(`updates as PyTorch does, ${STEPS} times`, () => {
    const { weights, gradients } = example();
    const trajectory = updated(choice, weights, gradients);
    const follow = formula(choice);
    for (const [step, actual] of trajectory.entries()) {
      const expected = weights.map((weight, i) => follow(weight, gradients[i]!.slice(0, step + 1)));
      const scale = Math.max(...expected.map(Math.abs));
      const apart = Math.max(...expected.map((weight, i) => Math.abs(actual[i]! - weight)));
      expect(apart / scale, `update ${step + 1}`).toBeLessThan(1e-5);
    }
  });
});

it("sgd without options is W − α·∂L/∂W in float32, to the bit", () => {
  const { weights, gradients } = example();
  const alpha = Math.fround(0.1);
  const trajectory = updated(optimizerChoice.parse({ name: "sgd", learningRate: 0.1 }), weights, gradients);
  let expected = weights;
  for (const [step, actual] of trajectory.entries()) {
    expected = expected.map((weight, i) => Math.fround(weight - Math.fround(alpha * gradients[i]![step]!)));
    expect(actual).toEqual(expected);
  }
});

it("adam's first step is the learning rate against the gradient's sign, whatever its size", () => {
  const gradients = [[1e-4], [-1e-4], [1e4], [-1e4], [0]];
  const choice = optimizerChoice.parse({ name: "adam", learningRate: 0.125 });
  const [actual] = updated(choice, [0, 0, 0, 0, 0], gradients);
  for (const [i, step] of [-0.125, 0.125, -0.125, 0.125, 0].entries()) expect(actual![i]).toBeCloseTo(step, 4);
});

describe.each(choices)("%s, by a pace,", (_, choice) => {
  /** As if each weight had an optimizer of its own, with rates that differ from update to update. */
  it("takes each weight's own learning rate and decay, and changes both over time", () => {
    const { weights, gradients } = example();
    const factors = Float32Array.from(weights, (_, i) => [1, 0.125, 6][i % 3]!);
    const decays = Float32Array.from(weights, (_, i) => i % 2);
    const memory = new Memory();
    const parameter = { value: memory.matrix(1, SIZE), gradient: memory.matrix(1, SIZE) };
    const halved = (done: number) => 1 - done / 2;
    const pace = { factors, decays, learningRate: halved, weightDecay: (done: number) => 1 - done };
    const optimizer = new Optimizer(memory, parameter, choice, pace);
    const { play } = record(memory, 1, (tape) => optimizer.update(tape, parameter));
    parameter.value.data.set(weights);
    for (let step = 0; step < 2; step++) {
      parameter.gradient.data.set(gradients.map((ofWeight) => ofWeight[step]!));
      optimizer.advance(step === 0 ? 0 : 0.5);
      play(1);
    }
    for (const [i, weight] of weights.entries()) {
      // two steps by two constant optimizers would lose what the first remembers, so the formula is given both rates
      const rates = [1, 0.75].map((share) => choice.learningRate * share * factors[i]!);
      const λs = [1, 0.5].map((share) => choice.weightDecay * share * decays[i]!);
      expect(parameter.value.data[i], `weight ${i}`).toBeCloseTo(
        twoSteps(choice, weight, gradients[i]!.slice(0, 2), rates, λs),
        5,
      );
    }
  });
});

/** The formulas above with rates for each step. */
function twoSteps(
  choice: OptimizerChoice,
  weight: number,
  gradients: readonly number[],
  rates: readonly number[],
  λs: readonly number[],
): number {
  let [velocity, m, v] = [0, 0, 0];
  for (const [i, gradient] of gradients.entries()) {
    const g = gradient + (choice.name === "adamw" ? 0 : λs[i]! * weight);
    if (choice.name === "sgd") {
      velocity = choice.momentum * velocity + g;
      weight -= rates[i]! * (choice.nesterov ? g + choice.momentum * velocity : velocity);
      continue;
    }
    const [beta1, beta2] = choice.betas;
    if (choice.name === "adamw") weight *= 1 - rates[i]! * λs[i]!;
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * g ** 2;
    const denominator = Math.sqrt(v) / Math.sqrt(1 - beta2 ** (i + 1)) + choice.epsilon;
    weight -= (rates[i]! / (1 - beta1 ** (i + 1))) * (m / denominator);
  }
  return weight;
}
