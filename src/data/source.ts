import { type BigIntStats, statSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { type ErrorDetails, fileError, NnfitError } from "../errors.js";

/** Where the bytes of a table come from. */
export interface Source {
  /** as errors name it */
  readonly name: string;
  /** how many bytes there will be, where that is known */
  readonly bytes?: number | undefined;
  /** it can be read only once, as a pipe */
  readonly once?: boolean;
  /** Each chunk is there until the next one is asked for. */
  read(): AsyncIterable<Uint8Array>;
}

export function isAddress(path: string): boolean {
  return /^[a-z][a-z\d+.-]+:\/\//i.test(path);
}

/** Nothing is loaded from the web. */
export function noAddress(address: string, details: ErrorDetails): NnfitError {
  const isFile = /^file:\/\//i.test(address);
  const attempt = isFile ? address.replace(/^file:\/\/(localhost)?/i, "") : "downloading it first";
  return new NnfitError("usage", "nnfit reads files by their paths, not by addresses", { ...details, try: attempt });
}

/** What is scanned at a time stays in the processor's second cache. */
export const CHUNK_BYTES = 2 ** 18;

/** A file: one that is written to while it is read, or is another when it is read again, is an error. */
export function fileSource(path: string, name = path): Source {
  const expected = stateOf(path);
  let first: FileState | undefined;
  return {
    name,
    bytes: expected && Number(expected.size),
    once: expected === undefined,
    async *read() {
      let changed: string | undefined;
      try {
        const file = await open(path);
        try {
          const opened = fileState(await file.stat({ bigint: true }));
          changed = difference(first, opened);
          first ??= opened;
          if (changed === undefined) {
            yield* chunksOf(file, opened && Number(opened.size));
            changed = difference(opened, fileState(await file.stat({ bigint: true })));
          }
        } finally {
          await file.close();
        }
      } catch (error) {
        throw fileError("read the table", name, error);
      }
      if (changed === undefined) return;
      throw new NnfitError("files", "the table changed while it was being read", {
        at: name,
        have: changed,
        try: "again, once nothing is writing to it",
      });
    },
  };
}

/**
 * A file in two buffers by turns: while one is worked on, the other is read into. New buffers for each chunk would take as
 * long to come by as the file takes to be read. Of a file that has a size, no more than that is read: one that grows has
 * no end of its own. Of a pipe nothing is read ahead, as that might never come, and closing waits for it.
 */
async function* chunksOf(file: FileHandle, size: number | undefined): AsyncGenerator<Uint8Array> {
  let left = size || Number.POSITIVE_INFINITY;
  let [buffer, other] = [Buffer.allocUnsafeSlow(CHUNK_BYTES), Buffer.allocUnsafeSlow(CHUNK_BYTES)];
  const fill = (buffer: Buffer) => {
    const reading = file.read(buffer, 0, Math.min(buffer.length, left), null);
    reading.catch(() => {}); // nobody may wait for it any more
    return reading;
  };
  let reading = fill(buffer);
  while (left > 0) {
    const { bytesRead } = await reading;
    if (bytesRead === 0) return;
    left -= bytesRead;
    const chunk = buffer.subarray(0, bytesRead);
    [buffer, other] = [other, buffer];
    const ahead = size && left > 0 ? fill(buffer) : undefined;
    yield chunk;
    if (left > 0) reading = ahead ?? fill(buffer);
  }
}

/** Which file it is, and how it was last written. */
interface FileState {
  readonly file: string;
  /** bytes */
  readonly size: bigint;
  /** in nanoseconds */
  readonly changed: bigint;
}

/** Of a file, not of a pipe or device, which have no size. */
function fileState(stats: BigIntStats): FileState | undefined {
  if (!stats.isFile()) return undefined;
  return { file: `${stats.dev} ${stats.ino}`, size: stats.size, changed: stats.mtimeNs };
}

/** Undefined also where reading will tell what is wrong. */
function stateOf(path: string): FileState | undefined {
  try {
    return fileState(statSync(path, { bigint: true }));
  } catch {
    return undefined;
  }
}

/** What is another now than before, in words. Nothing before is nothing to compare with. */
function difference(before: FileState | undefined, now: FileState | undefined): string | undefined {
  if (before === undefined) return undefined;
  if (now?.file !== before.file) return "another file in its place than when it was first opened";
  if (now.size !== before.size) return `${now.size} bytes, but ${before.size} when it was opened`;
  if (now.changed === before.changed) return undefined;
  return `as many bytes as when it was opened, but written to at ${new Date(Number(now.changed / 1_000_000n)).toISOString()}`;
}
