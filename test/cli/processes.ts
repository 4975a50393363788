import { type ChildProcess, type StdioOptions, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { bin, environment } from "./nnfit.js";

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

const ways = [["-pf"], ["-rpf"]].map((flags) => [...flags, "--mount-proc"]);

/** How unshare gives a command process numbers of its own, as a container does; undefined where that is not allowed. */
export const ownNumbers = ways.find((flags) => spawnSync("unshare", [...flags, "true"]).status === 0);

/** Starts the real command line as process 1. `signal` sends it one from outside. */
export function startAsFirst(args: readonly string[], { cwd, stdio = "pipe" }: { cwd: string; stdio?: StdioOptions }) {
  const child = spawn("unshare", [...ownNumbers!, process.execPath, bin, ...args], { cwd, stdio, env: environment() });
  const signal = async (name: NodeJS.Signals) => {
    const children = `/proc/${child.pid}/task/${child.pid}/children`;
    for (;;) {
      const pid = Number(readFileSync(children, "utf8").trim());
      if (pid > 0) return process.kill(pid, name);
      await wait(20);
    }
  };
  return { child, signal };
}
