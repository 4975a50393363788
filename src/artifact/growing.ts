import { fileError } from "../errors.js";
import { systemFiles, writeAll } from "./files.js";
import { quietly, writeWhole } from "./write.js";

/** A text file that grows by whole lines. */
export class GrowingFile {
  private readonly file: number;

  /** Begins it anew, with some lines. `name` is how errors call it. */
  constructor(
    path: string,
    private readonly name: string,
    lines: string,
    private readonly files = systemFiles,
  ) {
    writeWhole(path, Buffer.from(lines), files, name);
    this.file = this.safely(() => files.open(path, "a"));
  }

  /** Adds a line. Where the disk takes only a part of it, that part is taken back. */
  append(line: string): void {
    const { files, file } = this;
    this.safely(() => {
      const before = files.size(file);
      try {
        writeAll(files, file, Buffer.from(line));
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
      throw fileError("write the file", this.name, error);
    }
  }
}
