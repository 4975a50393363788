import type { Model } from "../artifact/model.js";
import type { DataOptions } from "../data/options.js";
import { readColumns } from "../data/read.js";
import type { Source } from "../data/source.js";
import type { Table } from "../data/table.js";
import { NnfitError } from "../errors.js";
import { rowsToLearn, type TaskOf } from "../train/task.js";
import { withThreshold } from "../transform/classes.js";
import type { ColumnState } from "../transform/pipeline.js";
import { predicts, type TargetState, targetColumns, targetNames } from "../transform/target.js";
import { findModel } from "./locate.js";
import { Remarks } from "./remarks.js";
import { note } from "./text.js";

/** A model whose training is to go on. It is calibrated anew, and have the config's threshold. */
export function modelToContinue(path: string, threshold: DataOptions["threshold"]): Model {
  const model = findModel(path);
  const target = uncalibrated(model.target);
  if (threshold === null) return { ...model, target };
  return { ...model, target: withThreshold(target, threshold, { setting: "data.threshold" }) };
}

function uncalibrated(target: TargetState): TargetState {
  if (target.task === "regression") {
    return { ...target, targets: target.targets.map(({ residuals: _, ...others }) => others) };
  }
  const { temperature: _, threshold: __, ...others } = target;
  return others;
}

/** The table that the training of a model goes on with, read as the model reads its rows; whole, and what is learned of it. */
export async function readForModel(
  model: Model,
  path: string,
  source: Source,
  data: DataOptions,
): Promise<{ whole: Table; task: TaskOf }> {
  const names = targetNames(model.target);
  const wanted = [data.target].flat();
  if (!predicts(model.target, wanted)) {
    throw new NnfitError("usage", "the model to continue from predicts a different target", {
      setting: "data.target",
      have: `${names.join(", ")} in ${path}, but ${wanted.join(", ")} in the config`,
    });
  }
  const positive = model.target.task === "classification" ? model.target.classes.at(-1) : undefined;
  if (data.positive !== null && String(data.positive) !== positive) {
    throw new NnfitError("usage", "the model to continue from has a different positive class", {
      setting: "data.positive",
      have: positive === undefined ? `${path} predicts numbers` : `"${positive}" in ${path}`,
    });
  }
  for (const state of model.pipeline) {
    const setting = settingAgainst(state, data);
    if (setting === undefined) continue;
    throw new NnfitError("usage", "the model to continue from has an input that the config excludes or changes", {
      setting,
      have: `"${state.name}" is an input of ${path}, a ${state.type}`,
      try: "a new training, without --continue-from",
    });
  }
  const weight = data.weight ? [{ name: data.weight, type: "number" as const }] : [];
  const inputs = model.pipeline.map((state) =>
    state.type === "date" ? { ...state, order: state.order ?? data.dates } : state,
  );
  const isRead = new Set([...inputs.map(({ name }) => name), ...names]);
  const dependence = [data.groups, data.time]
    .filter((name): name is string => name !== null && !isRead.has(name))
    .map((name) => ({ name, type: "category" as const, optional: true })); // whose words tell rows apart, or their order
  const whole = await readColumns(source, data, [...inputs, ...dependence, ...targetColumns(model.target), ...weight]);
  const { target } = model;
  const classes = target.task === "classification" ? target : undefined;
  const learned = rowsToLearn(whole, names, data.weight);
  return { whole, task: { ...learned, task: target.task, names, classes, because: undefined } };
}

/** The setting by which a column would be no input, or another one. */
function settingAgainst(state: ColumnState, data: DataOptions): string | undefined {
  const { name, type } = state;
  if (data.ignore.includes(name)) return "data.ignore";
  if (Object.hasOwn(data.types, name) && data.types[name] !== type) return "data.types";
  if (data.weight === name) return "data.weight";
  if (data.groups === name) return "data.groups";
  if (state.type === "date" && data.dates !== "auto" && data.dates !== (state.order ?? data.dates)) return "data.dates";
  return undefined;
}

/** Says what the model does not know of the rows that its training goes on with: it will not learn it. */
export function tellUnknown({ pipeline }: Model, table: Table): void {
  const remarks = new Remarks(pipeline, false);
  remarks.on(table);
  const unknown = remarks.sentences("");
  unknown.forEach(note);
  if (unknown.length > 0)
    note("a continued training keeps the model's categories and scaling; one without --continue-from learns new ones");
}
