import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Sample } from "../../src/transform/sample.js";
import {
  isStraight,
  learnScaler,
  type ScalerName,
  scalerNames,
  scalerState,
  scalers,
  scalingOf,
  straight,
  targetScalerNames,
} from "../../src/transform/scalers.js";

/** They keep zero at zero, so the digits they keep are those of the largest magnitude, not of the spread. */
const aboutZero = new Set<ScalerName>(["maxabs", "rms", "none"]);

const many = (of: fc.Arbitrary<number>) => fc.array(of, { minLength: 1, maxLength: 50 });
const whole = (low: number, high: number) => fc.integer({ min: low, max: high });
/** Columns as tables have them. */
const column = fc.oneof(
  many(whole(-100_000, 100_000).map((x) => x / 1000)),
  many(fc.tuple(fc.boolean(), whole(-600, 1200)).map(([negative, x]) => (negative ? -1 : 1) * 10 ** (x / 100))),
  many(whole(0, 3)),
  fc.tuple(whole(-1000, 1000), whole(1, 20)).map(([x, times]) => Array<number>(times).fill(x * 1.1)),
  many(whole(-1000, 1000).map((x) => x * 1e-30)),
  many(whole(-1000, 1000).map((x) => x * 1e30)),
  many(whole(0, 86_400).map((second) => 1.7e9 + second)),
  many(whole(-1_000_000, -1)),
);

const ends = (values: readonly number[]) => ({ low: Math.min(...values), high: Math.max(...values) });

/** The training values, some between them, and some far outside. */
function probes(values: readonly number[]): number[] {
  const { low, high } = ends(values);
  const spread = high - low || 1;
  const between = values.slice(1).map((value, i) => (value + values[i]!) / 2);
  return [...values, ...between, low - spread / 3, high + spread / 3, low - 7 * spread, high + 7 * spread, 0];
}

const learned = (name: ScalerName, values: readonly number[]) =>
  learnScaler(name, new Sample(Float64Array.from(values)));
const scaled = (name: ScalerName, values: readonly number[]) => values.map(scalingOf(learned(name, values)).apply);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const median = (values: readonly number[]) => new Sample(Float64Array.from(values).sort()).quantile(0.5);
const deviation = (values: readonly number[]) => Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));

