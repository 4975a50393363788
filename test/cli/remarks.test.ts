import { beforeAll, describe, expect, it } from "vitest";
import { cells, folder, json, nnfit, records, text, works } from "./nnfit.js";

const header = "age,city,price,y";
const training = Array.from({ length: 40 }, (_, i) => {
  const age = i % 10 === 0 ? "" : 20 + i;
  return `${age},${["Oslo", "Rome"][i % 2]},${1 + (i % 9)},${["=1+1", "-2", "@home", "plain"][i % 4]}`;
});
const cwd = folder({
  "t.csv": [header, ...training].join("\n"),
  "c.json": '{ "data": { "train": "t.csv", "target": "y", "validation": 0 }, "training": { "epochs": 200 } }',
  "below.csv": ["x,y", ...Array.from({ length: 20 }, (_, i) => `${i},${-100 - i}`)].join("\n"),
  "far.csv": "x\n500\n600\n",
  "n.json": '{ "data": { "train": "below.csv", "target": "y" }, "training": { "epochs": 2 } }',
});
beforeAll(async () => {
  await Promise.all(["c.json", "n.json"].map((path) => works(["train", path], { cwd })));
});

const table = (...rows: string[]) => `${[header, ...rows].join("\n")}\n`;
const predict = (input: string, ...args: string[]) => works(["predict", "runs/c", ...args], { cwd, input });
const reasons = async (input: string, ...args: string[]) =>
  records((await predict(input, "--reasons", ...args)).out).map(({ reasons }) => reasons);

const fine = "30,Oslo,5,";
const odd = table(fine, ",Oslo,5,", "30,Bonn,5,", "30,,5,", "30,Rome,10,", "99,Bonn,0.5,", fine);

describe.concurrent("nnfit predict, of rows unlike those it learned from,", () => {
  it("tells on standard error what it filled, never saw and has to guess beyond its range", async () => {
    const { out, err } = await predict(odd);
    expect(records(out)).toHaveLength(7);
    expect(err.trimEnd().split("\n").toSorted()).toEqual([
      'note: "age" is beyond its training range (21 to 59) in 1 row',
      'note: "price" is beyond its training range (1 to 9) in 2 rows',
      'note: 1 cell of "city" was missing, but none were in training',
      'note: 2 rows have a category of "city" that the model does not know: "Bonn"',
    ]);
  });

  it("tells of missing cells where there are more than in training", async () => {
    expect((await predict(table(fine, ",Rome,5,", ",Rome,5,", ",Rome,5,"))).err).toBe(
      'note: 3 cells of "age" were missing and filled with the median, 40\n',
    );
  });

  it("tells of every missing cell in a column that lacked none in training", async () => {
    const { err } = await predict(table("30,,5,", ...Array<string>(30).fill(fine)));
    expect(err).toBe('note: 1 cell of "city" was missing, but none were in training\n');
  });

  it("tells nothing of rows like those, and of the ends of a range", async () => {
    expect((await predict(table(fine, "21,Rome,1,", "59,Oslo,9,"))).err).toBe("");
  });

  it("names the worst five, and how many more there are", async () => {
    const { err } = await predict(table("x,Bonn,5,", ",,0,", "99,Rome,0,", "99,Rome,0,"), "--on-error", "null");
    const lines = err.trimEnd().split("\n");
    expect(lines).toHaveLength(6);
    expect(lines[0]).toBe('note: 1 row has no prediction, because "age" is not a number: "x"');
    expect(lines[1]).toBe('note: "price" is beyond its training range (1 to 9) in 3 rows');
    expect(lines[5]).toBe("note: 1 more remark of this kind; --reasons lists them row by row");
  });

  it("counts over the whole of a table that comes in many blocks", async () => {
    const many = Array.from({ length: 100_000 }, (_, i) => (i % 1000 === 7 ? "30,Bonn,5," : fine));
    expect((await predict(table(...many))).err).toBe(
      'note: 100 rows have a category of "city" that the model does not know: "Bonn"\n',
    );
  });

  it("names with --reasons what is odd, row by row", async () => {
    expect(await reasons(odd)).toEqual([
      "",
      "age is missing",
      'city "Bonn" is not known to the model',
      "city is missing",
      "price 10 is outside 1 to 9",
      'age 99 is outside 21 to 59; city "Bonn" is not known to the model; price 0.5 is outside 1 to 9',
      "",
    ]);
    const [names] = cells((await predict(odd, "--reasons", "--proba")).out);
    expect(names?.[0]).toBe("prediction");
    expect(names?.at(-1)).toBe("reasons");
  });

  it("gives with --reasons the same predictions", async () => {
    const plain = records((await predict(odd)).out).map(({ prediction }) => prediction);
    const explained = records((await predict(odd, "--reasons")).out).map(({ prediction }) => prediction);
    expect(explained).toEqual(plain);
  });
});

