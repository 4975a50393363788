import type { Config } from "../config/schema.js";
import { countCodes, take } from "../data/arrays.js";
import { range } from "../data/split.js";
import type { Table } from "../data/table.js";
import { countParameters } from "../model/parts.js";
import { hidesRareClasses } from "../score/wanted.js";
import { countCopies, countSeen } from "../train/copies.js";
import { holdsOut, learnedRows, unlearnedAmong } from "../train/members.js";
import { warmUpShare } from "../train/pace.js";
import type { Prepared } from "../train/prepare.js";
import type { TaskOf } from "../train/task.js";
import type { Engine } from "../train/train.js";
import { cycles } from "../transform/cycles.js";
import { estimandOf } from "../transform/estimands.js";
import { deviation, mean } from "../transform/moments.js";
import type { ColumnState } from "../transform/pipeline.js";
import { isStraight } from "../transform/scalers.js";
import { type TargetState, targetNames, truthOf } from "../transform/target.js";
import { type Truth, takeTruth } from "../transform/truth.js";
import { clippedText, count, either, extras, note, percent, say, short, some, weightText, whole } from "./text.js";

/** What was understood. */
interface Understood {
  /** as it was read */
  readonly table: Table;
  readonly task: TaskOf;
  readonly prepared: Prepared;
  readonly engine: Pick<Engine, "blas">;
  readonly config: Config;
}

/** Says it. `folds` is a line about the folds of a cross-validation, of which the rest tells the first. */
export function describe({ table, task, prepared, engine, config }: Understood, folds?: string): void {
  const columns = prepared.initial ? "" : `, ${count(table.columns.length, "column")}`; // a model asks for its own alone
  say("table", `${table.source}: ${count(table.rows, "row")}${columns}`);
  if (folds !== undefined) say("folds", folds);
  describeInputs(prepared);
  describeTarget(prepared, task, folds !== undefined);
  describeRows(prepared, config);
  describeRareClass(prepared, task.table);
  if (isByTime(config.data)) describeTrend(prepared);
  const isOwnTable = typeof config.data.validation === "string";
  if (isOwnTable) describeSeen(prepared);
  if (folds !== undefined || (holdsOut(prepared.members) && !isOwnTable)) describeCopies(task.table, prepared, config);
  describeWeights(config);
  say(
    "preset",
    config.preset === "none" ? "none: settings that the config leaves out have their defaults" : config.preset,
  );
  describeNetwork(prepared);
  if (engine.blas) say("engine", `${engine.blas.name} (not bit-identical across machines)`);
  describeTraining(prepared);
}

/** What computes, as scripts get it, of trainings in so many `lanes`; a BLAS may not say how many threads it has. */
export function engineFacts({ blas, workers, engineThreads }: Engine, lanes = 1) {
  if (blas) return { backend: "blas", threads: blas.threads ?? null };
  return { backend: "wasm", threads: lanes * Math.max(workers, 1) * engineThreads };
}

function describeInputs({ pipeline, leftOut }: Prepared): void {
  for (const [type, plural] of Object.entries({ number: "numbers", date: "dates", category: "categories" })) {
    const names = pipeline.filter((column) => column.type === type).map(inputText);
    const kind = count(names.length, type, plural);
    if (names.length > 0) say("inputs", `${kind}: ${some(names)}`);
  }
  const missing = pipeline
    .map(({ name, profile }) => ({ name, share: profile.missing }))
    .filter(({ share }) => share > 0)
    .sort((a, b) => b.share - a.share);
  if (missing.length > 0) say("missing", some(missing.map(({ name, share }) => `${name} (${percent(share)})`)));
  for (const why of new Set(leftOut.map(({ why }) => why))) {
    const names = leftOut.filter((column) => column.why === why).map(({ name }) => name);
    say("left out", `${some(names)}: ${why}`);
  }
}

/** Its name, and of dates what they become. */
function inputText(state: ColumnState): string {
  if (state.type !== "date") return state.name;
  const parts = ["days", ...state.cycles.map((name) => cycles[name].about)];
  return `${state.name} (${parts.join(", ")})`;
}

