import * as z from "zod";
import type { Matrix, Memory } from "../engine/memory.js";
import type { Random } from "../engine/random.js";
import type { Tape } from "../engine/tape.js";
import { choiceOf, make } from "../family.js";
import { activations } from "./activations.js";
import { initializerChoice, initializers } from "./initializers.js";
import { InputLayer } from "./inputLayer.js";
import { columnWidths, inputSpec, inputTensors } from "./inputs.js";
import {
  Activation,
  Dense,
  DenseLayer,
  Dropout,
  type Layer,
  type Parameter,
  ParametricActivation,
  type Phase,
  Scaling,
} from "./layers.js";
import { type Loss, lossChoice, losses } from "./losses.js";
import { observer, type TrainingRows } from "./observe.js";
import { MOST_NETWORKS } from "./options.js";
import { Copies, Heads, meanLoss, SharedDense } from "./tabm.js";
import { sizeOf, type Tensor } from "./tensors.js";

export { type ParameterKind, sizeOf, type Tensor } from "./tensors.js";

/** What a network is, weights aside: inputs → hidden layers, each with the activation → outputs → loss. */
export const networkSpec = z.strictObject({
  inputs: z.int().positive(),
  /** how the columns of X become these inputs, where they are not they */
  input: inputSpec.optional(),
  hidden: z.array(z.int().positive()),
  outputs: z.int().positive(),
  /** so many networks share the weights (tabm.ts); a single one, where nothing is said */
  tabm: z.int().min(2).max(MOST_NETWORKS).optional(),
  activation: choiceOf(activations),
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

/** The tensors of a network, in the order in which its weights lie in memory. */
export function tensorsOf(spec: Pick<NetworkSpec, "inputs" | "hidden" | "outputs"> & Partial<NetworkSpec>): Tensor[] {
  const widths = [spec.inputs, ...spec.hidden, spec.outputs];
  const tensors: Tensor[] = spec.input ? inputTensors(spec.input) : [];
  const each = spec.tabm ? [spec.tabm] : [];
  if (spec.scaling) tensors.push({ name: "scaling", kind: "scaling", shape: [spec.inputs] });
  for (const [layer, inputs] of widths.slice(0, -1).entries()) {
    const outputs = widths[layer + 1]!;
    const isHidden = layer < spec.hidden.length;
    const name = `layers.${layer}`;
    if (spec.tabm && (isHidden || layer === 0)) {
      tensors.push({ name: `${name}.r`, kind: "adapter", shape: [...each, inputs] });
    }
    tensors.push({ name: `${name}.weight`, kind: "weight", shape: [...(isHidden ? [] : each), outputs, inputs] });
    tensors.push({ name: `${name}.bias`, kind: "bias", shape: [...each, outputs] });
    if (spec.tabm && isHidden) tensors.push({ name: `${name}.s`, kind: "adapter", shape: [...each, outputs] });
    if (spec.parametric && isHidden) {
      tensors.push({ name: `activations.${layer}.alpha`, kind: "activation", shape: [...each, outputs] });
    }
  }
  return tensors;
}

/** How many weights and biases a network has. */
export function countParameters(spec: Parameters<typeof tensorsOf>[0]): number {
  return tensorsOf(spec).reduce((sum, tensor) => sum + sizeOf(tensor), 0);
}

/** About how many multiplications a prediction of a row takes: one a weight, and of shared ones one for each who shares it. */
export function multiplicationsOf(spec: Parameters<typeof tensorsOf>[0]): number {
  const { tabm: k = 1 } = spec;
  return tensorsOf(spec).reduce((sum, tensor) => {
    const isShared = tensor.kind === "weight" && tensor.shape.length === 2;
    return sum + sizeOf(tensor) * (isShared ? k : 1);
  }, 0);
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
    yield { start, end, factor: scales ? Math.fround(1 / Math.sqrt(tensor.shape.at(-1)!)) : 1 };
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
  readonly dense: readonly DenseLayer[];
  readonly dropouts: readonly Dropout[];
  readonly loss: Loss;
  /** comes before the layers, where X is not what the first one is given */
  readonly input: InputLayer | undefined;
  private readonly layers: readonly Layer[];

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
    const loss = make(losses, spec.loss);
    this.loss = spec.tabm ? meanLoss(loss, spec.tabm) : loss;
    const parts = partsOf(memory, this.parameters, this.tensors);
    const next = () => parts.next().value as Parameter; // there are as many as are asked for
    this.input = spec.input && new InputLayer(memory, spec.input, next);
    this.layers = layersOf(memory, spec, next);
    this.dense = this.layers.filter((layer) => layer instanceof DenseLayer);
    this.dropouts = this.layers.filter((layer) => layer instanceof Dropout);
  }

  /** Weights by the spec's initializer, which may look at training rows; scales 1. */
  initialize(random: Random, rows?: TrainingRows): void {
    this.input?.initialize(random);
    for (const layer of this.layers) {
      if (layer instanceof Scaling) layer.s.value.data.fill(1);
      if (layer instanceof ParametricActivation) layer.alpha.value.data.fill(1);
      if (layer instanceof SharedDense) layer.S.value.data.fill(1);
      if (layer instanceof Copies) this.initializeCopies(layer, random);
    }
    const start = make(initializers, this.spec.initializer);
    let observe: ReturnType<typeof observer> | undefined;
    for (const [depth, layer] of this.dense.entries()) {
      const { W, b, c, fanOut } = layer;
      const outputs = () => {
        if (!rows) throw new Error(`${this.spec.initializer.name} has to see training rows`);
        observe ??= observer(this.memory, rows, {
          input: this.input,
          layers: this.layers,
          copies: this.spec.tabm ?? 1,
        });
        return observe(layer);
      };
      const isLast = depth === this.dense.length - 1;
      start({ W: W.value, b: b.value, c, fanIn: W.value.columns, fanOut, isLast, outputs }, random);
      repeat(b.value.data, W.value.rows);
    }
  }

  private initializeCopies(copies: Copies, random: Random): void {
    const { input, inputs } = this.spec;
    const widths = input ? columnWidths(input) : Array.from({ length: inputs }, () => 1);
    copies.initialize(random, widths, input?.columns.some(({ kind }) => kind === "embedded") ?? false);
  }

  /** A copy of all weights and biases, tensor by tensor. */
  get weights(): Float32Array {
    return this.parameters.value.data.slice();
  }

  set weights(values: Float32Array) {
    this.parameters.value.data.set(values);
  }

  /** ŷ = f(X; W), before the loss's inverse link   X [rows, columns] → [rows, outputs] */
  forward(tape: Tape, X: Matrix, phase: Phase = "prediction"): Matrix {
    const inputs = this.input ? this.input.forward(tape, X, phase) : X;
    return this.layers.reduce((Y, layer) => layer.forward(tape, Y, phase), inputs);
  }

  /** From dŷ = ∂L/∂ŷ, ∂L/∂W of every layer, the last layer first. Returns ∂L/∂Y of the first layer's Y. */
  backward(tape: Tape, dYHat: Matrix): Matrix {
    const dY = this.layers.reduceRight((dY, layer, depth) => {
      layer.backwardParameters(tape, dY);
      return depth === 0 ? dY : layer.backwardInput(tape, dY);
    }, dYHat);
    if (this.input?.hasParameters) this.input.backwardParameters(tape, this.backwardInput(tape, dY));
    return dY;
  }

  /** ∂L/∂ the first layer's inputs, from what `backward` returned. Only learned inputs have need of it. */
  backwardInput(tape: Tape, dY: Matrix): Matrix {
    return this.layers[0]!.backwardInput(tape, dY);
  }

  /** Predictions: scaled targets, or probabilities   X [rows, columns] → [rows, outputs] */
  predict(tape: Tape, X: Matrix): Matrix {
    return this.loss.inverseLink(tape, this.forward(tape, X, "prediction"));
  }
}

/** The first so many values again and again, to the end. */
function repeat(values: Float32Array, count: number): void {
  for (let i = count; i < values.length; i++) values[i] = values[i - count]!;
}

/** The tensors as parts of the row of parameters, one after the other. */
function* partsOf(memory: Memory, { value, gradient }: Parameter, tensors: readonly Tensor[]): Generator<Parameter> {
  let taken = 0;
  for (const tensor of tensors) {
    const isRow = ["bias", "activation", "scaling", "adapter"].includes(tensor.kind); // of all networks, where several share weights
    const columns = isRow ? sizeOf(tensor) : tensor.shape.at(-1)!;
    const rows = sizeOf(tensor) / columns;
    const part = ({ address }: Matrix) => memory.at(address + taken * 4, rows, columns);
    yield { value: part(value), gradient: part(gradient) };
    taken += sizeOf(tensor);
  }
}

/** The layers, each on its parts of the parameters, which come in the order of `tensorsOf`. */
function layersOf(memory: Memory, spec: NetworkSpec, next: () => Parameter): Layer[] {
  const activation = make(activations, spec.activation);
  const { tabm: k, hidden } = spec;
  const layers: Layer[] = spec.scaling ? [new Scaling(next())] : [];
  for (const [depth, inputs] of [spec.inputs, ...hidden].entries()) {
    const c = spec.parametrization === "neuralTangent" ? 1 / Math.sqrt(inputs) : 1;
    const isLast = depth === hidden.length;
    if (!k) layers.push(new Dense(next(), next(), c));
    else {
      if (depth === 0) layers.push(new Copies(next(), k));
      else if (!isLast) layers.push(new Scaling(next()));
      const [W, b] = [next(), next()];
      layers.push(isLast ? new Heads(W, b, c, k) : new SharedDense(W, b, next(), c));
    }
    if (isLast) break;
    layers.push(spec.parametric ? new ParametricActivation(activation, next()) : new Activation(activation));
    if (spec.dropout > 0) layers.push(new Dropout(memory));
  }
  return layers;
}
