import { describe, expect, it } from "vitest";
import type { Table } from "../../src/data/table.js";
import { Memory } from "../../src/engine/memory.js";
import { modelOptions } from "../../src/model/options.js";
import type { Autopsy } from "../../src/train/autopsy.js";
import { datasetOf, type MemberOutcome, MemberTraining } from "../../src/train/member.js";
import { trainingOptions } from "../../src/train/options.js";
import { type Prepared, prepare } from "../../src/train/prepare.js";
import { findTask } from "../../src/train/task.js";
import { engineFor, train } from "../../src/train/train.js";
import { scaleOptions } from "../../src/transform/options.js";
import { columns } from "../data/source.js";
import { dataSettings } from "./settings.js";

const rows = 60;
const WILD = 33;
const wave = Array.from({ length: rows }, (_, i) => ((i * 37) % rows) / rows - 0.5);
const swapped = (values: readonly number[], value: number) => values.map((x, row) => (row === WILD ? value : x));
const words = wave.map((_, row) => ["a", "b", "c"][row % 3]);
/** A table with columns of other values where they are given. */
const tableOf = (changes: Record<string, number[]> = {}) =>
  columns({ x: wave, word: words, z: wave.map((v) => v * v), y: wave.map((v) => v / 2), ...changes });

interface Options {
  scale?: object;
  model?: object;
  training?: object;
  validation?: number;
}

const prepared = (table: Table, { scale = {}, model = {}, training = {}, validation = 0 }: Options) =>
  prepare(
    findTask(table, dataSettings(), "auto"),
    {
      data: dataSettings({ validation }),
      scale: scaleOptions.parse(scale),
      model: modelOptions.parse({ hidden: [8], activation: "relu", ...model }),
      training: trainingOptions.parse({ epochs: 40, batchSize: 4, optimizer: "sgd", ...training }),
    },
    () => Promise.reject(new Error("no validation table is named")),
  );

async function membersOf(ready: Prepared, threads = 1): Promise<readonly MemberOutcome[]> {
  const engine = await engineFor(ready, { threads });
  return (await train(ready, engine, { progress() {}, report() {} })).members;
}

async function autopsied(table: Table, options: Options): Promise<MemberOutcome & { autopsy: Autopsy }> {
  const [member] = await membersOf(await prepared(table, options));
  if (!member?.autopsy) throw new Error("it did not diverge");
  return { ...member, autopsy: member.autopsy };
}

const sgd = (learningRate: number) => ({ name: "sgd", learningRate });
const unscaled = { inputs: "none", target: "none" };
const norm = (values: Iterable<number>) => Math.sqrt([...values].reduce((sum, value) => sum + value * value, 0));

