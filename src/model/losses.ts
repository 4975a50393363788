import * as z from "zod";
import type { Task } from "../data/table.js";
import type { Cell, Matrix } from "../engine/memory.js";
import { log } from "../engine/scalar.js";
import type { Tape } from "../engine/tape.js";
import { type Choice, choiceOf, type FamilyMember, none } from "../family.js";
import type { EstimatedState } from "../transform/estimands.js";

/**
 * The last layer of the network, L + 1: the loss L(ŷ, y; W) of a batch, averaged over its rows. It owns its inverse link,
 * from what the last dense layer puts out to a prediction, so that inverse link and gradient always fit each other.
 */
export interface Loss {
  /** The mean over the rows of wᵢ·Lᵢ; without w, of Lᵢ.   yHat [rows, outputs], y [rows, targets], w [rows, 1] */
  value(tape: Tape, yHat: Matrix, y: Matrix, w?: Matrix): Cell;
  /** ∂ value / ∂ yHat   [rows, outputs] */
  gradient(tape: Tape, yHat: Matrix, y: Matrix, w?: Matrix): Matrix;
  /** yHat as predictions: scaled targets, or the probability of each class; of several networks side by side, where there are `copies`. */
  inverseLink(tape: Tape, yHat: Matrix, copies?: number): Matrix;
}

/** A loss before it is averaged over the rows. */
interface RowLoss extends Pick<Loss, "inverseLink"> {
  /** Of each target, or the class, its own loss, the mean of which is Lᵢ   [rows, targets] */
  value(tape: Tape, yHat: Matrix, y: Matrix): Matrix;
  /** ∂ value / ∂ yHat   [rows, outputs] */
  gradient(tape: Tape, yHat: Matrix, y: Matrix): Matrix;
}

/** L = Σᵢ wᵢ·Lᵢ / m′: both are divided by the number of y's elements, so that is how many losses there have to be. */
function averaged({ value, gradient, inverseLink }: RowLoss): Loss {
  const weighted = (tape: Tape, L: Matrix, w?: Matrix) => (w ? tape.multiply(L, tape.spread(w, L.columns)) : L);
  return {
    value(tape, yHat, y, w) {
      const L = value(tape, yHat, y);
      if (L.columns !== y.columns) throw new Error(`${L.columns} losses a row for ${y.columns} targets`);
      return tape.mean(weighted(tape, L, w));
    },
    gradient: (tape, yHat, y, w) => tape.divideByCount(weighted(tape, gradient(tape, yHat, y), w), y),
    inverseLink,
  };
}

interface LossMember<O extends z.ZodObject> extends FamilyMember<O, Loss> {
  readonly task: Task;
  /** The inverse link's name, for people. */
  readonly inverseLink: "identity" | "exp" | "sigmoid" | "softmax";
  /** How many outputs the network needs for a target of so many columns (regression) or classes. */
  outputs(width: number): number;
  /** the most classes it is for, if there is a limit */
  readonly mostClasses?: number;
  /** what of numbers it estimates; none: the mean, or near it */
  estimated?(options: z.output<O>): EstimatedState;
  /**
   * Of a loss that is least where predictions add up to the targets: what, added to all outputs, makes them do so.
   * known, predicted: their means, scaled
   */
  balance?(known: number, predicted: number): number;
  /** Whether it is the loss of such a target where a config names none. */
  isUsual?(width: number): boolean;
}

/** l(e) of each row and target, e = ŷ − y; the inverse link is the identity. */
function pointwise<O extends z.ZodObject>(definition: {
  about: string;
  options: O;
  /** l(e) */
  value(tape: Tape, e: Matrix, options: z.output<O>): Matrix;
  /** l′(e) */
  derivative(tape: Tape, e: Matrix, options: z.output<O>): Matrix;
  estimated?(options: z.output<O>): EstimatedState;
  balance?(known: number, predicted: number): number;
  isUsual?(): boolean;
}): LossMember<O> {
  const { value, derivative, ...rest } = definition;
  return {
    ...rest,
    task: "regression",
    inverseLink: "identity",
    outputs: (targets) => targets,
    with: (chosen) =>
      averaged({
        value: (tape, yHat, y) => value(tape, tape.subtract(yHat, y), chosen),
        gradient: (tape, yHat, y) => derivative(tape, tape.subtract(yHat, y), chosen),
        inverseLink: (_, yHat) => yHat,
      }),
  };
}

