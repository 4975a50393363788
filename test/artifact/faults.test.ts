import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Checkpoints } from "../../src/artifact/checkpoints.js";
import { doneRun, Events, eventSchema, startEvent } from "../../src/artifact/events.js";
import { systemFiles } from "../../src/artifact/files.js";
import { RunFolder } from "../../src/artifact/folder.js";
import { foldFiles, saveFolds } from "../../src/artifact/foldFiles.js";
import { wroteItsModel } from "../../src/artifact/lastEvent.js";
import { type Checkpoint, loadCheckpoint, loadModel, type Model } from "../../src/artifact/model.js";
import { Run } from "../../src/artifact/run.js";
import { writeWhole } from "../../src/artifact/write.js";
import { NnfitError } from "../../src/errors.js";
import type { FoldResult } from "../../src/folds/crossValidation.js";
import { columns, refusal } from "../data/source.js";
import { type Fault, faults, faultyFiles } from "./faults.js";
import { smallModel } from "./model.js";

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "nnfit-faults-"));
});
afterAll(() => rmSync(root, { recursive: true }));

const NEVER = Number.POSITIVE_INFINITY;
const oldModel: Model = {
  ...smallModel,
  weights: smallModel.weights.map((ofMember) => ofMember.map((weight) => -weight)),
};
const epochs = [1, 2, 3];
const historyOf = (losses: readonly number[]) =>
  ["epoch,loss\n", ...losses.map((loss, i) => `${i + 1},${loss}\n`)].join("");
const started = { task: "regression", members: 1, trainingRows: 3, epochs: 3, data: {} } as const;
const configOf = (output: string) =>
  `${JSON.stringify({ data: {}, task: "regression", scale: {}, model: {}, training: {}, output })}\n`;

/** A whole life of a run folder: made, three epochs, a model, and events of it. */
function live(folder: string, name: string, model: Model, files = systemFiles): void {
  const run = new Run(
    folder,
    { name: "run", source: join(root, "c.json"), config: configOf(name), scores: undefined },
    files,
  );
  let events: Events | undefined;
  try {
    events = new Events(folder, "run", () => new Date(0), {}, files);
    events.add(startEvent(started));
    for (const epoch of epochs) {
      run.beat();
      run.record({ epoch, loss: name === "old" ? 1 : 2, validation: undefined });
    }
    run.save(model);
    events.add({ event: "end", status: "done", exitCode: 0, model: "run/model.safetensors" });
  } finally {
    events?.close();
    run.close();
  }
}

const old = () => join(root, "old");
beforeAll(() => {
  writeFileSync(join(root, "c.json"), "{}");
  live(old(), "old", oldModel);
});

/** The same over an old run, with faulty files. Returns the error and the operations that were done. */
function withFault(n: number, fault: Fault, forEver: boolean) {
  const folder = join(root, "new");
  rmSync(folder, { recursive: true, force: true });
  cpSync(old(), folder, { recursive: true });
  const files = faultyFiles(n, fault, forEver);
  let error: unknown;
  try {
    live(folder, "new", smallModel, files);
  } catch (thrown) {
    error = thrown;
  }
  return { folder, error, done: files.done };
}

