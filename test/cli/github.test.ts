import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { contents, folder, json, nnfit, put, text, works } from "./nnfit.js";

const rows = Array.from({ length: 20 }, (_, i) => `${i},${(i * 7) % 20},${i % 2 ? "a|b" : "y_`z"}`);
const table = ["a,b,kind", ...rows, ""].join("\n");
const config = (train: string) =>
  JSON.stringify({ data: { train, target: "kind" }, model: { hidden: [4] }, training: { epochs: 1 } }, undefined, 1);
const repository = folder({
  "models/t.csv": table,
  "models/100%, a:b.csv": table.replace("5,15,", "5,1s,"),
  "models/short.csv": table.replace("5,15,a|b", "5,15"),
  "models/c.json": config("t.csv"),
  "models/odd.json": config("100%, a:b.csv"),
  "models/typo.json": '{\n"data": { "train": "t.csv",\n"tarqet": "kind" } }',
  "models/comma.json": '{\n"data": { "train": "t.csv" "target": "kind" } }',
  "models/new.csv": "a,b\n1,2\n-5,3\n",
});
const cwd = join(repository, "models");
const actions = { GITHUB_ACTIONS: "true", GITHUB_WORKSPACE: repository };
beforeAll(() => works(["train", "c.json"], { cwd }));

const run = (args: readonly string[], env: Record<string, string> = actions) => nnfit(args, { cwd, env });
/** The lines of standard error that GitHub takes as its own. */
const annotations = (err: string) => err.split("\n").filter((line) => line.startsWith("::"));

describe.concurrent("in GitHub Actions, an error is an annotation", () => {
  it("at the file and line, by the path in the repository, with what was there and what to try", async () => {
    const { code, out, err } = await run(["train", "typo.json"]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^error: there is no setting "tarqet" in data\n {2}at {4}data\.tarqet, typo\.json:3\n/);
    const [annotation, ...others] = annotations(err);
    expect(others).toEqual([]);
    expect(annotation).toMatch(
      /^::error file=models\/typo\.json,line=3,title=nnfit%3A usage::there is no setting "tarqet" in data%0Aat: data\.tarqet, typo\.json:3%0Ahave: settings .*%0Atry: "target"$/,
    );
  });

  it("at the column, where it is known", async () => {
    const { err } = await run(["train", "comma.json"]);
    expect(annotations(err)).toEqual([
      expect.stringMatching(/^::error file=models\/comma\.json,line=2,col=\d+,title=nnfit%3A usage::the config is not/),
    ]);
  });

  it.skipIf(process.platform === "win32")(
    "with escapes for %, : and , in its properties, and for % in its text",
    async () => {
      const { code, err } = await run(["train", "odd.json"]);
      expect(code).toBe(4);
      expect(annotations(err)).toEqual([
        expect.stringMatching(
          /^::error file=models\/100%25%2C a%3Ab\.csv,line=7,title=nnfit%3A data::.*%0Aat: 100%25, a:b\.csv:7, column "b"%0Ahave: "1s"%0A/,
        ),
      ]);
    },
  );

  it("in a line, though the message has several", async () => {
    const { err } = await run(["inspect", "no\r\n::stop-commands::model"]);
    expect(err).toContain(
      "::error title=nnfit%3A model::there is no such model%0Aat: no%0D%0A::stop-commands::model%0Atry: ",
    );
  });

  it("without a place for what is in no file", async () => {
    const unknown = await run(["train", "c.json", "--outt"]);
    expect(annotations(unknown.err)).toEqual(['::error title=nnfit%3A usage::unknown option "--outt"%0Atry: --out']);
    const piped = await nnfit(["evaluate", "runs/c"], { cwd, env: actions, input: text(cwd, "short.csv") });
    expect(annotations(piped.err)).toEqual([
      expect.stringMatching(
        /^::error title=nnfit%3A data::a row has 2 cells where the header has 3%0Aat: standard input:7/,
      ),
    ]);
  });

  it("where a check fails, of check and of --fail-if", async () => {
    const checked = await run(["check", "runs/c", "new.csv", "--max-outside", "0"]);
    expect(checked.code).toBe(1);
    expect(annotations(checked.err).at(-1)).toMatch(
      /^::error title=nnfit%3A check::the table is not like .*%0Ahave: "a"/,
    );
    const gated = await run(["evaluate", "runs/c", "t.csv", "--fail-if", "accuracy >= 0"]);
    expect(annotations(gated.err)).toEqual([
      expect.stringMatching(
        /^::error title=nnfit%3A check::a --fail-if condition holds: accuracy >= 0%0Ahave: accuracy /,
      ),
    ]);
  });

  it("and a note is a warning, on standard error, beside unchanged predictions", async () => {
    const { code, out, err } = await run(["predict", "runs/c", "new.csv"]);
    expect(annotations(err)).toEqual(['::warning title=nnfit::"a" is beyond its training range (0 to 19) in 1 row']);
    expect({ code, out }).toEqual({ code: 0, out: (await run(["predict", "runs/c", "new.csv"], {})).out });
  });
});

it("names of columns and classes never act on the runner or on a terminal", async () => {
  const [column, target, other] = [
    "::stop-commands::x",
    "\u001b[2J::set-output name=y::z",
    "##[error]\u001b]0;v\u0007",
  ];
  const classes = ["::error file=a.ts::pwned", "b\u001b[1A"];
  const line = (i: number) => [i, (i * 7) % 20, i % 5, classes[i % 2]!].join(",");
  const here = folder({
    "t.csv": [[column, target, other, "kind"].join(","), ...Array.from({ length: 40 }, (_, i) => line(i))].join("\n"),
    "r.json": JSON.stringify({ data: { train: "t.csv", target: [target, other], ignore: ["kind"] } }),
    "k.json": JSON.stringify({ data: { train: "t.csv", target: "kind" } }),
  });
  const few = ["--set", "training.epochs=2", "--set", "model.members=1"];
  const commands = [
    ["train", "r.json", ...few],
    ["train", "k.json", ...few],
    ["train", "k.json", "--folds", "2", "--out", "folds", ...few],
    ["evaluate", "runs/r", "t.csv"],
    ["evaluate", "runs/k", "t.csv", "--importance"],
    ["inspect", "runs/r"],
    ["inspect", "runs/k"],
    ["check", "runs/k", "t.csv"],
    ["verify", "runs/k"],
  ];
  for (const args of commands) {
    const { code, out, err } = await nnfit(args, { cwd: here, env: { GITHUB_ACTIONS: "true" } });
    expect(code, args.join(" ")).toBe(0);
    const printed = `${out}${err}`.split("\n").filter((line) => !/^::(?:warning|error) title=nnfit/.test(line));
    for (const line of printed) {
      expect(line.trimStart().startsWith("::"), line).toBe(false);
      expect(line).not.toContain("##[");
      expect(line).not.toMatch(/\p{Cc}/u);
    }
  }
}, 60_000);

/** The cells of a Markdown table's lines, by its first column. */
function tableOf(markdown: string): Record<string, string[]> {
  const lines = markdown.split("\n").filter((line) => line.startsWith("| "));
  const cells = lines.map((line) => line.slice(2, -2).split(/ \| /));
  return Object.fromEntries(cells.map(([name = "", ...others]) => [name.trim(), others]));
}

describe.concurrent("in GitHub Actions, the step summary gets the scores", () => {
  interface Result {
    readonly scores: Readonly<Record<string, number>>;
    readonly baseline: { readonly scores: Readonly<Record<string, number>> };
    readonly linear: { readonly scores: Readonly<Record<string, number>> };
    readonly against?: {
      readonly scores: Readonly<Record<string, number>>;
      readonly difference: Readonly<Record<string, number>>;
      readonly intervals: Readonly<Record<string, readonly [number, number]>>;
    };
  }
  const withSummary = async (name: string, ...args: string[]) => {
    const file = join(repository, name);
    put(repository, { [name]: "before\n\n" });
    const { out } = await works([...args, "--json"], { cwd, env: { ...actions, GITHUB_STEP_SUMMARY: file } });
    return { result: json<Result>(out), summary: text(file) };
  };
  const close = (cell: string | undefined, value: number | undefined) =>
    expect(Number.parseFloat(cell ?? "")).toBeCloseTo(value ?? Number.NaN, 3);

  it("of train, beside baseline and linear model, after what is there, escaped", async () => {
    const { result, summary } = await withSummary("train.md", "train", "c.json", "--out", "runs/a|b");
    expect(summary).toMatch(/^before\n\n### nnfit train: runs\/a\\\|b\n\n\|/);
    const cells = tableOf(summary);
    expect(cells[""]).toEqual(["network", "baseline", "linear"]);
    expect(Object.keys(cells).slice(2)).toEqual(Object.keys(result.scores));
    const [network, baseline, linear] = cells.logLoss ?? [];
    close(network, result.scores.logLoss);
    close(baseline, result.baseline.scores.logLoss);
    close(linear, result.linear.scores.logLoss);
    expect(summary).toContain("\n- model: runs/a\\|b/model.safetensors\n");
    expect(summary).toMatch(/\n- baseline: always "(a\\\|b|y\\_\\`z)"\n/);
    expect(summary).toMatch(
      /\n- a little too good, also compared with baseline and linear: the best epoch was chosen by these same rows/,
    );
  });

  it("of evaluate, with their intervals", async () => {
    const { result, summary } = await withSummary("evaluate.md", "evaluate", "runs/c", "t.csv");
    expect(summary).toMatch(/^before\n\n### nnfit evaluate: runs\/c\n/);
    expect(summary).toContain("\n- scores: of 20 rows of t.csv, with 95 % intervals\n- model: runs/c\n");
    expect(summary).toContain(
      "\n- intervals from 20 rows tend to be too narrow: those of logLoss, balancedAccuracy, f1, rocAuc, averagePrecision\n",
    );
    const [network, baseline] = tableOf(summary).accuracy ?? [];
    expect(network).toMatch(/^[\d.]+ \([\d.]+ to [\d.]+\)$/);
    close(network, result.scores.accuracy);
    close(baseline, result.baseline.scores.accuracy);
  });

  it.each(["2024", "network"])("of evaluate --against, whatever the other model is called: %s", async (other) => {
    await works(["train", "c.json", "--set", "training.seed=2", "--out", other], { cwd });
    const args = ["evaluate", "runs/c", "t.csv", "--against", other];
    const { result, summary } = await withSummary(`${other}.md`, ...args);
    const [first, second] = summary.split(
      `\n\nagainst ${other}, on the same rows (difference: network less other)\n\n`,
    );
    const cells = tableOf(first!);
    expect(cells[""]).toEqual(["network", "baseline", "linear"]);
    close(cells.logLoss?.[0], result.scores.logLoss);
    const { against } = result;
    const differences = tableOf(second!);
    expect(differences[""]).toEqual(["other", "difference", "95 % interval", "network is"]);
    const [theirs, difference, interval, verdict] = differences.logLoss ?? [];
    close(theirs, against!.scores.logLoss);
    close(difference, against!.difference.logLoss);
    expect(interval).toMatch(/^\S+ to \S+$/);
    const [low, high] = against!.intervals.logLoss!;
    expect(verdict).toBe(low > 0 ? "worse" : high < 0 ? "better" : "undecided");
  });

  it("of a cross-validation: mean, deviation and out of fold", async () => {
    const { result, summary } = await withSummary("folds.md", "train", "c.json", "--folds", "2", "--out", "runs/f");
    const cells = tableOf(summary);
    expect(cells[""]).toEqual(["mean of the folds", "± deviation", "out of fold", "baseline", "linear"]);
    close(cells.logLoss?.[0], result.scores.logLoss);
    expect(summary).toContain("\n- files: runs/f/folds.csv, runs/f/out-of-fold.csv\n");
  });

  it("also where a check of them fails", async () => {
    const file = join(repository, "failed.md");
    const env = { ...actions, GITHUB_STEP_SUMMARY: file };
    const { code } = await run(["evaluate", "runs/c", "t.csv", "--fail-if", "accuracy >= 0"], env);
    expect(code).toBe(1);
    expect(tableOf(text(file)).accuracy).toHaveLength(3);
    expect(text(file)).toMatch(/\n- failed: a --fail-if condition holds: accuracy \\>= 0; accuracy /);
  });

  it("or says that it can't be written, and does not fail", async () => {
    const file = join(repository, "a-folder");
    mkdirSync(file);
    const { code, out, err } = await run(["evaluate", "runs/c", "t.csv"], { ...actions, GITHUB_STEP_SUMMARY: file });
    expect(code).toBe(0);
    expect(out).toMatch(/^accuracy /m);
    expect(err).toMatch(/^note: (can't write the step summary: it is a folder)\n::warning title=nnfit::\1$/m);
  });
});

it("outside of GitHub Actions there is nothing of it", async () => {
  const before = Object.keys(contents(repository));
  for (const GITHUB_ACTIONS of ["", "false"]) {
    const env = { GITHUB_ACTIONS, GITHUB_STEP_SUMMARY: join(repository, "outside.md") };
    const { err } = await run(["evaluate", "runs/c", "t.csv", "--fail-if", "accuracy >= 0"], env);
    expect(err).toMatch(/^error: a --fail-if condition holds/m);
    expect((await run(["predict", "runs/c", "new.csv"], env)).err + err).not.toContain("::");
  }
  expect(Object.keys(contents(repository))).toEqual(before);
});