describe.concurrent("what is unusual", () => {
  it("is told by evaluate too, unless the model learned from these rows", async () => {
    const rows = table("30,Bonn,5,plain", "99,Oslo,5,-2", "30,Rome,5,@home");
    const { out, err } = await works(["evaluate", "runs/c", "--json"], { cwd, input: rows });
    expect(json<{ odd: object }>(out).odd).toEqual({ age: { outside: 1 }, city: { unseen: 1 } });
    expect(err).toContain('note: 1 row has a category of "city" that the model does not know: "Bonn"');
    expect(err).toContain('note: "age" is beyond its training range (21 to 59) in 1 row');
    expect((await works(["evaluate", "runs/c", "t.csv"], { cwd })).err).not.toContain("missing");
  });

  it("is a prediction that is clipped, which training, predict, evaluate and inspect tell", async () => {
    const straight = [
      "scale.clamp=true",
      "scale.inputs=standard",
      "model.numericEmbedding=none",
      "training.epochs=200",
    ];
    const clamp = [...straight.flatMap((setting) => ["--set", setting]), "--out", "runs/clamp"];
    const kept = "predictions kept from -119 to -100";
    expect((await works(["train", "n.json", ...clamp], { cwd })).err).toContain(kept);
    expect((await works(["inspect", "runs/clamp"], { cwd })).out).toContain(kept);
    const args = ["predict", "runs/clamp", "far.csv", "--out", "clipped.csv", "--json"];
    const { out, err } = await works(args, { cwd });
    expect(records(text(cwd, "clipped.csv")).map(({ prediction }) => prediction)).toEqual(["-119", "-119"]);
    expect(json(out)).toMatchObject({ rows: 2, clipped: 2 });
    const clipped = "note: 2 rows have predictions clipped to the target's training range (scale.clamp)";
    expect(err).toContain(clipped);
    const judged = text(cwd, "far.csv")
      .replace(/$/m, ",y")
      .replace(/(?<=\n.*)$/gm, ",-110")
      .replace(/\n,-110$/, "");
    const evaluated = await works(["evaluate", "runs/clamp", "--json"], { cwd, input: judged });
    expect(json(evaluated.out)).toMatchObject({ rows: 2, clipped: 2 });
    expect(evaluated.err).toContain(clipped);
  });
});

describe.concurrent("nnfit predict --on-error", () => {
  const bad = table(fine, "forty,Oslo,5,", "30,Rome,6,", '30,Oslo,"1,5",');

  it("fail, the default, ends at the first cell that is no number", async () => {
    for (const args of [[], ["--on-error", "fail"]]) {
      const { code, out, err } = await nnfit(["predict", "runs/c", ...args], { cwd, input: bad });
      expect({ code, out }).toEqual({ code: 4, out: "" });
      expect(err).toContain('standard input:3, column "age"');
    }
  });

  it("null leaves the prediction of such a row empty, and every row in its place", async () => {
    const good = records((await predict(table(fine, "30,Rome,6,"), "--proba")).out);
    const { out, err } = await predict(bad, "--proba", "--reasons", "--on-error", "null");
    const [first, second, third, fourth] = records(out);
    expect([first, third]).toEqual(good.map((row) => ({ ...row, reasons: "" })));
    expect(Object.values(second!)).toEqual(["", "", "", "", "", 'age "forty" is not a number']);
    expect(fourth).toMatchObject({ prediction: "", reasons: 'price "1,5" is not a number' });
    expect(err).toContain('note: 1 row has no prediction, because "age" is not a number: "forty"\n');
  });

  it("null gives a line for each row, in rows that a kernel reads and in rows that csv-parse reads", async () => {
    const rows = Array.from({ length: 20_000 }, (_, i) =>
      i % 3 === 1 ? "x,Oslo,5," : `30,${i < 15_000 ? "Oslo" : '"Oslo"'},5,`,
    );
    const { out } = await predict(table(...rows), "--on-error", "null");
    const predictions = out.trimEnd().split("\n").slice(1);
    expect(predictions).toHaveLength(rows.length);
    expect(predictions.every((cell, i) => (cell === '""') === (i % 3 === 1))).toBe(true);
  });

  it("null still refuses a table that lacks a column, and gives the header of one without rows", async () => {
    expect((await nnfit(["predict", "runs/c", "--on-error", "null"], { cwd, input: "age,city\n1,Oslo\n" })).code).toBe(
      4,
    );
    expect((await predict(`${header}\n`, "--on-error", "null")).out).toBe("prediction\n");
  });

  it("takes no other word", async () => {
    expect((await nnfit(["predict", "runs/c", "--on-error", "skip"], { cwd, input: bad })).code).toBe(2);
  });
});

describe.concurrent("nnfit predict --csv-safe", () => {
  const rows = text(cwd, "t.csv");
  const predictions = async (...args: string[]) => records((await predict(rows, ...args)).out);

  it("puts a ' before words that a spreadsheet would take for a formula, and not before numbers", async () => {
    const plain = (await predictions()).map(({ prediction }) => prediction!);
    const safe = (await predictions("--csv-safe")).map(({ prediction }) => prediction!);
    expect(new Set(plain)).toEqual(new Set(["=1+1", "-2", "@home", "plain"]));
    expect(safe).toEqual(plain.map((name) => (/^[=@]/.test(name) ? `'${name}` : name)));
  });

  it("leaves the numbers of a regression alone", async () => {
    const [plain, safe] = await Promise.all(
      [[], ["--csv-safe"]].map((args) => works(["predict", "runs/n", "below.csv", ...args], { cwd })),
    );
    expect(plain!.out).toMatch(/^prediction\n-/);
    expect(safe!.out).toBe(plain!.out);
  });
});