describe("a run of which one operation on files fails", () => {
  it("does all of them where none fails", () => {
    const { folder, error, done } = withFault(NEVER, "EIO", false);
    expect(error).toBeUndefined();
    expect(new Set(done)).toEqual(
      new Set([
        ...["open", "write", "sync", "size", "close", "read", "rename", "remove", "makeFolder", "list"],
        ...["modified", "isFolder", "real"],
      ]),
    );
    expect(readdirSync(folder).sort()).toEqual(["config.json", "events.ndjson", "history.csv", "model.safetensors"]);
    expect(doneRun(folder)).toEqual({ data: {} });
    expect(wroteItsModel(folder)).toBe(true);
    expect(loadModel(join(folder, "model.safetensors")).weights).toEqual(smallModel.weights);
    expect(readFileSync(join(folder, "history.csv"), "utf8")).toBe(historyOf([2, 2, 2]));
  });

  it.each(faults.flatMap((fault) => [false, true].map((forEver) => [fault, forEver ? "for ever" : "once"] as const)))(
    "loses no model, history or config: %s, %s, for every operation",
    (fault, times) => {
      const { length } = withFault(NEVER, fault, false).done;
      expect(length).toBeGreaterThan(50);
      for (let n = 1; n <= length; n++) {
        const { folder, error, done } = withFault(n, fault, times === "for ever");
        const said = `operation ${n} (${done[n - 1]})`;
        const names = readdirSync(folder);
        const { weights } = loadModel(join(folder, "model.safetensors")); // checks the file wholly
        const isNew = weights[0]![0] === smallModel.weights[0]![0];
        expect(weights, said).toEqual(isNew ? smallModel.weights : oldModel.weights);
        const config = readFileSync(join(folder, "config.json"), "utf8");
        expect([configOf("old"), configOf("new")], said).toContain(config);
        const history = readFileSync(join(folder, "history.csv"), "utf8");
        const whole = [historyOf([1, 1, 1]), ...[0, 1, 2, 3].map((done) => historyOf(Array(done).fill(2)))];
        // a line that can't be taken back, because nothing works any more, is the only one that may be cut off
        const lines = fault === "ENOSPC" || times === "once" ? history : history.replace(/[^\n]*$/, "");
        expect(whole, said).toContain(lines);

        const isOfConfig = config === configOf(isNew ? "new" : "old");
        if (!isOfConfig) expect(wroteItsModel(folder), said).toBe(false); // so predict says whose model it is
        if (doneRun(folder)) {
          expect(isOfConfig, said).toBe(true); // or --resume would call the run complete
          expect(history, said).toBe(historyOf(isNew ? [2, 2, 2] : [1, 1, 1]));
        }
        if (error === undefined) {
          expect(isNew, said).toBe(true); // success is never claimed where the model was not written
          expect(history, said).toBe(historyOf([2, 2, 2]));
        } else {
          expect(error, said).toBeInstanceOf(NnfitError);
          expect((error as NnfitError).kind, said).toBe("files");
        }
        // what could be removed was: only where removing itself failed may something be left
        const failedToRemove = done[n - 1] === "remove" || (times === "for ever" && fault !== "ENOSPC");
        const mayStay = failedToRemove && fault !== "short write";
        if (!mayStay) {
          const left = names.filter((name) => name.endsWith(".tmp") || name.startsWith("run.lock"));
          expect(left, said).toEqual([]);
        }
      }
    },
  );
});

describe("kept folds of which one operation on files fails", () => {
  const table = columns({ y: ["yes", "no", "yes", "no"] });
  const target = { task: "classification", name: "y", type: "category", classes: ["no", "yes"], temperature: 1 };
  const resultOf = (number: number, test: number[]) => ({
    fold: { number, test: Uint32Array.from(test) },
    outcome: { target, rowCounts: {} },
    judgement: { scores: {} },
    outputs: Float32Array.of(0.25, 0.75, 0.9, 0.1),
  });
  const results = [resultOf(0, [0, 3]), resultOf(1, [1, 2])] as unknown as FoldResult[]; // nothing else is looked at
  const kept = ["config.json", "folds.csv", "model.safetensors", "out-of-fold.csv"];

  /** The same of a cross-validation whose networks are kept, over an old run. */
  function saveKept(n: number, fault: Fault, forEver: boolean) {
    const folder = join(root, "kept");
    rmSync(folder, { recursive: true, force: true });
    cpSync(old(), folder, { recursive: true });
    const files = faultyFiles(n, fault, forEver);
    const options = { name: "run", source: join(root, "c.json"), config: configOf("new") };
    let error: unknown;
    try {
      using place = new RunFolder(folder, options, foldFiles({ keep: true }), files);
      saveFolds(place, table, table, results, smallModel);
    } catch (thrown) {
      error = thrown;
    }
    return { folder, error, done: files.done };
  }

  it("leave their own files alone where none fails", () => {
    const { folder, error } = saveKept(NEVER, "EIO", false);
    expect(error).toBeUndefined();
    expect(readdirSync(folder).sort()).toEqual(kept);
    expect(wroteItsModel(folder)).toBe(true);
  });

  it.each(
    (["EIO", "ENOSPC"] as const).flatMap((fault) =>
      [false, true].map((forEver) => [fault, forEver ? "for ever" : "once"] as const),
    ),
  )(
    "leave the model and history there were, or theirs, and whose model it is can be told: %s, %s, for every operation",
    (fault, times) => {
      const { length } = saveKept(NEVER, fault, false).done;
      for (let n = 1; n <= length; n++) {
        const { folder, error, done } = saveKept(n, fault, times === "for ever");
        const said = `operation ${n} (${done[n - 1]})`;
        const { weights } = loadModel(join(folder, "model.safetensors"));
        const isNew = weights[0]![0] === smallModel.weights[0]![0];
        const isOfConfig = readFileSync(join(folder, "config.json"), "utf8") === configOf(isNew ? "new" : "old");
        if (!isOfConfig) expect(wroteItsModel(folder), said).toBe(false);
        if (doneRun(folder)) expect([isNew, isOfConfig], said).toEqual([false, true]);
        if (!isNew) expect(readFileSync(join(folder, "history.csv"), "utf8"), said).toBe(historyOf([1, 1, 1]));
        if (error === undefined) expect(isNew, said).toBe(true);
        else expect(error, said).toMatchObject({ name: "NnfitError", kind: "files" });
      }
    },
  );
});

