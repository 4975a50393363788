import { describe, expect, it } from "vitest";
import { readColumns, type WantedColumn } from "../../src/data/read.js";
import type { Table, Task } from "../../src/data/table.js";
import { Memory } from "../../src/engine/memory.js";
import { Network } from "../../src/model/network.js";
import { modelOptions } from "../../src/model/options.js";
import { evaluator } from "../../src/predict/evaluate.js";
import { predictor } from "../../src/predict/predictor.js";
import type { EpochReport } from "../../src/train/bestEpoch.js";
import { datasetOf, type MemberOutcome } from "../../src/train/member.js";
import type { Member } from "../../src/train/members.js";
import { trainingOptions } from "../../src/train/options.js";
import { type Prepared, prepare } from "../../src/train/prepare.js";
import { findTask } from "../../src/train/task.js";
import { engineFor, type Outcome, train } from "../../src/train/train.js";
import { applyPipeline } from "../../src/transform/apply.js";
import { widthOf } from "../../src/transform/inputColumns.js";
import { scaleOptions } from "../../src/transform/options.js";
import { invertTarget } from "../../src/transform/target.js";
import { takeTruth } from "../../src/transform/truth.js";
import { byDefault, columns, refusal, sourceOf, tableOf } from "../data/source.js";
import { dataSettings } from "./settings.js";

interface Options {
  target?: string | string[];
  validation?: number | string;
  weight?: string;
  task?: Task | "auto";
  scale?: object;
  model?: object;
  training?: object;
}

const taskOptions = ({ target = "y", validation = 0.25, weight, ...parts }: Options) => ({
  data: dataSettings({ target, validation, weight }),
  scale: scaleOptions.parse(parts.scale ?? {}),
  model: modelOptions.parse({ hidden: [8], activation: "tanh", ...parts.model }),
  training: trainingOptions.parse({ epochs: 5, batchSize: 8, ...parts.training }),
});

const noTable = () => Promise.reject(new Error("no validation table is named"));
const prepared = (
  table: Table,
  options: Options,
  validation: (wanted: readonly WantedColumn[]) => Promise<Table> = noTable,
) => prepare(findTask(table, taskOptions(options).data, options.task ?? "auto"), taskOptions(options), validation);

interface Run extends MemberOutcome, Pick<Outcome, "judgedRows"> {
  readonly prepared: Prepared;
  readonly reports: readonly EpochReport[];
  readonly outcome: Outcome;
}

/** Of a single network what became of it, and of all together. */
async function run(table: Table, options: Options, validation: () => Promise<Table> = noTable): Promise<Run> {
  const ready = await prepared(table, options, validation);
  const reports: EpochReport[] = [];
  const engine = await engineFor(ready, { threads: 1 });
  const outcome = await train(ready, engine, { progress() {}, report: (report) => reports.push(report) });
  const [first] = outcome.members;
  return { ...first!, ...outcome, prepared: ready, reports, outcome };
}

/** The trained network of a run, on a memory of its own. */
function networkOf({ prepared: { spec }, weights }: Run): Network {
  const network = new Network(new Memory(), { ...spec, parametrization: "standard" });
  network.weights = weights;
  return network;
}

function outputsOf(run: Run, table: Table): Float32Array {
  const network = networkOf(run);
  const { pipeline } = run.prepared;
  const predict = predictor(network.memory, [network], { columns: widthOf(pipeline), rows: 1024 });
  return predict(applyPipeline(pipeline, table));
}

const weightsOf = ({ weights }: Run) => [...weights];

/** y = sin x + z, and noise that can't be learned, so that validation gets worse in the end. */
const wave = (map: (t: number) => number = (t) => t) => {
  const x = Array.from({ length: 48 }, (_, i) => (i * 37) % 48);
  const noise = (i: number) => ((i * 7919) % 101) / 101 - 0.5;
  return columns({
    x,
    z: x.map((_, i) => noise(3 * i + 1)),
    y: x.map((value, i) => map(Math.sin(value / 6) + noise(3 * i + 1) + 0.6 * noise(i))),
  });
};
const classesOfWave = () => {
  const table = wave();
  const y = table.columns[2]!;
  if (y.type !== "number") throw new Error("it is a number");
  const words = columns({ y: [...y.values].map((value) => (value > 0.2 ? "b" : "a")) });
  return { ...table, columns: [...table.columns.slice(0, 2), ...words.columns] };
};
const overfitting = {
  model: { hidden: [24] },
  training: { epochs: 60, optimizer: { name: "adam", learningRate: 0.03 } },
};

