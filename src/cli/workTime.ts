/** How long before a SIGCONT is heard the stop that it ends may have been noticed: whoever worked again asked for the time first. */
const HEARD_LATE = 1000;
const TICK = 100;

let seen = 0;
let stopped = 0;
/** the longest time lately in which nobody asked and no timer fired: the stop, where a SIGCONT follows */
let gap = { length: 0, end: 0 };

/** Milliseconds since the process began, without those in which Ctrl-Z had stopped it. */
export function workTime(): number {
  const now = performance.now();
  if (now - seen > gap.length || now - gap.end > HEARD_LATE) gap = { length: now - seen, end: now };
  seen = now;
  return now - stopped;
}

process.on("SIGCONT", () => {
  workTime();
  stopped += gap.length;
  gap = { length: 0, end: seen };
});
setInterval(workTime, TICK).unref();
