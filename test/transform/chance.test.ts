import { expect, it } from "vitest";
import { mostByChance } from "../../src/transform/chance.js";

/** Park and Miller's generator. */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

it.each([
  [50, 60],
  [50, 400],
  [400, 60],
  [2000, 2000],
])(
  "is exceeded by numbers beyond the range in few of the tables of %i rows that are like the %i of training",
  (rows, training) => {
    const most = mostByChance(rows, 2, training);
    const random = uniform(7);
    const exceededBy = (limit: number) => {
      let exceeded = 0;
      for (let table = 0; table < 4000; table++) {
        const learned = Array.from({ length: training }, random);
        const [low, high] = [Math.min(...learned), Math.max(...learned)];
        let outside = 0;
        for (let row = 0; row < rows; row++) {
          const value = random();
          if (value < low || value > high) outside++;
        }
        if (outside > limit) exceeded++;
      }
      return exceeded / 4000;
    };
    expect(exceededBy(most)).toBeLessThan(0.003);
    expect(exceededBy(Math.floor(most / 2))).toBeGreaterThan(0.005); // and it is no larger than it has to be
  },
);

it("is what the beta-binomial distribution has at 0.999", () => {
  // SciPy 1.10: betabinom.ppf(0.999, rows, few, trainingRows - few + 1)
  expect(mostByChance(50, 2, 60)).toBe(10);
  expect(mostByChance(100000, 2, 500)).toBe(1835);
  expect(mostByChance(1000, 40, 1000)).toBe(71);
  expect(mostByChance(100000, 5000, 100000)).toBe(5305);
});

it("is none where training rows had none, or there are no rows, and all where all may be so", () => {
  expect(mostByChance(50, 0, 60)).toBe(0);
  expect(mostByChance(0, 2, 60)).toBe(0);
  expect(mostByChance(3, 60, 60)).toBe(3);
});
