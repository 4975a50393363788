import { existsSync, statSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { Checkpoints } from "../artifact/checkpoints.js";
import { wroteItsModel } from "../artifact/lastEvent.js";
import { LOCK_FILE } from "../artifact/lock.js";
import { loadModel, MODEL_FILE, type Model } from "../artifact/model.js";
import { displayPath, loadConfig } from "../config/load.js";
import { fileSource, isAddress, noAddress, type Source } from "../data/source.js";
import { fileError, NnfitError } from "../errors.js";
import { predicts, targetNames } from "../transform/target.js";
import { watched } from "./bars.js";
import { note, shellPath } from "./text.js";

/** Where MODEL has its model, whether or not there is one. */
export interface ModelPlace {
  readonly file: string;
  /** what the config is to predict, where MODEL is one */
  readonly targets?: readonly string[];
}

/** Loads MODEL: a run folder, a model file, or the config that trained it. */
export function findModel(path: string): Model {
  return modelAt(placeOf(path), path);
}

/** The model at a place, which is where MODEL, `path`, has it. */
export function modelAt({ file, targets }: ModelPlace, path: string): Model {
  if (existsSync(file)) {
    const model = loadModel(file);
    if (targets) refuseOther(model, targets, { file, config: path });
    noteUnfinished(file);
    if (isCheckpoint(model)) note(`${file} is a checkpoint of an unfinished training`);
    return model;
  }
  refuseUnfinished(dirname(file));
  const hasFolds = existsSync(join(dirname(file), "folds.csv"));
  throw new NnfitError(
    "model",
    hasFolds ? "the folds of this run were not kept as a model" : "there is no such model",
    {
      at: file,
      try: hasFolds
        ? "nnfit train without --folds, or with --keep"
        : targets
          ? `nnfit train ${shellPath(path)}`
          : "a run folder, a model file, or the config that trained it",
    },
  );
}

/** Its training has not come to its end. */
export function isCheckpoint({ training }: Pick<Model, "training">): boolean {
  return training.stopped === "not yet done";
}

/** Run folders have the names of their configs: two configs of one name have one folder, and the last has its model there. */
function refuseOther(
  { target }: Model,
  targets: readonly string[],
  { file, config }: { file: string; config: string },
): void {
  if (predicts(target, targets)) return;
  throw new NnfitError("model", "the model there predicts a different target from the config's", {
    at: file,
    have: `${targetNames(target).join(", ")}, but ${targets.join(", ")} in ${config}`,
    try: `nnfit train ${shellPath(config)}, or the folder of the intended model`,
  });
}

/** Says so where a later training in the model's folder has left no model. */
function noteUnfinished(file: string): void {
  const folder = dirname(file);
  if (basename(file) !== MODEL_FILE || wroteItsModel(folder)) return;
  note(
    `${file} is from an earlier training: the last one in ${folder} is unfinished or was stopped, and has not written a model yet`,
  );
}

/** The model that a training in such a folder is about to replace. One that can't be read is none. */
export function modelIn(folder: string): Model | undefined {
  try {
    return loadModel(join(folder, MODEL_FILE));
  } catch {
    return undefined;
  }
}

/** A run folder whose training has left checkpoints and no model yet. */
function refuseUnfinished(folder: string): void {
  const { latest } = new Checkpoints(folder, folder);
  if (latest === undefined && existsSync(join(folder, LOCK_FILE)))
    throw new NnfitError("model", "there is no model yet: its training is running, or was killed", {
      at: folder,
      try: "again when it is done, or nnfit train with --resume if it was killed",
    });
  if (latest === undefined) return;
  throw new NnfitError("model", "the training is unfinished or was stopped, and has not written a model yet", {
    at: folder,
    try: `nnfit train with --resume, or its last checkpoint, ${latest}`,
  });
}

/** Finds where MODEL has its model. */
export function placeOf(path: string): ModelPlace {
  if (isAddress(path)) throw noAddress(path, { at: path });
  const workingDirectory = process.cwd();
  const isFolder = isFolderAt(path);
  if (!isFolder && extname(path) === ".json") {
    const { output, data } = loadConfig(path, { workingDirectory }).config;
    return { file: displayPath(workingDirectory, join(output, MODEL_FILE)), targets: [data.target].flat() };
  }
  return { file: isFolder ? join(path, MODEL_FILE) : path };
}

function isFolderAt(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch (error) {
    throw fileError("read the model", path, error); // such as of a name that is too long
  }
}

/** Rows of a file, or of standard input for "-" or nothing; with a bar unless the terminal is needed for what is read. */
export function rowsSource(path: string | undefined, withBar = true): Source {
  if (path !== undefined && isAddress(path)) throw noAddress(path, { at: path });
  if (path !== undefined && path !== "-") {
    if (!process.stderr.isTTY || !withBar) return fileSource(path);
    return watched(fileSource(path));
  }
  if (process.stdin.isTTY) console.error("reading rows from standard input; end them with Ctrl-D");
  return { name: "standard input", once: true, read: () => process.stdin as AsyncIterable<Uint8Array> }; // no encoding is set, so it gives bytes
}
