import { describe, expect, it } from "vitest";
import { type Table, takeRows } from "../../src/data/table.js";
import { NnfitError } from "../../src/errors.js";
import { make } from "../../src/family.js";
import { crossValidate, type FoldResult, foldsEngine } from "../../src/folds/crossValidation.js";
import { keepFolds } from "../../src/folds/keep.js";
import { planFolds, prepareFold } from "../../src/folds/plan.js";
import { foldScores } from "../../src/folds/scores.js";
import { modelOptions } from "../../src/model/options.js";
import { scoresOf } from "../../src/score/scoring.js";
import { judges } from "../../src/search/judges.js";
import { learnedRows } from "../../src/train/members.js";
import { trainingOptions } from "../../src/train/options.js";
import { prepare, type TaskOptions } from "../../src/train/prepare.js";
import { findTask } from "../../src/train/task.js";
import { engineFor, train } from "../../src/train/train.js";
import { scaleOptions } from "../../src/transform/options.js";
import { applyTarget, invertTarget, type TargetState } from "../../src/transform/target.js";
import { columns } from "../data/source.js";
import { dataSettings } from "../train/settings.js";

const x = Array.from({ length: 45 }, (_, i) => ((i * 17) % 45) / 10);
const numbers = columns({ x, z: x.map((value) => value * value), y: x.map((value) => Math.sin(value) * 100 + 7) });
const words = columns({ x, y: x.map((value) => (value < 1.5 ? "low" : value < 3 ? "middle" : "high")) });
const noTable = () => Promise.reject(new Error("no validation table is named"));

interface Options {
  members?: number;
  folds?: number;
  keep?: boolean;
  threads?: number;
  training?: object;
  weight?: string;
}

const optionsFor = ({ members = 1, training = {}, weight }: Options): TaskOptions => ({
  data: dataSettings({ weight }),
  scale: scaleOptions.parse({}),
  model: modelOptions.parse({ hidden: [6], activation: "tanh", members }),
  training: trainingOptions.parse({ epochs: 8, batchSize: 8, optimizer: "adam", ...training }),
});

async function run(table: Table, options: Options = {}) {
  const { folds = 3, keep = false, threads = 1 } = options;
  const plan = planFolds(
    findTask(table, dataSettings(), "auto"),
    optionsFor(options),
    { folds, sharesScaling: keep },
    noTable,
  );
  const first = await prepareFold(plan, plan.folds[0]!);
  const engine = await foldsEngine(first, folds, { threads });
  const done: number[] = [];
  let progress = 0;
  const results = await crossValidate(plan, first, engine, {
    progress: (epochs) => {
      progress = epochs;
    },
    done: ({ fold }) => done.push(fold.number),
  });
  return { plan, results, done, progress, scores: foldScores(first.target, results) };
}

