import { Checkpoints, type FoundCheckpoint } from "../artifact/checkpoints.js";
import { Events, type Happening, startEvent } from "../artifact/events.js";
import { refuseFile } from "../artifact/folder.js";
import { removeOtherFolds } from "../artifact/foldFiles.js";
import type { Model } from "../artifact/model.js";
import { Run } from "../artifact/run.js";
import { modelSoFar } from "../artifact/trained.js";
import type { Origin } from "../config/differences.js";
import type { Config } from "../config/schema.js";
import { fileError, NnfitError } from "../errors.js";
import type { EpochReport } from "../train/bestEpoch.js";
import { fingerprint } from "../train/fingerprint.js";
import { learnedRows } from "../train/members.js";
import type { Prepared } from "../train/prepare.js";
import { Reports, type Snapshot } from "../train/reports.js";
import type { Keeper, Outcome } from "../train/train.js";
import { CheckpointClock } from "./checkpointClock.js";
import { findCheckpoint, startOver } from "./resume.js";
import { Interrupted, type SignalWatch, watchSignals } from "./signals.js";
import { count, note, say, shellWord } from "./text.js";

export interface SessionOptions {
  readonly prepared: Prepared;
  readonly config: Config;
  /** the resolved config */
  readonly text: string;
  /** the run folder, as people are told it */
  readonly folder: string;
  /** the config file */
  readonly source: string;
  /** names of the scores in the history */
  readonly scores: readonly string[] | undefined;
  /** to go on from the newest checkpoint */
  readonly resume: boolean;
  /** where events go too */
  readonly descriptor: number | undefined;
  /** of the command line, without the program */
  readonly words: readonly string[];
  /** says what is to be trained, unless it is trained already */
  tellPlan(): void;
}

/** Makes ready to write in the run folder, or finds that all is there. Errors come before anything is changed. */
export function openSession(options: SessionOptions): Session | "complete" {
  const { prepared, config, text, folder, source, scores, resume, descriptor, tellPlan } = options;
  const { output } = config;

  refuseFile(output, folder);
  const checkpoints = new Checkpoints(output, folder);
  const origin = { config: JSON.parse(text) as Origin["config"], data: fingerprint(prepared) }; // it is an object
  const found = resume ? findCheckpoint({ output, folder }, checkpoints, origin) : undefined;
  if (found === "complete") return found;
  tellPlan();
  checkpoints.checkPlace();
  const { members, batchSize, target, training } = prepared;
  const reports = found && new Reports(members, batchSize, { progress() {}, report() {} }, found.snapshot).told;
  const run = new Run(output, { name: folder, source, config: text, scores, ...(reports ? { reports } : {}) });
  let session: Session | undefined;
  try {
    if (found) checkpoints.tidy();
    else startOver(checkpoints, origin);
    if (removeOtherFolds(run)) note("folds.csv and out-of-fold.csv came from another config and are removed");
    const lost = (error: unknown) => {
      const { message } = fileError("write events", "", error);
      note(`${message} (--events ${descriptor === 1 ? "-" : descriptor}); ${folder}/events.ndjson has them all`);
    };
    const events = new Events(output, folder, () => new Date(), { descriptor, lost });
    session = new Session(options, origin, { run, checkpoints, events }, found, (snapshot) =>
      modelSoFar(prepared, snapshot, config.data),
    );
    session.begin(
      startEvent({
        task: target.task,
        members: members.length,
        trainingRows: learnedRows(prepared).length,
        epochs: training.epochs,
        data: origin.data,
        ...(found ? { resumed: { checkpoint: found.name, epoch: reports?.length ?? 0 } } : {}),
      }),
    );
    return session;
  } catch (error) {
    (session ?? run).close();
    throw error;
  }
}

/** What is written while a training runs: its history, its events, and a checkpoint at times or when a signal says stop. */
export class Session implements Keeper {
  /** how many are reported */
  epochs: number;
  private readonly signals: SignalWatch = watchSignals();
  private readonly clock: CheckpointClock;
  private hasEnded = false;
  /** that it can go on from */
  private checkpoint: string | undefined;

  constructor(
    private readonly options: SessionOptions,
    private readonly origin: Origin,
    private readonly files: { readonly run: Run; readonly checkpoints: Checkpoints; readonly events: Events },
    private readonly found: FoundCheckpoint | undefined,
    private readonly modelSoFar: (snapshot: Snapshot) => Model,
  ) {
    this.clock = new CheckpointClock(options.config.training.checkpoint);
    this.epochs = found ? epochsOf(found.snapshot) : 0;
    this.checkpoint = found?.name;
  }

