import { z } from "zod";
import type { Matrix, Memory } from "../engine/memory.js";
import { pow } from "../engine/scalar.js";
import type { Tape } from "../engine/tape.js";
import { type Choice, choiceOf, type Member, make } from "../family.js";
import type { Parameter } from "../model/layers.js";

/** How an update is made. W, dW and the slots are all of one shape. */
interface UpdateRule {
  readonly learningRate: number;
  /** What it remembers of each weight from one update to the next; all start at 0. */
  readonly slots: readonly string[];
  /** The numbers that differ from update to update.   t: the number of the update, from 1; α: the learning rate */
  factors(t: number, α: number): Record<string, number>;
  /** W ← …, from dW = ∂L/∂W. `slots` and `factors` are what the two above name. */
  update(tape: Tape, W: Matrix, dW: Matrix, slots: Record<string, Matrix>, factors: Record<string, Matrix>): void;
}

type OptimizerMember<O extends z.ZodObject> = Member<O, UpdateRule>;

const rate = (value: number) => z.number().positive().default(value).describe("α, the step size");
const weightDecay = (value: number, how: string) =>
  z.number().min(0).default(value).describe(`shrinks the weights at every update (${how})`);
const betas = z
  .tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)])
  .default([0.9, 0.999])
  .describe("how much of the running means of the gradient and of its square is kept at each update");
const epsilon = z.number().positive().default(1e-8).describe("keeps the division from zero");

const sgdOptions = z.strictObject({
  learningRate: rate(0.05),
  momentum: z.number().min(0).lt(1).default(0).describe("share of the last step that is taken again"),
  nesterov: z.boolean().default(false).describe("look ahead along the momentum"),
  weightDecay: weightDecay(0, "added to the gradient"),
});
const adamOptions = z.strictObject({
  learningRate: rate(0.001),
  betas,
  epsilon,
  weightDecay: weightDecay(0, "added to the gradient"),
});
const adamwOptions = z.strictObject({
  learningRate: rate(0.001),
  betas,
  epsilon,
  weightDecay: weightDecay(0.01, "apart from the gradient"),
});

/** The formulas are PyTorch's. */
export const optimizers = {
  sgd: {
    about: "W ← W − α·∂L/∂W, with momentum if wanted",
    options: sgdOptions,
    with: ({ learningRate, momentum, nesterov, weightDecay }) => ({
      learningRate,
      slots: momentum > 0 ? ["velocity"] : [],
      factors: (_, α) => ({ α }),
      update(tape, W, dW, { velocity }, { α }) {
        let step = weightDecay > 0 ? tape.add(dW, tape.multiply(W, weightDecay)) : dW;
        if (velocity) {
          tape.add(tape.multiply(velocity, momentum), step, velocity); // v ← μ·v + g
          step = nesterov ? tape.add(step, tape.multiply(velocity, momentum)) : velocity; // g + μ·v
        }
        tape.subtract(W, tape.multiply(step, α!), W); // W ← W − α·step
      },
    }),
  } satisfies OptimizerMember<typeof sgdOptions>,

  adam: {
    about: "steps scaled by running means of the gradient and its square (Kingma and Ba, 2015)",
    options: adamOptions,
    with: ({ learningRate, betas, epsilon, weightDecay }) => ({
      learningRate,
      slots: ["m", "v"],
      factors: (t, α) => adamFactors(t, α, betas),
      update(tape, W, dW, slots, factors) {
        const g = weightDecay > 0 ? tape.add(dW, tape.multiply(W, weightDecay)) : dW;
        adamUpdate(tape, W, g, slots, factors, betas, epsilon);
      },
    }),
  } satisfies OptimizerMember<typeof adamOptions>,

  adamw: {
    about: "Adam with decoupled weight decay (Loshchilov and Hutter, 2019)",
    options: adamwOptions,
    with: ({ learningRate, betas, epsilon, weightDecay }) => ({
      learningRate,
      slots: ["m", "v"],
      factors: (t, α) => ({ ...adamFactors(t, α, betas), kept: 1 - α * weightDecay }),
      update(tape, W, dW, slots, factors) {
        tape.multiply(W, factors.kept!, W); // W ← W·(1 − α·λ)
        adamUpdate(tape, W, dW, slots, factors, betas, epsilon);
      },
    }),
  } satisfies OptimizerMember<typeof adamwOptions>,
};

/** The two corrections for means that start at 0. */
function adamFactors(t: number, α: number, [β1, β2]: readonly [number, number]) {
  return { step: α / (1 - pow(β1, t)), correction: 1 / Math.sqrt(1 - pow(β2, t)) };
}

/** m ← β₁m + (1−β₁)g,  v ← β₂v + (1−β₂)g²,  W ← W − α/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + ε) */
function adamUpdate(
  tape: Tape,
  W: Matrix,
  g: Matrix,
  { m, v }: Record<string, Matrix>,
  { step, correction }: Record<string, Matrix>,
  [β1, β2]: readonly [number, number],
  epsilon: number,
): void {
  tape.add(tape.multiply(m!, β1), tape.multiply(g, 1 - β1), m);
  tape.add(tape.multiply(v!, β2), tape.multiply(tape.square(g), 1 - β2), v);
  const root = tape.add(tape.multiply(tape.squareRoot(v!), correction!), epsilon);
  tape.subtract(W, tape.divide(tape.multiply(m!, step!), root), W);
}

export const optimizerChoice = choiceOf(optimizers, "sgd");
export type OptimizerChoice = Choice<typeof optimizers>;

/** An update rule at work on one network's parameters. */
export class Optimizer {
  private readonly rule: UpdateRule;
  private readonly slots: Record<string, Matrix>;
  private readonly factors: Record<string, Matrix>;
  private t = 0;

  constructor(memory: Memory, { value }: Parameter, choice: OptimizerChoice) {
    this.rule = make(optimizers, choice);
    const matrices = (names: readonly string[], columns: number) =>
      Object.fromEntries(names.map((name) => [name, memory.matrix(1, columns)]));
    this.slots = matrices(this.rule.slots, value.columns);
    this.factors = matrices(Object.keys(this.rule.factors(1, this.rule.learningRate)), 1);
  }

  /** Records the update. */
  update(tape: Tape, { value, gradient }: Parameter): void {
    this.rule.update(tape, value, gradient, this.slots, this.factors);
  }

  /** Comes before the replay of every update: t ← t + 1. */
  advance(): void {
    this.t++;
    for (const [name, factor] of Object.entries(this.rule.factors(this.t, this.rule.learningRate))) {
      this.factors[name]!.data[0] = factor;
    }
  }
}
