import { describe, expect, it } from "vitest";
import { type Stream, seededRandom } from "../../src/engine/random.js";

const times = <T>(n: number, draw: () => T) => Array.from({ length: n }, draw);
const mean = (x: readonly number[]) => x.reduce((a, b) => a + b, 0) / x.length;

/** The mean of the k-th powers. */
const moment = (x: readonly number[], k: number) => mean(x.map((value) => value ** k));

function correlation(x: readonly number[], y: readonly number[]): number {
  const [mx, my] = [mean(x), mean(y)];
  const covariance = mean(x.map((value, i) => (value - mx) * (y[i]! - my)));
  return covariance / Math.sqrt(mean(x.map((v) => (v - mx) ** 2)) * mean(y.map((v) => (v - my) ** 2)));
}

describe("seededRandom", () => {
  it("draws the same numbers for the same seed and stream", () => {
    const draw = () => {
      const random = seededRandom(42, "batches");
      const items = times(20, () => 0).map((_, i) => i);
      random.shuffle(items);
      return [times(10, random.uniform), times(10, random.normal), times(10, () => random.below(100)), items];
    };
    expect(draw()).toEqual(draw());
  });

  it("draws these numbers for seed 1, on every machine and in every version", () => {
    const uniforms = seededRandom(1, "weights");
    expect(times(3, uniforms.uniform)).toEqual([0.5939260328355739, 0.358564603321224, 0.49678689599900905]);
    const normals = seededRandom(1, "weights");
    expect(times(3, normals.normal)).toEqual([-0.8464091726154823, 0.883404449576331, -0.9018804284851921]);
  });

  it("has independent streams and neighbouring seeds", () => {
    const seeds = times(20, () => 0).map((_, i) => i + 1);
    const streams: Stream[] = ["split", "weights", "batches"];
    const sequences = seeds.flatMap((seed) => streams.map((stream) => times(400, seededRandom(seed, stream).uniform)));

    // Of 1,770 pairs of sequences of 400, one in 1,000 runs would have a correlation beyond 0.25 = 5 / √400.
    const pairs = sequences.flatMap((x, i) => sequences.slice(0, i).map((y) => correlation(x, y)));
    expect(Math.max(...pairs.map(Math.abs))).toBeLessThan(0.25);
  });

  it("draws evenly spread, uncorrelated numbers over a row of seeds", () => {
    const seeds = times(2000, () => 0).map((_, i) => i + 1);
    for (const stream of ["split", "weights", "batches"] as const) {
      const draws = seeds.map((seed) => times(3, seededRandom(seed, stream).uniform));
      for (const draw of [0, 1, 2]) {
        const u = draws.map((numbers) => numbers[draw]!);
        // Kolmogorov and Smirnov's statistic, beyond 1.95 / √n once in 1,000
        const apart = Math.max(...u.toSorted((a, b) => a - b).map((x, i) => Math.abs(x - (i + 0.5) / u.length)));
        expect(apart).toBeLessThan(1.95 / Math.sqrt(u.length));
        for (const lag of [1, 2, 4]) {
          const dependence = Math.abs(correlation(u.slice(lag), u.slice(0, -lag)));
          expect(dependence, `${stream} ${draw}, seeds ${lag} apart`).toBeLessThan(4.5 / Math.sqrt(u.length));
        }
      }
    }
  });
});

describe("distributions", () => {
  const n = 200_000;

  it("uniform is in [0, 1) with the moments 1/2, 1/3 and 1/4", () => {
    const u = times(n, seededRandom(7, "split").uniform);
    expect(u.every((x) => x >= 0 && x < 1)).toBe(true);
    for (const k of [1, 2, 3]) expect(Math.abs(moment(u, k) - 1 / (k + 1))).toBeLessThan(4 * Math.sqrt(0.1 / n));
  });

  it("normal has the moments 0, 1, 0 and 3, and no correlation with the next", () => {
    const z = times(n, seededRandom(7, "weights").normal);
    // the variances of zᵏ: 1, 2, 15, 96
    const expected = [0, 1, 0, 3];
    for (const [i, variance] of [1, 2, 15, 96].entries()) {
      expect(Math.abs(moment(z, i + 1) - expected[i]!)).toBeLessThan(4 * Math.sqrt(variance / n));
    }
    expect(Math.abs(correlation(z.slice(1), z.slice(0, -1)))).toBeLessThan(4 / Math.sqrt(n));
    expect(z.some((x) => x > 4)).toBe(true);
  });

  it("below(n) is 0 … n − 1, each about equally often", () => {
    const random = seededRandom(7, "split");
    const counts = Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i++) counts[random.below(7)]!++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(4 * Math.sqrt(10_000));
    expect(times(5, () => random.below(1))).toEqual([0, 0, 0, 0, 0]);
  });
});

describe("shuffle", () => {
  it("is a permutation", () => {
    const random = seededRandom(3, "batches");
    for (const length of [0, 1, 2, 3, 100]) {
      const items = Uint32Array.from({ length }, (_, i) => i);
      random.shuffle(items);
      expect([...items].sort((a, b) => a - b)).toEqual([...items.keys()]);
    }
  });

  it("makes all permutations of 3 about equally often", () => {
    const random = seededRandom(3, "batches");
    const counts = new Map<string, number>();
    for (let i = 0; i < 60_000; i++) {
      const items = [0, 1, 2];
      random.shuffle(items);
      counts.set(items.join(""), (counts.get(items.join("")) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(["012", "021", "102", "120", "201", "210"]);
    for (const count of counts.values()) expect(Math.abs(count - 10_000)).toBeLessThan(4 * Math.sqrt(10_000));
  });
});
