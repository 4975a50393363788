import { describe, expect, it } from "vitest";
import { takeMatrixRows } from "../../src/data/arrays.js";
import { Memory } from "../../src/engine/memory.js";
import { seededRandom } from "../../src/engine/random.js";
import { Network } from "../../src/model/network.js";
import { modelOptions } from "../../src/model/options.js";
import { plainSpec } from "../../src/model/parametrization.js";
import { predictor } from "../../src/predict/predictor.js";
import { type Baselines, scoreBaselines } from "../../src/score/baseline.js";
import type { EpochReport } from "../../src/train/bestEpoch.js";
import { heldOutTarget } from "../../src/train/calibration.js";
import { baselinesOf, rowsToFit } from "../../src/train/compare.js";
import type { MemberOutcome, MemberState } from "../../src/train/member.js";
import { learnedRows, membersOf } from "../../src/train/members.js";
import { trainingOptions } from "../../src/train/options.js";
import { type Prepared, prepare } from "../../src/train/prepare.js";
import { Reports } from "../../src/train/reports.js";
import { findTask } from "../../src/train/task.js";
import { engineFor, hasModel, type Outcome, train } from "../../src/train/train.js";
import { weightsOfRows } from "../../src/train/weights.js";
import { applyPipeline } from "../../src/transform/apply.js";
import { inputColumns, widthOf } from "../../src/transform/inputColumns.js";
import { scaleOptions } from "../../src/transform/options.js";
import { invertTarget, type TargetState } from "../../src/transform/target.js";
import type { Truth } from "../../src/transform/truth.js";
import { columns } from "../data/source.js";
import { dataSettings } from "./settings.js";

const rows = 60;
const x = Array.from({ length: rows }, (_, i) => ((i * 37) % rows) / 10);
const numbers = columns({
  x,
  z: x.map((value) => Math.cos(3 * value)),
  y: x.map((value) => Math.sin(value) * 100 + 7),
});
const words = columns({ x, y: x.map((value) => (value < 1 ? "low" : value < 4 ? "middle" : "high")) });

interface Options {
  members?: number;
  validation?: number;
  training?: object;
  model?: object;
  data?: Parameters<typeof dataSettings>[0];
}

const prepared = (
  table = numbers,
  { members = 5, validation = 0.2, training = {}, model = {}, data = {} }: Options = {},
) =>
  prepare(
    findTask(table, dataSettings(), "auto"),
    {
      data: dataSettings({ validation, ...data }),
      scale: scaleOptions.parse({}),
      model: modelOptions.parse({ hidden: [8], activation: "tanh", members, ...model }),
      training: trainingOptions.parse({ epochs: 12, batchSize: 8, optimizer: "adam", ...training }),
    },
    () => Promise.reject(new Error("no validation table is named")),
  );

async function run(ready: Prepared, threads = 1): Promise<Outcome & { reports: EpochReport[] }> {
  const reports: EpochReport[] = [];
  const engine = await engineFor(ready, { threads });
  const outcome = await train(ready, engine, { progress() {}, report: (report) => reports.push(report) });
  return { ...outcome, reports };
}

