import * as z from "zod";
import type { Matrix } from "../engine/memory.js";
import type { Tape } from "../engine/tape.js";
import { type Choice, choiceOf, type FamilyMember, none } from "../family.js";
import type { InitializerName } from "./initializers.js";

export interface ActivationFunction {
  /** y = f(x) */
  forward(tape: Tape, x: Matrix): Matrix;
  /** f′(x), given x and y = f(x) */
  derivative(tape: Tape, x: Matrix, y: Matrix): Matrix;
  /** The initial weights that keep a signal's size through layers of this activation. */
  readonly initializer: InitializerName;
}

/** A formula and its derivative, in operations of the tape. */
function activation<O extends z.ZodObject>(definition: {
  about: string;
  options: O;
  initializer: InitializerName;
  forward(tape: Tape, x: Matrix, options: z.output<O>): Matrix;
  derivative(tape: Tape, x: Matrix, y: Matrix, options: z.output<O>): Matrix;
}): FamilyMember<O, ActivationFunction> {
  const { about, options, initializer, forward, derivative } = definition;
  return {
    about,
    options,
    with: (chosen) => ({
      initializer,
      forward: (tape, x) => forward(tape, x, chosen),
      derivative: (tape, x, y) => derivative(tape, x, y, chosen),
    }),
  };
}

/** Klambauer et al., "Self-Normalizing Neural Networks" (2017) */
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

/** Beyond this, tanh(softplus(x)) is 1 for a float32, and eˣ squared is far from its limits. */
const MISH_LINEAR = 20;

function mishTerms(tape: Tape, x: Matrix) {
  const bounded = tape.minimum(x, MISH_LINEAR);
  const e = tape.exp(bounded);
  const n = tape.multiply(e, tape.add(e, 2));
  const n2 = tape.add(n, 2);
  return { bounded, e, n2, t: tape.divide(n, n2) };
}

export const activations = {
  identity: activation({
    about: "x: no activation; the network stays linear",
    options: none,
    initializer: "glorotUniform",
    forward: (_, x) => x,
    derivative: (tape, x) => tape.add(tape.multiply(x, 0), 1),
  }),

  relu: activation({
    about: "max(x, 0): fast, the usual choice",
    options: none,
    initializer: "heNormal",
    forward: (tape, x) => tape.maximum(x, 0),
    derivative: (tape, x) => tape.greater(x, 0),
  }),

  leakyRelu: activation({
    about: "x above zero, slope·x below: units keep a gradient below zero",
    options: z.strictObject({ slope: z.number().min(0).max(1).default(0.01).describe("slope below zero") }),
    initializer: "heNormal",
    forward: (tape, x, { slope }) => tape.select(tape.greater(x, 0), x, tape.multiply(x, slope)),
    derivative: (tape, x, _, { slope }) => tape.select(tape.greater(x, 0), 1, slope),
  }),

  elu: activation({
    about: "x above zero, alpha·(eˣ − 1) below: smooth, mean output near zero",
    options: z.strictObject({
      alpha: z.number().positive().default(1).describe("the output tends to −alpha far below zero"),
    }),
    initializer: "heNormal",
    forward: (tape, x, { alpha }) =>
      tape.select(tape.greater(x, 0), x, tape.multiply(tape.expm1(tape.minimum(x, 0)), alpha)),
    derivative: (tape, x, y, { alpha }) => tape.select(tape.greater(x, 0), 1, tape.add(y, alpha)), // α·eˣ = y + α
  }),

  selu: activation({
    about: "an ELU scaled so that deep networks keep mean 0 and variance 1 from layer to layer",
    options: none,
    initializer: "lecunNormal",
    forward: (tape, x) =>
      tape.select(
        tape.greater(x, 0),
        tape.multiply(x, SELU_SCALE),
        tape.multiply(tape.expm1(tape.minimum(x, 0)), SELU_SCALE * SELU_ALPHA),
      ),
    derivative: (tape, x, y) => tape.select(tape.greater(x, 0), SELU_SCALE, tape.add(y, SELU_SCALE * SELU_ALPHA)),
  }),

  gelu: activation({
    about: "x·Φ(x), Φ the normal distribution function (exact form): smooth, common in transformers",
    options: none,
    initializer: "heNormal",
    forward: (tape, x) => tape.multiply(x, tape.normalCdf(x)),
    derivative: (tape, x) => tape.add(tape.normalCdf(x), tape.multiply(x, tape.normalPdf(x))), // Φ(x) + x·φ(x)
  }),

  silu: activation({
    about: "x·σ(x), also called swish: smooth, close to GELU and cheaper",
    options: none,
    initializer: "heNormal",
    forward: (tape, x) => tape.multiply(x, tape.sigmoid(x)),
    derivative: (tape, x, y) => {
      const s = tape.sigmoid(x);
      return tape.add(s, tape.multiply(y, tape.subtract(1, s))); // σ + xσ(1 − σ)
    },
  }),

  mish: activation({
    about: "x·tanh(softplus(x)): smooth, often best for regression",
    options: none,
    initializer: "heNormal",
    // with e = eˣ and n = (1 + e)² − 1 = e·(e + 2):  tanh(log(1 + e)) = n / (n + 2)
    forward: (tape, x) => {
      const { t } = mishTerms(tape, x);
      return tape.multiply(x, t);
    },
    // t + x·σ(x)·(1 − t²) = t + 4x·e·(1 + e) / (n + 2)²
    derivative: (tape, x) => {
      const { bounded, e, n2, t } = mishTerms(tape, x);
      const rest = tape.divide(tape.multiply(e, tape.add(e, 1)), tape.square(n2));
      return tape.add(t, tape.multiply(tape.multiply(bounded, 4), rest));
    },
  }),

  tanh: activation({
    about: "tanh(x): between −1 and 1; saturates far from zero",
    options: none,
    initializer: "glorotUniform",
    forward: (tape, x) => tape.tanh(x),
    derivative: (tape, _, y) => tape.subtract(1, tape.square(y)),
  }),

  sigmoid: activation({
    about: "σ(x) = 1 / (1 + e⁻ˣ): between 0 and 1; saturates far from zero",
    options: none,
    initializer: "glorotUniform",
    forward: (tape, x) => tape.sigmoid(x),
    derivative: (tape, _, y) => tape.multiply(y, tape.subtract(1, y)),
  }),

  softplus: activation({
    about: "log(1 + eˣ): a smooth ReLU, always positive",
    options: none,
    initializer: "heNormal",
    forward: (tape, x) => tape.softplus(x),
    derivative: (tape, x) => tape.sigmoid(x),
  }),
};

export const activationChoice = choiceOf(activations, "relu");
export type ActivationChoice = Choice<typeof activations>;
