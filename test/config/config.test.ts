import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type LoadOptions, loadConfig, resolvedConfig } from "../../src/config/load.js";
import type { NnfitError } from "../../src/errors.js";
import type { Family } from "../../src/family.js";
import { activations } from "../../src/model/activations.js";
import { initializers } from "../../src/model/initializers.js";
import { losses } from "../../src/model/losses.js";
import { optimizers } from "../../src/train/optimizers.js";
import { scalerNames, targetScalerNames } from "../../src/transform/scalers.js";
import { refusal } from "../data/source.js";

const folder = mkdtempSync(join(realpathSync(tmpdir()), "nnfit-config-"));
afterAll(() => rmSync(folder, { recursive: true }));

type Options = Partial<LoadOptions> & { name?: string };

/** Loads a config from configs/houses.json in a folder of its own, which is the working directory. */
function load(content: unknown, { name = "configs/houses.json", ...options }: Options = {}) {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content, undefined, 2));
  return loadConfig(path, { workingDirectory: folder, ...options });
}

const data = { train: "t.csv", target: "y" };
const minimal = `{ "data": { "train": "t.csv", "target": "y" } }`;
const configOf = (parts: object, options?: Options) => load({ data, ...parts }, options).config;

/** What is wrong, as people see it; it is always of kind `usage`, and says where. */
async function wrong(content: unknown, options?: Options): Promise<NnfitError> {
  const error = await refusal(() => load(content, options));
  expect(error.kind).toBe("usage");
  return error;
}
const wrongIn = (parts: object, options?: Options) => wrong({ data, ...parts }, options);

describe("a config", () => {
  it("needs a table and a target; all else has a default", () => {
    expect(configOf({ preset: "none" })).toEqual({
      preset: "none",
      data: {
        train: join(folder, "configs", "t.csv"),
        target: "y",
        positive: null,
        threshold: null,
        validation: 0.2,
        ignore: [],
        groups: null,
        time: null,
        weight: null,
        types: {},
        dates: "auto",
        delimiter: "auto",
        encoding: "auto",
        skipLines: 0,
        missing: ["", "NA", "NaN", "null", "?"],
        decimal: ".",
        thousands: null,
      },
      task: "auto",
      scale: { inputs: "standard", target: "auto", clamp: false },
      model: {
        hidden: [32, 32],
        activation: { name: "relu" },
        initializer: "auto",
        parametric: false,
        categories: { oneHotUpTo: 1000, embedding: 8, binary: "oneHot", minRows: 1, unknown: 0 },
        numericEmbedding: { name: "none" },
        scaling: false,
        tabm: 1,
        parametrization: "standard",
        dropout: 0,
        members: 1,
        loss: "auto",
      },
      training: {
        epochs: 100,
        batchSize: 32,
        shuffle: true,
        seed: 1,
        checkpoint: { everySeconds: 30 },
        bestBy: "loss",
        classWeights: "none",
        calibrate: false,
        patience: 0,
        backend: "wasm",
        optimizer: { name: "sgd", learningRate: 0.05, momentum: 0, nesterov: false, weightDecay: 0 },
        schedule: {
          warmUp: 0,
          learningRate: { name: "constant" },
          weightDecay: { name: "constant" },
          dropout: { name: "constant" },
        },
        learningRateFactors: {
          bias: 1,
          scaling: 1,
          activation: 1,
          categoryEmbedding: 1,
          numericEmbedding: 1,
          adapter: 1,
        },
        clipNorm: 0,
        decayBiases: true,
      },
      output: join(folder, "runs", "houses"),
    });
  });

  it("may have comments, trailing commas, a byte order mark, CRLF and a $schema", () => {
    const text = `\ufeff// houses\r\n{\r\n  "$schema": "./nnfit.schema.json", /* for
      editors */ "data": { "train": "t.csv", "target": ["y", "z",], },\r\n}\r\n`;
    const { config } = load(text);
    expect(config.data.target).toEqual(["y", "z"]);
    expect(config).not.toHaveProperty("$schema");
  });

  it("has its paths relative to itself", () => {
    const { config } = load(
      { data: { ...data, train: "../data/t.csv", validation: "v.csv" }, output: "../out" },
      { name: "a/b/c.json" },
    );
    expect(config.data.train).toBe(join(folder, "a", "data", "t.csv"));
    expect(config.data.validation).toBe(join(folder, "a", "b", "v.csv"));
    expect(config.output).toBe(join(folder, "a", "out"));
    expect(configOf({ data: { ...data, train: join(folder, "t.csv") } }).data.train).toBe(join(folder, "t.csv"));
  });

  it.skipIf(process.platform === "win32")(
    "has them relative to its folder as spelled, or else to where that lies",
    () => {
      const parts = { data: { ...data, train: "../t.csv", validation: "../v.csv" } };
      const place = (name: string) => join(folder, "links", name);
      for (const name of ["real/x", "spelled"]) mkdirSync(place(name), { recursive: true });
      for (const name of ["real/t.csv", "real/v.csv", "spelled/t.csv"]) writeFileSync(place(name), "");
      symlinkSync(place("real/x"), place("spelled/x"));
      const linked = load(parts, { name: "links/spelled/x/c.json" }).config;
      expect(linked.data).toMatchObject({ train: place("spelled/t.csv"), validation: place("real/v.csv") });
      symlinkSync(place("real/x/c.json"), place("spelled/d.json")); // a config that is a link itself is where the link is
      const { config } = loadConfig(place("spelled/d.json"), { workingDirectory: folder });
      expect(config.data.train).toBe(place("t.csv"));
    },
  );

  it("has its run folder in the working directory, named like itself, unless the file or --out says otherwise", () => {
    const elsewhere = join(folder, "elsewhere");
    expect(load(minimal, { workingDirectory: elsewhere }).config.output).toBe(join(elsewhere, "runs", "houses"));
    expect(configOf({ output: "../out" }, { workingDirectory: elsewhere }).output).toBe(join(folder, "out"));
    const out = join(folder, "mine");
    expect(configOf({ output: "../out" }, { out }).output).toBe(out);
    expect(configOf({}, { out, set: ["output=other"] }).output).toBe(out);
    expect(load(minimal, { out: "mine", workingDirectory: elsewhere }).config.output).toBe(join(elsewhere, "mine"));
  });
});