describe("the members of an ensemble", () => {
  it("hold out each row once, as long as there are no more of them than folds", async () => {
    const { members } = await prepared();
    expect(members.map(({ validation }) => validation.length)).toEqual([12, 12, 12, 12, 12]);
    expect(members.flatMap(({ validation }) => [...validation]).sort((a, b) => a - b)).toEqual([...Array(rows).keys()]);
    for (const { training, validation } of members) {
      expect([...training, ...validation].sort((a, b) => a - b)).toEqual([...Array(rows).keys()]);
    }
  });

  it("beyond that hold out rows dealt anew", async () => {
    const { members } = await prepared(numbers, { members: 8 });
    expect(members.slice(5).map(({ validation }) => validation.length)).toEqual([12, 12, 12]);
    expect(members[5]!.validation).not.toEqual(members[0]!.validation);
    expect(new Set(members.slice(5).flatMap(({ validation }) => [...validation])).size).toBe(36);
  });

  it("hold out as much of each class", async () => {
    const { members, rows } = await prepared(words);
    if (rows.truth.task !== "classification") throw new Error("it is a classification");
    const { classes } = rows.truth;
    for (const { validation } of members) {
      const counts = [0, 1, 2].map((code) => [...validation].filter((row) => classes[row] === code).length);
      const expected = [0, 1, 2].map((code) => classes.filter((each) => each === code).length / 5);
      for (const [code, count] of counts.entries()) expect(Math.abs(count - expected[code]!)).toBeLessThan(1);
    }
  });

  it("may hold out nothing, and then differ by their seeds alone", async () => {
    const ready = await prepared(numbers, { members: 3, validation: 0 });
    for (const { training, validation } of ready.members)
      expect([training.length, validation.length]).toEqual([rows, 0]);
    const { members, rowCounts, judgedRows } = await run(ready);
    expect(new Set(members.map(({ weights }) => weights.join())).size).toBe(3);
    expect(rowCounts).toEqual({ trainingRows: rows, validationRows: 0, judgedRows: rows });
    expect(judgedRows.length).toBe(rows);
  });

  it("hold out whole groups, each of them a group or more, also if there are fewer groups than folds", () => {
    const table = columns({ g: ["a", "a", "b", "b", "b", "c"], y: [1, 2, 3, 4, 5, 6] });
    const dependence = { kind: "groups", column: "g", codes: Int32Array.of(0, 0, 1, 1, 1, 2) } as const;
    const members = membersOf(table, { fraction: 0.1, members: 6, seed: 1 }, undefined, dependence);
    const held = members.map(({ validation }) => validation.join());
    for (const three of [held.slice(0, 3), held.slice(3)]) expect(three.sort()).toEqual(["0,1", "2,3,4", "5"]);
  });

  it("learn in batches of no more rows than the one has that learns from the fewest", async () => {
    const seven = columns({ x: x.slice(0, 7), y: x.slice(0, 7) });
    for (const batchSize of ["full", 100]) {
      const ready = await prepared(seven, { members: 2, validation: 0.5, training: { batchSize } });
      expect(ready.members.map(({ training }) => training.length).sort()).toEqual([3, 4]);
      expect(ready.batchSize).toBe(3);
    }
  });

  it("learn from the rows that some of them do, and from no other", () => {
    const learned = learnedRows({ members: [{ training: Uint32Array.of(0, 3) }, { training: Uint32Array.of(3, 5) }] });
    expect([...learned]).toEqual([0, 3, 5]);
  });

  it("learn from a class that has a single row, but for the one that holds it out", () => {
    const rare = columns({ x: [1, 2, 3, 4, 5, 6], y: ["a", "b", "a", "b", "a", "c"] });
    const { table, classes } = findTask(rare, dataSettings(), "auto");
    const members = membersOf(table, { fraction: 0.5, members: 2, seed: 1 }, classes);
    expect(members.filter(({ training }) => training.includes(5)).length).toBe(1);
  });
});