describe("a cross-validation", () => {
  it("that is stopped tells of a fold that could not be kept, whichever comes first", async () => {
    const plan = planFolds(
      findTask(numbers, dataSettings(), "auto"),
      optionsFor({}),
      { folds: 2, sharesScaling: false },
      noTable,
    );
    const first = await prepareFold(plan, plan.folds[0]!);
    const engine = await foldsEngine(first, 2, { threads: 2 });
    expect(engine.lanes).toBe(2);
    const full = new NnfitError("files", "the disk is full");
    const endings = [
      [new Error("stopped"), full],
      [full, new Error("stopped")],
    ];
    for (const errors of endings) {
      const keeping = crossValidate(
        plan,
        first,
        engine,
        { progress() {}, done() {} },
        {
          open: ({ number }) => ({
            from: undefined,
            isStopping: true,
            report() {},
            isDue: () => true,
            keep() {
              throw errors[number]!;
            },
            ended() {},
          }),
        },
      );
      await expect(keeping).rejects.toBe(full);
    }
  });

  it.each([1, 3])("trains each fold as if its learning rows were the table, with %i networks", async (members) => {
    const { results } = await run(numbers, { members });
    for (const { fold, outcome } of results) {
      const options = optionsFor({ members });
      const prepared = await prepare(
        findTask(takeRows(numbers, fold.learning), dataSettings(), "auto"),
        options,
        noTable,
      );
      const byHand = await train(prepared, await engineFor(prepared, { threads: 1 }), { progress() {}, report() {} });
      expect(outcome.members.map(({ weights }) => weights)).toEqual(byHand.members.map(({ weights }) => weights));
      expect(outcome.judgement).toEqual(byHand.judgement);
    }
  });

  it("has the loss of its test rows as they are weighed, and so has the model of all folds", async () => {
    const w = x.map((_, i) => (i % 3 ? 1 + i : 0.01));
    const weighed = columns({ x, w, y: x.map((value, i) => (i % 3 ? value : (value * 7) % 2)) });
    const { plan, results, scores } = await run(weighed, { weight: "w", keep: true });
    let [sum, total] = [0, 0];
    for (const { fold, outputs, prepared, truth, judgement } of results) {
      if (truth.task !== "regression") throw new Error("it is a regression");
      const y = applyTarget(prepared.target, truth);
      const of = Array.from(fold.test, (row, i) => [w[row]!, (outputs[i]! - y[i]!) ** 2] as const);
      const weights = of.reduce((sum, [weight]) => sum + weight, 0);
      const losses = of.reduce((sum, [weight, loss]) => sum + weight * loss, 0);
      expect(judgement.loss).toBeCloseTo(losses / weights, 5);
      [sum, total] = [sum + losses, total + weights];
    }
    expect(keepFolds(plan, results, scores).outcome.judgement.loss).toBeCloseTo(sum / total, 5);
  });

  it("has the scores of probabilities with the temperature of the fold", async () => {
    const { results } = await run(words, { training: { calibrate: true, epochs: 30 } });
    for (const { outcome, outputs, prepared, truth, judgement } of results) {
      const { target } = outcome;
      expect(target.task === "classification" && target.temperature).not.toBeCloseTo(1, 1);
      expect(judgement.scores).toEqual(scoresOf(target, truth, invertTarget(target, outputs)));
      const asTheyCame = scoresOf(prepared.target, truth, invertTarget(prepared.target, outputs));
      expect(judgement.scores.logLoss).not.toBe(asTheyCame.logLoss);
    }
  });

  it("has baselines of the rows that its networks learn from, not of those that choose their epochs", async () => {
    for (const members of [1, 2]) {
      const { results } = await run(numbers, { members });
      for (const { fold, prepared, truth, baselines } of results) {
        if (truth.task !== "regression") throw new Error("it is a regression");
        const learned = [...learnedRows(prepared)].map((row) => Math.sin(x[fold.learning[row]!]!) * 100 + 7);
        expect(learned.length).toBe(members === 1 ? 24 : 30);
        const center = learned.reduce((sum, y) => sum + y, 0) / learned.length;
        const squares = Array.from(truth.values[0]!, (y) => (y - center) ** 2);
        const rmse = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
        expect(baselines.baseline.scores.rmse).toBeCloseTo(rmse, 9);
      }
    }
  });

  it("gives the same bits for any number of threads, its folds in order", async () => {
    const bits = ({ results }: { results: readonly FoldResult[] }) =>
      results.map(({ fold, outputs, judgement, baselines }) => ({ fold, outputs, judgement, baselines }));
    for (const members of [1, 2]) {
      const one = await run(words, { members, threads: 1 });
      expect(one.done).toEqual([0, 1, 2]);
      expect(one.progress).toBe(24);
      for (const threads of [2, 4]) {
        const several = await run(words, { members, threads });
        expect(bits(several)).toEqual(bits(one));
        expect(several.done.sort()).toEqual([0, 1, 2]);
      }
    }
  });

  it("learns nothing from the rows that a fold tests: its scaling, baselines and networks stay, whatever they hold", async () => {
    const { plan, results } = await run(numbers);
    const tested = new Set(plan.folds[1]!.test);
    const changed = columns({
      x: x.map((value, row) => (tested.has(row) ? 1e6 * value : value)),
      z: x.map((value, row) => (tested.has(row) ? -value : value * value)),
      y: x.map((value, row) => (tested.has(row) ? 1e4 + row : Math.sin(value) * 100 + 7)),
    });
    const others = (await run(changed)).results;
    const learned = ({ prepared, outcome, baselines }: FoldResult) => ({
      pipeline: prepared.pipeline,
      target: outcome.target,
      weights: outcome.members.map(({ weights }) => weights),
      judgement: outcome.judgement,
      rule: baselines.baseline.rule,
    });
    expect(learned(others[1]!)).toEqual(learned(results[1]!));
    expect(learned(others[0]!)).not.toEqual(learned(results[0]!));
    expect(others[1]!.judgement).not.toEqual(results[1]!.judgement);
  });

  it("ends as soon as one fold fails, with its error", async () => {
    const plan = planFolds(
      findTask(numbers, dataSettings(), "auto"),
      optionsFor({}),
      { folds: 3, sharesScaling: false },
      noTable,
    );
    const first = await prepareFold(plan, plan.folds[0]!);
    for (const threads of [1, 2]) {
      const engine = await foldsEngine(first, 3, { threads });
      const watcher = {
        progress() {},
        done() {
          throw new Error("the disk is full");
        },
      };
      await expect(crossValidate(plan, first, engine, watcher)).rejects.toThrow("the disk is full");
    }
  });

  it("on which scaling is learned from all rows gives networks that are one model", async () => {
    const { plan, results, scores } = await run(words, { keep: true, members: 2, training: { calibrate: true } });
    const [{ prepared }] = results as [FoldResult];
    for (const other of results) {
      expect(other.prepared.pipeline).toEqual(prepared.pipeline);
      expect(other.prepared.spec).toEqual(prepared.spec);
    }
    const whole = await prepare(
      findTask(words, dataSettings(), "auto"),
      { ...optionsFor({}), data: dataSettings({ validation: 0 }) },
      noTable,
    );
    expect(prepared.pipeline).toEqual(whole.pipeline);

    const kept = keepFolds(plan, results, scores);
    expect(kept.outcome.members).toEqual(results.flatMap(({ outcome }) => outcome.members));
    expect(kept.outcome.members).toHaveLength(6);
    expect(kept.outcome.rowCounts).toEqual({ trainingRows: 45, validationRows: 45, judgedRows: 45 });
    expect(kept.outcome.judgement.scores).toEqual(scores.outOfFold);
    const { baseline, linear } = scores.baselines;
    if ("leftOut" in linear) throw new Error("there is one");
    expect(kept.baseline.scores).toEqual({ baseline: baseline.scores, linear: linear.scores });
    expect([...learnedRows(kept.prepared)]).toEqual([...x.keys()]);
    expect(kept.prepared.rows.size).toBe(45);
    const { target } = kept.outcome;
    expect(target.task === "classification" && target.temperature).toBeGreaterThan(0);
  });

  it("calibrates the model of all folds as classes are weighted", async () => {
    const training = { calibrate: true, epochs: 30, classWeights: { low: 20 } };
    const { plan, results, scores } = await run(words, { keep: true, training });
    const without = results.map(({ prepared, ...result }) => ({
      ...result,
      prepared: { ...prepared, training: { ...prepared.training, classWeights: "none" as const } },
    }));
    const [weighted, alike] = [results, without].map((of) => {
      const { target } = keepFolds(plan, of, scores).outcome;
      return target.task === "classification" ? target.temperature! : Number.NaN;
    });
    expect(Math.abs(weighted! / alike! - 1)).toBeGreaterThan(0.05);
  });

  it("judges a trial of a search by the means over its folds", async () => {
    const { results } = await run(numbers);
    const task = findTask(numbers, dataSettings(), "auto");
    const judge = make(judges, { name: "folds", folds: 3 });
    const { judgement } = await judge.judge({ task, validation: undefined }, optionsFor({}), { threads: 1 }, () => {});
    const meanOf = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / 3;
    expect(judgement.loss).toBeCloseTo(meanOf(results.map(({ judgement }) => judgement.loss)), 12);
    expect(judgement.scores.rmse).toBeCloseTo(meanOf(results.map(({ judgement }) => judgement.scores.rmse!)), 9);
  });

  it("keeps a linear model that learned with the same weights as the networks", async () => {
    const lowOf = async (classWeights: object | "none") => {
      const { plan, results, scores } = await run(words, { keep: true, training: { classWeights } });
      const { linear } = keepFolds(plan, results, scores).baseline;
      if (!("intercepts" in linear)) throw new Error("there is one");
      const [high, low, middle] = linear.intercepts;
      return low! - (high! + middle!) / 2;
    };
    expect(await lowOf({ low: 20 })).toBeGreaterThan((await lowOf("none")) + 0.5);
  });
});

