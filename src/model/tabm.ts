/**
 * k networks that share their weights and learn as one (TabM; Gorishniy et al., "TabM: Advancing Tabular Deep Learning
 * with Parameter-Efficient Ensembling", 2024). A hidden layer is Y = ((X ⊙ R)·Wᵀ) ⊙ S + B: W is the same for all, R, S
 * and B are each network's own; the last layer is wholly so. What the networks are given lies side by side, X [rows, k·in]:
 * a product with W takes it for k times as many rows. X ⊙ R is a layer before, as the learned scale of the inputs is.
 */
import type { Matrix } from "../engine/memory.js";
import type { Random } from "../engine/random.js";
import type { Tape } from "../engine/tape.js";
import { DenseLayer, type Layer, type Parameter, type Pass } from "./layers.js";
import type { Loss } from "./losses.js";

/** Y = [X ⊙ R₁, X ⊙ R₂, …]: the inputs of each network   X [rows, in], R [1, k·in], Y [rows, k·in] */
export class Copies implements Layer {
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

  forward(tape: Tape, X: Matrix): Pass {
    const R = { eachRow: this.R.value };
    const copies = tape.copies(X, this.k);
    return {
      Y: tape.multiply(copies, R),
      backward: (dY) => {
        tape.sumRows(tape.multiply(dY, copies), this.R.gradient); //      dR = Σ dY ⊙ [X, X, …]
        return () => tape.sumCopies(tape.multiply(dY, R), this.k); //     dX = Σ dYₖ ⊙ Rₖ
      },
    };
  }
}

/** Y = (X·Wᵀ·c) ⊙ S + b   X [rows, k·in], W [out, in], S [1, k·out], b [1, k·out], Y [rows, k·out] */
export class SharedDense extends DenseLayer {
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

  forward(tape: Tape, X: Matrix): Pass {
    const scaledW = this.scaledW(tape);
    const S = { eachRow: this.S.value };
    const Z = tape.matmulT(X, scaledW);
    return {
      Y: tape.add(tape.multiply(Z, S), { eachRow: this.b.value }),
      backward: (dY) => {
        const dZ = tape.multiply(dY, S); //                               dZ = dY ⊙ S
        tape.sumRows(tape.multiply(dY, Z), this.S.gradient); //           dS = Σ dY ⊙ Z
        tape.tmatmul(dZ, X, this.W.gradient); //                          dW = dZᵀ·X·c, summed over the networks too
        this.scaleGradient(tape);
        tape.sumRows(dY, this.b.gradient); //                             db = Σ dY
        return () => tape.matmul(dZ, scaledW); //                         dX = dZ·W·c
      },
    };
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

  forward(tape: Tape, X: Matrix): Pass {
    const scaledW = this.scaledW(tape);
    return {
      Y: tape.addRow(tape.blockMatmulT(X, scaledW), this.b.value),
      backward: (dY) => {
        tape.blockTmatmul(dY, X, this.W.gradient); //                     dWₖ = dYₖᵀ·Xₖ·c
        this.scaleGradient(tape);
        tape.sumRows(dY, this.b.gradient); //                             db = Σ dY
        return () => tape.blockMatmul(dY, scaledW, this.k); //            dXₖ = dYₖ·Wₖ·c
      },
    };
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
