/**
 * k networks that share their weights and learn as one (TabM; Gorishniy et al., "TabM: Advancing Tabular Deep Learning
 * with Parameter-Efficient Ensembling", 2024). A hidden layer is Y = ((X ⊙ R)·Wᵀ) ⊙ S + B: W is the same for all, R, S
 * and B are each network's own; the last layer is wholly so. What the networks are given lies side by side, X [rows, k·in]:
 * a product with W takes it for k times as many rows. X ⊙ R is a layer before, as the learned scale of the inputs is.
 */
import type { Matrix } from "../engine/memory.js";
import type { Random } from "../engine/random.js";
import type { Tape } from "../engine/tape.js";
import { DenseLayer, type Layer, type Parameter } from "./layers.js";
import type { Loss } from "./losses.js";

/** Y = [X ⊙ R₁, X ⊙ R₂, …]: the inputs of each network   X [rows, in], R [1, k·in], Y [rows, k·in] */
export class Copies implements Layer {
  private copies!: Matrix; // of the last recording; set by forward, which backward follows

  constructor(
    private readonly R: Parameter,
    private readonly k: number,
    /** how many inputs each column of the table becomes, and whether some are embedded numbers */
    private readonly inputs: { readonly widths: readonly number[]; readonly areEmbedded: boolean },
  ) {}

  /**
   * R has one random number for each network and column of the table, however many inputs that becomes: ±1, or where
   * columns of numbers are embedded, standard normal.
   */
  initialize(random: Random): void {
    const { data } = this.R.value;
    const { widths, areEmbedded } = this.inputs;
    let at = 0;
    for (let network = 0; network < this.k; network++) {
      for (const width of widths) {
        data.fill(areEmbedded ? random.normal() : random.below(2) * 2 - 1, at, at + width);
        at += width;
      }
    }
  }

  forward(tape: Tape, X: Matrix): Matrix {
    this.copies = tape.copies(X, this.k);
    return tape.multiply(this.copies, { eachRow: this.R.value });
  }

  backwardParameters(tape: Tape, dY: Matrix): void {
    tape.sumRows(tape.multiply(dY, this.copies), this.R.gradient); //           dR = Σ dY ⊙ [X, X, …]
  }

  backwardInput(tape: Tape, dY: Matrix): Matrix {
    return tape.sumCopies(tape.multiply(dY, { eachRow: this.R.value }), this.k); // dX = Σ dYₖ ⊙ Rₖ
  }
}

/** Y = (X·Wᵀ·c) ⊙ S + b   X [rows, k·in], W [out, in], S [1, k·out], b [1, k·out], Y [rows, k·out] */
export class SharedDense extends DenseLayer {
  private Z!: Matrix;
  private dZ!: Matrix;

  constructor(
    W: Parameter,
    b: Parameter,
    private readonly S: Parameter,
    c: number,
  ) {
    super(W, b, c);
  }

  initialize(): void {
    this.S.value.data.fill(1);
  }

  protected products(tape: Tape, X: Matrix): Matrix {
    this.Z = tape.matmulT(X, this.scaledW);
    return tape.add(tape.multiply(this.Z, { eachRow: this.S.value }), { eachRow: this.b.value });
  }

  backwardParameters(tape: Tape, dY: Matrix): void {
    this.dZ = tape.multiply(dY, { eachRow: this.S.value }); //           dZ = dY ⊙ S
    tape.sumRows(tape.multiply(dY, this.Z), this.S.gradient); //         dS = Σ dY ⊙ Z
    tape.tmatmul(this.dZ, this.X, this.W.gradient); //                   dW = dZᵀ·X·c, summed over the networks too
    this.scaleGradient(tape);
    tape.sumRows(dY, this.b.gradient); //                                db = Σ dY
  }

  backwardInput(tape: Tape): Matrix {
    return tape.matmul(this.dZ, this.scaledW); //                        dX = dZ·W·c
  }
}

/** Y = [X₁·W₁ᵀ·c, X₂·W₂ᵀ·c, …] + b   X [rows, k·in], W [k·out, in], b [1, k·out], Y [rows, k·out] */
export class Heads extends DenseLayer {
  constructor(
    W: Parameter,
    b: Parameter,
    c: number,
    private readonly k: number,
  ) {
    super(W, b, c);
  }

  override get fanOut(): number {
    return this.W.value.rows / this.k;
  }

  protected products(tape: Tape, X: Matrix): Matrix {
    return tape.addRow(tape.blockMatmulT(X, this.scaledW), this.b.value);
  }

  backwardParameters(tape: Tape, dY: Matrix): void {
    tape.blockTmatmul(dY, this.X, this.W.gradient); //                   dWₖ = dYₖᵀ·Xₖ·c
    this.scaleGradient(tape);
    tape.sumRows(dY, this.b.gradient); //                                db = Σ dY
  }

  backwardInput(tape: Tape, dY: Matrix): Matrix {
    return tape.blockMatmul(dY, this.scaledW, this.k); //                dXₖ = dYₖ·Wₖ·c
  }
}

/** The mean of the networks' losses, never the loss of their mean. What they predict together is the mean. */
export function meanLoss(loss: Loss, k: number): Loss {
  return {
    value: (tape, yHat, y, w) => loss.value(tape, yHat, tape.copies(y, k), w),
    gradient: (tape, yHat, y, w) => loss.gradient(tape, yHat, tape.copies(y, k), w),
    inverseLink: (tape, yHat) => tape.multiply(tape.sumCopies(loss.inverseLink(tape, yHat, k), k), 1 / k),
  };
}
