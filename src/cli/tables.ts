import type { Config } from "../config/schema.js";
import type { WantedColumn } from "../data/read.js";
import type { Source } from "../data/source.js";
import type { Table } from "../data/table.js";

/** The tables that a config names, read as it says. */
export interface Tables {
  readonly training: Source;
  readTraining(): Promise<Table>;
  readValidation(wanted: readonly WantedColumn[]): Promise<Table>;
}

export async function tablesOf({ data, task }: Pick<Config, "data" | "task">): Promise<Tables> {
  const { displayPath } = await import("../config/load.js");
  const { fileSource } = await import("../data/source.js");
  const { doubtsAbout } = await import("../data/doubts.js");
  const { readColumns, readTable } = await import("../data/read.js");
  const { watched } = await import("./progress.js");
  const { note } = await import("./text.js");

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
