import { z } from "zod";
import type { Matrix, Memory } from "../engine/memory.js";
import type { Random } from "../engine/random.js";
import type { Tape } from "../engine/tape.js";
import { make } from "../family.js";
import { activationChoice, activations } from "./activations.js";
import { initializerChoice, initializers } from "./initializers.js";
import { Activation, Dense, type Layer, type Parameter } from "./layers.js";
import { type Loss, lossChoice, losses } from "./losses.js";

/** What a network is, weights aside: inputs → hidden layers, each with the activation → outputs → loss. */
export const networkSpec = z.strictObject({
  inputs: z.int().positive(),
  hidden: z.array(z.int().positive()),
  outputs: z.int().positive(),
  activation: activationChoice,
  initializer: initializerChoice,
  loss: lossChoice,
});
export type NetworkSpec = z.output<typeof networkSpec>;

/** How many weights and biases a network has. */
export function countParameters({
  inputs,
  hidden,
  outputs,
}: Pick<NetworkSpec, "inputs" | "hidden" | "outputs">): number {
  const widths = [inputs, ...hidden, outputs];
  return widths.slice(1).reduce((sum, width, layer) => sum + width * (widths[layer]! + 1), 0);
}

/** Dense layers with activations between them, and the loss as the last layer. */
export class Network {
  /** All weights and biases as one row, for the optimizer: the dense layers' own matrices are parts of it. */
  readonly parameters: Parameter;
  readonly dense: readonly Dense[];
  readonly loss: Loss;
  private readonly layers: readonly Layer[];
  private hasWeights = false;

  constructor(
    readonly memory: Memory,
    readonly spec: NetworkSpec,
  ) {
    const size = countParameters(spec);
    this.parameters = { value: memory.matrix(1, size), gradient: memory.matrix(1, size) };
    this.loss = make(losses, spec.loss);
    this.dense = denseLayers(memory, spec, this.parameters);
    const activation = make(activations, spec.activation);
    this.layers = this.dense.flatMap((dense, depth) => (depth === 0 ? [dense] : [new Activation(activation), dense]));
  }

  /** Random weights by the spec's initializer and biases 0, unless it was given weights already. */
  initialize(random: Random): void {
    if (this.hasWeights) return;
    const draw = make(initializers, this.spec.initializer);
    for (const { W } of this.dense) {
      const { rows: fanOut, columns: fanIn, data } = W.value;
      for (let i = 0; i < data.length; i++) data[i] = draw(random, fanIn, fanOut);
    }
    this.hasWeights = true;
  }

  /** A copy of all weights and biases: W₁ (by rows), b₁, W₂, b₂, … */
  get weights(): Float32Array {
    return this.parameters.value.data.slice();
  }

  set weights(values: Float32Array) {
    this.parameters.value.data.set(values);
    this.hasWeights = true;
  }

  /** ŷ = f(X; W), before the loss's link   X [rows, inputs] → [rows, outputs] */
  forward(tape: Tape, X: Matrix): Matrix {
    return this.layers.reduce((Y, layer) => layer.forward(tape, Y), X);
  }

  /** From dŷ = ∂L/∂ŷ, ∂L/∂W of every layer, the last layer first. Returns what the first layer was given. */
  backward(tape: Tape, dYHat: Matrix): Matrix {
    return this.layers.reduceRight((dY, layer, depth) => {
      layer.backwardParameters(tape, dY);
      return depth === 0 ? dY : layer.backwardInput(tape, dY);
    }, dYHat);
  }

  /** ∂L/∂X of the inputs, from what `backward` returned. Training has no need of it. */
  backwardInput(tape: Tape, dY: Matrix): Matrix {
    return this.layers[0]!.backwardInput(tape, dY);
  }

  /** Predictions: scaled targets, or probabilities   X [rows, inputs] → [rows, outputs] */
  predict(tape: Tape, X: Matrix): Matrix {
    return this.loss.link(tape, this.forward(tape, X));
  }
}

/** The dense layers, each on its part of the parameters. */
function denseLayers(memory: Memory, { inputs, hidden, outputs }: NetworkSpec, parameters: Parameter): Dense[] {
  let taken = 0;
  const take = (rows: number, columns: number): Parameter => {
    const part = ({ address }: Matrix) => memory.at(address + taken * 4, rows, columns);
    const parameter = { value: part(parameters.value), gradient: part(parameters.gradient) };
    taken += rows * columns;
    return parameter;
  };
  const widths = [inputs, ...hidden, outputs];
  return widths.slice(1).map((width, layer) => new Dense(take(width, widths[layer]!), take(1, width)));
}