function describeTarget(
  prepared: Prepared,
  { table, because, withoutTarget, withoutWeight }: TaskOf,
  isFolded: boolean,
): void {
  const { target, rows } = prepared;
  const truth = rows.size > table.rows ? takeTruth(rows.truth, range(0, table.rows)) : rows.truth; // of this table
  if (target.task === "regression") {
    const targets = target.targets.map(
      ({ name, scaler, range }) => `${name} (scaled by ${scaler.name}${clippedText(range)})`,
    );
    say("target", `${some(targets)}: a regression`);
    if (estimandOf(target).isPositive)
      say("", "the network predicts the logarithm of the mean, so the target is only divided by its size: 0 stays 0");
    if (prepared.spec.loss.name === "mse" && !target.targets.every(({ scaler }) => isStraight(scaler)))
      say(
        "",
        "predicted nearer medians than means, as this scaling is no straight line, so sums of skewed numbers may be far off",
      );
  } else {
    const counts = rowsByClass(target.classes, truth);
    const positive = target.classes.length === 2 ? 1 : undefined;
    const classes = target.classes.map(
      (name, code) => `${name} (${whole(counts[code]!)}${code === positive ? ", positive" : ""})`,
    );
    say("target", `${target.name}: ${count(classes.length, "class", "classes")}: ${some(classes)}`);
    if (target.threshold !== undefined)
      say("", `the positive one is predicted from a probability of ${target.threshold}`);
  }
  const lone = isFolded || holdsOut(prepared.members) ? loneClasses(target, rows.truth) : [];
  if (lone.length > 0) {
    const alone = lone.length === 1 ? "in a single row, so it" : "in a single row each, so they";
    say("", `${alone} can be trained on or validated, not both: ${some(lone)}`);
  }
  const unlearned = isFolded ? [] : unlearnedClasses(prepared).filter((name) => !lone.includes(name));
  if (unlearned.length > 0)
    note(`${some(unlearned)} ${unlearned.length === 1 ? "has" : "have"} validation rows but none to train on`);
  if (because) say("", because);
  const lacking = targetNames(target).length > 1 ? "all of the targets" : "a target";
  if (withoutTarget > 0) say("left out", `${count(withoutTarget, "row")} without ${lacking}`);
  if (withoutWeight > 0) say("left out", `${count(withoutWeight, "row")} of weight 0`);
}

/** Of a smaller share of an equal part of the rows a class hardly counts for accuracy. */
const RARE = 0.1;

function describeRareClass({ target, training: { bestBy, classWeights } }: Prepared, table: Table): void {
  if (target.task === "regression" || classWeights !== "none" || target.threshold !== undefined) return;
  const isByAccuracy = hidesRareClasses(bestBy);
  if (!isByAccuracy && bestBy !== "logLoss") return; // who chooses by another score knows of the class
  const counts = rowsByClass(target.classes, truthOf(target, table));
  const rare = target.classes
    .map((name, code) => ({ name, share: counts[code]! / table.rows }))
    .filter(({ share }) => share < RARE / target.classes.length)
    .sort((a, b) => a.share - b.share);
  if (rare.length === 0) return;
  const shares = some(rare.map(({ name, share }) => `"${name}" is ${percent(share)}`));
  const choice = bestBy === "loss" || !isByAccuracy ? "" : 'training.bestBy: "logLoss" chooses by probabilities, ';
  const way = rare[0]!.name === target.classes[1] ? "lower" : "higher"; // it is of the second of two
  const threshold = target.classes.length === 2 ? `a ${way} data.threshold or ` : "";
  note(
    `${shares} of the rows, so accuracy says little: ${choice}${threshold}training.classWeights: "balanced" finds more of them`,
  );
}

/** Whether the latest rows of the table are held out. */
export function isByTime({ time, validation }: Config["data"]): boolean {
  return time !== null && typeof validation === "number" && validation > 0;
}

function describeRows({ members }: Prepared, { data }: Config): void {
  const [{ training, validation }] = members as [Prepared["members"][number]]; // there is one at least
  const takeTurns = learnedRows({ members }).length > training.length;
  const about = takeTurns ? "about " : "";
  const latest = isByTime(data) ? "the latest " : "";
  const held = validation.length > 0 ? `${about}${latest}${whole(validation.length)}` : "none";
  const each = takeTurns && validation.length > 0 ? ", different ones for each network" : "";
  say("rows", `${about}${whole(training.length)} for training, ${held} for validation${each}`);
}

/** The mean of the target moves by so many standard deviations between two parts of the rows. */
const FAR = 1;

