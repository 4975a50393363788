import { CONTROL_BYTES, CONTROL_BYTES_PER_THREAD, TILE_ROWS } from "./opcodes";

/**
 * Threads play the same tape on the same memory. Each stage of it is cut into pieces, and a barrier stands between one
 * stage and the next. A barrier is a counter that every thread raises by one; it is passed when all have. Who waits
 * looks again for a while before it sleeps, and is woken by the last to come.
 *
 * Every thread has pieces of its own, the same ones each time, so that they stay in its cache. One that has done its
 * own takes what is left of another's: a processor that is busy elsewhere holds up a piece, not a batch. Which thread
 * works out a piece changes no bit of it.
 *
 * The control block, in 32-bit words: the counter, how many sleep, the number of the job, how many sleep until there is
 * one, the job, code to add, whether there will be no other job, how many threads are ready (CONTROL_READY), and twice for each thread how many of its pieces are taken: one for this stage, one for the next.
 */
const COUNTER: usize = 0;
const SLEEPERS: usize = 64;
const JOB: usize = 128;
const JOB_SLEEPERS: usize = 192;
const JOB_START: usize = 256;
const JOB_END: usize = 260;
const JOB_ROWS: usize = 264;
const JOB_SCRATCH: usize = 268;
const CODE: usize = 272;
const CODE_LENGTH: usize = 276;
const DISMISSED: usize = 320;
const TAKEN: usize = CONTROL_BYTES;

const HALF: usize = CONTROL_BYTES_PER_THREAD / 2;

/** Patience is counted in slices: a process that was stopped for a while finds that one has passed, not all. */
const SLICES: i64 = 20;

/** How often a thread looks again before it sleeps: about 50 µs. */
const LOOKS: i32 = 20000;

let control: usize = 0;
let thread: usize = 0;
let threads: usize = 1;
/** the counter's value at which the next barrier is passed */
let goal: i32 = 0;
let job: i32 = 0;
let patience: i64 = 0;

/** Makes this instance the thread number `index` of `count`. It gives up after `nanoseconds` without a sign of the others. */
export function enlist(block: usize, index: usize, count: usize, nanoseconds: i64): void {
  control = block;
  thread = index;
  threads = count;
  patience = nanoseconds;
}

let piece: usize = 0;
let pieces: usize = 1;
let piecesOfEach: usize = 1;
/** whose pieces are being taken: this thread's, then the next one's, … */
let turn: usize = 0;
let half: usize = 0;

/** Cuts a stage into so many pieces for each thread. */
export function share(piecesOfThread: usize): void {
  piecesOfEach = piecesOfThread;
  pieces = threads * piecesOfThread;
  turn = 0;
  if (threads == 1) {
    piece = -1;
    return;
  }
  atomic.store<i32>(taken(thread), 0); // as it is for the next stage but one; nobody looks at it before
  half = HALF - half;
}

/** Takes a piece. False if there are no more. */
export function next(): bool {
  if (threads == 1) return ++piece < pieces;
  for (; turn < threads; turn++) {
    const owner = (thread + turn) % threads;
    const number = atomic.add<i32>(taken(owner), 1) as usize;
    if (number >= piecesOfEach) continue;
    piece = owner * piecesOfEach + number;
    return true;
  }
  return false;
}

/** The elements of an instruction that belong to the piece: from `first` up to `last`. */
export let first: usize = 0;
export let last: usize = 0;

/** Finds them, of `n` elements; no cut but at a multiple of `unit`. */
export function cut(n: usize, unit: usize): void {
  const units = ((n + unit - 1) / unit) as u64; // times the pieces they may be more than 2³²
  first = min((((piece as u64) * units) / (pieces as u64)) as usize * unit, n);
  last = min((((piece as u64) + 1) * units / (pieces as u64)) as usize * unit, n);
}

/**
 * Finds them of the batch's rows, or of `each` for a row. Every instruction cuts the rows in the same places, so that
 * one can take up what the one before it has done of the same rows.
 */
export function cutRows(rows: usize, each: usize): void {
  cut(rows, TILE_ROWS);
  first *= each;
  last *= each;
}

/** For what is done whole, in one piece. */
export function isFirstPiece(): bool {
  return piece == 0;
}

@inline
function taken(owner: usize): usize {
  return control + TAKEN + owner * CONTROL_BYTES_PER_THREAD + half;
}

/** Waits until all threads are here. False if the others don't come. */
export function barrier(): bool {
  if (threads == 1) return true;
  goal += threads as i32;
  if (atomic.add<i32>(control + COUNTER, 1) + 1 == goal) {
    if (atomic.load<i32>(control + SLEEPERS) > 0) atomic.notify(control + COUNTER, -1);
    return true;
  }
  return wait(COUNTER, SLEEPERS, goal);
}

/** Waits until the word at `place` has come to `value`. */
function wait(place: usize, sleepers: usize, value: i32): bool {
  for (let looks = 0; looks < LOOKS; looks++) {
    if (atomic.load<i32>(control + place) - value >= 0) return true;
  }
  atomic.add<i32>(control + sleepers, 1);
  let came = true;
  let silent: i64 = 0;
  for (;;) {
    const seen = atomic.load<i32>(control + place);
    if (seen - value >= 0) break;
    if (atomic.wait<i32>(control + place, seen, patience / SLICES) != AtomicWaitResult.TIMED_OUT) silent = 0;
    else if (++silent == SLICES) {
      came = false;
      break;
    }
  }
  atomic.sub<i32>(control + sleepers, 1);
  return came;
}

/** Gives the other threads the instructions from `start` to `end`. */
export function announce(start: usize, end: usize, rows: usize, scratch: usize): void {
  if (threads == 1) return;
  store<u32>(control + JOB_START, start as u32);
  store<u32>(control + JOB_END, end as u32);
  store<u32>(control + JOB_ROWS, rows as u32);
  store<u32>(control + JOB_SCRATCH, scratch as u32);
  store<u32>(control + CODE_LENGTH, 0);
  release();
}

/** Has the other threads return from `serve` to add the code at `address`. */
export function announceCode(address: usize, length: usize): void {
  store<u32>(control + CODE, address as u32);
  store<u32>(control + CODE_LENGTH, length as u32);
  release();
}

function release(): void {
  atomic.add<i32>(control + JOB, 1);
  if (atomic.load<i32>(control + JOB_SLEEPERS) > 0) atomic.notify(control + JOB, -1);
}

/** Waits for the next job. False if there is none: the thread can go. */
export function nextJob(): bool {
  job++;
  while (!wait(JOB, JOB_SLEEPERS, job)) {}
  return atomic.load<i32>(control + DISMISSED) == 0;
}

/** Sends the other threads away, whatever jobs are announced after it. */
export function dismiss(): void {
  if (threads == 1) return;
  atomic.store<i32>(control + DISMISSED, 1);
  release();
}

export function codeAddress(): usize {
  return load<u32>(control + CODE);
}
/** 0 where the job is to play. */
export function codeLength(): usize {
  return load<u32>(control + CODE_LENGTH);
}
export function jobStart(): usize {
  return load<u32>(control + JOB_START);
}
export function jobEnd(): usize {
  return load<u32>(control + JOB_END);
}
export function jobRows(): usize {
  return load<u32>(control + JOB_ROWS);
}
export function jobScratch(): usize {
  return load<u32>(control + JOB_SCRATCH);
}

/** Which of the threads this is, from 0. */
export function self(): usize {
  return thread;
}
