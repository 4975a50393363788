import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/engine/random.js";
import { predictionCells } from "../../src/transform/output.js";
import { coverageOf, intervalEnds, mostPercentOf, withResiduals } from "../../src/transform/predictionIntervals.js";
import { mostPercent, residualBounds, residualState, residualsOf } from "../../src/transform/residuals.js";
import type { TargetState } from "../../src/transform/target.js";
import type { Truth } from "../../src/transform/truth.js";

type Numbers = Extract<TargetState, { task: "regression" }>;
const random = seededRandom(7, "split");
const ofNumbers = (...values: number[][]): Truth => ({
  task: "regression",
  values: values.map((each) => Float64Array.from(each)),
});

describe("the residuals of held-out rows", () => {
  it.each([1, 2, 9, 19, 20, 57, 199, 1000])(
    "of %i rows bound at least the share of further ones that they say, and hardly more",
    (n) => {
      // a further value is equally likely to be in each of the n + 1 places among them
      const predictions = new Float64Array(n).fill(2);
      const state = residualsOf({
        predictions,
        residuals: Float64Array.from({ length: n }, (_, i) => ((i * 7919) % n) + 1),
      });
      for (let percent = 1; percent <= mostPercent(state); percent++) {
        const [low, high] = residualBounds(state, percent)!(2);
        const share = (high - low) / (n + 1);
        expect(share).toBeGreaterThanOrEqual(percent / 100 - 1e-12);
        expect(share).toBeLessThanOrEqual(percent / 100 + 2 / (n + 1));
      }
      for (let percent = mostPercent(state) + 1; percent <= 99; percent++)
        expect(residualBounds(state, percent)).toBeUndefined();
      expect(mostPercent(state)).toBe(Math.min(99, Math.floor(100 - 200 / (n + 1))));
    },
  );
});

