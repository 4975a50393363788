import { displayPath } from "../config/load.js";
import type { Config } from "../config/schema.js";
import { doubtsAbout } from "../data/doubts.js";
import { joinColumns, lacking, readColumns, readTable, type WantedColumn } from "../data/read.js";
import { fileSource, type Source } from "../data/source.js";
import type { Table } from "../data/table.js";
import { NnfitError } from "../errors.js";
import { watched } from "./bars.js";
import { note } from "./text.js";

/** The tables that a config names, read as it says. */
export interface Tables {
  readonly training: Source;
  readTraining(): Promise<Table>;
  readValidation(wanted: readonly WantedColumn[]): Promise<Table>;
}

export function tablesOf({ data, task, model: { loss } }: Pick<Config, "data" | "task" | "model">): Tables {
  const squaresErrors = loss === "auto" || loss.name === "mse";
  const source = (file: string) => watched(fileSource(file, displayPath(process.cwd(), file)));
  const training = source(data.train);
  const [target, ...others] = [data.target].flat();
  const labels = task === "classification" && others.length === 0 && target !== undefined ? { labels: target } : {};
  return {
    training,
    async readTraining() {
      const table = await readTable(training, { ...data, ...labels });
      doubtsAbout(table, data, { task, squaresErrors }).forEach(note); // now, as whatever fails later may have its cause there
      return table;
    },
    readValidation: keptReader(source(String(data.validation)), data),
  };
}

/** Reads a table once, and again where other columns are wanted than were before. */
function keptReader(source: Source, data: Config["data"]): Tables["readValidation"] {
  let kept: { readonly table: Table; readonly asked: readonly WantedColumn[] } | undefined;
  return async (wanted) => {
    const before = kept?.asked ?? [];
    const unasked = wanted.filter(({ name }) => !before.some((of) => of.name === name)).map(({ name }) => name);
    const others = [...new Set([...unasked, ...(kept ? lacking(kept.table, wanted) : [])])];
    if (kept && others.length === 0) return kept.table;
    if (kept && source.once) {
      throw new NnfitError(
        "usage",
        "a validation table from a pipe can be read only once, but other columns of it are needed now",
        {
          setting: "data.validation",
          have: `columns needed now: ${others.join(", ")}`,
          try: "a file",
        },
      );
    }
    const asked = joinColumns(wanted, before);
    kept = { table: await readColumns(source, data, asked), asked };
    return kept.table;
  };
}