describe("--set", () => {
  const set = (...set: string[]) => load({ data, training: { epochs: 7, seed: 3 } }, { set }).config;

  it("goes over what the file says, and leaves the rest", () => {
    expect(set("training.epochs=50").training).toMatchObject({ epochs: 50, seed: 3 });
    expect(set("training.epochs=50", "training.epochs=60").training.epochs).toBe(60);
  });

  it("takes numbers, lists, booleans, strings with and without quotes, and objects", () => {
    const { training, model, data, task } = set(
      "training.optimizer.learningRate=1e-3",
      "training.shuffle=false",
      "training.batchSize=full",
      "model.hidden=[64, 16]",
      'model.activation={"name": "elu", "alpha": 2}',
      'task="regression"',
      "data.target=size = big",
      "data.ignore=[]",
    );
    expect(training).toMatchObject({
      shuffle: false,
      batchSize: "full",
      optimizer: { name: "sgd", learningRate: 1e-3 },
    });
    expect(model).toMatchObject({ hidden: [64, 16], activation: { name: "elu", alpha: 2 } });
    expect(task).toBe("regression");
    expect(data).toMatchObject({ target: "size = big", ignore: [] });
  });

  it("makes the objects on its way", () => {
    expect(set("preset=none", "scale.inputs.size=robust").scale.inputs).toEqual({ size: "robust" });
    expect(set("data.types.constructor=number").data.types).toEqual({ constructor: "number" });
    expect(set("model.activation.name=elu", "model.activation.alpha=2").model.activation).toMatchObject({ alpha: 2 });
  });

  it("takes names with dots, of columns, classes and settings to search", () => {
    expect(set("preset=none", "scale.inputs.x.y=robust").scale.inputs).toEqual({ "x.y": "robust" });
    expect(set("data.types.a.b=number").data.types).toEqual({ "a.b": "number" });
    expect(set("training.classWeights.no.1=2").training.classWeights).toEqual({ "no.1": 2 });
    const options = { set: ['search.model.dropout={"linear":[0,0.3]}', "search.method.name=halving", "search.runs=5"] };
    const { search } = load({ data }, options);
    expect([...search.ranges.keys()]).toEqual(["model.dropout"]);
    expect(search).toMatchObject({ method: { name: "halving" }, runs: 5 });
  });

  it("takes encodings by any name that they have", () => {
    for (const [name, encoding] of Object.entries({
      latin1: "windows-1252",
      CP1252: "windows-1252",
      utf8: "utf-8",
      sjis: "shift_jis",
    }))
      expect(set(`data.encoding=${name}`).data.encoding).toBe(encoding);
  });

  it("of an option keeps the name that the file chose", () => {
    const { training, scale, model } = load(
      { data, training: { optimizer: "adam" }, scale: { inputs: "minmax" }, model: { loss: { name: "huber" } } },
      { set: ["training.optimizer.learningRate=0.5", "scale.inputs.size=robust", "model.loss.delta=3"] },
    ).config;
    expect(model.loss).toEqual({ name: "huber", delta: 3 });
    expect(training.optimizer).toMatchObject({ name: "adam", learningRate: 0.5 });
    expect(scale.inputs).toEqual({ "*": "minmax", size: "robust" });
  });

  it.each(["training.epochs", "=3", "training..epochs=3", ".=3", "__proto__.x=1", "data.__proto__=1"])(
    "is refused: %s",
    async (assignment) => {
      expect((await wrong(minimal, { set: [assignment] })).details).toMatchObject({
        at: `--set ${assignment}`,
        try: "--set training.epochs=50",
      });
    },
  );

  it("is where a wrong value stands that came from it", async () => {
    const error = await wrong(minimal, { set: ["training.seed=2", "training.epochs=ten"] });
    expect(error.details).toMatchObject({ at: "--set training.epochs=ten", have: '"ten"' });
    expect((await wrong(minimal, { set: ["training.epoch=3"] })).details.try).toBe('"epochs"');
    expect((await wrong(minimal, { set: ["data.train.x=3"] })).details.at).toBe("--set data.train.x=3");
    const within = await wrong(minimal, { set: ['training.optimizer={"name":"sgd","momentum":2}'] });
    expect(within.message).toContain("training.optimizer.momentum");
    expect(within.details.at).toMatch(/^--set training\.optimizer=/);
  });

  it("is refused, not a fault, for a file that is no object", async () => {
    for (const text of ["5", "null", '"a"', "[]"]) {
      expect((await wrong(text, { set: ["training.epochs=5"] })).message).toContain("must be an object");
    }
  });
});

