import { awaitLock } from "../artifact/lock.js";
import { say } from "./text.js";

/** Waits where an output folder has the lock of a process that may be gone. To be called before what takes long. */
export function awaitFolder(folder: string, name: string): Promise<void> {
  return awaitLock(folder, name, ({ holder, seconds }) => {
    const who = `${holder}, which can't be asked from here whether it still runs`;
    say("waiting", `up to ${seconds} s: ${name} is locked by ${who}`);
  });
}
