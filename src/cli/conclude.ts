import { MODEL_FILE, type Model } from "../artifact/model.js";
import type { NnfitError } from "../errors.js";
import { metricsAt } from "../score/metrics.js";
import { badness, scoreNames } from "../score/scoring.js";
import type { Choice } from "../train/choice.js";
import { holdOutInTurn } from "../train/compare.js";
import { holdsOut } from "../train/members.js";
import type { TrainingOptions } from "../train/options.js";
import type { Prepared } from "../train/prepare.js";
import type { Outcome } from "../train/train.js";
import { type TargetState, targetNames } from "../transform/target.js";
import { tellPredict } from "./interval.js";
import { type Comparison, scoreLines } from "./scores.js";
import { summarize } from "./summary.js";
import { count, duration, oneLine, say, scoreText, short, some, tellTable, whole } from "./text.js";

/** From this temperature on, probabilities of 0.999 and 0.001 become some 0.53 and 0.47. */
const TELLS_NOTHING = 50;

/** What else there is to say of a training that is done. */
interface Conclusion {
  /** of the run */
  readonly folder: string;
  /** that it took */
  readonly seconds: number;
  /** epochs of an earlier training that this one went on from */
  readonly earlier: number;
  /** the model that was there before */
  readonly replaced: Model | undefined;
  /** of what was required of the scores */
  readonly failure: NnfitError | undefined;
  /** a cross-validation of the same table is possible */
  readonly allowsFolds: boolean;
  readonly choice: Choice;
  /** the latest rows were held out */
  readonly isByTime: boolean;
}

/** Says how it went and what to do with the model. */
export function conclude(
  { members, training, initial }: Prepared,
  outcome: Outcome,
  compared: readonly Comparison[],
  { folder, seconds, earlier, replaced, failure, allowsFolds, choice, isByTime }: Conclusion,
): void {
  const early = outcome.stopped === "patience" ? ", stopped early" : "";
  const isJudged = holdsOut(members);
  const canChoose = isJudged && isDefined(training.bestBy, outcome);
  const kept = outcome.members.map(({ keptEpoch }) => keptEpoch);
  const best = isJudged ? keptText(kept, training.bestBy, canChoose) : "";
  const before = earlier > 0 ? `, and ${whole(earlier)} earlier` : "";
  say("done", `${count(outcome.epochs - earlier, "epoch")} in ${duration(seconds)}${before}${early}${best}`);
  if (canChoose && mayGetBetter(training, outcome)) say("", "it still got better at the end: more epochs may help");
  const rows = outcome.judgedRows.length;
  const all = count(rows, isJudged ? "validation row" : "training row");
  const isSample = !isJudged && rows < outcome.rowCounts.trainingRows;
  const judged = isSample ? `${whole(rows)} of the training rows` : `the ${all}`;
  const others = holdOutInTurn(members) ? ", each predicted by networks that did not train on it" : "";
  const known = ", which the model that training continued from may have seen: scores may be optimistic";
  const by = isJudged ? (initial ? known : others) : "";
  const { scores } = outcome.judgement;
  say("scores", `of ${judged}${by}`);
  tellTable(scoreLines(scores, compared));
  const { target } = outcome;
  if (target.task === "classification" && target.temperature !== undefined) {
    const temperature = short(target.temperature, 3);
    say(
      "",
      `with calibrated probabilities (temperature ${temperature}, fitted to these rows); the scores of the epochs are from before calibration`,
    );
    if (target.temperature >= TELLS_NOTHING)
      say(
        "",
        "at so high a temperature all classes are about equally probable: the network has learned nothing that holds for these rows",
      );
    if (training.classWeights !== "none")
      say("", "probabilities follow the class weights, not the shares of the classes in the table");
  }
  const isChosen = canChoose && best !== "" && choice.isFew;
  const beside = compared.flatMap(({ label, scores }) => (scores ? [label] : []));
  const optimistic = [
    ...(isJudged ? [] : [`too good, because these rows were learned from${allowsFolds ? LEARNED_NOTHING : ""}`]),
    ...(isChosen
      ? [`a little too good, ${chosenText(members, choice, beside)}${allowsFolds ? CHOSE_NOTHING : ""}`]
      : []),
  ];
  for (const remark of optimistic) say("", remark);
  for (const { label, rule, remarks } of compared) {
    say(label, rule);
    for (const remark of remarks) say("", remark);
  }
  const model = `${folder}/${MODEL_FILE}`;
  say("model", model);
  if (isByTime) say("", LATEST_ROWS);
  if (replaced) say("", replacedText(replaced, target));
  tellPredict(folder, target);
  const facts = { scores: `of ${judged}${by}`, model };
  summarize({
    title: `nnfit train: ${folder}`,
    columns: [{ heading: "network", scores }],
    compared,
    remarks: optimistic,
    failure,
    facts,
  });
}

