import { cellFormat, type Model } from "../artifact/model.js";
import type { LoadedConfig } from "../config/load.js";
import { factsOf } from "../config/presets.js";
import type { Config } from "../config/schema.js";
import type { Table } from "../data/table.js";
import { type Prepared, prepare, type ReadValidation } from "../train/prepare.js";
import { findTask, type TaskOf } from "../train/task.js";
import { modelToContinue, readForModel } from "./continue.js";
import { located } from "./located.js";
import { tablesOf } from "./tables.js";

/** What a config and its tables come to, ready to be learned. */
export interface Lesson {
  /** as it was read */
  readonly table: Table;
  readonly task: TaskOf;
  /** with the values of its preset */
  readonly config: Config;
  readonly prepared: Prepared;
  readonly readValidation: ReadValidation;
  /** the model that training goes on from */
  readonly beginning: Model | undefined;
}

interface LessonOptions {
  /** the model that training goes on from */
  readonly continueFrom?: string | undefined;
  /** told when the table has been read */
  readonly read?: () => void;
}

/** Reads the tables of a config and makes ready what is to be learned from them. Errors say where in the config. */
export function lessonOf(loaded: LoadedConfig, { continueFrom, read }: LessonOptions): Promise<Lesson> {
  return located(loaded, async () => {
    const beginning = continueFrom === undefined ? undefined : modelToContinue(continueFrom);
    const cells = beginning && cellFormat(beginning);
    const data = { ...loaded.config.data, ...cells };
    const { training, readTraining, readValidation } = tablesOf({ ...loaded.config, data });
    const continued = beginning && (await readForModel(beginning, continueFrom!, training, data));
    const table = continued?.whole ?? (await readTraining());
    read?.();
    const task = continued?.task ?? findTask(table, data, loaded.config.task);
    const asWritten = loaded.configFor(factsOf(task));
    const config = { ...asWritten, data: { ...asWritten.data, ...cells } };
    const prepared = await prepare(task, config, readValidation, { beginning });
    return { table, task, config, prepared, readValidation, beginning };
  });
}
