import { existsSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import type { Model } from "../artifact/model.js";
import type { Source } from "../data/csv.js";

/** Loads MODEL: a run folder, a model file, or the config that trained it. */
export async function findModel(path: string): Promise<Model> {
  const { loadModel } = await import("../artifact/model.js");
  const { NnfitError } = await import("../errors.js");
  const file = await modelFile(path);
  if (existsSync(file)) return loadModel(file);
  throw new NnfitError("model", "there is no such model", {
    at: file,
    try:
      extname(path) === ".json" ? `nnfit train ${path}` : "a run folder, a model file, or the config that trained it",
  });
}

async function modelFile(path: string): Promise<string> {
  const { MODEL_FILE } = await import("../artifact/model.js");
  const workingDirectory = process.cwd();
  if (extname(path) === ".json") {
    const { displayPath, loadConfig } = await import("../config/load.js");
    const { output } = loadConfig(path, { workingDirectory }).config;
    return displayPath(workingDirectory, join(output, MODEL_FILE));
  }
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  return isFolder ? join(path, MODEL_FILE) : path;
}

/** Rows of a file, or of standard input for "-" or nothing; with a bar unless the terminal is needed for what is read. */
export async function rowsSource(path: string | undefined, withBar = true): Promise<Source> {
  const { fileSource } = await import("../data/csv.js");
  if (path !== undefined && path !== "-") {
    if (!process.stderr.isTTY || !withBar) return fileSource(path);
    const { watched } = await import("./progress.js");
    return watched(fileSource(path));
  }
  if (process.stdin.isTTY) console.error("reading rows from standard input; end them with Ctrl-D");
  return { name: "standard input", read: () => process.stdin as AsyncIterable<Uint8Array> }; // no encoding is set, so it gives bytes
}
