import type { Part } from "../engine/arrange.js";
import type { Matrix, Memory } from "../engine/memory.js";
import type { Random } from "../engine/random.js";
import type { Tape } from "../engine/tape.js";
import { columnWidth, type InputSpec, unknownCode } from "./inputs.js";
import type { Parameter, Phase } from "./layers.js";

/** The columns of X, numbers and codes, as what the first layer is given   X [rows, columns] → [rows, inputs] */
export class InputLayer {
  private X!: Matrix; // of the last recording; set by forward, which backward follows
  /** by the number of the column */
  private readonly tables: ReadonlyMap<number, Parameter>;
  private readonly unknown: UnknownCodes | undefined;

  /** `next` gives the parameters in the order of `inputTensors`. */
  constructor(
    memory: Memory,
    private readonly spec: InputSpec,
    next: () => Parameter,
  ) {
    const embedded = spec.columns.flatMap(({ kind }, number) => (kind === "embedding" ? [number] : []));
    this.tables = new Map(embedded.map((number) => [number, next()]));
    this.unknown = spec.unknown > 0 ? new UnknownCodes(memory, spec) : undefined;
  }

  /** Rows of tables begin standard normal, as PyTorch's nn.Embedding. */
  initialize(random: Random): void {
    for (const { value } of this.tables.values()) {
      const { data } = value;
      for (let i = 0; i < data.length; i++) data[i] = random.normal();
    }
  }

  get hasParameters(): boolean {
    return this.tables.size > 0;
  }

  /** Whether something of it is random while it learns. */
  get isRandom(): boolean {
    return this.unknown !== undefined;
  }

  /** For the next batch: 32 random bits. */
  set(bits: number): void {
    this.unknown?.set(bits);
  }

  forward(tape: Tape, X: Matrix, phase: Phase): Matrix {
    this.X = this.unknown && phase === "training" ? this.unknown.forward(tape, X) : X;
    return tape.arrange(this.spec.columns.map((_, number) => this.part(this.X, number)));
  }

  /** Given dY = ∂L/∂Y: dT[p, :] = Σ dY[r, :] over the rows r of code p, for each table. */
  backwardParameters(tape: Tape, dY: Matrix): void {
    let at = 0;
    for (const [number, column] of this.spec.columns.entries()) {
      const table = this.tables.get(number);
      if (table) tape.sumByCode(this.X, number, dY, at, table.gradient);
      at += columnWidth(column);
    }
  }

  private part(X: Matrix, number: number): Part {
    const column = this.spec.columns[number]!;
    const source = { from: X, at: number };
    switch (column.kind) {
      case "number":
        return { ...source, kind: "copy", columns: 1 };
      case "oneHot":
        return { ...source, kind: "oneHot", places: column.places };
      case "sign":
        return { ...source, kind: "sign" };
      case "embedding":
        return { ...source, kind: "lookup", table: this.tables.get(number)!.value }; // the constructor made one for each
    }
  }
}

/**
 * X, with the code of the unknown categories in place of others with a probability, drawn anew for every batch: so what
 * stands for them is learned, even where no training row has one.
 */
class UnknownCodes {
  /** for each column, the probability and the code */
  private readonly rates: Matrix;
  private readonly codes: Matrix;
  private readonly key: Matrix;

  constructor(
    private readonly memory: Memory,
    { columns, unknown }: InputSpec,
  ) {
    this.rates = memory.matrix(1, columns.length);
    this.codes = memory.matrix(1, columns.length);
    this.key = memory.matrix(1, 1);
    this.rates.data.set(columns.map(({ kind }) => (kind === "number" ? 0 : unknown)));
    this.codes.data.set(columns.map(unknownCode));
  }

  set(bits: number): void {
    this.memory.integers(this.key.address, 1)[0] = bits;
  }

  forward(tape: Tape, X: Matrix): Matrix {
    const replaced = tape.greater({ eachRow: this.rates }, tape.uniform(X, this.key));
    return tape.select(replaced, { eachRow: this.codes }, X);
  }
}
