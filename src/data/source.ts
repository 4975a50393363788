import { statSync } from "node:fs";
import { open } from "node:fs/promises";
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

/** A file as it is now: one that is another when it has been read is an error. */
export function fileSource(path: string, name = path): Source {
  const before = stateOf(path);
  return {
    name,
    bytes: before?.size,
    once: before === undefined,
    async *read() {
      try {
        yield* chunksOf(path, before?.size);
      } catch (error) {
        throw fileError("read the table", name, error);
      }
      const now = stateOf(path);
      if (before && (now?.size !== before.size || now.changed !== before.changed)) {
        throw new NnfitError("files", "the table changed while it was being read", {
          at: name,
          have: `${now?.size ?? 0} bytes, but ${before.size} when it was opened`,
          try: "again, once nothing is writing to it",
        });
      }
    },
  };
}

/**
 * A file in two buffers by turns: while one is worked on, the other is read into. New buffers for each chunk would take as
 * long to come by as the file takes to be read. Of a file that has a size, no more than that is read: one that grows has
 * no end of its own. Of a pipe nothing is read ahead, as that might never come, and closing waits for it.
 */
async function* chunksOf(path: string, size: number | undefined): AsyncGenerator<Uint8Array> {
  const file = await open(path);
  let left = size || Number.POSITIVE_INFINITY;
  let [buffer, other] = [Buffer.allocUnsafeSlow(CHUNK_BYTES), Buffer.allocUnsafeSlow(CHUNK_BYTES)];
  const fill = (buffer: Buffer) => {
    const reading = file.read(buffer, 0, Math.min(buffer.length, left), null);
    reading.catch(() => {}); // nobody may wait for it any more
    return reading;
  };
  try {
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
  } finally {
    await file.close();
  }
}

/** Of a file, not of a pipe or device, which have no size; undefined also where reading will tell what is wrong. */
function stateOf(path: string): { size: number; changed: number } | undefined {
  try {
    const state = statSync(path);
    return state.isFile() ? { size: state.size, changed: state.mtimeMs } : undefined;
  } catch {
    return undefined;
  }
}
