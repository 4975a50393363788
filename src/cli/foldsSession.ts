import { type Checkpoints, FoldCheckpoints, type FoundCheckpoint } from "../artifact/checkpoints.js";
import { modelSoFar } from "../artifact/trained.js";
import type { Origin } from "../config/differences.js";
import type { Config } from "../config/schema.js";
import type { FoldKeeper, FoldsKeeper } from "../folds/crossValidation.js";
import type { Fold } from "../folds/split.js";
import { fingerprint } from "../train/fingerprint.js";
import type { Prepared } from "../train/prepare.js";
import type { Snapshot } from "../train/reports.js";
import { begunWith, isBegunWith } from "./begun.js";
import { CheckpointClock } from "./checkpointClock.js";
import { resumeCommand, withResume } from "./session.js";
import { Interrupted, type SignalWatch, watchSignals } from "./signals.js";
import { note, say } from "./text.js";

export interface FoldsSessionOptions {
  readonly config: Config;
  /** the resolved config */
  readonly text: string;
  /** the run folder, as people are told it */
  readonly folder: string;
  readonly folds: number;
  readonly keep: boolean;
  /** to go on from the checkpoints of the folds */
  readonly resume: boolean;
  /** of the command line, without the program */
  readonly words: readonly string[];
}

/**
 * The checkpoints of a cross-validation while it runs: of each fold, at times, when it has ended, and when a signal says
 * stop. A fold that had ended is not trained again.
 */
export class FoldsSession implements FoldsKeeper {
  private readonly signals: SignalWatch = watchSignals();
  private readonly checkpoints: FoldCheckpoints;
  private readonly config: Origin["config"];
  private readonly ended = new Set<number>();
  private canGoOn = false;

  constructor(private readonly options: FoldsSessionOptions) {
    const { config, text, folder, folds, keep, resume } = options;
    this.checkpoints = new FoldCheckpoints(config.output, folder);
    this.config = { ...(JSON.parse(text) as Origin["config"]), folds, keep }; // it is an object
    if (!resume) this.startOver();
    else if (this.checkpoints.isEmpty) say("resume", "from the first fold, because there is no checkpoint");
    else say("resume", `from ${this.checkpoints.name}`);
  }

  open({ number }: Fold, prepared: Prepared): FoldKeeper {
    const checkpoints = this.checkpoints.of(number);
    const origin: Origin = { config: this.config, data: fingerprint(prepared) };
    const found = this.options.resume ? this.find(checkpoints, origin) : undefined;
    if (found) this.canGoOn = true;
    if (found) checkpoints.tidy();
    const clock = new CheckpointClock(this.options.config.training.checkpoint);
    const write = (snapshot: Snapshot) => {
      const model = modelSoFar(prepared, snapshot, this.options.config.data);
      this.checkpoints.write(number, { model, snapshot, ...origin });
      this.canGoOn = true;
      clock.restart();
    };
    const isStopping = () => this.signals.received !== undefined;
    return {
      from: found?.snapshot,
      get isStopping() {
        return isStopping();
      },
      report: (epochs) => clock.report(epochs),
      isDue: () => isStopping() || clock.isDue,
      keep: (snapshot) => {
        write(snapshot);
        this.heed();
      },
      ended: (snapshot) => {
        write(snapshot);
        this.ended.add(number);
        if (this.ended.size < this.options.folds) this.heed();
      },
    };
  }

  /** From here on a signal ends the process as it does any other. */
  close(): void {
    this.signals.stop();
  }

  /** The error, with how to go on after it. */
  withResume(error: unknown): unknown {
    return withResume(error, this.options.words, this.canGoOn ? this.checkpoints.name : undefined);
  }

  /** All is saved: there is nothing to go on with. */
  remove(): void {
    this.checkpoints.remove();
  }

  /** Ends the training where a signal says so. One that came after the last fold is not heeded: what is left is short. */
  private heed(): void {
    const { received } = this.signals;
    if (!received) return;
    const done = `${this.ended.size} of ${this.options.folds} folds`;
    throw new Interrupted(received, done, this.checkpoints.name, resumeCommand(this.options.words));
  }

  /** What the folds could have gone on from stays until they have a checkpoint of their own. */
  private startOver(): void {
    if (this.checkpoints.isEmpty) {
      this.checkpoints.remove();
    } else if (this.checkpoints.all.some((fold) => isBegunWith(this.config, fold))) {
      this.checkpoints.supersede();
      note(
        "the folds start over; the earlier checkpoints stay until one of these is written: stop it now, and --resume goes on from them",
      );
    } else {
      this.checkpoints.remove();
      note("the folds start over; the earlier checkpoints for --resume are removed");
    }
  }

  private find(checkpoints: Checkpoints, origin: Origin): FoundCheckpoint | undefined {
    const found = begunWith(origin, checkpoints, {
      what: "the folds were started with a different config, options or data",
      at: this.checkpoints.name,
      try: "the command and the data that they were started with, or another folder with --out",
      anew: `deleting ${checkpoints.name}: that fold starts over, and the others continue`,
    });
    for (const { message, details } of found?.damaged ?? []) {
      note(`a checkpoint was skipped: ${message}${details.at ? ` (${details.at})` : ""}`);
    }
    return found;
  }
}