describe("a config that is not JSON", () => {
  it.each([
    ["nothing", "", 1, 1],
    ["a word", "hello", 1, 1],
    ["a comma missing", '{\n  "data": { "train": "t" "target": "y" }\n}', 2, 26],
    ["a brace missing", '{\n  "data": {}\n', 3, 1],
    ["a quote missing", '{\n  "data: {}\n}', 2, 3],
    ["a value missing", '{\n  "data":\n}', 3, 1],
    ["a comment without end", '{\r\n  "data": {} /* \n}', 2, 14],
    ["more after the end", `${minimal}\n  x`, 2, 3],
  ])("is refused with line and column: %s", async (_, text, line, column) => {
    const error = await wrong(text);
    expect(error.message).toContain("the config is not JSON");
    expect(error.details.at).toBe(`configs/houses.json:${line}:${column}`);
  });

  it("is refused: a key that stands twice, with the line of the second", async () => {
    const error = await wrong('{\n  "data": {\n    "train": "a",\n    "train": "b" }\n}');
    expect(error.message).toContain('"train"');
    expect(error.message).toContain("twice");
    expect(error.details.at).toContain("configs/houses.json:4");
  });

  it("is refused: __proto__ as a key", async () => {
    expect((await wrong('{ "__proto__": {} }')).details.at).toContain("configs/houses.json:1");
  });

  it("is refused: no file, and a folder, which may hold one", async () => {
    const options = { workingDirectory: folder };
    const missing = await refusal(() => loadConfig(join(folder, "no.json"), options));
    expect(missing).toMatchObject({
      kind: "usage",
      message: "there is no such config file",
      details: { at: "no.json" },
    });
    mkdirSync(join(folder, "runs", "old"), { recursive: true });
    expect((await refusal(() => loadConfig(join(folder, "runs", "old"), options))).details.try).toBeUndefined();
    writeFileSync(join(folder, "runs", "old", "config.json"), minimal);
    expect(await refusal(() => loadConfig(join(folder, "runs", "old"), options))).toMatchObject({
      kind: "usage",
      details: { try: "runs/old/config.json" },
    });
  });
});

