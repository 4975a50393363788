import { type Command, InvalidArgumentError } from "commander";
import { NnfitError } from "../errors.js";
import { baselineOption, failIfOption, type GateOptions, maxRegressionOption } from "./gates.js";
import { folderName, setOption, threadsOption } from "./usage.js";

export interface TrainOptions extends GateOptions {
  readonly set?: string[];
  readonly out?: string;
  readonly threads: number | "auto";
  readonly backend?: string;
  readonly json?: boolean;
  readonly folds?: number;
  readonly keep?: boolean;
  readonly resume?: boolean;
  readonly continueFrom?: string;
  readonly events?: number;
  readonly quiet?: boolean;
}

/** Adds the options of `nnfit train`. */
export function withTrainOptions(command: Command): Command {
  return command
    .option(...setOption)
    .option("--out <folder>", "the run folder; overrides the config's `output`", folderName)
    .option(...threadsOption)
    .option(
      "--backend <name>",
      "wasm, or blas for the system's BLAS library; overrides the config's `training.backend`",
    )
    .option(
      "--folds <n>",
      "cross-validate: train n times, testing on different rows each time; writes scores and predictions, and a model only with --keep",
      numberOfFolds,
    )
    .option("--keep", "with --folds: write one model with the networks of all folds")
    .option(...failIfOption)
    .option(...baselineOption)
    .option(...maxRegressionOption)
    .option("--quiet", "hide the epoch lines and the progress bar")
    .option("--json", "print one JSON object at the end: scores, and seconds for each part of the work")
    .option(
      "--resume",
      "continue from the run folder's last checkpoint (with --folds, from the folds' checkpoints), as if training had not been stopped",
    )
    .option(
      "--continue-from <model>",
      "start a new training, for example on new rows, from a model's weights; keeps the model's transforms",
    )
    .option(
      "--events <where>",
      "write events, as in the run folder's events.ndjson, to standard output (-) or an open file descriptor",
      descriptorOf,
    );
}

function numberOfFolds(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text) && text !== "1") return Number(text);
  throw new InvalidArgumentError("It takes a whole number, 2 or more.");
}

/** A file descriptor's number, or - for that of standard output. */
function descriptorOf(text: string): number {
  if (text === "-") return 1;
  if (/^\d{1,4}$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError("It takes - or the number of an open file descriptor.");
}

/** Options that make no sense beside each other. */
export function refuseTogether({ folds, keep, continueFrom, events, json }: TrainOptions): void {
  const single = { "--continue-from": continueFrom, "--events": events };
  const [ofSingle] = Object.entries(single).find(([, given]) => given !== undefined) ?? [];
  if (folds !== undefined && ofSingle) {
    throw new NnfitError("usage", `${ofSingle} can't be combined with --folds`);
  }
  if (folds === undefined && keep) {
    throw new NnfitError("usage", "--keep needs --folds", { try: "--folds 5 --keep" });
  }
  if (json && events === 1) {
    throw new NnfitError("usage", "--json and --events - would both write to standard output");
  }
}
