import { z } from "zod";
import type { Matrix, Memory } from "../engine/memory.js";
import type { Random } from "../engine/random.js";
import type { Tape } from "../engine/tape.js";
import { make } from "../family.js";
import { activationChoice, activations } from "./activations.js";
import { initializerChoice, initializers } from "./initializers.js";
import {
  Activation,
  Dense,
  Dropout,
  type Layer,
  type Parameter,
  ParametricActivation,
  type Phase,
  Scaling,
} from "./layers.js";
import { type Loss, lossChoice, losses } from "./losses.js";

/** What a network is, weights aside: inputs → hidden layers, each with the activation → outputs → loss. */
export const networkSpec = z.strictObject({
  inputs: z.int().positive(),
  hidden: z.array(z.int().positive()),
  outputs: z.int().positive(),
  activation: activationChoice,
  /** the activation has a learned strength for each unit */
  parametric: z.boolean().default(false),
  /** a learned scale for each input comes first */
  scaling: z.boolean().default(false),
  /** of the layers' weights: as they are, or times 1/√inputs (Jacot et al., "Neural Tangent Kernel", 2018) */
  parametrization: z.enum(["standard", "neuralTangent"]).default("standard"),
  /** share of each hidden layer's outputs that is left out while it learns */
  dropout: z.number().min(0).lt(1).default(0),
  initializer: initializerChoice,
  loss: lossChoice,
});
export type NetworkSpec = z.output<typeof networkSpec>;
/** The same, with what a plain network does without left out. */
export type NetworkSettings = Pick<
  NetworkSpec,
  "inputs" | "hidden" | "outputs" | "activation" | "initializer" | "loss"
> &
  Partial<NetworkSpec>;
const plain = { parametric: false, scaling: false, parametrization: "standard", dropout: 0 } as const;

/** What a tensor of weights is for: learning rates differ by it. */
export type ParameterKind = "weight" | "bias" | "scaling" | "activation";

/** A tensor of weights, by the name it has in a model file. */
export interface Tensor {
  readonly name: string;
  readonly kind: ParameterKind;
  readonly shape: readonly number[];
}

/** The tensors of a network, in the order in which its weights lie in memory. */
export function tensorsOf(spec: Pick<NetworkSpec, "inputs" | "hidden" | "outputs"> & Partial<NetworkSpec>): Tensor[] {
  const widths = [spec.inputs, ...spec.hidden, spec.outputs];
  const tensors: Tensor[] = spec.scaling ? [{ name: "scaling", kind: "scaling", shape: [spec.inputs] }] : [];
  for (const [layer, inputs] of widths.slice(0, -1).entries()) {
    const outputs = widths[layer + 1]!;
    tensors.push({ name: `layers.${layer}.weight`, kind: "weight", shape: [outputs, inputs] });
    tensors.push({ name: `layers.${layer}.bias`, kind: "bias", shape: [outputs] });
    const isHidden = layer < spec.hidden.length;
    if (spec.parametric && isHidden) {
      tensors.push({ name: `activations.${layer}.alpha`, kind: "activation", shape: [outputs] });
    }
  }
  return tensors;
}

export function sizeOf({ shape }: Tensor): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** How many weights and biases a network has. */
export function countParameters(spec: Parameters<typeof tensorsOf>[0]): number {
  return tensorsOf(spec).reduce((sum, tensor) => sum + sizeOf(tensor), 0);
}

/** What a network is without the parametrization that only training needs. */
export function plainSpec(spec: NetworkSpec): NetworkSpec {
  return { ...spec, parametrization: "standard" };
}

/** How each tensor's weights work: times 1, or in neural-tangent parametrisation those of a layer times 1/√inputs. */
function* factorsOf(spec: NetworkSpec): Generator<{ start: number; end: number; factor: number }> {
  let end = 0;
  for (const tensor of tensorsOf(spec)) {
    const start = end;
    end += sizeOf(tensor);
    const scales = spec.parametrization === "neuralTangent" && tensor.kind === "weight";
    yield { start, end, factor: scales ? Math.fround(1 / Math.sqrt(tensor.shape[1]!)) : 1 };
  }
}

/** The weights of a network as they work, without the parametrization that only training needs. */
export function plainWeights(spec: NetworkSpec, weights: Float32Array): Float32Array {
  const plain = weights.slice();
  for (const { start, end, factor } of factorsOf(spec)) for (let i = start; i < end; i++) plain[i]! *= factor;
  return plain;
}

