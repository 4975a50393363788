import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { folder, json, nnfit, put, start, text, works } from "./nnfit.js";
import { ended, written } from "./processes.js";

interface Told {
  readonly version: number;
  readonly notes?: readonly string[];
  readonly error?: Readonly<Record<string, unknown>>;
}

const rows = Array.from({ length: 20 }, (_, i) => `${i},${(i * 7) % 20},${i % 2 ? "x" : "y"}`);
const table = ["a,b,kind", ...rows, ""].join("\n");
const slip = table.replace("5,15,x", "5,1s,x");
const config = { data: { train: "t.csv", target: "kind" }, model: { hidden: [4] }, training: { epochs: 1 } };
const hopeless = { ...config.training, optimizer: { name: "sgd", learningRate: 1e30 } };
const cwd = folder({
  "t.csv": table,
  "slip.csv": slip,
  "short.csv": table.replace("5,15,x", "5,x"),
  "none.safetensors": "none",
  "c.json": JSON.stringify(config, undefined, 1),
  "slip.json": JSON.stringify({ ...config, data: { ...config.data, train: "slip.csv" } }),
  "typo.json": '{\n"data": { "train": "t.csv",\n"tarqet": "kind" } }',
  "hopeless.json": JSON.stringify({ ...config, training: hopeless }),
  "search.json": JSON.stringify({
    ...config,
    training: hopeless,
    search: { "training.optimizer.learningRate": { log: [1e20, 1e30] }, runs: 1 },
  }),
});
beforeAll(() => works(["train", "c.json"], { cwd }));

/** The one object of a command, which has to be all that is on standard output. */
async function told(args: readonly string[], env: Record<string, string> = {}, where = cwd) {
  const { code, out, err } = await nnfit([...args, "--json"], { cwd: where, env });
  return { code, err, result: json<Told>(out) };
}

describe.concurrent("with --json, an error is one object on standard output, of", () => {
  const command = (line: string) => line.split(" ");
  it.each<[string, string, number, object]>([
    ["train typo.json", "usage", 2, { at: "data.tarqet, typo.json:3", try: '"target"' }],
    ["train c.json --resume --continue-from runs/c --folds 2", "usage", 2, {}],
    ["train slip.json --folds 2", "data", 4, { at: 'slip.csv:7, column "b"', have: '"1s"' }],
    ["train slip.json --out runs/slip", "data", 4, { at: 'slip.csv:7, column "b"', have: '"1s"' }],
    ["train hopeless.json --out runs/hopeless", "diverged", 7, { at: expect.stringMatching(/^epoch 1, batch 1\n/) }],
    ["train c.json --set data.train=no.csv", "files", 5, { at: "no.csv" }],
    ["search c.json", "usage", 2, { at: "c.json", message: "the config has no ranges to search" }],
    ["predict runs/c slip.csv --out p.csv", "data", 4, { at: 'slip.csv:7, column "b"' }],
    ["predict runs/c t.csv", "usage", 2, { try: "--out predictions.csv --json" }],
    ["evaluate runs/c short.csv", "data", 4, { at: "short.csv:7" }],
    ["check runs/c no.csv", "files", 5, { at: "no.csv" }],
    ["inspect none.safetensors", "model", 6, { at: "none.safetensors" }],
    ["schema --markdown", "usage", 2, { message: 'option "--json" cannot be used with option "--markdown"' }],
    ["doctor --outt", "usage", 2, { message: 'unknown option "--outt"' }],
    ["predict", "usage", 2, { message: 'missing required argument "model"' }],
    ["trian c.json", "usage", 2, { message: 'unknown command "trian"', try: "train" }],
    ["evaluate runs/c t.csv --no-intervls", "usage", 2, { try: "--no-intervals" }],
    ["train c.json --batch-size 5", "usage", 2, { try: "--set training.batchSize=…" }],
    ["predict runs/c t.csv --batch-size 5", "usage", 2, { message: 'unknown option "--batch-size"' }],
  ])("nnfit %s: %s", async (line, name, exit, details) => {
    const { code, err, result } = await told(command(line));
    expect(code).toBe(exit);
    const { notes = [], ...others } = result;
    expect(others).toEqual({ version: 1, error: expect.objectContaining({ code: name, exit, ...details }) });
    for (const note of notes) expect(err).toContain(`note: ${note}\n`);
    const message = String(result.error?.message);
    expect(err).toContain(`error: ${message}\n`); // people are told the same
    expect(err).not.toContain("::");
  });

  it("nnfit alone: what an option without a command is", async () => {
    const { code, result } = await told([]);
    expect(code).toBe(2);
    expect(result.error).toMatchObject({ code: "usage", exit: 2 });
  });

  it("a fault of nnfit itself, with the stack on standard error only", async () => {
    const broken = encodeURIComponent('process.cwd = () => { throw new TypeError("broken") }');
    const { code, err, result } = await told(["doctor"], { NODE_OPTIONS: `--import=data:text/javascript,${broken}` });
    expect(code).toBe(3);
    const message = "a bug in nnfit, please report it";
    expect(result).toEqual({ version: 1, error: { code: "fault", exit: 3, message, have: "TypeError: broken" } });
    expect(err).toMatch(/^TypeError: broken\n {4}at /m);
  });

  it("no command without --json, nor one that has it behind --", async () => {
    expect(await nnfit(["inspect", "none.safetensors"], { cwd })).toMatchObject({ code: 6, out: "" });
    expect(await nnfit(["inspect", "--", "none.safetensors", "--json"], { cwd })).toMatchObject({ code: 2, out: "" });
  });
});

