import type { Model } from "../artifact/model.js";
import type { Source } from "../data/csv.js";
import type { DataOptions } from "../data/options.js";
import type { TaskOf } from "../train/task.js";
import { findModel } from "./locate.js";

/** A model whose training goes on, and the table that it goes on with, read as the model reads its rows. */
export async function readForModel(
  path: string,
  source: Source,
  data: DataOptions,
): Promise<{ model: Model; task: TaskOf }> {
  const { readColumns } = await import("../data/read.js");
  const { NnfitError } = await import("../errors.js");
  const { rowsWithTarget, targetColumns, targetNames } = await import("../transform/target.js");
  const found = await findModel(path);
  const model = { ...found, target: withoutTemperature(found.target) };
  const names = targetNames(model.target);
  const wanted = [data.target].flat();
  if (names.join("\n") !== wanted.join("\n")) {
    throw new NnfitError("usage", "the model to continue from predicts another target", {
      setting: "data.target",
      have: `${names.join(", ")} in ${path}, and ${wanted.join(", ")} in the config`,
    });
  }
  const format = { delimiter: data.delimiter, missing: model.missing };
  const weight = data.weight ? [{ name: data.weight, type: "number" as const }] : [];
  const whole = await readColumns(source, format, [...model.pipeline, ...targetColumns(model.target), ...weight]);
  const table = rowsWithTarget(whole, names);
  const task: TaskOf = {
    table,
    task: model.target.task,
    names,
    classes: model.target.task === "classification" ? model.target : undefined,
    withoutTarget: whole.rows - table.rows,
    because: undefined,
  };
  return { model, task };
}

/** Probabilities are calibrated anew. */
function withoutTemperature(target: Model["target"]): Model["target"] {
  if (target.task === "regression") return target;
  const { temperature: _, ...rest } = target;
  return rest;
}
