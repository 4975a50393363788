import { expect, it } from "vitest";
import { choiceOf } from "../../src/train/choice.js";
import type { Prepared } from "../../src/train/prepare.js";

/** A training whose networks hold out rows; of one in `rare` the class is 1. */
function training(held: readonly number[][], { groups, rare }: { groups?: number; rare?: number } = {}): Prepared {
  const size = 10_000;
  const classes = Int32Array.from({ length: size }, (_, row) => Number(rare !== undefined && row % rare === 0));
  const truth =
    rare === undefined ? { task: "regression", values: [new Float64Array(size)] } : { task: "classification", classes };
  return {
    members: held.map((rows) => ({ validation: Uint32Array.from(rows) })),
    rows: { truth },
    target: rare === undefined ? { task: "regression" } : { task: "classification", classes: ["no", "yes"] },
    ...(groups !== undefined && { groupOf: Int32Array.from({ length: size }, (_, row) => row % groups) }),
  } as unknown as Prepared; // no more is looked at
}
const rows = (count: number) => Array.from({ length: count }, (_, i) => i);

it("goes by the network that fewest rows choose an epoch of", () => {
  expect(choiceOf(training([rows(700), rows(500), rows(600)]))).toMatchObject({ rows: 500, isFew: false });
  expect(choiceOf(training([rows(700), rows(499)]))).toMatchObject({ rows: 499, isFew: true });
});

it("by groups, where rows of one say the same", () => {
  expect(choiceOf(training([rows(2000)], { groups: 60 }))).toMatchObject({ rows: 2000, groups: 60, isFew: true });
  expect(choiceOf(training([rows(2000)], { groups: 600 }))).toMatchObject({ groups: 600, isFew: false });
});

it("by the rarer of two classes", () => {
  expect(choiceOf(training([rows(2000)], { rare: 50 }))).toMatchObject({
    rarer: { name: "yes", rows: 40 },
    isFew: true,
  });
  expect(choiceOf(training([rows(2000)], { rare: 4 }))).toMatchObject({ rarer: { rows: 500 }, isFew: false });
  expect(choiceOf(training([rows(1000)], { rare: 4 }))).toMatchObject({ rarer: { rows: 250 }, isFew: false });
  expect(choiceOf(training([rows(996)], { rare: 4 }))).toMatchObject({ rarer: { rows: 249 }, isFew: true });
});
