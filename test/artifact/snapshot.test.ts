import { describe, expect, it } from "vitest";
import { decodeSnapshot, encodeSnapshot, snapshotSchema } from "../../src/artifact/snapshot.js";
import type { MemberState } from "../../src/train/member.js";
import type { Snapshot } from "../../src/train/reports.js";

const reports = [3, 2, 2, 4].map((mae, index) => ({
  epoch: index + 1,
  loss: 1 / (index + 1),
  validation: { loss: 2 * mae, scores: { mae } },
}));
const state: MemberState = {
  last: { kind: "update", epoch: 4, batch: 2, total: 0.5, loss: Number.NaN },
  weights: Float32Array.of(1, 2, 3),
  optimizer: { t: 8, slots: { m: Float32Array.of(4, 5, 6) } },
  rates: {},
  random: { batches: [1, 2, 3, 4], dropout: [5, 6, 7, 8] },
  latest: { report: reports[3]!, weights: Float32Array.of(7, 8, 9) },
  kept: { report: reports[2]!, weights: Float32Array.of(10, 11, 12) },
  improvedEpoch: 2,
  diverged: false,
};
const snapshot: Snapshot = { members: [{ state, reports }] };
const { text, tensors } = encodeSnapshot(snapshot);
const decoded = (changes: object = {}, arrays = tensors) => {
  const [member] = text.members;
  const changed = { ...text, members: [{ ...member, ...changes }] };
  return decodeSnapshot(snapshotSchema.parse(JSON.parse(JSON.stringify(changed))), arrays, 3);
};

describe("the snapshot of a training", () => {
  it("is read as it was, with the epoch that was as good as the best and the one that was better than all before it", () => {
    expect(decoded()).toEqual(snapshot);
  });

  it("is none where text and tensors don't fit each other", () => {
    expect(decoded({ keptEpoch: 5 })).toBeUndefined();
    expect(decoded({ improvedEpoch: 4 })).toBeUndefined();
    expect(decoded({ latestEpoch: 5 })).toBeUndefined();
    expect(decoded({ slots: ["m", "v"] })).toBeUndefined();
    expect(decoded({}, [...tensors, { name: "more", shape: [3], data: Float32Array.of(0, 0, 0) }])).toBeUndefined();
    const short = tensors.map((tensor) => ({ ...tensor, shape: [2], data: tensor.data.slice(0, 2) }));
    expect(decoded({}, short)).toBeUndefined();
  });
});