describe("the autopsy of a training that diverged", () => {
  it("is not made of one that did not", async () => {
    const [member] = await membersOf(await prepared(tableOf(), {}));
    expect(member?.stopped).toBe("all epochs done");
    expect(member?.autopsy).toBeUndefined();
  });

  it("has the rows of the very batch, in its order", async () => {
    // (10³⁰)² is beyond float32: the batch that has the row fails at once, and no other one does
    const table = tableOf({ y: swapped(wave, 1e30) });
    const { diverged, autopsy } = await autopsied(table, { scale: unscaled, training: { optimizer: sgd(1e-9) } });
    expect(diverged).toMatchObject({ epoch: 1 });
    expect(autopsy.found).toBe("batch");
    expect(autopsy.rows).toHaveLength(4);
    expect(autopsy.rows).toContain(WILD);
    expect(autopsy.target).toMatchObject({
      column: 0,
      row: WILD,
      value: Math.fround(1e30),
      isInRows: true,
      far: 1 / 60,
    });
    const inOrder = await autopsied(table, { scale: unscaled, training: { shuffle: false, optimizer: sgd(1e-9) } });
    expect(inOrder.diverged).toMatchObject({ epoch: 1, batch: 9 });
    expect([...inOrder.autopsy.rows]).toEqual([32, 33, 34, 35]);
  });

  it("finds the wild cell among unscaled inputs, also when a later batch fails, and counts no codes", async () => {
    const table = tableOf({ z: swapped(wave, -1e6) });
    const { autopsy } = await autopsied(table, { scale: unscaled, training: { shuffle: false } });
    expect(autopsy.input).toMatchObject({ column: 2, row: WILD, value: -1e6, far: 1 / 60 });
    expect(autopsy.input?.isInRows).toBe(autopsy.rows.includes(WILD));
    const codes = await autopsied(tableOf({ x: wave.map((v) => v / 100), z: wave.map((v) => v / 100) }), {
      scale: unscaled,
      training: { optimizer: sgd(1e20) },
    });
    expect(codes.autopsy.input?.value).toBeLessThan(0.01); // the codes are up to 2
  });

  it("does not blame a row that no batch has had yet", async () => {
    const table = tableOf({ z: swapped(wave, 1e6), y: wave.map((v, row) => (row === 1 ? 1e30 : v)) });
    const { diverged, autopsy } = await autopsied(table, { scale: unscaled, training: { shuffle: false } });
    expect(diverged).toMatchObject({ epoch: 1, batch: 1 });
    expect([...autopsy.rows]).toEqual([0, 1, 2, 3]);
    expect(autopsy.input?.row).toBeLessThan(4);
    expect(autopsy.target).toMatchObject({ row: 1, isInRows: true });
  });

  it("measures each tensor's gradient and weights where they were finite last, as the formulas have them", async () => {
    const { autopsy, weights, ...rest } = await autopsied(
      columns({ x: wave, z: wave.map((v) => v * v), y: wave.map((v) => 3 * v + 1) }),
      { model: { hidden: [] }, training: { batchSize: "full", optimizer: sgd(1e39) } },
    );
    expect(rest.keptEpoch).toBe(0);
    expect(autopsy.goodEpoch).toBe(0);
    const { rows } = await prepared(columns({ x: wave, z: wave.map((v) => v * v), y: wave.map((v) => 3 * v + 1) }), {});
    const [u, v, b] = [...weights] as [number, number, number]; // two inputs and a bias
    const gradient = [0, 0, 0]; // 2/m·Σ (ŷ − y)·(x, z, 1)
    for (let row = 0; row < rows.size; row++) {
      const [x, z] = [rows.X[2 * row]!, rows.X[2 * row + 1]!];
      const error = u * x + v * z + b - rows.y[row]!;
      for (const [i, factor] of [x, z, 1].entries()) gradient[i]! += (2 / rows.size) * error * factor;
    }
    const [weight, bias] = autopsy.tensors;
    expect(weight).toMatchObject({ name: "layers.0.weight" });
    expect(bias).toMatchObject({ name: "layers.0.bias" });
    expect(weight!.gradient).toBeCloseTo(norm(gradient.slice(0, 2)), 5);
    expect(bias!.gradient).toBeCloseTo(Math.abs(gradient[2]!), 5);
    expect(weight!.before).toBeCloseTo(Math.hypot(u, v), 6);
    expect(weight!.after).not.toBeLessThan(3e38);
    expect(autopsy.input?.value).toBeLessThan(10);
  });

  it("says when rows that judge it were the first to fail", async () => {
    const table = tableOf();
    const ready = await prepared(table, { scale: unscaled, validation: 0.25, training: { optimizer: sgd(1e-9) } });
    const held = ready.members[0]!.validation;
    ready.rows.y[held[2]!] = 1e30;
    const [member] = await membersOf(ready);
    expect(member?.stopped).toBe("diverged");
    expect(member?.autopsy?.found).toBe("judging");
    expect(member?.autopsy?.rows).toEqual(held);
    expect(member?.autopsy?.target).toMatchObject({ row: held[2], isInRows: true, far: 0 });
    expect(member?.autopsy?.goodEpoch).toBe(0);
  });

  it("is the same on threads and after a resume", async () => {
    const ready = await prepared(tableOf(), {
      validation: 0.2,
      model: { members: 3, dropout: 0.2, categories: { unknown: 0.1 } },
      training: { optimizer: { name: "adam", learningRate: 1e13 } },
    });
    const here = await membersOf(ready);
    expect(here.map(({ stopped }) => stopped)).toEqual(["diverged", "diverged", "diverged"]);
    expect(new Set(here.map(({ autopsy }) => autopsy?.rows.join())).size).toBe(3);
    const there = await membersOf(ready, 3);
    expect(there.map(({ autopsy }) => autopsy)).toEqual(here.map(({ autopsy }) => autopsy));

    const memory = new Memory();
    const ofSecond = (from?: ConstructorParameters<typeof MemberTraining>[4]) =>
      new MemberTraining(memory, datasetOf(memory, ready), ready, ready.members[1]!, from);
    const training = ofSecond();
    while (!training.events.next().done);
    const resumed = ofSecond(training.state()).events.next();
    expect(resumed.done && resumed.value.autopsy).toEqual(here[1]?.autopsy);
  });
});
