import { describe, expect, it } from "vitest";
import { bin, config, dataset, environment, folder, records, text, works } from "./nnfit.js";
import { Screen } from "./screen.js";

type Pty = typeof import("@lydell/node-pty");

// Windows' own pseudo-terminal rewrites what a program prints, so there is nothing of ours to judge.
const pty = process.platform === "win32" ? undefined : await import("@lydell/node-pty").catch(() => undefined);

const ESC = String.fromCharCode(27);

interface Setting {
  readonly columns?: number;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly terminal?: string;
  /** what is typed, when what is shown so far matches */
  readonly type?: readonly [when: RegExp, keys: string];
  /** the process is stopped for so long, in milliseconds, when what is shown so far matches */
  readonly pause?: readonly [when: RegExp, milliseconds: number];
  /** of the screen */
  readonly rows?: number;
  /** on the screen before the command begins, in a shell */
  readonly before?: string;
}

interface Shown {
  readonly code: number;
  readonly signal: number | undefined;
  readonly output: string;
  readonly screen: Screen;
}

/** Runs the command line on a pseudo-terminal. One that does not end is killed, with exit code −1. */
async function shown(args: readonly string[], setting: Setting = {}): Promise<Shown> {
  const { columns = 120, cwd = folder(), env = {}, terminal = "xterm-256color", type, pause } = setting;
  const { rows = 50, before = "" } = setting;
  const { spawn } = pty as Pty; // the tests that need it are skipped without it
  const script = ['printf "%s" "$0"; exec "$@"', before, process.execPath, bin, ...args];
  const child = spawn("/bin/sh", ["-c", ...script], {
    cols: columns,
    rows,
    cwd,
    name: terminal,
    env: environment(env),
  });
  let output = "";
  let typed = false;
  let paused = false;
  child.onData((data) => {
    output += data;
    if (pause && !paused && pause[0].test(output)) {
      paused = true;
      child.kill("SIGSTOP");
      setTimeout(() => child.kill("SIGCONT"), pause[1]);
    }
    if (!type || typed || !type[0].test(output)) return;
    typed = true;
    child.write(type[1]);
  });
  return new Promise((resolve) => {
    let late = false;
    const patience = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, 15_000);
    child.onExit(({ exitCode, signal }) => {
      clearTimeout(patience);
      resolve({ code: late ? -1 : exitCode, signal, output, screen: new Screen(columns, output, rows) });
    });
  });
}

const train = (epochs: number, ...more: string[]) => [
  "train",
  config("iris"),
  ...["--set", "preset=none", "--set", `training.epochs=${epochs}`, "--out", "run"],
  ...more,
];
const barOf = ({ lines }: Screen) => lines.filter((line) => line.includes("epoch ")).at(0) ?? "";