const crossEntropyOptions = z.strictObject({
  smoothing: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe("label smoothing: this share of each target is spread over all classes (Szegedy et al., 2016)"),
});

export const losses = {
  mse: pointwise({
    about: "mean squared error: predicts the mean",
    options: none,
    value: (tape, e) => tape.square(e),
    derivative: (tape, e) => tape.multiply(e, 2),
    balance: (known, predicted) => known - predicted,
    isUsual: () => true,
  }),

  mae: pointwise({
    about: "mean absolute error: predicts the median; outliers count less",
    options: none,
    value: (tape, e) => tape.absolute(e),
    derivative: (tape, e) => tape.sign(e),
    estimated: () => ({ quantile: 0.5 }),
  }),

  huber: pointwise({
    about: "squared near zero, linear beyond delta: robust to outliers",
    options: z.strictObject({
      delta: z.number().positive().default(1).describe("error, in scaled units, beyond which the loss is linear"),
    }),
    // with c = e clipped to ±δ:  c·(e − c/2) is e²/2 within, δ·(|e| − δ/2) beyond
    value: (tape, e, { delta }) => {
      const c = clip(tape, e, delta);
      return tape.multiply(c, tape.subtract(e, tape.multiply(c, 0.5)));
    },
    derivative: (tape, e, { delta }) => clip(tape, e, delta),
  }),

  logCosh: pointwise({
    about: "log(cosh(e)): like huber, but smooth everywhere",
    options: none,
    // log cosh e = |e| + log(1 + e^(−2|e|)) − log 2
    value: (tape, e) => {
      const size = tape.absolute(e);
      return tape.subtract(tape.add(size, tape.softplus(tape.multiply(size, -2))), Math.LN2);
    },
    derivative: (tape, e) => tape.tanh(e),
  }),

  quantile: pointwise({
    about: "pinball loss: predicts the quantile q instead of the mean",
    options: z.strictObject({
      q: z
        .number()
        .gt(0)
        .lt(1)
        .default(0.5)
        .describe("the quantile, as the share of the targets that lie below the prediction"),
    }),
    // an error above the target costs 1 − q, one below it q
    value: (tape, e, { q }) => tape.maximum(tape.multiply(e, 1 - q), tape.multiply(e, -q)),
    derivative: (tape, e, { q }) => tape.select(tape.greater(e, 0), 1 - q, -q),
    estimated: ({ q }) => ({ quantile: q }),
  }),

  poisson: {
    about: "deviance of the Poisson distribution: predicts the mean of counts, by its logarithm",
    options: none,
    task: "regression",
    inverseLink: "exp",
    outputs: (targets) => targets,
    estimated: () => ({ distribution: "poisson" }),
    balance: (known, predicted) => log(known / predicted),
    with: () =>
      averaged({
        // 2·(y·log(y/μ) − y + μ), μ = e^ŷ; beyond the largest mean, along the tangent
        value: (tape, yHat, y) => {
          const beyond = tape.multiply(tape.maximum(tape.subtract(yHat, LARGEST_LOG_MEAN), 0), LARGEST_MEAN);
          const mu = tape.add(expMean(tape, yHat), beyond);
          const logY = tape.log(tape.maximum(y, SMALLEST_COUNT)); // 0·log 0 is 0
          const logRatio = tape.subtract(logY, yHat);
          return tape.multiply(tape.add(tape.multiply(y, logRatio), tape.subtract(mu, y)), 2);
        },
        gradient: (tape, yHat, y) => tape.multiply(tape.subtract(expMean(tape, yHat), y), 2),
        inverseLink: expMean,
      }),
  } satisfies LossMember<typeof none>,

  crossEntropy: {
    about: "softmax and negative log-likelihood: one output per class",
    options: crossEntropyOptions,
    task: "classification",
    inverseLink: "softmax",
    outputs: (classes) => classes,
    isUsual: (classes) => classes > 2,
    with: ({ smoothing }) =>
      averaged({
        value: (tape, yHat, y) => tape.crossEntropy(yHat, y, smoothing),
        // ∂(−Σⱼ qⱼ·log softmax(ŷ)ⱼ)/∂ŷ = softmax(ŷ) − q
        gradient: (tape, yHat, y) => tape.subtractOneHot(tape.softmax(yHat, y.columns), y, smoothing),
        inverseLink: (tape, yHat, copies) => tape.softmax(yHat, copies),
      }),
  } satisfies LossMember<typeof crossEntropyOptions>,

  binaryCrossEntropy: {
    about: "sigmoid and negative log-likelihood: a single output, for two classes",
    options: none,
    task: "classification",
    inverseLink: "sigmoid",
    outputs: () => 1,
    mostClasses: 2,
    isUsual: (classes) => classes === 2,
    with: () =>
      averaged({
        // −y·log σ(ŷ) − (1 − y)·log(1 − σ(ŷ)) = y·softplus(−ŷ) + (1 − y)·softplus(ŷ): small losses stay exact
        value: (tape, yHat, y) => {
          const positive = tape.multiply(y, tape.softplus(tape.multiply(yHat, -1)));
          const negative = tape.multiply(tape.subtract(1, y), tape.softplus(yHat));
          return tape.add(positive, negative);
        },
        gradient: (tape, yHat, y) => tape.subtract(tape.sigmoid(yHat), y),
        inverseLink: (tape, yHat) => tape.sigmoid(bothWays(tape, yHat)),
      }),
  } satisfies LossMember<typeof none>,
};

