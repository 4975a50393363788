import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileError, NnfitError } from "../errors.js";
import { systemFiles } from "./files.js";
import { isRunning } from "./holder.js";
import { parseJson } from "./json.js";
import { EVENTS_FILE, wroteItsModel } from "./lastEvent.js";
import { type Lock, takeLock } from "./lock.js";
import { MODEL_FILE, type Model, mayBeModel, saveModel } from "./model.js";
import { removeTemporaries, writeWhole } from "./write.js";

export const CONFIG_FILE = "config.json";

export interface FolderOptions {
  /** the folder, as errors name it */
  readonly name: string;
  /** the config file that it comes from */
  readonly source: string;
  /** the text of the resolved config, kept in the folder */
  readonly config: string;
}

/** Refuses a file in the place of the run folder, which would be told as a fault of what is in it. */
export function refuseFile(path: string, name: string): void {
  if (!existsSync(path) || statSync(path).isDirectory()) return;
  throw new NnfitError("files", "the run folder is a file", { at: name, try: "another output or --out" });
}

/** A folder that one process writes its results to, with the resolved config. It has `run.lock` in it until it is closed. */
export class RunFolder {
  private readonly lock: Lock;
  /** What is there was made with another config. */
  readonly hadOther: boolean;

  /** Makes the folder, or takes the one that is there. `results` are the files that will be written; those that are there stay until then. */
  constructor(
    readonly path: string,
    private readonly options: FolderOptions,
    results: readonly string[],
    private readonly files = systemFiles,
  ) {
    const { name } = options;
    this.safely(() => {
      this.keepSource();
      this.keepForeign(results);
      if (!results.includes(MODEL_FILE)) this.keepConfigOfModel();
      files.makeFolder(path);
    });
    this.lock = takeLock(path, name, { files, now: Date.now, isRunning });
    try {
      this.safely(() => {
        this.keepSource(); // somebody may have written a config while this process was not yet the holder
        for (const file of [CONFIG_FILE, ...results]) this.makeWay(file);
      });
      this.hadOther = this.safely(() => this.isOther());
    } catch (error) {
      this.lock.release();
      throw error;
    }
  }

  /** Shows other processes that this one is at work: to be called at every step. */
  beat(): void {
    this.lock.beat();
  }

  /**
   * Ends what the events tell: the training that they are of is no longer the last one, and so the model is not the last one's.
   * Comes before the config of a training that begins, which that model does not come from.
   */
  outdateModel(): void {
    this.write(EVENTS_FILE, "");
  }

  /** Writes what the results beside it come from: before them, or with those that would otherwise be of another config. */
  writeConfig(): void {
    this.write(CONFIG_FILE, this.options.config);
  }

  /** Writes a file wholly or not at all. */
  write(file: string, content: string | Buffer): void {
    this.safely(() => this.lock.check());
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    writeWhole(join(this.path, file), bytes, this.files, `${this.options.name}/${file}`);
  }

  writeModel(file: string, model: Model): void {
    this.safely(() => this.lock.check());
    saveModel(join(this.path, file), model, this.files, `${this.options.name}/${file}`);
  }

  /** Removes a file that an earlier training has left. */
  remove(file: string): void {
    this.safely(() => {
      this.lock.check();
      this.files.remove(join(this.path, file));
    });
  }

  /** To be called at the end, whichever it is. */
  close(): void {
    this.lock.release();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** A config that stands in its own run folder would be overwritten by the resolved one; only a resolved one may be. */
  private keepSource(): void {
    const { source, config } = this.options;
    const path = join(this.path, CONFIG_FILE);
    const real = this.realOf(path);
    if (real === undefined || real !== this.realOf(source) || this.files.read(path).toString() === config) return;
    throw new NnfitError(
      "usage",
      "the run folder is the one that holds the config, so config.json would be overwritten",
      {
        at: source,
        try: "another name for the config, another output, or --out",
      },
    );
  }

  /** Files of the same names may be somebody else's: they are not written over. */
  private keepForeign(results: readonly string[]): void {
    const config = this.textOf(CONFIG_FILE);
    const isForeign = (file: string): boolean => {
      const path = join(this.path, file);
      if (this.realOf(path) === undefined || this.files.isFolder(path)) return false;
      if (file === CONFIG_FILE) return config !== undefined && !isResolved(config);
      if (file === MODEL_FILE) return !mayBeModel(path, config !== undefined);
      return config === undefined && this.textOf(file) !== ""; // a run writes its config before anything but empty events
    };
    const foreign = [CONFIG_FILE, ...results].find(isForeign);
    if (foreign === undefined) return;
    throw new NnfitError("usage", `the run folder holds a ${foreign} that is not nnfit's`, {
      at: `${this.options.name}/${foreign}`,
      try: "another folder with --out or output, or moving the file away",
    });
  }

  /** A model that stays in the folder keeps the config that it was trained with. */
  private keepConfigOfModel(): void {
    const { name } = this.options;
    if (this.realOf(join(this.path, MODEL_FILE)) === undefined) return;
    const isKnown = wroteItsModel(this.path);
    if (isKnown && !this.isOther()) return;
    const what = isKnown
      ? "a model that was trained with another config"
      : "a model, and a training that did not finish";
    throw new NnfitError("usage", `the run folder holds ${what}`, { at: name, try: `--out ${name}-folds` });
  }

  private isOther(): boolean {
    const config = this.textOf(CONFIG_FILE);
    return config !== undefined && config !== this.options.config;
  }

  /** Undefined where there is no such file. */
  private textOf(file: string): string | undefined {
    const path = join(this.path, file);
    return this.realOf(path) === undefined ? undefined : this.files.read(path).toString();
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
    const path = join(this.path, file);
    if (this.files.isFolder(path)) {
      throw new NnfitError("files", "there is a folder where a file would be written", {
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

/** Whether a text is a config with all its parts, as a run writes it. */
export function isResolved(text: string): boolean {
  const config = parseJson(text);
  const parts = ["data", "task", "scale", "model", "training", "output"];
  return typeof config === "object" && config !== null && parts.every((part) => Object.hasOwn(config, part));
}
