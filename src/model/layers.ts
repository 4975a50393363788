import type { Matrix, Memory } from "../engine/memory.js";
import type { Random } from "../engine/random.js";
import type { Tape } from "../engine/tape.js";
import type { ActivationFunction } from "./activations.js";

/** Weights, and where backward puts ∂L/∂weights: two matrices of one shape. */
export interface Parameter {
  readonly value: Matrix;
  readonly gradient: Matrix;
}

/** What a forward pass is for: some layers do something else while they learn. */
export type Phase = "training" | "prediction";

/**
 * A layer does not compute: it records kernel calls on a tape, once, and the tape is replayed for every batch.
 * Backward comes in two parts, because the first layer's input, the table, needs no gradient.
 */
export interface Layer {
  /** The first values of its parameters, but for those of products, which an initializer draws. */
  initialize?(random: Random): void;
  forward(tape: Tape, X: Matrix, phase: Phase): Matrix;
  /** Given dY = ∂L/∂Y, the gradients of the layer's own parameters. */
  backwardParameters(tape: Tape, dY: Matrix): void;
  /** Given dY = ∂L/∂Y, dX = ∂L/∂X. */
  backwardInput(tape: Tape, dY: Matrix): Matrix;
}

/** A layer of products with weights W·c, whose first weights an initializer draws; c is 1, or 1/√in in neural-tangent parametrisation */
export abstract class DenseLayer implements Layer {
  protected X!: Matrix; // of the last recording; set by forward, which backward follows
  protected scaledW!: Matrix;

  constructor(
    readonly W: Parameter,
    readonly b: Parameter,
    readonly c: number,
  ) {}

  get fanOut(): number {
    return this.W.value.rows;
  }

  forward(tape: Tape, X: Matrix): Matrix {
    this.X = X;
    this.scaledW = this.c === 1 ? this.W.value : tape.multiply(this.W.value, this.c);
    return this.products(tape, X);
  }

  /** Y, made with `scaledW`. */
  protected abstract products(tape: Tape, X: Matrix): Matrix;
  abstract backwardParameters(tape: Tape, dY: Matrix): void;
  abstract backwardInput(tape: Tape, dY: Matrix): Matrix;

  /** Makes of ∂L/∂(W·c), which lies in W's gradient, ∂L/∂W. */
  protected scaleGradient(tape: Tape): void {
    if (this.c !== 1) tape.multiply(this.W.gradient, this.c, this.W.gradient);
  }
}

/** Y = X·Wᵀ·c + b   X [rows, in], W [out, in], b [out], Y [rows, out] */
export class Dense extends DenseLayer {
  protected products(tape: Tape, X: Matrix): Matrix {
    return tape.addRow(tape.matmulT(X, this.scaledW), this.b.value);
  }

  backwardParameters(tape: Tape, dY: Matrix): void {
    tape.tmatmul(dY, this.X, this.W.gradient); //                      dW = dYᵀ·X·c
    this.scaleGradient(tape);
    tape.sumRows(dY, this.b.gradient); //                              db = Σ dY
  }

  backwardInput(tape: Tape, dY: Matrix): Matrix {
    return tape.matmul(dY, this.scaledW); //                           dX = dY·W·c
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

/** Y = X + α ⊙ (f(X) − X), a learned α for each column: from linear at 0 to the activation at 1   α [columns] */
export class ParametricActivation implements Layer {
  private X!: Matrix;
  private Y!: Matrix;

  constructor(
    private readonly f: ActivationFunction,
    private readonly alpha: Parameter,
  ) {}

  initialize(): void {
    this.alpha.value.data.fill(1);
  }

  forward(tape: Tape, X: Matrix): Matrix {
    this.X = X;
    this.Y = this.f.forward(tape, X);
    return tape.add(X, tape.multiply(tape.subtract(this.Y, X), { eachRow: this.alpha.value }));
  }

  backwardParameters(tape: Tape, dY: Matrix): void {
    tape.sumRows(tape.multiply(dY, tape.subtract(this.Y, this.X)), this.alpha.gradient); // dα = Σ dY ⊙ (f(X) − X)
  }

  backwardInput(tape: Tape, dY: Matrix): Matrix {
    const slope = tape.subtract(this.f.derivative(tape, this.X, this.Y), 1);
    return tape.multiply(dY, tape.add(tape.multiply(slope, { eachRow: this.alpha.value }), 1)); // dX = dY ⊙ (1 + α(f′(X) − 1))
  }
}

/** Y = X ⊙ s, a learned scale for each column   s [columns] */
export class Scaling implements Layer {
  private X!: Matrix;

  constructor(private readonly s: Parameter) {}

  initialize(): void {
    this.s.value.data.fill(1);
  }

  forward(tape: Tape, X: Matrix): Matrix {
    this.X = X;
    return tape.multiply(X, { eachRow: this.s.value });
  }

  backwardParameters(tape: Tape, dY: Matrix): void {
    tape.sumRows(tape.multiply(dY, this.X), this.s.gradient); // ds = Σ dY ⊙ X
  }

  backwardInput(tape: Tape, dY: Matrix): Matrix {
    return tape.multiply(dY, { eachRow: this.s.value }); //      dX = dY ⊙ s
  }
}

/** While it learns, Y = X ⊙ M / (1 − p), M 0 with probability p and else 1, drawn anew for every batch; later Y = X. */
export class Dropout implements Layer {
  private readonly rate: Matrix;
  private readonly scale: Matrix;
  private readonly key: Matrix;
  private mask!: Matrix;

  constructor(private readonly memory: Memory) {
    this.rate = memory.matrix(1, 1);
    this.scale = memory.matrix(1, 1);
    this.key = memory.matrix(1, 1);
    this.set(0, 0);
  }

  /** For the next batch: p, and 32 random bits. */
  set(p: number, bits: number): void {
    this.rate.data[0] = p;
    this.scale.data[0] = 1 / (1 - p);
    this.memory.integers(this.key.address, 1)[0] = bits;
  }

  forward(tape: Tape, X: Matrix, phase: Phase): Matrix {
    if (phase === "prediction") return X;
    const dropped = tape.greater(this.rate, tape.uniform(X, this.key));
    this.mask = tape.multiply(tape.subtract(1, dropped), this.scale);
    return tape.multiply(X, this.mask);
  }

  backwardParameters(): void {} // it has none

  backwardInput(tape: Tape, dY: Matrix): Matrix {
    return tape.multiply(dY, this.mask); // dX = dY ⊙ M / (1 − p)
  }
}