describe("a training with validation rows", () => {
  it("keeps the weights of the epoch with the least validation loss", async () => {
    const whole = await run(wave(), overfitting);
    const losses = whole.reports.map(({ validation }) => validation!.loss);
    const best = losses.indexOf(Math.min(...losses)) + 1;
    expect(best).toBeGreaterThan(1);
    expect(best).toBeLessThan(60); // or this test would show nothing
    expect(whole).toMatchObject({ epochs: 60, stopped: "all epochs done", keptEpoch: best });
    const { loss, validation: judgement } = whole.reports[best - 1]!;
    expect(whole).toMatchObject({ loss, judgement });

    const training = { ...overfitting.training, epochs: best };
    const until = await run(wave(), { ...overfitting, training });
    expect(until.keptEpoch).toBe(best);
    expect(weightsOf(until)).toEqual(weightsOf(whole));
    const network = networkOf(whole);
    const held = datasetOf(network.memory, whole.prepared).subset(whole.judgedRows);
    expect(evaluator(network, held)().loss).toBe(whole.judgement.loss);
  });

  it.each(["rmse", "mae", "r2", "medianAbsoluteError", "mape"])(
    "keeps the epoch that is best by %s where the config says so",
    async (bestBy) => {
      const training = { ...overfitting.training, bestBy };
      const { reports, keptEpoch, judgement } = await run(wave(), { ...overfitting, training });
      const scores = reports.map(({ validation }) => (bestBy === "r2" ? -1 : 1) * validation!.scores[bestBy]!);
      expect(keptEpoch).toBe(scores.lastIndexOf(Math.min(...scores)) + 1);
      expect(judgement).toMatchObject(reports[keptEpoch - 1]!.validation!);
    },
  );

  it.each(["error", "logLoss", "balancedAccuracy", "f1", "rocAuc"] as const)(
    "keeps the epoch that is best by %s of classes",
    async (bestBy) => {
      const table = classesOfWave();
      const trained = await run(table, { ...overfitting, training: { ...overfitting.training, bestBy } });
      const names = ["accuracy", "logLoss", "error", "balancedAccuracy", "f1", "rocAuc"];
      const reported = names.filter((name) => ["accuracy", "logLoss", bestBy].includes(name));
      expect(Object.keys(trained.reports[0]!.validation!.scores)).toEqual(reported);
      const sign = bestBy === "error" || bestBy === "logLoss" ? 1 : -1;
      const badness = trained.reports.map(({ validation }) => sign * validation!.scores[bestBy]!);
      expect(new Set(badness).size).toBeGreaterThan(2);
      expect(trained.keptEpoch).toBe(badness.lastIndexOf(Math.min(...badness)) + 1);
      expect(trained.judgement).toMatchObject(trained.reports[trained.keptEpoch - 1]!.validation!);
    },
  );

  it("keeps the last epoch by a score that the validation rows don't define", async () => {
    const oneClass = () => Promise.resolve(columns({ x: [1, 2], z: [0, 0], y: ["b", "b"] }));
    const options = { validation: "v.csv", training: { epochs: 4, bestBy: "rocAuc" } };
    const trained = await run(classesOfWave(), options, oneClass);
    expect(trained.reports[3]!.validation!.scores.rocAuc).toBeNaN();
    expect(trained.keptEpoch).toBe(4);
  });

  it("refuses a best epoch by a score of the other task", async () => {
    expect(await refusal(() => prepared(wave(), { training: { bestBy: "accuracy" } }))).toMatchObject({
      kind: "usage",
      details: { setting: "training.bestBy", try: "loss, rmse, mae, r2, medianAbsoluteError, mape" },
    });
  });

  it("stops when so many epochs were no better, and not before", async () => {
    const patience = 4;
    const whole = await run(wave(), overfitting);
    const stopped = await run(wave(), { ...overfitting, training: { ...overfitting.training, patience } });
    expect(stopped.stopped).toBe("patience");
    expect(stopped.epochs).toBe(stopped.keptEpoch + patience);
    expect(stopped.reports).toEqual(whole.reports.slice(0, stopped.epochs));

    let best = Number.POSITIVE_INFINITY;
    let since = 0;
    const expected = whole.reports.findIndex(({ validation }) => {
      const judgedLoss = validation!.loss;
      since = judgedLoss < best ? 0 : since + 1;
      best = Math.min(best, judgedLoss);
      return since === patience;
    });
    expect(stopped.epochs).toBe(expected + 1);
  });

  it("goes on to the end without patience, and without validation rows", async () => {
    const training = { ...overfitting.training, patience: 1, epochs: 20 };
    expect(await run(wave(), { ...overfitting, validation: 0, training })).toMatchObject({
      epochs: 20,
      stopped: "all epochs done",
      keptEpoch: 20,
    });
  });

  it("is judged on exactly those rows, in the target's own units", async () => {
    const whole = await run(
      wave((t) => 1000 * t),
      {},
    );
    const { prepared, judgement, outcome } = whole;
    const { target, rows: all } = prepared;
    expect(outcome.rowCounts).toEqual({ trainingRows: 36, validationRows: 12, judgedRows: 12 });
    const truth = takeTruth(all.truth, whole.judgedRows);
    if (truth.task !== "regression") throw new Error("it is a regression");
    const table = wave((t) => 1000 * t);
    const y = table.columns[2]!;
    if (y.type !== "number") throw new Error("it is a number");
    const rows = [...truth.values[0]!].map((value) => y.values.indexOf(value));
    const predictions = invertTarget(target, outputsOf(whole, table));
    if (predictions.task !== "regression") throw new Error("it is a regression");
    const errors = rows.map((row) => predictions.values[0]![row]! - y.values[row]!);
    expect(judgement.scores.mae).toBeCloseTo(errors.reduce((sum, e) => sum + Math.abs(e), 0) / 12, 6);
    expect(judgement.scores.rmse).toBeCloseTo(Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / 12), 6);
  });

  it("is judged on a table of its own where the config names one, whatever the order of its columns", async () => {
    const table = await tableOf("size,kind,y\n1,a,1\n2,b,2\n3,a,5\n4,b,3\n5,a,\n");
    let names: string[] = [];
    const validation = (wanted: readonly WantedColumn[]) => {
      names = wanted.map(({ name }) => name);
      return readColumns(sourceOf("y,more,kind,size\n1,x,a,1\n,x,b,2\n9,x,c,3\n"), byDefault, wanted);
    };
    const ready = await prepared(table, { validation: "v.csv" }, validation);
    expect(names).toEqual(["size", "kind", "y"]);
    const [{ training, validation: held }] = ready.members as [Member];
    expect([...training]).toEqual([0, 1, 2, 3]);
    expect([...held]).toEqual([4, 5]);
    expect(findTask(table, dataSettings(), "auto").withoutTarget).toBe(1);
    expect(takeTruth(ready.rows.truth, held)).toEqual({ task: "regression", values: [Float64Array.of(1, 9)] });
  });

  it("refuses a target that doesn't vary among the rows that are learned from, also where others scale it", async () => {
    const tableWith = (y: number[]) => columns({ x: y.map((_, row) => row), y });
    const whole = tableWith([0, 0, 0, 0, 5, 6]);
    const task = findTask(whole, dataSettings(), "auto");
    for (const scaledBy of [undefined, whole]) {
      const error = await refusal(() =>
        prepare({ ...task, table: tableWith([0, 0, 0, 0]) }, taskOptions({}), noTable, { scaledBy }),
      );
      expect(error.message).toBe('the target "y" is 0 in every training row: there is nothing to learn');
    }
  });

  it("refuses a validation table that lacks columns, or has a class that is not known", async () => {
    const table = await tableOf("size,kind,y\n1,a,no\n2,b,yes\n3,a,no\n4,b,yes\n");
    const against = (text: string) =>
      refusal(() =>
        prepared(table, { validation: "v.csv" }, (wanted) => readColumns(sourceOf(text), byDefault, wanted)),
      );
    expect((await against("size\n1\n")).message).toBe('the table lacks the columns "kind", "y"');
    expect(await against("size,kind,y\n1,a,no\n\n2,b,maybe\n")).toMatchObject({
      kind: "data",
      details: { at: 't.csv:4, column "y"', have: "no, yes" },
    });
  });
});

