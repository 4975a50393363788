import { expect, it } from "vitest";
import { Memory } from "../../src/engine/memory.js";
import { modelOptions } from "../../src/model/options.js";
import type { EpochReport } from "../../src/train/bestEpoch.js";
import { type HandedOver, type MemberEvent, trainInTurn } from "../../src/train/interleave.js";
import type { MemberOutcome } from "../../src/train/member.js";
import { trainingOptions } from "../../src/train/options.js";
import { type Prepared, prepare } from "../../src/train/prepare.js";
import type { Snapshot } from "../../src/train/reports.js";
import { findTask } from "../../src/train/task.js";
import { type Engine, type Keeper, train } from "../../src/train/train.js";
import { scaleOptions } from "../../src/transform/options.js";
import { columns } from "../data/source.js";
import { dataSettings } from "./settings.js";

const rows = 40;
const x = Array.from({ length: rows }, (_, i) => ((i * 37) % rows) / 10);
const table = columns({ x, y: x.map((value) => Math.sin(value)) });

/** Ensembles whose members have much or little to do, as they stop early. */
const prepared = (members: number, training: object): Promise<Prepared> =>
  prepare(
    findTask(table, dataSettings(), "auto"),
    {
      data: dataSettings(),
      scale: scaleOptions.parse({}),
      model: modelOptions.parse({ hidden: [16, 8], dropout: 0.2, members }),
      training: trainingOptions.parse({ batchSize: 4, optimizer: "adam", ...training }),
    },
    () => Promise.reject(new Error("no validation table is named")),
  );

const onOneThread: Engine = { workers: 0, engineThreads: 1, blas: undefined };

async function trained(ready: Prepared, engine: Engine, keeper?: Keeper) {
  const reports: EpochReport[] = [];
  const watcher = { progress() {}, report: (report: EpochReport) => void reports.push(report) };
  return { outcome: await train(ready, engine, watcher, keeper), reports };
}

it("a member that is given away in the middle goes on elsewhere to the same weights", async () => {
  const ready = await prepared(3, { epochs: 9 });
  const outcomes = new Map<number, MemberOutcome>();
  const note = (event: MemberEvent) => {
    if (event.kind === "outcome") outcomes.set(event.member, event.outcome);
  };
  const giver = trainInTurn(new Memory(), ready, ready.members);
  const given: HandedOver[] = [];
  let events = 0;
  for (const event of giver.events) {
    note(event);
    if (++events % 50 === 0) given.push(...[giver.give() ?? []].flat());
  }
  expect(given).toHaveLength(2);
  expect([...outcomes.keys()]).toHaveLength(1); // a last one is not given away
  for (const { member, state } of given) {
    const taker = trainInTurn(new Memory(), ready, [member], new Map([[member.number, state]]));
    for (const event of taker.events) note(event);
  }
  const { outcome } = await trained(ready, onOneThread);
  expect(ready.members.map(({ number }) => outcomes.get(number))).toEqual(outcome.members);
});

it.each([
  [5, 2],
  [7, 3],
  [5, 4],
])("%i members end the same on %i threads that take members over whenever they can", async (members, workers) => {
  const ready = await prepared(members, { epochs: 150, patience: 25 });
  const whole = await trained(ready, onOneThread);
  const eager = { ...onOneThread, workers, handOverSeconds: 0 };
  expect(await trained(ready, eager)).toEqual(whole);

  const snapshots: Snapshot[] = [];
  const keeper = { isDue: () => true, keep: (snapshot: Snapshot) => void snapshots.push(snapshot) };
  expect(await trained(ready, eager, keeper)).toEqual(whole);
  // how many there are in one training is up to the machine, as is who trains whom
  for (let more = 0; more < 4 && snapshots.length <= 3; more++)
    expect(await trained(ready, eager, keeper)).toEqual(whole);
  expect(snapshots.length).toBeGreaterThan(3);
  const middle = structuredClone(snapshots[snapshots.length >> 1]!);
  const { outcome } = whole;
  expect(
    await train(ready, eager, { progress() {}, report() {} }, { from: middle, isDue: () => false, keep() {} }),
  ).toEqual(outcome);
});

it("a member that had diverged when it was interrupted is given away as diverged, though its turn has not come", async () => {
  const ready = await prepared(2, { epochs: 3 });
  const begun = trainInTurn(new Memory(), ready, ready.members);
  begun.events.next();
  const state = { ...begun.states().get(1)!, diverged: true };
  const resumed = trainInTurn(new Memory(), ready, ready.members, new Map([[1, state]]));
  resumed.events.next(); // the other one's turn
  expect(resumed.states().get(1)!.diverged).toBe(true);
  expect(resumed.give()!.state.diverged).toBe(true);
});
