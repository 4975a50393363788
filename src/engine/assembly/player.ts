import { matmul } from "./matmul";
import { Binary, Opcode, Unary } from "./opcodes";
import { binary, divideByCount, select, unary } from "./pointwise";
import { addRow, crossEntropy, gather, mean, softmax, subtractOneHot, sumRows } from "./rows";
import {
  announce,
  barrier,
  begin,
  end,
  isFirst,
  jobEnd,
  jobRows,
  jobScratch,
  jobScratchBytes,
  jobStart,
  nextJob,
  ownScratch,
} from "./threads";

export * from "./scalar";
export { dismiss, enlist } from "./threads";

/**
 * Plays the instructions from `start` to `end` on a batch of `rows` rows, together with the other threads.
 * Each has `scratchBytes` of `scratch`. False if another thread no longer answers.
 */
export function play(start: usize, end: usize, rows: usize, scratch: usize, scratchBytes: usize): bool {
  announce(start, end, rows, scratch, scratchBytes);
  return playOwnPart(start, end, rows, ownScratch(scratch, scratchBytes));
}

/** What every thread but the first does: play its part of one job after the other, until it is dismissed. */
export function serve(): void {
  while (nextJob()) {
    playOwnPart(jobStart(), jobEnd(), jobRows(), ownScratch(jobScratch(), jobScratchBytes()));
  }
}

function playOwnPart(instruction: usize, stop: usize, rows: usize, scratch: usize): bool {
  while (instruction < stop) {
    perform(instruction, rows, scratch);
    if (!barrier()) return false;
    instruction += word(instruction, 1) << 2;
  }
  return true;
}

function perform(at: usize, rows: usize, scratch: usize): void {
  switch (word(at, 0) as i32) {
    case Opcode.Gather:
      return gather(word(at, 2), word(at, 3), word(at, 4), word(at, 5), rows, word(at, 6));
    case Opcode.Matmul:
      return matmul(
        word(at, 2),
        word(at, 3),
        word(at, 4),
        size(at, 5, rows),
        size(at, 6, rows),
        size(at, 7, rows),
        word(at, 8),
        word(at, 9),
        word(at, 10),
        word(at, 11),
        word(at, 12),
        scratch,
      );
    case Opcode.AddRow:
      return addRow(word(at, 2), word(at, 3), word(at, 4), rows, word(at, 5));
    case Opcode.SumRows:
      return sumRows(word(at, 2), word(at, 3), rows, word(at, 4));
    case Opcode.Pointwise:
      return pointwise(at + 12, at + (word(at, 1) << 2), size(at, 2, rows), rows);
    case Opcode.Mean:
      if (isFirst()) mean(word(at, 2), word(at, 3), size(at, 4, rows));
      return;
    case Opcode.Softmax:
      return softmax(word(at, 2), word(at, 3), rows, word(at, 4));
    case Opcode.CrossEntropy:
      return crossEntropy(word(at, 2), word(at, 3), word(at, 4), rows, word(at, 5));
    case Opcode.SubtractOneHot:
      return subtractOneHot(word(at, 2), word(at, 3), word(at, 4), rows, word(at, 5));
  }
}

/** So many elements go through all the instructions of a run before the next ones do: they stay in the first cache. */
const STRIP: usize = 1024;

/** A run of pointwise instructions on matrices of `n` elements. */
function pointwise(first: usize, stop: usize, n: usize, rows: usize): void {
  const last = end(n, STRIP);
  for (let element = begin(n, STRIP); element < last; element += STRIP) {
    const count = min(last - element, STRIP);
    const offset = element << 2;
    for (let at = first; at < stop; at += word(at, 1) << 2) {
      switch (word(at, 0) as i32) {
        case Opcode.Unary:
          unary(word(at, 2) as Unary, word(at, 3) + offset, word(at, 4) + offset, count);
          break;
        case Opcode.Binary:
          binary(
            word(at, 2) as Binary,
            word(at, 3) + offset,
            operand(at, 4, offset),
            operand(at, 5, offset),
            count,
            word(at, 6) != 0,
            word(at, 7) != 0,
          );
          break;
        case Opcode.Select:
          select(
            word(at, 2) + offset,
            word(at, 3) + offset,
            operand(at, 4, offset),
            operand(at, 5, offset),
            count,
            word(at, 6) != 0,
            word(at, 7) != 0,
          );
          break;
        case Opcode.DivideByCount:
          divideByCount(word(at, 2) + offset, word(at, 3) + offset, count, size(at, 4, rows));
          break;
      }
    }
  }
}

/** Where an operand is: a cell stays where it is; two words further on it says whether it is one. */
@inline
function operand(instruction: usize, index: usize, offset: usize): usize {
  return word(instruction, index) + (word(instruction, index + 2) != 0 ? 0 : offset);
}

@inline
function word(instruction: usize, index: usize): usize {
  return load<u32>(instruction + (index << 2));
}

/** A size that is the batch's is recorded negative: so many elements a row. */
@inline
function size(instruction: usize, index: usize, rows: usize): usize {
  const n = word(instruction, index) as i32;
  return n < 0 ? (-n as usize) * rows : n;
}