/** Where the target of the latest rows is another one than that of the rows before them. */
function describeTrend({ target, rows: { truth }, members: [first] }: Prepared): void {
  if (truth.task === "classification") return;
  const { training, validation } = first!; // there is one at least
  for (const [t, name] of targetNames(target).entries()) {
    const values = truth.values[t]!;
    const before = take(values, training);
    const shift = (mean(take(values, validation)) - mean(before)) / deviation(before);
    if (!(Math.abs(shift) > FAR)) continue;
    const how = `${short(Math.abs(shift), 2)} standard deviations ${shift > 0 ? "higher" : "lower"}`;
    note(
      `"${name}" is ${how} on average in the latest rows, which are held out, than in those before; a network follows such a trend a little way at most, but it can learn the difference from an earlier value`,
    );
  }
}

function describeCopies(table: Table, { pipeline, target }: Prepared, { data }: Config): void {
  const names = [...pipeline.map(({ name }) => name), ...targetNames(target)];
  const copies = data.groups === null ? countCopies(table, names) : 0;
  if (copies === 0) return;
  const rows = `${whole(copies)} of the ${count(table.rows, "row")}`;
  note(
    `${rows} are copies of others; if they are the same observations, a row may be both trained on and validated, and scores look too good: keep one of each`,
  );
}

function describeSeen({ rows, members: [first] }: Prepared): void {
  const { training, validation } = first!; // there is one at least
  const seen = countSeen(rows, training, validation);
  if (seen === 0) return;
  note(
    `${whole(seen)} of the ${count(validation.length, "validation row")} are copies of training rows, so scores look too good; validate on other rows`,
  );
}

function describeWeights({ data: { weight }, training: { classWeights } }: Config): void {
  const kinds = [
    ...(weight === null ? [] : [`rows by ${weight}`]),
    ...(classWeights === "none" ? [] : [`classes ${weightText(classWeights)}`]),
  ];
  if (kinds.length > 0) say("weights", kinds.join("; "));
}

function describeNetwork({ spec, members }: Prepared): void {
  const { inputs, hidden, outputs, activation, loss } = spec;
  const widths = [inputs, ...hidden, outputs].join(" → ");
  const several = members.length > 1;
  const [label, each] = several ? ["networks", " each"] : ["network", ""];
  const shape = several ? `${whole(members.length)} × (${widths})` : widths;
  const weights = `${count(countParameters(spec), "weight")}${each}`;
  const more = extras(spec);
  say(label, `${[shape, activation.name, loss.name].join(", ")}: ${weights}`);
  if (more.length > 0) say("", more.join(", "));
}

function describeTraining({ members, batchSize, training, target }: Prepared): void {
  const rows = members[0]!.training.length;
  const batches = Math.ceil(rows / batchSize);
  const size = batchSize === rows ? "all rows" : count(batchSize, "row");
  const upTo = rows % batchSize > 0 ? "up to " : "";
  const updates = `${count(batches, "batch", "batches")} of ${upTo}${size}`;
  say("training", `${training.optimizer.name}, ${count(training.epochs, "epoch")} of ${updates}`);
  const warmUp = warmUpShare(training.schedule.warmUp, training.epochs, batches);
  if (warmUp > 1 && training.epochs > 0) {
    const reached = percent(1 / warmUp);
    note(`the warm-up is longer than the training, so the learning rate reaches only ${reached} of its setting`);
  }
  if (holdsOut(members)) return;
  const without = [
    ...(training.patience > 0 ? ["early stopping"] : []),
    ...(training.calibrate && target.task === "classification" ? ["calibration"] : []),
    ...(training.bestBy === "loss" ? [] : ["choice of the best epoch"]),
  ];
  if (without.length > 0) say("", `no ${either(without)}, because there are no validation rows`);
}

/** The classes that have one row. */
function loneClasses(target: TargetState, truth: Truth): string[] {
  if (target.task === "regression") return [];
  const rows = rowsByClass(target.classes, truth);
  return target.classes.filter((_, code) => rows[code] === 1);
}

/** Such as where all rows of a class are late in time. */
function unlearnedClasses({ target, members, rows: { truth, size } }: Prepared): string[] {
  if (target.task === "regression" || truth.task === "regression") return [];
  return unlearnedAmong(target, truth.classes, learnedRows({ members }), range(0, size));
}

function rowsByClass(classes: readonly string[], truth: Truth): number[] {
  return countCodes(truth.task === "classification" ? truth.classes : [], classes.length);
}
