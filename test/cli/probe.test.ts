import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { loadModel, type Model, saveModel } from "../../src/artifact/model.js";
import { decodeSafetensors, encodeSafetensors } from "../../src/artifact/safetensors.js";
import { version } from "../../src/artifact/version.js";
import { folder, json, nnfit, numbers, put, works } from "./nnfit.js";

const rows = Array.from({ length: 40 }, (_, i) => [(i % 17) / 8, i - 20, (i * 7) % 31]);
const cwd = folder({
  "t.csv": `${["a,b,y", ...rows].join("\n")}\n`,
  "c.json": JSON.stringify({
    data: { train: "t.csv", target: "y", validation: 0 },
    scale: { inputs: "none", target: "none" },
    model: { hidden: [5], members: 2, activation: "tanh" },
    training: { epochs: 2, optimizer: "adam" },
  }),
});
const path = (name: string) => join(cwd, name);
let model: Model;
let probe: NonNullable<Model["probe"]>;
beforeAll(async () => {
  await works(["train", "c.json", "--out", "r"], { cwd });
  model = loadModel(path("r/model.safetensors"));
  if (!model.probe) throw new Error("the model has no probe");
  ({ probe } = model);
});

/** The model with an output that is off by a factor, in a file of right checksum; maybe of another version of nnfit. */
function off(name: string, factor: number, of = version): string {
  const [first, ...others] = probe.outputs as [number[], ...number[][]];
  saveModel(path(name), { ...model, probe: { ...probe, outputs: [first.map((y) => y * factor), ...others] } });
  const { tensors, text } = decodeSafetensors(readFileSync(path(name)), name);
  const own = `"nnfit":${JSON.stringify(version)}`;
  expect(text).toContain(own);
  writeFileSync(path(name), encodeSafetensors(tensors, text.replace(own, `"nnfit":${JSON.stringify(of)}`)));
  return name;
}
const commands = (file: string) => [
  ["predict", file, "t.csv"],
  ["evaluate", file, "t.csv"],
];

describe.concurrent("a model's probe", () => {
  it("has sixteen training rows, evenly spaced, and what the model predicts of them", async () => {
    const picked = Array.from({ length: 16 }, (_, i) => Math.floor((i * 40) / 16));
    expect(probe.inputs).toEqual(picked.map((row) => rows[row]!.slice(0, 2)));
    const predicted = numbers((await works(["predict", "r", "t.csv"], { cwd })).out, "prediction");
    expect(probe.outputs.map(([y]) => Math.fround(y!))).toEqual(picked.map((row) => Math.fround(predicted[row]!)));
  });

  it("has all rows where there are fewer", async () => {
    put(cwd, { "few.csv": `a,b,y\n${rows.slice(0, 5).join("\n")}\n` });
    await works(["train", "c.json", "--out", "few", "--set", "data.train=few.csv"], { cwd });
    expect(loadModel(path("few/model.safetensors")).probe?.inputs).toEqual(
      rows.slice(0, 5).map((row) => row.slice(0, 2)),
    );
  });

  it("is of the whole table for the networks of folds, and holds", async () => {
    await works(["train", "c.json", "--folds", "3", "--keep", "--out", "folds"], { cwd });
    const kept = loadModel(path("folds/model.safetensors"));
    expect(kept.probe?.inputs).toEqual(probe.inputs);
    const predicted = numbers((await works(["predict", "folds", "t.csv"], { cwd })).out, "prediction");
    expect(Math.fround(kept.probe!.outputs.at(-1)![0]!)).toBe(Math.fround(predicted[37]!));
  });

  it("holds for classes and categories too, with probabilities that are calibrated", async () => {
    const table = rows.map(([a, b, y]) => `${a},${["x", "y", "z"][(b! + 20) % 3]},${y! > 15 ? "high" : "low"}`);
    put(cwd, { "classes.csv": `${["a,kind,y", ...table].join("\n")}\n` });
    const set = ["--set", "data.train=classes.csv", "--set", "training.calibrate=true", "--set", "data.validation=0.2"];
    await works(["train", "c.json", "--out", "classes", ...set], { cwd });
    await works(["predict", "classes", "classes.csv", "--proba"], { cwd });
    expect(loadModel(path("classes/model.safetensors")).probe?.inputs).toHaveLength(16);
  });

  it("refuses a model that predicts otherwise than it says, in a file of right checksum", async () => {
    for (const args of [...commands(off("other", 1.01)), ...commands(off("other-version", 1.01, "0.0.1"))]) {
      const { code, out, err } = await nnfit(args, { cwd });
      expect([code, out]).toEqual([6, ""]);
      expect(err).toContain("the model does not predict what it did when it was saved");
      expect(err).toContain(args[1]);
    }
    expect((await works(["inspect", "other", "--json"], { cwd })).code).toBe(0);
  });

  it("refuses weights that are not those it was saved with", async () => {
    const weights = model.weights.map((each) => each.map((weight) => weight * 1.01));
    saveModel(path("weights"), { ...model, weights });
    expect((await nnfit(["predict", "weights", "t.csv"], { cwd })).code).toBe(6);
  });

  it("refuses other bits of the same nnfit, and lets another version round otherwise", async () => {
    const { code, err } = await nnfit(["predict", off("rounded", 1 + 2 ** -22), "t.csv"], { cwd });
    expect(code).toBe(6);
    expect(err).toContain("this machine computes different bits from the one that saved the model");
    expect(err).toContain("nnfit doctor");
    expect((await nnfit(["predict", off("older", 1 + 2 ** -22, "0.0.1"), "t.csv"], { cwd })).code).toBe(0);
  });

  it("may be missing, as where a prediction was no finite number: the model predicts as ever", async () => {
    const { probe: _, ...older } = model;
    saveModel(path("no-probe"), older);
    const [now, then] = [
      await works(["predict", "r", "t.csv"], { cwd }),
      await works(["predict", "no-probe", "t.csv"], { cwd }),
    ];
    expect(then.out).toBe(now.out);
    const told = json<object>((await works(["inspect", "no-probe", "--json"], { cwd })).out);
    expect(told).toMatchObject({ probeRows: 0 });
  });

  it("is told by inspect as a number of rows, without their values", async () => {
    const told = json<object>((await works(["inspect", "r", "--json"], { cwd })).out);
    expect(told).toMatchObject({ probeRows: 16 });
    expect(told).not.toHaveProperty("probe");
  });

  it("refuses rows of another width, more than sixteen, and numbers that are no float32 or no code", async () => {
    const refused = (inputs: number[][], outputs = probe.outputs) => {
      copyFileSync(path("r/model.safetensors"), path("unfit"));
      const { tensors, text } = decodeSafetensors(readFileSync(path("unfit")), "unfit");
      const described = json<object>(text);
      writeFileSync(
        path("unfit"),
        encodeSafetensors(tensors, JSON.stringify({ ...described, probe: { inputs, outputs } })),
      );
      expect(() => loadModel(path("unfit"))).toThrow(/its probe does not fit|does not describe a model/);
    };
    const [first, ...others] = probe.inputs as [number[], ...number[][]];
    refused([[...first, 0], ...others]);
    refused(others);
    refused([...probe.inputs, first], [...probe.outputs, [0]]);
    refused([[1e39, 0], ...others]);
    refused(
      probe.inputs,
      probe.outputs.map((row) => [...row, 0]),
    );
    refused([], []);
  });
});