/**
 * Means do not grow beyond it, so that a step too far is no catastrophe. Of targets divided by their root mean square, or the
 * largest, none is larger unless it is one of more than e¹⁰ = 22,026 rows.
 */
const LARGEST_LOG_MEAN = 5;
const LARGEST_MEAN = 148.4131591025766; // e⁵
const SMALLEST_COUNT = 2 ** -100;

/** μ = e^ŷ */
function expMean(tape: Tape, yHat: Matrix): Matrix {
  return tape.exp(tape.minimum(yHat, LARGEST_LOG_MEAN));
}

/** [−ŷ, ŷ], side by side: σ(−ŷ) has all its digits where of 1 − σ(ŷ) none are left. Of each column. */
function bothWays(tape: Tape, yHat: Matrix): Matrix {
  const negative = tape.multiply(yHat, -1);
  const columns = Array.from({ length: yHat.columns }, (_, at) => at);
  return tape.arrange(
    columns.flatMap((at) => [negative, yHat].map((from) => ({ kind: "copy", from, at, columns: 1 }))),
  );
}

function clip(tape: Tape, e: Matrix, delta: number): Matrix {
  return tape.maximum(tape.minimum(e, delta), -delta);
}

export const lossChoice = choiceOf(losses);
export type LossChoice = Choice<typeof losses>;

type Name = LossChoice["name"];
const described = losses as unknown as Readonly<Record<Name, LossMember<z.ZodObject>>>; // each has options of its own

/** The members for a task. */
export function lossesOf(task: Task): [Name, LossMember<z.ZodObject>][] {
  const members = Object.entries(described) as [Name, LossMember<z.ZodObject>][]; // it forgets the names
  return members.filter(([, member]) => member.task === task);
}

/** Of a loss that a config names, the task that it is for. */
export function taskOfLoss(loss: LossChoice | "auto"): Task | undefined {
  return loss === "auto" ? undefined : described[loss.name].task;
}

/** What of numbers a network with this loss estimates. */
export function estimatedBy(loss: LossChoice | "auto"): EstimatedState {
  return loss === "auto" ? {} : (described[loss.name].estimated?.(loss) ?? {});
}

/** How its outputs are balanced, if they can be: see `LossMember`. */
export function balanceOf(loss: LossChoice): LossMember<z.ZodObject>["balance"] {
  return described[loss.name].balance;
}

/** The loss of a target of so many columns (regression) or classes where a config names none. */
export function usualLoss(task: Task, width: number): LossChoice {
  const [name] = lossesOf(task).find(([, { isUsual }]) => isUsual?.(width)) ?? lossesOf(task)[0]!;
  return lossChoice.parse(name);
}
