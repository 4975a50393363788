import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadModel, type Model } from "../../src/artifact/model.js";
import { modelToContinue } from "../../src/cli/continue.js";
import { folder, modelDigest, nnfit, put, works } from "./nnfit.js";

const rows = (count: number, shift: number) =>
  Array.from(
    { length: count },
    (_, i) => `${(i % 17) + shift},${i % 3 ? "x" : "z"},${(i * 7) % 31},${i % 2 ? "no" : "yes"}`,
  );
const table = (count: number, shift = 0) => ["a,kind,y,class", ...rows(count, shift)].join("\n");
const config = (changes: object = {}) => ({
  data: { train: "t.csv", target: "y", ignore: ["class"] },
  model: { hidden: [6], parametrization: "neuralTangent", scaling: true, members: 2 },
  training: { epochs: 4, batchSize: 8, optimizer: "adam" },
  ...changes,
});
const set = (...values: string[]) => values.flatMap((value) => ["--set", value]);
const begun = async (changes: object = {}) => {
  const cwd = folder({ "t.csv": table(40), "new.csv": table(30, 5), "c.json": JSON.stringify(config(changes)) });
  await works(["train", "c.json", "--out", "first"], { cwd });
  return cwd;
};
const go = (cwd: string, out: string, ...more: string[]) =>
  nnfit(["train", "c.json", "--continue-from", "first", "--out", out, ...set("data.train=new.csv"), ...more], { cwd });
const model = (cwd: string, run: string) => loadModel(join(cwd, run, "model.safetensors"));

