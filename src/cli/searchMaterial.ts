import { version } from "../artifact/version.js";
import { effectiveSettings } from "../config/effect.js";
import type { LoadedConfig } from "../config/load.js";
import type { Config } from "../config/schema.js";
import { joinColumns, type WantedColumn } from "../data/read.js";
import type { Table } from "../data/table.js";
import { NnfitError } from "../errors.js";
import { make } from "../family.js";
import { judges, type Material } from "../search/judges.js";
import { digestOf, digestOfTables, type Origin } from "../search/log.js";
import type { SearchOptions } from "../search/options.js";
import { makeRange } from "../search/ranges.js";
import { prepare, type ReadValidation } from "../train/prepare.js";
import { readTask } from "./prepare.js";

/** Reads the tables, and sees that a config may have whatever the ranges give, before any work is done. */
export async function findMaterial(loaded: LoadedConfig, { ranges, judge: choice }: SearchOptions) {
  const { data } = loaded.config;
  const judge = make(judges, choice);
  if (data.validation === 0 && judge.needsHeldOut) {
    throw new NnfitError("usage", "a search needs rows to judge by, but none are held out", {
      setting: "data.validation",
      try: '"validation": 0.2, or "search": { "judge": "folds" }',
    });
  }
  const { table, task, facts, readValidation } = await readTask(loaded);
  const ends = new Map([...ranges].map(([path, setting]) => [path, makeRange(setting).ends]));
  const firsts = Object.fromEntries([...ends].map(([path, [first]]) => [path, first]));
  let validation: Table | undefined;
  const others = columnsOf(table, data); // a trial may learn from other columns than the first one
  const readOnce: ReadValidation = async (columns) => {
    validation = await readValidation(joinColumns(columns, others));
    return validation;
  };
  const config = loaded.configFor(facts, firsts);
  const prepared = await prepare(task, config, readOnce);
  for (const [path, [, ...others]] of ends) {
    for (const value of others) await prepare(task, loaded.configFor(facts, { ...firsts, [path]: value }), readOnce);
  }
  const material = { task, validation };
  return {
    material,
    facts,
    config: loaded.configFor(facts),
    target: prepared.target,
    judgedRows: judge.rows(material, prepared, config),
  };
}

/** All columns that a training can learn from, which another table may lack. */
function columnsOf(table: Table, { ignore }: Config["data"]): WantedColumn[] {
  return table.columns
    .filter(({ name }) => !ignore.includes(name))
    .map((column) => ({
      name: column.name,
      type: column.type,
      optional: true,
      lenient: true,
      ...(column.type === "date" && { order: column.order }),
    }));
}

/** What trials depend on. */
export function originOf(
  config: Config,
  { ranges, judge, seed }: SearchOptions,
  { task, validation }: Material,
): Origin {
  return {
    nnfit: version,
    config: digestOf([...effectiveSettings(config)]),
    ranges: digestOf([[...ranges], judge, seed]),
    table: digestOfTables(validation ? [task.table, validation] : [task.table]),
  };
}
