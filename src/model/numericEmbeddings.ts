import * as z from "zod";
import type { Matrix, Memory } from "../engine/memory.js";
import type { Random } from "../engine/random.js";
import type { Tape } from "../engine/tape.js";
import { type Choice, choiceOf, type FamilyMember, none } from "../family.js";
import { Sample } from "../transform/sample.js";
import type { InputPass, Parameter } from "./layers.js";
import type { Tensor } from "./tensors.js";

/** Several learned columns of each column of numbers, each with weights of its own. */
export interface NumericEmbedding {
  /** how many columns it makes of one */
  readonly outputs: number;
  /** how many numbers there are of one on the way to them */
  readonly hidden: number;
  /** whether the number itself comes before them */
  readonly keepsNumber: boolean;
  /** a column of fewer different values stays as it is */
  readonly minValues: number;
  /** What it has to know of a column's training rows, as the network is given them, before it learns: where bins end. */
  edges?(values: Float32Array): number[];
  /** for so many columns, of so many bins at most */
  tensors(columns: number, bins: number): Tensor[];
  /** `next` gives the parameters in the order of the tensors. */
  layer(memory: Memory, next: () => Parameter, columns: number, edges: readonly (readonly number[])[]): EmbeddingLayer;
}

export interface EmbeddingLayer {
  initialize(random: Random): void;
  /** X [rows, …], of which it takes these columns → [rows, columns·outputs] */
  forward(tape: Tape, X: Matrix, columns: readonly number[]): InputPass;
}

const minValues = z
  .int()
  .min(2)
  .default(3)
  .describe("columns with fewer different values in the training rows are not embedded");

const pbldOptions = z.strictObject({
  hidden: z.int().min(1).max(1024).default(16).describe("cosines per number"),
  outputs: z
    .int()
    .min(2)
    .max(1024)
    .default(4)
    .describe("inputs made from each number, the first of them the number itself"),
  frequency: z.number().positive().default(0.1).describe("standard deviation of the initial frequencies"),
  bins: z
    .int()
    .min(0)
    .max(1024)
    .default(0)
    .describe("bends at the bounds of so many bins, as of piecewiseLinear, are added to the cosines; 0: none"),
  minValues,
});

const piecewiseLinearOptions = z.strictObject({
  bins: z
    .int()
    .min(1)
    .max(1024)
    .default(48)
    .describe("number of bins, bounded by quantiles of the training rows; fewer where quantiles coincide"),
  outputs: z.int().min(1).max(1024).default(16).describe("inputs made from each number"),
  minValues,
});

const tensor = (name: string, ...shape: number[]): Tensor => ({
  name: `numbers.${name}`,
  kind: "numericEmbedding",
  shape,
});

function embedding<O extends z.ZodObject>(
  member: FamilyMember<O, NumericEmbedding>,
): FamilyMember<O, NumericEmbedding> {
  return member;
}

export const numericEmbeddings = {
  none: {
    about: "numbers are used as they are",
    options: none,
    with: () => undefined,
  } satisfies FamilyMember<typeof none, undefined>,

  pbld: embedding({
    about: "x and W₂·cos(2πw₁x + b₁) + b₂: periodic, then linear (RealMLP's PBLD; Holzmüller et al., 2024)",
    options: pbldOptions,
    with: ({ hidden, outputs, frequency, bins, minValues }) => ({
      outputs: outputs - 1,
      hidden: Math.max(hidden, bins),
      keepsNumber: true,
      minValues,
      ...(bins > 0 && { edges: (values: Float32Array) => quantiles(values, bins) }),
      tensors: (columns, most) => [
        tensor("frequency", columns, hidden),
        tensor("phase", columns, hidden),
        tensor("weight", columns, outputs - 1, hidden),
        tensor("bias", columns, outputs - 1),
        ...(bins > 0 ? [tensor("bins", columns, outputs - 1, most)] : []),
      ],
      layer(memory, next, _, edges) {
        const periodic = new Periodic(asRow(memory, next()), asRow(memory, next()), next(), next(), frequency);
        return bins > 0 ? new Sum([periodic, new Bends(next(), new Bins(memory, edges))]) : periodic;
      },
    }),
  }),

  piecewiseLinear: embedding({
    about:
      "w·x + b + e·W, where e is how far x is through each bin: initially linear, with bends at quantiles (Gorishniy et al., 2022)",
    options: piecewiseLinearOptions,
    with: ({ bins, outputs, minValues }) => ({
      outputs,
      hidden: bins,
      keepsNumber: false,
      minValues,
      edges: (values) => quantiles(values, bins),
      tensors: (columns, bins) => [
        tensor("weight", columns, outputs),
        tensor("bias", columns, outputs),
        tensor("bins", columns, outputs, bins),
      ],
      layer: (memory, next, _, edges) => {
        const linear = new Linear(asRow(memory, next()), asRow(memory, next()), outputs);
        return new Sum([linear, new Bends(next(), new Bins(memory, edges))]);
      },
    }),
  }),
};

