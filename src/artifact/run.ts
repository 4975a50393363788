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
}

/** The folder of one training: `config.json` (resolved), `history.csv` (a line an epoch), `model.safetensors`. */
export class Run {
  private readonly history: number;

  /** Makes the folder, or takes the one that is there. A model that is already in it stays until the new one is saved. */
  constructor(
    readonly folder: string,
    private readonly options: RunOptions,
  ) {
    const { name, scores } = options;
    claimFolder(folder, options, [MODEL_FILE]);
    try {
      this.history = openSync(join(folder, "history.csv"), "w");
    } catch (error) {
      throw fileError("write to the output folder", name, error);
    }
    writeConfig(folder, options);
    this.append(["epoch", "loss", ...(scores ? ["loss", ...scores].map((score) => `val_${score}`) : [])]);
  }

  /** Adds an epoch to `history.csv`. */
  record({ epoch, loss, validation }: EpochReport): void {
    const judged = validation ? [validation.loss, ...Object.values(validation.scores)] : [];
    this.append([epoch, loss, ...judged].map(String));
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

type FolderOptions = Pick<RunOptions, "name" | "source" | "config">;

/** Makes the folder, or makes sure that `files` can be written to the one that is there. */
export function claimFolder(folder: string, { name, source, config }: FolderOptions, files: readonly string[]): void {
  keepsSource(join(folder, CONFIG_FILE), source, config);
  try {
    mkdirSync(folder, { recursive: true });
    const probe = join(folder, `.writable.${process.pid}.tmp`);
    closeSync(openSync(probe, "w"));
    rmSync(probe);
  } catch (error) {
    throw fileError("write to the output folder", name, error);
  }
  const taken = files.find((file) => statSync(join(folder, file), { throwIfNoEntry: false })?.isDirectory());
  if (taken === undefined) return;
  const what = taken === MODEL_FILE ? "the model" : taken;
  throw new NnfitError("files", `a folder stands where ${what} would be written`, { at: `${name}/${taken}` });
}

export function writeConfig(folder: string, { config }: FolderOptions): void {
  writeWhole(join(folder, CONFIG_FILE), Buffer.from(config));
}

/** A config that stands in its own run folder would be overwritten by the resolved one; only a resolved one may be. */
function keepsSource(path: string, source: string, config: string): void {
  if (!existsSync(path) || realpathSync(path) !== realpathSync(source) || readFileSync(path, "utf8") === config) return;
  throw new NnfitError("usage", "the run folder is the config's own, so its config.json would be overwritten", {
    at: source,
    try: "another name for the config, another output, or --out",
  });
}
