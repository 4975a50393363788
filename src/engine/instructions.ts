import { Opcode } from "./assembly/opcodes.js";
import type { Cell, Matrix } from "./memory.js";
import { inputs } from "./operands.js";
import type { Pointwise } from "./pointwise.js";
import type { Instruction, Span } from "./stages.js";

/** Something in memory that an instruction reads or writes. */
export type Place = Matrix | Cell | { readonly address: number };

/** An instruction as it is recorded: the first of its operands is written, the other places are read. */
export interface Recorded {
  readonly opcode: Opcode;
  readonly operands: (number | Place)[];
  /** what is read beside the operands */
  readonly alsoReads: readonly Matrix[];
  /** of a run of pointwise operations, these; its function and sizes become operands at the end */
  readonly run?: readonly Pointwise[];
}

/** An instruction, when all that it works on has a place. */
export function instructionOf({ opcode, operands, alsoReads, run }: Recorded, batchSize: number): Instruction {
  const words = operands.map((operand) => (isPlace(operand) ? operand.address : operand));
  const places = operands.filter((operand) => isPlace(operand));
  const written = run ? run.map(({ y }) => y).filter(({ isPlaced }) => isPlaced) : places.slice(0, 1);
  const read = run ? inputs(run) : [...places.slice(1), ...alsoReads];
  return {
    words: [opcode, words.length + 2, ...words],
    writes: written.map((place) => spanOf(place)),
    reads: read.map((place) => spanOf(place)),
    byRows: opcode !== Opcode.ForeignMatmul && written.every((place) => isMatrix(place) && place.ofBatch),
    work: workOf(opcode, words, batchSize) ?? written.reduce((sum, place) => sum + WORK_OF_ELEMENT * sizeOf(place), 0),
  };
}

/** An element of most results takes about as long as so many multiplications of a product. */
const WORK_OF_ELEMENT = 8;

/** The multiplications of a product, of a batch of that size. */
function workOf(opcode: Opcode, words: readonly number[], batchSize: number): number | undefined {
  const [a, b, c] = words.slice(3) as [number, number, number];
  return opcode === Opcode.Matmul || opcode === Opcode.Tmatmul ? batchSize * a * b * c : undefined;
}

function isPlace(operand: number | Place): operand is Place {
  return typeof operand === "object";
}

function isMatrix(place: Place): place is Matrix {
  return "rows" in place;
}

function spanOf(place: Place): Span {
  return { from: place.address, to: place.address + (isMatrix(place) ? 4 * sizeOf(place) : 8) };
}

function sizeOf(place: Place): number {
  return isMatrix(place) ? place.rows * place.columns : 1;
}
