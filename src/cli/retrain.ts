import { doneRun } from "../artifact/events.js";
import { encodeModel } from "../artifact/model.js";
import { historyText } from "../artifact/run.js";
import { modelOf } from "../artifact/trained.js";
import { differences } from "../config/differences.js";
import { loadConfig } from "../config/load.js";
import { NnfitError } from "../errors.js";
import { metricsAt, type Occasion } from "../score/metrics.js";
import { scoreNames } from "../score/scoring.js";
import type { EpochReport } from "../train/bestEpoch.js";
import { baselinesOf } from "../train/compare.js";
import { fingerprint } from "../train/fingerprint.js";
import { holdsOut } from "../train/members.js";
import { engineFor, hasModel, train } from "../train/train.js";
import { hasBars } from "./bars.js";
import { prepareTraining } from "./prepare.js";
import { progressDisplay } from "./progress.js";

/** What came out of a training that was done again: the bytes of its files, and none of them written. */
export interface Again {
  /** none where no epoch had good weights */
  readonly model: Buffer | undefined;
  readonly history: string;
  /** in words, what is learned from and was another when the run was trained, as far as the run tells */
  readonly changed: readonly string[];
}

interface RetrainOptions {
  readonly threads: number | "auto";
  /** the model that the run began with */
  readonly continueFrom?: string;
}

/** Trains from a run's config as `nnfit train` did, in this process. */
export async function retrain(
  { folder, config: path }: { folder: string; config: string },
  { threads, continueFrom }: RetrainOptions,
): Promise<Again> {
  const loaded = loadConfig(path, { workingDirectory: process.cwd() });
  const { training } = loaded.config;
  if (training.backend === "blas") {
    throw new NnfitError(
      "usage",
      "the run was trained with BLAS, whose results are not bit-identical across machines",
      {
        setting: "training.backend",
        at: loaded.locate("training.backend"),
        try: 'a training with "backend": "wasm", which gives the same bits everywhere',
      },
    );
  }
  const { prepared, config } = await prepareTraining(loaded, continueFrom).catch((error: unknown) => {
    throw withWayToTables(error, path);
  });
  const begun = doneRun(folder);
  const now = fingerprint(prepared);
  if (continueFrom === undefined && (begun?.data[BEGINNING] ?? now[BEGINNING]) !== now[BEGINNING]) {
    throw new NnfitError("usage", "the run started from the weights of another model", {
      at: folder,
      try: "--continue-from MODEL, as the run was trained",
    });
  }

  const { members, target } = prepared;
  const { epochs, bestBy } = prepared.training;
  const reports: EpochReport[] = [];
  const scoresAt = (occasion: Occasion) => scoreNames(target, metricsAt(target, occasion, bestBy));
  const display = hasBars() ? progressDisplay({ epochs, scores: scoresAt("line") }) : undefined;
  const outcome = await train(prepared, await engineFor(prepared, { threads }), {
    progress: (done) => display?.progress(done),
    report(report) {
      reports.push(report);
      display?.report(report);
    },
  }).finally(() => display?.stop());
  return {
    model: hasModel(outcome)
      ? encodeModel(modelOf(prepared, outcome, baselinesOf(prepared, outcome).learned, config.data))
      : undefined,
    history: historyText(holdsOut(members) ? scoresAt("history") : undefined, reports),
    changed: begun ? differences({ config: {}, data: begun.data }, { config: {}, data: now }) : [],
  };
}

/** A run folder that was moved finds its tables no more. */
function withWayToTables(error: unknown, config: string): unknown {
  if (!(error instanceof NnfitError) || !error.details.bySystem) return error;
  const tables = `data.train and data.validation in ${config}, if the folder was moved: paths there are relative to it`;
  return error.with({ try: error.details.try ?? tables });
}

/** The part of a fingerprint that says which weights a training began with. */
const BEGINNING = "weights at the beginning";
