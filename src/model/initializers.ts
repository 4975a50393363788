import type { Matrix } from "../engine/memory.js";
import type { Random } from "../engine/random.js";
import { log } from "../engine/scalar.js";
import { choiceOf, type FamilyMember, none } from "../family.js";

/** A dense layer that is to begin: Z = X·Wᵀ·c + b, all weights 0. */
export interface Start {
  /** [out, in] */
  readonly W: Matrix;
  /** [1, out] */
  readonly b: Matrix;
  readonly c: number;
  readonly fanIn: number;
  readonly fanOut: number;
  readonly isLast: boolean;
  /** Z of some training rows, with the weights as they are now and all layers before it begun   [rows, W's rows] */
  outputs(): Float32Array;
}

/** Sets the first weights of a layer. */
export type Initializer = (layer: Start, random: Random) => void;

/** Draws each weight; biases stay 0. */
const drawn =
  (draw: (random: Random, fanIn: number, fanOut: number) => number): Initializer =>
  ({ W, c, fanIn, fanOut }, random) => {
    const { data } = W;
    for (let i = 0; i < data.length; i++) data[i] = draw(random, fanIn, fanOut) / c;
  };

const normal = (
  about: string,
  variance: (fanIn: number, fanOut: number) => number,
): FamilyMember<typeof none, Initializer> => ({
  about,
  options: none,
  with: () => drawn((random, fanIn, fanOut) => random.normal() * Math.sqrt(variance(fanIn, fanOut))),
});

/** U(−a, a) has variance a²/3. */
const uniform = (
  about: string,
  variance: (fanIn: number, fanOut: number) => number,
): FamilyMember<typeof none, Initializer> => ({
  about,
  options: none,
  with: () => drawn((random, fanIn, fanOut) => (2 * random.uniform() - 1) * Math.sqrt(3 * variance(fanIn, fanOut))),
});

const he = (fanIn: number) => 2 / fanIn;
const glorot = (fanIn: number, fanOut: number) => 2 / (fanIn + fanOut);
const lecun = (fanIn: number) => 1 / fanIn;

/** Initial weights by the variance they have, biases 0; or by what RealMLP does (Holzmüller et al., 2024). */
export const initializers = {
  heNormal: normal("normal, variance 2/inputs: for ReLU and its variants (He et al., 2015)", he),
  heUniform: uniform("uniform, variance 2/inputs", he),
  glorotNormal: normal("normal, variance 2/(inputs + outputs)", glorot),
  glorotUniform: uniform(
    "uniform, variance 2/(inputs + outputs): for tanh and sigmoid (Glorot and Bengio, 2010)",
    glorot,
  ),
  lecunNormal: normal("normal, variance 1/inputs: for SELU (LeCun et al., 1998)", lecun),
  lecunUniform: uniform("uniform, variance 1/inputs", lecun),

  dataDriven: {
    about:
      "normal, scaled so that each unit has standard deviation 1 over the training rows; biases put its zero among them (RealMLP)",
    options: none,
    with: () => dataDriven,
  } satisfies FamilyMember<typeof none, Initializer>,

  zeroOutput: {
    about: "normal, variance 1/inputs; biases normal, variance 1; last layer all 0 (RealMLP-TD-S)",
    options: none,
    with: () => (layer, random) => {
      if (layer.isLast) return;
      drawn((random, fanIn) => random.normal() * Math.sqrt(lecun(fanIn)))(layer, random);
      const b = layer.b.data;
      for (let j = 0; j < b.length; j++) b[j] = random.normal();
    },
  } satisfies FamilyMember<typeof none, Initializer>,
};

export type InitializerName = keyof typeof initializers;
export const initializerChoice = choiceOf(initializers);

/** A unit that varies less over the rows is the same for all of them. */
const EPSILON = 1e-6;
/** A unit's zero lies within so many training rows. */
const ROWS_OF_A_BIAS = 5;

/**
 * W ~ N(0, 1), each unit's weights divided by the deviation of its output z over the training rows. Then
 * b = −Σ λᵢzᵢ over 5 random rows, λ = Exp(1)/Σ Exp(1): the unit's zero lies within the data.
 */
function dataDriven(layer: Start, random: Random): void {
  const { columns: fanIn, rows: units } = layer.W;
  const [W, b] = [layer.W.data, layer.b.data];
  for (let i = 0; i < W.length; i++) W[i] = random.normal();
  const Z = layer.outputs();
  const rows = Z.length / units;
  for (let unit = 0; unit < units; unit++) {
    const deviation = deviationOf(Z, unit, units);
    const divisor = deviation > EPSILON ? deviation + EPSILON : 1; // without a deviation it stays as it was drawn
    for (let i = unit * fanIn; i < (unit + 1) * fanIn; i++) W[i] = W[i]! / divisor;

    let sum = 0;
    let total = 0;
    for (let k = 0; k < ROWS_OF_A_BIAS; k++) {
      const z = Z[random.below(rows) * units + unit]! / divisor;
      const weight = -log(1 - random.uniform());
      sum += weight * z;
      total += weight;
    }
    b[unit] = total > 0 ? -sum / total : 0;
  }
}

/** Of one column of Z   Z [rows, columns] */
function deviationOf(Z: Float32Array, column: number, columns: number): number {
  const rows = Z.length / columns;
  let sum = 0;
  for (let at = column; at < Z.length; at += columns) sum += Z[at]!;
  const mean = sum / rows;
  let squares = 0;
  for (let at = column; at < Z.length; at += columns) squares += (Z[at]! - mean) ** 2;
  return Math.sqrt(squares / rows);
}
