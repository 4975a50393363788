import { describe, expect, it } from "vitest";
import { modelOptions } from "../../src/model/options.js";
import type { EpochReport } from "../../src/train/bestEpoch.js";
import { trainingOptions } from "../../src/train/options.js";
import { type Prepared, prepare } from "../../src/train/prepare.js";
import { Reports, type Snapshot } from "../../src/train/reports.js";
import { findTask } from "../../src/train/task.js";
import { engineFor, type Outcome, train } from "../../src/train/train.js";
import { scaleOptions } from "../../src/transform/options.js";
import { columns } from "../data/source.js";
import { dataSettings } from "./settings.js";

const rows = 40;
const x = Array.from({ length: rows }, (_, i) => ((i * 37) % rows) / 10);
const noise = x.map((_, i) => ((i * 7919) % 101) / 101 - 0.5);
const table = columns({ x, z: noise, y: x.map((value, i) => Math.sin(value) + noise[i]!) });

interface Options {
  validation?: number;
  model?: object;
  training?: object;
}

const prepared = ({ validation = 0.25, model = {}, training = {} }: Options): Promise<Prepared> =>
  prepare(
    findTask(table, dataSettings(), "auto"),
    {
      data: dataSettings({ validation }),
      scale: scaleOptions.parse({}),
      model: modelOptions.parse({ hidden: [6], activation: "tanh", ...model }),
      training: trainingOptions.parse({ epochs: 6, batchSize: 7, ...training }),
    },
    () => Promise.reject(new Error("no validation table is named")),
  );

class Interrupted extends Error {
  constructor(readonly snapshot: Snapshot) {
    super("interrupted");
  }
}

interface Whole {
  readonly outcome: Outcome;
  /** before and after the interruption */
  readonly reports: readonly EpochReport[];
}

/** Trains to the end, interrupted after every so many looks, but no more often than `most`. */
async function trained(
  ready: Prepared,
  { every = Number.POSITIVE_INFINITY, most = Number.POSITIVE_INFINITY, threads = 1 } = {},
): Promise<Whole & { times: number }> {
  const engine = await engineFor(ready, { threads });
  let from: Snapshot | undefined;
  for (let times = 0; ; times++) {
    let looks = 0;
    const told = from ? new Reports(ready.members, ready.batchSize, silent, from).told : [];
    const reports = [...told];
    try {
      const outcome = await train(
        ready,
        engine,
        { progress() {}, report: (report) => reports.push(report) },
        {
          from,
          isDue: () => times < most && ++looks >= every,
          keep(snapshot) {
            throw new Interrupted(structuredClone(snapshot));
          },
        },
      );
      return { outcome, reports, times };
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      from = error.snapshot;
    }
  }
}
const silent = { progress() {}, report() {} };

const dropout = { model: { dropout: 0.3, hidden: [6, 5] } };
const adam = { name: "adam", learningRate: 0.03 };
const settings: Record<string, Options> = {
  "stochastic gradient descent": {},
  "no validation rows": { validation: 0 },
  "rows in their order": { training: { shuffle: false } },
  momentum: { training: { optimizer: { name: "sgd", momentum: 0.9 } } },
  "Adam and dropout": { ...dropout, training: { optimizer: adam } },
  schedules: {
    ...dropout,
    training: {
      optimizer: { name: "adamw", weightDecay: 0.1 },
      schedule: { learningRate: "coslog4", weightDecay: "flatCos", dropout: "flatCos" },
      clipNorm: 0.5,
    },
  },
  "rates that fall where the loss gets no better": {
    training: {
      epochs: 12,
      optimizer: adam,
      schedule: { learningRate: { name: "plateau", patience: 1, factor: 0.5 }, warmUp: { updates: 7 } },
    },
  },
  "early stopping, best by a score": { training: { epochs: 30, patience: 3, bestBy: "mae", optimizer: adam } },
  "what the presets use": {
    model: { parametric: true, scaling: true, parametrization: "neuralTangent", members: 2, dropout: 0.1 },
    training: { optimizer: adam, learningRateFactors: { bias: 0.1 }, decayBiases: false },
  },
  "networks that share weights": {
    model: { tabm: 3, dropout: 0.1, members: 2 },
    training: { optimizer: adam },
  },
  "an ensemble whose members stop at different epochs": {
    validation: 0.34,
    model: { members: 3 },
    training: { epochs: 40, patience: 2, optimizer: adam },
  },
  "an ensemble that diverges": {
    model: { members: 2, hidden: [], activation: "identity" },
    training: { epochs: 500, batchSize: "full", optimizer: { name: "sgd", learningRate: 4 } },
  },
};

describe.each(Object.entries(settings))("a training with %s", (_, options) => {
  it("goes on from any update as if it had never been interrupted", async () => {
    const ready = await prepared(options);
    const whole = await trained(ready);
    expect(whole.reports.length).toBe(whole.outcome.epochs);
    const { length: members } = ready.members; // one that has ended says so when it goes on, and nothing else
    for (const every of [members, members + 5, 11]) {
      const resumed = await trained(ready, { every });
      expect(resumed.times).toBeGreaterThan(0);
      expect(resumed.outcome).toEqual(whole.outcome);
      expect(resumed.reports).toEqual(whole.reports);
    }
  });
});

it("an ensemble goes on from wherever each member was, on any number of threads", async () => {
  const ready = await prepared({
    validation: 0.34,
    model: { members: 3, dropout: 0.2, hidden: [64] },
    training: { epochs: 100, patience: 20, batchSize: 4, optimizer: adam },
  });
  const whole = await trained(ready);
  let interruptions = 0;
  for (const threads of [2, 3]) {
    const { outcome, reports, times } = await trained(ready, { every: 2, most: 4, threads });
    interruptions += times;
    expect(outcome).toEqual(whole.outcome);
    expect(reports).toEqual(whole.reports);
  }
  expect(interruptions).toBeGreaterThan(0);
});

it("more epochs can be asked for of one that was interrupted, or had done its epochs", async () => {
  const longer = await prepared({ training: { epochs: 9 } });
  const whole = await trained(longer);
  const shorter = await prepared({ training: { epochs: 6 } });
  const engine = await engineFor(shorter, { threads: 1 });
  let last: Snapshot | undefined;
  await train(shorter, engine, silent, {
    isDue: () => true,
    keep(snapshot) {
      last = snapshot;
    },
  });
  expect(last!.members[0]!.reports.length).toBe(6);
  const outcome = await train(longer, engine, silent, { from: last, isDue: () => false, keep() {} });
  expect(outcome).toEqual(whole.outcome);
});
