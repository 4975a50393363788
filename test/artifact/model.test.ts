import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cellFormat, loadModel, type Model, networksOf, saveModel } from "../../src/artifact/model.js";
import { decodeSafetensors, encodeSafetensors, type Tensor } from "../../src/artifact/safetensors.js";
import { version } from "../../src/artifact/version.js";
import type { Table } from "../../src/data/table.js";
import { Memory } from "../../src/engine/memory.js";
import { predictor } from "../../src/predict/predictor.js";
import { applyPipeline } from "../../src/transform/apply.js";
import { widthOf } from "../../src/transform/inputColumns.js";
import type { ColumnState, NumberState } from "../../src/transform/pipeline.js";
import { byDefault, columns, refusal } from "../data/source.js";
import { sealed, smallModel } from "./model.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "nnfit-model-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const model = smallModel;
const [weights] = model.weights as [Float32Array];

const path = (name: string) => join(folder, name);
function save(name: string, changed: Partial<Model> = {}): Buffer {
  saveModel(path(name), { ...model, ...changed });
  return readFileSync(path(name));
}
async function refused(name: string, content?: Uint8Array) {
  if (content) writeFileSync(path(name), content);
  const error = await refusal(() => loadModel(path(name), name));
  expect(error.kind).toBe("model");
  expect(error.details.at).toBe(name);
  return error.message;
}

/** What the specification of safetensors says a file holds; no code of nnfit's has a part in it. */
interface Safetensors {
  metadata: Record<string, string>;
  tensors: Record<string, { shape: number[]; values: number[] }>;
}
function readSafetensors(file: Buffer): Safetensors {
  const length = Number(file.readBigUInt64LE(0));
  const text = file.toString("utf8", 8, 8 + length);
  expect(text[0]).toBe("{");
  const { __metadata__: metadata, ...entries } = JSON.parse(text);
  const tensors: Safetensors["tensors"] = {};
  let offset = 0;
  for (const [name, { dtype, shape, data_offsets }] of Object.entries<{
    dtype: string;
    shape: number[];
    data_offsets: [number, number];
  }>(entries)) {
    const [begin, end] = data_offsets;
    expect(dtype).toBe("F32");
    expect(begin).toBe(offset); // no holes
    expect(end - begin).toBe(4 * shape.reduce((product, side) => product * side, 1));
    offset = end;
    const values = Array.from({ length: (end - begin) / 4 }, (_, i) => file.readFloatLE(8 + length + begin + 4 * i));
    tensors[name] = { shape, values };
  }
  expect(8 + length + offset).toBe(file.length);
  return { metadata, tensors };
}

const expectedTensors = {
  "layers.0.weight": { shape: [2, 3], values: [...weights.subarray(0, 6)] },
  "layers.0.bias": { shape: [2], values: [...weights.subarray(6, 8)] },
  "layers.1.weight": { shape: [1, 2], values: [...weights.subarray(8, 10)] },
  "layers.1.bias": { shape: [1], values: [...weights.subarray(10)] },
};

const outputsOf = (table: Table) => (model: Model) => {
  const memory = new Memory();
  const predict = predictor(memory, networksOf(model, memory), { columns: widthOf(model.pipeline), rows: 1024 });
  return predict(applyPipeline(model.pipeline, table));
};

