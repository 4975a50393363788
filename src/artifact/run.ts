import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { csvLine } from "../data/csv.js";
import { fileError, NnfitError } from "../errors.js";
import type { EpochReport } from "../train/member.js";
import { MODEL_FILE, type Model, saveModel } from "./model.js";
import { writeWhole } from "./write.js";

const CONFIG_FILE = "config.json";

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

/** The folder of one training: `config.json` (resolved), `history.csv` (a line an epoch), `model.safetensors`. */
export class Run {
  private readonly history: number;

  /** Makes the folder, or takes the one that is there. A model that is already in it stays until the new one is saved. */
  constructor(
    readonly folder: string,
    private readonly options: RunOptions,
  ) {
    const { name, source, config, scores, reports = [] } = options;
    keepsSource(join(folder, CONFIG_FILE), source, config);
    try {
      mkdirSync(folder, { recursive: true });
      const probe = join(folder, `.writable.${process.pid}.tmp`);
      closeSync(openSync(probe, "w"));
      rmSync(probe);
      if (statSync(join(folder, MODEL_FILE), { throwIfNoEntry: false })?.isDirectory()) {
        throw new NnfitError("files", `a folder stands where the model would be written`, {
          at: `${name}/${MODEL_FILE}`,
        });
      }
      const header = ["epoch", "loss", ...(scores ? ["loss", ...scores].map((score) => `val_${score}`) : [])];
      const lines = [header, ...reports.map(cellsOf)].map((cells) => csvLine(cells));
      writeWhole(join(folder, "history.csv"), Buffer.from(lines.join("")));
      this.history = openSync(join(folder, "history.csv"), "a");
    } catch (error) {
      throw error instanceof NnfitError ? error : fileError("write to the output folder", name, error);
    }
    writeWhole(join(folder, CONFIG_FILE), Buffer.from(config));
  }

  /** Adds an epoch to `history.csv`. */
  record(report: EpochReport): void {
    this.append(cellsOf(report));
  }

  save(model: Model): void {
    saveModel(join(this.folder, MODEL_FILE), model);
  }

  close(): void {
    closeSync(this.history);
  }

  private append(cells: readonly string[]): void {
    try {
      writeSync(this.history, csvLine(cells));
    } catch (error) {
      throw fileError("write the history", `${this.options.name}/history.csv`, error);
    }
  }
}

function cellsOf({ epoch, loss, validation }: EpochReport): string[] {
  const judged = validation ? [validation.loss, ...Object.values(validation.scores)] : [];
  return [epoch, loss, ...judged].map(String);
}

/** A config that stands in its own run folder would be overwritten by the resolved one; only a resolved one may be. */
function keepsSource(path: string, source: string, config: string): void {
  if (!existsSync(path) || realpathSync(path) !== realpathSync(source) || readFileSync(path, "utf8") === config) return;
  throw new NnfitError("usage", "the run folder is the config's own, so its config.json would be overwritten", {
    at: source,
    try: "another name for the config, another output, or --out",
  });
}
