import { blockMatmul, blockMatmulT, blockTmatmul, sumBlocks } from "./blocks";
import { arrange, sumByCode } from "./columns";
import { foreignMatmul } from "./foreign";
import { matmul, packColumns, packRows, tmatmul } from "./matmul";
import { Opcode, STAGE_BYTES } from "./opcodes";
import { addRow, clipFactor, crossEntropy, gather, mean, softmax, subtractOneHot, sumRows } from "./rows";
import {
  announce,
  barrier,
  codeLength,
  cut,
  cutRows,
  first,
  isFirstPiece,
  jobEnd,
  jobRows,
  jobScratch,
  jobStart,
  last,
  next,
  nextJob,
  self,
  share,
} from "./threads";

export {
  cosTurnsOf,
  expm1Of,
  expOf,
  logOf,
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

/** Stage after stage, and of each the pieces that fall to this thread: of every instruction in it that part. */
function playOwnPart(stage: usize, stop: usize, rows: usize, scratch: usize): bool {
  while (stage < stop) {
    const end = stage + (word(stage, 0) << 2);
    const ownScratch = scratch + self() * word(stage, 2);
    for (share(word(stage, 1)); next(); ) {
      for (let at = stage + STAGE_BYTES; at < end; at += word(at, 1) << 2) perform(at, rows, ownScratch);
    }
    if (!barrier()) return false;
    stage = end;
  }
  return true;
}

function perform(at: usize, rows: usize, scratch: usize): void {
  switch (word(at, 0) as i32) {
    case Opcode.Gather:
      gather(word(at, 2), word(at, 3), word(at, 4), word(at, 5), rows, word(at, 6));
      break;
    case Opcode.Matmul:
      matmul(word(at, 2), word(at, 3), word(at, 4), rows, word(at, 5), word(at, 6), word(at, 7), word(at, 8), scratch);
      break;
    case Opcode.Tmatmul:
      tmatmul(word(at, 2), word(at, 3), word(at, 4), word(at, 5), word(at, 6) * rows, word(at, 7), scratch);
      break;
    case Opcode.PackColumns:
      packColumns(word(at, 2), word(at, 3), word(at, 4), word(at, 5), word(at, 6), word(at, 7));
      break;
    case Opcode.PackRows:
      packRows(word(at, 2), word(at, 3), rows, word(at, 4), word(at, 5));
      break;
    case Opcode.AddRow:
      addRow(word(at, 2), word(at, 3), word(at, 4), rows, word(at, 5));
      break;
    case Opcode.SumRows:
      sumRows(word(at, 2), word(at, 3), rows, word(at, 4));
      break;
    case Opcode.Pointwise:
      pointwise(word(at, 2) as u32, word(at, 3) as i32, word(at, 4), rows);
      break;
    case Opcode.Mean:
      if (isFirstPiece()) mean(word(at, 2), word(at, 3), size(at, 4, rows));
      break;
    case Opcode.ClipFactor:
      if (isFirstPiece()) clipFactor(word(at, 2), word(at, 3), size(at, 4, rows), word(at, 5));
      break;
    case Opcode.Softmax:
      softmax(word(at, 2), word(at, 3), rows, word(at, 4), word(at, 5));
      break;
    case Opcode.CrossEntropy:
      crossEntropy(word(at, 2), word(at, 3), word(at, 4), rows, word(at, 5), word(at, 6), word(at, 7));
      break;
    case Opcode.SubtractOneHot:
      subtractOneHot(word(at, 2), word(at, 3), word(at, 4), rows, word(at, 5), word(at, 6), word(at, 7));
      break;
    case Opcode.ForeignMatmul:
      if (isFirstPiece()) {
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
}

/** The function of pointwise.ts does some elements of a matrix: of one of the batch, whole rows. */
function pointwise(fused: u32, size: i32, unit: usize, rows: usize): void {
  if (size < 0) cutRows(rows, -size as usize);
  else cut(size as usize, unit);
  call_indirect<void>(fused, first << 2, last << 2, rows);
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
