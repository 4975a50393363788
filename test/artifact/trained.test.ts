import { expect, it } from "vitest";
import { modelOf, modelSoFar } from "../../src/artifact/trained.js";
import { modelOptions } from "../../src/model/options.js";
import { baselinesOf } from "../../src/train/compare.js";
import type { MemberState } from "../../src/train/member.js";
import { trainingOptions } from "../../src/train/options.js";
import { prepare } from "../../src/train/prepare.js";
import { findTask } from "../../src/train/task.js";
import { engineFor, train } from "../../src/train/train.js";
import { scaleOptions } from "../../src/transform/options.js";
import { columns } from "../data/source.js";
import { dataSettings } from "../train/settings.js";

const x = Array.from({ length: 30 }, (_, i) => (i * 7) % 30);
const prepared = (model: object) =>
  prepare(
    findTask(columns({ x, y: x.map((value) => value ** 2) }), dataSettings(), "auto"),
    {
      data: dataSettings({ validation: 0.34 }),
      scale: scaleOptions.parse({}),
      model: modelOptions.parse(model),
      training: trainingOptions.parse({ epochs: 2, batchSize: 8 }),
    },
    () => Promise.reject(new Error("no validation table is named")),
  );

it("the model of several networks has the mean of their training losses, and says how many rows some of them learned from", async () => {
  const ready = await prepared({ hidden: [4], members: 3 });
  const outcome = await train(ready, await engineFor(ready, { threads: 1 }), { progress() {}, report() {} });
  const { training, members } = modelOf(ready, outcome, baselinesOf(ready, outcome).learned, dataSettings());
  const [a, b, c] = outcome.members.map(({ loss }) => loss);
  expect(training.loss).toBeCloseTo((a! + b! + c!) / 3, 12);
  expect(training).toMatchObject({ trainingRows: 30, validationRows: 30, judgedLoss: outcome.judgement.loss });
  expect(members).toBe(3);
});

it("before the first epoch is done, a checkpoint predicts with the latest weights, if these are finite", async () => {
  const ready = await prepared({ hidden: [] });
  const begun = { report: { epoch: 0, loss: Number.NaN, validation: undefined }, weights: Float32Array.of(0.5, 0.25) };
  const weightsAfter = (...weights: number[]) => {
    const state = { weights: Float32Array.from(weights), kept: begun, latest: begun } as unknown as MemberState;
    return [...modelSoFar(ready, { members: [{ state, reports: [] }] }, dataSettings()).weights[0]!];
  };
  expect(weightsAfter(2, 3)).toEqual([2, 3]);
  expect(weightsAfter(2, Number.POSITIVE_INFINITY)).toEqual([0.5, 0.25]);
});