describe("a learning rate on a plateau", () => {
  const epochs = 40;
  const options = (learningRate: object, parts: object = {}) => ({
    ...overfitting,
    ...parts,
    training: { ...overfitting.training, epochs, schedule: { learningRate } },
  });
  const plateau = { name: "plateau", patience: 2, factor: 0.5, threshold: 0.01 };

  /** The shares of the epochs at which it falls, by the losses of all epochs. */
  function falls(losses: readonly number[], threshold = plateau.threshold): number[] {
    let best = Number.POSITIVE_INFINITY;
    let since = 0;
    return losses.flatMap((loss, epoch) => {
      since = loss < (1 - threshold) * best ? 0 : since + 1;
      if (since === 0) best = loss;
      if (since <= 2) return [];
      since = 0;
      return [(epoch + 1) / epochs];
    });
  }

  it("falls by the validation loss, from the epoch after", async () => {
    const trained = await run(wave(), options(plateau));
    const at = falls(trained.reports.map(({ validation }) => validation!.loss));
    expect(at.length).toBeGreaterThan(2);
    expect(at).not.toEqual(falls(trained.reports.map(({ loss }) => loss)));
    const stepped = await run(wave(), options({ name: "step", at: at.filter((share) => share < 1), factor: 0.5 }));
    expect(trained.reports).toEqual(stepped.reports);
    expect(weightsOf(trained)).toEqual(weightsOf(stepped));
  });

  it("falls by the training loss where no rows are held out", async () => {
    const parts = { validation: 0 };
    const trained = await run(wave(), options({ ...plateau, threshold: 0.2 }, parts));
    const losses = trained.reports.map(({ loss }) => loss);
    const at = falls(losses, 0.2);
    expect(at.length).toBeGreaterThan(0);
    const stepped = await run(wave(), options({ name: "step", at, factor: 0.5 }, parts));
    expect(weightsOf(trained)).toEqual(weightsOf(stepped));
    expect(weightsOf(trained)).not.toEqual(weightsOf(await run(wave(), options({ name: "constant" }, parts))));
  });
});

