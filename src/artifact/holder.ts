import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import * as z from "zod";

/** Who holds a lock: a process, told from all others. */
export const holderSchema = z.object({
  /** of this taking of the lock, and of no other */
  token: z.string().regex(/^[\w-]+$/),
  host: z.string(),
  /** where process numbers mean the same processes: until a system starts again, and within one container */
  system: z.string(),
  pid: z.int().positive(),
  /** when the process began, as the system counts: a number may go to another process later */
  began: z.string(),
  /** when the lock was taken */
  since: z.string(),
});
export type Holder = z.output<typeof holderSchema>;

/** This process, as the holder of a lock. */
export function thisProcess(token: string, now = new Date()): Holder {
  const { pid } = process;
  return { token, host: hostname(), system: thisSystem(), pid, began: beginOf(pid), since: now.toISOString() };
}

/** Whether a holder's process runs; undefined where it can't be known from here. */
export function isRunning({ host, system, pid, began }: Holder): boolean | undefined {
  if (host !== hostname() || system !== thisSystem()) return undefined;
  try {
    process.kill(pid, 0); // sends nothing, and fails where there is no such process
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException; // kill throws nothing else
    if (code === "ESRCH") return false;
  }
  return began === beginOf(pid);
}

/** On Linux the boot and the namespace of process numbers; elsewhere the host's name has to do. */
function thisSystem(): string {
  try {
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return "";
  }
}

/** On Linux, in ticks since the system started; elsewhere it is not told. Of a process that is dead and not yet reaped, that. */
function beginOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // from the 3rd on; the 2nd may hold anything
    return fields[0] === "Z" ? "dead" : (fields[19] ?? "");
  } catch {
    return "";
  }
}
