import { cellFormat, type Model } from "../artifact/model.js";
import type { LoadedConfig } from "../config/load.js";
import { factsOf, type TableFacts } from "../config/presets.js";
import type { Config } from "../config/schema.js";
import type { Table } from "../data/table.js";
import { type Prepared, prepare, type ReadValidation } from "../train/prepare.js";
import { findTask, type TaskOf } from "../train/task.js";
import { modelToContinue, readForModel } from "./continue.js";
import { located } from "./located.js";
import { tablesOf } from "./tables.js";

/** A table that was read, and what is to be learned from it. */
export interface ReadTask {
  /** as it was read */
  readonly table: Table;
  readonly task: TaskOf;
  /** that a preset goes by */
  readonly facts: TableFacts;
  readonly readValidation: ReadValidation;
}

/** Reads the table of a config; `hasRead` is told as soon as that is done. */
export async function readTask({ config }: LoadedConfig, hasRead = () => {}): Promise<ReadTask> {
  const { readTraining, readValidation } = tablesOf(config);
  const table = await readTraining();
  hasRead();
  const task = findTask(table, config.data, config.task, config.model.loss);
  return { table, task, facts: factsOf(task), readValidation };
}

/** A training that is ready to begin. */
export interface PreparedTraining extends ReadTask {
  /** with the values of its preset */
  readonly config: Config;
  readonly prepared: Prepared;
  /** the model that training goes on from */
  readonly beginning: Model | undefined;
}

/** Reads the tables of a config and prepares its training, from the weights of `continueFrom` if that is a model. Errors say where in the config. */
export function prepareTraining(
  loaded: LoadedConfig,
  continueFrom: string | undefined,
  hasRead?: () => void,
): Promise<PreparedTraining> {
  return located(loaded, async () => {
    const beginning =
      continueFrom === undefined ? undefined : modelToContinue(continueFrom, loaded.config.data.threshold);
    const read = beginning
      ? await readTaskOf(beginning, continueFrom!, loaded, hasRead)
      : await readTask(loaded, hasRead);
    const asWritten = loaded.configFor(read.facts);
    const config = beginning ? { ...asWritten, data: { ...asWritten.data, ...cellFormat(beginning) } } : asWritten;
    const prepared = await prepare(read.task, config, read.readValidation, { beginning });
    return { ...read, config, prepared, beginning };
  });
}

/** The same of a model whose training goes on, from a table whose cells are written as those that it learned from. */
async function readTaskOf(model: Model, path: string, { config }: LoadedConfig, hasRead = () => {}): Promise<ReadTask> {
  const data = { ...config.data, ...cellFormat(model) };
  const { training, readValidation } = tablesOf({ ...config, data });
  const { whole, task } = await readForModel(model, path, training, data);
  hasRead();
  return { table: whole, task, facts: factsOf(task), readValidation };
}
