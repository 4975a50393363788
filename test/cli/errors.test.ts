import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { bin, contents, type Files, folder, nnfit, put, text, works } from "./nnfit.js";

const table = [
  "a,b,kind",
  ...Array.from({ length: 20 }, (_, i) => `${i},${(i * 7) % 20},${i % 2 ? "x" : "y"}`),
  "",
].join("\n");
const good = `{
  "data": {
    "train": "t.csv",
    "target": "kind"
  },
  "model": { "hidden": [4] },
  "training": { "epochs": 1 }
}
`;

/** A config, its table, and an earlier run of it. */
const home = folder({ "c.json": good, "t.csv": table });
let model: Buffer;
beforeAll(async () => {
  await works(["train", "c.json"], { cwd: home });
  model = readFileSync(join(home, "runs", "c", "model.safetensors"));
});

interface Case {
  /** what is wrong */
  readonly of: string;
  /** over those of the folder */
  readonly files?: () => Files;
  /** `nnfit train c.json` if not given */
  readonly args?: readonly string[];
  readonly code: number;
  /** the message, then what stands at `at`, `have` and `try` */
  readonly says: readonly [
    message: string | RegExp,
    at?: string | undefined,
    have?: string | RegExp | undefined,
    attempt?: string | RegExp,
  ];
}

const usage = (of: string, more: Omit<Case, "of" | "code">): Case => ({ of, code: 2, ...more });
const data = (of: string, content: string | Uint8Array, ...says: Case["says"]): Case => ({
  of,
  files: () => ({ "t.csv": content }),
  code: 4,
  says,
});
const withConfig = (of: string, content: string, ...says: Case["says"]): Case => ({
  of,
  files: () => ({ "c.json": content }),
  code: 2,
  says,
});
const set = (value: string) => ["train", "c.json", "--set", value];
const predict = ["predict", "runs/c/model.safetensors", "t.csv"];
const withModel = (of: string, change: (bytes: Buffer) => Uint8Array, ...says: Case["says"]): Case => ({
  of,
  files: () => ({ "runs/c/model.safetensors": change(Buffer.from(model)) }),
  args: predict,
  code: 6,
  says,
});
const flipped = (bytes: Buffer) => {
  bytes[bytes.length - 2]! ^= 1;
  return bytes;
};

const long = "x".repeat(256);
/** Windows says of such names that there is no such file. */
const ofLongNames: Case[] = [
  {
    of: "a model of a name that is too long",
    args: ["predict", long, "t.csv"],
    code: 5,
    says: ["can't read the model: its name is too long", long],
  },
  {
    of: "rows of a name that is too long",
    files: () => ({ "p.csv": "there before" }),
    args: ["predict", "runs/c", long, "--out", "p.csv"],
    code: 5,
    says: ["can't read the table: its name is too long", long],
  },
];

