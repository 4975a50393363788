import { type Command, InvalidArgumentError } from "commander";
import { readBlocks } from "../data/read.js";
import { type Break, Contract, type Finding } from "../transform/contract.js";
import { type Limits, SOME_DRIFT, usualLimits } from "../transform/limits.js";
import type { ColumnState } from "../transform/pipeline.js";
import { targetNames } from "../transform/target.js";
import { narrowed } from "./align.js";
import { checkFailure, printResult } from "./failure.js";
import { findModel, rowsSource } from "./locate.js";
import { nearName } from "./nearName.js";
import { endWith } from "./report.js";
import { inputsToRead, type RowsOptions, rowsFormat, withRowsOptions } from "./rowsOptions.js";
import {
  colors,
  count,
  either,
  oneLine,
  percent,
  print,
  rangeText,
  some,
  tell,
  terminalWidth,
  valueText,
} from "./text.js";
import { example, modelArgument } from "./usage.js";

/** Of more pairs of extra columns and lacking ones it would take long to find the nearest names. */
const MOST_COMPARED = 100_000;

interface CheckOptions extends RowsOptions {
  readonly json?: boolean;
  readonly maxUnseen?: number;
  readonly maxOutside?: number;
  readonly maxMissing?: number;
  readonly maxDrift: number;
}

export function configure(command: Command): Command {
  return withRowsOptions(
    command
      .argument(...modelArgument)
      .argument("[rows]", "a CSV file, or - for standard input; the target column is not needed", "-")
      .option(
        "--max-unseen <share>",
        `largest share of rows with a category that the model does not know (default: ${usualLimits.unseen}, raised for small tables)`,
        share,
      )
      .option(
        "--max-outside <share>",
        `largest share of rows outside the training range (default: ${usualLimits.outside}, raised for small tables; values very far outside always fail)`,
        share,
      )
      .option(
        "--max-missing <share>",
        `largest share of rows with a missing cell (default: ${usualLimits.missing} more than in training, raised for small tables)`,
        share,
      )
      .option(
        "--max-drift <index>",
        "largest population stability index of a column; raised for small tables",
        index,
        usualLimits.drift,
      )
      .option("--json", "print one JSON object")
      .addHelpText(
        "before",
        example(
          "nnfit check runs/iris new.csv",
          "nnfit check runs/iris new.csv --max-drift 0.1 && nnfit predict runs/iris new.csv",
        ),
      )
      .action(checkAction),
  );
}

async function checkAction(path: string, rows: string, options: CheckOptions): Promise<void> {
  const model = findModel(path);
  const { pipeline, target, training, time } = model;
  const { maxUnseen, maxOutside, maxMissing, maxDrift } = options;
  const limits: Limits = {
    drift: maxDrift,
    ...(maxUnseen !== undefined && { unseen: maxUnseen }),
    ...(maxOutside !== undefined && { outside: maxOutside }),
    ...(maxMissing !== undefined && { missing: maxMissing }),
  };
  const wanted = inputsToRead(pipeline, options).map((column) => ({ ...column, optional: true }));
  const contract = new Contract(pipeline, training.trainingRows, time);
  let names: readonly string[] = [];
  const format = rowsFormat(model, options);
  for await (const { header, table } of readBlocks(rowsSource(rows), format, wanted, { lenient: true })) {
    names = header;
    contract.add(table);
  }
  const findings = contract.findings(limits);
  const known = [...pipeline.map(({ name }) => name), ...targetNames(target)];
  const extra = names.filter((name) => !known.includes(name));
  const pairs = extra.length * findings.filter(({ present }) => !present).length;
  const broken = [
    ...(contract.rows === 0 ? ["the table has a header but no rows, so only its columns could be checked"] : []),
    ...pipeline.flatMap((state, i) =>
      findings[i]!.breaks.map((kind) =>
        sentence(kind, state, findings[i]!, () => (pairs <= MOST_COMPARED ? nearName(state.name, extra) : undefined)),
      ),
    ),
  ];
  const failure =
    broken.length > 0
      ? checkFailure("the table is not like the one that the model was trained on", { have: broken.join("; ") })
      : undefined;

  if (options.json) {
    const holds = broken.length === 0;
    const told = { ...usualLimits, ...limits };
    printResult({ version: 1, holds, rows: contract.rows, limits: told, extra, columns: findings }, failure);
  } else print(report(findings, contract.rows, extra));
  tell(broken.map((text) => `${colors.red("broken:")} ${oneLine(text)}`));
  if (failure) endWith(failure);
}