describe("a saved model", () => {
  it("is loaded as it was", () => {
    save("a.safetensors");
    expect(loadModel(path("a.safetensors"))).toEqual(model);
  });

  it("may have a baseline, which checkpoints don't, if it fits the target", async () => {
    const baseline = (...means: number[]) => ({
      training: {
        ...model.training,
        baseline: { task: "regression" as const, centers: means, linear: { leftOut: "why" } },
      },
    });
    save("b.safetensors", baseline(2.5));
    expect(loadModel(path("b.safetensors")).training.baseline).toEqual({
      task: "regression",
      centers: [2.5],
      linear: { leftOut: "why" },
    });
    save("b.safetensors", baseline(2.5, 3));
    expect(await refused("b.safetensors")).toContain("its baseline does not fit its target");
  });

  it("may have a linear model in it, if that fits the network's inputs", async () => {
    const linear = (...coefficients: number[]) => {
      const state = { rows: 3, coefficients: [coefficients], intercepts: [0.25] };
      return {
        training: { ...model.training, baseline: { task: "regression" as const, centers: [2.5], linear: state } },
      };
    };
    const fitting = Array.from({ length: model.network.inputs }, (_, i) => i / 2);
    save("b.safetensors", linear(...fitting));
    expect(loadModel(path("b.safetensors")).training).toEqual(linear(...fitting).training);
    save("b.safetensors", linear(...fitting, 1));
    expect(await refused("b.safetensors")).toContain("its baseline does not fit its target or its columns");
  });

  it("has a target of which is estimated what its loss estimates", async () => {
    const network = { ...model.network, loss: { name: "poisson" as const } };
    save("b.safetensors", { network });
    expect(await refused("b.safetensors")).toContain("its loss is not of what is estimated");
    save("b.safetensors", { network, target: { ...model.target, distribution: "poisson" } as Model["target"] });
    expect(loadModel(path("b.safetensors")).target).toMatchObject({ distribution: "poisson" });
  });

  it("predicts the same when loaded", () => {
    const table = columns({ size: [1, -2, Number.NaN], "Größe 😀": ["a", undefined, "c"] });
    const outputs = outputsOf(table);
    save("a.safetensors");
    expect(outputs(loadModel(path("a.safetensors")))).toEqual(outputs(model));
    const [w, b] = [weights.subarray(0, 6), weights.subarray(6)];
    const leaky = (x: number) => (x > 0 ? x : 0.3 * x);
    const [h0, h1] = [leaky(w[0]! * 0.3 + w[1]! + b[0]!), leaky(w[3]! * 0.3 + w[4]! + b[1]!)];
    expect(outputs(model)[0]).toBeCloseTo(b[2]! * h0 + b[3]! * h1 + b[4]!, 6);
  });

  it("is safetensors as the specification has it, its tensors named and shaped like PyTorch's nn.Linear", () => {
    const { tensors, metadata } = readSafetensors(save("a.safetensors"));
    expect(tensors).toEqual(expectedTensors);
    expect(Object.keys(metadata)).toEqual(["checksum", "nnfit"]);
    expect(JSON.parse(metadata.nnfit!)).toMatchObject({
      format: 1,
      nnfit: version,
      pipeline: [{ name: "size" }, { name: "Größe 😀", categories: ["a", '"b"\n'] }],
      target: model.target,
      network: model.network,
      training: model.training,
    });
  });

  const python = spawnSync("python3", ["--version"]).status === 0;
  it.skipIf(!python)("is read by Python (skipped where there is no python3)", () => {
    save("a.safetensors");
    const script = `
import json, struct, sys
with open(sys.argv[1], "rb") as file:
    header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    data = file.read()
meta = header.pop("__metadata__")
tensors = {}
for name, entry in header.items():
    begin, end = entry["data_offsets"]
    assert entry["dtype"] == "F32"
    tensors[name] = {"shape": entry["shape"], "values": struct.unpack("<%df" % ((end - begin) // 4), data[begin:end])}
print(json.dumps({"tensors": tensors, "columns": [column["name"] for column in json.loads(meta["nnfit"])["pipeline"]]}))
`;
    const { stdout, stderr } = spawnSync("python3", ["-c", script, path("a.safetensors")], { encoding: "utf8" });
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({ tensors: expectedTensors, columns: ["size", "Größe 😀"] });
  });

  it("has the same bytes when saved twice, also when it was loaded", () => {
    expect(save("b.safetensors").equals(save("a.safetensors"))).toBe(true);
    const bytes = save("a.safetensors", loadModel(path("a.safetensors")));
    expect(save("b.safetensors", loadModel(path("a.safetensors"))).equals(bytes)).toBe(true);
  });

  it("has its tensors aligned to 8 bytes", () => {
    for (const name of ["y", "yy", "yyy", "yyyy"]) {
      const target = { task: "regression" as const, targets: [{ name, scaler: { name: "none" as const } }] };
      expect(Number(save("a.safetensors", { target }).readBigUInt64LE(0)) % 8).toBe(0);
    }
  });

  it("may have several members, whose predictions are averaged", async () => {
    const other = weights.map((weight) => Math.fround(weight * weight - 0.3));
    const bytes = save("m.safetensors", { members: 2, weights: [weights, other] });
    const { tensors } = readSafetensors(bytes);
    const named = Object.entries(expectedTensors).map(([name, tensor]) => [`members.0.${name}`, tensor]);
    expect(tensors).toMatchObject(Object.fromEntries(named));
    expect(tensors["members.1.layers.1.bias"]).toEqual({ shape: [1], values: [other[10]] });
    const loaded = loadModel(path("m.safetensors"));
    expect(loaded.weights).toEqual([weights, other]);

    const table = columns({ size: [1, -2, 7], "Größe 😀": ["a", undefined, "c"] });
    const [first, second] = [{ ...model }, { ...model, weights: [other] }].map(outputsOf(table)) as [
      Float32Array,
      Float32Array,
    ];
    expect(outputsOf(table)(loaded)).toEqual(first.map((output, row) => (output + second[row]!) / 2));

    save("m.safetensors", { members: 3, weights: [weights, other] });
    expect(await refused("m.safetensors")).toContain("its tensors are not those of its network");
  });

  it("may have no hidden layer", () => {
    const network = { ...model.network, hidden: [] };
    save("linear.safetensors", { network, weights: [Float32Array.of(1, 2, 3, 4)] });
    expect(loadModel(path("linear.safetensors")).weights).toEqual([Float32Array.of(1, 2, 3, 4)]);
  });
});