describe("prediction intervals", () => {
  const plainTarget: Numbers = {
    task: "regression",
    targets: [
      { name: "a", scaler: { name: "standard", center: 100, scale: 10 } },
      { name: "b", scaler: { name: "log1pStandard", center: 2, scale: 1 }, range: [0, 500] },
    ],
  };

  /** Outputs, and truths that differ from them by skewed noise on the scale of the outputs. */
  function rowsOf(count: number) {
    const outputs = Float32Array.from({ length: 2 * count }, () => random.normal());
    const noisy = (row: number, t: number) => outputs[2 * row + t]! - Math.log(1 - random.uniform());
    const rows = Array.from({ length: count }, (_, row) => row);
    const a = rows.map((row) => 100 + 10 * noisy(row, 0));
    const b = rows.map((row) => Math.expm1(2 + noisy(row, 1) / 4));
    return { outputs, truth: ofNumbers(a, b) };
  }

  it("hold the share of further rows that they say, of each target, in its own units", () => {
    const held = rowsOf(4000);
    const target = withResiduals(plainTarget, held.outputs, held.truth);
    const further = rowsOf(4000);
    const { percent, targets } = coverageOf(target, further.outputs, further.truth)!;
    expect(percent).toBe(90);
    for (const { share } of targets) expect(Math.abs(share - 0.9)).toBeLessThan(0.03);
    expect(targets.map(({ name }) => name)).toEqual(["a", "b"]);
    const width = 10 * (Math.log(20) - Math.log(1 / 0.95)); // of the exponential distribution
    expect(Math.abs(targets[0]!.width - width)).toBeLessThan(0.05 * width);
  });

  it("are wider where predictions are further off, and hold as much everywhere", () => {
    const linear: Numbers = { task: "regression", targets: [{ name: "y", scaler: { name: "none" } }] };
    /** Errors in proportion to how far a prediction is from -3. */
    const rowsOf = (count: number) => {
      const outputs = Float32Array.from({ length: count }, () => 6 * random.uniform() - 2);
      return { outputs, truth: ofNumbers([...outputs].map((u) => u + (u + 3) * random.normal())) };
    };
    const held = rowsOf(5000);
    const target = withResiduals(linear, held.outputs, held.truth) as Numbers;
    const [ends] = intervalEnds(target, 90) as [(u: number) => [number, number]];
    for (const u of [-1, 0, 1, 2, 3]) {
      const [low, high] = ends(u);
      expect((high - low) / (u + 3)).toBeGreaterThan(0.85 * 2 * 1.645);
      expect((high - low) / (u + 3)).toBeLessThan(1.15 * 2 * 1.645);
    }
    const [far, near] = [-100, -50].map((u) => ends(u)[1] - u) as [number, number];
    expect(far).toBeCloseTo(near, 3); // as in the outermost group
    const shares = [-2, -1, 0, 1, 2, 3].map((from) => {
      const further = rowsOf(20_000);
      const kept = [...further.outputs.keys()].filter((i) => Math.floor(further.outputs[i]!) === from);
      const outputs = Float32Array.from(kept, (i) => further.outputs[i]!);
      const [values] = (further.truth as Extract<Truth, { task: "regression" }>).values;
      return coverageOf(target, outputs, ofNumbers(kept.map((i) => values![i]!)))!.targets[0]!.share;
    });
    for (const share of shares) expect(Math.abs(share - 0.9)).toBeLessThan(0.04);
  });

  it("are a twentieth as wide as elsewhere at least where no row was off, and none where all were right", () => {
    const predictions = Float64Array.from({ length: 100 }, (_, i) => 1 + (i % 2));
    const found = (off: number) => residualsOf({ predictions, residuals: predictions.map((u) => (u > 1 ? off : 0)) });
    const distances = (first: number, second: number) => [
      { predicted: 1, distance: first },
      { predicted: 2, distance: second },
    ];
    expect(found(3).distances).toEqual(distances(1.5 / 20, 3));
    expect(found(0).distances).toEqual(distances(1, 1));
    expect(residualBounds(found(0), 90)!(1.5)).toEqual([0, 0]);
  });

  it("are as lopsided as such predictions are, where there are rows enough to tell it", () => {
    // of a prediction below 0 nearly all true values are 0 and some far above; elsewhere they lie on both sides
    const predictions = Float64Array.from({ length: 4000 }, (_, i) => (i % 2 ? 1 : -1) * (1 + i / 4000));
    const residuals = predictions.map((u) => (u > 0 ? random.normal() : random.uniform() < 0.8 ? -0.1 : 0.4));
    const bounds = residualBounds(residualsOf({ predictions, residuals }), 90)!;
    const [low, high] = bounds(-1.8);
    expect(low).toBeCloseTo(-0.1, 1);
    expect(high).toBeCloseTo(0.4, 1);
    expect(bounds(1.8)[0]).toBeLessThan(-1.3);
    expect(bounds(1.8)[1]).toBeGreaterThan(1.3);
  });

  it("have bands of rows enough, however many predictions are the same", () => {
    const predictions = Float64Array.from({ length: 1000 }, (_, i) => (i < 600 ? 1 : i < 999 ? 2 : 3));
    const residuals = predictions.map((u) => (u === 3 ? 0.001 : random.normal()));
    const { distances, bands } = residualsOf({ predictions, residuals });
    expect([distances.length, bands.length]).toEqual([2, 2]); // the single row is in the band before it
    const [low, high] = residualBounds({ distances, bands }, 90)!(3);
    expect(high - low).toBeGreaterThan(2.5);
  });

  it("have bands of groups enough, and none of a large group alone", () => {
    const groupOf = Int32Array.from({ length: 4990 }, (_, i) => (i < 3490 ? i % 349 : 349)); // 349 of 10 rows, one of 1500
    const predictions = Float64Array.from(groupOf, (group, i) => (group === 349 ? 5 + i / 1e6 : (i % 997) / 997));
    const residuals = Float64Array.from(groupOf, (group) => (group === 349 ? 0.01 : 1) * random.normal());
    const state = residualsOf({ predictions, residuals, groupOf });
    expect(state.distances.length).toBeGreaterThan(1);
    for (const { distance } of state.distances) expect(distance).toBeGreaterThan(0.5);
    const [low, high] = residualBounds(state, 90)!(5);
    expect(high - low).toBeGreaterThan(2);
    expect(state.bands.every(({ quantiles }) => !quantiles.includes(null))).toBe(true);
  });

  it("are read as they are of models whose intervals are as wide for every row", () => {
    const quantiles = Array.from({ length: 199 }, (_, i) => i - 99);
    const state = residualState.parse(quantiles);
    expect(residualBounds(state, 90)!(7)).toEqual([-90, 90]);
    expect(mostPercent(state)).toBe(99);
  });

  it("hold the share that they say of counts, most of which are 0, in each fifth of the predictions", () => {
    const countsOf = (rows: number) => {
      const predictions = Float64Array.from({ length: rows }, () => Math.exp(0.8 * random.normal() - 1));
      const counts = predictions.map((mean) => {
        let [count, product] = [0, random.uniform()]; // Knuth's way to draw from the Poisson distribution
        for (; product > Math.exp(-mean); product *= random.uniform()) count++;
        return count;
      });
      return {
        predictions,
        residuals: counts.map((count, row) => (count - predictions[row]!) / Math.sqrt(predictions[row]!)),
      };
    };
    const bounds = residualBounds(residualsOf(countsOf(3000)), 90)!;
    const further = countsOf(20_000);
    const rows = [...further.predictions.keys()].sort((a, b) => further.predictions[a]! - further.predictions[b]!);
    for (let fifth = 0; fifth < 5; fifth++) {
      const own = rows.slice(fifth * 4000, (fifth + 1) * 4000);
      const held = own.filter((row) => {
        const [low, high] = bounds(further.predictions[row]!);
        const residual = further.residuals[row]!;
        return low <= residual + 1e-9 && residual - 1e-9 <= high;
      });
      expect(held.length / own.length).toBeGreaterThan(0.86);
    }
  });

  it("hold rows of further groups, where rows of a group are off together", () => {
    const rowsOf = (groups: number) => {
      const effects = Array.from({ length: groups }, () => random.normal());
      const groupOf = Int32Array.from({ length: 30 * groups }, (_, i) => i % groups);
      const residuals = Float64Array.from(groupOf, (group) => effects[group]! + 0.3 * random.normal());
      return { predictions: residuals.map(() => random.normal()), residuals, groupOf };
    };
    let [held, heldByRows, further] = [0, 0, 0];
    for (let draw = 0; draw < 100; draw++) {
      const known = rowsOf(24);
      const state = residualsOf(known);
      expect(mostPercent(state)).toBe(92); // as of 24 rows
      const [low, high] = residualBounds(state, 90)!(0);
      const [lowest, highest] = residualBounds(residualsOf({ ...known, groupOf: undefined }), 90)!(0);
      for (const residual of rowsOf(20).residuals) {
        further++;
        if (low <= residual && residual <= high) held++;
        if (lowest <= residual && residual <= highest) heldByRows++;
      }
    }
    expect(held / further).toBeGreaterThan(0.9);
    expect(held / further).toBeLessThan(0.95);
    expect(heldByRows / further).toBeLessThan(0.89);
  });

  it("hold the values that they end at, however outputs and digits are rounded", () => {
    for (const scaler of [
      { name: "standard", center: 3.3, scale: 1.7 },
      { name: "log1pStandard", center: 1.1, scale: 0.37 },
      { name: "none" },
    ] as const) {
      const target: Numbers = { task: "regression", targets: [{ name: "y", scaler }] };
      for (let round = 0; round < 30; round++) {
        const outputs = new Float32Array(60).fill(random.normal()); // one prediction for all, and ratings from 1 to 5
        const truth = ofNumbers(Array.from(outputs, (_, i) => 1 + (i % 5)));
        const learned = withResiduals(target, outputs, truth) as Numbers;
        expect(coverageOf(learned, outputs, truth)!.targets[0]!.share).toBe(1);
        const [[, low, high]] = predictionCells(learned, outputs, { interval: 90 }) as [[string, string, string]];
        expect(Number(low)).toBeLessThanOrEqual(1);
        expect(Number(high)).toBeGreaterThanOrEqual(5);
        expect(Number(high) - Number(low)).toBeLessThan(4.0001);
      }
    }
  });

  it("of counts are as wide as the root of their mean, and hold no negative ones", () => {
    const target: Numbers = {
      task: "regression",
      distribution: "poisson",
      targets: [{ name: "n", scaler: { name: "rms", center: 0, scale: 8 } }],
    };
    const outputs = Float32Array.from({ length: 99 }, (_, i) => 1 + (i % 9));
    const truth = ofNumbers([...outputs].map((u, i) => 8 * (u + Math.sqrt(u) * ((i * 37) % 99) * 0.01)));
    const learned = withResiduals(target, outputs, truth) as Numbers;
    const [ends] = intervalEnds(learned, 90) as [(u: number) => [number, number]];
    const [low, high] = ends(4);
    expect((high - 4) / (ends(1)[1] - 1)).toBeCloseTo(2, 5);
    expect(high - low).toBeCloseTo(2 * 0.9, 1);
    const falling = withResiduals(target, outputs, ofNumbers([...outputs].map((u) => 8 * u - 6))) as Numbers;
    expect(intervalEnds(falling, 50)[0]!(0.01)[0]).toBe(0);
  });

  it("are none where no row was held out, or too few", () => {
    expect(mostPercentOf(plainTarget)).toBe(0);
    expect(coverageOf(plainTarget, Float32Array.of(1, 1), ofNumbers([1], [1]))).toBeUndefined();
    const { outputs, truth } = rowsOf(15);
    const few = withResiduals(plainTarget, outputs, truth);
    expect(mostPercentOf(few)).toBe(87);
    expect(coverageOf(few, outputs, truth)!.percent).toBe(87);
    expect(() => intervalEnds(few as Numbers, 88)).toThrow();
  });
});
