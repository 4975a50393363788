import type { Config } from "../config/schema.js";
import { columnOf, type Table, textOf } from "../data/table.js";
import { NnfitError } from "../errors.js";
import { type Autopsy, type Extreme, FAR, type TensorNorms } from "../train/autopsy.js";
import type { MemberOutcome } from "../train/member.js";
import type { Prepared } from "../train/prepare.js";
import type { Outcome } from "../train/train.js";
import { type PipelineState, widthOf } from "../transform/pipeline.js";
import { targetNames } from "../transform/target.js";
import { count, plain, short, some, whole } from "./text.js";

/** What a training was about. */
interface Trained {
  readonly outcome: Outcome;
  readonly prepared: Pick<Prepared, "pipeline" | "target" | "spec">;
  /** of the rows with a target */
  readonly table: Table;
  readonly config: Config;
  /** the file, where there are weights to keep */
  readonly model: string | undefined;
}

/** The error of a training that diverged: where, what was found there, and what to change. */
export function divergence(trained: Trained): NnfitError | undefined {
  const { outcome, model } = trained;
  const { members } = outcome;
  const number = members.findIndex(({ stopped }) => stopped === "diverged");
  const member = members[number];
  if (!member) return undefined;
  const which = members.length > 1 ? `member ${number + 1}, ` : "";
  const good = members.length > 1 ? "the last good weights of each member" : `the weights of epoch ${member.keptEpoch}`;
  const { where, found, advice } = told(member, trained);
  return new NnfitError("diverged", "training diverged: the loss is no longer a finite number", {
    at: lines([`${which}epoch ${member.diverged?.epoch}, batch ${member.diverged?.batch}`, where]),
    have: lines([
      model ? `${good}, kept in ${model}` : "no epoch with good weights, so no model was written",
      ...found,
    ]),
    try: advice,
  });
}

const lines = (texts: readonly (string | undefined)[]) => texts.filter((text) => text !== undefined).join("\n");

function told({ autopsy }: MemberOutcome, trained: Trained) {
  if (!autopsy) return { where: undefined, found: [], advice: slower(trained.config) };
  const { pipeline, target } = trained.prepared;
  const input = autopsy.input && cellOf(autopsy.input, inputNames(pipeline), trained.table);
  const wanted = autopsy.target && cellOf(autopsy.target, targetNames(target), trained.table);
  const found = [input && `input ${input.text}`, wanted && `target ${wanted.text}`, ...layersText(autopsy)];
  return {
    where: rowsText(autopsy, trained.table),
    found: found.filter((text) => text !== undefined),
    advice: adviceFor(input, wanted, trained),
  };
}

/** "houses.csv:7, 12, 3 and 29 more" */
function rowsText({ found, rows }: Autopsy, { source, lines }: Table): string {
  const known = [...rows].flatMap((row) => (row < lines.length ? [String(lines[row])] : []));
  const where = known.length > 0 ? `${source}:${some(known)}` : "the validation table";
  return found === "batch" ? where : `found in judging ${count(rows.length, "row")}: ${where}`;
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
  const rank = isInRows ? "the largest of these rows" : "the largest of all rows learned from, though not of these";
  return { name, place, extreme, text: `"${name}" at ${place}: ${cell}${short(value, 4)}, ${rank}` };
}

/** The name of each column of X. */
function inputNames(pipeline: PipelineState): string[] {
  return pipeline.flatMap((state) => Array.from({ length: widthOf([state]) }, () => state.name));
}

/** Which tensor has the largest gradient, and how large the weights became. */
function layersText({ tensors, goodEpoch }: Autopsy): string[] {
  const [first] = tensors;
  if (!first) return [];
  const when = goodEpoch === 0 ? "the initial weights" : `the weights of epoch ${goodEpoch}`;
  const steepest = largest(tensors, ({ gradient }) => gradient);
  const heaviest = largest(tensors, ({ after }) => after);
  const before = `with ${when}, whose norm is ${size(steepest.before)} there`;
  const now = Number.isFinite(heaviest.after)
    ? `the norm of its weights grew from ${size(heaviest.before)} to ${size(heaviest.after)}`
    : "the first with weights that are not finite now";
  return [
    `layer ${steepest.name}: the largest gradient, of norm ${size(steepest.gradient)} ${before}`,
    `layer ${heaviest.name}: ${now}`,
  ];
}

/** The first that is not finite, or else the largest. */
function largest(tensors: readonly TensorNorms[], of: (tensor: TensorNorms) => number): TensorNorms {
  return (
    tensors.find((tensor) => !Number.isFinite(of(tensor))) ??
    tensors.reduce((most, tensor) => (of(tensor) > of(most) ? tensor : most))
  );
}

const size = (norm: number) => (Number.isFinite(norm) ? short(norm, 3) : "no finite number");

/** Beyond this even a small learning rate would be too large. */
const VERY_FAR = 100;
/** A column with a larger share of values far beyond lacks scaling; else single cells are wild. */
const WILD = 0.1;

/** The data first, where they are far beyond what a network expects; the steps, where these alone can be it. */
function adviceFor(input: FoundCell | undefined, target: FoundCell | undefined, trained: Trained): string {
  const sizeOf = (cell: FoundCell | undefined) => Math.abs(cell?.extreme.value ?? 0);
  const isTarget = sizeOf(target) > sizeOf(input);
  const worst = isTarget ? target : input;
  if (!worst || sizeOf(worst) <= FAR) return slower(trained.config);
  const advice = isTarget ? scaledTarget(worst, trained) : scaledInput(worst, trained);
  return sizeOf(worst) > VERY_FAR ? advice : lines([advice, `or ${slower(trained.config)}`]);
}

function scaledInput({ name, place, extreme }: FoundCell, { prepared, config }: Trained): string {
  const { inputs } = config.scale;
  const state = prepared.pipeline.find((column) => column.name === name);
  const isWhole = extreme.far > WILD;
  const isUnscaled = state?.type === "number" && state.scaler.name === "none";
  const scaler = isWhole && isUnscaled ? "standard" : "robustSmooth";
  const others = typeof inputs === "string" ? { "*": inputs } : inputs;
  const setting = `"scale": ${JSON.stringify({ inputs: { ...others, [name]: scaler } })}`;
  return isWhole ? `scaling the column: ${setting}` : `correcting the cell at ${place}, or drawing it in: ${setting}`;
}

function scaledTarget({ name, place, extreme }: FoundCell, { prepared: { target, spec }, config }: Trained): string {
  const setting = config.scale.target;
  const states = target.task === "regression" ? target.targets : [];
  const others = typeof setting === "string" ? { "*": setting } : setting;
  const scale = (scaler: string) =>
    `"scale": ${JSON.stringify({ target: states.length === 1 ? scaler : { ...others, [name]: scaler } })}`;
  if (extreme.far > WILD) {
    const isUnscaled = states.find((state) => state.name === name)?.scaler.name === "none";
    return `scaling the target: ${scale(isUnscaled ? "standard" : "quantileNormal")}`;
  }
  const gentler = `a loss that outliers sway less: "model": {"loss": "huber"}`;
  return `correcting the cell at ${place}, or ${spec.loss.name === "mse" ? gentler : scale("quantileNormal")}`;
}

function slower({ training: { optimizer, clipNorm } }: Config): string {
  const { learningRate } = optimizer;
  const clip = clipNorm === 0 ? ", or shorter gradients: training.clipNorm: 1" : "";
  return `a smaller training.optimizer.learningRate: it is ${learningRate}, try ${plain(learningRate / 10)}${clip}`;
}
