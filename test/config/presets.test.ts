import { describe, expect, it } from "vitest";
import { factsOf, presetNames, presets, type TableFacts, withPreset } from "../../src/config/presets.js";
import { type Config, configSchema } from "../../src/config/schema.js";
import { findTask } from "../../src/train/task.js";
import { columns } from "../data/source.js";
import { dataSettings } from "../train/settings.js";

const data = { train: "t.csv", target: "y" };
const small: TableFacts = { rows: 500, numbers: 10, task: "classification" };
const large: TableFacts = { rows: 50_000, numbers: 10, task: "regression" };

const resolved = (config: object, facts = small) =>
  configSchema.parse(withPreset({ data, ...config }, facts)) as Omit<Config, "output">;

describe.each(presetNames)("the preset %s", (preset) => {
  it.each([small, large, { ...small, task: "regression" as const }, { ...large, task: "classification" as const }])(
    "has values that the schema allows, for $rows rows and a $task",
    (facts) => expect(resolved({ preset }, facts).preset).toBe(preset),
  );

  it("chooses the epoch of numbers by the loss that a config names", () => {
    const regression = { ...small, task: "regression" as const };
    const bestBy = (loss: unknown, facts: TableFacts) => resolved({ preset, model: { loss } }, facts).training.bestBy;
    const usual = bestBy("auto", regression);
    expect(usual).toBe(preset === "none" ? "loss" : "rmse");
    expect([bestBy("mse", regression), bestBy({ name: "mse" }, regression)]).toEqual([usual, usual]);
    expect([bestBy({ name: "quantile", q: 0.9 }, regression), bestBy("mae", regression)]).toEqual(["loss", "loss"]);
    expect(bestBy("crossEntropy", small)).toBe(bestBy("auto", small));
  });

  it("chooses the epoch of weighted classes by a score that counts them alike", () => {
    const bestBy = (training: object) =>
      resolved({ preset, training }, { ...small, task: "classification" }).training.bestBy;
    expect(bestBy({ classWeights: "none" })).toBe(bestBy({}));
    const weighted = preset === "none" ? "loss" : "balancedAccuracy";
    expect([bestBy({ classWeights: "balanced" }), bestBy({ classWeights: { a: 2 } })]).toEqual([weighted, weighted]);
    expect(bestBy({ classWeights: "balanced", bestBy: "logLoss" })).toBe("logLoss");
  });

  it("chooses the epoch by the loss where rows have weights, which scores don't know", () => {
    for (const task of ["classification", "regression"] as const) {
      const bestBy = (own: object) =>
        resolved({ preset, data: { ...data, ...own } }, { ...small, task }).training.bestBy;
      expect(bestBy({ weight: null })).toBe(bestBy({}));
      expect(bestBy({ weight: "w" })).toBe("loss");
    }
  });

  it("chooses the epoch by log-loss where most rows have one class, and smooths no labels where nearly all have", () => {
    const recipe = (commonest: number) => {
      const { training, model } = resolved({ preset }, { ...small, commonest });
      return [training.bestBy, typeof model.loss === "object" && "smoothing" in model.loss && model.loss.smoothing];
    };
    const none = ["loss", false];
    expect([0.5, 0.74].map(recipe)).toEqual(Array(2).fill(preset === "none" ? none : ["accuracy", 0.1]));
    expect([0.75, 0.94].map(recipe)).toEqual(Array(2).fill(preset === "none" ? none : ["logLoss", 0.1]));
    expect([0.95, 0.999].map(recipe)).toEqual(Array(2).fill(preset === "none" ? none : ["logLoss", 0]));
  });

  it("keeps predictions within the range of the training rows, unless later ones are to be predicted", () => {
    const clamp = (time: string | null) => resolved({ preset, data: { ...data, time } }).scale.clamp;
    expect([clamp(null), clamp("day")]).toEqual([preset !== "none", false]);
  });

  it("leaves what is set by hand", () => {
    const own = {
      model: { hidden: [7], dropout: 0.3, loss: "crossEntropy" },
      training: { epochs: 3, optimizer: { name: "sgd", learningRate: 0.5 }, schedule: { learningRate: "cosine" } },
      scale: { inputs: "minmax" },
    };
    const { model, training, scale } = resolved({ preset, ...own });
    expect({ hidden: model.hidden, dropout: model.dropout, loss: model.loss }).toEqual({
      hidden: [7],
      dropout: 0.3,
      loss: { name: "crossEntropy", smoothing: 0 },
    });
    expect(training.epochs).toBe(3);
    expect(training.optimizer).toEqual({
      name: "sgd",
      learningRate: 0.5,
      momentum: 0,
      nesterov: false,
      weightDecay: 0,
    });
    expect(training.schedule.learningRate).toEqual({ name: "cosine" });
    expect(scale.inputs).toBe("minmax");
  });
});

