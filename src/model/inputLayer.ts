import type { Part } from "../engine/arrange.js";
import type { Matrix } from "../engine/memory.js";
import type { Random } from "../engine/random.js";
import type { Tape } from "../engine/tape.js";
import { columnWidth, type InputSpec } from "./inputs.js";
import type { Parameter } from "./layers.js";

/** The columns of X, numbers and codes, as what the first layer is given   X [rows, columns] → [rows, inputs] */
export class InputLayer {
  private X!: Matrix; // of the last recording; set by forward, which backward follows
  /** by the number of the column */
  private readonly tables: ReadonlyMap<number, Parameter>;

  /** `next` gives the parameters in the order of `inputTensors`. */
  constructor(
    private readonly spec: InputSpec,
    next: () => Parameter,
  ) {
    const embedded = spec.columns.flatMap(({ kind }, number) => (kind === "embedding" ? [number] : []));
    this.tables = new Map(embedded.map((number) => [number, next()]));
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

  forward(tape: Tape, X: Matrix): Matrix {
    this.X = X;
    return tape.arrange(this.spec.columns.map((_, number) => this.part(X, number)));
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
