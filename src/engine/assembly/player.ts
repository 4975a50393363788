import { blockMatmul, blockMatmulT, blockTmatmul, sumBlocks } from "./blocks";
import { arrange, sumByCode } from "./columns";
import { foreignMatmul } from "./foreign";
import { matmul } from "./matmul";
import { Opcode } from "./opcodes";
import { addRow, clipFactor, crossEntropy, gather, mean, softmax, subtractOneHot, sumRows } from "./rows";
import {
  announce,
  barrier,
  codeLength,
  first,
  isFirst,
  jobEnd,
  jobRows,
  jobScratch,
  jobStart,
  last,
  next,
  nextJob,
  share,
} from "./threads";

export {
  cosTurnsOf,
  expm1Of,
  expOf,
  normalCdfOf,
  normalPdfOf,
  sigmoidOf,
  softplusOf,
  tanhOf,
  uniformOf,
} from "./functions";
export * from "./scalar";
export { announceCode, codeAddress, codeLength, dismiss, enlist } from "./threads";

/**
 * Plays the instructions from `start` to `end` on a batch of `rows` rows, together with the other threads, with
 * `scratch` for what an instruction keeps while it is performed. False if another thread no longer answers.
 */
export function play(start: usize, end: usize, rows: usize, scratch: usize): bool {
  announce(start, end, rows, scratch);
  return playOwnPart(start, end, rows, scratch);
}

/**
 * What every thread but the first does: play its part of one job after the other. It comes back when there is code to
 * add, true, or when it is dismissed, false.
 */
export function serve(): bool {
  while (nextJob()) {
    if (codeLength() != 0) return true;
    playOwnPart(jobStart(), jobEnd(), jobRows(), jobScratch());
  }
  return false;
}

function playOwnPart(instruction: usize, stop: usize, rows: usize, scratch: usize): bool {
  while (instruction < stop) {
    if (!perform(instruction, rows, scratch) || !barrier()) return false;
    instruction += word(instruction, 1) << 2;
  }
  return true;
}

function perform(at: usize, rows: usize, scratch: usize): bool {
  switch (word(at, 0) as i32) {
    case Opcode.Gather:
      gather(word(at, 2), word(at, 3), word(at, 4), word(at, 5), rows, word(at, 6));
      break;
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
      addRow(word(at, 2), word(at, 3), word(at, 4), rows, word(at, 5));
      break;
    case Opcode.SumRows:
      sumRows(word(at, 2), word(at, 3), rows, word(at, 4));
      break;
    case Opcode.Pointwise:
      pointwise(word(at, 2) as u32, size(at, 3, rows), word(at, 4), rows);
      break;
    case Opcode.Mean:
      if (isFirst()) mean(word(at, 2), word(at, 3), size(at, 4, rows));
      break;
    case Opcode.ClipFactor:
      if (isFirst()) clipFactor(word(at, 2), word(at, 3), size(at, 4, rows), word(at, 5));
      break;
    case Opcode.Softmax:
      softmax(word(at, 2), word(at, 3), size(at, 4, rows), word(at, 5));
      break;
    case Opcode.CrossEntropy:
      crossEntropy(word(at, 2), word(at, 3), word(at, 4), size(at, 5, rows), word(at, 6), word(at, 7));
      break;
    case Opcode.SubtractOneHot:
      subtractOneHot(word(at, 2), word(at, 3), word(at, 4), size(at, 5, rows), word(at, 6), word(at, 7));
      break;
    case Opcode.ForeignMatmul:
      if (isFirst()) {
        foreignMatmul(
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
        );
      }
      break;
    case Opcode.Arrange:
      arrange(word(at, 2), word(at, 3), word(at, 4), word(at, 5), rows);
      break;
    case Opcode.SumByCode:
      sumByCode(word(at, 2), word(at, 3), word(at, 4), word(at, 5), word(at, 6), word(at, 7), word(at, 8), rows);
      break;
    case Opcode.BlockMatmulT:
      blockMatmulT(word(at, 2), word(at, 3), word(at, 4), rows, word(at, 5), word(at, 6), word(at, 7));
      break;
    case Opcode.BlockMatmul:
      blockMatmul(word(at, 2), word(at, 3), word(at, 4), rows, word(at, 5), word(at, 6), word(at, 7));
      break;
    case Opcode.BlockTmatmul:
      blockTmatmul(word(at, 2), word(at, 3), word(at, 4), rows, word(at, 5), word(at, 6), word(at, 7));
      break;
    case Opcode.SumBlocks:
      sumBlocks(word(at, 2), word(at, 3), rows, word(at, 4), word(at, 5));
      break;
  }
  return true;
}

/** The function of pointwise.ts does some elements at a time. */
function pointwise(fused: u32, n: usize, unit: usize, rows: usize): void {
  for (share(n, unit); next(); ) call_indirect<void>(fused, first << 2, last << 2, rows);
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
