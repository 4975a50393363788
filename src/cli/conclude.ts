import { MODEL_FILE, type Model } from "../artifact/model.js";
import type { NnfitError } from "../errors.js";
import { holdsOut } from "../train/members.js";
import type { Prepared } from "../train/prepare.js";
import type { Outcome } from "../train/train.js";
import { type TargetState, targetNames } from "../transform/target.js";
import type { Comparison } from "./scores.js";
import { summarize } from "./summary.js";
import { count, duration, say, scoreText, shellWord, short, some, whole } from "./text.js";

/** On pure noise the best of many epochs explains a tenth of 150 rows that it is chosen by, and half of 12. */
export const FEW_ROWS = 500;

/** From this temperature on, probabilities of 0.999 and 0.001 become some 0.53 and 0.47. */
const TELLS_NOTHING = 50;

/** What else there is to say of a training that is done. */
interface Conclusion {
  /** of the run */
  readonly folder: string;
  /** that it took */
  readonly seconds: number;
  /** the model that was there before */
  readonly replaced: Model | undefined;
  /** of what was required of the scores */
  readonly failure: NnfitError | undefined;
  /** a cross-validation of the same table is possible */
  readonly allowsFolds: boolean;
  /** the latest rows were held out */
  readonly isByTime: boolean;
}

/** Says how it went and what to do with the model. */
export function conclude(
  { members, training, initial }: Prepared,
  outcome: Outcome,
  compared: readonly Comparison[],
  { folder, seconds, replaced, failure, allowsFolds, isByTime }: Conclusion,
): void {
  const early = outcome.stopped === "patience" ? ", stopped early" : "";
  const isJudged = holdsOut(members);
  const best = isJudged
    ? keptText(
        outcome.members.map(({ keptEpoch }) => keptEpoch),
        training.bestBy,
      )
    : "";
  say("done", `${count(outcome.epochs, "epoch")} in ${duration(seconds)}${early}${best}`);
  const rows = outcome.judgedRows.length;
  const all = count(rows, isJudged ? "validation row" : "training row");
  const isSample = !isJudged && rows < outcome.rowCounts.trainingRows;
  const judged = isSample ? `${whole(rows)} of the training rows` : `the ${all}`;
  const others = members.length > 1 ? ", each predicted by networks that did not train on it" : "";
  const known = ", which the model that training continued from may have seen: scores may be optimistic";
  const by = isJudged ? (initial ? known : others) : "";
  const { scores } = outcome.judgement;
  say("scores", `${scoreText(scores)} on ${judged}${by}`);
  const { target } = outcome;
  if (target.task === "classification" && target.temperature !== undefined) {
    const temperature = short(target.temperature, 3);
    say("", `with probabilities calibrated on these rows (temperature ${temperature}); those of the epochs were not`);
    if (target.temperature >= TELLS_NOTHING)
      say("", "so high a temperature makes all classes about as probable: the network's own say nothing of these rows");
    if (training.classWeights !== "none")
      say("", "probabilities are those of classes as weighted, not of their shares in the table");
  }
  const way = allowsFolds ? "; --folds 5 scores rows that had no part in it" : "";
  const chosenBy = rowsThatChoose(members);
  const what =
    members.length > 1
      ? `each network's best epoch was chosen by about ${whole(chosenBy)} of these rows`
      : "these few rows also chose the best epoch";
  const optimistic =
    best !== "" && chosenBy < FEW_ROWS ? [`optimistic, also against baseline and linear: ${what}${way}`] : [];
  for (const remark of optimistic) say("", remark);
  for (const { label, text, remarks } of compared) {
    say(label, text);
    for (const remark of remarks) say("", remark);
  }
  const model = `${folder}/${MODEL_FILE}`;
  say("model", model);
  if (isByTime) say("", LATEST_ROWS);
  if (replaced) say("", replacedText(replaced, target));
  say("predict", `nnfit predict ${shellWord(folder)} new.csv --out predictions.csv`);
  const facts = { scores: `of ${judged}${by}`, model };
  summarize({
    title: `nnfit train: ${folder}`,
    scores: { network: scores },
    compared,
    remarks: optimistic,
    failure,
    facts,
  });
}

/** Of the network with the fewest: by so many rows its best epoch is chosen. */
export function rowsThatChoose(members: Prepared["members"]): number {
  return Math.min(...members.map(({ validation }) => validation.length));
}

/** Of a model whose latest rows were held out. */
const LATEST_ROWS =
  "it did not learn from the latest rows; with --set data.validation=0 it does, and nothing judges it";

function replacedText({ target, training: { scores } }: Model, now: TargetState): string {
  const [names, others] = [targetNames(now), targetNames(target)];
  const isSame = names.length === others.length && names.every((name) => others.includes(name));
  return `replaces one ${isSame ? `with ${scoreText(scores)}` : `that predicts ${some(others)}`}`;
}

function keptText(epochs: readonly number[], bestBy: string): string {
  if (Math.max(...epochs) === 0) return "";
  if (epochs.length > 1) {
    const by = bestBy === "loss" ? "validation loss" : bestBy;
    return `; kept each network's best epoch by ${by}: ${some(epochs.map(whole), 10)}`;
  }
  const one = bestBy === "loss" ? "the one with the lowest validation loss" : `the best by ${bestBy}`;
  return `; kept epoch ${whole(epochs[0]!)}, ${one}`;
}
