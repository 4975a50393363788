import { closeSync, openSync, readFileSync, truncateSync, writeSync } from "node:fs";
import { z } from "zod";
import { writeWhole } from "../artifact/write.js";
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

const changes: Record<keyof Origin, string> = {
  nnfit: "another version of nnfit",
  config: "other settings",
  ranges: "other ranges",
  table: "another table",
};

/**
 * The finished trainings of a search, in a file: a line of JSON for what they depend on, then one for each. A line that
 * a killed process left unfinished is taken away.
 */
export class SearchLog {
  private readonly file: number;
  readonly finished: readonly FinishedJob[];

  /** Goes on with the file where there is one. `name` is the path as errors name it. */
  constructor(
    path: string,
    private readonly name: string,
    from: Origin,
  ) {
    const kept = completeLines(read(path, name));
    const header = Buffer.from(`${JSON.stringify({ nnfitSearch: 1, ...from } satisfies z.output<typeof origin>)}\n`);
    if (kept.length === 0) writeWhole(path, header);
    const [first = "", ...lines] = (kept.length > 0 ? kept : header).toString("utf8").trimEnd().split("\n");
    this.checkOrigin(first, from);
    this.finished = lines.map((line, i) => this.parse(finishedJob, line, i + 2));
    try {
      if (kept.length > 0) truncateSync(path, kept.length);
      this.file = openSync(path, "a");
    } catch (error) {
      throw fileError("write the trials", name, error);
    }
  }

  append(job: FinishedJob): void {
    const line = Buffer.from(`${JSON.stringify(job)}\n`);
    try {
      for (let written = 0; written < line.length; ) written += writeSync(this.file, line, written);
    } catch (error) {
      throw fileError("write the trials", this.name, error);
    }
  }

  close(): void {
    closeSync(this.file);
  }

  private checkOrigin(line: string, from: Origin): void {
    const there = this.parse(origin, line, 1);
    const [changed] = (Object.keys(changes) as (keyof Origin)[]).filter((key) => there[key] !== from[key]); // of this record
    if (!changed) return;
    throw new NnfitError("usage", "the folder holds the trials of another search", {
      at: this.name,
      have: `trials of ${changes[changed]}`,
      try: "another folder with --out, or deleting this file to begin anew",
    });
  }

  private parse<Schema extends z.ZodType>(schema: Schema, line: string, number: number): z.output<Schema> {
    const parsed = schema.safeParse(jsonOf(line));
    if (parsed.success) return parsed.data;
    throw new NnfitError("files", "the file of trials is damaged", {
      at: `${this.name}:${number}`,
      try: "deleting this line, or the file to begin anew",
    });
  }
}

function completeLines(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.lastIndexOf(NEWLINE) + 1);
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

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