describe.each(scalerNames)("the scaler %s", (name) => {
  it.skipIf(!targetScalerNames.includes(name))(
    "inverts what it applies, within the digits of a float32, inside the training range and outside",
    () => {
      fc.assert(
        fc.property(column, (values) => {
          const { apply, invert } = scalingOf(learned(name, values));
          const { low, high } = ends(values);
          for (const x of probes(values)) {
            const size = aboutZero.has(name) ? Math.max(-low, high, Math.abs(x)) : Math.max(high, x) - Math.min(low, x);
            const double = 2 ** -52 * 256 * (Math.abs(x) + size);
            const single = 2 ** -24 * 128 * size + double; // the largest logarithm is about 80
            const errors = [invert(apply(x)) - x, invert(Math.fround(apply(x))) - x].map(Math.abs);
            if (!(errors[0]! <= double && errors[1]! <= single)) expect.fail(`${x}: off by ${errors}`);
          }
        }),
      );
    },
  );

  it("never puts a larger number below a smaller one", () => {
    fc.assert(
      fc.property(column, (values) => {
        const { apply } = scalingOf(learned(name, values));
        const ascending = probes(values).sort((a, b) => a - b);
        const applied = ascending.map(apply);
        expect(applied.toSorted((a, b) => a - b)).toEqual(applied);
      }),
    );
  });

  it("has a state that is plain JSON and does the same when read back", () => {
    fc.assert(
      fc.property(column, (values) => {
        const state = learned(name, values);
        const again = scalerState.parse(JSON.parse(JSON.stringify(state)));
        expect(again).toEqual(state);
        const all = probes(values);
        expect(all.map(scalingOf(again).apply)).toEqual(all.map(scalingOf(state).apply));
        expect(all.map(scalingOf(again).invert)).toEqual(all.map(scalingOf(state).invert));
      }),
    );
  });

  it.skipIf(name === "none")(
    "brings a column to about unit magnitude: half of it within ±√2, not all of it near 0",
    () => {
      fc.assert(
        fc.property(column, (values) => {
          const sizes = scaled(name, values).map(Math.abs);
          const { low, high } = ends(values);
          expect(median(sizes)).toBeLessThanOrEqual(Math.SQRT2 + 1e-5); // by Chebyshev, of a deviation of 1
          if (low < high) expect(Math.max(...sizes)).toBeGreaterThanOrEqual(0.49);
        }),
      );
    },
  );

  it.skipIf(aboutZero.has(name))("keeps the digits of time stamps: a second of a day is still a second", () => {
    const day = 86_400;
    const stamps = Array.from({ length: 400 }, (_, i) => 1.7e9 + ((i * 7919) % day));
    const { apply, invert } = scalingOf(learned(name, stamps));
    const kept = (x: number) => invert(Math.fround(apply(x)));
    for (const stamp of stamps) {
      expect(Math.abs(kept(stamp + 1) - kept(stamp) - 1)).toBeLessThan(1e-6 * day);
      expect(Math.abs(kept(stamp) - stamp)).toBeLessThan(1e-6 * day);
    }
  });

  it("can be kept and inverted for columns near the limits of a double", () => {
    for (const size of [1e-300, 1e-200, 1e200, 1e300]) {
      const values = [-3, -1, 0, 1, 2, 5].map((x) => x * size);
      const state = scalerState.parse(JSON.parse(JSON.stringify(learned(name, values))));
      const { apply, invert } = scalingOf(state);
      for (const x of values) expect(Math.abs(invert(apply(x)) - x) / size).toBeLessThan(1e-9);
      if (name !== "none") expect(Math.max(...values.map((x) => Math.abs(apply(x)))), `${size}`).toBeGreaterThan(0.5);
    }
  });

  it("takes no account of missing values", () => {
    expect(learned(name, [Number.NaN, 3, Number.NaN, 1, 2])).toEqual(learned(name, [3, 1, 2]));
  });
});

describe("unit magnitude means", () => {
  const varied = column.filter((values) => new Set(values).size > 1);

  it("for standard and log1pStandard: mean 0 and deviation 1", () => {
    for (const name of ["standard", "log1pStandard"] as const) {
      fc.assert(
        fc.property(varied, (values) => {
          const u = scaled(name, values);
          // the logarithms of time stamps a second apart agree in 11 of their 16 digits
          expect(Math.abs(mean(u))).toBeLessThan(1e-4);
          expect(Math.abs(deviation(u) - 1)).toBeLessThan(1e-4);
        }),
      );
    }
  });

  it("for minmax: from 0 to 1; for maxabs: the largest magnitude 1", () => {
    fc.assert(
      fc.property(varied, (values) => {
        expect(ends(scaled("minmax", values))).toEqual({ low: 0, high: 1 });
        expect(Math.max(...scaled("maxabs", values).map(Math.abs))).toBe(1);
      }),
    );
  });

  it("for robust: median 0, and the middle half 1 wide", () => {
    fc.assert(
      fc.property(varied, (values) => {
        const u = Float64Array.from(scaled("robust", values)).sort();
        expect(Math.abs(median([...u]))).toBeLessThan(1e-9);
        const width = new Sample(u).quantile(0.75) - new Sample(u).quantile(0.25);
        // where the middle half is one value, the whole range is 2 wide
        expect(Math.abs(width > 1e-9 ? width - 1 : u.at(-1)! - u[0]! - 2)).toBeLessThan(1e-9);
      }),
    );
  });

  it("for quantileNormal: normal scores, whatever the shape", () => {
    const heavy = Array.from({ length: 999 }, (_, i) => Math.exp(i / 20));
    const u = scaled("quantileNormal", heavy).sort((a, b) => a - b);
    expect(Math.abs(mean(u))).toBeLessThan(1e-6);
    expect(Math.abs(deviation(u) - 1)).toBeLessThan(0.01);
    // a sixth of a normal distribution lies beyond one deviation on each side
    expect(Math.abs(u.filter((x) => x < -1).length / 999 - 0.1587)).toBeLessThan(0.002);
    expect(Math.abs(u.filter((x) => x < 1).length / 999 - 0.8413)).toBeLessThan(0.002);
  });

  it("for a column that is always the same: 0 where the scaler centers", () => {
    for (const name of scalerNames.filter((name) => !aboutZero.has(name))) {
      expect(scaled(name, [0.1, 0.1, 0.1])).toEqual([0, 0, 0]);
    }
    expect(scaled("maxabs", [-4, -4])).toEqual([-1, -1]);
    expect(scaled("maxabs", [0, 0])).toEqual([0, 0]);
  });
});

