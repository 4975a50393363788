import * as z from "zod";
import type { Matrix, Memory } from "../engine/memory.js";
import { pow } from "../engine/scalar.js";
import type { Tape } from "../engine/tape.js";
import { type Choice, choiceOf, type FamilyMember, make } from "../family.js";
import type { Parameter } from "../model/layers.js";
import type { Schedule } from "./schedules.js";

/** What is different from update to update. */
interface Moment {
  /** the number of the update, from 1 */
  readonly t: number;
  /** α, the learning rate */
  readonly α: number;
  /** how much of the weight decay there is, 0 … 1 */
  readonly decay: number;
}

/** What an update works on. W, dW and the slots are all of one shape. */
interface Update {
  readonly W: Matrix;
  /** ∂L/∂W */
  readonly dW: Matrix;
  readonly slots: Readonly<Record<string, Matrix>>;
  /** cells, by name */
  readonly factors: Readonly<Record<string, Matrix>>;
  /** A rate as each weight has it: the cell alone, or times the weights' own factors of the learning rate. */
  rate(cell: Matrix): Matrix;
  /** A decay as each weight has it: the cell alone, or 0 for weights that don't decay. */
  decay(cell: Matrix): Matrix;
}

/** How an update is made. */
interface UpdateRule {
  readonly learningRate: number;
  /** What it remembers of each weight from one update to the next; all start at 0. */
  readonly slots: readonly string[];
  /** The numbers that differ from update to update. */
  factors(moment: Moment): Record<string, number>;
  /** Records W ← … */
  update(tape: Tape, update: Update): void;
}

type OptimizerMember<O extends z.ZodObject> = FamilyMember<O, UpdateRule>;

const rate = (value: number) => z.number().positive().default(value).describe("α, the step size");
const weightDecay = (value: number, how: string) =>
  z.number().min(0).default(value).describe(`shrinks the weights at every update (${how})`);
const betas = z
  .tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)])
  .default([0.9, 0.999])
  .describe("share of the running means of the gradient and of its square that is kept at each update");
const epsilon = z.number().positive().default(1e-8).describe("added to the divisor, so that it is never zero");

const sgdOptions = z.strictObject({
  learningRate: rate(0.05),
  momentum: z.number().min(0).lt(1).default(0).describe("share of the previous step that is added to the next"),
  nesterov: z.boolean().default(false).describe("use Nesterov momentum, which looks ahead"),
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
  weightDecay: weightDecay(0.01, "decoupled from the gradient"),
});

/** The formulas are PyTorch's. */
export const optimizers = {
  sgd: {
    about: "W ← W − α·∂L/∂W, optionally with momentum",
    options: sgdOptions,
    with: ({ learningRate, momentum, nesterov, weightDecay }) => ({
      learningRate,
      slots: momentum > 0 ? ["velocity"] : [],
      factors: ({ α, decay }) => ({ α, λ: weightDecay * decay }),
      update(tape, { W, dW, slots: { velocity }, factors: { α, λ }, rate, decay }) {
        let step = weightDecay > 0 ? tape.add(dW, tape.multiply(W, decay(λ!))) : dW;
        if (velocity) {
          tape.add(tape.multiply(velocity, momentum), step, velocity); // v ← μ·v + g
          step = nesterov ? tape.add(step, tape.multiply(velocity, momentum)) : velocity; // g + μ·v
        }
        tape.subtract(W, tape.multiply(step, rate(α!)), W); // W ← W − α·step
      },
    }),
  } satisfies OptimizerMember<typeof sgdOptions>,

  adam: {
    about: "steps scaled by running means of the gradient and its square (Kingma and Ba, 2015)",
    options: adamOptions,
    with: ({ learningRate, betas, epsilon, weightDecay }) => ({
      learningRate,
      slots: ["m", "v"],
      factors: (moment) => ({ ...adamFactors(moment, betas), λ: weightDecay * moment.decay }),
      update(tape, update) {
        const { W, dW, factors, decay } = update;
        const g = weightDecay > 0 ? tape.add(dW, tape.multiply(W, decay(factors.λ!))) : dW;
        adamUpdate(tape, g, update, betas, epsilon);
      },
    }),
  } satisfies OptimizerMember<typeof adamOptions>,

  adamw: {
    about: "Adam with decoupled weight decay (Loshchilov and Hutter, 2019)",
    options: adamwOptions,
    with: ({ learningRate, betas, epsilon, weightDecay }) => ({
      learningRate,
      slots: ["m", "v"],
      factors: (moment) => ({ ...adamFactors(moment, betas), αλ: moment.α * weightDecay * moment.decay }),
      update(tape, update) {
        const { W, dW, factors, rate, decay } = update;
        tape.multiply(W, tape.subtract(1, decay(rate(factors.αλ!))), W); // W ← W·(1 − α·λ)
        adamUpdate(tape, dW, update, betas, epsilon);
      },
    }),
  } satisfies OptimizerMember<typeof adamwOptions>,
};

