import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadModel } from "../../src/artifact/model.js";
import { folder, modelDigest, nnfit, put, works } from "./nnfit.js";

/** y is what its place makes it, and nothing else: far apart, with a mean of 0. */
const effects: Record<string, number> = { a: 300, b: -100, c: -500, d: 500, e: 100, f: -300 };
const places = Object.keys(effects);
const rows = Array.from({ length: 360 }, (_, i) => {
  const place = places[i % 6]!;
  return `${place},${(i * 7) % 11},${effects[place]! + (i % 5) - 2}`;
});
/** A wave and a step of x, which a linear model can't follow but where numbers are embedded. */
const wave = (x: number) => 10 * Math.sin(5 * x) + (x > 0.3 ? 30 : 0);
const waves = Array.from({ length: 400 }, (_, i) => i / 200 - 1);
const cwd = folder({
  "w.csv": ["x,y", ...waves.map((x) => `${x},${wave(x)}`)].join("\n"),
  "w.json": `{
    "data": { "train": "w.csv", "target": "y", "validation": 0 },
    "model": { "hidden": [] },
    "training": { "epochs": 60, "optimizer": { "name": "adam", "learningRate": 0.02 } }
  }`,
  "t.csv": ["place,size,y", ...rows].join("\n"),
  "new.csv": ["place,size", "never seen,5", ",5", "a,5", "c,5"].join("\n"),
  "c.json": `{
    "data": { "train": "t.csv", "target": "y", "validation": 0 },
    "model": { "hidden": [16] },
    "training": { "epochs": 60, "optimizer": { "name": "adam", "learningRate": 0.01 } }
  }`,
});

async function predictions(...settings: string[]): Promise<number[]> {
  const out = `runs/${settings.join() || "plain"}`.replaceAll('"', "");
  await works(["train", "c.json", "--out", out, ...settings.flatMap((setting) => ["--set", setting])], { cwd });
  const { out: told } = await works(["predict", out, "new.csv"], { cwd });
  return told.trim().split("\n").slice(1).map(Number);
}

describe("a category never seen, where categories count for much,", () => {
  it.each([
    ["one-hot", []],
    ["with an embedding", ["model.categories.oneHotUpTo=1"]],
  ])("is predicted near the mean once the unknown place has learned: %s", async (_, settings) => {
    const [unseen, missing, a, c] = await predictions("model.categories.unknown=0.05", ...settings);
    expect(Math.abs(unseen!)).toBeLessThan(50); // 89 and −445 of places that have not learned
    expect(missing).toBe(unseen);
    expect(Math.abs(a! - 300)).toBeLessThan(50);
    expect(Math.abs(c! + 500)).toBeLessThan(50);
  });
});

describe("numbers that are embedded", () => {
  it.each([
    ["none", 5, 12],
    ["pbld", 0, 5],
    ["piecewiseLinear", 0, 2.5],
  ])("bend a linear model, when saved and loaded: %s", async (name, least, most) => {
    const setting = `model.numericEmbedding={"name":"${name}"${name === "pbld" ? ',"frequency":1' : ""}}`;
    await works(["train", "w.json", "--out", `runs/${name}`, "--set", setting], { cwd });
    const { out } = await works(["predict", `runs/${name}`, "w.csv"], { cwd });
    const errors = out
      .trim()
      .split("\n")
      .slice(1)
      .map((told, i) => Math.abs(Number(told) - wave(waves[i]!)));
    const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    expect(mean).toBeGreaterThan(least);
    expect(mean).toBeLessThan(most);
  });
});