describe("--continue-from", () => {
  it("begins with the model's weights, and keeps its transforms on new rows", async () => {
    const cwd = await begun();
    expect(await go(cwd, "same", ...set("training.epochs=0"))).toMatchObject({ code: 0 });
    const [first, same] = [model(cwd, "first"), model(cwd, "same")];
    const transforms = ({ pipeline }: typeof same) => pipeline.map(({ profile: _, ...transform }) => transform);
    expect(transforms(same)).toEqual(transforms(first));
    const scaling = ({ target }: typeof same) =>
      target.task === "regression" && target.targets.map(({ residuals: _, ...scaled }) => scaled);
    expect(scaling(same)).toEqual(scaling(first));
    for (const [member, weights] of first.weights.entries()) {
      for (const [i, weight] of weights.entries()) {
        expect(Math.abs(same.weights[member]![i]! - weight)).toBeLessThanOrEqual(2 ** -23 * Math.abs(weight));
      }
    }

    expect((await go(cwd, "more")).code).toBe(0);
    const more = model(cwd, "more");
    expect(transforms(more)).toEqual(transforms(first));
    await works(["train", "c.json", "--out", "anew", ...set("data.train=new.csv")], { cwd });
    const profiles = ({ pipeline }: typeof more) => pipeline.map(({ profile }) => profile);
    expect(profiles(more)).toEqual(profiles(model(cwd, "anew"))); // of the rows that it has learned from
    expect(profiles(more)).not.toEqual(profiles(first));
    expect(more.weights[0]).not.toEqual(first.weights[0]);
    expect(more.training).toMatchObject({ trainingRows: 30, epochs: 4 });
    await go(cwd, "again");
    expect(modelDigest(join(cwd, "again"))).toBe(modelDigest(join(cwd, "more")));
  });

  it("leaves behind the temperature of the probabilities, which are others after more training", async () => {
    const training = { epochs: 4, optimizer: "adam", calibrate: true };
    const cwd = await begun({ data: { train: "t.csv", target: "class", ignore: ["y"] }, training });
    const { target, weights } = model(cwd, "first");
    if (target.task !== "classification") throw new Error("it is a classification");
    const { temperature, ...others } = target;
    expect(temperature).toBeGreaterThan(0);
    const beginning = modelToContinue(join(cwd, "first"), null);
    expect(beginning.target).toEqual(others);
    expect(beginning.weights).toEqual(weights);
  });

  it("leaves behind how far off the network was", async () => {
    const training = { epochs: 4, optimizer: "adam", calibrate: true };
    const counts = { model: { hidden: [6], loss: "poisson" } };
    const data = { train: "t.csv", target: "y", ignore: ["class"] };
    const cwd = await begun({ data, training, ...counts });
    const targetOf = ({ target }: Pick<Model, "target">) => (target.task === "regression" ? target.targets[0]! : {});
    await go(cwd, "more");
    expect(targetOf(model(cwd, "more"))).not.toHaveProperty("residuals"); // it may have seen the rows
    const { residuals, ...others } = targetOf(model(cwd, "first")) as { residuals?: object };
    expect(residuals).toBeDefined();
    expect(targetOf(modelToContinue(join(cwd, "first"), null))).toEqual(others);
  });

  it("refuses a model that is not what the config describes, field by field", async () => {
    const cwd = await begun();
    const { code, err } = await go(cwd, "x", ...set("model.hidden=[7]", "model.scaling=false", "model.members=3"));
    expect(code).toBe(2);
    expect(err).toContain("model.hidden: [6], but the config says [7]");
    expect(err).toContain("model.scaling: true, but the config says false");
    expect(err).toContain("model.members: 2, but the config says 3");
    expect(err).not.toContain("model.activation");
    const scaled = await go(cwd, "x", ...set("scale.inputs.a=minmax", "scale.target=robust", "scale.clamp=true"));
    expect(scaled.code).toBe(2);
    expect(scaled.err).toContain('the scaler of "a": "standard", but the config says "minmax"');
    expect(scaled.err).toContain('the scaler of "y": "standard", but the config says "robust"');
    expect(scaled.err).toContain("scale.clamp: false, but the config says true");
    const taken = await go(cwd, "x", ...set("model.numericEmbedding=pbld", "model.categories.binary=sign"));
    expect(taken.code).toBe(2);
    expect(taken.err).toContain('model.numericEmbedding: {"name":"none"}, but the config says {"name":"pbld"');
    expect(taken.err).toContain('model.categories: {"kind":"oneHot","places":2}, but the config says {"kind":"sign"}');
    const other = await go(cwd, "x", ...set("data.target=class"));
    expect([other.code, other.err]).toEqual([2, expect.stringContaining("y in first, but class in the config")]);
  });

  it("clips predictions to the range of all rows that it has learned from, or no more", async () => {
    const cwd = await begun({ scale: { clamp: true } });
    const rangeIn = (run: string) => {
      const { target } = model(cwd, run);
      return target.task === "regression" ? target.targets[0]!.range : undefined;
    };
    expect(rangeIn("first")).toEqual([0, 30]);
    put(cwd, { "new.csv": `a,kind,y,class\n${rows(30, 5).join("\n").replace(/,28,/, ",99,")}` });
    expect(await go(cwd, "more")).toMatchObject({ code: 0, err: expect.stringContaining("kept from 0 to 99") });
    expect(rangeIn("more")).toEqual([0, 99]);
    expect((await go(cwd, "free", ...set("scale.clamp=false"))).code).toBe(0);
    expect(rangeIn("free")).toBeUndefined();
  });

  it("refuses inputs that the config leaves out or takes otherwise, and tells of the whole table", async () => {
    const cwd = await begun();
    const ignored = await go(cwd, "x", ...set('data.ignore=["a","class"]'));
    expect([ignored.code, ignored.err]).toEqual([2, expect.stringContaining('"a" is an input of first, a number')]);
    expect(ignored.err).toContain("data.ignore");
    const retyped = await go(cwd, "x", ...set('data.types={"a":"category"}'));
    expect([retyped.code, retyped.err]).toEqual([2, expect.stringContaining("data.types")]);
    put(cwd, { "new.csv": `${table(30, 5)}\n9,x,,no` });
    expect((await go(cwd, "y")).err).toMatch(/^ *table +new\.csv: 31 rows$/m);
  });

  it("goes on with embeddings of numbers and categories, and refuses a config without them", async () => {
    const embedded = { numericEmbedding: "pbld", categories: { oneHotUpTo: 1, unknown: 0.1 } };
    const cwd = await begun({ model: { hidden: [6], ...embedded } });
    expect(await go(cwd, "more")).toMatchObject({ code: 0 });
    const changes = ["model.numericEmbedding=none", "model.categories.oneHotUpTo=9", "model.categories.unknown=0"];
    const { code, err } = await go(cwd, "x", ...set(...changes));
    expect(code).toBe(2);
    expect(err).toMatch(/model\.numericEmbedding: \{"name":"pbld".*, but the config says \{"name":"none"\}/);
    expect(err).toContain(
      'model.categories: {"kind":"categoryEmbedding","places":3,"width":8}, but the config says {"kind":"oneHot"',
    );
    expect(err).toContain("model.categories.unknown: 0.1, but the config says 0");
  });

  it("goes on where values differ by less than a network sees", async () => {
    const near = [
      "x,c",
      ...Array.from({ length: 50 }, (_, i) => `${["0,no", "0,no", "1,yes", "1.000000000001,yes"][i % 4]}`),
    ];
    const cwd = folder({ "t.csv": near.join("\n"), "new.csv": near.join("\n") });
    put(cwd, {
      "c.json": JSON.stringify({
        data: { train: "t.csv", target: "c" },
        model: { hidden: [4], numericEmbedding: "pbld" },
      }),
    });
    await works(["train", "c.json", "--out", "first"], { cwd });
    expect(await go(cwd, "more")).toMatchObject({ code: 0 });
  });

  it("with a model's own config.json goes on from a preset's model, whatever the size of the new table", async () => {
    const cwd = folder({ "t.csv": table(60), "new.csv": table(2100) });
    put(cwd, {
      "c.json": JSON.stringify({ preset: "fast", data: { train: "t.csv", target: "class" }, training: { epochs: 1 } }),
    });
    await works(["train", "c.json", "--out", "first"], { cwd });
    const refused = await go(cwd, "more");
    expect(refused.code).toBe(2);
    expect(refused.err).toContain("the config.json of the model's run, which has all of its settings");
    const args = [
      "train",
      "first/config.json",
      "--continue-from",
      "first",
      "--out",
      "more",
      ...set("data.train=../new.csv"),
    ];
    const { err } = await works(args, { cwd });
    expect(err).toMatch(
      /validation rows, which the model that training continued from may have seen: scores may be optimistic$/m,
    );
    expect(err).not.toContain("did not learn from");
  });

  it("goes on where no column has values enough to be embedded", async () => {
    const cwd = await begun({
      model: { hidden: [6], numericEmbedding: "pbld" },
      data: { train: "t.csv", target: "class", ignore: ["a", "y"] },
    });
    expect(await go(cwd, "more")).toMatchObject({ code: 0 });
  });

  it.each([
    ["groups", (i: number) => `p${i % 8}`, "marks which rows belong together"],
    ["groups", (i: number) => i % 8, "marks which rows belong together"],
    ["time", (i: number) => (i * 7) % 30, "the latest 12 for validation"],
    ["time", (i: number) => `2024-01-${String(1 + ((i * 7) % 30)).padStart(2, "0")}`, "the latest 12 for validation"],
  ] as const)("holds out rows by a column of %s", async (option, cell, why) => {
    const lines = Array.from({ length: 60 }, (_, i) => `${(i * 5) % 13},${cell(i)},${(i * 11) % 17}`);
    const data = { train: "t.csv", target: "y", [option]: "k" };
    const files = { "t.csv": ["a,k,y", ...lines].join("\n"), "c.json": JSON.stringify({ ...config(), data }) };
    const cwd = folder(files);
    expect((await works(["train", "c.json", "--out", "first"], { cwd })).err).toContain(why);
    const again = ["train", "c.json", "--continue-from", "first", "--out"];
    const { err } = await works([...again, "more"], { cwd });
    expect(err).toMatch(/rows +(about 45|48) for training/);
    put(cwd, { "t.csv": ["a,y", "1,2", "3,4", "5,6"].join("\n") });
    expect((await nnfit([...again, "none"], { cwd })).err).toMatch(/no column "k" in t.csv|lacks the column "k"/);
  });

  it("refuses rows that lack a column, or have a class that the model does not know", async () => {
    const cwd = await begun({ data: { train: "t.csv", target: "class", ignore: ["y"] } });
    put(cwd, { "new.csv": table(30).replace("kind", "sort") });
    const lacking = await go(cwd, "x");
    expect([lacking.code, lacking.err]).toEqual([4, expect.stringContaining('the table lacks the column "kind"')]);
    put(cwd, { "new.csv": table(30).replace(/yes$/, "maybe").replace(/no$/, "maybe") });
    const unknown = await go(cwd, "x");
    expect([unknown.code, unknown.err]).toEqual([
      4,
      expect.stringContaining('"maybe" is not a class that the model knows'),
    ]);
  });

  it.each(["data.weight", "data.groups"])("refuses an input that %s takes for something else", async (name) => {
    const cwd = await begun();
    const { code, err } = await go(cwd, "x", ...set(`${name}=a`));
    expect([code, err]).toEqual([2, expect.stringContaining('"a" is an input of first, a number')]);
    expect(err).toContain(name);
  });

  it("reads dates as the model does, or as their column tells where it does not know, and refuses another order", async () => {
    const dates = (text: (day: number) => string) =>
      ["d,y", ...Array.from({ length: 40 }, (_, i) => `${text((i % 28) + 1)},${i % 7}`)].join("\n");
    const iso = dates((day) => `2024-03-${String(day).padStart(2, "0")}`);
    const dayFirst = dates((day) => `${day}/3/2024`);
    const cwd = folder({
      "t.csv": iso,
      "new.csv": dayFirst,
      "c.json": JSON.stringify(config({ data: { train: "t.csv", target: "y" } })),
    });
    await works(["train", "c.json", "--out", "first"], { cwd });
    expect((await go(cwd, "told")).code).toBe(0);
    put(cwd, { "rows.csv": "d\n4/3/2024\n" });
    expect((await nnfit(["predict", "first", "rows.csv"], { cwd })).code).toBe(4);
    expect((await nnfit(["predict", "told", "rows.csv"], { cwd })).code).toBe(0); // it has learned the order
    const other = ["train", "c.json", "--continue-from", "told", "--out", "other", ...set("data.train=new.csv")];
    const { code, err } = await nnfit([...other, ...set("data.dates=monthFirst")], { cwd });
    expect([code, err]).toEqual([2, expect.stringContaining("data.dates")]);
  });

  it("reads times with marks between thousands as the first training does", async () => {
    const lines = ["a;tm;y", ...Array.from({ length: 40 }, (_, i) => `${(i * 7) % 11};1,${100 + i};${i % 5}`)];
    const data = { train: "t.csv", target: "y", time: "tm", thousands: ",", delimiter: ";" };
    const cwd = folder({ "t.csv": lines.join("\n"), "c.json": JSON.stringify(config({ data })) });
    await works(["train", "c.json", "--out", "first"], { cwd });
    await works(["train", "c.json", "--continue-from", "first", "--out", "more"], { cwd });
  });

  it("says what the model does not know of the new rows, and check goes on counting it", async () => {
    const cwd = await begun();
    put(cwd, { "new.csv": table(30, 500).replaceAll(",x,", ",new,") });
    const { code, err } = await go(cwd, "more");
    expect(code).toBe(0);
    expect(err).toContain('note: 20 rows have a category of "kind" that the model does not know: "new"\n');
    expect(err).toContain('note: "a" is beyond its training range (0 to 16) in 30 rows\n');
    expect(err).toContain("without --continue-from learns new ones\n");
    const check = async (run: string, ...more: string[]) => {
      const { code, out } = await nnfit(["check", run, "new.csv", "--json", ...more], { cwd });
      const { columns } = JSON.parse(out) as { columns: { name: string; breaks: string[]; unseenLimit: number }[] };
      return { code, kind: columns.find(({ name }) => name === "kind") };
    };
    expect(await check("more")).toMatchObject({ code: 1, kind: { breaks: ["unseen"], expectedRare: 0 } });
    expect(await check("more", "--max-unseen", "0.1")).toMatchObject({ code: 1, kind: { unseenLimit: 0.1 } });
    await works(["train", "c.json", "--out", "again", "--continue-from", "more", ...set("data.train=new.csv")], {
      cwd,
    });
    expect(await check("again")).toMatchObject({ code: 1, kind: { breaks: ["unseen"], expectedRare: 0 } });
    expect((await go(cwd, "same", ...set("data.train=t.csv"))).err).not.toContain("note:");
  });

  it("reads rows as the model reads them, whatever the config says of cells", async () => {
    const cwd = await begun();
    const commas = table(30, 5)
      .replaceAll(",", ";")
      .replaceAll(/^(\d+);/gm, "$1,5;");
    put(cwd, { "commas.csv": commas });
    const reading = set('data.missing=["z"]', "data.decimal=,");
    await works(["train", "c.json", "--out", "first", ...reading, ...set("data.train=commas.csv")], { cwd });
    expect(await go(cwd, "more", ...set("data.train=commas.csv"))).toMatchObject({ code: 0 });
    expect(model(cwd, "more")).toMatchObject({ missing: ["z"], decimal: "," });
    const { data } = JSON.parse(readFileSync(join(cwd, "more", "config.json"), "utf8"));
    expect(data).toMatchObject({ missing: ["z"], decimal: "," });
  });
});
