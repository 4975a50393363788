import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import {
  cells,
  contents,
  dataset,
  folder,
  json,
  nnfit,
  numbers,
  put,
  records,
  residentMegabytes,
  start,
  text,
  works,
} from "./nnfit.js";
import { ended, ownNumbers, startAsFirst } from "./processes.js";

const penguins = readFileSync(dataset("penguins"), "utf8").trimEnd();
const [header, ...rows] = penguins.split("\n") as [string, ...string[]];
const csv = (lines: readonly string[]) => `${[header, ...lines].join("\n")}\n`;

/** A folder with a trained model in `run`, a config that trained it, and the table. */
const cwd = folder({
  "penguins.csv": `${penguins}\n`,
  "c.json": `{
    "data": { "train": "penguins.csv", "target": "species", "ignore": ["year"] },
    "training": { "epochs": 5 },
    "output": "run"
  }`,
});
const predict = (...args: string[]) => works(["predict", ...args], { cwd });
let expected: string[];
let probable: string[];
beforeAll(async () => {
  await works(["train", "c.json"], { cwd });
  probable = (await predict("run", "penguins.csv", "--proba")).out.trimEnd().split("\n");
  expected = records(probable.join("\n")).map(({ prediction }) => prediction!);
});

/** Many rows, in an order in which a swapped pair would show. */
const order = Array.from({ length: 6000 }, (_, i) => (i * 7919 + (i >> 3)) % rows.length);