describe("a setting that is missing", () => {
  it.each([
    ["data", {}],
    ["data.target", { data: { train: "t.csv" } }],
    ["data.train", { data: { target: "y" } }],
  ])("is named: %s", async (setting, content) => {
    const error = await wrong(content);
    expect(error.message).toBe(`${setting} is missing`);
    expect(error.details.at).toContain("configs/houses.json");
  });

  it("is less the point than a misspelled one", async () => {
    const error = await wrong({ data: { train: "t.csv", targt: "y" } });
    expect(error.message).toBe('there is no setting "targt" in data');
    expect(error.details.try).toBe('"target"');
  });
});

describe("an unknown setting", () => {
  it.each<[string, object, string, string, string]>([
    ["at the top", { modle: {} }, 'there is no setting "modle"', '"model"', "modle"],
    [
      "in data",
      { data: { ...data, delimeter: ";" } },
      'there is no setting "delimeter" in data',
      '"delimiter"',
      "data.delimeter",
    ],
    ["in scale", { scale: { input: "none" } }, 'there is no setting "input" in scale', '"inputs"', "scale.input"],
    [
      "in model",
      { model: { actvation: "relu" } },
      'there is no setting "actvation" in model',
      '"activation"',
      "model.actvation",
    ],
    [
      "in training",
      { training: { epoch: 1 } },
      'there is no setting "epoch" in training',
      '"epochs"',
      "training.epoch",
    ],
    [
      "of an optimizer",
      { training: { optimizer: { name: "adam", learningrate: 1 } } },
      'there is no setting "learningrate" in training.optimizer',
      '"learningRate"',
      "training.optimizer.learningrate",
    ],
    [
      "of an optimizer that is not the first",
      { training: { optimizer: { name: "adam", epsilom: 1 } } },
      'there is no setting "epsilom" in training.optimizer',
      '"epsilon"',
      "training.optimizer.epsilom",
    ],
    [
      "of an optimizer by default",
      { training: { optimizer: { momentun: 0.9 } } },
      'there is no setting "momentun" in training.optimizer',
      '"momentum"',
      "training.optimizer.momentun",
    ],
    [
      "of an activation",
      { model: { activation: { name: "leakyRelu", slop: 1 } } },
      'there is no setting "slop" in model.activation',
      '"slope"',
      "model.activation.slop",
    ],
    [
      "of a loss",
      { model: { loss: { name: "huber", dleta: 1 } } },
      'there is no setting "dleta" in model.loss',
      '"delta"',
      "model.loss.dleta",
    ],
  ])("%s is refused with its line, and the nearest suggested", async (_, parts, message, attempt, setting) => {
    const content = { data, ...parts };
    const key = setting.split(".").at(-1)!;
    const line = JSON.stringify(content, undefined, 2).split(`"${key}":`)[0]!.split("\n").length;
    const error = await wrong(content);
    expect(error.message).toBe(message);
    expect(error.details).toMatchObject({ at: `${setting}, configs/houses.json:${line}`, try: attempt });
  });

  it("of another member of the family is refused, and the options of the chosen one listed", async () => {
    const error = await wrongIn({ training: { optimizer: { name: "adam", momentum: 0.9 } } });
    expect(error.message).toContain('"momentum"');
    for (const option of ["learningRate", "betas", "epsilon", "weightDecay"])
      expect(error.details.have).toContain(option);
    expect(error.details.have).not.toContain("nesterov");
    expect(error.details.try).toBeUndefined();
  });

  it.each([
    [{ training: { learningRate: 0.1 } }, "training.optimizer.learningRate or training.schedule.learningRate"],
    [{ "batch-size": 5 }, "training.batchSize"],
    [{ model: { name: "x" } }, undefined], // many have it
  ])("that is one elsewhere is refused, and told where it belongs: %j", async (parts, attempt) => {
    expect((await wrongIn(parts)).details.try).toBe(attempt);
  });

  it.each([
    [{ data: { ...data, ignore: "id" } }, '["id"]'],
    [{ data, model: { hidden: 64 } }, "[64]"],
    [{ data, model: { hidden: "64,64" } }, "[64,64]"],
    [{ data, model: { hidden: "[64, 32]" } }, "[64,32]"],
    [{ data, model: { hidden: "64x32" } }, "[64,32]"],
    [{ data, model: { hidden: "many" } }, undefined],
    [{ data, model: { hidden: "" } }, undefined],
    [{ data: { ...data, missing: -999 } }, '["-999"]'],
    [{ data: { ...data, ignore: 5 } }, '["5"]'],
    [{ data: { ...data, ignore: "2020 2021" } }, '["2020 2021"]'],
    [{ data: { ...data, ignore: "[mass, age]" } }, '["mass","age"]'],
    [{ data: { ...data, ignore: "mass, age" } }, '["mass","age"]'],
    [{ data: { ...data, ignore: "'mass'" } }, '["mass"]'],
    [{ data: { ...data, missing: "," } }, '[","]'],
    [{ data: { ...data, missing: "[,NA,-999]" } }, '["","NA","-999"]'],
    [{ data, model: { hidden: 0 } }, "[]"],
    [{ data, model: { hidden: "64,0" } }, undefined],
    [{ data, model: { hidden: "'[64,64]'" } }, "[64,64]"],
  ])("that takes a list and has something else is told as a list: %j", async (config, list) => {
    expect((await wrong(config)).details.try).toBe(list);
  });

  it("far from all others has them listed", async () => {
    const { details } = await wrongIn({ zzzzzzzz: 1 });
    expect(details.try).toBeUndefined();
    expect(details.have).toContain("data, task, scale, model, training, output");
    expect(details.have).not.toContain("$schema");
  });
});