describe("an ensemble", () => {
  it("has the same weights, scores and history on any number of threads", async () => {
    const ready = await prepared(numbers, { training: { patience: 2, epochs: 30 } });
    const alone = await run(ready);
    for (const threads of [2, 3]) expect(await run(ready, threads)).toEqual(alone);
    expect(new Set(alone.members.map(({ epochs }) => epochs)).size).toBeGreaterThan(1);
  });

  it("begins with the network that a single one would be for the same rows", async () => {
    const ready = await prepared(numbers, { members: 2 });
    const { members } = await run(ready);
    const [first] = ready.members;
    const single = await run({ ...ready, members: [first!] });
    expect(single.members[0]).toEqual(members[0]);
  });

  it("is scored on every row by the members that did not learn from it", async () => {
    const ready = await prepared(words);
    const { members, judgement, judgedRows, rowCounts } = await run(ready);
    expect(rowCounts).toEqual({ trainingRows: rows, validationRows: rows, judgedRows: rows });
    expect([...judgedRows]).toEqual([...Array(rows).keys()]);
    const { truth } = ready.rows;
    if (truth.task !== "classification") throw new Error("it is a classification");
    let right = 0;
    for (const [number, { weights }] of members.entries()) {
      const network = new Network(new Memory(), plainSpec(ready.spec));
      network.weights = weights;
      const predict = predictor(network.memory, [network], { columns: widthOf(ready.pipeline), rows: 1024 });
      const outputs = predict(applyPipeline(ready.pipeline, words));
      const predictions = invertTarget(ready.target, outputs);
      if (predictions.task !== "classification") throw new Error("it is a classification");
      for (const row of ready.members[number]!.validation) {
        right += Number(predictions.classes[row] === truth.classes[row]);
      }
    }
    expect(judgement.scores.accuracy).toBeCloseTo(right / rows, 12);
  });

  it("has its probabilities calibrated on the rows that were held out, which leaves the classes as they are", async () => {
    const smoothed = { epochs: 40 };
    const plain = await run(await prepared(words, { training: smoothed }));
    const ready = await prepared(words, { training: { ...smoothed, calibrate: true } });
    const { target, judgement } = await run(ready);
    if (target.task !== "classification") throw new Error("it is a classification");
    expect(target.temperature).not.toBeCloseTo(1, 2);
    expect(judgement.scores.accuracy).toBe(plain.judgement.scores.accuracy);
    expect(judgement.scores.logLoss).toBeLessThan(plain.judgement.scores.logLoss!);
    expect(plain.target).toEqual(ready.target);
  });

  it("has them calibrated as classes are weighted", () => {
    const target: TargetState = { task: "classification", name: "y", type: "category", classes: ["a", "b"] };
    const truth = { task: "classification", classes: Int32Array.from({ length: 4000 }, (_, i) => Number(i % 5 === 0)) };
    const outputs = Float32Array.from({ length: 8000 }, (_, at) => (at % 2 ? 0.1 : 0.9));
    const temperature = (options: Omit<Parameters<typeof heldOutTarget>[3], "calibrate">) => {
      const calibrated = heldOutTarget(target, outputs, truth as Truth, { calibrate: true, ...options });
      return (calibrated.task === "classification" ? calibrated.temperature : Number.NaN)!;
    };
    const weights = Float64Array.from(truth.classes, (y) => (y === 1 ? 3 : 1));
    const byRows = temperature({ classWeights: "none", weights });
    expect(temperature({ classWeights: { b: 3 } }) / byRows).toBeCloseTo(1, 2);
    expect(byRows).toBeGreaterThan(1.5 * temperature({ classWeights: "none" }));
    expect(temperature({ classWeights: { a: 0, b: 0 } })).toBeUndefined(); // of rows that count for nothing
  });

  describe("of numbers, calibrated", () => {
    const y = x.map((value, i) => Math.round(Math.exp(Math.sin(value))) + (i % 3));
    const counts = columns({ x, y });
    const weight = x.map((_, i) => 1 + (i % 4));

    it.each([
      ["one network, none held out", { members: 1, validation: 0 }, "mse"],
      ["one network", { members: 1 }, "poisson"],
      ["several networks", { members: 3 }, "mse"],
      ["several networks that share weights", { members: 2, model: { tabm: 3 } }, "poisson"],
      ["several networks, by the weights of rows", { members: 3, data: { weight: "w" } }, "poisson"],
    ] as const)("each network predicts means that add up to those learned from: %s", async (_, options, loss) => {
      const table = "data" in options ? columns({ x, y, w: weight }) : counts;
      const model = { ...("model" in options && options.model), loss: { name: loss } };
      const of = (calibrate: boolean) => prepared(table, { ...options, model, training: { epochs: 3, calibrate } });
      const ready = await of(true);
      const { target, members, judgement } = await run(ready);
      const plain = await run(await of(false));
      expect(judgement.scores.rmse).not.toBe(plain.judgement.scores.rmse);
      const off = (of: typeof members, number: number) => {
        const { training, trainingWeights } = ready.members[number]!;
        const network = new Network(new Memory(), plainSpec(ready.spec));
        network.weights = of[number]!.weights;
        const X = takeMatrixRows(ready.rows.X, widthOf(ready.pipeline), training);
        const outputs = predictor(network.memory, [network], { columns: widthOf(ready.pipeline), rows: 64 })(X);
        const means = invertTarget(target, outputs);
        if (means.task !== "regression") throw new Error("it is a regression");
        const weightOf = (i: number) => trainingWeights?.each[i] ?? 1;
        const predicted = training.reduce((sum, _, i) => sum + weightOf(i) * means.values[0]![i]!, 0);
        return predicted / training.reduce((sum, row, i) => sum + weightOf(i) * y[row]!, 0) - 1;
      };
      for (const number of ready.members.keys()) {
        expect(off(members, number)).toBeCloseTo(0, 5);
        expect(Math.abs(off(plain.members, number))).toBeGreaterThan(1e-3);
        const others = members[number]!.weights.filter((w, i) => w !== plain.members[number]!.weights[i]);
        expect(others).toHaveLength("model" in options ? 3 : 1); // the last bias
      }
    });

    it.each([{}, { tabm: 3 }])("each of several targets by itself: %j", async (model) => {
      const targets = [y, y.map((count, i) => 40 - 3 * count + (i % 7))];
      const several = columns({ x, y: targets[0]!, y2: targets[1]! });
      const ready = await prepare(
        findTask(several, dataSettings({ target: ["y", "y2"] }), "auto"),
        {
          data: dataSettings({ target: ["y", "y2"], validation: 0 }),
          scale: scaleOptions.parse({}),
          model: modelOptions.parse({ hidden: [8], ...model }),
          training: trainingOptions.parse({ epochs: 3, calibrate: true }),
        },
        () => Promise.reject(new Error("no validation table is named")),
      );
      const { target, members } = await run(ready);
      const network = new Network(new Memory(), plainSpec(ready.spec));
      network.weights = members[0]!.weights;
      const outputs = predictor(network.memory, [network], { columns: widthOf(ready.pipeline), rows })(ready.rows.X);
      const means = invertTarget(target, outputs);
      if (means.task !== "regression") throw new Error("it is a regression");
      const sum = (of: Iterable<number>) => [...of].reduce((a, b) => a + b, 0);
      for (const [t, known] of targets.entries()) expect(sum(means.values[t]!) / sum(known)).toBeCloseTo(1, 5);
    });

    it("leaves a network as it was that had no epoch", async () => {
      const of = (calibrate: boolean) => prepared(counts, { validation: 0, training: { epochs: 0, calibrate } });
      const [calibrated, plain] = [await run(await of(true)), await run(await of(false))];
      expect(calibrated.members[0]!.weights).toEqual(plain.members[0]!.weights);
    });
  });

  it("is not calibrated where no rows are held out", async () => {
    for (const members of [1, 3]) {
      const ready = await prepared(words, { members, validation: 0, training: { calibrate: true } });
      expect((await run(ready)).target).toEqual(ready.target);
    }
  });

  it("has them calibrated as rows are weighted", async () => {
    const weighted = (more: number) =>
      columns({
        x,
        y: x.map((value, i) => (value < 3 === i % 4 > 0 ? "low" : "high")),
        w: x.map((_, i) => (i % 4 ? 1 : more)),
      });
    const temperature = async (more: number) => {
      const { target } = await run(
        await prepared(weighted(more), { data: { weight: "w" }, training: { epochs: 40, calibrate: true } }),
      );
      return target.task === "classification" ? target.temperature! : Number.NaN;
    };
    expect(await temperature(1)).toBeGreaterThan(1.5 * (await temperature(0.1))); // what is wrong counts less
    const judges = [
      { judging: Uint32Array.of(0, 2), judgingWeights: { each: Float32Array.of(0.5, 1.5), total: 8 } },
      { judging: Uint32Array.of(1), judgingWeights: { each: Float32Array.of(1), total: 3 } },
    ];
    expect([...weightsOfRows(judges, Uint32Array.of(0, 1, 2))!]).toEqual([2, 3, 6]);
    expect(weightsOfRows([{ judging: Uint32Array.of(0) }], Uint32Array.of(0))).toBeUndefined();
  });

  it("says that it diverged when a member does, and keeps the good weights of each", async () => {
    const ready = await prepared(numbers, { members: 2, training: { optimizer: { name: "sgd", learningRate: 1e30 } } });
    const { stopped, members } = await run(ready, 2);
    expect(stopped).toBe("diverged");
    for (const { weights } of members) expect(weights.every(Number.isFinite)).toBe(true);
  });
});

