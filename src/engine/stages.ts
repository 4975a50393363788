import { STAGE_WORDS } from "./assembly/opcodes.js";

/** Some of the engine's memory, in bytes. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** One instruction of a tape, and what of the memory it touches. */
export interface Instruction {
  /** opcode, length in words, operands */
  readonly words: readonly number[];
  readonly writes: readonly Span[];
  readonly reads: readonly Span[];
  /** Whether it makes each row of the batch, in all that it writes, of that row alone of what is the batch's. */
  readonly byRows: boolean;
  /** how many multiplications and additions it is about, on a batch of the largest size */
  readonly work: number;
}

/** Instructions between two barriers. */
interface Stage {
  readonly byRows: boolean;
  readonly instructions: Instruction[];
}

/**
 * Puts instructions into stages, so that as few barriers as can be stand between them. Within a stage none needs what
 * another one makes, or all work by rows: then a piece of the batch goes through all of them, one after the other, on
 * one thread. What depends on each other keeps its order.
 *
 * So a plain step of training is four stages: the weights are packed; forward, loss and backward by rows; the gradients
 * of the weights, which are sums over rows; the update. It is more where something stands between, such as the norm of
 * a gradient.
 */
export function stagesOf(instructions: readonly Instruction[]): Stage[] {
  const stages: Stage[] = [{ byRows: false, instructions: [] }]; // first what only needs the weights
  for (const instruction of instructions) {
    const { byRows } = instruction;
    const last = stages.findLastIndex((stage) => stage.instructions.some((other) => depend(instruction, other)));
    const canJoin = last >= 0 && byRows && stages[last]!.byRows;
    const stage = stages.slice(canJoin ? last : last + 1).find((stage) => stage.byRows === byRows);
    if (stage) stage.instructions.push(instruction);
    else stages.push({ byRows, instructions: [instruction] });
  }
  return stages.filter((stage) => stage.instructions.length > 0);
}

/** Whether two instructions can't change places: one writes what the other reads or writes. */
function depend(a: Instruction, b: Instruction): boolean {
  return meet(a.writes, b.reads) || meet(a.reads, b.writes) || meet(a.writes, b.writes);
}

function meet(some: readonly Span[], others: readonly Span[]): boolean {
  return some.some((a) => others.some((b) => a.from < b.to && b.from < a.to));
}

/** Work that is worth a piece of its own: some 10 µs. */
const PIECE_WORK = 2 ** 18;

/** The pieces of a thread, at most, of the rows: so many that nobody waits long for the last one. With 4, layers of 256 units learned a tenth slower on two. */
const MOST_PIECES_OF_ROWS = 16;

/** Of sums over rows, each piece reads the whole batch: with 16, networks that share weights learned a tenth slower on two, and a fifth on one. */
const MOST_PIECES_OF_SUMS = 4;

/** The stages as the player reads them (assembly/opcodes.ts), with so many bytes of scratch for each thread. */
export function programOf(stages: readonly Stage[], threads: number, scratch: number): number[] {
  return stages.flatMap(({ instructions, byRows }) => {
    const words = instructions.flatMap(({ words }) => words);
    const work = instructions.reduce((sum, { work }) => sum + work, 0);
    const most = byRows ? MOST_PIECES_OF_ROWS : threads === 1 ? 1 : MOST_PIECES_OF_SUMS;
    const pieces = Math.max(1, Math.min(most, Math.floor(work / (threads * PIECE_WORK))));
    return [STAGE_WORDS + words.length, pieces, scratch, ...words];
  });
}
