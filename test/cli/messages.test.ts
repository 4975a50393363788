import { readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { folder, json, nnfit, put, start, words, works } from "./nnfit.js";

const table = ["a,b,kind", ...Array.from({ length: 40 }, (_, i) => `${i},${(i * 7) % 20},${i % 2 ? "x" : "y"}`)];
const config = (more: object) =>
  JSON.stringify({
    data: { train: "t.csv", target: "kind" },
    model: { hidden: [4] },
    training: { epochs: 4 },
    ...more,
  });
const cwd = folder({ "t.csv": table.join("\n"), "c.json": config({}) });
const set = (...settings: string[]) => settings.flatMap((setting) => ["--set", setting]);

let trained: string;
beforeAll(async () => {
  trained = (await works(["train", "c.json"], { cwd })).err;
});

describe.concurrent("a training says", () => {
  it("by which rows epochs were chosen", () => {
    expect(trained).toContain("a little too good, also compared with baseline and linear: the best epoch was chosen");
  });

  it("in how many of the rows that it learns from cells are missing, and nothing where none are", async () => {
    const holed = table.map((line, i) => (i % 4 === 1 ? line.replace(/^\d+/, "") : line));
    put(cwd, { "holed.csv": holed.map((line, i) => (i === 2 ? line.replace(/,\d+,/, ",,") : line)).join("\n") });
    const all = set("data.train=holed.csv", "data.validation=0");
    const { err } = await works(["train", "c.json", ...all, "--out", "holed"], { cwd });
    expect(err).toMatch(/^ {2}missing {3}a \(25\.0%\), b \(2\.5%\)$/m);
    expect(trained).not.toMatch(/^ {2}missing/m);
  });

  it("a command that predicts, also where the folder's name begins as an option does", async () => {
    const { err } = await works(["train", "c.json", "--out=-dash"], { cwd });
    const [, command = ""] = err.match(/^ {2}predict +nnfit (.*)$/m) ?? [];
    expect(command).toBe("predict ./-dash new.csv --out predictions.csv");
    await works(words(command.replace("new.csv", "t.csv")), { cwd });
  });

  it("that scores of rows that were learned from are too good", async () => {
    const { err } = await works(["train", "c.json", ...set("data.validation=0"), "--out", "all"], { cwd });
    expect(err).toMatch(
      /scores +of the 40 training rows\n(?: {12}.*\n)+ +too good, because these rows were learned from; --folds 5/,
    );
  });

  it("which rule was scored where each network has its own constant", async () => {
    const folds = await works(
      [
        "train",
        "c.json",
        ...set("data.target=b", 'data.ignore=["kind"]', "model.members=3"),
        "--out",
        "numbers",
        "--json",
      ],
      { cwd },
    );
    expect(folds.err).toMatch(/baseline +always the mean of each network's training rows\n/);
    expect(json<{ baseline: { rule: string } }>(folds.out).baseline.rule).toContain("each network's training rows");
  });

  it("that networks did not train on the rows only where they hold out different ones", async () => {
    put(cwd, { "v.csv": table.slice(0, 12).join("\n") });
    const members = [...set("model.members=2"), "--out", "several"];
    const { err } = await works(["train", "c.json", ...members], { cwd });
    const own = await works(["train", "c.json", ...members, ...set("data.validation=v.csv")], { cwd });
    expect(err).toContain("each predicted by networks that did not train on it");
    expect(own.err).not.toContain("did not train on it");
    expect(own.err).toContain("each network's best epoch was chosen by these same rows");
    expect(own.err).toMatch(/replaces one with accuracy .* on its \d+ validation rows/);
  });

  it("nothing of unknown categories where there are none", async () => {
    const { err } = await works(["train", "c.json", ...set("model.categories.unknown=0.02"), "--out", "u"], { cwd });
    expect(err).not.toContain("unknown during training");
  });

  it("in the plural what several networks are no better than, and how folds were made", async () => {
    const numbers = set("data.target=b", 'data.ignore=["kind"]', "model.members=2", "training.epochs=1");
    const { err } = await works(["train", "c.json", ...numbers, "--folds", "2", "--out", "f"], { cwd });
    expect(err).toMatch(/^ {2}folds +2, rows assigned at random: /m);
    expect(err).toContain("by rmse the networks are no better than this linear model");
  });

  it("of one that is complete its scores, and not again what it was to do", async () => {
    const { err } = await works(["train", "c.json", "--resume"], { cwd });
    expect(err).toMatch(/^ {2}complete {2}runs\/c\/model\.safetensors, with accuracy .*; nothing is left to do.*\n$/m);
    expect(err).not.toContain("  network");
  });
});

describe("a training that was stopped", () => {
  const run = ["train", "c.json", ...set("training.epochs=5000", "training.patience=0"), "--out", "cut"];
  const checkpoints = join(cwd, "cut", "checkpoints");
  beforeAll(async () => {
    const child = start(run, { cwd });
    let told = "";
    child.stderr.on("data", (bytes) => {
      told += String(bytes);
      if (!child.killed && /^epoch +3\d\//m.test(told)) child.kill("SIGINT");
    });
    await new Promise((resolve) => child.on("close", resolve));
  });
  const latest = () => `cut/checkpoints/${readdirSync(checkpoints).at(-1)}`;

  it("is told as stopped: its checkpoint is none of a finished one", async () => {
    const inspected = await works(["inspect", latest()], { cwd });
    const unjudged = [
      ...run.slice(0, -1),
      "cut-unjudged",
      ...set("data.validation=0", 'training.checkpoint={"everyEpochs":1}'),
    ];
    const child = start(unjudged, { cwd });
    let told = "";
    child.stderr.on("data", (bytes) => {
      told += String(bytes);
      if (!child.killed && /^epoch +3\//m.test(told)) child.kill("SIGINT");
    });
    await new Promise((resolve) => child.on("close", resolve));
    const file = `cut-unjudged/checkpoints/${readdirSync(join(cwd, "cut-unjudged", "checkpoints")).at(-1)}`;
    expect((await works(["inspect", file], { cwd })).out).toMatch(/^scores +none yet: this is a checkpoint of an/m);
    expect(inspected.out).toMatch(/^scores +accuracy .*, so far: this is a checkpoint of an unfinished training$/m);
    expect((await works(["evaluate", latest(), "t.csv"], { cwd })).err).toContain("is a checkpoint of an unfinished");
  });

  it("goes on with other settings only from the checkpoint, which is named", async () => {
    const { code, err } = await nnfit([...run, ...set("model.hidden=[5]"), "--resume"], { cwd });
    expect(code).toBe(2);
    expect(err).toContain(`or --continue-from ${latest()} without --resume\n`);
  });

  it("that is complete goes on with other settings without --resume only", async () => {
    const done = ["train", "c.json", "--out", "done"];
    await works(done, { cwd });
    const longer = [...done, ...set("training.epochs=9")];
    const advice = "--continue-from done without --resume";
    expect((await nnfit([...longer, "--resume"], { cwd })).err).toMatch(
      new RegExp(`the run is complete, [\\s\\S]* or ${advice}\\n$`),
    );
    expect((await nnfit([...longer, "--resume", "--continue-from", "done"], { cwd })).code).toBe(2);
    await works([...longer, "--continue-from", "done"], { cwd });
  });

  it("says how many epochs were trained now, and how many before", async () => {
    const { err } = await works([...run, "--resume"], { cwd });
    const [, before] = /^ {2}resume .* after (\d+) epochs$/m.exec(err) ?? [];
    const [, now, earlier] = /^ {2}done +([\d,]+) epochs in \S+ s, and ([\d,]+) earlier/m.exec(err) ?? [];
    const number = (text: string | undefined) => Number(text?.replaceAll(",", ""));
    expect(number(earlier)).toBe(number(before));
    expect(number(now) + number(earlier)).toBe(5000);
  });
});

it.each<[command: string, code: number, says: RegExp]>([
  ["help foo", 2, /^error: unknown command "foo"\n {2}try {3}nnfit --help\n$/],
  ["help trian", 2, /^error: unknown command "trian"\n {2}try {3}nnfit help train\n$/],
  ["predict busy t.csv", 6, /^error: there is no model yet: its training is running, or was killed\n {2}at {4}busy\n/],
  ["verify nope", 2, /^error: there is no such folder\n {2}at {4}nope\n/],
  ["inspect", 2, /^error: missing required argument "model"\n {2}try {3}nnfit inspect --help\n$/],
  ["predict runs/c narrow.csv", 4, /naming the delimiter \(--delimiter\)\n$/],
  ["train c.json --set data.train=narrow.csv", 4, /naming the delimiter \(data\.delimiter\)\n$/],
  ["predict runs/c latin.csv", 4, /try {3}its encoding, such as --encoding "windows-1252", or saving it as UTF-8\n$/],
  ["train c.json --set data.train=latin.csv", 4, /such as data\.encoding: "windows-1252", or saving it as UTF-8\n$/],
  ["predict runs/c sep.csv", 4, /try {3}--skip-lines 1\n$/],
  ["train c.json --set data.train=sep.csv", 4, /try {3}data\.skipLines: 1\n$/],
  ["predict runs/c bad.csv", 4, /or leaving it empty, or --on-error null, which leaves its prediction empty\n$/],
  ["evaluate runs/c bad.csv", 4, /or leaving it empty\n$/],
  [
    "predict runs/c total.csv",
    4,
    /try {3}deleting the row, if it is a total or a heading, correcting .* --on-error null/,
  ],
  ["evaluate runs/c total.csv", 4, /try {3}deleting the row, if it is a total or a heading, correcting .*empty\n$/],
  ["predict runs/c points.csv --decimal ,", 4, /decimal commas here, or leaving out --decimal ","\n$/],
  ["predict runs/c title.csv", 4, /try {3}--skip-lines 1\n$/],
  ["evaluate runs/c title.csv", 4, /try {3}--skip-lines 1\n$/],
  ["train c.json --set data.train=title.csv", 2, /^error: no column "kind" [\s\S]*try {3}data\.skipLines: 1\n$/],
  ["train c.json --set training.shuffle=7", 2, /training\.shuffle must be true or false/],
  ["train c.json --set training.optimizer.learningRate=1e30", 7, /it is 1e\+30, try 0\.\d+/],
])("nnfit %s", async (command, code, says) => {
  put(cwd, {
    "busy/run.lock": "",
    "narrow.csv": "a,b,kind\n1,2,x\n3,x\n4,5,y\n",
    "latin.csv": Buffer.from("a,b,kind\n1,2,\xe9\n", "latin1"),
    "sep.csv": "sep=,\na,b,kind\n1,2,x\n",
    "bad.csv": "a,b,kind\n1,none,x\n",
    "total.csv": "a,b,kind\n1,2,x\nTotal,2,\n",
    "title.csv": "Report, of, March\na,b,kind\n1,2,x\n",
    "points.csv": "a;b;kind\n1.5;2;x\n",
  });
  const result = await nnfit([...command.split(" "), ...(command.startsWith("train") ? ["--out", "x"] : [])], { cwd });
  expect(result.err).toMatch(says);
  expect(result.code).toBe(code);
});

it("search shows the share of the epochs that a trial had, and says that the best of many scores is too good", async () => {
  const search = { "training.optimizer.learningRate": { log: [0.01, 0.1] }, runs: 9, method: "halving" };
  put(cwd, { "s.json": config({ search, training: { epochs: 9 } }) });
  const { err } = await works(["search", "s.json"], { cwd });
  expect(err).toMatch(/trial +trained \(share\) +logLoss/);
  expect(err).toMatch(/^ +\d +9 epochs \(100%\) /m);
  expect(err).toMatch(/^ {2}judge +logLoss on the \d+ validation rows$/m);
  expect(err).toMatch(/too good, as the best of \d+ scores on the same rows: score the trained model on other rows$/m);
});

it("check names a column for one that is lacking only if the names are near", async () => {
  put(cwd, { "near.csv": "A,bee_length\n1,2\n" });
  const { err } = await nnfit(["check", "runs/c", "near.csv"], { cwd });
  expect(err).toContain('no column "a"; it has "A"');
  expect(err).toMatch(/no column "b"\n/);
});