describe("an ensemble", () => {
  it("is scaled by rows that some network learns from, and by no row that all hold out", async () => {
    const w = columns({ x, z: x.map((_, i) => i), y: x.map((value) => 2 * value) });
    const [one] = (await prepared(w, { members: 1 })).members;
    const far = (values: readonly number[]) =>
      values.map((value, row) => (one!.validation.includes(row) ? 1e6 * (value + 1) : value));
    const moved = columns({ x: far(x), z: x.map((_, i) => i), y: far(x.map((value) => 2 * value)) });
    const [before, after] = [await prepared(w, { members: 1 }), await prepared(moved, { members: 1 })];
    expect(after.pipeline).toEqual(before.pipeline);
    expect(after.target).toEqual(before.target);
  });

  it("has a model only if each of its networks has weights to keep", () => {
    const good = { keptEpoch: 3, stopped: null } as unknown as MemberOutcome;
    const early = { keptEpoch: 0, stopped: "diverged" } as unknown as MemberOutcome;
    expect(hasModel({ members: [good, good] })).toBe(true);
    expect(hasModel({ members: [good, early] })).toBe(false);
  });
});

describe("what an ensemble is compared with", () => {
  it("is predicted by rules that did not learn from the row either", async () => {
    const random = seededRandom(1, "weights");
    const noise = (count: number) => Array.from({ length: count }, () => random.normal());
    const names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    const table = columns({ ...Object.fromEntries(names.map((name) => [name, noise(rows)])), y: noise(rows) });
    const ready = await prepared(table, { training: { epochs: 1 } });
    const { learned, baselines } = baselinesOf(ready, await run(ready));
    const { X, truth } = ready.rows;
    const seen = scoreBaselines(ready.target, learned, { X, columns: inputColumns(ready.pipeline), truth });
    const r2 = ({ linear }: Baselines) => (linear && "scores" in linear ? linear.scores.r2! : Number.NaN);
    expect(r2(seen)).toBeGreaterThan(0.05);
    expect(r2(baselines)).toBeLessThan(0);
    expect(baselines.baseline.scores.r2).toBeLessThan(0); // of other rows' means
    expect(learned.scores?.linear?.r2).toBe(r2(baselines));
  });

  it("counts each row once, however many networks hold it out", async () => {
    const [five, eight] = await Promise.all([5, 8].map((members) => prepared(numbers, { members })));
    const judgedRows = Uint32Array.from({ length: rows }, (_, row) => row);
    expect(baselinesOf(eight!, { judgedRows }).baselines).toEqual(baselinesOf(five!, { judgedRows }).baselines);
  });

  it("is a linear model that learns with the weights that the networks learn with", async () => {
    const random = seededRandom(2, "weights");
    const isRare = Array.from({ length: 1500 }, (_, i) => i % 10 === 0);
    const table = columns({
      x: isRare.map((rare) => random.normal() + (rare ? 1.5 : 0)),
      y: isRare.map((rare) => (rare ? "rare" : "common")),
    });
    const balancedAccuracy = async (options: Options) => {
      const ready = await prepared(table, { ...options, training: { epochs: 1, ...options.training } });
      const { linear } = baselinesOf(ready, await run(ready)).baselines;
      return "scores" in linear ? linear.scores.balancedAccuracy! : Number.NaN;
    };
    for (const members of [1, 5]) {
      expect(await balancedAccuracy({ members })).toBeLessThan(0.66);
      expect(await balancedAccuracy({ members, training: { classWeights: "balanced" } })).toBeGreaterThan(0.7);
      expect(await balancedAccuracy({ members, training: { classWeights: { rare: 9 } } })).toBeGreaterThan(0.7);
    }
  });

  it("has for each row the mean of its weights in the networks that learn from it", async () => {
    const weight = x.map((_, i) => 1 + (i % 3));
    const ready = await prepared(columns({ x, weight, y: x }), { data: { weight: "weight" } });
    const { weights } = rowsToFit(ready);
    expect(weights).toHaveLength(rows);
    for (const row of [0, 7, 31]) {
      const each = ready.members.flatMap(({ training, trainingWeights }) => {
        const at = training.indexOf(row);
        return at < 0 ? [] : trainingWeights!.each[at]!;
      });
      expect(each).toHaveLength(4);
      expect(weights![row]).toBeCloseTo(each.reduce((sum, value) => sum + value, 0) / 4, 10);
    }
    expect(rowsToFit(await prepared()).weights).toBeUndefined();
  });
});

