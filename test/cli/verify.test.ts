import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { loadModel, saveModel } from "../../src/artifact/model.js";
import { decodeSafetensors, encodeSafetensors } from "../../src/artifact/safetensors.js";
import { version } from "../../src/artifact/version.js";
import { contents, folder, json, nnfit, put, text, works } from "./nnfit.js";

const rows = Array.from({ length: 40 }, (_, i) => `${i % 17},${i % 3 ? "x" : "z"},${(i * 7) % 31}`);
const table = `${["a,kind,y", ...rows].join("\n")}\n`;
const config = (changes: object = {}) =>
  JSON.stringify({
    data: { train: "t.csv", target: "y" },
    model: { hidden: [6], members: 2 },
    training: { epochs: 3, batchSize: 8, optimizer: "adam", ...changes },
  });
const trained = async (changes?: object, ...more: string[]) => {
  const cwd = folder({ "t.csv": table, "c.json": config(changes) });
  await works(["train", "c.json", "--out", "r", ...more], { cwd });
  return cwd;
};
const verify = (cwd: string, ...more: string[]) => nnfit(["verify", "r", ...more], { cwd });
const modelFile = (cwd: string, run = "r") => join(cwd, run, "model.safetensors");
/** Turns one bit of a file. */
function turn(file: string, byte: number, bit = 1): void {
  const bytes = readFileSync(file);
  bytes[byte]! ^= bit;
  writeFileSync(file, bytes);
}

interface Told {
  version: number;
  equal: boolean;
  model: {
    fields: { field: string; was?: unknown; is?: unknown }[];
    tensors: { name: string; weights: number; differing: number; largest: number | null }[];
  };
  history: object | null;
  data: string[];
}

describe.skipIf(process.platform === "win32").concurrent("a run that symbolic links lead to", () => {
  it("is verified and trained from, wherever the link stands", async () => {
    const cwd = await trained();
    mkdirSync(join(cwd, "srv", "deep", "er"), { recursive: true });
    symlinkSync(join(cwd, "r"), join(cwd, "srv", "deep", "er", "current"));
    await works(["verify", "srv/deep/er/current"], { cwd });
    await works(["train", "srv/deep/er/current/config.json", "--out", "again"], { cwd });
    expect(text(cwd, "again", "config.json")).toBe(text(cwd, "r", "config.json"));
  });

  it.each(["runs", "runs/r"])("is written right where %s is a link to a folder of another depth", async (link) => {
    const cwd = folder({ "t.csv": table, "c.json": config() });
    const real = link === "runs" ? join(cwd, "a", "b", "c", "r") : join(cwd, "a", "b", "c");
    mkdirSync(join(cwd, "a", "b", "c"), { recursive: true });
    mkdirSync(dirname(join(cwd, link)), { recursive: true });
    symlinkSync(join(cwd, "a", "b", "c"), join(cwd, link));
    await works(["train", "c.json", "--out", "runs/r"], { cwd });
    const { data, output } = json<{ data: { train: string }; output: string }>(text(real, "config.json"));
    expect(resolve(real, data.train)).toBe(join(cwd, "t.csv"));
    expect(output).toBe(".");
    await works(["verify", "."], { cwd: real });
    await works(["verify", "runs/r"], { cwd });
    await works(["train", "c.json", "--out", "runs/r", "--resume"], { cwd });
  });
});

