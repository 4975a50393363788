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

/** What a layer made of the table, which needs no gradient, and the way back. */
export interface InputPass {
  readonly Y: Matrix;
  /** Given dY = ∂L/∂Y, records the gradients of the layer's own parameters. */
  readonly backward: (dY: Matrix) => void;
}

/** What a layer made of X, and the way back. */
export interface Pass {
  readonly Y: Matrix;
  /** Given dY = ∂L/∂Y, records the gradients of the layer's own parameters, and returns what records dX = ∂L/∂X. */
  readonly backward: (dY: Matrix) => () => Matrix;
}

/** A layer does not compute: it records kernel calls on a tape, once, and the tape is replayed for every batch. */
export interface Layer {
  /** The first values of its parameters, but for those of products, which an initializer draws. */
  initialize?(random: Random): void;
  forward(tape: Tape, X: Matrix, phase: Phase): Pass;
}

/** A layer of products with weights W·c, whose first weights an initializer draws; c is 1, or 1/√in in neural-tangent parametrisation */
export abstract class DenseLayer implements Layer {
  constructor(
    readonly W: Parameter,
    readonly b: Parameter,
    readonly c: number,
  ) {}

  get fanOut(): number {
    return this.W.value.rows;
  }

  abstract forward(tape: Tape, X: Matrix): Pass;

  /** W·c */
  protected scaledW(tape: Tape): Matrix {
    return this.c === 1 ? this.W.value : tape.multiply(this.W.value, this.c);
  }

  /** Makes of ∂L/∂(W·c), which lies in W's gradient, ∂L/∂W. */
  protected scaleGradient(tape: Tape): void {
    if (this.c !== 1) tape.multiply(this.W.gradient, this.c, this.W.gradient);
  }
}

/** Y = X·Wᵀ·c + b   X [rows, in], W [out, in], b [out], Y [rows, out] */
export class Dense extends DenseLayer {
  forward(tape: Tape, X: Matrix): Pass {
    const scaledW = this.scaledW(tape);
    return {
      Y: tape.addRow(tape.matmulT(X, scaledW), this.b.value),
      backward: (dY) => {
        tape.tmatmul(dY, X, this.W.gradient); //           dW = dYᵀ·X·c
        this.scaleGradient(tape);
        tape.sumRows(dY, this.b.gradient); //              db = Σ dY
        return () => tape.matmul(dY, scaledW); //          dX = dY·W·c
      },
    };
  }
}

/** Y = f(X), element by element */
export class Activation implements Layer {
  constructor(private readonly f: ActivationFunction) {}

  forward(tape: Tape, X: Matrix): Pass {
    const Y = this.f.forward(tape, X);
    return {
      Y,
      backward: (dY) => () => tape.multiply(dY, this.f.derivative(tape, X, Y)), // dX = dY ⊙ f′(X)
    };
  }
}

/** Y = X + α ⊙ (f(X) − X), a learned α for each column: from linear at 0 to the activation at 1   α [columns] */
export class ParametricActivation implements Layer {
  constructor(
    private readonly f: ActivationFunction,
    private readonly alpha: Parameter,
  ) {}

  initialize(): void {
    this.alpha.value.data.fill(1);
  }

  forward(tape: Tape, X: Matrix): Pass {
    const alpha = { eachRow: this.alpha.value };
    const fX = this.f.forward(tape, X);
    return {
      Y: tape.add(X, tape.multiply(tape.subtract(fX, X), alpha)),
      backward: (dY) => {
        tape.sumRows(tape.multiply(dY, tape.subtract(fX, X)), this.alpha.gradient); // dα = Σ dY ⊙ (f(X) − X)
        return () => {
          const slope = tape.subtract(this.f.derivative(tape, X, fX), 1);
          return tape.multiply(dY, tape.add(tape.multiply(slope, alpha), 1)); //       dX = dY ⊙ (1 + α(f′(X) − 1))
        };
      },
    };
  }
}

/** Y = X ⊙ s, a learned scale for each column   s [columns] */
export class Scaling implements Layer {
  constructor(private readonly s: Parameter) {}

  initialize(): void {
    this.s.value.data.fill(1);
  }

  forward(tape: Tape, X: Matrix): Pass {
    const s = { eachRow: this.s.value };
    return {
      Y: tape.multiply(X, s),
      backward: (dY) => {
        tape.sumRows(tape.multiply(dY, X), this.s.gradient); // ds = Σ dY ⊙ X
        return () => tape.multiply(dY, s); //                   dX = dY ⊙ s
      },
    };
  }
}

/** While it learns, Y = X ⊙ M / (1 − p), M 0 with probability p and else 1, drawn anew for every batch; later Y = X. */
export class Dropout implements Layer {
  private readonly rate: Matrix;
  private readonly scale: Matrix;
  private readonly key: Matrix;

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

  forward(tape: Tape, X: Matrix, phase: Phase): Pass {
    if (phase === "prediction") return { Y: X, backward: (dY) => () => dY };
    const dropped = tape.greater(this.rate, tape.uniform(X, this.key));
    const mask = tape.multiply(tape.subtract(1, dropped), this.scale);
    return {
      Y: tape.multiply(X, mask),
      backward: (dY) => () => tape.multiply(dY, mask), // dX = dY ⊙ M / (1 − p)
    };
  }
}