describe("the report of an epoch", () => {
  const member = (number: number, training: number, validation: number) => ({
    number,
    training: new Uint32Array(training),
    validation: new Uint32Array(validation),
    judging: new Uint32Array(validation),
  });
  const report = (epoch: number, loss: number, validationLoss: number) => ({
    kind: "report" as const,
    report: { epoch, loss, validation: { loss: validationLoss, scores: { rmse: 2 * validationLoss } } },
  });
  const reportsOf = () => {
    const seen: EpochReport[] = [];
    const reports = new Reports([member(0, 30, 10), member(1, 10, 30)], 5, {
      progress() {},
      report: (report) => seen.push(report),
    });
    return { seen, reports };
  };

  it("is the mean over the members, weighted by rows, once all of them are done with it", () => {
    const { seen, reports } = reportsOf();
    reports.take({ member: 1, ...report(1, 4, 8) });
    reports.take({ member: 1, ...report(2, 2, 6) });
    expect(seen).toEqual([]);
    reports.take({ member: 0, ...report(1, 8, 4) });
    expect(seen).toEqual([{ epoch: 1, loss: 7, validation: { loss: 7, scores: { rmse: 14 } } }]);
    reports.take({ member: 0, ...report(2, 1, 1) });
    expect(seen.map(({ epoch }) => epoch)).toEqual([1, 2]);
  });

  it("does not wait for a member that has stopped", () => {
    const { seen, reports } = reportsOf();
    for (const epoch of [1, 2, 3]) reports.take({ member: 0, ...report(epoch, 1, 1) });
    reports.take({ member: 1, ...report(1, 5, 5) });
    const outcome = { epochs: 1 } as MemberOutcome; // nothing else of it is looked at
    const state = {} as MemberState; // nor anything of this
    reports.take({ member: 1, kind: "outcome", outcome, state });
    expect(seen.map(({ epoch, loss }) => [epoch, loss])).toEqual([
      [1, 2],
      [2, 1],
      [3, 1],
    ]);
    expect(reports.ended).toBeUndefined();
    reports.take({ member: 0, kind: "outcome", outcome, state });
    expect(reports.ended).toEqual([outcome, outcome]);
  });
});
