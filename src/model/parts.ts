import type { Memory } from "../engine/memory.js";
import { make } from "../family.js";
import { activations } from "./activations.js";
import { columnWidths, inputTensors } from "./inputs.js";
import { Activation, Dense, Dropout, type Layer, type Parameter, ParametricActivation, Scaling } from "./layers.js";
import type { NetworkSpec } from "./spec.js";
import { Copies, Heads, SharedDense } from "./tabm.js";
import { sizeOf, type Tensor } from "./tensors.js";

/** A layer before it is made: its tensors, and what it is on parameters of these shapes. */
export interface Part {
  readonly tensors: readonly Tensor[];
  layer(parameters: readonly Parameter[], memory: Memory): Layer;
}

function part<const Tensors extends readonly Tensor[]>(
  tensors: Tensors,
  layer: (parameters: { [I in keyof Tensors]: Parameter }, memory: Memory) => Layer,
): Part {
  return { tensors, layer: layer as Part["layer"] }; // which is given one parameter for each tensor
}

/** The layers of a network, the first one first: what comes before them, the columns of the table, has a spec of its own. */
export function* partsOf(spec: NetworkSpec): Generator<Part> {
  const { inputs, hidden, tabm: k } = spec;
  const activation = make(activations, spec.activation);
  const each = k ? [k] : [];
  if (spec.scaling) {
    yield part([{ name: "scaling", kind: "scaling", shape: [inputs] }], ([s]) => new Scaling(s));
  }
  for (const [depth, from] of [inputs, ...hidden].entries()) {
    const isLast = depth === hidden.length;
    const to = hidden[depth] ?? spec.outputs;
    const c = spec.parametrization === "neuralTangent" ? 1 / Math.sqrt(from) : 1;
    const tensor = (name: string, kind: Tensor["kind"], ...shape: number[]) =>
      ({ name: `layers.${depth}.${name}`, kind, shape }) as const;
    const bias = tensor("bias", "bias", ...each, to);
    if (!k) {
      yield part([tensor("weight", "weight", to, from), bias], ([W, b]) => new Dense(W, b, c));
    } else {
      const r = tensor("r", "adapter", k, from);
      if (depth === 0) yield part([r], ([R]) => new Copies(R, k, inputsOf(spec)));
      else if (!isLast) yield part([r], ([R]) => new Scaling(R));
      yield isLast
        ? part([tensor("weight", "weight", k, to, from), bias], ([W, b]) => new Heads(W, b, c, k))
        : part([tensor("weight", "weight", to, from), bias, tensor("s", "adapter", k, to)], ([W, b, S]) => {
            return new SharedDense(W, b, S, c);
          });
    }
    if (isLast) return;
    yield spec.parametric
      ? part([{ name: `activations.${depth}.alpha`, kind: "activation", shape: [...each, to] }], ([alpha]) => {
          return new ParametricActivation(activation, alpha);
        })
      : part([], () => new Activation(activation));
    if (spec.dropout > 0) yield part([], (_, memory) => new Dropout(memory));
  }
}

/** How many inputs each column of the table becomes, and whether some are embedded numbers. */
function inputsOf({ inputs, input }: NetworkSpec) {
  return {
    widths: input ? columnWidths(input) : Array.from({ length: inputs }, () => 1),
    areEmbedded: input?.columns.some(({ kind }) => kind === "numericEmbedding") ?? false,
  };
}

/** The tensors of a network, in the order in which its weights lie in memory. */
export function tensorsOf(spec: NetworkSpec): Tensor[] {
  return [...(spec.input ? inputTensors(spec.input) : []), ...[...partsOf(spec)].flatMap(({ tensors }) => tensors)];
}

/** How many weights and biases a network has. */
export function countParameters(spec: NetworkSpec): number {
  return tensorsOf(spec).reduce((sum, tensor) => sum + sizeOf(tensor), 0);
}

/** About how many multiplications a prediction of a row takes: one a weight, and of shared ones one for each who shares it. */
export function multiplicationsOf(spec: NetworkSpec): number {
  const { tabm: k = 1 } = spec;
  return tensorsOf(spec).reduce((sum, tensor) => {
    const isShared = tensor.kind === "weight" && tensor.shape.length === 2;
    return sum + sizeOf(tensor) * (isShared ? k : 1);
  }, 0);
}
