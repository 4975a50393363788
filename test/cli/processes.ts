import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";

/** How a process ends, which it has to do within some seconds. */
export async function ended(child: ChildProcess, seconds: number) {
  const [code, signal] = await once(child, "exit", { signal: AbortSignal.timeout(seconds * 1000) });
  return { code, signal } as { code: number | null; signal: NodeJS.Signals | null }; // as node:child_process says
}

/** All that a stream has carried as soon as `what` is in it. */
export async function written(stream: Readable, what: RegExp): Promise<string> {
  let sofar = "";
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    sofar += chunk;
    if (what.test(sofar)) return sofar;
  }
  throw new Error(`it ended without ${what}:\n${sofar}`);
}
