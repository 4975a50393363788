import * as z from "zod";
import type { Candidate, EpochReport } from "../train/bestEpoch.js";
import type { MemberState } from "../train/member.js";
import { type RatesState, rateNames } from "../train/pace.js";
import type { Snapshot } from "../train/reports.js";
import type { Tensor } from "./safetensors.js";

/** JSON has no NaN and no infinities. */
const anyNumber = z.union([z.number(), z.enum(["NaN", "Infinity", "-Infinity"])]);
const written = (value: number) => (Number.isFinite(value) ? value : (String(value) as "NaN")); // or an infinity

const generator = z.array(z.int()).length(4);
const memberSchema = z.strictObject({
  last: z.strictObject({ epoch: z.int().min(1), batch: z.int().min(1), total: anyNumber, loss: anyNumber }).optional(),
  /** of the optimizer */
  t: z.int().min(0),
  slots: z.array(z.string()),
  /** of the rates that go by the losses */
  rates: z.partialRecord(
    z.enum(rateNames),
    z.strictObject({ rate: z.number(), best: z.number().nullable(), waited: z.int().min(0) }),
  ),
  random: z.strictObject({ batches: generator, dropout: generator }),
  latestEpoch: z.int().min(0),
  keptEpoch: z.int().min(0),
  improvedEpoch: z.int().min(0),
  diverged: z.boolean(),
  /** of each epoch the loss, and where rows are held out their loss and scores */
  reports: z.array(z.array(anyNumber).min(1)),
});

/** All of a snapshot but the tensors. */
export const snapshotSchema = z.strictObject({
  /** names of those in the reports */
  scores: z.array(z.string()),
  members: z.array(memberSchema).min(1),
});
export type SnapshotText = z.output<typeof snapshotSchema>;

/** A snapshot as JSON and tensors; these are named `checkpoint.0.weights`, `checkpoint.0.kept`, … */
export function encodeSnapshot({ members }: Snapshot): { text: SnapshotText; tensors: Tensor[] } {
  const judged = members.flatMap(({ reports }) => reports).find(({ validation }) => validation);
  const scores = Object.keys(judged?.validation?.scores ?? {});
  return {
    text: {
      scores,
      members: members.map(({ state, reports }) => ({
        ...(state.last ? { last: lastOf(state.last) } : {}),
        t: state.optimizer.t,
        slots: Object.keys(state.optimizer.slots),
        rates: state.rates,
        random: { batches: [...state.random.batches], dropout: [...state.random.dropout] },
        latestEpoch: state.latest.report.epoch,
        keptEpoch: state.kept.report.epoch,
        improvedEpoch: state.improvedEpoch,
        diverged: state.diverged,
        reports: reports.map((report) => numbersOf(report, scores).map(written)),
      })),
    },
    tensors: members.flatMap(({ state }, member) =>
      Object.entries(arraysOf(state)).map(([name, data]) => ({
        name: `${SNAPSHOT_TENSORS}${member}.${name}`,
        shape: [data.length],
        data,
      })),
    ),
  };
}

/** What the names of a snapshot's tensors begin with. */
export const SNAPSHOT_TENSORS = "checkpoint.";

/** The reverse; undefined where text and tensors don't fit each other. `size` is how many weights a member has. */
export function decodeSnapshot(
  { scores, members }: SnapshotText,
  tensors: readonly Tensor[],
  size: number,
): Snapshot | undefined {
  const found = new Map(tensors.map(({ name, data }) => [name, data]));
  const decoded = members.map((text, member) => {
    const array = (name: string) => found.get(`${SNAPSHOT_TENSORS}${member}.${name}`) ?? new Float32Array(0);
    const reports = text.reports.map((numbers, index) => reportOf(index + 1, numbers.map(Number), scores));
    const candidate = (epoch: number, weights: Float32Array): Candidate => ({
      report: reports[epoch - 1] ?? { epoch: 0, loss: Number.NaN, validation: undefined },
      weights,
    });
    const kept = array("kept");
    const state: MemberState = {
      last: text.last && { ...text.last, kind: "update", total: Number(text.last.total), loss: Number(text.last.loss) },
      weights: array("weights"),
      optimizer: { t: text.t, slots: Object.fromEntries(text.slots.map((slot) => [slot, array(`slots.${slot}`)])) },
      rates: text.rates as RatesState, // a rate that is not there is left out, not undefined
      random: text.random,
      latest: candidate(text.latestEpoch, text.latestEpoch === text.keptEpoch ? kept : array("latest")),
      kept: candidate(text.keptEpoch, kept),
      improvedEpoch: text.improvedEpoch,
      diverged: text.diverged,
    };
    return { state, reports };
  });
  const fits = decoded.every(
    ({ state, reports }, member) =>
      reports.length === members[member]!.latestEpoch &&
      members[member]!.keptEpoch <= reports.length &&
      members[member]!.improvedEpoch <= members[member]!.keptEpoch &&
      Object.values(arraysOf(state)).every((array) => array.length === size),
  );
  const expected = decoded.reduce((sum, { state }) => sum + Object.keys(arraysOf(state)).length, 0);
  return fits && expected === tensors.length ? { members: decoded } : undefined;
}

function arraysOf({ weights, optimizer, latest, kept }: MemberState): Record<string, Float32Array> {
  const slots = Object.entries(optimizer.slots).map(([name, data]) => [`slots.${name}`, data]);
  const latestWeights = latest.report.epoch === kept.report.epoch ? {} : { latest: latest.weights };
  return { weights, kept: kept.weights, ...latestWeights, ...Object.fromEntries(slots) };
}

function lastOf({ epoch, batch, total, loss }: NonNullable<MemberState["last"]>) {
  return { epoch, batch, total: written(total), loss: written(loss) };
}

function numbersOf({ loss, validation }: EpochReport, scores: readonly string[]): number[] {
  return validation ? [loss, validation.loss, ...scores.map((name) => validation.scores[name]!)] : [loss];
}

function reportOf(epoch: number, numbers: readonly number[], names: readonly string[]): EpochReport {
  const [loss, judgedLoss, ...scores] = numbers as [number, ...number[]]; // the schema has seen to the first
  const validation =
    judgedLoss === undefined
      ? undefined
      : { loss: judgedLoss, scores: Object.fromEntries(names.map((name, place) => [name, scores[place]!])) };
  return { epoch, loss, validation };
}
