import { join } from "node:path";
import { csvLine } from "../data/csv.js";
import type { EpochReport } from "../train/bestEpoch.js";
import { systemFiles } from "./files.js";
import { type FolderOptions, RunFolder } from "./folder.js";
import { GrowingFile } from "./growing.js";
import { EVENTS_FILE } from "./lastEvent.js";
import { MODEL_FILE, type Model } from "./model.js";

export const HISTORY_FILE = "history.csv";

export interface RunOptions extends FolderOptions {
  /** names of the scores of validation rows, where there are any */
  readonly scores: readonly string[] | undefined;
  /** of a training that goes on here, the epochs that it had done: all that its history is to have */
  readonly reports?: readonly EpochReport[];
}

/** The folder of one training: beside its config `history.csv` (a line an epoch) and `model.safetensors`. */
export class Run {
  private readonly place: RunFolder;
  private readonly history: GrowingFile;

  /** Makes the folder, or takes the one that is there. A model that is already in it stays until the new one is saved. */
  constructor(
    readonly folder: string,
    options: RunOptions,
    files = systemFiles,
  ) {
    const { name, scores, reports } = options;
    this.place = new RunFolder(folder, options, [HISTORY_FILE, EVENTS_FILE, MODEL_FILE], files);
    try {
      if (!reports) this.place.outdateModel();
      this.place.writeConfig();
      const lines = historyText(scores, reports ?? []);
      this.history = new GrowingFile(join(folder, HISTORY_FILE), `${name}/${HISTORY_FILE}`, lines, files);
    } catch (error) {
      this.place.close();
      throw error;
    }
  }

  /** What is there was made with another config. */
  get hadOther(): boolean {
    return this.place.hadOther;
  }

  /** Removes a file that something earlier has left. */
  remove(file: string): void {
    this.place.remove(file);
  }

  /** Adds an epoch to `history.csv`. */
  record(report: EpochReport): void {
    this.history.append(csvLine(cellsOf(report)));
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

/** `history.csv`; `scores` are the names of those of validation rows, where there are any. */
export function historyText(scores: RunOptions["scores"], reports: readonly EpochReport[]): string {
  const header = ["epoch", "loss", ...(scores ? ["loss", ...scores].map((score) => `val_${score}`) : [])];
  return [header, ...reports.map(cellsOf)].map((cells) => csvLine(cells)).join("");
}

function cellsOf({ epoch, loss, validation }: EpochReport): string[] {
  const judged = validation ? [validation.loss, ...Object.values(validation.scores)] : [];
  return [epoch, loss, ...judged].map(String);
}
