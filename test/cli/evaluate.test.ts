import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { dataset, folder, json, nnfit, numbers, records, works } from "./nnfit.js";

interface Evaluation {
  readonly task: string;
  readonly rows: number;
  readonly rowsWithoutTarget: number;
  readonly scores: Readonly<Record<string, number>>;
}

const iris = readFileSync(dataset("iris"), "utf8");
const cwd = folder({
  "iris.csv": iris,
  "diabetes.csv": readFileSync(dataset("diabetes")),
  "iris.json": '{ "data": { "train": "iris.csv", "target": "species" }, "training": { "epochs": 2 } }',
  "diabetes.json": '{ "data": { "train": "diabetes.csv", "target": "progression" }, "training": { "epochs": 2 } }',
});
let ofIris: Evaluation;
beforeAll(async () => {
  await Promise.all(["iris.json", "diabetes.json"].map((path) => works(["train", path], { cwd })));
  ofIris = await evaluate("runs/iris", "iris.csv");
});

const evaluate = async (model: string, rows: string) =>
  json<Evaluation>((await works(["evaluate", model, rows, "--json"], { cwd })).out);

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe.concurrent("nnfit evaluate", () => {
  it("gives the accuracy and log-loss of what nnfit predict says", async () => {
    const { task, rows, scores } = ofIris;
    const predicted = records((await works(["predict", "runs/iris", "iris.csv", "--proba"], { cwd })).out);
    const truth = records(iris).map(({ species }) => species!);
    const right = predicted.map(({ prediction }, row) => Number(prediction === truth[row]));
    const surprise = predicted.map((record, row) => -Math.log(Number(record[`probability_${truth[row]}`])));
    expect({ task, rows }).toEqual({ task: "classification", rows: 150 });
    expect(scores.accuracy).toBe(mean(right));
    expect(scores.logLoss).toBeCloseTo(mean(surprise), 6);
  });

  it("gives rmse, mae and r2 of what nnfit predict says, in the target's own units", async () => {
    const { task, scores } = await evaluate("runs/diabetes", "diabetes.csv");
    const { out } = await works(["predict", "runs/diabetes", "diabetes.csv"], { cwd });
    const truth = numbers(readFileSync(dataset("diabetes"), "utf8"), "progression");
    const errors = numbers(out, "prediction").map((value, row) => value - truth[row]!);
    const squared = mean(errors.map((error) => error ** 2));
    const variance = mean(truth.map((y) => (y - mean(truth)) ** 2));
    expect(task).toBe("regression");
    expect(scores.rmse! / Math.sqrt(squared)).toBeCloseTo(1, 6);
    expect(scores.mae! / mean(errors.map(Math.abs))).toBeCloseTo(1, 6);
    expect(scores.r2).toBeCloseTo(1 - squared / variance, 6);
    expect(scores.rmse).toBeGreaterThan(30); // the target goes from 25 to 346
  });

  it("says the same as text, from a file or from standard input", async () => {
    const { rows, scores } = ofIris;
    const told = await works(["evaluate", "runs/iris"], { cwd, input: iris });
    const lines = told.out.trimEnd().split("\n");
    expect(lines.map((line) => line.split(/ +/))).toEqual([
      ["rows", String(rows)],
      ...Object.entries(scores).map(([name, score]) => [name, score.toPrecision(5)]),
    ]);
    expect(new Set(lines.map((line) => line.search(/ \S+$/))).size).toBe(1); // one below the other
    expect(told.err).toBe("");
  });

  it("gives null and - for a score that the rows don't define", async () => {
    const input = iris.split("\n").slice(0, 11).join("\n"); // of one class
    const { out } = await works(["evaluate", "runs/iris", "--json"], { cwd, input });
    expect(json<Evaluation>(out).scores).toMatchObject({ rocAuc: null, accuracy: expect.any(Number) });
    expect((await works(["evaluate", "runs/iris"], { cwd, input })).out).toMatch(/^rocAuc +-$/m);
  });

  it("leaves out rows without a target, and counts them", async () => {
    const [header, ...rows] = iris.trimEnd().split("\n");
    const some = rows.slice(0, 10).map((row, i) => (i % 5 ? row : row.replace(/[^,]*$/, "")));
    const input = [header, ...some].join("\n");
    const told = await works(["evaluate", "runs/iris", "--json"], { cwd, input });
    const without = [header, ...rows.slice(0, 10).filter((_, i) => i % 5)].join("\n");
    const { scores } = json<Evaluation>(
      (await works(["evaluate", "runs/iris", "--json"], { cwd, input: without })).out,
    );
    expect(json<Evaluation>(told.out)).toMatchObject({ rows: 8, rowsWithoutTarget: 2, scores });
    expect(told.err).toMatch(/left out +2 rows without a target/);
  });

  it("names the line and column of a class that the model does not know", async () => {
    const input = `${iris}5,3,1,0.2,setossa\n`;
    const { code, out, err } = await nnfit(["evaluate", "runs/iris"], { cwd, input });
    expect({ code, out }).toEqual({ code: 4, out: "" });
    expect(err).toMatch(/^error: "setossa" is none of the classes/);
    expect(err).toMatch(/^ {2}at +standard input:152, column "species"$/m);
    expect(err).toMatch(/^ {2}have +setosa, versicolor, virginica$/m);
  });
});
