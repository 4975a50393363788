import { expect, it, onTestFinished } from "vitest";
import { FoldsSession } from "../../src/cli/foldsSession.js";
import type { Config } from "../../src/config/schema.js";
import { modelOptions } from "../../src/model/options.js";
import { trainingOptions } from "../../src/train/options.js";
import { prepare } from "../../src/train/prepare.js";
import type { Snapshot } from "../../src/train/reports.js";
import { findTask } from "../../src/train/task.js";
import { engineFor, train } from "../../src/train/train.js";
import { scaleOptions } from "../../src/transform/options.js";
import { columns } from "../data/source.js";
import { dataSettings } from "../train/settings.js";
import { folder } from "./nnfit.js";

it("a signal while a fold is saved ends the folds then, but not after the last one", async () => {
  const options = {
    data: dataSettings(),
    scale: scaleOptions.parse({}),
    model: modelOptions.parse({ hidden: [2] }),
    training: trainingOptions.parse({ epochs: 1 }),
  };
  const task = findTask(columns({ x: [1, 2, 3, 4, 5], y: [1, 4, 9, 16, 25] }), options.data, "auto");
  const prepared = await prepare(task, options, () => Promise.reject(new Error("no validation table is named")));
  const ended: Snapshot[] = [];
  const keeper = { isDue: () => false, keep() {}, ended: (snapshot: Snapshot) => void ended.push(snapshot) };
  await train(prepared, await engineFor(prepared, { threads: 1 }), { progress() {}, report() {} }, keeper);

  const config = { ...options, output: folder() } as unknown as Config; // no more of it is looked at
  const words = ["train", "c.json", "--folds", "3"];
  const session = new FoldsSession({ config, text: "{}", folder: "r", folds: 3, keep: false, resume: false, words });
  onTestFinished(() => session.close());
  const end = (number: number) => {
    const fold = { number, learning: new Uint32Array(), test: new Uint32Array() };
    session.open(fold, prepared).ended?.(ended[0]!);
  };
  end(0);
  process.emit("SIGHUP", "SIGHUP");
  expect(() => end(1)).toThrow(
    expect.objectContaining({ signal: "SIGHUP", after: "2 of 3 folds", checkpoint: "r/folds" }),
  );
  end(2);
});