export const numericEmbeddingChoice = choiceOf(numericEmbeddings, "none");
export type NumericEmbeddingChoice = Choice<typeof numericEmbeddings>;

const TURN = 2 * Math.PI;

/** W₂·cos(2πw₁x + b₁) + b₂ for each column x   w₁, b₁ [1, columns·hidden], W₂ [columns·outputs, hidden], b₂ [columns, outputs] */
class Periodic implements EmbeddingLayer {
  constructor(
    private readonly frequency: Parameter,
    private readonly phase: Parameter,
    private readonly W: Parameter,
    private readonly b: Parameter,
    private readonly deviation: number,
  ) {}

  /** w₁ ~ N(0, deviation²), b₁ ~ U(−π, π), W₂ and b₂ ~ U(±1/√hidden) */
  initialize(random: Random): void {
    const bound = 1 / Math.sqrt(this.W.value.columns);
    fill(this.frequency, () => this.deviation * random.normal());
    fill(this.phase, () => between(random, Math.PI));
    fill(this.W, () => between(random, bound));
    fill(this.b, () => between(random, bound));
  }

  forward(tape: Tape, X: Matrix, columns: readonly number[]): InputPass {
    const { frequency, phase, W, b } = this;
    const x = repeated(tape, X, columns, W.value.columns);
    const shift = tape.multiply(phase.value, 1 / TURN);
    const turns = tape.add(tape.multiply(x, { eachRow: frequency.value }), { eachRow: shift });
    const H = tape.cosTurns(turns);
    return {
      Y: tape.addRow(tape.blockMatmulT(H, W.value), b.value),
      backward: (dY) => {
        tape.blockTmatmul(dY, H, W.gradient); //                                     dW₂ = dYᵀ·H
        tape.sumRows(dY, b.gradient); //                                             db₂ = Σ dY
        const dH = tape.blockMatmul(dY, W.value, x.columns / W.value.columns); //    dH = dY·W₂
        const slope = tape.multiply(tape.cosTurns(tape.add(turns, 0.25)), TURN); //  ∂cos(2πu)/∂u = −2π·sin(2πu)
        const dTurns = tape.multiply(dH, slope);
        tape.sumRows(tape.multiply(dTurns, x), frequency.gradient); //               dw₁ = Σ du·x
        tape.multiply(tape.sumRows(dTurns, phase.gradient), 1 / TURN, phase.gradient); // db₁ = Σ du / 2π
      },
    };
  }
}

/** w·x + b for each column x   w, b [1, columns·outputs] */
class Linear implements EmbeddingLayer {
  constructor(
    private readonly w: Parameter,
    private readonly b: Parameter,
    private readonly outputs: number,
  ) {}

  /** w, b ~ U(±1/√outputs) */
  initialize(random: Random): void {
    const bound = 1 / Math.sqrt(this.outputs);
    fill(this.w, () => between(random, bound));
    fill(this.b, () => between(random, bound));
  }

  forward(tape: Tape, X: Matrix, columns: readonly number[]): InputPass {
    const { w, b } = this;
    const x = repeated(tape, X, columns, this.outputs);
    return {
      Y: tape.add(tape.multiply(x, { eachRow: w.value }), { eachRow: b.value }),
      backward: (dY) => {
        tape.sumRows(tape.multiply(dY, x), w.gradient); //   dw = Σ dY ⊙ x
        tape.sumRows(dY, b.gradient); //                     db = Σ dY
      },
    };
  }
}

/** e·W for each column x, e = its bins   W [columns·outputs, bins] */
class Bends implements EmbeddingLayer {
  constructor(
    private readonly W: Parameter,
    private readonly bins: Bins,
  ) {}

  /** W = 0 */
  initialize(): void {
    fill(this.W, () => 0);
  }

