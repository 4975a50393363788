import { join } from "node:path";
import type { EpochReport } from "../train/member.js";
import { systemFiles } from "./files.js";
import { type FolderOptions, RunFolder } from "./folder.js";
import { History } from "./history.js";
import { MODEL_FILE, type Model } from "./model.js";

const HISTORY_FILE = "history.csv";

export interface RunOptions extends FolderOptions {
  /** names of the scores of validation rows, where there are any */
  readonly scores: readonly string[] | undefined;
}

/** The folder of one training: beside its config `history.csv` (a line an epoch) and `model.safetensors`. */
export class Run {
  private readonly place: RunFolder;
  private readonly history: History;

  /** Makes the folder, or takes the one that is there. A model that is already in it stays until the new one is saved. */
  constructor(
    readonly folder: string,
    options: RunOptions,
    files = systemFiles,
  ) {
    const { name, scores } = options;
    this.place = new RunFolder(folder, options, [HISTORY_FILE, MODEL_FILE], files);
    try {
      const header = ["epoch", "loss", ...(scores ? ["loss", ...scores].map((score) => `val_${score}`) : [])];
      this.history = new History(join(folder, HISTORY_FILE), `${name}/${HISTORY_FILE}`, header, files);
    } catch (error) {
      this.place.close();
      throw error;
    }
  }

  /** Adds an epoch to `history.csv`. */
  record({ epoch, loss, validation }: EpochReport): void {
    const judged = validation ? [validation.loss, ...Object.values(validation.scores)] : [];
    this.history.append([epoch, loss, ...judged].map(String));
  }

  /** Shows other processes that this one is at work: to be called at every step. */
  beat(): void {
    this.place.beat();
  }

  save(model: Model): void {
    this.history.flush();
    this.place.writeModel(MODEL_FILE, model);
  }

  /** To be called at the end, whichever it is. */
  close(): void {
    this.history.close();
    this.place.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