/** The reverse: weights to train on that work as plain ones do. */
export function trainableWeights(spec: NetworkSpec, plain: Float32Array): Float32Array {
  const weights = plain.slice();
  for (const { start, end, factor } of factorsOf(spec)) for (let i = start; i < end; i++) weights[i]! /= factor;
  return weights;
}

/** Dense layers with activations between them, and the loss as the last layer. */
export class Network {
  /** All weights and biases as one row, for the optimizer: the layers' own matrices are parts of it. */
  readonly parameters: Parameter;
  readonly tensors: readonly Tensor[];
  readonly dense: readonly Dense[];
  readonly dropouts: readonly Dropout[];
  readonly loss: Loss;
  private readonly layers: readonly Layer[];
  private hasWeights = false;

  readonly spec: NetworkSpec;

  constructor(
    readonly memory: Memory,
    settings: NetworkSettings,
  ) {
    const spec = { ...plain, ...settings };
    this.spec = spec;
    this.tensors = tensorsOf(spec);
    const size = countParameters(spec);
    this.parameters = { value: memory.matrix(1, size), gradient: memory.matrix(1, size) };
    this.loss = make(losses, spec.loss);
    this.layers = layersOf(memory, spec, partsOf(memory, this.parameters, this.tensors));
    this.dense = this.layers.filter((layer) => layer instanceof Dense);
    this.dropouts = this.layers.filter((layer) => layer instanceof Dropout);
  }

  /** Random weights by the spec's initializer, biases 0, scales 1; unless it was given weights already. */
  initialize(random: Random): void {
    if (this.hasWeights) return;
    const draw = make(initializers, this.spec.initializer);
    for (const { W, c } of this.dense) {
      const { rows: fanOut, columns: fanIn, data } = W.value;
      for (let i = 0; i < data.length; i++) data[i] = draw(random, fanIn, fanOut) / c;
    }
    for (const layer of this.layers) {
      if (layer instanceof Scaling) layer.s.value.data.fill(1);
      if (layer instanceof ParametricActivation) layer.alpha.value.data.fill(1);
    }
    this.hasWeights = true;
  }

  /** A copy of all weights and biases, tensor by tensor. */
  get weights(): Float32Array {
    return this.parameters.value.data.slice();
  }

  set weights(values: Float32Array) {
    this.parameters.value.data.set(values);
    this.hasWeights = true;
  }

  /** ŷ = f(X; W), before the loss's link   X [rows, inputs] → [rows, outputs] */
  forward(tape: Tape, X: Matrix, phase: Phase = "prediction"): Matrix {
    return this.layers.reduce((Y, layer) => layer.forward(tape, Y, phase), X);
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
    return this.loss.link(tape, this.forward(tape, X, "prediction"));
  }
}

/** The tensors as parts of the row of parameters, one after the other. */
function* partsOf(memory: Memory, { value, gradient }: Parameter, tensors: readonly Tensor[]): Generator<Parameter> {
  let taken = 0;
  for (const tensor of tensors) {
    const [rows, columns] = tensor.shape.length === 1 ? [1, tensor.shape[0]!] : [tensor.shape[0]!, tensor.shape[1]!];
    const part = ({ address }: Matrix) => memory.at(address + taken * 4, rows, columns);
    yield { value: part(value), gradient: part(gradient) };
    taken += sizeOf(tensor);
  }
}

/** The layers, each on its parts of the parameters, which come in the order of `tensorsOf`. */
function layersOf(memory: Memory, spec: NetworkSpec, parts: Generator<Parameter>): Layer[] {
  const next = () => parts.next().value as Parameter; // there are as many as the layers ask for
  const activation = make(activations, spec.activation);
  const layers: Layer[] = spec.scaling ? [new Scaling(next())] : [];
  for (const inputs of [spec.inputs, ...spec.hidden]) {
    layers.push(new Dense(next(), next(), spec.parametrization === "neuralTangent" ? 1 / Math.sqrt(inputs) : 1));
    const isLast = layers.filter((layer) => layer instanceof Dense).length > spec.hidden.length;
    if (isLast) break;
    layers.push(spec.parametric ? new ParametricActivation(activation, next()) : new Activation(activation));
    if (spec.dropout > 0) layers.push(new Dropout(memory));
  }
  return layers;
}
