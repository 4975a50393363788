import { expect, it } from "vitest";
import { together } from "../../src/train/ends.js";

it("several trainings end as the longest, keep the latest epoch, and diverged if one did", () => {
  const ends = [
    { epochs: 9, keptEpoch: 2, stopped: "patience" },
    { epochs: 30, keptEpoch: 4, stopped: "all epochs done" },
    { epochs: 12, keptEpoch: 12, stopped: "diverged" },
  ] as const;
  expect(together(ends)).toEqual({ epochs: 30, keptEpoch: 12, stopped: "diverged" });
  expect(together(ends.slice(0, 2)).stopped).toBe("all epochs done");
});
