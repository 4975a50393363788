import type { Random } from "../engine/random.js";
import { choiceOf, type Member, none } from "../family.js";

/** Draws one weight of a layer with `fanIn` inputs and `fanOut` outputs. */
export type Initializer = (random: Random, fanIn: number, fanOut: number) => number;

const normal = (
  about: string,
  variance: (fanIn: number, fanOut: number) => number,
): Member<typeof none, Initializer> => ({
  about,
  options: none,
  with: () => (random, fanIn, fanOut) => random.normal() * Math.sqrt(variance(fanIn, fanOut)),
});

/** U(−a, a) has variance a²/3. */
const uniform = (
  about: string,
  variance: (fanIn: number, fanOut: number) => number,
): Member<typeof none, Initializer> => ({
  about,
  options: none,
  with: () => (random, fanIn, fanOut) => (2 * random.uniform() - 1) * Math.sqrt(3 * variance(fanIn, fanOut)),
});

const he = (fanIn: number) => 2 / fanIn;
const glorot = (fanIn: number, fanOut: number) => 2 / (fanIn + fanOut);
const lecun = (fanIn: number) => 1 / fanIn;

/** Initial weights by the variance they have; biases start at 0. */
export const initializers = {
  heNormal: normal("normal, variance 2/inputs: for ReLU and its kin (He et al., 2015)", he),
  heUniform: uniform("uniform, variance 2/inputs", he),
  glorotNormal: normal("normal, variance 2/(inputs + outputs)", glorot),
  glorotUniform: uniform(
    "uniform, variance 2/(inputs + outputs): for tanh and sigmoid (Glorot and Bengio, 2010)",
    glorot,
  ),
  lecunNormal: normal("normal, variance 1/inputs: for SELU (LeCun et al., 1998)", lecun),
  lecunUniform: uniform("uniform, variance 1/inputs", lecun),
};

export type InitializerName = keyof typeof initializers;
export const initializerChoice = choiceOf(initializers);
