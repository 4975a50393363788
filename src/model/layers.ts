import type { Matrix } from "../engine/memory.js";
import type { Tape } from "../engine/tape.js";
import type { ActivationFunction } from "./activations.js";

/** Weights, and where backward puts ∂L/∂weights: two matrices of one shape. */
export interface Parameter {
  readonly value: Matrix;
  readonly gradient: Matrix;
}

/**
 * A layer does not compute: it records kernel calls on a tape, once, and the tape is replayed for every batch.
 * Backward comes in two parts, because the first layer's input, the table, needs no gradient.
 */
export interface Layer {
  forward(tape: Tape, X: Matrix): Matrix;
  /** Given dY = ∂L/∂Y, the gradients of the layer's own parameters. */
  backwardParameters(tape: Tape, dY: Matrix): void;
  /** Given dY = ∂L/∂Y, dX = ∂L/∂X. */
  backwardInput(tape: Tape, dY: Matrix): Matrix;
}

/** Y = X·Wᵀ + b   X [rows, in], W [out, in], b [out], Y [rows, out] */
export class Dense implements Layer {
  private X!: Matrix; // of the last recording; set by forward, which backward follows

  constructor(
    readonly W: Parameter,
    readonly b: Parameter,
  ) {}

  forward(tape: Tape, X: Matrix): Matrix {
    this.X = X;
    return tape.addRow(tape.matmulT(X, this.W.value), this.b.value);
  }

  backwardParameters(tape: Tape, dY: Matrix): void {
    tape.tmatmul(dY, this.X, this.W.gradient); // dW = dYᵀ·X
    tape.sumRows(dY, this.b.gradient); //         db = Σ dY
  }

  backwardInput(tape: Tape, dY: Matrix): Matrix {
    return tape.matmul(dY, this.W.value); //      dX = dY·W
  }
}

/** Y = f(X), element by element */
export class Activation implements Layer {
  private X!: Matrix;
  private Y!: Matrix;

  constructor(private readonly f: ActivationFunction) {}

  forward(tape: Tape, X: Matrix): Matrix {
    this.X = X;
    this.Y = this.f.forward(tape, X);
    return this.Y;
  }

  backwardParameters(): void {} // it has none

  backwardInput(tape: Tape, dY: Matrix): Matrix {
    return tape.multiply(dY, this.f.derivative(tape, this.X, this.Y)); // dX = dY ⊙ f′(X)
  }
}
