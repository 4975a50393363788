import { join } from "node:path";
import { fileError, NnfitError } from "../errors.js";
import { systemFiles } from "./files.js";
import { type Checkpoint, loadCheckpoint, saveCheckpoint } from "./model.js";

const FOLDER = "checkpoints";
const FOLDS_FOLDER = "folds";
const NAME = /^(\d{6,})\.safetensors$/;
/** So many are kept: should the newest be damaged, there is the one before. */
const KEPT = 2;

export interface FoundCheckpoint extends Checkpoint {
  /** as people are told it */
  readonly name: string;
  /** why newer ones were passed over */
  readonly damaged: readonly NnfitError[];
}

/** The checkpoints of a run folder, numbered upwards: each a model that predicts, and all that is needed to go on. */
export class Checkpoints {
  /** The folder of them, as people are told it. */
  readonly name: string;
  private readonly folder: string;
  /** those of an earlier run, which the next one takes the place of */
  private superseded: readonly number[] = [];

  /** `name` is how people are told the run folder; `folder` is where in it they are. */
  constructor(
    runFolder: string,
    name: string,
    private readonly files = systemFiles,
    folder = FOLDER,
  ) {
    this.folder = join(runFolder, folder);
    this.name = `${name}/${folder}`;
  }

  /** @throws NnfitError where something stands in the place of their folder */
  checkPlace(): void {
    this.list();
  }

  /** Writes another one, removes all but the last of the older ones, and returns the name of its file. */
  write(checkpoint: Checkpoint): string {
    const all = this.numbers();
    const older = all.filter((number) => !this.superseded.includes(number));
    const file = fileOf((all.at(-1) ?? 0) + 1);
    this.safely(() => this.files.makeFolder(this.folder));
    const name = `${this.name}/${file}`;
    saveCheckpoint(join(this.folder, file), checkpoint, this.files, name);
    this.safely(() => {
      for (const number of [...this.superseded, ...older.slice(0, Math.max(0, older.length - KEPT + 1))]) {
        this.files.remove(join(this.folder, fileOf(number)));
      }
      this.superseded = [];
    });
    return name;
  }

  /** What is there stays until another one is written: a run begins anew, and is not to lose what there is before it has more. */
  supersede(): void {
    this.tidy();
    this.superseded = this.numbers();
  }

  /** The newest one's file, as people are told it, whether or not it can be read. */
  get latest(): string | undefined {
    const number = this.numbers().at(-1);
    return number === undefined ? undefined : `${this.name}/${fileOf(number)}`;
  }

  /** The newest that can be read. */
  newest(): FoundCheckpoint | undefined {
    const damaged: NnfitError[] = [];
    for (const number of this.numbers().reverse()) {
      const name = `${this.name}/${fileOf(number)}`;
      try {
        return { ...loadCheckpoint(join(this.folder, fileOf(number)), name), name, damaged };
      } catch (error) {
        if (!(error instanceof NnfitError)) throw error;
        damaged.push(error);
      }
    }
    const [newest] = damaged;
    if (newest) throw newest;
    return undefined;
  }

  get isEmpty(): boolean {
    return this.numbers().length === 0;
  }

  /** Removes all, and what was left of writing them; but nothing that somebody else has put there. */
  remove(): void {
    this.safely(() => {
      for (const file of this.list().filter(isOwn)) this.files.remove(join(this.folder, file));
      this.files.removeFolder(this.folder);
    });
  }

  /** Removes what killed processes left of writing. */
  tidy(): void {
    this.safely(() => {
      for (const file of this.list()) if (file.endsWith(".tmp")) this.files.remove(join(this.folder, file));
    });
  }

  /** Ascending. */
  private numbers(): number[] {
    const numbers = this.list().flatMap((file) => NAME.exec(file)?.[1] ?? []);
    return numbers.map(Number).sort((a, b) => a - b);
  }

  private list(): string[] {
    try {
      return this.files.list(this.folder);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException; // a file system throws nothing else
      if (code === "ENOENT") return [];
      throw fileError("read the checkpoints", this.name, error);
    }
  }

  private safely(action: () => void): void {
    try {
      action();
    } catch (error) {
      throw fileError("write the checkpoint", this.name, error);
    }
  }
}

/** Those of the folds of a cross-validation: each has a folder of its own. */
export class FoldCheckpoints {
  /** The folder of all, as people are told it. */
  readonly name: string;
  /** those of an earlier run, until this one has written */
  private superseded: readonly Checkpoints[] = [];

  constructor(
    private readonly runFolder: string,
    private readonly runName: string,
    private readonly files = systemFiles,
  ) {
    this.name = `${runName}/${FOLDS_FOLDER}`;
  }

  /** `number` counts from 0, the folder from 1. */
  of(number: number): Checkpoints {
    return new Checkpoints(this.runFolder, this.runName, this.files, `${FOLDS_FOLDER}/${number + 1}`);
  }

  /** Those of each fold that has a folder. */
  get all(): Checkpoints[] {
    return this.safely("read", () => this.folders().map((fold) => this.of(Number(fold) - 1)));
  }

  /** Whether no fold has one. */
  get isEmpty(): boolean {
    return this.all.every(({ isEmpty }) => isEmpty);
  }

  /** Writes one of a fold, as `Checkpoints.write` does. */
  write(number: number, checkpoint: Checkpoint): void {
    const own = this.of(number);
    if (this.superseded.length > 0) own.supersede();
    own.write(checkpoint);
    for (const earlier of this.superseded) if (earlier.name !== own.name) earlier.remove();
    this.superseded = [];
  }

  /** What is there of any fold stays until one is written: see `Checkpoints.supersede`. */
  supersede(): void {
    this.superseded = this.all;
  }

  /** Removes all, and what was left of writing them; but nothing that somebody else has put there. */
  remove(): void {
    for (const fold of this.all) fold.remove();
    this.safely("remove", () => {
      if (this.files.isFolder(this.folder)) this.files.removeFolder(this.folder);
    });
  }

  private get folder(): string {
    return join(this.runFolder, FOLDS_FOLDER);
  }

  /** Nothing of what is no folder. */
  private folders(): string[] {
    if (!this.files.isFolder(this.folder)) return [];
    const names = this.files.list(this.folder).filter((name) => /^[1-9]\d*$/.test(name));
    return names.filter((name) => this.files.isFolder(join(this.folder, name)));
  }

  private safely<Result>(what: "read" | "remove", action: () => Result): Result {
    try {
      return action();
    } catch (error) {
      throw error instanceof NnfitError ? error : fileError(`${what} the checkpoints`, this.name, error);
    }
  }
}

function isOwn(file: string): boolean {
  return NAME.test(file) || /^\d{6,}\.safetensors\..*\.tmp$/.test(file);
}

function fileOf(number: number): string {
  return `${String(number).padStart(6, "0")}.safetensors`;
}
