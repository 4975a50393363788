import { tensorsOf } from "./parts.js";
import type { NetworkSpec } from "./spec.js";
import { sizeOf } from "./tensors.js";

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