describe("a damaged model", () => {
  const name = "damaged.safetensors";

  it("is refused at whatever length it ends", async () => {
    const bytes = save("a.safetensors");
    for (let length = 0; length < bytes.length; length++) {
      expect((await refusal(() => decodeSafetensors(bytes.subarray(0, length), name))).kind).toBe("model");
    }
    for (const length of [0, 7, 8, 200, bytes.length - 1]) await refused(name, bytes.subarray(0, length));
  });

  it("is refused whichever bit has flipped", async () => {
    const bytes = save("a.safetensors");
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      const { kind } = await refusal(() => decodeSafetensors(bytes, name));
      if (kind !== "model") expect(kind, `bit ${bit}`).toBe("model");
      bytes[bit >> 3]! ^= 1 << (bit & 7);
    }
    expect(decodeSafetensors(bytes, name).tensors).toHaveLength(4);
  });

  it("is refused when bytes follow or come before it, or two lie one after the other", async () => {
    const bytes = save("a.safetensors");
    for (const parts of [
      [bytes, Buffer.of(0)],
      [Buffer.of(0), bytes],
      [bytes, bytes],
    ]) {
      await refused(name, Buffer.concat(parts));
    }
  });
});

describe("what is no model", () => {
  it.each([
    ["nothing", Buffer.alloc(0)],
    ["eight zeros", Buffer.alloc(8)],
    ["a text", Buffer.from("a,b\n1,2\n".repeat(100))],
    ["JSON", Buffer.from('{"data":{"train":"t.csv","target":"y"}}')],
    ["a picture", Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), Buffer.alloc(500, 7)])],
    ["a header that claims to be longer than any file", Buffer.alloc(500, 255)],
  ])("is refused: %s", async (_, content) => {
    expect(await refused("not-a-model", content)).toContain("not a model file");
  });

  it("is refused: another program's safetensors", async () => {
    const header = Buffer.from('{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}  ');
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    expect(await refused("other", Buffer.concat([length, header, Buffer.alloc(4)]))).toContain("not a model file");
  });

  it("is refused: a folder, and no file at all", async () => {
    mkdirSync(path("a-folder"));
    expect(await refused("a-folder")).toContain("it is a folder");
    expect(await refused("no-such-file")).toContain("there is no such file");
  });
});