describe.skipIf(!pty).concurrent("on a pseudo-terminal (needs @lydell/node-pty, and no Windows)", () => {
  it("train shows one bar, redrawn in place, with the time that is left; then the summary, on a terminal as it was", async () => {
    const { code, output, screen } = await shown(train(12_000));
    expect(code).toBe(0);
    const bars = screen.lines.filter((line) => line.startsWith("epoch "));
    expect(bars.length).toBe(1);
    expect(bars[0]).toMatch(/^epoch 12000\/12000 +█+ .*\bin \d/);
    expect(bars[0]).not.toContain("░");
    expect(output.split("epoch ").length).toBeGreaterThan(4);
    expect(output).toMatch(/epoch \d+\/12000 +█+░+ +loss \S+ +val_loss \S+ +val_accuracy \S+ .*\d s left/);
    const after = screen.lines.slice(screen.lines.indexOf(bars[0]!) + 1).join("\n");
    expect(after).toMatch(/done .*scores .*model .*run\/model\.safetensors.*predict .*nnfit predict run/s);
    expect({ cursor: screen.cursorVisible, wrap: screen.wrapsLines }).toEqual({ cursor: true, wrap: true });
  });

  it("the bar of a training that stops early ends with the epoch that it came to, and no time left", async () => {
    const cwd = folder();
    const { code, screen } = await shown(train(3000, "--set", "training.patience=3"), { cwd });
    const last = records(text(cwd, "run", "history.csv")).at(-1)!;
    expect(code).toBe(0);
    expect(barOf(screen)).toContain(`epoch ${last.epoch}/3000`);
    expect(barOf(screen)).not.toContain("left");
  });

  it.each([60, 80, 120])(
    "no number of the bar is cut off on %i columns, and no line wraps from 80 on",
    async (columns) => {
      const cwd = folder();
      const { screen } = await shown(train(120), { columns, cwd });
      const last = records(text(cwd, "run", "history.csv")).at(-1)!;
      const bar = barOf(screen);
      expect(screen.cut.size, bar).toBe(0);
      expect(bar).toMatch(/^epoch 120\/120 .*\bin \d+\.\d s$/);
      for (const [, name, value] of bar.matchAll(/ ((?:val_)?(?:loss|accuracy)) (\S+)/g)) {
        expect(Number(value) / Number(last[name!]), name).toBeCloseTo(1, 3);
      }
      if (columns < 80) return;
      expect(bar).toMatch(/ loss .* val_loss .* val_accuracy /);
      expect(screen.wrapped).toEqual([]);
    },
  );

  it.each([60, 120])(
    "train --folds shows one bar for all folds, with a score of the latest, on %i columns",
    async (columns) => {
      const { code, output, screen } = await shown(train(400, "--folds", "3"), { columns });
      expect(code).toBe(0);
      const bars = screen.lines.filter((line) => line.includes(" folds "));
      const ends = bars.filter((line) => line.startsWith("3/3 folds "));
      expect(ends).toHaveLength(1);
      expect(ends[0]).toMatch(/^3\/3 folds (?:█+ )?last: fold \d, accuracy [\d.]+; \d+\.\d s in all$/);
      expect(output).toMatch(/[012]\/3 folds █+░+ /);
      expect(screen.cut.size).toBe(0);
      expect(screen.lines.some((line) => /^fold \d\/3/.test(line))).toBe(false);
    },
  );
  it("search shows one bar with the best score so far, and Ctrl-C leaves what is done", async () => {
    const ranges = { "model.dropout": { linear: [0, 0.5] }, runs: 8 };
    const cwd = folder({
      "c.json": JSON.stringify({
        data: { train: dataset("iris"), target: "species" },
        model: { hidden: [8] },
        training: { epochs: 400 },
        search: ranges,
      }),
    });
    const cut = await shown(["search", "c.json", "--threads", "1"], { cwd, type: [/trained [1-7]\/8/, "\u0003"] });
    expect(cut.code).toBe(130);
    expect(cut.screen.lines.join("\n")).toMatch(/stopped .*\n {2}go on +nnfit search c\.json --threads 1\n/s);
    const { code, screen } = await shown(["search", "c.json"], { cwd });
    expect(code).toBe(0);
    const bars = screen.lines.filter((line) => line.startsWith("trained "));
    expect(bars.length).toBe(1);
    expect(bars[0]).toMatch(/^trained 8\/8 █+ best logLoss \d\.\d+ in \d/);
    expect(screen.lines.some((line) => /\d trainings? done earlier/.test(line))).toBe(true);
    expect({ cursor: screen.cursorVisible, wrap: screen.wrapsLines }).toEqual({ cursor: true, wrap: true });
  });

  it("Ctrl-C ends a training at once and leaves the terminal as it was", async () => {
    const { code, signal, screen } = await shown(train(1_000_000), { type: [/epoch \d{3}/, "\u0003"] });
    expect(signal === 2 || code === 130).toBe(true);
    expect({ cursor: screen.cursorVisible, wrap: screen.wrapsLines }).toEqual({ cursor: true, wrap: true });
  });

  it.each([
    ["at the top", "$ nnfit train\n"],
    ["in the middle, after text", `${"earlier\n".repeat(9)}$ nnfit train\n`],
    ["at the end of a screen that scrolls", `${"earlier\n".repeat(40)}$ nnfit train\n`],
  ])("Ctrl-C leaves the bar and the lines after it in their places, %s of the screen", async (_, before) => {
    const cwd = folder();
    const setting = { cwd, columns: 80, rows: 20, before, type: [/epoch \d{3}/, "\u0003"] as const };
    const { code, screen } = await shown(train(1_000_000), setting);
    expect(code).toBe(130);
    expect(screen.wrapped.filter((line) => !/^ {2}resume {4}nnfit train |^\S/.test(line))).toEqual([]);
    expect(screen.wrapped.some((line) => line.startsWith("epoch"))).toBe(false);
    expect(screen.lines.slice(0, before.split("\n").length - 1).join("\n")).toBe(before.trimEnd());
    const bar = screen.lines.findIndex((line) => line.startsWith("epoch "));
    expect(screen.lines[bar - 1]).toMatch(/^ {2}training /);
    expect(screen.lines[bar]).toMatch(/^epoch \d+\/1000000 .* in \d+\.\d s$/);
    const after = screen.lines.slice(bar + 1);
    expect(after[0]).toMatch(/^ {2}stopped {3}by Ctrl-C \(SIGINT\) after \d+ epochs; checkpoint/);
    expect(after.join("")).toMatch(/ {2}resume {4}nnfit train \S+ --set preset=none .* --out run --resume$/);
  });

  it("the time that a stopped process waits is not told as time of work", async () => {
    const begun = performance.now();
    const { code, screen } = await shown(train(12_000), { pause: [/epoch \d{3}/, 4000] });
    const real = (performance.now() - begun) / 1000;
    const [, told] = /in (\d+\.\d) s$/.exec(barOf(screen)) ?? [];
    const [, done] = /done .* in (\d+\.\d) s/.exec(screen.lines.join("\n")) ?? [];
    expect(code).toBe(0);
    expect(real).toBeGreaterThan(4);
    expect(Number(told)).toBeLessThan(real - 3.9);
    expect(Number(done)).toBeLessThan(real - 3.9);
  });

  it("an error while the bar is shown ends the command", async () => {
    const rate = ["--set", "training.optimizer.learningRate=1e30"];
    const { code, screen } = await shown([...train(5), ...rate], { cwd: folder() });
    expect(screen.lines.join("\n")).toMatch(/^error: training diverged/m);
    expect(code).toBe(7);
  });

  it("errors are coloured, but not with NO_COLOR", async () => {
    const coloured = await shown(["train", "none.json"]);
    const plain = await shown(["train", "none.json"], { env: { NO_COLOR: "1" } });
    expect(coloured.output).toContain(`${ESC}[31merror:`);
    expect(plain.output).toMatch(/^error: there is no such config file\r?\n/);
    expect(plain.output).not.toContain(ESC);
    expect(coloured.screen.lines).toEqual(plain.screen.lines);
    expect([coloured.code, plain.code]).toEqual([2, 2]);
  });

  it("notes wrap at words, and a command to copy has no line break", async () => {
    const cwd = folder();
    const setting = ["--set", 'training.schedule.warmUp={"epochs":50}', "--out", "a-long-name-of-a-run-folder"];
    const { output } = await shown([...train(9), ...setting], { columns: 60, cwd });
    expect(output).toMatch(/^.*note:\S* the warm-up is longer than the training, so the\r?\n {6}\S/m);
    expect(output).toMatch(/predict .*nnfit predict a-long-name-of-a-run-folder new\.csv --out predictions\.csv\r?\n/);
  });

  it("a dumb terminal gets plain lines", async () => {
    const { output, screen } = await shown(train(3), { terminal: "dumb" });
    expect(output).not.toContain(ESC);
    expect(screen.lines.filter((line) => line.startsWith("epoch ")).length).toBe(3);
  });
});

it("in a pipe there are no control sequences, and a line for each epoch", async () => {
  const cwd = folder();
  const { err } = await works(train(3), { cwd });
  expect(err).not.toContain(ESC);
  expect(err.match(/^epoch /gm)?.length).toBe(3);
});
