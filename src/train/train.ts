import { setImmediate as turn } from "node:timers/promises";
import { take } from "../data/arrays.js";
import { range } from "../data/split.js";
import { type Blas, findBlas } from "../engine/blas.js";
import { Memory } from "../engine/memory.js";
import { scoresOf } from "../score/scoring.js";
import { invertTarget, type TargetState } from "../transform/target.js";
import { takeTruth } from "../transform/truth.js";
import type { Judgement } from "./bestEpoch.js";
import { heldOutTarget } from "./calibration.js";
import { type End, together } from "./ends.js";
import { type States, trainInTurn } from "./interleave.js";
import type { MemberOutcome } from "./member.js";
import { holdsOut, learnedRows } from "./members.js";
import { type Layout, layOut } from "./parallel.js";
import type { Prepared } from "./prepare.js";
import { meanLoss, Reports, type Snapshot, type Watcher } from "./reports.js";
import { type Follower, trainOnThreads } from "./threads.js";
import { weightsOfRows } from "./weights.js";

export interface Outcome extends End {
  /** with what held-out rows tell: the temperature of its probabilities, or the residuals of its numbers */
  readonly target: TargetState;
  readonly members: readonly MemberOutcome[];
  /**
   * Of the rows that were held out, each predicted by the members that did not learn from it; where none were, of the
   * training rows, or some of them.
   */
  readonly judgement: Judgement;
  /** Which rows those are. */
  readonly judgedRows: Uint32Array;
  readonly rowCounts: {
    readonly trainingRows: number;
    readonly validationRows: number;
    /** that the scores are of: the validation rows, or where there are none, training rows */
    readonly judgedRows: number;
  };
}

/** What computes. */
export interface Engine extends Layout {
  readonly blas: Blas | undefined;
}

export interface EngineOptions {
  /** how many threads compute; they change no bit of the result, unless BLAS computes */
  readonly threads: number | "auto";
  /** the path of a library for the backend blas, instead of the system's */
  readonly blasLibrary?: string | undefined;
}

export async function engineFor(
  { spec, batchSize, members, training }: Pick<Prepared, "spec" | "batchSize" | "members" | "training">,
  options: EngineOptions,
): Promise<Engine> {
  const blas = await blasFor(training, options);
  return { ...(blas ? ON_BLAS : layOut(spec, { batchSize, members: members.length }, options.threads)), blas };
}

/** BLAS has threads of its own. */
export const ON_BLAS: Layout = { workers: 0, engineThreads: 1 };

/** If it is to compute. */
export async function blasFor(
  { backend }: Pick<Prepared["training"], "backend">,
  { threads, blasLibrary }: EngineOptions,
): Promise<Blas | undefined> {
  return backend === "blas" ? findBlas({ threads, library: blasLibrary }) : undefined;
}

/** A caller that trains looks around so often: at signals, and at what is to be shown. */
const TURN_MILLISECONDS = 50;

/** Keeps what a training needs to go on after an interruption. */
export interface Keeper {
  /** where it was interrupted; without it, it begins */
  readonly from?: Snapshot | undefined;
  /** Whether a snapshot is wanted now; asked after every update, or some times a second. */
  isDue(): boolean;
  /** What it throws ends the training. */
  keep(snapshot: Snapshot): void;
  /** Of those that have to be kept when all members have ended, the last one. */
  ended?(snapshot: Snapshot): void;
}

/** Trains all members of an ensemble, most often one, and judges them together. */
export async function train(prepared: Prepared, engine: Engine, watcher: Watcher, keeper?: Keeper): Promise<Outcome> {
  const { from } = keeper ?? {};
  const reports = new Reports(prepared.members, prepared.batchSize, watcher, from);
  const states = from && new Map(from.members.map(({ state }, member) => [member, state]));
  const follower: Follower = {
    take: (event) => reports.take(event),
    wantsStates: () => keeper?.isDue() === true && !reports.ended,
    takeStates(states) {
      const snapshot = reports.snapshot(states);
      if (snapshot) keeper?.keep(snapshot);
      return snapshot !== undefined;
    },
  };
  if (engine.workers > 0) await trainOnThreads(prepared, engine, follower, states);
  else await trainHere(prepared, engine, follower, states);
  const { ended } = reports;
  const last = reports.snapshot(new Map());
  if (!ended || !last) throw new Error("a member has not ended");
  keeper?.ended?.(last);
  return outcomeOf(prepared, ended);
}