describe("values computed by hand", () => {
  /** training values, then pairs of x and what it becomes */
  const expected: Record<ScalerName, [readonly number[], readonly (readonly [number, number])[]][]> = {
    standard: [
      [
        [1, 2, 3, 4],
        [
          [1, -1.5 / Math.sqrt(1.25)],
          [2.5, 0],
          [10, 7.5 / Math.sqrt(1.25)],
        ],
      ],
      [[1e9 + 1, 1e9 + 2, 1e9 + 3], [[1e9 + 3, 1 / Math.sqrt(2 / 3)]]],
    ],
    robustSmooth: [
      // the check of the paper's authors, and a column whose middle half is 2 wide
      [
        [0, 0, 0, 0, 10],
        [
          [10, 2 / Math.sqrt(1 + 4 / 9)],
          [0, 0],
        ],
      ],
      [
        [1, 2, 3, 4, 5],
        [
          [3, 0],
          [5, 1 / Math.sqrt(1 + 1 / 9)],
          [-3, -3 / Math.SQRT2],
        ],
      ],
    ],
    minmax: [
      [
        [4, 2, 10],
        [
          [2, 0],
          [4, 0.25],
          [10, 1],
          [18, 2],
          [-6, -1],
        ],
      ],
    ],
    rms: [
      [
        [1, -7, 0, 0],
        [
          [-7, -7 / Math.sqrt(12.5)],
          [0, 0],
          [25, 25 / Math.sqrt(12.5)],
        ],
      ],
    ],
    maxabs: [
      [
        [-4, 2, 0],
        [
          [-4, -1],
          [2, 0.5],
          [0, 0],
          [8, 2],
        ],
      ],
    ],
    robust: [
      [
        [100, 1, 3, 2, 4],
        [
          [3, 0],
          [4, 0.5],
          [1, -1],
          [100, 48.5],
        ],
      ],
      [
        [1, 2, 3, 4],
        [
          [2.5, 0],
          [4, 1],
        ],
      ], // quartiles 1.75 and 3.25
      [
        [0, 0, 0, 0, 8],
        [
          [0, 0],
          [8, 2],
        ],
      ],
    ],
    log1pStandard: [
      [
        [0, Math.E - 1],
        [
          [0, -1],
          [Math.E - 1, 1],
          [Math.E ** 2 - 1, 3],
          [1 - Math.E, -3],
        ],
      ],
    ],
    quantileNormal: [
      // ranks 1/6 (half a row from the end), 1/2, 5/6; the line from end to end goes on beyond them
      [
        [30, 10, 20],
        [
          [10, -0.967421566],
          [15, -0.483710783],
          [20, 0],
          [30, 0.967421566],
          [50, 3 * 0.967421566],
        ],
      ],
      // equal values share the middle of their ranks: (0 + 1/3) / 2, then 2/3, and 7/8
      [
        [1, 1, 2, 3],
        [
          [1, -0.967421566],
          [2, 0.430727299],
          [3, 1.15034938],
        ],
      ],
    ],
    none: [
      [
        [1, 1000],
        [
          [-7.25, -7.25],
          [1e6, 1e6],
        ],
      ],
    ],
  };

  it("are there for every scaler", () => {
    expect(Object.keys(expected).sort()).toEqual(scalerNames.toSorted());
  });

  it.each(scalerNames)("of %s have a straight line in their place, of about their size", (name) => {
    const values = Array.from({ length: 50 }, (_, i) => Math.exp(i / 10) - 3);
    const { apply } = scalingOf(straight(learned(name, values)));
    const [first, middle, last] = [values[0]!, values[25]!, values[49]!];
    const share = (middle - first) / (last - first);
    expect((apply(middle) - apply(first)) / (apply(last) - apply(first))).toBeCloseTo(share, 10);
    expect(isStraight(straight(learned(name, values)))).toBe(true);
    expect(straight(learned(name, values)).name === name).toBe(isStraight(learned(name, values)));
  });

  it.each(scalerNames)("are met by %s", (name) => {
    for (const [values, pairs] of expected[name]) {
      const { apply, invert } = scalingOf(learned(name, values));
      for (const [x, u] of pairs) {
        expect(apply(x)).toBeCloseTo(u, 8);
        expect(invert(u)).toBeCloseTo(x, 5);
      }
    }
  });

  it("are met by quantile as numpy has it", () => {
    const sorted = Float64Array.of(1, 2, 4, 8);
    expect([0, 0.25, 0.5, 0.9, 1].map((p) => new Sample(sorted).quantile(p))).toEqual(
      [1, 1.75, 3, 6.8, 8].map((value) => expect.closeTo(value, 12)),
    );
    expect(new Sample(Float64Array.of(7)).quantile(0.3)).toBe(7);
  });
});

