import type { Random } from "../engine/random.js";
import { make } from "../family.js";
import { type Network, type ParameterKind, sizeOf } from "../model/network.js";
import type { Pace } from "./optimizers.js";
import type { TrainingOptions } from "./options.js";
import { schedules } from "./schedules.js";

/** How fast each weight of a network learns and decays, and when. */
export function paceOf(
  { tensors }: Network,
  { schedule, learningRateFactors, decayBiases, clipNorm }: TrainingOptions,
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
    learningRate: make(schedules, schedule.learningRate),
    weightDecay: make(schedules, schedule.weightDecay),
    clipNorm,
  };
}

/** Draws for each batch what its dropout leaves out, and which categories count as unknown. Nothing, where none does. */
export function dropoutOf(
  { dropouts, input, spec }: Network,
  { schedule }: Pick<TrainingOptions, "schedule">,
  random: Random,
): { advance(done: number): void } | undefined {
  if (dropouts.length === 0 && !input?.isRandom) return undefined;
  const share = make(schedules, schedule.dropout);
  return {
    advance(done) {
      for (const dropout of dropouts) dropout.set(spec.dropout * share(done), random.below(2 ** 32));
      if (input?.isRandom) input.set(random.below(2 ** 32));
    },
  };
}