describe("a table below a title", () => {
  const text = ["x,y", ...waves.map((x, i) => `${x},${i % 2 ? "a" : "b"}`)].join("\n");
  const cwd = folder({
    "plain.csv": text,
    "title.csv": `Report of March,\n\n${text}`,
    "c.json": '{ "data": { "train": "plain.csv", "target": "y" }, "training": { "epochs": 1, "optimizer": "sgd" } }',
  });
  const train = (run: string, ...settings: string[]) =>
    nnfit(["train", "c.json", "--out", run, ...settings.flatMap((setting) => ["--set", setting])], { cwd });

  it("is learned and predicted as one without, and told of otherwise", async () => {
    await train("plain");
    const { code, err } = await train("title", "data.train=title.csv");
    expect([code, err]).toEqual([4, expect.stringContaining("data.skipLines, if there is a title above")]);
    expect((await train("title", "data.train=title.csv", "data.skipLines=2")).code).toBe(0);
    expect(modelDigest(join(cwd, "title"))).toBe(modelDigest(join(cwd, "plain")));
    for (const command of ["predict", "evaluate", "check"]) {
      const told = await works([command, "plain", "plain.csv"], { cwd });
      const { out } = await works([command, "plain", "title.csv", "--skip-lines", "2"], { cwd });
      expect(out.replaceAll("title.csv", "plain.csv")).toBe(told.out);
    }
  });
});

describe("a table in another encoding", () => {
  const words = ["é", "ü", "€"];
  const text = `größe;wort\n${waves.map((x, i) => `${x};${words[i % 3]}`).join("\n")}\n`;
  const latin = Buffer.from(text.replaceAll("€", "\x80"), "latin1"); // as Windows has it
  const cwd = folder({
    "utf8.csv": text,
    "c.json": JSON.stringify({
      data: { train: "utf8.csv", target: "wort" },
      training: { epochs: 1, optimizer: "sgd" },
    }),
  });
  writeFileSync(join(cwd, "utf16.csv"), Buffer.from(`\ufeff${text}`, "utf16le"));
  writeFileSync(join(cwd, "windows.csv"), latin);
  const train = (run: string, ...settings: string[]) =>
    nnfit(["train", "c.json", "--out", run, ...settings.flatMap((setting) => ["--set", setting])], { cwd });

  it("is learned and predicted as one in UTF-8", async () => {
    const outcomes = await Promise.all([
      train("utf8"),
      train("utf16", "data.train=utf16.csv"),
      train("windows", "data.train=windows.csv", "data.encoding=windows-1252"),
    ]);
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0]);
    const [digest, ...same] = ["utf8", "utf16", "windows"].map((run) => modelDigest(join(cwd, run)));
    expect(same).toEqual([digest, digest]);
    for (const command of ["predict", "evaluate", "check"]) {
      const told = await works([command, "utf8", "utf8.csv"], { cwd });
      const rows = [["utf16.csv"], ["windows.csv", "--encoding", "Latin1"]];
      for (const [file, ...more] of rows) {
        const { out } = await works([command, "utf8", file!, ...more], { cwd });
        expect(out.replaceAll(file!, "utf8.csv"), command).toBe(told.out);
      }
    }
  });

  it("is an error that names the setting, where it is not said", async () => {
    const { code, err } = await train("x", "data.train=windows.csv");
    expect([code, err]).toEqual([4, expect.stringContaining("the table is not UTF-8 text")]);
    expect(err).toContain('data.encoding: "windows-1252", or');
    const wrong = await nnfit(["predict", "utf8", "windows.csv", "--encoding", "latin-9"], { cwd });
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining("it takes one of auto, utf-8, utf-16le")]);
  });
});