describe("the scores of folds", () => {
  const target: TargetState = { task: "regression", targets: [{ name: "y", scaler: { name: "none" } }] };
  const values = [0.91, 0.87, 0.95, 0.9, 0.888];
  const resultOf = (score: number, fold: number) => {
    const predictions = { task: "regression", values: [Float64Array.from([fold, 2 * fold])] } as const;
    return {
      judgement: { loss: 0, scores: { rmse: score, mae: fold === 2 ? Number.NaN : score } },
      predictions,
      truth: { task: "regression", values: [Float64Array.from([fold + 1, 2 * fold - 3])] } as const,
      baselines: {
        baseline: { rule: fold < 3 ? "always a" : "always b", scores: { rmse: 2 * score } },
        linear: { rule: "ridge regression", scores: { rmse: score / 2 } },
      },
    };
  };
  // what is made of them looks at nothing else of a fold
  const results = values.map(resultOf) as unknown as FoldResult[];
  const scores = foldScores(target, results);

  it("have numpy's mean and standard deviation, with n − 1", () => {
    expect(scores.mean.rmse).toBeCloseTo(0.9036, 15);
    expect(scores.deviation.rmse).toBeCloseTo(0.02991320778519079, 15);
  });

  it("are not defined on the whole where a fold's is not", () => {
    expect([scores.mean.mae, scores.deviation.mae]).toEqual([Number.NaN, Number.NaN]);
  });

  it("out of fold are of all rows at once", () => {
    expect(scores.outOfFold.rmse).toBeCloseTo(Math.sqrt((1 + 9) / 2), 14);
    expect(scores.outOfFold.mae).toBe(2);
  });

  it("stand beside no linear model where a fold has none", () => {
    const linear = { leftOut: "too many columns" };
    const lacking = results.map((result, fold) =>
      fold === 3 ? { ...result, baselines: { ...result.baselines, linear } } : result,
    );
    expect(foldScores(target, lacking).baselines.linear).toEqual(linear);
  });

  it("stand beside the means of the baselines", () => {
    expect(scores.baselines.baseline.rule).toBe("always a or always b");
    expect(scores.baselines.baseline.scores.rmse).toBeCloseTo(2 * 0.9036, 15);
    expect(scores.baselines.linear).toMatchObject({
      rule: "ridge regression",
      scores: { rmse: expect.closeTo(0.4518) },
    });
  });
});
