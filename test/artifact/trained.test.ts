import { expect, it } from "vitest";
import { modelOf } from "../../src/artifact/trained.js";
import { modelOptions } from "../../src/model/options.js";
import { baselinesOf } from "../../src/train/compare.js";
import { trainingOptions } from "../../src/train/options.js";
import { prepare } from "../../src/train/prepare.js";
import { findTask } from "../../src/train/task.js";
import { engineFor, train } from "../../src/train/train.js";
import { scaleOptions } from "../../src/transform/options.js";
import { columns } from "../data/source.js";
import { dataSettings } from "../train/settings.js";

it("the model of several networks has the mean of their training losses, and says how many rows some of them learned from", async () => {
  const x = Array.from({ length: 30 }, (_, i) => (i * 7) % 30);
  const prepared = await prepare(
    findTask(columns({ x, y: x.map((value) => value ** 2) }), dataSettings(), "auto"),
    {
      data: dataSettings({ validation: 0.34 }),
      scale: scaleOptions.parse({}),
      model: modelOptions.parse({ hidden: [4], members: 3 }),
      training: trainingOptions.parse({ epochs: 2, batchSize: 8 }),
    },
    () => Promise.reject(new Error("no validation table is named")),
  );
  const outcome = await train(prepared, await engineFor(prepared, { threads: 1 }), { progress() {}, report() {} });
  const { training, members } = modelOf(prepared, outcome, baselinesOf(prepared, outcome).learned, dataSettings());
  const [a, b, c] = outcome.members.map(({ loss }) => loss);
  expect(training.loss).toBeCloseTo((a! + b! + c!) / 3, 12);
  expect(training).toMatchObject({ trainingRows: 30, validationRows: 30, judgedLoss: outcome.judgement.loss });
  expect(members).toBe(3);
});
