import { closeSync, openSync, readSync } from "node:fs";

/** The first bytes of a file, or as many as it has. */
export function headOf(path: string, bytes: number): Buffer {
  const head = Buffer.alloc(bytes);
  const file = openSync(path, "r");
  try {
    return head.subarray(0, readSync(file, head, { position: 0 }));
  } finally {
    closeSync(file);
  }
}
