/** What a tensor of weights is for: learning rates differ by it. */
export type ParameterKind =
  | "weight"
  | "bias"
  | "scaling"
  | "activation"
  | "categoryEmbedding"
  | "numericEmbedding"
  | "adapter";

/** A tensor of weights, by the name it has in a model file. */
export interface Tensor {
  readonly name: string;
  readonly kind: ParameterKind;
  readonly shape: readonly number[];
}

export function sizeOf({ shape }: Tensor): number {
  return shape.reduce((product, side) => product * side, 1);
}
