import type { ColumnPart } from "../engine/arrange.js";
import type { Matrix, Memory } from "../engine/memory.js";
import type { Random } from "../engine/random.js";
import type { Tape } from "../engine/tape.js";
import { make } from "../family.js";
import { columnWidths, embeddedNumbers, type InputSpec, unknownCode } from "./inputs.js";
import type { InputPass, Parameter, Phase } from "./layers.js";
import { type EmbeddingLayer, type NumericEmbedding, numericEmbeddings } from "./numericEmbeddings.js";

/** The columns of X, numbers and codes, as what the first layer is given   X [rows, columns] → [rows, inputs] */
export class InputLayer {
  /** by the number of the column */
  private readonly tables: ReadonlyMap<number, Parameter>;
  private readonly numbers: Numbers | undefined;
  private readonly unknown: UnknownCodes | undefined;
  /** the first of a column's inputs, and how many there are */
  private readonly places: readonly { at: number; width: number }[];

  /** `next` gives the parameters in the order of `inputTensors`. */
  constructor(
    memory: Memory,
    private readonly spec: InputSpec,
    next: () => Parameter,
  ) {
    const categories = spec.columns.flatMap(({ kind }, number) => (kind === "categoryEmbedding" ? [number] : []));
    this.tables = new Map(categories.map((number) => [number, next()]));
    this.numbers = numbersOf(memory, spec, next);
    const widths = columnWidths(spec);
    let taken = 0;
    this.places = widths.map((width) => {
      taken += width;
      return { at: taken - width, width };
    });
    this.unknown = spec.unknown > 0 ? new UnknownCodes(memory, spec) : undefined;
  }

  /** Rows of tables begin standard normal, as PyTorch's nn.Embedding. */
  initialize(random: Random): void {
    for (const { value } of this.tables.values()) {
      const { data } = value;
      for (let i = 0; i < data.length; i++) data[i] = random.normal();
    }
    this.numbers?.layer.initialize(random);
  }

  /** Whether something of it is random while it learns. */
  get isRandom(): boolean {
    return this.unknown !== undefined;
  }

  /** For the next batch: 32 random bits. */
  set(bits: number): void {
    this.unknown?.set(bits);
  }

  /** Without parameters there is no way back. */
  forward(
    tape: Tape,
    table: Matrix,
    phase: Phase,
  ): Pick<InputPass, "Y"> & { readonly backward: InputPass["backward"] | undefined } {
    const X = this.unknown && phase === "training" ? this.unknown.forward(tape, table) : table;
    const embedded = this.numbers?.layer.forward(tape, X, this.numbers.places);
    const Y = tape.arrange(this.spec.columns.flatMap((_, number) => this.parts(number, X, embedded?.Y)));
    if (this.tables.size === 0 && !embedded) return { Y, backward: undefined };
    return {
      Y,
      backward: (dY) => {
        for (const [number, { gradient }] of this.tables) {
          tape.sumByCode(X, number, dY, this.places[number]!.at, gradient); // dT[p, :] = Σ dY[r, :] over the rows r of code p
        }
        embedded?.backward(tape.arrange(this.embeddedParts(dY)));
      },
    };
  }

  /** The columns of dY that are of embedded numbers, side by side. */
  private embeddedParts(dY: Matrix): ColumnPart[] {
    const { places, outputs } = this.numbers!; // there are some, as is asked for them
    const ends = places.map((number) => this.places[number]!.at + this.places[number]!.width);
    return ends.map((end) => ({ kind: "copy", from: dY, at: end - outputs, columns: outputs }));
  }

  /** What a column becomes; `embedded` has the columns of all embedded numbers, side by side. */
  private parts(number: number, X: Matrix, embedded: Matrix | undefined): ColumnPart[] {
    const column = this.spec.columns[number]!;
    const source = { from: X, at: number };
    switch (column.kind) {
      case "number":
        return [{ ...source, kind: "copy", columns: 1 }];
      case "oneHot":
        return [{ ...source, kind: "oneHot", places: column.places }];
      case "sign":
        return [{ ...source, kind: "sign" }];
      case "categoryEmbedding":
        return [{ ...source, kind: "lookup", table: this.tables.get(number)!.value }]; // the constructor made one for each
      case "numericEmbedding": {
        const { keepsNumber, outputs, places } = this.numbers!; // there are some, as this column shows
        const at = places.indexOf(number) * outputs;
        const made: ColumnPart = { kind: "copy", from: embedded!, at, columns: outputs };
        return keepsNumber ? [{ ...source, kind: "copy", columns: 1 }, made] : [made];
      }
    }
  }
}

/** The embedding of the columns of numbers that have one. */
interface Numbers extends Pick<NumericEmbedding, "outputs" | "keepsNumber"> {
  readonly layer: EmbeddingLayer;
  readonly places: readonly number[];
}

function numbersOf(memory: Memory, spec: InputSpec, next: () => Parameter): Numbers | undefined {
  const embedding = make(numericEmbeddings, spec.numbers);
  const { places, edges } = embeddedNumbers(spec);
  if (!embedding || places.length === 0) return undefined;
  const { outputs, keepsNumber } = embedding;
  return { outputs, keepsNumber, places, layer: embedding.layer(memory, next, places.length, edges) };
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
    this.rates.data.set(columns.map(({ kind }) => (kind === "number" || kind === "numericEmbedding" ? 0 : unknown)));
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
