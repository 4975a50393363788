import { join } from "node:path";
import { csvLine } from "../data/csv.js";
import { fileError, NnfitError } from "../errors.js";
import type { EpochReport } from "../train/member.js";
import { EVENTS_FILE } from "./events.js";
import { systemFiles } from "./files.js";
import { GrowingFile } from "./growing.js";
import { isRunning } from "./holder.js";
import { type Lock, takeLock } from "./lock.js";
import { MODEL_FILE, type Model, saveModel } from "./model.js";
import { removeTemporaries, writeWhole } from "./write.js";

const CONFIG_FILE = "config.json";
const HISTORY_FILE = "history.csv";

export interface RunOptions {
  /** the folder, as errors name it */
  readonly name: string;
  /** the config file that it comes from */
  readonly source: string;
  /** the text of the resolved config, kept in the folder */
  readonly config: string;
  /** names of the scores of validation rows, where there are any */
  readonly scores: readonly string[] | undefined;
  /** the epochs that a training had done which goes on here: all that its history is to have */
  readonly reports?: readonly EpochReport[];
}

/**
 * The folder of one training: `config.json` (resolved), `history.csv` (a line an epoch), `model.safetensors`; and until
 * it is closed, `run.lock`.
 */
export class Run {
  private readonly lock: Lock;
  private readonly history: GrowingFile;

  /** Makes the folder, or takes the one that is there. A model that is already in it stays until the new one is saved. */
  constructor(
    readonly folder: string,
    private readonly options: RunOptions,
    private readonly files = systemFiles,
  ) {
    const { name, config, scores, reports = [] } = options;
    this.safely(() => {
      this.keepSource();
      files.makeFolder(folder);
    });
    this.lock = takeLock(folder, name, { files, now: Date.now, isRunning });
    try {
      this.safely(() => {
        this.keepSource(); // somebody may have written a config while this process was not yet the holder
        for (const file of [CONFIG_FILE, HISTORY_FILE, EVENTS_FILE, MODEL_FILE]) this.makeWay(file);
      });
      writeWhole(join(folder, CONFIG_FILE), Buffer.from(config), files);
      const header = ["epoch", "loss", ...(scores ? ["loss", ...scores].map((score) => `val_${score}`) : [])];
      const lines = [header, ...reports.map(cellsOf)].map((cells) => csvLine(cells)).join("");
      this.history = new GrowingFile(join(folder, HISTORY_FILE), `${name}/${HISTORY_FILE}`, lines, files);
    } catch (error) {
      this.lock.release();
      throw error;
    }
  }

  /** Adds an epoch to `history.csv`. */
  record(report: EpochReport): void {
    this.history.append(csvLine(cellsOf(report)));
  }

  /** Shows other processes that this one is at work: to be called at every step. */
  beat(): void {
    this.lock.beat();
  }

  save(model: Model): void {
    this.history.flush();
    this.safely(() => this.lock.check());
    saveModel(join(this.folder, MODEL_FILE), model, this.files);
  }

  /** To be called at the end, whichever it is. */
  close(): void {
    this.history.close();
    this.lock.release();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** A config that stands in its own run folder would be overwritten by the resolved one; only a resolved one may be. */
  private keepSource(): void {
    const { source, config } = this.options;
    const path = join(this.folder, CONFIG_FILE);
    const real = this.realOf(path);
    if (real === undefined || real !== this.realOf(source) || this.files.read(path).toString() === config) return;
    throw new NnfitError("usage", "the run folder is the config's own, so its config.json would be overwritten", {
      at: source,
      try: "another name for the config, another output, or --out",
    });
  }

  /** Undefined where there is no such file. */
  private realOf(path: string): string | undefined {
    try {
      return this.files.real(path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException; // a file system throws nothing else
      if (code === "ENOENT") return undefined;
      throw error;
    }
  }

  /** Nothing may stand in the place of a file that will be written at the end, nor what killed runs left beside it. */
  private makeWay(file: string): void {
    const path = join(this.folder, file);
    if (this.files.isFolder(path)) {
      throw new NnfitError("files", "a folder stands where a file would be written", {
        at: `${this.options.name}/${file}`,
      });
    }
    removeTemporaries(path, this.files);
  }

  private safely<Result>(action: () => Result): Result {
    try {
      return action();
    } catch (error) {
      throw error instanceof NnfitError ? error : fileError("write to the output folder", this.options.name, error);
    }
  }
}

function cellsOf({ epoch, loss, validation }: EpochReport): string[] {
  const judged = validation ? [validation.loss, ...Object.values(validation.scores)] : [];
  return [epoch, loss, ...judged].map(String);
}
