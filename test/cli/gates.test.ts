import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { gatesFor } from "../../src/cli/gates.js";
import { short } from "../../src/cli/text.js";
import type { TargetState } from "../../src/transform/target.js";
import { contents, dataset, folder, json, nnfit, put, start, works } from "./nnfit.js";

const numbers = ["a,y,z", ...Array.from({ length: 20 }, (_, i) => `${i},${1000 + 50 * i},${2 - ((i * 7) % 20)}`)];
const cwd = folder({
  "iris.csv": readFileSync(dataset("iris")),
  "setosa.csv": readFileSync(dataset("iris"), "utf8").split("\n").slice(0, 11).join("\n"),
  "iris.json": '{ "data": { "train": "iris.csv", "target": "species" }, "training": { "epochs": 2 } }',
  "t.csv": numbers.join("\n"),
  "two.json": '{ "data": { "train": "t.csv", "target": ["y", "z"] }, "training": { "epochs": 2 } }',
});

type Scores = Readonly<Record<string, number>>;
let iris: Scores;
let two: Scores;
const scoresOf = async (run: string, rows: string) =>
  json<{ scores: Scores }>((await works(["evaluate", run, rows, "--json"], { cwd })).out).scores;
beforeAll(async () => {
  await Promise.all(["iris.json", "two.json"].map((path) => works(["train", path], { cwd })));
  iris = await scoresOf("runs/iris", "iris.csv");
  two = await scoresOf("runs/two", "t.csv");
});

const evaluate = (...args: string[]) =>
  nnfit(["evaluate", "runs/iris", "iris.csv", "--no-intervals", ...args], { cwd });
const failIf = (...conditions: string[]) => conditions.flatMap((condition) => ["--fail-if", condition]);
const changed = (name: string, by: number) => {
  const file = `${name}-${by}.json`;
  put(cwd, { [file]: JSON.stringify({ scores: { [name]: iris[name]! * by, unknown: 5, rocAuc: null } }) });
  return file;
};

describe.concurrent("--fail-if", () => {
  it.each([
    [0, (score: number) => `accuracy < ${score}`],
    [1, (score: number) => `accuracy <= ${score}`],
    [0, (score: number) => `accuracy>${score}`],
    [1, (score: number) => ` accuracy>=${score} `],
    [1, () => "accuracy > -1e-3"],
    [0, () => "accuracy > 1."],
  ])("exits with %i: %s", async (code, condition) => {
    expect((await evaluate(...failIf(condition(iris.accuracy!)))).code).toBe(code);
  });

  it("tells every condition that holds, with the values, after the scores", async () => {
    const { code, out, err } = await evaluate(...failIf("accuracy < 2", "error < 0", "logLoss > 0"), "--json");
    expect(code).toBe(1);
    expect(json<{ scores: Scores }>(out).scores).toEqual(iris);
    expect(err).toMatch(/^error: 2 --fail-if conditions hold: accuracy < 2, logLoss > 0$/m);
    expect(err).toContain(`have  accuracy ${short(iris.accuracy!)}; logLoss ${short(iris.logLoss!)}\n`);
  });

  it("takes the scores of several targets by their names", async () => {
    const { code, err } = await nnfit(["evaluate", "runs/two", "t.csv", ...failIf("rmse_z > 0", "rmse_y < 0")], {
      cwd,
    });
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining(`have  rmse_z ${short(two.rmse_z!)}\n`) });
    const without = await nnfit(["evaluate", "runs/two", "t.csv", ...failIf("rmse > 0")], { cwd });
    expect(without).toMatchObject({ code: 2, out: "", err: expect.stringMatching(/have +rmse_y, rmse_z, mae_y/) });
  });

  it("fails for a score that the rows don't define", async () => {
    const { code, err } = await nnfit(["evaluate", "runs/iris", "setosa.csv", ...failIf("rocAuc < 0")], { cwd });
    expect(code).toBe(1);
    expect(err).toContain("rocAuc is not defined for these rows");
  });

  it.each([
    ["accuracy is 0.9", "a condition is a score, one of < <= > >=, and a number", undefined],
    ["accuracy < high", "a condition is a score, one of < <= > >=, and a number", undefined],
    ["accuracy == 1", "a condition is a score, one of < <= > >=, and a number", undefined],
    ["acuracy < 0.9", 'there is no score "acuracy"', '"accuracy"'],
    ["rmse > 3", "the score rmse is not available for a classification", undefined],
    ["foo > 3", 'there is no score "foo"', undefined],
    ["roc > 3", 'there is no score "roc"', '"rocAuc"'],
  ])("refuses %s before any work, and names the scores there are", async (condition, message, attempt) => {
    const { code, out, err } = await nnfit(["evaluate", "runs/iris", "no.csv", ...failIf(condition)], { cwd });
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(`error: ${message}\n  at    --fail-if "${condition}"\n`);
    expect(err).toMatch(/have .*accuracy, logLoss, error, balancedAccuracy, f1, rocAuc/);
    if (attempt) expect(err).toContain(`try   ${attempt}`);
  });

  it("is not forgotten where nobody reads the scores to their end", async () => {
    const child = start(["evaluate", "runs/iris", "iris.csv", ...failIf("accuracy < 2")], { cwd });
    child.stdout.destroy();
    child.stderr.resume();
    expect(await new Promise((resolve) => child.on("close", resolve))).toBe(1);
  });
});