async function trainHere(
  prepared: Prepared,
  { engineThreads, blas }: Engine,
  follower: Follower,
  from: States | undefined,
): Promise<void> {
  const memory = new Memory(engineThreads, undefined, blas);
  try {
    const training = trainInTurn(memory, prepared, prepared.members, from);
    let turned = performance.now();
    for (const event of training.events) {
      follower.take(event);
      if (follower.wantsStates()) follower.takeStates(training.states());
      if (performance.now() - turned < TURN_MILLISECONDS) continue;
      await turn();
      turned = performance.now();
    }
  } finally {
    memory.close();
  }
}

/** Whether each member has weights to keep: those of a good epoch, or as initialised where nothing went wrong. */
export function hasModel({ members }: Pick<Outcome, "members">): boolean {
  return members.every(({ keptEpoch, stopped }) => keptEpoch > 0 || stopped !== "diverged");
}

function outcomeOf(prepared: Prepared, ended: readonly MemberOutcome[]): Outcome {
  const judged = judgeTogether(prepared, ended);
  return {
    members: ended,
    ...judged,
    rowCounts: {
      trainingRows: learnedRows(prepared).length,
      validationRows: holdsOut(prepared.members) ? judged.judgedRows.length : 0,
      judgedRows: judged.judgedRows.length,
    },
    ...together(ended),
  };
}

/** The scores of all rows that judge a member, each by the mean of what those members predict of it. */
function judgeTogether(
  { members, target, rows, training, initial, groupOf }: Prepared,
  ended: readonly MemberOutcome[],
): Pick<Outcome, "target" | "judgement" | "judgedRows"> {
  const judging = members.map(({ judging }) => judging);
  const [alone, ...others] = ended as [MemberOutcome, ...MemberOutcome[]]; // there is one at least
  if (others.length === 0 && !holdsOut(members)) return { target, judgement: alone.judgement, judgedRows: judging[0]! };
  const { judgedRows, outputs } = meanOutputs(judging, ended);
  const truth = takeTruth(rows.truth, judgedRows);
  const learned = holdsOut(members) // of the rows that they learned from networks are too sure
    ? heldOutTarget(target, outputs, truth, {
        ...training,
        weights: weightsOfRows(members, judgedRows),
        groupOf: groupOf && take(groupOf, judgedRows),
        goesOn: initial !== undefined,
      })
    : target;
  return {
    target: learned,
    judgedRows,
    judgement: {
      loss: meanLoss(ended.map(({ judgement }, member) => [members[member]!, judgement])),
      scores: scoresOf(target, truth, invertTarget(learned, outputs)),
    },
  };
}

/** Of every row that judges a member the mean of the outputs, [rows, width]; the rows ascending. */
function meanOutputs(judging: readonly Uint32Array[], ended: readonly MemberOutcome[]) {
  const width = ended[0]!.outputs.length / judging[0]!.length; // there is one, and the others are like it
  const size = 1 + judging.reduce((last, rows) => Math.max(last, rows.at(-1)!), 0); // rows ascend
  const sums = new Float64Array(size * width); // rounded once, as of several networks on the same rows
  const counts = new Uint32Array(size);
  for (const [member, { outputs }] of ended.entries()) {
    for (const [i, row] of judging[member]!.entries()) {
      counts[row]!++;
      for (let k = 0; k < width; k++) sums[row * width + k]! += outputs[i * width + k]!;
    }
  }
  const judgedRows = range(0, size).filter((row) => counts[row]! > 0);
  const outputs = new Float32Array(judgedRows.length * width);
  for (const [i, row] of judgedRows.entries()) {
    for (let k = 0; k < width; k++) outputs[i * width + k] = sums[row * width + k]! / counts[row]!;
  }
  return { judgedRows, outputs };
}
