import { displayPath } from "../config/load.js";
import type { Config } from "../config/schema.js";
import { doubtsAbout } from "../data/doubts.js";
import { readColumns, readTable, type WantedColumn } from "../data/read.js";
import { fileSource, type Source } from "../data/source.js";
import type { Table } from "../data/table.js";
import { watched } from "./progress.js";
import { note } from "./text.js";

/** The tables that a config names, read as it says. */
export interface Tables {
  readonly training: Source;
  readTraining(): Promise<Table>;
  readValidation(wanted: readonly WantedColumn[]): Promise<Table>;
}

export function tablesOf({ data, task }: Pick<Config, "data" | "task">): Tables {
  const source = (file: string) => watched(fileSource(file, displayPath(process.cwd(), file)));
  const training = source(data.train);
  const [target, ...others] = [data.target].flat();
  const labels = task === "classification" && others.length === 0 && target !== undefined ? { labels: target } : {};
  return {
    training,
    async readTraining() {
      const table = await readTable(training, { ...data, ...labels });
      doubtsAbout(table, data, task).forEach(note); // now, as whatever fails later may have its cause there
      return table;
    },
    readValidation: (wanted) => readColumns(source(String(data.validation)), data, wanted),
  };
}