it("without rows held out, a network is judged by a sample of a long table, or where rows have weights by all", async () => {
  const rows = 12_000;
  const lines = Array.from({ length: rows }, (_, i) => `${(i * 37) % 101},${i % 7},${1 + Number(i === 5)}`);
  const table = await tableOf(`x,y,w\n${lines.join("\n")}\n`);
  const parts = { validation: 0, training: { epochs: 1, batchSize: 1024 } };
  const trained = await run(table, parts);
  expect(trained.judgedRows).toHaveLength(10_000);
  expect(trained.outcome.rowCounts).toEqual({ trainingRows: rows, validationRows: 0, judgedRows: 10_000 });
  expect(trained.judgedRows.at(-1)).toBeGreaterThan(11_900);
  const network = networkOf(trained);
  const judged = datasetOf(network.memory, trained.prepared).subset(trained.judgedRows);
  expect(evaluator(network, judged)().loss).toBe(trained.judgement.loss);
  const weighted = await run(table, { ...parts, weight: "w" });
  expect(weighted.judgedRows).toHaveLength(rows);
});

it("a warm-up is as long in epochs, updates and as a share of them", async () => {
  const weights = async (warmUp: unknown) =>
    weightsOf(await run(wave(), { training: { epochs: 8, schedule: { warmUp, learningRate: "cosine" } } }));
  const expected = await weights(0.25);
  expect(await weights({ epochs: 2 })).toEqual(expected);
  expect(await weights({ updates: 10 })).toEqual(expected); // 36 rows are five batches
  expect(await weights({ updates: 11 })).not.toEqual(expected);
  expect(await weights(0)).not.toEqual(expected);
});

describe("a training that diverges", () => {
  const weightsAreFinite = (run: Run) => expect(weightsOf(run).every(Number.isFinite)).toBe(true);

  it("stops, names the update, and keeps finite weights", async () => {
    const diverging = await run(wave(), {
      model: { activation: "relu" },
      training: { epochs: 50, optimizer: { name: "sgd", learningRate: 1e4 } },
    });
    expect(diverging.stopped).toBe("diverged");
    const { epoch, batch } = diverging.diverged!;
    expect(epoch).toBe(diverging.epochs + 1);
    expect(batch).toBeLessThanOrEqual(5);
    expect(diverging.keptEpoch).toBeLessThan(epoch);
    weightsAreFinite(diverging);
  });

  it("keeps the best epoch before it", async () => {
    // a step that is too large, but grows slowly
    const options = { model: { hidden: [], activation: "identity" } };
    const slow = { epochs: 3000, batchSize: "full", optimizer: { name: "sgd", learningRate: 1.2 } };
    const diverging = await run(wave(), { ...options, training: slow });
    expect(diverging.stopped).toBe("diverged");
    expect(diverging.keptEpoch).toBeGreaterThan(0);
    expect(diverging.diverged).toMatchObject({ epoch: diverging.epochs + 1, batch: 1 });
    const until = await run(wave(), { ...options, training: { ...slow, epochs: diverging.keptEpoch } });
    expect(weightsOf(until)).toEqual(weightsOf(diverging));
  });

  it.each(["relu", "tanh", "sigmoid", "softplus"])(
    "never keeps weights that are not finite: %s",
    async (activation) => {
      const words = columns({ x: [1, 2, 3, 4, 5, 6, 7, 8], y: ["a", "b", "a", "b", "b", "a", "b", "c"] });
      for (const validation of [0, 0.25]) {
        for (const learningRate of [1e2, 1e10, 1e20, 1e30, 3e38, 1e39]) {
          const training = { epochs: 4, optimizer: { name: "sgd", learningRate } };
          for (const loss of ["mse", "mae"]) {
            weightsAreFinite(await run(wave(), { validation, training, model: { activation, loss } }));
          }
          weightsAreFinite(await run(words, { validation: 0, training, model: { activation } }));
        }
      }
    },
  );
});