it.each(scalerNames)("%s tells its inverse by numbers that it has", (name) => {
  const { inverse } = scalers[name];
  const state: Record<string, unknown> = learned(name, [1, 2, 5, 8, 3]);
  for (const [, number] of inverse.matchAll(/\{(\w+)\}/g)) expect(state[number!], inverse).toEqual(expect.any(Number));
});

it("quantileNormal remembers no values but those of the column, values that are tied once", () => {
  for (let size = 3; size < 200; size++) {
    const values = Array.from({ length: size }, (_, i) => (i * 7) % 5);
    const state = learned("quantileNormal", values);
    expect("values" in state && state.values, String(size)).toEqual([...new Set(values)].sort((a, b) => a - b));
  }
});

it("quantileNormal remembers no more than 1000 points of a long column, ties and all", () => {
  const values = Array.from({ length: 4000 }, (_, i) => ((i * 7919) % 1700) / 3 - (i % 7 === 0 ? 1e9 : 0));
  const state = learned("quantileNormal", values);
  expect(scalerState.parse(JSON.parse(JSON.stringify(state)))).toEqual(state);
  expect("values" in state && state.values).toSatisfy((kept: number[]) => kept.length <= 1000);
  const { apply, invert } = scalingOf(state);
  for (const x of values) expect(Math.abs(invert(apply(x)) - x)).toBeLessThan(1e-6 * 1e9);
});

describe("a state that was not learned", () => {
  it.each([
    ["an unknown scaler", { name: "cubic" }],
    ["no width", { name: "standard", center: 0, scale: 0 }],
    ["a number that JSON has lost", { name: "standard", center: null, scale: 1 }],
    ["a key too many", { name: "none", center: 0 }],
    ["values out of order", { name: "quantileNormal", values: [2, 1], normals: [0, 1] }],
    ["values twice", { name: "quantileNormal", values: [1, 1], normals: [0, 1] }],
    ["more values than scores", { name: "quantileNormal", values: [1, 2], normals: [0] }],
    ["no values", { name: "quantileNormal", values: [], normals: [] }],
  ])("is refused: %s", (_, state) => {
    expect(scalerState.safeParse(state).success).toBe(false);
  });
});

it("robustSmooth is inverted in double precision, as far as it tells values apart", () => {
  const { apply, invert } = scalingOf(learned("robustSmooth", [1, 2, 3, 4, 5]));
  for (const x of [-200, -7, 0, 2.5, 3, 11, 200]) expect(Math.abs(invert(apply(x)) - x)).toBeLessThan(1e-9 * 200);
  for (const x of [1e12, 1e300, Number.MAX_VALUE]) {
    expect(apply(x)).toBeLessThanOrEqual(3);
    expect(Number.isFinite(invert(apply(x)))).toBe(true);
  }
});
