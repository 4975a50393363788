import { createHash } from "node:crypto";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";
import { cos, log } from "./scalar.js";

/** What a stream of random numbers is for. Each has its own, so that changing one draw leaves the others alone. */
export type Stream =
  | "folds"
  | "search"
  | "split"
  | "judging"
  | "weights"
  | "batches"
  | "dropout"
  | "bootstrap"
  | "importance";

/** Where a generator is in its sequence. */
export type RandomState = readonly number[];

export interface Random {
  /** Where it is; set to where another of its kind is, it goes on as that one does. */
  state: RandomState;
  /** uniform in [0, 1) */
  uniform(): number;
  /** standard normal */
  normal(): number;
  /** uniform in 0 … n − 1 */
  below(n: number): number;
  /** puts `items` in a random order, in place (Fisher and Yates) */
  shuffle(items: { length: number; [index: number]: number }): void;
}

/**
 * The generator xoroshiro128+, begun in a state that is a hash of seed, stream and member: neighbouring seeds, the
 * streams of one seed, and the members of an ensemble have nothing in common.
 */
export function seededRandom(seed: number, stream: Stream, member = 0): Random {
  const name = member === 0 ? `${stream} ${seed}` : `${stream} ${seed} ${member}`;
  const hash = createHash("sha256").update(name).digest();
  let generator = xoroshiro128plusFromState([0, 4, 8, 12].map((at) => hash.readInt32LE(at)));

  const uniform = () => uniformFloat64(generator);
  const below = (n: number) => uniformInt(generator, 0, n - 1);
  return {
    get state() {
      return generator.getState();
    },
    set state(state) {
      generator = xoroshiro128plusFromState(state);
    },
    uniform,
    below,
    // Box and Muller; 1 − u keeps the logarithm from zero
    normal: () => Math.sqrt(-2 * log(1 - uniform())) * cos(2 * Math.PI * uniform()),
    shuffle(items) {
      for (let last = items.length - 1; last > 0; last--) {
        const chosen = below(last + 1);
        const item = items[last]!;
        items[last] = items[chosen]!;
        items[chosen] = item;
      }
    },
  };
}
