/**
 * Threads play the same tape on the same memory. Each instruction is cut by its output, in pieces as even as can be,
 * and a barrier stands between one instruction and the next. A barrier is a counter that every thread raises by one;
 * it is passed when all have. Who waits looks again for a while before it sleeps, and is woken by the last to come.
 *
 * The control block, in 32-bit words: the counter, how many sleep, the number of the job, the job, and whether there
 * will be no other.
 */
const COUNTER: usize = 0;
const SLEEPERS: usize = 64;
const JOB: usize = 128;
const JOB_SLEEPERS: usize = 192;
const JOB_START: usize = 256;
const JOB_END: usize = 260;
const JOB_ROWS: usize = 264;
const JOB_SCRATCH: usize = 268;
const JOB_SCRATCH_BYTES: usize = 272;
const DISMISSED: usize = 320;

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

/** The first element of n that is this thread's. Threads get whole units. */
export function begin(n: usize, unit: usize): usize {
  return min(n, pieces(n, unit) * thread);
}

/** The end of this thread's elements. */
export function end(n: usize, unit: usize): usize {
  return min(n, pieces(n, unit) * (thread + 1));
}

@inline
function pieces(n: usize, unit: usize): usize {
  return threads == 1 ? n : ((n + unit * threads - 1) / (unit * threads)) * unit;
}

export function isFirst(): bool {
  return thread == 0;
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
  for (;;) {
    const seen = atomic.load<i32>(control + place);
    if (seen - value >= 0) break;
    if (atomic.wait<i32>(control + place, seen, patience) == AtomicWaitResult.TIMED_OUT) {
      if (atomic.load<i32>(control + place) == seen) {
        came = false;
        break;
      }
    }
  }
  atomic.sub<i32>(control + sleepers, 1);
  return came;
}

/** Gives the other threads the instructions from `start` to `end`. */
export function announce(start: usize, end: usize, rows: usize, scratch: usize, scratchBytes: usize): void {
  if (threads == 1) return;
  store<u32>(control + JOB_START, start as u32);
  store<u32>(control + JOB_END, end as u32);
  store<u32>(control + JOB_ROWS, rows as u32);
  store<u32>(control + JOB_SCRATCH, scratch as u32);
  store<u32>(control + JOB_SCRATCH_BYTES, scratchBytes as u32);
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
  announce(0, 0, 0, 0, 0);
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
export function jobScratchBytes(): usize {
  return load<u32>(control + JOB_SCRATCH_BYTES);
}

/** This thread's part of the scratch. */
export function ownScratch(scratch: usize, bytes: usize): usize {
  return scratch + thread * bytes;
}
