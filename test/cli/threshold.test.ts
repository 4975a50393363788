import { beforeAll, describe, expect, it } from "vitest";
import { folder, json, nnfit, works } from "./nnfit.js";

/** y is "yes" in a fifth of the rows, the more often the larger x is. */
const rows = Array.from({ length: 200 }, (_, i) => `${i},${(i * 37) % 100 < (i * i) / 1000 ? "yes" : "no"}`);
const numbers = rows.map((row, i) => `${row.split(",")[0]},${i % 7}`);
const data = { train: "t.csv", target: "y" };
const config = (more: object) =>
  JSON.stringify({ data, model: { hidden: [4] }, training: { epochs: 20, seed: 1 }, ...more });
const cwd = folder({
  "t.csv": `x,y\n${rows.join("\n")}\n`,
  "numbers.csv": `x,y\n${numbers.join("\n")}\n`,
  "c.json": config({}),
  "low.json": config({ data: { ...data, threshold: 0.1 } }),
  "n.json": config({ data: { ...data, train: "numbers.csv" } }),
  "seven.json": config({ data: { ...data, train: "numbers.csv" }, task: "classification" }),
});

beforeAll(async () => {
  for (const name of ["c.json", "low.json", "n.json"]) await works(["train", name], { cwd });
});

const predicted = async (...args: string[]) => {
  const { out } = await works(["predict", ...args, "t.csv", "--proba"], { cwd });
  return out
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => line.split(","))
    .map(([prediction, , yes]) => ({ prediction, yes: Number(yes) }));
};
const evaluated = async (...args: string[]) => {
  const { out } = await works(["evaluate", ...args, "t.csv", "--json", "--no-intervals"], { cwd });
  return json<{
    threshold?: number;
    scores: Record<string, number>;
    confusion: { rows: [[number, number], [number, number]] };
  }>(out);
};

describe("the threshold of two classes", () => {
  it.each([["runs/c", "--threshold", "0.1"], ["runs/low"]])(
    "is the probability from which the positive one is predicted: %j",
    async (...args) => {
      const cells = await predicted(...args);
      const between = cells.filter(({ yes }) => yes >= 0.1 && yes < 0.5);
      expect(between.length).toBeGreaterThan(0);
      for (const { prediction, yes } of cells) expect(prediction).toBe(yes >= 0.1 ? "yes" : "no");
    },
  );

  it("leaves the network as it is: its training is the same, but for what predictions and scores make of it", async () => {
    expect((await predicted("runs/low")).map(({ yes }) => yes)).toEqual(
      (await predicted("runs/c")).map(({ yes }) => yes),
    );
    expect(await predicted("runs/low", "--threshold", "0.5")).toEqual(await predicted("runs/c"));
  });

  it("is that of the scores by class, and of none by probability", async () => {
    const [usual, low] = [await evaluated("runs/c"), await evaluated("runs/low")];
    expect(low).toMatchObject({ threshold: 0.1, ...(await evaluated("runs/c", "--threshold", "0.1")) });
    expect(usual).not.toHaveProperty("threshold");
    const predictions = await predicted("runs/low");
    const yes = predictions.filter(({ prediction }) => prediction === "yes").length;
    const [[, falsePositive], [, truePositive]] = low.confusion.rows;
    expect(falsePositive + truePositive).toBe(yes);
    for (const name of ["logLoss", "rocAuc", "averagePrecision"]) expect(low.scores[name]).toBe(usual.scores[name]);
    expect(low.scores.accuracy).not.toBe(usual.scores.accuracy);
  });

  it("is told by train and inspect", async () => {
    const { err } = await works(["train", "low.json", "--out", "again"], { cwd });
    expect(err).toMatch(
      /target {4}y: 2 classes: no .*\n {12}the positive one is predicted from a probability of 0\.1\n/,
    );
    expect((await works(["inspect", "runs/low"], { cwd })).out).toContain('no, yes; "yes" from a probability of 0.1');
  });

  it("is the config's where training goes on from a model", async () => {
    await works(["train", "c.json", "--continue-from", "runs/low", "--out", "on"], { cwd });
    expect(await evaluated("on")).not.toHaveProperty("threshold");
    await works(["train", "low.json", "--continue-from", "runs/c", "--out", "on-low"], { cwd });
    expect((await evaluated("on-low")).threshold).toBe(0.1);
  });

  it.each([
    [
      ["train", "seven.json", "--set", "data.threshold=0.2"],
      /two classes has a threshold\n {2}at {4}.*\n {2}have {2}7 classes\n/,
    ],
    [
      ["train", "n.json", "--set", "data.threshold=0.2"],
      /two classes has a threshold\n {2}at {4}.*\n {2}have {2}a target that is a number/,
    ],
    [
      ["predict", "runs/n", "t.csv", "--threshold", "0.2"],
      /two classes has a threshold\n {2}at {4}--threshold\n {2}have {2}a target that is a number\n/,
    ],
    [
      ["train", "n.json", "--continue-from", "runs/n", "--set", "data.threshold=0.2", "--out", "on-n"],
      /two classes has a threshold\n {2}at {4}--set data\.threshold=0\.2\n {2}have {2}a target that is a number\n/,
    ],
    [
      ["predict", "runs/c", "t.csv", "--threshold", "20%"],
      /--threshold <p>: it takes a number between 0 and 1\n {2}have {2}"20%"\n/,
    ],
    [["train", "c.json", "--set", "data.threshold=1"], /data\.threshold must be less than 1/],
  ])("is refused where there are no two classes, and where it is no probability: %j", async (args, says) => {
    const { code, err } = await nnfit(args, { cwd });
    expect([code, err]).toEqual([2, expect.stringMatching(says)]);
  });
});