describe("what a preset goes by", () => {
  it("is how many rows and numbers a table has, and how large a share its commonest class has", () => {
    const y = ["a", "b", "a", "a", "b", "c"];
    const facts = (table: Parameters<typeof columns>[0]) => factsOf(findTask(columns(table), dataSettings(), "auto"));
    expect(facts({ x: [1, 2, 3, 4, 5, 6], y })).toEqual({
      rows: 6,
      numbers: 1,
      task: "classification",
      commonest: 1 / 2,
    });
    expect(facts({ x: [1, 2, 3], y: [1, 2, 3] })).toEqual({ rows: 3, numbers: 1, task: "regression" });
  });

  it("is so of more classes than the stack holds", () => {
    const codes = Int32Array.from({ length: 300_000 }, (_, row) => row);
    const y = { type: "category", name: "y", codes, categories: Array.from(codes, String) } as const;
    const table = { source: "t.csv", rows: codes.length, lines: codes, columns: [y] };
    const facts = factsOf(findTask(table, dataSettings(), "auto"));
    expect(facts.commonest).toBeCloseTo(1 / codes.length, 12);
  });
});

describe("a preset goes by the table's size", () => {
  const three = (units: number) => [units, units, units];
  const layoutOf = (preset: string, rows: number) => {
    const { model, training } = resolved({ preset }, { ...large, rows });
    return [model.members, model.hidden, training.epochs, training.batchSize];
  };
  it.each([
    [2_000, [2, three(64), 128, 256], [8, three(128), 256, 128], [20, [256], 256, 128]],
    [2_001, [2, three(128), 64, 256], [5, three(256), 128, 256], [20, three(256), 128, 256]],
    [50_000, [2, three(128), 16, 1024], [5, three(256), 32, 1024], [20, three(256), 32, 1024]],
    [1_000_000, [2, three(128), 4, 1024], [2, three(256), 8, 1024], [2, three(256), 8, 1024]],
  ])("%d rows", (rows, ...layouts) => {
    expect(["fast", "balanced", "best"].map((preset) => layoutOf(preset, rows))).toEqual(layouts);
  });

  it("and best is slower and noisier where its networks are shallow", () => {
    const best = (rows: number) => resolved({ preset: "best" }, { ...large, rows });
    const [few, more] = [best(2_000), best(2_001)];
    expect([few.model.dropout, more.model.dropout]).toEqual([0.3, 0.15]);
    const rateOf = ({ training: { optimizer } }: typeof few) => optimizer.learningRate;
    expect(rateOf(few)).toBe(rateOf(more) / 2);
  });
});

describe("a config without a preset", () => {
  it("gets the balanced one", () => {
    expect(resolved({})).toEqual(resolved({ preset: "balanced" }));
    expect(resolved({ training: { seed: 3 }, model: { dropout: 0 } })).toMatchObject({
      preset: "balanced",
      model: { dropout: 0, hidden: [128, 128, 128] },
      training: { seed: 3 },
    });
  });

  it.each([
    { model: { hidden: [8] } },
    { training: { optimizer: "adam" } },
    { training: { optimizer: { name: "adamw" } } },
    { training: { optimizer: { learningRate: 0.1, momentum: 0.9 } } },
  ])("gets none if it has a recipe of its own: %j", (own) => {
    expect(resolved(own)).toEqual(resolved({ preset: "none", ...own }));
    expect(resolved(own).model.members).toBe(1);
  });
});

