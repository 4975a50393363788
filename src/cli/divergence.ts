import type { Config } from "../config/schema.js";
import { columnOf, type Table, takeRows, textOf } from "../data/table.js";
import { NnfitError } from "../errors.js";
import type { FoldResult } from "../folds/crossValidation.js";
import { type Autopsy, type Extreme, FAR, type TensorNorms } from "../train/autopsy.js";
import type { MemberOutcome } from "../train/member.js";
import { optimizerChoice } from "../train/optimizers.js";
import type { Prepared } from "../train/prepare.js";
import type { Outcome } from "../train/train.js";
import { estimandOf } from "../transform/estimands.js";
import { inputNames } from "../transform/inputColumns.js";
import { targetNames } from "../transform/target.js";
import { count, plain, short, some, whole } from "./text.js";

/** What a training was about. */
interface Trained {
  readonly outcome: Pick<Outcome, "members">;
  readonly prepared: Pick<Prepared, "pipeline" | "target" | "spec">;
  /** of the rows with a target */
  readonly table: Table;
  readonly config: Config;
}

/** The error of a training that diverged. `model` is the file, where there are weights to keep. */
export function divergence(trained: Trained & { readonly model: string | undefined }): NnfitError | undefined {
  const { outcome, model } = trained;
  return errorOf(trained, {
    at: "",
    have({ keptEpoch }) {
      if (!model) return "no epoch with good weights, so no model was written";
      const isAlone = outcome.members.length === 1;
      return `${isAlone ? `the weights of epoch ${keptEpoch}` : "the last good weights of each network"}, kept in ${model}`;
    },
  });
}

/** The error of the first fold that diverged. `table` is that of all folds, and `file` has their scores. */
export function foldDivergence(
  results: readonly FoldResult[],
  { table, config, file }: { readonly table: Table; readonly config: Config; readonly file: string | undefined },
): NnfitError | undefined {
  for (const { fold, prepared, outcome } of results) {
    if (outcome.stopped !== "diverged") continue;
    return errorOf(
      { outcome, prepared, config, table: takeRows(table, fold.learning) },
      {
        at: `fold ${fold.number + 1}, `,
        have: () => (file === undefined ? undefined : `the scores of each fold's last good weights, in ${file}`),
      },
    );
  }
  return undefined;
}

/** Where it was, what was found there, and what to change. */
function errorOf(
  trained: Trained,
  { at, have }: { readonly at: string; have(member: MemberOutcome): string | undefined },
): NnfitError | undefined {
  const { members } = trained.outcome;
  const number = members.findIndex(({ stopped }) => stopped === "diverged");
  const member = members[number];
  if (!member) return undefined;
  const which = members.length > 1 ? `network ${number + 1}, ` : "";
  const { where, found, advice } = told(member, trained);
  return new NnfitError("diverged", "training diverged: the loss is no longer a finite number", {
    at: lines([`${at}${which}epoch ${member.diverged?.epoch}, batch ${member.diverged?.batch}`, where]),
    have: lines([have(member), ...found]),
    try: advice,
  });
}

const lines = (texts: readonly (string | undefined)[]) => texts.filter((text) => text !== undefined).join("\n");

function told({ autopsy }: MemberOutcome, trained: Trained) {
  if (!autopsy) return { where: undefined, found: [], advice: slower(trained.config) };
  const { pipeline, target } = trained.prepared;
  const input = autopsy.input && cellOf(autopsy.input, inputNames(pipeline), trained.table);
  const wanted = autopsy.target && cellOf(autopsy.target, targetNames(target), trained.table);
  return {
    where: rowsText(autopsy, trained.table),
    found: [input && `input ${input.text}`, wanted && `target ${wanted.text}`, ...layersText(autopsy)],
    advice: adviceFor(input, wanted, trained),
  };
}

/** "houses.csv:7, 12, 3 and 29 more" */
function rowsText({ found, rows }: Autopsy, { source, lines }: Table): string {
  const known = [...rows].flatMap((row) => (row < lines.length ? [String(lines[row])] : []));
  const where = known.length > 0 ? `${source}:${some(known)}` : "the validation table";
  return found === "batch" ? where : `found when scoring ${count(rows.length, "row")}: ${where}`;
}

/** A cell with a scaled value that was the largest. */
interface FoundCell {
  readonly name: string;
  /** its file and line */
  readonly place: string;
  readonly extreme: Extreme;
  readonly text: string;
}