  forward(tape: Tape, X: Matrix, columns: readonly number[]): InputPass {
    const { W } = this;
    const e = this.bins.forward(tape, X, columns);
    return {
      Y: tape.blockMatmulT(e, W.value),
      backward: (dY) => tape.blockTmatmul(dY, e, W.gradient), // dW = dYᵀ·e
    };
  }
}

/** The sum of what some others make. */
class Sum implements EmbeddingLayer {
  constructor(private readonly terms: readonly EmbeddingLayer[]) {}

  initialize(random: Random): void {
    for (const term of this.terms) term.initialize(random);
  }

  forward(tape: Tape, X: Matrix, columns: readonly number[]): InputPass {
    const passes = this.terms.map((term) => term.forward(tape, X, columns));
    return {
      Y: passes.map(({ Y }) => Y).reduce((sum, Y) => tape.add(sum, Y)),
      backward(dY) {
        for (const pass of passes) pass.backward(dY);
      },
    };
  }
}

/** eₜ = (x − bₜ₋₁)/(bₜ − bₜ₋₁), within [0, 1]; but the first is unbounded below, and the last above. */
class Bins {
  private readonly most: number;
  private readonly left: Matrix;
  private readonly inverse: Matrix;
  private readonly least: Matrix;
  private readonly largest: Matrix;

  constructor(memory: Memory, edges: readonly (readonly number[])[]) {
    this.most = mostBins(edges);
    const row = (of: (edges: readonly number[], bin: number, last: number) => number) => {
      const matrix = memory.matrix(1, edges.length * this.most);
      const values = edges.flatMap((all) =>
        // a column of fewer bins than others has 0 in the places of those it lacks
        Array.from({ length: this.most }, (_, bin) => (bin < all.length - 1 ? of(all, bin, all.length - 2) : 0)),
      );
      matrix.data.set(values);
      return matrix;
    };
    this.left = row((edges, bin) => edges[bin]!);
    this.inverse = row((edges, bin) => 1 / (edges[bin + 1]! - edges[bin]!));
    this.least = row((_, bin) => (bin === 0 ? Number.NEGATIVE_INFINITY : 0));
    this.largest = row((_, bin, last) => (bin === last ? Number.POSITIVE_INFINITY : 1));
  }

  forward(tape: Tape, X: Matrix, columns: readonly number[]): Matrix {
    const from = tape.subtract(repeated(tape, X, columns, this.most), { eachRow: this.left });
    const share = tape.multiply(from, { eachRow: this.inverse });
    return tape.maximum(tape.minimum(share, { eachRow: this.largest }), { eachRow: this.least });
  }
}

export function mostBins(edges: readonly (readonly number[])[]): number {
  return edges.reduce((most, { length }) => Math.max(most, length - 1), 0);
}

/** Values that are nearer to each other, by the range of all of them, differ in their last digits alone. */
const NEAR = 2 ** -20;

/** The quantiles 0, 1/bins, … 1, each once; as float32, and so far apart that one over the distance is finite. */
function quantiles(values: Float32Array, bins: number): number[] {
  const sample = new Sample(Float64Array.from(values));
  const near = NEAR * (sample.largest - sample.smallest);
  const edges: number[] = [];
  for (let i = 0; i <= bins; i++) {
    const edge = Math.fround(sample.quantile(i / bins));
    const before = edges.at(-1);
    const isApart = (from: number) => edge - from > near && Number.isFinite(Math.fround(1 / (edge - from)));
    if (before === undefined || isApart(before)) edges.push(edge);
  }
  return edges;
}

/** Each of the columns so many times   [rows, columns·times] */
function repeated(tape: Tape, X: Matrix, columns: readonly number[], times: number): Matrix {
  return tape.arrange(columns.map((at) => ({ kind: "repeat", from: X, at, columns: times })));
}

/** The same weights as one row. */
function asRow(memory: Memory, { value, gradient }: Parameter): Parameter {
  const row = ({ address, rows, columns }: Matrix) => memory.at(address, 1, rows * columns);
  return { value: row(value), gradient: row(gradient) };
}

function fill({ value }: Parameter, draw: () => number): void {
  const { data } = value;
  for (let i = 0; i < data.length; i++) data[i] = draw();
}

/** uniform in ±bound */
function between(random: Random, bound: number): number {
  return (2 * random.uniform() - 1) * bound;
}
