import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import * as z from "zod";
import { GrowingFile } from "../artifact/growing.js";
import { parseJson } from "../artifact/json.js";
import { cellsOf, type Table } from "../data/table.js";
import { fileError, NnfitError } from "../errors.js";
import { type FinishedJob, finishedJob } from "./trials.js";

const NEWLINE = "\n".charCodeAt(0);

/** What finished trainings depend on, by digests. Others would be another search's. */
const origin = z.strictObject({
  nnfitSearch: z.literal(1),
  nnfit: z.string(),
  config: z.string(),
  ranges: z.string(),
  table: z.string(),
});
export type Origin = Omit<z.output<typeof origin>, "nnfitSearch">;

export function digestOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}

/** Of the cells and names of tables, wherever they were read from. */
export function digestOfTables(tables: readonly Table[]): string {
  const hash = createHash("sha256");
  for (const { rows, columns } of tables) {
    hash.update(`${rows}\n`);
    for (const column of columns) {
      const { buffer, byteOffset, byteLength } = cellsOf(column);
      const categories = column.type === "category" ? column.categories : [];
      hash.update(`${JSON.stringify([column.name, column.type, ...categories])}\n`);
      hash.update(new Uint8Array(buffer, byteOffset, byteLength));
    }
  }
  return hash.digest("hex");
}

const changes: Record<keyof Origin, string> = {
  nnfit: "another version of nnfit",
  config: "other settings",
  ranges: "other ranges",
  table: "another table",
};

/**
 * The finished trainings of a search, in a file: a line of JSON for what they depend on, then one for each. A line that
 * a killed process left unfinished is taken away. Whoever opens it holds the folder's lock.
 */
export class SearchLog {
  private readonly file: GrowingFile;
  readonly finished: readonly FinishedJob[];

  /** Goes on with the file where there is one. `name` is the path as errors name it. */
  constructor(
    path: string,
    private readonly name: string,
    from: Origin,
  ) {
    const header = JSON.stringify({ nnfitSearch: 1, ...from } satisfies z.output<typeof origin>);
    const [first = header, ...lines] = completeLines(read(path, name));
    this.checkOrigin(first, from);
    this.finished = lines.map((line, i) => this.parse(finishedJob, line, i + 2));
    this.file = new GrowingFile(path, name, [first, ...lines].map((line) => `${line}\n`).join(""));
  }

  append(job: FinishedJob): void {
    this.file.append(`${JSON.stringify(job)}\n`);
  }

  close(): void {
    this.file.close();
  }

  private checkOrigin(line: string, from: Origin): void {
    const there = this.parse(origin, line, 1);
    const [changed] = (Object.keys(changes) as (keyof Origin)[]).filter((key) => there[key] !== from[key]); // of this record
    if (!changed) return;
    throw new NnfitError("usage", "the folder holds the trials of another search", {
      at: this.name,
      have: `trials of ${changes[changed]}`,
      try: "another folder with --out, or deleting this file to start over",
    });
  }

  private parse<Schema extends z.ZodType>(schema: Schema, line: string, number: number): z.output<Schema> {
    const parsed = schema.safeParse(parseJson(line));
    if (parsed.success) return parsed.data;
    throw new NnfitError("files", "the trials file is damaged", {
      at: `${this.name}:${number}`,
      try: "deleting this line, or the whole file to start over",
    });
  }
}

function completeLines(bytes: Buffer): string[] {
  const end = bytes.lastIndexOf(NEWLINE);
  return end < 0 ? [] : bytes.toString("utf8", 0, end).split("\n");
}

/** Nothing, where there is no file. */
function read(path: string, name: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return Buffer.alloc(0); // node:fs throws nothing else
    throw fileError("read the trials", name, error);
  }
}
