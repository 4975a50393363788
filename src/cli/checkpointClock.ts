import type { Config } from "../config/schema.js";

/** Says when the next checkpoint is due, by `training.checkpoint`. */
export class CheckpointClock {
  private written = performance.now();
  private epochIsDue = false;

  constructor(private readonly checkpoint: Config["training"]["checkpoint"]) {}

  /** So many epochs are done. */
  report(epochs: number): void {
    if ("everyEpochs" in this.checkpoint && epochs % this.checkpoint.everyEpochs === 0) this.epochIsDue = true;
  }

  get isDue(): boolean {
    if (this.epochIsDue) return true;
    const { checkpoint, written } = this;
    return "everySeconds" in checkpoint && performance.now() - written >= checkpoint.everySeconds * 1000;
  }

  /** One was written. */
  restart(): void {
    this.written = performance.now();
    this.epochIsDue = false;
  }
}
