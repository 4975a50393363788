import { version } from "../artifact/version.js";
import { effectiveSettings } from "../config/effect.js";
import type { LoadedConfig } from "../config/load.js";
import type { Config } from "../config/schema.js";
import { isSearchable } from "../config/searchable.js";
import { joinColumns, type WantedColumn } from "../data/read.js";
import type { Table } from "../data/table.js";
import { NnfitError } from "../errors.js";
import { make } from "../family.js";
import { judges, type Material } from "../search/judges.js";
import { digestOf, digestOfTables, type Origin } from "../search/log.js";
import type { SearchOptions } from "../search/options.js";
import { makeRange } from "../search/ranges.js";
import { drawValues, type Values } from "../search/trials.js";
import { prepare, type ReadValidation } from "../train/prepare.js";
import { readTask } from "./prepare.js";

/** Reads the tables, and sees that a config may have whatever the ranges give, before any work is done. */
export async function findMaterial(loaded: LoadedConfig, { ranges, seed, judge: choice }: SearchOptions) {
  const { data } = loaded.config;
  const judge = make(judges, choice);
  if (data.validation === 0 && judge.needsHeldOut) {
    throw new NnfitError("usage", "a search needs rows to judge by, but none are held out", {
      setting: "data.validation",
      try: '"validation": 0.2, or "search": { "judge": "folds" }',
    });
  }
  const { table, task, facts, readValidation } = await readTask(loaded);
  let validation: Table | undefined;
  const others = columnsOf(table, data); // a trial may learn from other columns than the first one
  const readOnce: ReadValidation = async (columns) => {
    validation = await readValidation(joinColumns(columns, others));
    return validation;
  };
  const { config, prepared } = await seeValues(ranges, seed, async (values) => {
    const config = loaded.configFor(facts, values);
    return { config, prepared: await prepare(task, config, readOnce) };
  });
  const material = { task, validation };
  return {
    material,
    facts,
    config: loaded.configFor(facts),
    target: prepared.target,
    judgedRows: judge.rows(material, prepared, config),
  };
}

/** A value that goes with nothing that so many trials draw is wrong by itself. */
const ENOUGH_TRIALS = 50;

/**
 * Sees that each value that the ranges give goes with some of the others, and gives what came of the first values that go
 * together. Errors are of a value that goes with none.
 */
async function seeValues<Result>(
  ranges: SearchOptions["ranges"],
  seed: number,
  attempt: (values: Values) => Promise<Result>,
): Promise<Result> {
  const ends = [...ranges].map(([path, setting]) => [path, makeRange(setting).ends] as const);
  const firsts: Values = Object.fromEntries(ends.map(([path, [first]]) => [path, first]));
  const trials = Array.from({ length: ENOUGH_TRIALS }, (_, trial) => drawValues(ranges, seed, trial));
  let together: { readonly values: Values; readonly result: Result } | undefined;
  for (const [path, values] of ends) {
    for (const value of values) {
      if (together?.values[path] === value) continue;
      const beside = [together?.values ?? firsts, ...trials].map((others) => ({ ...others, [path]: value }));
      const found = await firstThatGoes(beside, attempt);
      together ??= found;
    }
  }
  if (!together) throw new Error("a search has ranges");
  return together.result;
}

async function firstThatGoes<Result>(candidates: readonly Values[], attempt: (values: Values) => Promise<Result>) {
  const different = new Map(candidates.map((values) => [JSON.stringify(values), values])).values();
  let refusal: NnfitError | undefined; // the first: it is beside values that go together, where some do
  for (const values of different) {
    try {
      return { values, result: await attempt(values) };
    } catch (error) {
      if (!isOfValues(error)) throw error;
      refusal ??= error;
    }
  }
  throw refusal;
}

/** Whether an error is of values that may be good each, but not together. Any other is of all trials. */
export function isOfValues(error: unknown): error is NnfitError {
  if (!(error instanceof NnfitError) || error.kind !== "usage") return false;
  return error.details.setting !== undefined && isSearchable(error.details.setting);
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