function cellOf(extreme: Extreme, names: readonly string[], table: Table): FoundCell {
  const { row, value, isInRows } = extreme;
  const name = names[extreme.column]!;
  const column = columnOf(table, name);
  const isKnown = row < table.rows && column !== undefined;
  const place = isKnown
    ? `${table.source}:${table.lines[row]}`
    : `row ${whole(row - table.rows + 1)} of the validation table`;
  const cell = isKnown ? `${textOf(column, row) ?? "a missing cell"}, scaled ` : "scaled ";
  const rank = isInRows ? "the largest of these rows" : "the largest of all training rows, but not one of these";
  return { name, place, extreme, text: `"${name}" at ${place}: ${cell}${short(value, 4)}, ${rank}` };
}

/** Which tensor has the largest gradient, and how large the weights became. */
function layersText({ tensors, goodEpoch }: Autopsy): string[] {
  const [first] = tensors;
  if (!first) return [];
  const when = goodEpoch === 0 ? "the initial weights" : `the weights of epoch ${goodEpoch}`;
  const steepest = largest(tensors, ({ gradient }) => gradient);
  const heaviest = largest(tensors, ({ after }) => after);
  const now = Number.isFinite(heaviest.after)
    ? `the norm of the weights went from ${size(heaviest.before)} to ${size(heaviest.after)}`
    : "the first whose weights are no longer finite";
  return [
    `${steepest.name}: the batch's largest gradient, of norm ${size(steepest.gradient)} with ${when} (norm ${size(steepest.before)})`,
    `${heaviest.name}: ${now}`,
  ];
}

/** The first that is not finite, or else the largest. */
function largest(tensors: readonly TensorNorms[], of: (tensor: TensorNorms) => number): TensorNorms {
  return (
    tensors.find((tensor) => !Number.isFinite(of(tensor))) ??
    tensors.reduce((most, tensor) => (of(tensor) > of(most) ? tensor : most))
  );
}

const size = (norm: number) => (Number.isFinite(norm) ? short(norm, 3) : String(norm));

/** Beyond this even a small learning rate would be too large. */
const VERY_FAR = 100;
/** A column with a larger share of values far beyond lacks scaling; else single cells are wild. */
const WILD = 0.1;

/** The data first, where they are far beyond what a network expects; the steps, where these alone can be it. */
function adviceFor(input: FoundCell | undefined, target: FoundCell | undefined, trained: Trained): string {
  const sizeOf = (cell: FoundCell | undefined) => Math.abs(cell?.extreme.value ?? 0);
  const largest = Math.max(sizeOf(input), sizeOf(target));
  const advice = [
    input && sizeOf(input) > FAR ? scaledInput(input, trained) : undefined,
    target && sizeOf(target) > FAR ? scaledTarget(target, trained) : undefined,
  ];
  return lines([...advice, largest > VERY_FAR ? undefined : slower(trained.config)]);
}

function scaledInput({ name, place, extreme }: FoundCell, { prepared, config }: Trained): string {
  const { inputs } = config.scale;
  const state = prepared.pipeline.find((column) => column.name === name);
  const isWhole = extreme.far > WILD;
  const isUnscaled = state !== undefined && state.type !== "category" && state.scaler?.name === "none";
  const scaler = isWhole && isUnscaled ? "standard" : "robustSmooth";
  const others = typeof inputs === "string" ? { "*": inputs } : inputs;
  const setting = `"scale": ${JSON.stringify({ inputs: { ...others, [name]: scaler } })}`;
  return isWhole ? `scaling the column: ${setting}` : `correcting the cell at ${place}, or squashing it: ${setting}`;
}

function scaledTarget({ name, place, extreme }: FoundCell, { prepared: { target, spec }, config }: Trained): string {
  const setting = config.scale.target;
  const states = target.task === "regression" ? target.targets : [];
  const others = typeof setting === "string" ? { "*": setting } : setting;
  const scale = (scaler: string) =>
    `"scale": ${JSON.stringify({ target: states.length === 1 ? scaler : { ...others, [name]: scaler } })}`;
  if (estimandOf(target).isPositive) return `correcting the cell at ${place}`; // it can't be scaled otherwise
  if (extreme.far > WILD) {
    const isUnscaled = states.find((state) => state.name === name)?.scaler.name === "none";
    return `scaling the target: ${scale(isUnscaled ? "standard" : "quantileNormal")}`;
  }
  const gentler = `a loss less swayed by outliers: "model": {"loss": "huber"}`;
  return `correcting the cell at ${place}, or ${spec.loss.name === "mse" ? gentler : scale("quantileNormal")}`;
}

function slower({ training: { optimizer, clipNorm } }: Config): string {
  const { learningRate } = optimizer;
  const clip = clipNorm === 0 ? ", or gradient clipping: training.clipNorm: 1" : "";
  const usual = optimizerChoice.parse(optimizer.name).learningRate;
  const smaller = plain(Math.min(learningRate / 10, usual));
  return `a smaller training.optimizer.learningRate: it is ${learningRate}, try ${smaller}${clip}`;
}