const LEARNED_NOTHING = "; --folds 5 scores rows that were not";
const CHOSE_NOTHING = "; --folds 5 scores rows that chose nothing";

/** `beside`: what else has scores, which chose nothing. */
function chosenText(members: Prepared["members"], choice: Choice, beside: readonly string[]): string {
  const [which, several] = members.length > 1 ? ["each network's best epoch", true] : ["the best epoch", false];
  const { rows, groups, rarer } = choice;
  const by = several && holdOutInTurn(members) ? `about ${whole(rows)} of these rows` : "these same rows";
  const few = [
    ...(groups === undefined ? [] : [`of ${count(groups, "group")}`]),
    ...(rarer && 2 * rarer.rows < rows / 2 ? [`${whole(rarer.rows)} of them "${oneLine(rarer.name)}"`] : []),
  ];
  return `also compared with ${beside.join(" and ")}: ${which} was chosen by ${[by, ...few].join(", ")}`;
}

/** Of a model whose latest rows were held out. */
const LATEST_ROWS =
  "it did not learn from the latest rows; --set data.validation=0 trains on all rows, without validation scores";

function replacedText({ target, training }: Model, now: TargetState): string {
  const [names, others] = [targetNames(now), targetNames(target)];
  const isSame = names.length === others.length && names.every((name) => others.includes(name));
  const ofLine = scoreNames(target, metricsAt(target, "line"));
  const first = Object.fromEntries(ofLine.map((name) => [name, training.scores[name] ?? null]));
  return `replaces one ${isSame ? `with ${scoreText(first)} on ${ownRows(training)}` : `that predicts ${some(others)}`}`;
}

/** What the scores of an earlier model are of, which may be other rows than now. */
function ownRows({ validationRows, judgedRows, trainingRows }: Model["training"]): string {
  if (validationRows > 0) return `its ${count(validationRows, "validation row")}`;
  return `its ${count(judgedRows ?? trainingRows, "training row")}`;
}

/** Epochs after this share of all are the end of a training. */
const END = 0.95;

/** All networks were at their best at the end, where it was no falling learning rate that brought them there. */
function mayGetBetter({ schedule }: TrainingOptions, { members, stopped, epochs }: Outcome): boolean {
  const isFree = schedule.learningRate.name === "constant" && stopped === "all epochs done" && epochs > 1;
  return isFree && members.every(({ keptEpoch }) => keptEpoch > END * epochs);
}

/** Whether epochs could be told apart by it: a score such as rocAuc is not defined for rows of one class. */
function isDefined(bestBy: TrainingOptions["bestBy"], { members, target }: Outcome): boolean {
  return members.some(({ judgement }) => !Number.isNaN(badness(bestBy, target, judgement)));
}

function keptText(epochs: readonly number[], bestBy: TrainingOptions["bestBy"], isDefined: boolean): string {
  if (Math.max(...epochs) === 0) return "";
  if (epochs.length > 1) {
    const by = bestBy === "loss" ? "validation loss" : bestBy;
    const which = isDefined ? `best epoch by ${by}` : `last epoch, as ${by} is not defined for the validation rows`;
    return `; kept each network's ${which}: ${some(epochs.map(whole), 10)}`;
  }
  const best = bestBy === "loss" ? "the one with the lowest validation loss" : `the best by ${bestBy}`;
  const which = isDefined ? best : `the last, as ${bestBy} is not defined for the validation rows`;
  return `; kept epoch ${whole(epochs[0]!)}, ${which}`;
}