describe("checkpoints and events of which one operation on files fails", () => {
  const NAME = "run";
  const checkpointOf = (epoch: number): Checkpoint => {
    const weights = smallModel.weights[0]!.map((weight) => weight + epoch);
    const reports = Array.from({ length: epoch }, (_, i) => ({
      epoch: i + 1,
      loss: 1 / (i + 1),
      validation: undefined,
    }));
    const candidate = { report: reports.at(-1)!, weights };
    const state = {
      last: { kind: "update" as const, epoch, batch: 1, total: 1, loss: 1 },
      weights,
      optimizer: { t: epoch, slots: {} },
      rates: {},
      random: { batches: [1, 2, 3, 4], dropout: [5, 6, 7, 8] },
      latest: candidate,
      kept: candidate,
      improvedEpoch: candidate.report.epoch,
      diverged: false,
    };
    const model = { ...smallModel, weights: [weights] };
    return { model, snapshot: { members: [{ state, reports }] }, config: {}, data: {} };
  };
  const epochOf = (folder: string) => new Checkpoints(folder, NAME).newest()!.snapshot.members[0]!.reports.length;
  const now = () => new Date(0);
  const LAST = 4;

  /** A training that goes on after epoch 1, for three epochs with a checkpoint each. The last that was said to be written. */
  function goOn(folder: string, files = systemFiles) {
    const told = { checkpoint: 1, error: undefined as unknown };
    try {
      const checkpoints = new Checkpoints(folder, NAME, files);
      checkpoints.tidy();
      const events = new Events(folder, NAME, now, {}, files);
      try {
        for (let epoch = 2; epoch <= LAST; epoch++) {
          const file = checkpoints.write(checkpointOf(epoch));
          told.checkpoint = epoch;
          events.add({ event: "checkpoint", file, epoch });
        }
      } finally {
        events.close();
      }
    } catch (error) {
      told.error = error;
    }
    return told;
  }

  function withFault(n: number, fault: Fault, forEver: boolean) {
    const folder = join(root, "going-on");
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    new Checkpoints(folder, NAME).write(checkpointOf(1));
    writeFileSync(join(folder, "checkpoints", "000002.safetensors.7.tmp"), "half");
    const files = faultyFiles(n, fault, forEver);
    return { folder, ...goOn(folder, files), done: files.done };
  }

  it.each(faults.flatMap((fault) => [false, true].map((forEver) => [fault, forEver ? "for ever" : "once"] as const)))(
    "leave the last good checkpoint, and lines that are whole: %s, %s, for every operation",
    (fault, times) => {
      const { done, error } = withFault(NEVER, fault, false);
      expect(error).toBeUndefined();
      expect(done.length).toBeGreaterThan(30);
      for (let n = 1; n <= done.length; n++) {
        const { folder, checkpoint, error, done } = withFault(n, fault, times === "for ever");
        const said = `operation ${n} (${done[n - 1]})`;
        const epoch = epochOf(folder); // reads it wholly, and would pass over none that is damaged
        expect(epoch, said).toBeGreaterThanOrEqual(checkpoint); // one that was said to be written is there
        expect(epoch, said).toBeLessThanOrEqual(error === undefined ? LAST : checkpoint + 1);
        const names = readdirSync(join(folder, "checkpoints"));
        for (const name of names.filter((name) => name.endsWith(".safetensors")))
          expect(() => loadCheckpoint(join(folder, "checkpoints", name)), said).not.toThrow();
        if (error === undefined) {
          expect(checkpoint, said).toBe(LAST);
        } else {
          expect(error, said).toBeInstanceOf(NnfitError);
          expect((error as NnfitError).kind, said).toBe("files");
        }

        const path = join(folder, "events.ndjson");
        const text = existsSync(path) ? readFileSync(path, "utf8") : "";
        const mayBeCut = times === "for ever" && fault !== "ENOSPC"; // what can't be taken back, because nothing works any more
        const lines = text.split("\n");
        const rest = lines.pop()!;
        if (!mayBeCut) expect(rest, said).toBe("");
        for (const line of lines) expect(eventSchema.parse(JSON.parse(line)), said).toMatchObject({ version: 1 });
        const failedToRemove = done[n - 1] === "remove" || done[n - 1] === "list" || mayBeCut;
        if (!failedToRemove || fault === "short write")
          expect(
            names.filter((name) => name.endsWith(".tmp")),
            said,
          ).toEqual([]);
        // from what is left, another process goes on to the end
        expect(goOn(folder), said).toMatchObject({ checkpoint: LAST, error: undefined });
        expect(epochOf(folder), said).toBe(LAST);
      }
    },
  );
});