it("an unknown setting of an object that has several forms is told with those of all, and the nearest", async () => {
  const { message, details } = await wrongIn({ training: { checkpoint: { everySecond: 5 } } });
  expect(message).toBe('there is no setting "everySecond" in training.checkpoint');
  expect(details).toMatchObject({ have: "settings everyEpochs, everySeconds", try: '"everySeconds"' });
  const warmUp = await wrongIn({ training: { schedule: { warmUp: { x: 1 } } } });
  expect(warmUp.details.have).toBe("settings epochs, updates");
});

describe("a wrong value", () => {
  it.each<[string, object, string]>([
    ["data", { data: "t.csv" }, "data must be an object"],
    ["data.train", { data: { ...data, train: 3 } }, "data.train must be a string"],
    ["data.target", { data: { ...data, target: 3 } }, "data.target must be a string or a list"],
    ["data.target.1", { data: { ...data, target: ["y", 1] } }, "data.target.1 must be a string"],
    ["data.validation", { data: { ...data, validation: 1.5 } }, "data.validation must be at most 0.9"],
    ["data.validation", { data: { ...data, validation: true } }, "data.validation must be a number or a string"],
    [
      "data.types.zip",
      { data: { ...data, types: { zip: "text" } } },
      'data.types.zip must be one of "number", "category"',
    ],
    ["data.ignore", { data: { ...data, ignore: "id" } }, "data.ignore must be a list"],
    ["task", { task: "cluster" }, 'task must be one of "auto", "regression", "classification"'],
    ["scale", { scale: "standard" }, "scale must be an object"],
    ["scale.inputs", { scale: { inputs: 3 } }, "scale.inputs must be one of"],
    ["scale.inputs.size", { scale: { inputs: { size: "log" } } }, "scale.inputs.size must be one of"],
    ["model.hidden", { model: { hidden: 32 } }, "model.hidden must be a list"],
    ["model.hidden.1", { model: { hidden: [8, 0] } }, "model.hidden.1 must be at least 1"],
    ["model.hidden.0", { model: { hidden: [1.5] } }, "model.hidden.0 must be a whole number"],
    ["model.activation", { model: { activation: 3 } }, "model.activation must be one of"],
    ["model.activation.slope", { model: { activation: { name: "leakyRelu", slope: 2 } } }, "must be at most 1"],
    ["model.loss.delta", { model: { loss: { name: "huber", delta: 0 } } }, "model.loss.delta must be more than 0"],
    ["model.loss.q", { model: { loss: { name: "quantile", q: 1 } } }, "model.loss.q must be less than 1"],
    ["training", { training: [] }, "training must be an object"],
    ["training.epochs", { training: { epochs: "10" } }, "training.epochs must be a whole number"],
    ["training.epochs", { training: { epochs: -1 } }, "training.epochs must be at least 0"],
    ["training.batchSize", { training: { batchSize: 1.5 } }, 'training.batchSize must be a whole number or "full"'],
    ["training.shuffle", { training: { shuffle: "no" } }, "training.shuffle must be"],
    ["training.seed", { training: { seed: 2 ** 31 } }, "training.seed must be at most 2147483647"],
    [
      "training.optimizer.betas.1",
      { training: { optimizer: { name: "adam", betas: [0.9, 1] } } },
      "must be less than 1",
    ],
    ["output", { output: 3 }, "output must be a string"],
    ["data.delimiter", { data: { ...data, delimiter: ";;" } }, 'must be "auto" or "tab" or 1 character long'],
    ["data.delimiter", { data: { ...data, delimiter: "" } }, 'must be "auto" or "tab" or 1 character long'],
    ...[1, {}, { everyEpochs: 1, everySeconds: 1 }].map(
      (checkpoint) =>
        [
          "training.checkpoint",
          { training: { checkpoint } },
          'training.checkpoint must be { "everyEpochs": … } or { "everySeconds": … }',
        ] as [string, object, string],
    ),
    ["training.checkpoint.everyEpochs", { training: { checkpoint: { everyEpochs: 0 } } }, "must be more than 0"],
    [
      "training.schedule.warmUp",
      { training: { schedule: { warmUp: "a" } } },
      'must be a number or { "epochs": … } or { "updates": … }',
    ],
  ])("of %s is refused with its line: %o", async (setting, parts, message) => {
    const error = await wrongIn(parts);
    expect(error.message).toContain(message);
    expect(error.details.at).toMatch(new RegExp(`^${setting.replaceAll(".", "\\.")}, configs/houses\\.json:\\d+$`));
    expect(error.details.have).toBeDefined();
  });

  it.each<[string, object]>([
    ["data.target", { data: { ...data, target: [] } }],
    ["data.target", { data: { ...data, target: "" } }],
    ["data.train", { data: { ...data, train: "" } }],
    ["training.optimizer.betas", { training: { optimizer: { name: "adam", betas: [0.9] } } }],
  ])("of %s that is too short or too long is refused in plain English: %o", async (setting, parts) => {
    const error = await wrongIn(parts);
    expect(error.message).toContain(setting);
    expect(error.message).not.toMatch(/\b1 (entries|characters)\b/);
  });
});

