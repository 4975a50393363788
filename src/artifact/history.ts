import { csvLine } from "../data/csv.js";
import { fileError } from "../errors.js";
import { systemFiles, writeAll } from "./files.js";
import { quietly, writeWhole } from "./write.js";

/** A CSV file that grows by whole lines. */
export class History {
  private readonly file: number;

  /** Begins it anew. `name` is how errors call it. */
  constructor(
    path: string,
    private readonly name: string,
    header: readonly string[],
    private readonly files = systemFiles,
  ) {
    writeWhole(path, Buffer.from(csvLine(header)), files);
    this.file = this.safely(() => files.open(path, "a"));
  }

  /** Adds a line. Where the disk takes only a part of it, that part is taken back. */
  append(cells: readonly string[]): void {
    const { files, file } = this;
    this.safely(() => {
      const before = files.size(file);
      try {
        writeAll(files, file, Buffer.from(csvLine(cells)));
      } catch (error) {
        quietly(() => files.truncate(file, before));
        throw error;
      }
    });
  }

  /** Makes all lines last through a power cut. */
  flush(): void {
    this.safely(() => this.files.sync(this.file));
  }

  close(): void {
    quietly(() => this.files.close(this.file), 1);
  }

  private safely<Result>(action: () => Result): Result {
    try {
      return action();
    } catch (error) {
      throw fileError("write the history", this.name, error);
    }
  }
}