describe("epochs: 0", () => {
  it("leaves the network as initialised, judged as it is", async () => {
    const none = await run(wave(), { training: { epochs: 0 } });
    expect(none).toMatchObject({ epochs: 0, stopped: "all epochs done", reports: [], keptEpoch: 0 });
    expect(none.loss).toBeNaN();
    expect(none.judgement.loss).toBeGreaterThan(0);
    expect(weightsOf(none).some((w) => w !== 0)).toBe(true);
    expect(weightsOf(await run(wave(), { training: { epochs: 0 } }))).toEqual(weightsOf(none));
    expect(weightsOf(await run(wave(), { training: { epochs: 0, seed: 2 } }))).not.toEqual(weightsOf(none));
  });
});

describe("the same training", () => {
  it("gives the same weights, whatever the batch size is above the rows", async () => {
    const options = { training: { epochs: 3, batchSize: 36 } };
    const weights = weightsOf(await run(wave(), options));
    expect(weightsOf(await run(wave(), options))).toEqual(weights);
    expect(weightsOf(await run(wave(), { training: { epochs: 3, batchSize: "full" } }))).toEqual(weights);
    expect(weightsOf(await run(wave(), { training: { epochs: 3, batchSize: 1000 } }))).toEqual(weights);
  });

  it("in other units of the target gives the same predictions in those units", async () => {
    const map = (t: number) => 1e6 * t + 1e9;
    const predict = async (table: Table) => {
      const trained = await run(table, { validation: 0, training: { epochs: 40, optimizer: "adam" } });
      const predictions = invertTarget(trained.prepared.target, outputsOf(trained, table));
      if (predictions.task !== "regression") throw new Error("it is a regression");
      return [...predictions.values[0]!];
    };
    const [plain, mapped] = [await predict(wave()), await predict(wave(map))];
    const truth = wave(map).columns[2]!;
    if (truth.type !== "number") throw new Error("it is a number");
    const mean = truth.values.reduce((sum, value) => sum + value, 0) / truth.values.length;
    const deviation = Math.sqrt(truth.values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / truth.values.length);
    for (const [row, value] of mapped.entries()) {
      expect(Math.abs(value - map(plain[row]!)) / deviation).toBeLessThan(1e-3);
    }
    expect(Math.max(...mapped) - Math.min(...mapped)).toBeGreaterThan(deviation); // they are predictions, not the mean
  });
});

describe("what can't be learned from is refused", () => {
  const refused = async (text: string, options: Options = {}) => {
    const table = await tableOf(text);
    return refusal(() => prepared(table, options));
  };

  it("rows without a target", async () => {
    expect((await refused("x,y\n1,\n2,NA\n")).message).toContain("no row has a target");
  });

  it("a class with one row, where rows are held out, with its line", async () => {
    const text = "x,y\n1,a\n2,b\n\n3,c\n4,a\n5,b\n";
    expect(await refused(text)).toMatchObject({ kind: "data", details: { at: "t.csv:5" } });
    expect((await refused(text)).message).toContain('"c" has only one row');
    expect((await prepared(await tableOf(text), { validation: 0 })).target).toMatchObject({ classes: ["a", "b", "c"] });
  });

  it("one row, of which none could be held out", async () => {
    expect(await refused("x,y\n1,5\n", { validation: 0.2 })).toMatchObject({ kind: "data" });
  });

  it("a loss for another task, or for another number of classes", async () => {
    const loss = (loss: string) => ({ model: { loss }, validation: 0 });
    const three = "x,y\n1,a\n2,b\n3,c\n";
    expect(await refused(three, loss("mse"))).toMatchObject({ kind: "usage", details: { setting: "model.loss" } });
    expect(await refused(three, loss("binaryCrossEntropy"))).toMatchObject({ details: { try: "crossEntropy" } });
    expect(await refused("x,y\n1,1\n2,2\n3,3\n", loss("crossEntropy"))).toMatchObject({ kind: "usage" });
  });

  it("a target twice", async () => {
    expect((await refused("x,y\n1,1\n2,2\n3,3\n", { target: ["y", "y"] })).kind).toBe("usage");
  });
});