const cases: Case[] = [
  ...(process.platform === "win32" ? [] : ofLongNames),
  usage("a config on the web", {
    args: ["train", "https://example.org/c.json"],
    says: [
      "nnfit reads files by their paths, not by addresses",
      "https://example.org/c.json",
      undefined,
      "downloading it first",
    ],
  }),
  usage("rows on the web", {
    args: ["predict", "runs/c", "https://example.org/t.csv"],
    says: [/by their paths/, "https://example.org/t.csv", undefined, "downloading it first"],
  }),
  usage("a model by an address of a file", {
    args: ["inspect", "file:///runs/c"],
    says: [/by their paths/, "file:///runs/c", undefined, "/runs/c"],
  }),
  usage("a table on the web", {
    args: set("data.train=https://example.org/t.csv"),
    says: [
      "nnfit reads files by their paths, not by addresses",
      "--set data.train=https://example.org/t.csv",
      "https://example.org/t.csv",
      "downloading it first",
    ],
  }),
  {
    of: "a config below a file",
    args: ["train", "t.csv/c.json"],
    code: 5,
    says: ["can't read the config: a part of the path is a file, not a folder", "t.csv/c.json"],
  },
  // configs
  withConfig(
    "a config that is not JSON",
    good.replace('"t.csv",', '"t.csv"'),
    /not JSON: comma expected/,
    "c.json:4:5",
  ),
  withConfig("a config that is a list", "[]", /must be an object/, "c.json:1"),
  withConfig(
    "a misspelled setting",
    good.replace("target", "tarqet"),
    'there is no setting "tarqet" in data',
    "data.tarqet, c.json:4",
    /train, target, validation/,
    '"target"',
  ),
  withConfig(
    "a misspelled option of an optimizer",
    good.replace('"epochs": 1', '"optimizer": { "name": "sgd", "learningrate": 1 }'),
    'there is no setting "learningrate" in training.optimizer',
    "training.optimizer.learningrate, c.json:7",
    /learningRate, momentum/,
    '"learningRate"',
  ),
  withConfig(
    "a word for a number",
    good.replace("1 }", '"ten" }'),
    /training\.epochs must be a whole number/,
    "training.epochs, c.json:7",
    '"ten"',
  ),
  withConfig(
    "a missing setting",
    good.replace('"target": "kind"', ""),
    "data.target is missing",
    "data.target, c.json:2",
  ),
  withConfig(
    "a target that is no column",
    good.replace("kind", "kinds"),
    'no column "kinds" in t.csv',
    "data.target, c.json:4",
    "a, b, kind",
    '"kind"',
  ),
  withConfig(
    "a target that is named twice",
    good.replace('"kind"', '["a", "a"]'),
    /"a".*(twice|more than once)/,
    "data.target, c.json:4",
  ),
  usage("a regression that is to be calibrated", {
    args: [...set("data.target=a"), "--set", "model.loss=mae", ...set("training.calibrate=true").slice(-2)],
    says: ["only probabilities and means can be calibrated", "--set training.calibrate=true", "the loss mae"],
  }),
  withConfig("a config that nests 10^5 deep", '{"data":'.repeat(1e5), /is nested more than 64 levels deep/, "c.json:1"),
  withConfig(
    "lists that nest 10^5 deep",
    `{"data":\n${"[".repeat(1e5)}`,
    /is nested more than 64 levels deep/,
    "c.json:2",
  ),
  usage("--set that nests deep", {
    args: set(`model.hidden=${"[".repeat(5e3)}`),
    says: [/is nested more than 64 levels deep/],
  }),
  usage("--set with a path that is deep", {
    args: set(`${"a.".repeat(5e3)}a=1`),
    says: [/is nested more than 64 levels deep/],
  }),
  withConfig(
    "10^4 layers",
    good.replace("[4]", `[${Array(1e4).fill(4)}]`),
    /model\.hidden must be at most 256 entries long/,
    "model.hidden, c.json:6",
  ),
  withConfig(
    "a width of 10^9",
    good.replace("[4]", "[1000000000]"),
    /model\.hidden\.0 must be at most 65536/,
    "model.hidden.0, c.json:6",
  ),
  withConfig("a width that is no number in JavaScript", good.replace("[4]", "[1e400]"), /model\.hidden\.0/),
  withConfig("10^15 epochs", good.replace('"epochs": 1', '"epochs": 1e15'), /training\.epochs must be at most/),
  withConfig(
    "a network that no memory holds",
    good.replace("[4]", "[65536, 65536, 65536]"),
    /the training needs at least 22\d\.\d GiB of memory/,
    "model.hidden, c.json:6",
    /GiB for the network.* 4\.0 GiB, the most that a WebAssembly memory can hold/,
    /smaller layers/,
  ),
  usage("no such config", { args: ["train", "d.json"], says: ["there is no such config file", "d.json"] }),
  // the command line
  usage("an unknown command", { args: ["trian", "c.json"], says: [/unknown command "trian"\s.*\btrain\b/] }),
  usage("an unknown option", {
    args: ["train", "c.json", "--outt", "x"],
    says: [/unknown option "--outt"\s.*--out\b/],
  }),
  usage("--set without a value", {
    args: set("training.epochs"),
    says: ["--set takes path=value", "--set training.epochs", undefined, "--set training.epochs=50"],
  }),
  usage("--set below a setting that is a number", {
    args: set("training.epochs.x=1"),
    says: [/training\.epochs must be/, "--set training.epochs.x=1"],
  }),
  usage("a number of threads that is none", {
    args: ["train", "c.json", "--threads", "many"],
    says: [/^error: --threads <n>: it takes a number from 1 to 99/, undefined, '"many"', "nnfit train --help"],
  }),
  usage("an empty --out, as of a variable that is not set", {
    args: ["train", "c.json", "--out", ""],
    says: [/--out/],
  }),
  usage("an empty delimiter", { args: [...predict, "--delimiter", ""], says: [/delimiter/] }),
  usage("--proba for a regression", {
    files: () => ({ "n.csv": "a,b\n1,2\n" }),
    args: ["predict", "runs/numbers", "n.csv", "--proba"],
    says: [/--proba|probabilit/],
  }),
  usage("--interval for classes", { args: [...predict, "--interval", "90"], says: [/--interval is for numbers/] }),
  usage("--interval of all", { args: [...predict, "--interval", "100"], says: [/whole number of percent/] }),
  // tables
  {
    of: "no such table",
    args: set("data.train=u.csv"),
    code: 5,
    says: [/can't read the table: there is no such file/, "u.csv"],
  },
  data("an empty table", "", "the table is empty", "t.csv"),
  data("a header alone", "a,b,kind\n", /header but no rows/, "t.csv"),
  data(
    "two columns of the same name",
    table.replace("a,b", "a,a"),
    /names "a" more than once: columns 1 and 2/,
    "t.csv:1",
  ),
  data("a column without a name", table.replace("a,b", "a,"), "column 2 of the header has no name", "t.csv:1"),
  data(
    "a column named __proto__",
    table.replace("a,b", "a,__proto__"),
    /__proto__/,
    "t.csv:1",
    undefined,
    /another name/,
  ),
  data(
    "a row that is too short",
    table.replace("5,15,x", "5,x"),
    "a row has 2 cells where the header has 3",
    "t.csv:7",
    undefined,
    /quoting|delimiter/,
  ),
  data(
    "a quote that is never closed",
    table.replace("5,15", '5,"15'),
    "a quote is opened in this row and never closed",
    "t.csv:7",
  ),
  data(
    "a table that is not UTF-8",
    Buffer.from(table.replace("5,15", "5,\xe9"), "latin1"),
    /not UTF-8/,
    "t.csv:7",
    undefined,
    /UTF-8/,
  ),
  data("a target without values", table.replaceAll(/[xy]$/gm, ""), /no row has a target: "kind" is empty/, "t.csv"),
  data(
    "a class with one row",
    table.replace("5,15,x", "5,15,z"),
    /the class "z" has only one row/,
    "t.csv:7",
    undefined,
    /"validation": 0/,
  ),
  data(
    "a column of numbers with a slip",
    table.replace("5,15", "5,1s"),
    /cells of this column are numbers, but one is not/,
    't.csv:7, column "b"',
    '"1s"',
    /correcting the cell/,
  ),
  // models and rows to predict
  withModel(
    "a model that is cut off",
    (bytes) => bytes.subarray(0, bytes.length - 8),
    /damaged/,
    "runs/c/model.safetensors",
  ),
  withModel("a model with a flipped bit in its weights", flipped, /damaged/, "runs/c/model.safetensors"),
  withModel("a model that is none", () => Buffer.from(table), /not a model file/, "runs/c/model.safetensors"),
  {
    of: "no such model",
    args: ["predict", "runs/d", "t.csv"],
    code: 6,
    says: ["there is no such model", "runs/d", undefined, /a run folder/],
  },
  {
    of: "rows that lack columns",
    files: () => ({ "n.csv": "A,c\n1,2\n" }),
    args: ["predict", "runs/c", "n.csv"],
    code: 4,
    says: [/lacks the columns "a", "b"/, "n.csv", "A, c"],
  },
];

/** "  at    c.json:4" as { at: "c.json:4" } */
function details(err: string): Record<string, string> {
  return Object.fromEntries([...err.matchAll(/^ {2}(at|have|try) +(.+)$/gm)].map(([, label, what]) => [label!, what!]));
}

function copyOfHome(files: Files = {}): string {
  const cwd = folder();
  cpSync(home, cwd, { recursive: true });
  put(cwd, files);
  return cwd;
}

describe.concurrent("nnfit says what is wrong and where, and what was there stays there:", () => {
  beforeAll(() =>
    works(
      ["train", "c.json", ...["--set", "data.target=b", "--set", 'data.ignore=["kind"]'], "--out", "runs/numbers"],
      { cwd: home },
    ),
  );

  it.each(cases.map((one) => [one.of, one] as const))(
    "%s",
    async (_, { files, args = ["train", "c.json"], code, says: [message, at, have, attempt] }) => {
      const cwd = copyOfHome(files?.());
      const before = contents(cwd);
      const told = await nnfit(args, { cwd });
      expect(told.err).toMatch(/^(note: .*\n)*error: /);
      expect(told.err).toMatch(message);
      expect(told.err).not.toMatch(/^ {4}at |node:|\b[A-Z]{5,}:/m);
      expect(told.err).not.toContain(String.fromCharCode(27)); // no colours in a pipe
      expect(told.code).toBe(code);
      expect(told.out).toBe("");
      const { at: where, have: there, try: advice } = details(told.err);
      if (at !== undefined) expect(where).toBe(at);
      if (have !== undefined) expect(there).toMatch(have);
      if (attempt !== undefined) expect(advice).toMatch(attempt);
      expect(contents(cwd)).toEqual(before);
    },
  );
});

describe.concurrent("an output folder that can't be written ends the command before training starts:", () => {
  const blocked: [string, string, (cwd: string) => void][] = [
    ["a file in its place", "out", (cwd) => put(cwd, { out: "precious" })],
    ["a file on the way to it", "out/deep", (cwd) => put(cwd, { out: "precious" })],
    [
      "a folder in the place of the history",
      "out",
      (cwd) => mkdirSync(join(cwd, "out", "history.csv"), { recursive: true }),
    ],
    [
      "a folder in the place of the model",
      "out",
      (cwd) => mkdirSync(join(cwd, "out", "model.safetensors"), { recursive: true }),
    ],
  ];
  it.each(blocked)("%s", async (_, out, block) => {
    const cwd = copyOfHome();
    block(cwd);
    const before = contents(cwd);
    const told = await nnfit(["train", "c.json", "--out", out], { cwd });
    expect(told.code).toBe(5);
    expect(told.err).toMatch(/^error: /m);
    expect(told.err).toMatch(/^ {2}at +out/m);
    expect(told.err).not.toMatch(/^epoch|^ {4}at |\b[A-Z]{5,}:/m);
    expect(contents(cwd)).toMatchObject(before);
  });
});

it.runIf(process.platform === "linux")("says that the working directory is gone", async () => {
  const gone = "mkdir gone && cd gone && rmdir ../gone && exec";
  const { status, stderr } = spawnSync(
    "sh",
    ["-c", `${gone} "${process.execPath}" "${bin}" inspect "${home}/runs/c"`],
    {
      cwd: copyOfHome(),
    },
  );
  expect([status, String(stderr)]).toEqual([
    5,
    expect.stringContaining("error: the working directory no longer exists"),
  ]);
});

it("says of a file in the place of a run folder, or a folder of folds, what it is", async () => {
  const told = (...more: string[]) => nnfit(["train", "c.json", "--out", "t.csv", ...more], { cwd: home });
  for (const { err } of [await told(), await told("--folds", "2")]) {
    expect(err).toMatch(/^error: the run folder is a file\n {2}at {4}t\.csv\n/m);
  }
});

it("reads a config and a table that begin with a byte order mark, also in UTF-16", async () => {
  const cwd = copyOfHome({ "c.json": `\ufeff${good}`, "t.csv": `\ufeff${table}` });
  expect(await nnfit(["train", "c.json"], { cwd })).toMatchObject({ code: 0 });
  put(cwd, { "c.json": Buffer.from(`\ufeff${good}`, "utf16le") }); // as PowerShell writes it
  expect(await nnfit(["train", "c.json"], { cwd })).toMatchObject({ code: 0 });
});

it("does not write its own config over the one that it was given", async () => {
  const mine = `// mine\n${good.replace('"model"', '"output": ".", "model"')}`;
  const cwd = copyOfHome({ "config.json": mine });
  await nnfit(["train", "config.json"], { cwd });
  expect(text(cwd, "config.json")).toBe(mine);
});

it.runIf(process.platform === "linux")("a limit of virtual memory is named, with what helps", async () => {
  const limited = join(folder({ node: `#!/bin/sh\nulimit -v 8000000\nexec "${process.execPath}" "$@"\n` }), "node");
  chmodSync(limited, 0o755);
  const predict = ["predict", "runs/c", "t.csv"];
  for (const args of [predict, ["train", "c.json"], ["check", "runs/c", "t.csv"]]) {
    const { code, err } = await nnfit(args, { cwd: home, node: limited });
    expect(code).toBe(2);
    expect(err).toContain("the system refuses the 10 GiB of address space");
    expect(err).toContain("NODE_OPTIONS=--disable-wasm-trap-handler");
  }
  expect((await works(["train", "--help"], { node: limited })).out).toContain("Usage: nnfit train");
  const env = { NODE_OPTIONS: "--disable-wasm-trap-handler" };
  expect((await nnfit(predict, { cwd: home, node: limited, env })).out).toMatch(/^prediction\n[xy]\n/);
});