/** The chunks of a text, of `size` bytes each. */
function* chunks(whole: string, size: number): Generator<Uint8Array> {
  const bytes = Buffer.from(whole);
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

describe.concurrent("nnfit predict", () => {
  it("gives a prediction for each row, in their order", () => {
    const truth = records(csv(rows)).map(({ species }) => species);
    const right = expected.filter((species, row) => species === truth[row]).length;
    expect(expected.length).toBe(rows.length);
    expect(right / rows.length).toBeGreaterThan(0.9);
  });

  it("reads a file or standard input, writes standard output or a file, and knows a model by three names", async () => {
    const wanted = `prediction\n${expected.join("\n")}\n`;
    await predict("run", "penguins.csv", "--out", "of-file.csv");
    expect(text(cwd, "of-file.csv")).toBe(wanted);
    const input = `${penguins}\n`;
    expect((await works(["predict", "run"], { cwd, input })).out).toBe(wanted);
    expect((await works(["predict", "run/model.safetensors", "-"], { cwd, input })).out).toBe(wanted);
    await works(["predict", "c.json", "-", "--out", "of-input.csv"], { cwd, input });
    expect(text(cwd, "of-input.csv")).toBe(wanted);
  });

  it.skipIf(process.platform === "win32")("leaves a symbolic link one, also if its file is not there yet", async () => {
    const here = folder({ "penguins.csv": `${penguins}\n` });
    symlinkSync("real.csv", join(here, "link.csv"));
    await works(["predict", join(cwd, "run"), "penguins.csv", "--out", "link.csv"], { cwd: here });
    expect(lstatSync(join(here, "link.csv")).isSymbolicLink()).toBe(true);
    expect(text(here, "real.csv")).toBe((await predict("run", "penguins.csv")).out);
  });

  it("writes standard output for --out -", async () => {
    const { out } = await works(["predict", "run", "penguins.csv", "--out", "-"], { cwd });
    expect(out).toBe((await predict("run", "penguins.csv")).out);
    expect(existsSync(join(cwd, "-"))).toBe(false);
  });

  it("refuses to write over what it reads: the table, also through a link, the model or the config", async () => {
    const own = folder({ "t.csv": csv(rows.slice(0, 3)), "c.json": text(cwd, "c.json"), "earlier.csv": "kept\n" });
    put(own, { "run/model.safetensors": readFileSync(join(cwd, "run", "model.safetensors")) });
    symlinkSync("t.csv", join(own, "link.csv"));
    const before = contents(own);
    for (const [model, out, what] of [
      ["run", "t.csv", "the table"],
      ["run", "link.csv", "the table"],
      ["run", "run/model.safetensors", "the model"],
      ["c.json", "c.json", "the config"],
    ] as const) {
      const { code, err } = await nnfit(["predict", model, "t.csv", "--out", out], { cwd: own });
      expect([code, err]).toEqual([2, expect.stringContaining(`would overwrite ${what}`)]);
      expect(contents(own)).toEqual(before);
    }
    await works(["predict", "run", "t.csv", "--out", "earlier.csv"], { cwd: own });
    expect(text(own, "earlier.csv")).toMatch(/^prediction\n/);
  });

  it("adds with --proba a probability for each class, the largest that of the prediction", () => {
    const [names, ...predictions] = cells(probable.join("\n"));
    expect(names).toEqual(["prediction", "probability_Adelie", "probability_Chinstrap", "probability_Gentoo"]);
    for (const [prediction, ...probabilities] of predictions) {
      const values = probabilities.map(Number);
      expect(values.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
      expect(names?.[1 + values.indexOf(Math.max(...values))]).toBe(`probability_${prediction}`);
    }
  });

  it("takes columns in any order, more of them, and does without the target", async () => {
    const table = cells(penguins).map(([, ...inputs], row) => [`note ${row}`, ...inputs.reverse(), "more"]);
    const input = table.map((line) => line.join(";")).join("\r\n");
    const { out } = await works(["predict", "run"], { cwd, input });
    expect(out.trimEnd().split("\n").slice(1)).toEqual(expected);
  });

  it("predicts rows with unseen categories and without values", async () => {
    const odd = ["?,Atlantis,,,,,unknown,2007", ",,NA,NaN,null,?,,", "x,Dream,40,18,200,4000,female,2020"];
    const { out } = await works(["predict", "run", "--proba"], { cwd, input: csv(odd) });
    expect(records(out).length).toBe(3);
    for (const { prediction, ...probabilities } of records(out)) {
      expect(["Adelie", "Chinstrap", "Gentoo"]).toContain(prediction);
      expect(Object.values(probabilities).reduce((sum, p) => sum + Number(p), 0)).toBeCloseTo(1, 5);
    }
  });

  it("predicts thousands of rows to the same digits as each of them, however the bytes come", async () => {
    const many = csv(order.map((row) => rows[row]!));
    const wanted = [probable[0], ...order.map((row) => probable[row + 1])];
    put(cwd, { "many.csv": many });
    expect((await predict("run", "many.csv", "--proba")).out.trimEnd().split("\n")).toEqual(wanted);
    const chunked = await works(["predict", "run", "--proba"], { cwd, input: chunks(many, 997) });
    expect(chunked.out.trimEnd().split("\n")).toEqual(wanted);
  });

  it("gives the header alone for a table that is a header", async () => {
    expect((await works(["predict", "run"], { cwd, input: `${header}\n` })).out).toBe("prediction\n");
  });

  it("quotes class names that need it", async () => {
    const classes = ["a,b", 'say "hi"', "two\nlines", "plain"];
    const quoted = classes.map((name) => `"${name.replaceAll('"', '""')}"`);
    const here = folder({
      "t.csv": ["x,y", ...Array.from({ length: 40 }, (_, i) => `${i % 4},${quoted[i % 4]}`)].join("\n"),
      "c.json": '{ "data": { "train": "t.csv", "target": "y" }, "training": { "epochs": 50 } }',
    });
    await works(["train", "c.json"], { cwd: here });
    const { out } = await works(["predict", "runs/c", "t.csv", "--proba"], { cwd: here });
    const [names, ...predictions] = cells(out);
    expect(names).toEqual(["prediction", ...[...classes].sort().map((name) => `probability_${name}`)]);
    expect(new Set(predictions.map(([prediction]) => prediction))).toEqual(new Set(classes));
  });
});

it.concurrent("ends at an error, though its input stays open", async () => {
  const child = start(["predict", "run", "-"], { cwd });
  child.stdin.write(csv([rows[0]!.replace(/\d+(?=,\w*,\d+$)/, "heavy"), ...order.map((i) => rows[i]!)]));
  child.stdin.on("error", () => {}); // it stops listening
  child.stderr.resume();
  expect((await ended(child, 8)).code).toBe(4);
});

it.concurrent("predicts labels as they are written: 01001 is not 1001", async () => {
  const rows = Array.from({ length: 60 }, (_, i) => `${i % 3},${["01001", "1001", "2000"][i % 3]}`);
  const cwd = folder({
    "t.csv": ["x,y", ...rows].join("\n"),
    "c.json": JSON.stringify({
      task: "classification",
      data: { train: "t.csv", target: "y" },
      training: { epochs: 60, optimizer: { name: "adam", learningRate: 0.05 } },
    }),
  });
  const trained = await works(["train", "c.json"], { cwd });
  expect(trained.err).toContain("3 classes: 01001 (20), 1001 (20), 2000 (20)");
  const { out } = await works(["predict", "runs/c", "-"], { cwd, input: "x\n0\n1\n2\n" });
  expect(out).toBe("prediction\n01001\n1001\n2000\n");
  await works(["evaluate", "runs/c", "t.csv", "--fail-if", "accuracy < 1"], { cwd });
});

describe.concurrent("nnfit predict --out", () => {
  it("replaces a file only when all is written: a bad row leaves the old one, and nothing beside it", async () => {
    const here = folder({
      "predictions.csv": "old\n",
      "bad.csv": csv([...order.map((row) => rows[row]!), "Adelie,Dream,forty,1,1,1,male,2007"]),
    });
    const before = contents(here);
    const bad = await nnfit(["predict", join(cwd, "run"), "bad.csv", "--out", "predictions.csv"], { cwd: here });
    expect(bad.code).toBe(4);
    expect(bad.err).toContain('bad.csv:6002, column "bill_length_mm"');
    expect(contents(here)).toEqual(before);
    put(here, { "good.csv": `${penguins}\n` });
    await works(["predict", join(cwd, "run"), "good.csv", "--out", "predictions.csv"], { cwd: here });
    expect(numbers(text(here, "predictions.csv"), "prediction").length).toBe(rows.length);
    expect(Object.keys(contents(here))).toEqual(["bad.csv", "good.csv", "predictions.csv"]);
  });

  it.skipIf(process.platform === "win32")("writes through a symbolic link, and the link stays one", async () => {
    const here = folder({ "real.csv": "old\n" });
    symlinkSync("real.csv", join(here, "link.csv"));
    await works(["predict", join(cwd, "run"), join(cwd, "penguins.csv"), "--out", "link.csv"], { cwd: here });
    expect(lstatSync(join(here, "link.csv")).isSymbolicLink()).toBe(true);
    expect(text(here, "real.csv")).toMatch(/^prediction\n/);
  });

  it.runIf(ownNumbers)("keeps two apart that write to one file, both with the process number 1", async () => {
    const here = folder();
    const args = ["predict", join(cwd, "run"), "-", "--out", "p.csv"];
    const temporary = () => readdirSync(here).filter((name) => name.endsWith(".tmp"));
    const both = [];
    for (const n of [1, 2]) {
      const { child } = startAsFirst(args, { cwd: here, stdio: ["pipe", "ignore", "inherit"] });
      child.stdin!.write(csv(rows.slice(0, 3)));
      both.push(child);
      while (temporary().length < n) await wait(20);
    }
    const [first, second] = both as [ChildProcess, ChildProcess];
    second.stdin!.end(`${rows[3]}\n`);
    expect(await ended(second, 60)).toEqual({ code: 0, signal: null });
    expect(records(text(here, "p.csv"))).toHaveLength(4);
    first.stdin!.end();
    expect(await ended(first, 60)).toEqual({ code: 0, signal: null });
    expect(records(text(here, "p.csv"))).toHaveLength(3);
    expect(readdirSync(here)).toEqual(["p.csv"]);
  });

  it.skipIf(process.platform === "win32")(
    "takes any name that the system allows, and says of others what is wrong",
    async () => {
      const here = folder();
      const longest = `${"é".repeat(125)}x.csv`; // 255 bytes
      const args = (out: string) => ["predict", join(cwd, "run"), join(cwd, "penguins.csv"), "--out", out];
      await works(args(longest), { cwd: here });
      expect(readdirSync(here)).toEqual([longest]);
      const { code, err } = await nnfit(args(`x${longest}`), { cwd: here });
      expect(code).toBe(5);
      expect(err).toContain("can't write the predictions: its name is too long");
    },
  );

  it("removes what killed predictions of the same file left a day ago, and nothing else", async () => {
    const tmp = (name: string) => `${name}.2c7e4b0a-51d3-4b7e-9d7c-0a1b2c3d4e5f.tmp`;
    const young = tmp("p.csv").replace("2c7e", "3c7e");
    const others = [tmp("q.csv"), tmp("p.csv.old"), "p.csv.7.tmp", "p.csv.copy.tmp", tmp("p.csv").toUpperCase()];
    const here = folder(Object.fromEntries([tmp("p.csv"), young, ...others].map((name) => [name, "half"])));
    const yesterday = Date.now() / 1000 - 25 * 60 * 60;
    for (const name of [tmp("p.csv"), ...others]) utimesSync(join(here, name), yesterday, yesterday);
    await works(["predict", join(cwd, "run"), join(cwd, "penguins.csv"), "--out", "p.csv"], { cwd: here });
    expect(readdirSync(here).sort()).toEqual(["p.csv", young, ...others].sort());
  });

  it.runIf(process.getuid?.() === 0)("keeps owner and group of a file that it replaces", async () => {
    const here = folder({ "p.csv": "there before\n" });
    chownSync(join(here, "p.csv"), 1234, 5678);
    await works(["predict", join(cwd, "run"), join(cwd, "penguins.csv"), "--out", "p.csv"], { cwd: here });
    expect(statSync(join(here, "p.csv"))).toMatchObject({ uid: 1234, gid: 5678 });
  });
});

it.concurrent("ends quietly when the reader of its output has seen enough", async () => {
  put(cwd, { "long.csv": csv([...order, ...order, ...order].map((row) => rows[row]!)) });
  const child = start(["predict", "run", "long.csv", "--proba"], { cwd });
  let err = "";
  child.stderr.on("data", (bytes: Buffer) => {
    err += bytes;
  });
  child.stdout.once("data", () => child.stdout.destroy());
  const [code] = await once(child, "close");
  expect({ code, err }).toEqual({ code: 0, err: "" });
});

it.concurrent("needs no more memory for a table that is longer, and waits for a slow reader", async () => {
  const note = "x".repeat(3000);
  const block = rows.slice(0, 100).map((row) => `${row},${note}\n`);
  const megabytes = 30;
  const blocks = Math.ceil((megabytes * 1e6) / block.join("").length);
  const child = start(["predict", "run", "--proba"], { cwd, env: { NODE_OPTIONS: "--max-old-space-size=32" } });
  const write = (async () => {
    child.stdin.write(`${header},note\n`);
    for (let i = 0; i < blocks; i++) if (!child.stdin.write(block.join(""))) await once(child.stdin, "drain");
    child.stdin.end();
  })();
  const closed = once(child, "close");
  let [lines, most] = [0, 0];
  for await (const bytes of child.stdout as AsyncIterable<Buffer>) {
    for (const byte of bytes) if (byte === 0x0a) lines++;
    most = Math.max(most, residentMegabytes(child.pid!));
    await wait(20);
  }
  await write;
  expect((await closed)[0]).toBe(0);
  expect(lines).toBe(1 + blocks * block.length);
  expect(most).toBeLessThan(200);
});

describe("nnfit predict --interval", () => {
  const x = Array.from({ length: 400 }, (_, i) => (i * 37) % 100);
  const noise = (i: number) => ((i * 7919) % 101) / 10 - 5;
  const table = (from: number, to: number, ...more: ((x: number) => number)[]) =>
    [
      ["x", "y", ...more.map((_, t) => `z${t}`)].join(","),
      ...x.slice(from, to).map((x, i) => [x, 3 * x + noise(from + i), ...more.map((of) => of(x))].join(",")),
    ].join("\n");
  const twice = (x: number) => 2 * x + 1;
  const trained = async (config: { data?: object }, ...more: ((x: number) => number)[]) => {
    const cwd = folder({
      "t.csv": table(0, 300, ...more),
      "new.csv": table(300, 400, ...more),
      "c.json": JSON.stringify({
        model: { hidden: [8] },
        training: { epochs: 60, batchSize: 16, optimizer: { name: "adam", learningRate: 0.01 } },
        ...config,
        data: { train: "t.csv", target: more.length > 0 ? ["y", "z0"] : "y", ...config.data },
      }),
    });
    await works(["train", "c.json"], { cwd });
    return cwd;
  };

  it("adds columns low and high around each prediction, wider the more they are to hold", async () => {
    const cwd = await trained({});
    const of = async (percent: string) => {
      const { out } = await works(["predict", "runs/c", "new.csv", "--with", "y", "--interval", percent], { cwd });
      return records(out).map(({ y, prediction, low, high }) => [y, prediction, low, high].map(Number));
    };
    const { out: alone } = await works(["predict", "runs/c", "new.csv"], { cwd });
    const ninety = await of("90");
    expect(ninety.map(([, prediction]) => prediction)).toEqual(
      records(alone).map(({ prediction }) => Number(prediction)),
    );
    const held = ninety.filter(([y, , low, high]) => low! <= y! && y! <= high!).length;
    expect(held).toBeGreaterThan(80);
    expect(held).toBeLessThan(98);
    const widthOf = (rows: number[][]) => rows[0]![3]! - rows[0]![2]!;
    expect(widthOf(await of("50%"))).toBeLessThan(0.8 * widthOf(ninety));
    const { out } = await works(["evaluate", "runs/c", "new.csv", "--json", "--no-intervals"], { cwd });
    const { coverage } = json<{ coverage: { percent: number; targets: { name: string; share: number }[] } }>(out);
    expect(coverage).toMatchObject({ percent: 90, targets: [{ name: "y", share: held / 100 }] });
    const told = await works(["evaluate", "runs/c", "new.csv", "--no-intervals"], { cwd });
    expect(told.out).toContain(`interval  ${held.toFixed(1)} % of the true values are in their 90 % intervals, whose`);
  });

  it("of several targets adds them to each", async () => {
    const cwd = await trained({}, twice);
    const { out } = await works(["predict", "runs/c", "new.csv", "--interval", "80"], { cwd });
    expect(out.split("\n")[0]).toBe("prediction_y,low_y,high_y,prediction_z0,low_z0,high_z0");
    const told = await works(["evaluate", "runs/c", "new.csv", "--no-intervals"], { cwd });
    expect(told.out).toMatch(/^interval {2}y: .+\n {10}z0: /m);
  });

  it("says so where too few rows were held out, or none", async () => {
    const cwd = await trained({ data: { validation: 0.1 } });
    const few = await nnfit(["predict", "runs/c", "new.csv", "--interval", "99"], { cwd });
    expect(few.code).toBe(2);
    expect(few.err).toMatch(
      /too few validation rows for intervals of 99 %\n {2}at {4}runs\/c\n {2}try {3}--interval 93 /,
    );
    const advice = /^ +--interval 90 adds intervals that hold 90 % of true values$/m;
    expect((await works(["train", "c.json"], { cwd })).err).toMatch(advice);
    const { err } = await works(["train", "c.json", "--set", "data.validation=0"], { cwd });
    expect(err).not.toMatch(advice);
    const none = await nnfit(["predict", "runs/c", "new.csv", "--interval", "90"], { cwd });
    expect(none.code).toBe(2);
    expect(none.err).toContain("the model has no intervals, which take some validation rows that no training has seen");
    expect(json((await works(["evaluate", "runs/c", "new.csv", "--json"], { cwd })).out)).not.toHaveProperty(
      "coverage",
    );
  });
});

describe("rows of which the network makes no finite number", () => {
  const numbers = Array.from({ length: 40 }, (_, i) => `${i % 7},${(i * 3) % 5},${i % 2 ? "no" : "yes"},${i}`);
  const cwd = folder({
    "t.csv": ["a,b,c,y", ...numbers].join("\n"),
    "far.csv": "a,b,c,y\n1,2,no,3\n3e38,3e38,no,3\n2,2,yes,4\n",
    "farther.csv": "a,b,c,y\n1,2,no,3\n3e38,3e38,no,3\n-1e39,2,yes,4\n2,2,yes,4\n",
    "c.json": `{
      "data": { "train": "t.csv", "target": "y", "validation": 0 },
      "scale": { "inputs": "none" },
      "model": { "hidden": [16, 16, 16] },
      "training": { "epochs": 1, "optimizer": { "name": "sgd", "learningRate": 1e-9 } }
    }`,
  });

  it.each(["y", "c"])("are an error, or have no prediction: %s; no table with them is scored", async (target) => {
    await works(["train", "c.json", "--set", `data.target=${target}`, "--out", target], { cwd });
    const { code, out, err } = await nnfit(["predict", target, "far.csv"], { cwd });
    expect({ code, out }).toEqual({ code: 4, out: "" });
    expect(err).toContain("output for this row is not finite\n  at    far.csv:3\n");
    const left = await works(["predict", target, "far.csv", "--on-error", "null"], { cwd });
    expect(left.out.split("\n").map((line) => line === '""')).toEqual([false, false, true, false, false]);
    expect(left.err).toContain(
      "note: 1 row has no prediction, because its output is not finite; the first is far.csv:3\n",
    );
    const farther = await works(["predict", target, "farther.csv", "--on-error", "null"], { cwd });
    expect(farther.out.split("\n").map((line) => line === '""')).toEqual([false, false, true, true, false, false]);
    expect(farther.err).toContain(
      "note: 2 rows have no prediction, because their outputs are not finite; the first is far",
    );
    const scored = await nnfit(["evaluate", target, "far.csv"], { cwd });
    expect([scored.code, scored.out]).toEqual([4, ""]);
    expect(scored.err).toContain("output for this row is not finite\n  at    far.csv:3\n  have  1 of 3 rows");
  });
});

it.runIf(process.platform !== "win32")("a file that is replaced keeps its permissions", async () => {
  put(cwd, { "mine.csv": "there before\n" });
  for (const mode of [0o600, 0o666]) {
    chmodSync(join(cwd, "mine.csv"), mode);
    await works(["predict", "run", "-", "--out", "mine.csv"], { cwd, input: csv(rows.slice(0, 3)) });
    expect(statSync(join(cwd, "mine.csv")).mode & 0o777).toBe(mode);
  }
  expect(records(text(cwd, "mine.csv"))).toHaveLength(3);
});

it.runIf(process.platform !== "win32")("a signal leaves nothing of a file that was begun", async () => {
  put(cwd, { "p.csv": "there before\n" });
  const child = start(["predict", "run", "-", "--out", "p.csv", "--json"], { cwd });
  let out = "";
  child.stdout.on("data", (bytes: Buffer) => {
    out += bytes;
  });
  child.stdin.write(csv(rows.slice(0, 3)));
  const temporary = () => readdirSync(cwd).filter((name) => name.startsWith("p.csv."));
  while (temporary().length === 0) await wait(20);
  child.kill("SIGTERM");
  const [, signal] = await once(child, "close");
  expect([signal, temporary(), text(cwd, "p.csv")]).toEqual(["SIGTERM", [], "there before\n"]);
  expect(json(out)).toMatchObject({ error: { code: "stopped", exit: 143 } });
});

it("a config whose model predicts something else is refused: two configs of one name have one run folder", async () => {
  const [own, other] = ["species", "sex"].map((target) =>
    JSON.stringify({ data: { train: "../penguins.csv", target }, training: { epochs: 0, optimizer: "sgd" } }),
  );
  put(cwd, { "one/s.json": own!, "two/s.json": other! });
  await works(["train", "one/s.json"], { cwd });
  await works(["predict", "one/s.json", "penguins.csv"], { cwd });
  await works(["train", "two/s.json"], { cwd });
  const { code, err } = await nnfit(["predict", "one/s.json", "penguins.csv"], { cwd });
  expect(code).toBe(6);
  expect(err).toContain("sex, but species in one/s.json");
});

describe.concurrent("nnfit predict --with", () => {
  const long = csv(order.map((i) => rows[i % rows.length]!));

  it("puts columns as they are written before the predictions, inputs or not, in every block", async () => {
    put(cwd, { "long.csv": long });
    const { out } = await predict("run", "long.csv", "--with", "year,sex,bill_length_mm");
    const table = records(long);
    const told = cells(out);
    expect(told[0]).toEqual(["year", "sex", "bill_length_mm", "prediction"]);
    expect(told.slice(1)).toEqual(
      table.map((row, i) => [row.year, row.sex, row.bill_length_mm, expected[order[i]! % rows.length]]),
    );
  });

  it("puts all of them, also where rows have no prediction, and from a pipe", async () => {
    const odd = [
      'island,"a, b",sex,bill_length_mm,bill_depth_mm,flipper_length_mm,body_mass_g',
      'Dream,"x ""y""",NA,x,18,190,3700',
    ];
    const { out } = await works(["predict", "run", "-", "--with", "all", "--on-error", "null", "--reasons"], {
      cwd,
      input: `${odd.join("\n")}\n`,
    });
    expect(cells(out)).toEqual([
      [...cells(odd[0]!)[0]!, "prediction", "reasons"],
      [...cells(odd[1]!)[0]!, "", expect.stringContaining('bill_length_mm "x" is not a number')],
    ]);
  });

  it("leaves blanks, line ends and quotes in cells, and takes names with commas in quotes", async () => {
    const names = header.split(",").filter((name) => name !== "year");
    const input = `id,"no,te",all,${names.join(",")}\n" a\n",  x ," ""q"" ",${names.map(() => "").join(",")}\n`;
    const told = await works(["predict", "run", "-", "--with", '"no,te",id,"all"'], { cwd, input });
    expect(told.out).toMatch(/^"no,te",id,all,prediction\n {2}x ," a\n"," ""q"" ",\w+\n$/);
  });

  it("takes a column without a name, as pandas writes its index", async () => {
    const input = `,${header}\n7,${rows[0]}\n`;
    for (const names of ["", '""', ",year", 'year,""', "all"]) {
      const { out } = await works(["predict", "run", "-", "--with", names], { cwd, input });
      const [written, cells] = out.split("\n").map((line) => line.split(","));
      expect(written!.indexOf("")).toBe(names === 'year,""' ? 1 : 0);
      expect(written!.length).toBe(names === "all" ? header.split(",").length + 2 : names.includes("year") ? 3 : 2);
      expect(cells![written!.indexOf("")]).toBe("7");
    }
    const two = await nnfit(["predict", "run", "-", "--with", ",year"], {
      cwd,
      input: `,${header},\n7,${rows[0]},8\n`,
    });
    expect([two.code, two.err]).toEqual([
      4,
      expect.stringContaining('the header names "" more than once: columns 1 and '),
    ]);
    const none = await nnfit(["predict", "run", "penguins.csv", "--with", "year,"], { cwd });
    expect([none.code, none.err]).toEqual([4, expect.stringContaining('the table lacks the column ""')]);
  });

  it("refuses two columns of one name", async () => {
    for (const columns of ["sex,sex", "all"]) {
      const input = `prediction,${header}\nx,${rows[0]}\n`;
      const { code, out, err } = await nnfit(["predict", "run", "-", "--with", columns], { cwd, input });
      expect([code, out]).toEqual([2, ""]);
      expect(err).toContain(
        `the predictions would have two columns named "${columns === "all" ? "prediction" : "sex"}"`,
      );
    }
  });

  it("of a header alone writes one, and of a column that is not there is an error", async () => {
    expect((await works(["predict", "run", "-", "--with", "year"], { cwd, input: `${header}\n` })).out).toBe(
      "year,prediction\n",
    );
    const { code, err, out } = await nnfit(["predict", "run", "penguins.csv", "--with", "yaer"], { cwd });
    expect({ code, out }).toEqual({ code: 4, out: "" });
    expect(err).toMatch(/the table lacks the column "yaer"[\s\S]*^ {2}try {3}--with year$/m);
    const several = await nnfit(["predict", "run", "penguins.csv", "--with", "sex,yaer,bill length_mm"], { cwd });
    expect(several.err).toMatch(
      /lacks the columns "yaer", "bill length_mm"[\s\S]* {2}try {3}--with sex,year,bill_length/,
    );
    const unlike = await nnfit(["predict", "run", "penguins.csv", "--with", "customer"], { cwd });
    expect(unlike.err).toContain('lacks the column "customer"');
    expect(unlike.err).not.toMatch(/try|renaming/);
  });
});