describe("a model whose checksum is right and whose content is not", () => {
  const name = "wrong.safetensors";
  const tensors = (): Tensor[] =>
    Object.entries(expectedTensors).map(([name, { shape, values }]) => ({
      name,
      shape,
      data: Float32Array.from(values),
    }));
  const { version: _, weights: __, ...parts } = model;
  const description = { format: 1, nnfit: version, ...parts };
  const { pipeline, target, network, training } = description;
  const written = (changed: object, all = tensors()) =>
    encodeSafetensors(all, JSON.stringify({ ...description, ...changed }));
  const tensor = (at: number, changed: Partial<Tensor>) =>
    tensors().map((tensor, i) => (i === at ? { ...tensor, ...changed } : tensor));

  it("of another format is refused with the way out", () => {
    writeFileSync(path(name), written({ format: 2, nnfit: "3.1.4" }));
    expect(() => loadModel(path(name))).toThrow(
      expect.objectContaining({
        kind: "model",
        message: `the model file has format 2, and nnfit ${version} reads format 1`,
        details: expect.objectContaining({ have: "a model written by nnfit 3.1.4" }),
      }),
    );
  });

  it("is loaded when nothing is wrong: the cases below differ by one thing", () => {
    writeFileSync(path(name), written({}));
    expect(loadModel(path(name))).toEqual(model);
    const [state, other] = model.pipeline as [NumberState, ColumnState];
    const profile = { ...state.profile, deciles: Array(9).fill(0), others: { quantiles: [0.5], bins: [0.1, 0, 0.1] } };
    writeFileSync(path(name), written({ pipeline: [{ ...state, profile }, other] }));
    expect(loadModel(path(name)).pipeline[0]!.profile).toEqual(profile);
  });

  it.each<[string, Tensor[]]>([
    ["a shape the other way round", tensor(0, { shape: [3, 2] })],
    ["a shape of one side", tensor(0, { shape: [6] })],
    ["another name", tensor(1, { name: "layers.0.b" })],
    ["another order", tensors().toReversed()],
    ["a tensor too few", tensors().slice(0, 3)],
    ["a tensor too many", [...tensors(), { name: "layers.2.bias", shape: [1], data: Float32Array.of(0) }]],
    ["no tensors", []],
    ["fewer numbers than its shape says", tensor(0, { data: new Float32Array(5) })],
    ["a weight that is NaN", tensor(2, { data: Float32Array.of(Number.NaN, 0) })],
    ["a weight that is infinite", tensor(3, { data: Float32Array.of(Number.NEGATIVE_INFINITY) })],
  ])("is refused for its tensors: %s", async (_, all) => {
    await refused(name, written({}, all));
  });

  const [size, kind] = pipeline;
  const ofNumbers = {
    smallest: 0,
    largest: 10,
    missing: 0,
    deciles: [1, 2, 3, 4, 5, 6, 7, 8, 9],
    bins: Array(19).fill(0),
  };
  const ofZeros = { ...ofNumbers, deciles: Array(9).fill(0) };
  const ofOne = (quantile: number) => ({ quantiles: [quantile], bins: [0, 0, 0] });
  const others = ofOne(4.5);
  it.each<[string, object]>([
    ["another format", { format: 2 }],
    ["no network", { network: undefined }],
    ["a key too many", { extra: 1 }],
    ["a key too many within", { network: { ...network, attention: 1 } }],
    ["a column too few", { pipeline: [size] }],
    ["no columns", { pipeline: [] }],
    ["a category more", { pipeline: [size, { ...kind, categories: ["a", "b", "c"] }] }],
    ["an unknown kind of column", { pipeline: [size, { ...kind, type: "date" }] }],
    ["an unknown scaler", { pipeline: [{ ...size, scaler: { name: "cubic" } }, kind] }],
    ["a scaler of no width", { pipeline: [{ ...size, scaler: { name: "standard", center: 0, scale: 0 } }, kind] }],
    ["a fill that JSON has lost", { pipeline: [{ ...size, fill: null }, kind] }],
    ["deciles that don't ascend", { pipeline: [{ ...size, profile: { ...ofNumbers, smallest: 5 } }, kind] }],
    ["a decile too few", { pipeline: [{ ...size, profile: { ...ofNumbers, deciles: [1] } }, kind] }],
    ["a bin too few", { pipeline: [{ ...size, profile: { ...ofNumbers, bins: Array(18).fill(0) } }, kind] }],
    ["other numbers where none is frequent", { pipeline: [{ ...size, profile: { ...ofNumbers, others } }, kind] }],
    [
      "a frequent number among the others",
      { pipeline: [{ ...size, profile: { ...ofZeros, others: ofOne(0) } }, kind] },
    ],
    ["other numbers out of range", { pipeline: [{ ...size, profile: { ...ofZeros, others: ofOne(11) } }, kind] }],
    [
      "no other numbers",
      { pipeline: [{ ...size, profile: { ...ofZeros, others: { quantiles: [], bins: [1] } } }, kind] },
    ],
    [
      "a bin of other numbers too few",
      { pipeline: [{ ...size, profile: { ...ofZeros, others: { ...others, bins: [0, 0] } } }, kind] },
    ],
    ["a share too few", { pipeline: [size, { ...kind, profile: { shares: [1], missing: 0, other: 0 } }] }],
    ["more inputs", { network: { ...network, inputs: 4 } }],
    ["more outputs", { network: { ...network, outputs: 2 } }],
    ["other hidden layers", { network: { ...network, hidden: [2, 2] } }],
    ["a hidden layer of no units", { network: { ...network, hidden: [0] } }],
    ["half a unit", { network: { ...network, hidden: [2.5] } }],
    ["an unknown loss", { network: { ...network, loss: { name: "hinge" } } }],
    ["an unknown activation", { network: { ...network, activation: { name: "swish" } } }],
    ["an option out of bounds", { network: { ...network, activation: { name: "leakyRelu", slope: 7 } } }],
    ["a loss for another task", { network: { ...network, loss: { name: "binaryCrossEntropy" } } }],
    [
      "a target of another task",
      { target: { task: "classification", name: "y", type: "number", classes: ["0", "1"] } },
    ],
    [
      "two targets for one output",
      { target: { ...target, targets: [1, 2].map((i) => ({ name: `y${i}`, scaler: { name: "none" } })) } },
    ],
    ["one class", { target: { task: "classification", name: "y", type: "number", classes: ["0"] } }],
    ["no training summary", { training: undefined }],
    ["a training summary of no rows", { training: { ...training, trainingRows: 0 } }],
    ["an unknown way of stopping", { training: { ...training, stopped: "bored" } }],
  ])("is refused for its description: %s", async (_, changed) => {
    expect(await refused(name, written(changed))).not.toContain("checksum");
  });

  it.each([
    ["no JSON", "not JSON"],
    ["nothing", ""],
    ["not an object", "7"],
  ])("is refused for a description that is %s", async (_, text) => {
    await refused(name, encodeSafetensors(tensors(), text));
  });

  const good = written({});
  const header = good.toString("latin1", 8, 8 + Number(good.readBigUInt64LE(0)));
  const data = good.subarray(8 + header.length);

  it("is loaded when sealed again as it was", () => {
    expect(sealed(header, data).equals(good)).toBe(true);
  });

  it.each<[string, Buffer]>([
    ["bytes after the last tensor", sealed(header, Buffer.concat([data, Buffer.alloc(4)]))],
    ["bytes missing", sealed(header, data.subarray(0, -4))],
    ["a hole between tensors", sealed(header.replace("[24,32]", "[28,36]"), data)],
    ["tensors over each other", sealed(header.replace("[24,32]", "[20,28]"), data)],
    ["a tensor outside the file", sealed(header.replace("[40,44]", "[40,4400]"), data)],
    ["numbers of another type", sealed(header.replace('"F32"', '"I32"'), data)],
    ["a header that is no JSON", sealed(header.replace('"layers.0.bias"', '"layers.0.bias '), data)],
    ["a shape that is no number", sealed(header.replace('"shape":[2]', '"shape":"2"'), data)],
    ["a length of the header that is too small", sealed(header.slice(0, 300), data)],
  ])("is refused for its layout: %s", async (_, file) => {
    await refused(name, file);
  });
});