describe.concurrent("nnfit verify", () => {
  it("says that a run gives the same bytes again, whatever the threads, and changes nothing in its folder", async () => {
    const cwd = await trained();
    const before = contents(cwd);
    expect(await verify(cwd)).toMatchObject({ code: 0, out: expect.stringContaining("byte for byte") });
    const { code, out } = await verify(cwd, "--threads", "2", "--json");
    expect(code).toBe(0);
    expect(json(out)).toEqual({
      version: 1,
      equal: true,
      model: { fields: [], tensors: [] },
      history: null,
      data: [],
    });
    expect(contents(cwd)).toEqual(before);
  });

  it("trains again with the rows of another file held out, and with none held out", async () => {
    const cwd = folder({ "t.csv": table, "v.csv": table, "c.json": config({ epochs: 2 }) });
    await works(["train", "c.json", "--out", "r", "--set", "data.validation=v.csv"], { cwd });
    expect((await verify(cwd)).code).toBe(0);
    await works(["train", "c.json", "--out", "r", "--set", "data.validation=0"], { cwd });
    expect((await verify(cwd)).code).toBe(0);
  });

  it("says what differs after one bit of the data has changed", async () => {
    const cwd = await trained();
    turn(join(cwd, "t.csv"), table.indexOf("\n3,") + 1); // 3 becomes 2
    const { code, out } = await verify(cwd);
    expect(code).toBe(1);
    expect(out).toMatch(/^ {2}data +column "a": changed$/m);
    expect(out).toMatch(
      /^ {2}model +pipeline\.0\.scaler\.center: \S+ in the run, \S+ when trained again; and \d+ fields more$/m,
    );
    expect(out).toMatch(/^ {2}history +line 2, loss: \S+ in the run, \S+ when trained again$/m);

    const told = json<Told>((await verify(cwd, "--json")).out);
    await works(["train", "c.json", "--out", "again"], { cwd });
    const [was, is] = [loadModel(modelFile(cwd)), loadModel(modelFile(cwd, "again"))];
    const centers = [was, is].map(({ pipeline: [a] }) =>
      a?.type === "number" && "center" in a.scaler ? a.scaler.center : 0,
    );
    expect(told.model.fields[0]).toEqual({ field: "pipeline.0.scaler.center", was: centers[0], is: centers[1] });
    const last = [was, is].map(({ weights }) => weights[1]!.at(-1)!); // the bias of the last layer
    expect(told.model.tensors.at(-1)).toEqual({
      name: "members.1.layers.1.bias",
      weights: 1,
      differing: 1,
      largest: Math.abs(last[0]! - last[1]!),
    });
    const [line] = text(cwd, "r", "history.csv").split("\n").slice(1);
    const [again] = text(cwd, "again", "history.csv").split("\n").slice(1);
    expect(told.history).toEqual({ line: 2, column: "loss", was: line!.split(",")[1], is: again!.split(",")[1] });
  });

  it("finds the one weight of a model that is another, and the one cell of a history", async () => {
    const cwd = await trained();
    const model = loadModel(modelFile(cwd));
    const weights = model.weights.map((each) => each.slice());
    const before = weights[0]![3]!;
    weights[0]![3] = before + 0.5;
    saveModel(modelFile(cwd), { ...model, weights });
    const lines = text(cwd, "r", "history.csv").split("\n");
    const cut = [...lines.slice(0, 3), ""].join("\n");
    writeFileSync(join(cwd, "r", "history.csv"), cut);
    const { code, out } = await verify(cwd, "--json");
    expect(code).toBe(1);
    const size = 6 * model.network.inputs;
    const largest = Math.abs(Math.fround(before + 0.5) - before);
    expect(json(out)).toEqual({
      version: 1,
      equal: false,
      model: { fields: [], tensors: [{ name: "members.0.layers.0.weight", weights: size, differing: 1, largest }] },
      history: { line: 4, column: "epoch", was: "", is: "3" },
      data: [],
      error: { code: "check", exit: 1, message: expect.any(String), at: "r" },
    });
    expect((await verify(cwd)).out).toContain("line 4, epoch: nothing in the run, 3 when trained again");
  });

  it("finds a history that was changed, though the model is the same", async () => {
    const cwd = await trained({ epochs: 1 });
    const [header, line] = text(cwd, "r", "history.csv").split("\n");
    writeFileSync(join(cwd, "r", "history.csv"), `${header}\n${line!.replace(/^1,[^,]*/, "1,0.5")}\n`);
    const { code, out } = await verify(cwd, "--json");
    expect(code).toBe(1);
    expect(json(out)).toMatchObject({
      equal: false,
      model: { fields: [], tensors: [] },
      history: { line: 2, column: "loss", was: "0.5", is: line!.split(",")[1] },
    });
  });

  it("wants the model that a run began with, and with it gives the same bytes", async () => {
    const cwd = await trained();
    await works(["train", "c.json", "--out", "more", "--continue-from", "r"], { cwd });
    const refused = await nnfit(["verify", "more"], { cwd });
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining("--continue-from MODEL") });
    expect((await nnfit(["verify", "more", "--continue-from", "r"], { cwd })).code).toBe(0);
    expect((await nnfit(["verify", "more", "--continue-from", "more"], { cwd })).code).toBe(1);
  });

  it("refuses what it can't train again, by the kind of the fault", async () => {
    const cwd = await trained();
    const refused = async (code: number, message: string) => {
      const { code: had, err, out } = await verify(cwd);
      expect([had, out]).toEqual([code, ""]);
      expect(err).toContain(message);
    };
    put(cwd, { "r/run.lock": "" });
    await refused(5, "the run is unfinished");
    const stopped = text(cwd, "r", "events.ndjson").replace('"status":"done"', '"status":"stopped"');
    rmSync(join(cwd, "r", "run.lock"));
    put(cwd, { "r/events.ndjson": stopped });
    await refused(5, "the run is unfinished: it was stopped");
    const failed = text(cwd, "r", "events.ndjson").replace(
      /.*"event":"end".*\n$/,
      '{"event":"end","status":"failed"}\n',
    );
    put(cwd, { "r/events.ndjson": failed });
    await refused(5, "the last training in this folder has not written a model");
    const good = await trained();
    put(cwd, { "folds/folds.csv": "", "folds/config.json": "{}" });
    const folds = await nnfit(["verify", "folds"], { cwd });
    expect(folds).toMatchObject({ code: 2, err: expect.stringContaining("a cross-validation") });
    const none = await nnfit(["verify", "c.json"], { cwd });
    expect(none).toMatchObject({ code: 2, err: expect.stringContaining("not a run folder") });

    const resolved = text(good, "r", "config.json");
    put(good, { "r/config.json": resolved.replace('"backend": "wasm"', '"backend": "blas"') });
    const blas = await verify(good);
    expect(blas).toMatchObject({ code: 2, err: expect.stringContaining("trained with BLAS") });
    put(good, { "r/config.json": resolved.replace("t.csv", "gone.csv") });
    const gone = await verify(good);
    expect(gone).toMatchObject({
      code: 5,
      err: expect.stringMatching(
        /can't read the table: there is no such file\n.*gone\.csv\n.* {2}try {3}data\.train and data\.validation in r[/\\]config\.json, if/,
      ),
    });
    put(good, { "r/config.json": resolved });
    turn(modelFile(good), 2000);
    const of = await trained();
    const { tensors, text: description } = decodeSafetensors(readFileSync(modelFile(of)), "r");
    const older = description.replace(`"nnfit":"${version}"`, '"nnfit":"0.0.1"');
    writeFileSync(modelFile(of), encodeSafetensors(tensors, older));
    const other = await verify(of);
    expect(other).toMatchObject({ code: 6, err: expect.stringContaining("another version of nnfit") });
    expect(other.err).toContain("nnfit 0.0.1");

    const damaged = await verify(good);
    expect(damaged).toMatchObject({ code: 6, err: expect.stringContaining("its checksum does not match") });
  });
});