/** The two corrections for means that start at 0. */
function adamFactors({ t, α }: Moment, [β1, β2]: readonly [number, number]) {
  return { step: α / (1 - pow(β1, t)), correction: 1 / Math.sqrt(1 - pow(β2, t)) };
}

/** m ← β₁m + (1−β₁)g,  v ← β₂v + (1−β₂)g²,  W ← W − α/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + ε) */
function adamUpdate(
  tape: Tape,
  g: Matrix,
  { W, slots: { m, v }, factors: { step, correction }, rate }: Update,
  [β1, β2]: readonly [number, number],
  epsilon: number,
): void {
  tape.add(tape.multiply(m!, β1), tape.multiply(g, 1 - β1), m);
  tape.add(tape.multiply(v!, β2), tape.multiply(tape.square(g), 1 - β2), v);
  const root = tape.add(tape.multiply(tape.squareRoot(v!), correction!), epsilon);
  tape.subtract(W, tape.divide(tape.multiply(m!, rate(step!)), root), W);
}

export const optimizerChoice = choiceOf(optimizers, "sgd");
export type OptimizerChoice = Choice<typeof optimizers>;

/** What may differ from weight to weight, and from update to update. */
export interface Pace {
  /** of each weight, what its learning rate is multiplied by */
  readonly factors?: Float32Array | undefined;
  /** of each weight, 1 if it decays, else 0 */
  readonly decays?: Float32Array | undefined;
  /** of the learning rate, and of the weight decay */
  readonly learningRate?: Schedule;
  readonly weightDecay?: Schedule;
  /** the gradient of all weights together is shortened to this length; 0: it is left as it is */
  readonly clipNorm?: number;
}

/** What an optimizer remembers. */
export interface OptimizerState {
  /** updates done */
  readonly t: number;
  readonly slots: Readonly<Record<string, Float32Array>>;
}

/** An update rule at work on one network's parameters. */
export class Optimizer {
  private readonly rule: UpdateRule;
  private readonly slots: Record<string, Matrix>;
  private readonly factors: Record<string, Matrix>;
  private readonly factorOf: Matrix | undefined;
  private readonly decaysOf: Matrix | undefined;
  private t = 0;

  constructor(
    memory: Memory,
    { value }: Parameter,
    choice: OptimizerChoice,
    private readonly pace: Pace = {},
  ) {
    this.rule = make(optimizers, choice);
    const matrices = (names: readonly string[], columns: number) =>
      Object.fromEntries(names.map((name) => [name, memory.matrix(1, columns)]));
    this.slots = matrices(this.rule.slots, value.columns);
    this.factors = matrices(Object.keys(this.rule.factors({ t: 1, α: 1, decay: 1 })), 1);
    const row = (values: Float32Array | undefined) => {
      if (!values?.some((each) => each !== 1)) return undefined;
      const matrix = memory.matrix(1, values.length);
      matrix.data.set(values);
      return matrix;
    };
    this.factorOf = row(pace.factors);
    this.decaysOf = row(pace.decays);
  }

  /** A copy of what it remembers; set, it goes on from there. */
  get state(): OptimizerState {
    const slots = Object.entries(this.slots).map(([name, { data }]) => [name, data.slice()]);
    return { t: this.t, slots: Object.fromEntries(slots) };
  }

  set state({ t, slots }: OptimizerState) {
    this.t = t;
    for (const [name, { data }] of Object.entries(this.slots)) data.set(slots[name]!);
  }

  /** Records the update. */
  update(tape: Tape, { value, gradient }: Parameter): void {
    const { factorOf, decaysOf, slots, factors } = this;
    const { clipNorm = 0 } = this.pace;
    this.rule.update(tape, {
      W: value,
      dW: clipNorm > 0 ? tape.clipNorm(gradient, clipNorm) : gradient,
      slots,
      factors,
      rate: (cell) => (factorOf ? tape.multiply(factorOf, cell) : cell),
      decay: (cell) => (decaysOf ? tape.multiply(decaysOf, cell) : cell),
    });
  }

  /** Comes before the replay of every update: t ← t + 1. `done` is the share of all updates that are done. */
  advance(done: number): void {
    this.t++;
    const { learningRate = always, weightDecay = always } = this.pace;
    const moment = { t: this.t, α: this.rule.learningRate * learningRate(done), decay: weightDecay(done) };
    for (const [name, factor] of Object.entries(this.rule.factors(moment))) this.factors[name]!.data[0] = factor;
  }
}

const always = () => 1;