describe("a save that fails", () => {
  const old = Buffer.from("the old model");

  it("says that the folder is missing, and makes nothing", async () => {
    const error = await refusal(() => saveModel(join(folder, "no-folder", "model.safetensors"), model));
    expect(error.kind).toBe("files");
    expect(error.message).toContain("folder");
    expect(error.details.at).toContain("no-folder");
    expect(readdirSync(folder)).not.toContain("no-folder");
  });

  it("leaves no temporary file beside a folder in the way, and the folder as it was", async () => {
    const place = join(folder, "in-the-way");
    mkdirSync(join(place, "model.safetensors"), { recursive: true });
    writeFileSync(join(place, "model.safetensors", "kept"), old);
    expect((await refusal(() => saveModel(join(place, "model.safetensors"), model))).kind).toBe("files");
    expect(readdirSync(place)).toEqual(["model.safetensors"]);
    expect(readFileSync(join(place, "model.safetensors", "kept")).equals(old)).toBe(true);
  });

  it("leaves the old model whole where the temporary file can't be made", async () => {
    const place = join(folder, "taken");
    const temporary = `model.safetensors.${process.pid}.tmp`;
    mkdirSync(join(place, temporary, "x"), { recursive: true });
    writeFileSync(join(place, "model.safetensors"), old);
    expect((await refusal(() => saveModel(join(place, "model.safetensors"), model))).kind).toBe("files");
    expect(readFileSync(join(place, "model.safetensors")).equals(old)).toBe(true);
  });

  it("is followed by one that succeeds, over the old model", () => {
    writeFileSync(path("again.safetensors"), old);
    writeFileSync(path(`again.safetensors.${process.pid}.tmp`), "left by a process that was killed");
    saveModel(path("again.safetensors"), model);
    expect(loadModel(path("again.safetensors"), "again")).toEqual(model);
    expect(readdirSync(folder).filter((name) => name.startsWith("again"))).toEqual(["again.safetensors"]);
  });
});