  get from(): Snapshot | undefined {
    return this.found?.snapshot;
  }

  /** Says that it begins, and of one that goes on, from where. */
  begin(start: Happening): void {
    this.files.events.add(start);
    for (const { message, details } of this.found?.damaged ?? []) {
      this.warn(`a checkpoint was skipped: ${message}`, details.at);
    }
    if (this.found) say("resume", `from ${this.found.name}, after ${count(this.epochs, "epoch")}`);
    else if (this.options.resume) say("resume", "from the first epoch, because there is no checkpoint");
  }

  report(report: EpochReport): void {
    const { epoch, loss, validation } = report;
    this.files.run.record(report);
    this.files.events.add({ event: "epoch", epoch, loss, ...(validation ? { validation } : {}) });
    this.epochs = epoch;
    this.clock.report(epoch);
  }

  warn(message: string, at?: string): void {
    note(at === undefined ? message : `${message} (${at})`);
    this.files.events.add({ event: "warning", message, ...(at === undefined ? {} : { at }) });
  }

  /** Shows other processes that this one is at work. */
  beat(): void {
    this.files.run.beat();
  }

  isDue(): boolean {
    return this.signals.received !== undefined || this.clock.isDue;
  }

  keep(snapshot: Snapshot): void {
    const { checkpoints, events } = this.files;
    const file = checkpoints.write({ model: this.modelSoFar(snapshot), snapshot, ...this.origin });
    this.checkpoint = file;
    const epoch = epochsOf(snapshot); // which --resume goes on after, though reports may be further
    events.add({ event: "checkpoint", file, epoch });
    this.clock.restart();
    const { received } = this.signals;
    if (received) throw new Interrupted(received, count(epoch, "epoch"), file, resumeCommand(this.options.words));
  }

  /**
   * From here on a signal ends the process as it does any other. One that came after the last epoch is not heeded: what was
   * left was short, and would have been lost.
   */
  saved(): void {
    this.signals.stop();
  }

  save(model: Model): void {
    this.files.run.save(model);
  }

  /** Says how it ended. What nothing can be gained from by going on leaves no checkpoints. */
  end(exitCode: number, { error, outcome, model }: { error?: unknown; outcome?: Outcome; model?: string }): void {
    const { events, checkpoints } = this.files;
    const isOver = outcome !== undefined;
    this.hasEnded = true;
    const status = error instanceof Interrupted ? "stopped" : isOver && !isDivergence(error) ? "done" : "failed";
    events.add({
      event: "end",
      status,
      exitCode,
      ...(model ? { model } : {}),
      ...(outcome
        ? { epochs: outcome.epochs, keptEpoch: outcome.keptEpoch, scores: outcome.judgement.scores }
        : { epochs: this.epochs }),
      ...(error instanceof NnfitError ? { error: { kind: error.kind, message: error.message } } : {}),
    });
    if (isOver) checkpoints.remove();
  }

  /** The same of an error, unless the end has been said. */
  fail(error: unknown, exitCode: number, ended: { outcome?: Outcome; model?: string }): void {
    try {
      if (!this.hasEnded) this.end(exitCode, { ...ended, error });
    } catch {} // the first error is the one to report
  }

  /** The error, with how to go on after it. */
  withResume(error: unknown): unknown {
    return withResume(error, this.options.words, this.checkpoint);
  }

  close(): void {
    const wasStopped = this.signals.received !== undefined;
    this.signals.stop();
    this.files.run.close();
    this.files.events.close({ briefly: wasStopped });
  }
}

/** That all networks have done. */
export function epochsOf({ members }: Snapshot): number {
  return Math.min(...members.map(({ reports }) => reports.length));
}

function isDivergence(error: unknown): boolean {
  return error instanceof NnfitError && error.kind === "diverged";
}

/** The command that goes on with what a command began. */
export function resumeCommand(words: readonly string[]): string {
  return ["nnfit", ...words.filter((word) => word !== "--resume").map(shellWord), "--resume"].join(" ");
}

/** What the system refused, with the command that goes on once that is mended, where there is something to go on from. */
export function withResume(error: unknown, words: readonly string[], checkpoint: string | undefined): unknown {
  if (!(error instanceof NnfitError) || !error.details.bySystem || checkpoint === undefined) return error;
  const goingOn = `${resumeCommand(words)}, which goes on from ${checkpoint}`;
  const { try: way } = error.details;
  return error.with({ try: way === undefined ? goingOn : `${way}, then ${goingOn}` });
}