describe("locate", () => {
  const { locate } = load(
    `{
      "data": { "train": "t.csv",
        "target": "y",
        "types": { "a b": "number" } },
      "model": {
        "hidden": [
          8,
          9 ] }
    }`.replaceAll("\n", "\r\n"),
    { name: "houses.json", set: ["training.seed=3"], workingDirectory: folder },
  );

  it.each([
    ["data.train", "data.train, houses.json:2"],
    ["data.target", "data.target, houses.json:3"],
    ["data.types.a b", "data.types.a b, houses.json:4"],
    ["model", "model, houses.json:5"],
    ["data.ignore", "data.ignore, houses.json:2"], // the object that it would stand in
    ["task", "task, houses.json"],
    ["training.seed", "--set training.seed=3"],
    ["training.epochs", "training.epochs, houses.json"],
  ])("says where %s stands", (setting, place) => {
    expect(locate(setting)).toBe(place);
  });
});

describe("the config of a run", () => {
  it("in its folder is the same config again", () => {
    const full = {
      data: { ...data, train: "../data/t.csv", validation: "v.csv", target: ["y", "z"], types: { zip: "category" } },
      scale: { inputs: { size: "log1pStandard", "*": "robust" }, target: "none" },
      model: { hidden: [], activation: { name: "elu", alpha: 2 }, loss: "huber", initializer: "heUniform" },
      training: { batchSize: "full", optimizer: { name: "adamw", betas: [0.8, 0.9] } },
    };
    for (const content of [minimal, full]) {
      for (const output of ["../runs/a", "."]) {
        const { config } = load(typeof content === "string" ? content : { ...content, output });
        const again = load(resolvedConfig(config), {
          name: join(config.output.slice(folder.length + 1), "config.json"),
        });
        expect(again.config).toEqual(config);
      }
    }
  });

  it("has every default written out, and paths relative to its folder", () => {
    const written = resolvedConfig(
      configOf({ preset: "none", data: { ...data, train: "../data/t.csv" }, output: "../runs/a" }),
    );
    expect(JSON.parse(written)).toMatchObject({
      data: { train: "../../data/t.csv", validation: 0.2 },
      training: { epochs: 100, optimizer: { name: "sgd", momentum: 0 } },
      output: ".",
    });
  });
});