describe.concurrent("--baseline", () => {
  it("passes scores that are the same, or better, or that only one of the two has", async () => {
    put(cwd, { "same.json": JSON.stringify({ scores: iris }) });
    expect((await evaluate("--baseline", "same.json")).code).toBe(0);
    expect((await evaluate("--baseline", changed("accuracy", 0.9))).code).toBe(0);
    expect((await evaluate("--baseline", changed("logLoss", 1.1))).code).toBe(0);
  });

  it("fails where a score is no longer defined: nothing shows that it is as good as it was", async () => {
    put(cwd, { "defined.json": JSON.stringify({ scores: { rocAuc: 0.5 } }) });
    const { code, err } = await nnfit(["evaluate", "runs/iris", "setosa.csv", "--baseline", "defined.json"], { cwd });
    expect(code).toBe(1);
    expect(err).toContain("error: 1 score is worse than in defined.json\n");
    expect(err).toContain("rocAuc is not defined for these rows (was 0.50000)");
  });

  it.each([
    ["accuracy", 1.1, "9.1%"],
    ["logLoss", 0.8, "25.0%"],
  ])("exits with 1 where %s is worse by more than the share that is allowed", async (name, by, worse) => {
    const file = changed(name, by);
    const { code, err } = await evaluate("--baseline", file, "--max-regression", "8.5%");
    expect(code).toBe(1);
    expect(err).toContain(`error: 1 score is more than 8.5% worse than in ${file}\n`);
    expect(err).toMatch(new RegExp(`have +${name} ${short(iris[name]!)} \\(was \\S+, ${worse} worse\\)`));
    expect((await evaluate("--baseline", file, "--max-regression", "26%")).code).toBe(0);
    expect((await evaluate("--baseline", file)).code).toBe(1);
  });

  it("allows the same share of a score below 0, and says nothing of a score that was not defined", () => {
    put(cwd, { "below.json": JSON.stringify({ scores: { r2: -0.5, mae: null } }) });
    const target: TargetState = { task: "regression", targets: [{ name: "y", scaler: { name: "none" } }] };
    const gates = gatesFor({ baseline: join(cwd, "below.json"), maxRegression: 0.1 })(target);
    expect(gates({ r2: -0.5, mae: 3 })).toBeUndefined();
    expect(gates({ r2: -0.549, mae: 3 })).toBeUndefined();
    expect(gates({ r2: -0.551, mae: 3 })?.message).toContain("1 score is more than 10% worse");
  });

  it("must be a file of scores, and of this task's", async () => {
    put(cwd, { "empty.json": "", "no.json": "{}", "other.json": '{ "scores": { "rmse": 3 } }' });
    expect(await evaluate("--baseline", "none.json")).toMatchObject({ code: 5, out: "" });
    for (const file of ["empty.json", "no.json", "other.json"]) {
      expect(await evaluate("--baseline", file)).toMatchObject({
        code: 4,
        out: "",
        err: expect.stringContaining(file),
      });
    }
  });

  it("is what --max-regression is about, which takes a percentage", async () => {
    expect(await evaluate("--max-regression", "2%")).toMatchObject({
      code: 2,
      err: expect.stringContaining("--baseline"),
    });
    put(cwd, { "any.json": JSON.stringify({ scores: iris }) });
    for (const text of ["2", "0.02", "-2%", "%"]) {
      expect((await evaluate("--baseline", "any.json", `--max-regression=${text}`)).code).toBe(2);
    }
  });
});

describe.concurrent("nnfit train", () => {
  it("judges its final scores after the model is saved", async () => {
    const { scores } = json<{ scores: Scores }>(
      (await works(["train", "iris.json", "--out", "a", "--json"], { cwd })).out,
    );
    put(cwd, { "before.json": JSON.stringify({ scores: { error: scores.error! / 2 } }) });
    const gates = [...failIf(`accuracy <= ${scores.accuracy}`), "--baseline", "before.json", "--max-regression", "10%"];
    const { code, out, err } = await nnfit(["train", "iris.json", "--out", "b", "--json", ...gates], { cwd });
    expect(code).toBe(1);
    expect(json<{ scores: Scores }>(out).scores).toEqual(scores);
    expect(err).toContain(
      `error: a --fail-if condition holds: accuracy <= ${scores.accuracy}; 1 score is more than 10% worse than in before.json\n`,
    );
    const model = (run: string) => contents(join(cwd, run))["model.safetensors"];
    expect(model("b")).toBe(model("a"));
    expect((await nnfit(["train", "iris.json", "--out", "c", ...failIf("accuracy < 0")], { cwd })).code).toBe(0);
  });

  it("refuses a condition that it can't judge before it trains", async () => {
    const { code, err } = await nnfit(["train", "iris.json", "--out", "d", ...failIf("rmse > 3")], { cwd });
    expect(code).toBe(2);
    expect(err).toMatch(/^error: the score rmse is not available for a classification/);
    expect(existsSync(join(cwd, "d"))).toBe(false);
  });
});
