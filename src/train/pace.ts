import type { Random } from "../engine/random.js";
import { make } from "../family.js";
import type { Network } from "../model/network.js";
import { type ParameterKind, sizeOf } from "../model/tensors.js";
import type { Pace } from "./optimizers.js";
import type { TrainingOptions } from "./options.js";
import { type Schedule, schedules, type WatchState, warmedUp } from "./schedules.js";

export const rateNames = ["learningRate", "weightDecay", "dropout"] as const;
type RateName = (typeof rateNames)[number];

/** Of the rates whose schedules go by the losses, what these remember: plain data. */
export type RatesState = Partial<Record<RateName, WatchState>>;

/** How rates change over one training. */
export class Rates {
  readonly schedules: Readonly<Record<RateName, Schedule>>;

  /** `batches` is how many an epoch has. */
  constructor({ epochs, schedule }: Pick<TrainingOptions, "epochs" | "schedule">, batches: number) {
    const { warmUp, learningRate, weightDecay, dropout } = schedule;
    this.schedules = {
      learningRate: warmedUp(make(schedules, learningRate), warmUpShare(warmUp, epochs, batches)),
      weightDecay: make(schedules, weightDecay),
      dropout: make(schedules, dropout),
    };
  }

  /** Comes after every epoch, with the loss that tells whether it got better. */
  observe(loss: number): void {
    for (const name of rateNames) this.schedules[name].watch?.observe(loss);
  }

  /** Set, they go on from there. */
  get state(): RatesState {
    const states = rateNames.flatMap((name) => {
      const { watch } = this.schedules[name];
      return watch ? [[name, watch.state]] : [];
    });
    return Object.fromEntries(states);
  }

  set state(state: RatesState) {
    for (const name of rateNames) {
      const { watch } = this.schedules[name];
      const remembered = state[name];
      if (watch && remembered) watch.state = remembered;
    }
  }
}

/** As a share of all updates. */
export function warmUpShare(warmUp: TrainingOptions["schedule"]["warmUp"], epochs: number, batches: number): number {
  if (typeof warmUp === "number") return warmUp;
  return "epochs" in warmUp ? warmUp.epochs / epochs : warmUp.updates / (epochs * batches);
}

/** How fast each weight of a network learns and decays, and when. */
export function paceOf(
  { tensors }: Network,
  { schedules: { learningRate, weightDecay } }: Rates,
  { learningRateFactors, decayBiases, clipNorm }: TrainingOptions,
): Pace {
  const factorOf: Record<ParameterKind, number> = { weight: 1, ...learningRateFactors };
  const ofEachWeight = (value: (kind: ParameterKind) => number) => {
    const values = new Float32Array(tensors.reduce((sum, tensor) => sum + sizeOf(tensor), 0));
    let at = 0;
    for (const tensor of tensors) {
      const end = at + sizeOf(tensor);
      values.fill(value(tensor.kind), at, end);
      at = end;
    }
    return values;
  };
  return {
    factors: ofEachWeight((kind) => factorOf[kind]),
    decays: ofEachWeight((kind) => Number(decayBiases || kind === "weight")),
    learningRate,
    weightDecay,
    clipNorm,
  };
}

/** Draws for each batch what its dropout leaves out, and which categories count as unknown. Undefined where nothing is random. */
export function noiseOf(
  { dropouts, input, spec }: Network,
  { schedules: { dropout: share } }: Rates,
  random: Random,
): { advance(done: number): void } | undefined {
  if (dropouts.length === 0 && !input?.isRandom) return undefined;
  return {
    advance(done) {
      for (const dropout of dropouts) dropout.set(spec.dropout * share(done), random.below(2 ** 32));
      if (input?.isRandom) input.set(random.below(2 ** 32));
    },
  };
}