describe("a file that is written whole", () => {
  const path = () => join(root, "whole.bin");
  const before = Buffer.from("before");
  const after = Buffer.from("after, and longer");
  const write = (n: number, fault: Fault, forEver: boolean) => {
    writeFileSync(path(), before);
    const files = faultyFiles(n, fault, forEver);
    let failed = false;
    try {
      writeWhole(path(), after, files);
    } catch {
      failed = true;
    }
    return { failed, bytes: readFileSync(path()), done: files.done };
  };

  it("on a full disk is an error that says what to do, by the name that people know", async () => {
    const full = faultyFiles(3, "ENOSPC", true);
    const error = await refusal(() => writeWhole(path(), after, full, "runs/c/whole.bin"));
    expect(error).toMatchObject({
      kind: "files",
      message: "can't write the file: the disk is full",
      details: { at: "runs/c/whole.bin", try: "freeing space on that disk" },
    });
  });

  it("is made in this order: exclusively, to its last byte, flushed, read back, renamed, its folder flushed", () => {
    const flushedFolder = process.platform === "win32" ? [] : ["open", "sync", "close"];
    expect(write(NEVER, "EIO", false).done).toEqual([
      ...["remove", "open", "write", "sync", "close", "read", "rename"],
      ...flushedFolder,
    ]);
  });

  it("has the old bytes or the new ones, and only the new ones where no error was told", () => {
    for (const fault of faults) {
      for (const forEver of [false, true]) {
        for (let n = 1; n <= 10; n++) {
          const { failed, bytes } = write(n, fault, forEver);
          const isNew = bytes.equals(after);
          expect(isNew || bytes.equals(before), `${fault} at ${n}`).toBe(true);
          expect(isNew || failed, `${fault} at ${n}`).toBe(true);
        }
      }
    }
  });

  it("is written on where the disk takes a part of the bytes, and refused where it takes none", () => {
    expect(write(3, "short write", false)).toMatchObject({ failed: false, bytes: after });
    expect(write(3, "short write", true)).toMatchObject({ failed: true, bytes: before });
  });

  it("is refused where the disk gives back other bytes", () => {
    writeFileSync(path(), before);
    const lying = { ...systemFiles, read: (path: string) => Buffer.concat([systemFiles.read(path), Buffer.of(0)]) };
    expect(() => writeWhole(path(), after, lying)).toThrow("different bytes");
    expect(readFileSync(path()).equals(before)).toBe(true);
  });

  it("is written where a folder can't be flushed at all", () => {
    writeFileSync(path(), before);
    let syncs = 0;
    const unable = {
      ...systemFiles,
      sync(file: number) {
        if (++syncs === 2) throw Object.assign(new Error("invalid argument"), { code: "EINVAL" });
        systemFiles.sync(file);
      },
    };
    writeWhole(path(), after, unable);
    expect(readFileSync(path()).equals(after)).toBe(true);
    expect(readdirSync(root).filter((name) => name.startsWith("whole"))).toEqual(["whole.bin"]);
  });
});

it("a new run removes the temporary files of killed ones, and nobody else's", () => {
  const folder = join(root, "swept");
  cpSync(old(), folder, { recursive: true });
  for (const name of ["model.safetensors.123.tmp", "config.json.7.tmp", "history.csv.9.tmp"]) {
    writeFileSync(join(folder, name), "half");
  }
  for (const name of ["predictions.csv.5.tmp", "model.safetensors.old.tmp"])
    writeFileSync(join(folder, name), "not ours");
  live(folder, "new", smallModel);
  expect(readdirSync(folder).sort()).toEqual([
    ...["config.json", "events.ndjson", "history.csv"],
    ...["model.safetensors", "model.safetensors.old.tmp", "predictions.csv.5.tmp"],
  ]);
});