describe("a model with a score that is no finite number", () => {
  it.each<[string, Partial<Model>]>([
    [
      "rmse of numbers near the largest",
      { training: { ...model.training, scores: { rmse: Number.POSITIVE_INFINITY } } },
    ],
    ["loss of weights as initialised", { training: { ...model.training, judgedLoss: Number.NaN } }],
  ])("is either refused at once or can be loaded: %s", async (_, changed) => {
    const saved = await refusal(() => save("scores.safetensors", changed)).catch(() => undefined);
    if (!saved) expect(loadModel(path("scores.safetensors")).weights).toEqual([weights]);
  });
});

it("a model keeps how its cells are understood", () => {
  for (const cells of [
    { missing: ["-999"], decimal: ",", thousands: "." },
    { missing: [""], decimal: ".", thousands: " " },
  ] as const) {
    const { missing, decimal, thousands } = cells;
    save("a.safetensors", { missing: [...missing], thousands, ...(decimal === "," ? { decimal } : {}) });
    expect(cellFormat(loadModel(path("a.safetensors")))).toEqual(cells);
  }
  save("a.safetensors");
  expect(cellFormat(loadModel(path("a.safetensors")))).toEqual({
    missing: byDefault.missing,
    decimal: ".",
    thousands: null,
  });
});
