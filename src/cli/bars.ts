import { SingleBar } from "cli-progress";
import type { Source } from "../data/source.js";
import { duration } from "./text.js";
import { workTime } from "./workTime.js";

const REDRAW_MILLISECONDS = 100;
/** What takes less time than this shows no progress. */
const SHORT_MILLISECONDS = 500;
/** A line leaves room for the ^C that a terminal shows, which would wrap. */
const ROOM_FOR_KEYS = 3;
const ESC = String.fromCharCode(27);

const write = (text: string) => void process.stderr.write(text);
/**
 * What cli-progress asks of a terminal. The cursor stays in its line: a place that was saved is another one when the
 * screen has scrolled.
 */
const terminal = {
  isTTY: () => Boolean(process.stderr.isTTY),
  getWidth: () => process.stderr.columns || 80,
  cursorSave() {},
  cursorRestore() {},
  cursorTo: () => write("\r"),
  clearRight: () => write(`${ESC}[K`),
  clearLine: () => write(`${ESC}[2K`),
  newline: () => write("\n"),
  write,
};

/**
 * A process that is killed leaves the terminal as it was: the cursor is not hidden, the wrapping of lines not turned
 * off; instead the line is made to fit.
 */
const options = { terminal, hideCursor: false, linewrap: true, fps: 1000 / REDRAW_MILLISECONDS };
const WIDEST_BAR = 20;
const NARROWEST_BAR = 4;

export function hasBars(): boolean {
  return terminal.isTTY() && process.env.TERM !== "dumb";
}

/** What a bar shows. */
interface Line {
  readonly label: string;
  /** from 0 to 1 */
  readonly progress: number;
  /** such as losses, the first of which are shown if there is room */
  readonly values: readonly string[];
  /** in seconds, if somebody can tell */
  readonly left: number | undefined;
  /** the time at the end could be taken for that of the last value */
  readonly inAll?: boolean;
}

export interface Bar {
  /** Something has changed: the bar is drawn again, but only some times a second. */
  refresh(): void;
  /** Draws it for the last time, with the time that it all took. */
  stop(): void;
}

/** A bar that is there from the beginning. `line` is asked what it shows after so many seconds. */
export function steadyBar(line: (seconds: number) => Line): Bar {
  const started = workTime();
  let drawn = started;
  let isRunning = true;
  const bar = new SingleBar({
    ...options,
    format: () => {
      const seconds = (workTime() - started) / 1000;
      const { label, progress, values, left, inAll = false } = line(seconds);
      const all = inAll ? `${duration(seconds)} in all` : `in ${duration(seconds)}`;
      return fitted(label, progress, values, isRunning ? timeText(left) : all);
    },
  });
  bar.start(1, 0);
  const draw = () => {
    bar.render();
    drawn = workTime();
  };
  return {
    refresh() {
      if (workTime() - drawn >= REDRAW_MILLISECONDS) draw();
    },
    stop() {
      isRunning = false;
      draw();
      bar.stop();
    },
  };
}

/** The same source; on a terminal, a bar shows how much of the file has been read, if that takes long. */
export function watched(source: Source): Source {
  const { bytes } = source;
  if (!hasBars() || !bytes) return source;
  return {
    ...source,
    async *read() {
      const bar = lateBar("reading", source.name, bytes);
      let done = 0;
      try {
        for await (const chunk of source.read()) {
          yield chunk;
          done += chunk.length;
          bar.update(done);
        }
      } finally {
        bar.stop();
      }
    },
  };
}

/** How much of something is done, of which a bar tells if it takes long. */
export interface LateBar {
  update(done: number): void;
  stop(): void;
}

/** On a terminal; elsewhere nothing is shown. */
export function lateBar(doing: string, what: string, all: number): LateBar {
  if (!hasBars()) return { update() {}, stop() {} };
  const format = (_: unknown, { progress }: { progress: number }) => fitted(doing, progress, [], what);
  const bar = new SingleBar({ ...options, clearOnComplete: true, format });
  let drawn = workTime() + SHORT_MILLISECONDS;
  let started = false;
  return {
    update(done) {
      if (workTime() < drawn) return;
      if (!started) bar.start(all, done);
      started = true;
      bar.update(Math.min(done, all));
      bar.render();
      drawn = workTime() + REDRAW_MILLISECONDS;
    },
    stop() {
      if (started) bar.stop();
    },
  };
}

/** "12 s left", or nothing while nobody can tell. */
function timeText(seconds: number | undefined): string {
  return seconds === undefined ? "" : `${duration(seconds)} left`;
}

/**
 * The line of the bar in the terminal's width, with the losses and the first score: the bar gives way to them, then the
 * last of them to the rest.
 */
function fitted(epoch: string, progress: number, values: readonly string[], time: string): string {
  const width = terminal.getWidth() - ROOM_FOR_KEYS;
  for (let shown = Math.min(values.length, 3); shown >= 0; shown--) {
    const words = [epoch, ...values.slice(0, shown), time].filter((word) => word !== "");
    const spare = width - words.join(" ").length;
    if (spare >= NARROWEST_BAR + 1) return [epoch, drawnBar(progress, spare - 1), ...words.slice(1)].join(" ");
    if (spare >= 0) return words.join(" ");
  }
  return epoch.slice(0, width);
}

function drawnBar(progress: number, room: number): string {
  const width = Math.min(room, WIDEST_BAR);
  const filled = Math.round(progress * width);
  return "█".repeat(filled) + "░".repeat(width - filled);
}
