import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";

/** How long a reader that takes nothing is waited for at the end, in milliseconds. */
const BRIEFLY = 1000;
const PAUSE = 5;

/** Whoever reads at a descriptor. One who is slow, or takes nothing, holds nothing up: what is not taken yet waits in memory. */
export class Listener {
  private readonly descriptor: number;
  private waiting = Buffer.alloc(0);
  private isGone = false;

  /** `lost` is told if what is written can't be, which is more than that nobody listens. */
  constructor(
    private readonly given: number,
    private readonly lost: (error: unknown) => void,
  ) {
    this.descriptor = withoutWaiting(given);
  }

  tell(line: string): void {
    this.waiting = Buffer.concat([this.waiting, Buffer.from(line)]);
    this.pass();
  }

  /** Waits until all is taken, or `briefly`: as long as something is. */
  close({ briefly }: { briefly: boolean }): void {
    for (let idle = 0; this.waiting.length > 0 && !(briefly && idle >= BRIEFLY); idle += PAUSE) {
      if (this.pass()) idle = 0;
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
    }
    if (this.descriptor !== this.given) closeSync(this.descriptor);
  }

  /** Hands over what is taken at once. True if something was. */
  private pass(): boolean {
    const before = this.waiting.length;
    try {
      while (!this.isGone && this.waiting.length > 0) {
        this.waiting = this.waiting.subarray(writeSync(this.descriptor, this.waiting));
      }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException; // node:fs throws nothing else
      if (code === "EAGAIN") return this.waiting.length < before;
      this.isGone = true; // nobody listens any more, which is no reason to stop
      if (code !== "EPIPE") this.lost(error);
    }
    if (this.isGone) this.waiting = Buffer.alloc(0);
    return this.waiting.length < before;
  }
}

/** The same pipe, opened so that writing to it never waits; where the system can't, the descriptor as it is. */
function withoutWaiting(descriptor: number): number {
  try {
    if (!fstatSync(descriptor).isFIFO()) return descriptor;
    return openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return descriptor;
  }
}
