import type { Matrix, Memory } from "../engine/memory.js";
import type { Random } from "../engine/random.js";
import type { Tape } from "../engine/tape.js";
import { make } from "../family.js";
import { initializers } from "./initializers.js";
import { InputLayer } from "./inputLayer.js";
import { DenseLayer, Dropout, type Layer, type Parameter, type Pass, type Phase } from "./layers.js";
import { type Loss, losses } from "./losses.js";
import { observer, type TrainingRows } from "./observe.js";
import { countParameters, partsOf, tensorsOf } from "./parts.js";
import type { NetworkSpec } from "./spec.js";
import { meanLoss } from "./tabm.js";
import { sizeOf, type Tensor } from "./tensors.js";

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

  constructor(
    readonly memory: Memory,
    readonly spec: NetworkSpec,
  ) {
    this.tensors = tensorsOf(spec);
    const size = countParameters(spec);
    this.parameters = { value: memory.matrix(1, size), gradient: memory.matrix(1, size) };
    const loss = make(losses, spec.loss);
    this.loss = spec.tabm ? meanLoss(loss, spec.tabm) : loss;
    const parameters = slicesOf(memory, this.parameters, this.tensors);
    const next = () => parameters.next().value as Parameter; // there are as many as are asked for
    this.input = spec.input && new InputLayer(memory, spec.input, next);
    this.layers = [...partsOf(spec)].map((part) => part.layer(part.tensors.map(next), memory));
    this.dense = this.layers.filter((layer) => layer instanceof DenseLayer);
    this.dropouts = this.layers.filter((layer) => layer instanceof Dropout);
  }

  /** Weights by the spec's initializer, which may look at training rows; scales 1. */
  initialize(random: Random, rows?: TrainingRows): void {
    this.input?.initialize(random);
    for (const layer of this.layers) layer.initialize?.(random);
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

  /** A copy of all weights and biases, tensor by tensor. */
  get weights(): Float32Array {
    return this.parameters.value.data.slice();
  }

  set weights(values: Float32Array) {
    this.parameters.value.data.set(values);
  }

  /**
   * Y is ŷ = f(X; W), before the loss's inverse link; backward makes of dŷ = ∂L/∂ŷ each ∂L/∂W, the last layer's first, and
   * what it returns ∂L/∂ the first layer's X.   X [rows, columns] → [rows, outputs]
   */
  forward(tape: Tape, X: Matrix, phase: Phase = "prediction"): Pass {
    const input = this.input?.forward(tape, X, phase);
    const passes: Pass[] = [];
    for (const layer of this.layers) passes.push(layer.forward(tape, passes.at(-1)?.Y ?? input?.Y ?? X, phase));
    return {
      Y: passes.at(-1)!.Y, // there is one layer at least
      backward: (dYHat) => {
        const dX = passes.reduceRight(
          (dY, pass) => pass.backward(dY()),
          () => dYHat,
        );
        input?.backward?.(dX());
        return dX;
      },
    };
  }

  /** Predictions: scaled targets, or probabilities   X [rows, columns] → [rows, outputs] */
  predict(tape: Tape, X: Matrix): Matrix {
    return this.loss.inverseLink(tape, this.forward(tape, X).Y);
  }
}

/** The first so many values again and again, to the end. */
function repeat(values: Float32Array, count: number): void {
  for (let i = count; i < values.length; i++) values[i] = values[i - count]!;
}

/** The tensors as parts of the row of parameters, one after the other. */
function* slicesOf(memory: Memory, { value, gradient }: Parameter, tensors: readonly Tensor[]): Generator<Parameter> {
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
