import { expect, it } from "vitest";
import type { FinishedJob } from "../../src/search/trials.js";
import { Twins } from "../../src/search/twins.js";

it("trials of the same values are trained once for each share of the epochs, and stay trials of their own", async () => {
  const values = { "model.dropout": 0.1 };
  const outcome = { values, epochs: 5, keptEpoch: 4, stopped: "all epochs done", loss: 0.5, scores: {} } as const;
  const earlier: FinishedJob = { trial: 0, share: 1, seconds: 7, ...outcome };
  const twins = new Twins([earlier]);
  const trained: object[] = [];
  const train = (trial: number, share: number, of: object = values) =>
    twins.train({ trial, share }, { ...of }, async () => {
      trained.push({ trial, share });
      return { trial, share, seconds: 3, ...outcome };
    });
  expect(await train(4, 1)).toEqual({ ...earlier, trial: 4, seconds: 0 });
  const [first, second] = await Promise.all([train(5, 1 / 3), train(6, 1 / 3)]);
  expect([first?.seconds, second?.seconds, second?.trial]).toEqual([3, 0, 6]);
  await train(7, 1, { "model.dropout": 0.2 });
  expect(trained).toEqual([
    { trial: 5, share: 1 / 3 },
    { trial: 7, share: 1 },
  ]);
});