describe("every member of a family", () => {
  const families: [string, Family, (choice: unknown) => object, (config: ReturnType<typeof configOf>) => unknown][] = [
    ["model.activation", activations, (activation) => ({ model: { activation } }), (config) => config.model.activation],
    [
      "model.initializer",
      initializers,
      (initializer) => ({ model: { initializer } }),
      ({ model }) => model.initializer,
    ],
    ["model.loss", losses, (loss) => ({ model: { loss } }), (config) => config.model.loss],
    [
      "training.optimizer",
      optimizers,
      (optimizer) => ({ training: { optimizer } }),
      (config) => config.training.optimizer,
    ],
  ];

  it.each(families)("can be chosen by name and as an object: %s", async (_, family, parts, chosen) => {
    for (const [name, { options }] of Object.entries(family)) {
      const defaults = { name, ...(options.parse({}) as object) };
      expect(chosen(configOf(parts(name)))).toEqual(defaults);
      expect(chosen(configOf(parts({ name })))).toEqual(defaults);
      expect(chosen(configOf(parts(defaults)))).toEqual(defaults);
    }
  });

  it.each(families)("is suggested for a name that is nearly its own: %s", async (setting, family, parts) => {
    for (const name of Object.keys(family)) {
      for (const choice of [`${name}x`, { name: `${name}x` }]) {
        const error = await wrongIn(parts(choice));
        expect(error.message).toContain(setting);
        expect(error.details).toMatchObject({ have: `"${name}x"`, try: `"${name}"` });
      }
    }
  });

  it("can be chosen as a scaler, of all columns or of one", async () => {
    for (const name of scalerNames) {
      expect(configOf({ scale: { inputs: name } }).scale.inputs).toBe(name);
      expect((await wrongIn({ scale: { inputs: `${name}x` } })).details.try).toBe(`"${name}"`);
    }
    for (const name of targetScalerNames) {
      expect(configOf({ scale: { target: { y: name } } }).scale.target).toEqual({ y: name });
      expect((await wrongIn({ scale: { target: { y: `${name}x` } } })).details.try).toBe(`"${name}"`);
    }
    expect(targetScalerNames).not.toContain("robustSmooth");
  });
});
