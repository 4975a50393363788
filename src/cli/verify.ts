import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import {
  type CellDifference,
  type FieldDifference,
  firstCellDifference,
  type ModelDifferences,
  modelDifferences,
  type TensorDifference,
} from "../artifact/differences.js";
import { lastRun } from "../artifact/events.js";
import { FOLDS_FILE } from "../artifact/foldFiles.js";
import { wroteItsModel } from "../artifact/lastEvent.js";
import { LOCK_FILE } from "../artifact/lock.js";
import { loadModel, MODEL_FILE } from "../artifact/model.js";
import { HISTORY_FILE } from "../artifact/run.js";
import { version } from "../artifact/version.js";
import { fileError, NnfitError } from "../errors.js";
import { checkFailure, printResult } from "./failure.js";
import { endWith } from "./report.js";
import { type Again, retrain } from "./retrain.js";
import { count, labelled, print, short } from "./text.js";
import { example, threadsOption } from "./usage.js";

interface VerifyOptions {
  readonly threads: number | "auto";
  readonly continueFrom?: string;
  readonly json?: boolean;
}

export function configure(command: Command): Command {
  return command
    .argument("<run>", "a run folder; it is not changed")
    .option(...threadsOption)
    .option("--continue-from <model>", "the model that the run continued from, if it did")
    .option("--json", "print one JSON object")
    .addHelpText("before", example("nnfit verify runs/iris", "nnfit verify runs/iris --threads 1 --json"))
    .action(verifyAction);
}

/** What differs between a run and its training again; where nothing does, they are equal. */
interface Verdict extends ModelDifferences {
  readonly equal: boolean;
  readonly history: CellDifference | undefined;
  /** in words: what is learned from, as far as the run says what that was */
  readonly data: readonly string[];
}

async function verifyAction(folder: string, { json, ...options }: VerifyOptions): Promise<void> {
  const run = readRun(folder);
  const verdict = compare(run, await retrain({ folder, ...run }, options));
  const { equal, fields, tensors, history = null, data } = verdict;
  const failure = equal ? undefined : checkFailure("training it again gave different bytes", { at: folder });
  if (json) printResult({ version: 1, equal, model: { fields, tensors }, history, data }, failure);
  else print(verdictLines(folder, verdict));
  if (failure) endWith(failure);
}

/** A run as it is in its folder. Refuses one that is not done, or that another version of nnfit wrote. */
function readRun(folder: string) {
  const place = (file: string) => join(folder, file);
  const config = place("config.json");
  if (!existsSync(folder)) {
    throw new NnfitError("usage", "there is no such folder", { at: folder, try: "the folder that nnfit train wrote" });
  }
  if (!statSync(folder).isDirectory() || !existsSync(config)) {
    throw new NnfitError("usage", "not a run folder: it has no config.json to train from again", {
      at: folder,
      try: "the folder that nnfit train wrote",
    });
  }
  const goingOn = "nnfit train with --resume, which finishes it";
  if (existsSync(place(LOCK_FILE))) {
    throw new NnfitError("files", "the run is unfinished: it is being written, or its process was killed", {
      at: place(LOCK_FILE),
      try: goingOn,
    });
  }
  if (lastRun(folder).status === "stopped") {
    throw new NnfitError("files", "the run is unfinished: it was stopped", { at: folder, try: goingOn });
  }
  if (!existsSync(place(HISTORY_FILE)) && existsSync(place(FOLDS_FILE))) {
    throw new NnfitError("usage", "the run is a cross-validation, and verify checks single trainings", {
      at: folder,
    });
  }
  if (existsSync(place(MODEL_FILE)) && !wroteItsModel(folder)) {
    throw new NnfitError(
      "files",
      "the last training in this folder has not written a model, so the one there may be from an earlier one",
      {
        at: folder,
        try: "training again",
      },
    );
  }
  const model = loadModel(place(MODEL_FILE));
  if (model.version !== version) {
    throw new NnfitError("model", "the model was written by another version of nnfit, which may give different bytes", {
      at: place(MODEL_FILE),
      have: `nnfit ${model.version}, but this is ${version}`,
      try: `nnfit ${model.version}`,
    });
  }
  const read = (file: string) => {
    try {
      return readFileSync(place(file));
    } catch (error) {
      throw fileError("read what the training wrote", place(file), error);
    }
  };
  return { config, file: place(MODEL_FILE), model: read(MODEL_FILE), history: read(HISTORY_FILE).toString() };
}

type RunFiles = ReturnType<typeof readRun>;

function compare(run: RunFiles, again: Again): Verdict {
  const history = firstCellDifference(run.history, again.history);
  if (!again.model) {
    throw new NnfitError("diverged", "when trained again, no epoch has good weights, so there is no model to compare", {
      at: run.file,
      ...(history ? { have: historyText(history) } : {}),
    });
  }
  const equal = run.model.equals(again.model) && !history;
  return { equal, ...modelDifferences(run.model, again.model, run.file), history, data: equal ? [] : again.changed };
}

function verdictLines(folder: string, { equal, fields, tensors, history, data }: Verdict): string[] {
  if (equal) return [`${folder}: training it again gave the same model and history, byte for byte`];
  const [field, ...otherFields] = fields;
  const [tensor, ...otherTensors] = tensors;
  const others = (all: readonly unknown[], thing: string) =>
    all.length > 0 ? `; and ${count(all.length, thing)} more` : "";
  return [
    `${folder}: training it again gave different bytes`,
    ...data.flatMap((text) => labelled("data", text)),
    ...(field ? labelled("model", `${fieldText(field)}${others(otherFields, "field")}`) : []),
    ...(tensor ? labelled("weights", `${tensorText(tensor)}${others(otherTensors, "tensor")}`) : []),
    ...(history ? labelled("history", historyText(history)) : []),
  ];
}

const MOST_CHARACTERS = 60;

function fieldText({ field, was, is }: FieldDifference): string {
  const text = (value: unknown) => (value === undefined ? "nothing" : JSON.stringify(value).slice(0, MOST_CHARACTERS));
  return `${field}: ${text(was)} in the run, ${text(is)} when trained again`;
}

function tensorText({ name, weights, differing, largest }: TensorDifference): string {
  if (largest === null) return `${name}: different shapes, or in only one of them`;
  return `${name}: ${differing} of ${count(weights, "weight")}, by up to ${short(largest)}`;
}

function historyText({ line, column, was, is }: CellDifference): string {
  const text = (cell: string | null) => cell || "nothing";
  return `line ${line}${column ? `, ${column}` : ""}: ${text(was)} in the run, ${text(is)} when trained again`;
}