describe.skipIf(process.platform === "win32")("with --json, a signal", () => {
  const long = { ...config, model: { hidden: [128, 128] }, training: { epochs: 100_000 } };
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("gives %s as an error with exit code %i and the command that goes on", async (signal, exit) => {
    const where = folder({ "t.csv": table, "c.json": JSON.stringify(long) });
    const child = start(["train", "c.json", "--json"], { cwd: where });
    onTestFinished(() => void child.kill("SIGKILL"));
    const out: Buffer[] = [];
    child.stdout.on("data", (bytes: Buffer) => out.push(bytes));
    await written(child.stderr, /^epoch +4\//m);
    child.stderr.resume();
    child.kill(signal);
    expect(await ended(child, 10)).toEqual({ code: exit, signal: null });
    const { version, error } = json<Told>(Buffer.concat(out).toString());
    expect({ version, error }).toEqual({
      version: 1,
      error: {
        code: "stopped",
        exit,
        message: expect.stringMatching(
          `^stopped by ${signal === "SIGINT" ? "Ctrl-C \\(SIGINT\\)" : signal} after \\d+ epochs$`,
        ),
        at: expect.stringMatching(/^runs\/c\/checkpoints\/\d+\.safetensors$/),
        try: "nnfit train c.json --json --resume",
      },
    });
  });

  it("puts it into the result of a search, which has one", async () => {
    const search = { "training.optimizer.learningRate": { log: [0.001, 0.1] }, runs: 5000 };
    const where = folder({ "t.csv": table, "c.json": JSON.stringify({ ...config, search }) });
    const child = start(["search", "c.json", "--json", "--threads", "1"], { cwd: where });
    onTestFinished(() => void child.kill("SIGKILL"));
    const out: Buffer[] = [];
    child.stdout.on("data", (bytes: Buffer) => out.push(bytes));
    await written(child.stderr, /^done +2\//m);
    child.stderr.resume();
    child.kill("SIGTERM");
    expect(await ended(child, 10)).toEqual({ code: 143, signal: null });
    const resume = "nnfit search c.json --json --threads 1";
    expect(json<Told>(Buffer.concat(out).toString())).toMatchObject({
      complete: false,
      stopped: "SIGTERM",
      error: { code: "stopped", exit: 143, message: "stopped by SIGTERM", try: resume },
    });
  });
});

describe.concurrent("with --json, a command that has a result and fails puts the error into it:", () => {
  const failure = { code: "check", exit: 1, message: "a --fail-if condition holds: accuracy < 2" };
  it("evaluate", async () => {
    const { code, result } = await told(["evaluate", "runs/c", "t.csv", "--fail-if", "accuracy < 2"]);
    const { error, ...others } = result;
    expect({ code, error }).toEqual({ code: 1, error: expect.objectContaining(failure) });
    expect((await told(["evaluate", "runs/c", "t.csv"])).result).toEqual(others); // and has no error where all is well
  });

  it("train --folds", async () => {
    const { code, result } = await told(["train", "c.json", "--folds", "2", "--fail-if", "accuracy < 2"]);
    expect(code).toBe(1);
    expect(result).toMatchObject({ version: 1, outOfFold: { rows: 20 }, error: failure });
  });

  it("train, one object in any case", async () => {
    const { code, result } = await told(["train", "c.json", "--out", "runs/gated", "--fail-if", "accuracy < 2"]);
    expect(code).toBe(1);
    expect(result).toMatchObject({
      version: 1,
      model: "runs/gated/model.safetensors",
      error: { code: "check", exit: 1 },
    });
  });

  it("search, where every training diverged", async () => {
    const { code, result } = await told(["search", "search.json"]);
    expect(code).toBe(7);
    expect(result).toMatchObject({ version: 1, best: null, error: { code: "diverged", exit: 7 } });
  });

  it("check", async () => {
    put(cwd, { "other.csv": table.replaceAll(/^\d+,/gm, "999,") });
    const { code, result } = await told(["check", "runs/c", "other.csv"]);
    expect(code).toBe(1);
    const have = expect.stringMatching(/^"a" /);
    expect(result).toMatchObject({ version: 1, holds: false, error: { code: "check", exit: 1, have } });
  });

  it.skipIf(process.platform !== "linux")("doctor, in a folder that can't be written", async () => {
    const { code, result } = await told(["doctor"], {}, "/proc");
    expect(code).toBe(1);
    const have = expect.stringMatching(/^\/proc: /);
    expect(result).toMatchObject({ version: 1, ok: false, error: { code: "check", exit: 1, have } });
  });
});

describe.concurrent("--json of", () => {
  it("predict counts rows, those without a prediction, and odd cells; predictions are as without it", async () => {
    const odd = ["a,b", "1,2", "x,3", "99,4", ",5", ""].join("\n");
    put(cwd, { "odd.csv": odd });
    const args = ["predict", "runs/c", "odd.csv", "--on-error", "null"];
    const { code, result } = await told([...args, "--out", "odd-out.csv"]);
    expect(code).toBe(0);
    expect(result).toEqual({
      version: 1,
      predictions: "odd-out.csv",
      rows: 4,
      withoutPrediction: 1,
      clipped: 0,
      odd: { a: { unreadable: 1, outside: 1, missing: 1 } },
      notes: [
        '1 row has no prediction, because "a" is not a number: "x"',
        '"a" is beyond its training range (0 to 19) in 1 row',
        '1 cell of "a" was missing and filled with the median, 8.5, but none were in training',
      ],
    });
    expect(text(cwd, "odd-out.csv")).toBe((await works(args, { cwd })).out);
  });

  it.each([[], ["--events"]])("schema has the schema in it %s", async (...args: string[]) => {
    const { out } = await works(["schema", ...args], { cwd });
    const { result } = await told(["schema", ...args]);
    expect(result).toEqual({ version: 1, nnfit: expect.stringMatching(/^\d+\.\d+\.\d+/), schema: json(out) });
  });
});