function report(findings: readonly Finding[], rows: number, extra: readonly string[]): string[] {
  const header = ["column", "type", "missing", "in training", "outside", "unseen", "drift", "by chance", ""];
  const shown = (value: number | null, text: (value: number) => string) => (value === null ? "-" : text(value));
  const lines = findings.map((finding) => [
    finding.name,
    finding.type,
    shown(finding.missing, percent),
    percent(finding.missingInTraining),
    shown(finding.outside, percent),
    shown(finding.unseen, percent),
    shown(finding.drift, (index) => index.toFixed(3)),
    shown(finding.driftByChance, (index) => `< ${Math.max(index, 0.001).toFixed(3)}`),
    verdict(finding),
  ]);
  return [
    `rows   ${rows}`,
    ...(extra.length > 0 ? [`extra  ${some(extra)}`] : []),
    "",
    ...narrowed([header, ...lines], terminalWidth(process.stdout), (row, column) => row > 0 && column === 0, ""),
  ];
}

function verdict({ breaks, drift, driftByChance }: Finding): string {
  if (breaks.length > 0) return breaks.join(", ");
  return (drift ?? 0) > Math.max(SOME_DRIFT, driftByChance ?? 0) ? "ok, some drift" : "ok";
}

/** What is broken, in words; `similar` finds an extra column of nearly the same name. */
function sentence(kind: Break, state: ColumnState, finding: Finding, similar: () => string | undefined): string {
  const { name, unreadable, examples, outside, outsideLimit, unseen, unseenLimit } = finding;
  const { drift, driftLimit, driftWithout } = finding;
  const such = examples.map((example) => `"${example}"`).join(", ");
  switch (kind) {
    case "lacking": {
      const other = similar();
      return `the table has no column "${name}"${other ? `; it has "${other}"` : ""}`;
    }
    case "not numbers":
      return `"${name}" is not a number in ${count(unreadable, "row")}: ${such}`;
    case "not dates":
      return `"${name}" is not a date in ${count(unreadable, "row")}: ${such}`;
    case "outside":
      return `"${name}" is beyond its training range (${rangeText(state)}) in ${digits(outside ?? 0)} of the rows; the limit is ${digits(outsideLimit ?? 0)}`;
    case "far outside":
      return `"${name}" is ${valueText(state, finding.farOutside ?? 0)} in a row, farther beyond its training range (${rangeText(state)}) than chance explains`;
    case "missing":
      return `"${name}" is missing in ${digits(finding.missing ?? 0)} of the rows (${digits(finding.missingInTraining)} in training); the limit is ${digits(finding.missingLimit ?? 0)}`;
    case "unseen":
      return `"${name}" has a category that the model does not know in ${digits(unseen ?? 0)} of the rows (${such}); the limit is ${digits(unseenLimit ?? 0)}`;
    case "drift":
      return `"${name}" has drifted${apartFrom(state, driftWithout)}: its population stability index is ${(drift ?? 0).toFixed(3)}; the limit is ${Number((driftLimit ?? 0).toFixed(3))}`;
  }
}

/** Which rows have drifted, if it is those without the frequent numbers. */
function apartFrom(state: ColumnState, frequent: readonly number[]): string {
  return frequent.length > 0 ? ` where it is not ${either(frequent.map((value) => valueText(state, value)))}` : "";
}

function share(text: string): number {
  const value = decimal(text);
  if (value <= 1) return value;
  throw new InvalidArgumentError("It takes a share of the rows, from 0 to 1.");
}

function index(text: string): number {
  const value = decimal(text);
  if (Number.isFinite(value)) return value;
  throw new InvalidArgumentError("It takes a number that is not negative.");
}

/** Not negative; NaN where it is none. */
function decimal(text: string): number {
  return /^(?:\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
}

/** A share in percent, in as many digits as tell it from a limit. */
function digits(share: number): string {
  return `${Number((100 * share).toPrecision(3))}%`;
}