describe("a value set by hand", () => {
  it("is no choice of an optimizer, where it is an option of the preset's", () => {
    const optimizer = { learningRate: 0.001, weightDecay: 0 };
    expect(resolved({ training: { optimizer } })).toEqual(resolved({ preset: "balanced", training: { optimizer } }));
    expect(resolved({ training: { optimizer } }).training.optimizer).toMatchObject({ name: "adamw", ...optimizer });
  });

  it("within an option keeps the preset's others, as long as it names no other kind", () => {
    const { optimizer } = resolved({ preset: "balanced", training: { optimizer: { weightDecay: 0.5 } } }).training;
    expect(optimizer).toEqual({ ...resolved({}).training.optimizer, weightDecay: 0.5 });
    const other = resolved({ preset: "balanced", training: { optimizer: { name: "sgd" } } }).training.optimizer;
    expect(other).toEqual(resolved({ preset: "none", training: { optimizer: "sgd" } }).training.optimizer);
  });

  it("of the preset's loss need not name it, also before the table is known", () => {
    const raw = { data, model: { loss: { smoothing: 0 } } };
    expect(resolved(raw).model.loss).toEqual({ name: "crossEntropy", smoothing: 0 });
    expect(configSchema.parse(withPreset(raw)).model.loss).toEqual({ name: "crossEntropy", smoothing: 0 });
    const regression = { ...small, task: "regression" as const };
    expect(configSchema.safeParse(withPreset(raw, regression)).success).toBe(false);
    expect(configSchema.safeParse(withPreset({ ...raw, preset: "none" })).success).toBe(false);
  });

  it("for one column keeps the preset's scaler for the others", () => {
    expect(resolved({ scale: { inputs: { size: "minmax" } } }).scale.inputs).toEqual({
      ...(
        presets.balanced.values({
          ...small,
          ownLoss: undefined,
          weightsClasses: false,
          weightsRows: false,
          isInTime: false,
        }) as {
          scale: { inputs: object };
        }
      ).scale.inputs,
      size: "minmax",
    });
  });
});

it("numbers that predict a number are embedded with bends, unless there are many", () => {
  const bins = (facts: Partial<TableFacts>) => resolved({}, { ...small, ...facts }).model.numericEmbedding;
  expect(bins({ task: "regression", numbers: 200 })).toMatchObject({ name: "pbld", bins: 48 });
  expect(bins({ task: "regression", numbers: 201 })).toMatchObject({ name: "pbld", bins: 0 });
  expect(bins({ task: "classification", numbers: 4 })).toMatchObject({ name: "pbld", bins: 0 });
  const own = resolved({ model: { numericEmbedding: { bins: 0 } } }, { ...small, task: "regression" });
  expect(own.model.numericEmbedding).toMatchObject({ name: "pbld", bins: 0 });
});

it("numbers of more columns than a network can embed in reasonable time stay as they are", () => {
  const embedded = (numbers: number) => resolved({}, { ...small, numbers }).model.numericEmbedding;
  expect(embedded(2_000)).toMatchObject({ name: "pbld" });
  expect(embedded(2_001)).toEqual({ name: "none" });
  expect(
    resolved({ model: { numericEmbedding: "pbld" } }, { ...small, numbers: 9_000 }).model.numericEmbedding,
  ).toMatchObject({ name: "pbld" });
});

it.each(["size", 3, null, ["a"]])("what is no config stays what it is, for the schema to refuse: %j", (raw) => {
  expect(withPreset(raw, small)).toBe(raw);
});

it("an unknown preset is refused by the schema, not mistaken for a property", () => {
  expect(configSchema.safeParse(withPreset({ data, preset: "constructor" }, small)).success).toBe(false);
});