describe("a table with decimal commas", () => {
  const comma = (table: string) => table.replaceAll(",", ";").replaceAll(".", ",");
  const points = ["x,y", ...waves.map((x) => `${x},${wave(x)}`)].join("\n");
  const cwd = folder({
    "p.csv": points,
    "c.csv": comma(points),
    "c.json": '{ "data": { "target": "y", "validation": 0 }, "training": { "epochs": 2, "optimizer": "sgd" } }',
  });
  const train = (letter: string, ...more: string[]) =>
    works(["train", "c.json", "--set", `data.train=${letter}.csv`, "--out", letter, ...more], { cwd });

  it("is learned as one with points, and the model remembers how it is read", async () => {
    await train("p");
    await train("c", "--set", "data.decimal=,");
    const [model, same] = ["p", "c"].map((run) => loadModel(join(cwd, run, "model.safetensors")));
    expect(same!.weights).toEqual(model!.weights);
    expect([model!.decimal, same!.decimal]).toEqual([undefined, ","]);

    for (const command of ["predict", "evaluate", "check"]) {
      const [told, same] = await Promise.all(["p", "c"].map((run) => works([command, run, `${run}.csv`], { cwd })));
      expect(same!.out.replaceAll("c.csv", "p.csv"), command).toBe(told!.out);
    }
  });

  it("may have marks between thousands too, and rows with and without them are predicted alike", async () => {
    const grouped = (cell: string) => cell.replace(/^(-?\d{1,3})(\d{3})(?=,|$)/, "$1.$2");
    const large = points.replaceAll(/(-?\d+)(\.\d+)?(?=,)/g, (cell) => String(Number(cell) * 4321.5));
    const marked = comma(large)
      .split("\n")
      .map((line) => line.split(";").map(grouped).join(";"))
      .join("\n");
    expect(marked).toMatch(/\d\.\d{3},\d/);
    put(cwd, { "l.csv": large, "m.csv": marked });
    await train("l");
    const marks = ["--set", "data.decimal=,", "--set", "data.thousands=."];
    await train("m", ...marks);
    const [model, same] = ["l", "m"].map((run) => loadModel(join(cwd, run, "model.safetensors")));
    expect(same!.weights).toEqual(model!.weights);
    expect(same!.thousands).toBe(".");
    const told = await works(["predict", "l", "l.csv"], { cwd });
    for (const rows of ["m.csv", "-"]) {
      expect((await works(["predict", "m", rows], { cwd, input: comma(large) })).out).toBe(told.out);
    }
  });

  it("and one with points are read by each other's model, where --decimal says how", async () => {
    await Promise.all([train("p", "--out", "points"), train("c", "--set", "data.decimal=,", "--out", "commas")]);
    for (const command of ["predict", "evaluate", "check"]) {
      const own = await works([command, "points", "p.csv"], { cwd });
      const others = [
        await works([command, "points", "c.csv", "--decimal", ","], { cwd }),
        await works([command, "commas", "p.csv", "--decimal", "."], { cwd }),
      ];
      for (const { out } of others)
        expect(out.replaceAll("c.csv", "p.csv").replaceAll("commas", "points")).toBe(own.out);
    }
    const told = await nnfit(["predict", "commas", "p.csv"], { cwd });
    expect(told.code).toBe(4);
    expect(told.err).toContain("numbers are read with decimal commas here, unless --decimal says otherwise");
    const marks = ["--decimal", ",", "--thousands", "."];
    const grouped = await works(["predict", "points", ...marks], { cwd, input: "x\n1.234,5\n" });
    expect(grouped.out).toBe((await works(["predict", "points"], { cwd, input: "x\n1234.5\n" })).out);
    const same = await nnfit(["predict", "points", "p.csv", "--thousands", "."], { cwd });
    expect([same.code, same.err]).toEqual([2, expect.stringContaining("separator can't be the same")]);
  });

  it("is refused without a word of it, and told how", async () => {
    const { code, err } = await nnfit(["train", "c.json", "--set", "data.train=c.csv"], { cwd });
    expect(code).toBe(4);
    expect(err).toContain('data.decimal: ","');
  });
});

it("a tab may be named as the delimiter in a config and for new rows", async () => {
  const text = ["x,y", ...waves.map((x, i) => `${x},${i % 2 ? "a" : "b"}`)].join("\n");
  const settings = { training: { epochs: 1, optimizer: "sgd" } };
  const cwd = folder({
    "commas.csv": text,
    "tabs.csv": text.replaceAll(",", "\t"),
    "commas.json": JSON.stringify({ data: { train: "commas.csv", target: "y" }, ...settings }),
    "tabs.json": JSON.stringify({ data: { train: "tabs.csv", target: "y", delimiter: "tab" }, ...settings }),
  });
  for (const name of ["commas", "tabs"]) await works(["train", `${name}.json`, "--out", name], { cwd });
  expect(modelDigest(join(cwd, "tabs"))).toBe(modelDigest(join(cwd, "commas")));
  const { out } = await works(["predict", "tabs", "commas.csv"], { cwd });
  for (const tab of ["tab", "\\t", "\t"]) {
    expect((await works(["predict", "tabs", "tabs.csv", "--delimiter", tab], { cwd })).out).toBe(out);
    expect((await nnfit(["predict", "tabs", "commas.csv", "--delimiter", tab], { cwd })).code).toBe(4);
  }
});
