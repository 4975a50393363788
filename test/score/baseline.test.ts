import { describe, expect, it } from "vitest";
import {
  type BaselineState,
  baselinesFit,
  learnBaselines,
  ruleOfEach,
  scoreBaselines,
  scorePredictions,
  withScores,
} from "../../src/score/baseline.js";
import type { TargetState } from "../../src/transform/target.js";
import type { Truth } from "../../src/transform/truth.js";

const classes: TargetState = { task: "classification", name: "y", type: "category", classes: ["a", "b", "c"] };
const numbers: TargetState = {
  task: "regression",
  targets: ["y", "z"].map((name) => ({ name, scaler: { name: "none" } })),
};
const ofClasses = (...values: number[]) => ({ task: "classification", classes: Int32Array.from(values) }) as const;
const ofNumbers = (...values: number[][]) =>
  ({ task: "regression", values: values.map((column) => Float64Array.from(column)) }) as const;

const number = { kind: "number" } as const;

/** With an input that is the same in each row, so that no linear model is better than the baseline. */
const known = (truth: Truth) => {
  const rows = truth.task === "regression" ? truth.values[0]!.length : truth.classes.length;
  return { X: new Float32Array(rows), columns: [number], truth };
};
const learnBaseline = (target: TargetState, truth: Truth): BaselineState => learnBaselines(target, known(truth));
const scoreBaseline = (target: TargetState, state: BaselineState, truth: Truth) =>
  scoreBaselines(target, state, known(truth)).baseline;

describe("the baseline", () => {
  it("of classes is always the most frequent one, and their shares as probabilities", () => {
    const learned = learnBaseline(classes, ofClasses(0, 1, 1, 1, 1, 1, 1, 2));
    expect(learned).toMatchObject({ task: "classification", shares: [1 / 8, 6 / 8, 1 / 8] });
    const { rule, scores } = scoreBaseline(classes, learned, ofClasses(0, 1, 1, 2));
    expect(rule).toBe('always "b"');
    expect(scores.accuracy).toBe(0.5);
    expect(scores.logLoss).toBeCloseTo((2 * Math.log(8) - 2 * Math.log(6 / 8)) / 4, 12);
    expect(scores.rocAuc).toBe(0.5);
    expect(scores.averagePrecision).toBeCloseTo(1 / 3, 12); // the mean share of three classes;
  });

  it("of equally frequent classes takes the first", () => {
    expect(scoreBaseline(classes, learnBaseline(classes, ofClasses(2, 1)), ofClasses(1)).rule).toBe('always "b"');
  });

  it("of more classes than the stack holds is one of them", () => {
    const many = Array.from({ length: 300_000 }, (_, i) => `c${i}`);
    const shares = many.map((_, i) => (i === 200_000 ? 0.5 : 0));
    const state = { task: "classification", shares, linear: { leftOut: "" } } as const;
    expect(ruleOfEach({ ...classes, classes: many } as TargetState, [state])).toBe('always "c200000"');
  });

  it("of several networks is one rule where it is the same for each, and else one of each", () => {
    const rule = (target: TargetState, ...truths: Truth[]) =>
      ruleOfEach(
        target,
        truths.map((truth) => learnBaseline(target, truth)),
      );
    expect(rule(classes, ofClasses(1, 1, 0), ofClasses(1, 2, 1))).toBe('always "b"');
    expect(rule(classes, ofClasses(1, 1, 0), ofClasses(2, 2))).toMatch(/most frequent class of each network/);
    expect(rule(numbers, ofNumbers([1, 3], [2, 4]), ofNumbers([2, 2], [3, 3]))).toBe(
      "always the means of the training rows",
    );
    expect(rule(numbers, ofNumbers([1, 3], [2, 4]), ofNumbers([1, 3], [2, 5]))).toMatch(/means of each network/);
  });

  it("of two classes goes by the target's threshold, as the network does", () => {
    const two = (threshold?: number): TargetState => ({
      task: "classification",
      name: "y",
      type: "category",
      classes: ["no", "yes"],
      ...(threshold === undefined ? {} : { threshold }),
    });
    const truth = ofClasses(0, 0, 0, 1);
    const scored = (threshold?: number) => {
      const { rule, scores } = scoreBaseline(two(threshold), learnBaseline(two(threshold), truth), truth);
      return [rule, scores.accuracy];
    };
    expect([scored(), scored(0.26)]).toEqual(Array(2).fill(['always "no"', 0.75]));
    expect(scored(0.25)).toEqual(['always "yes"', 0.25]);
  });

  it("of numbers is always the mean of the training rows, of each target its own", () => {
    const learned = learnBaseline(numbers, ofNumbers([1, 2, 6], [10, 10, 40]));
    expect(learned).toMatchObject({ task: "regression", centers: [3, 20] });
    const { scores } = scoreBaseline(numbers, learned, ofNumbers([3, 5], [20, 24]));
    expect(scores).toMatchObject({ rmse_y: Math.sqrt(2), rmse_z: Math.sqrt(8), mae_y: 1, mae_z: 2 });
  });

  it("of a quantile is that of the training rows", () => {
    const quantile = { ...numbers, quantile: 0.75 } as const;
    const learned = learnBaseline(quantile, ofNumbers([1, 2, 6], [10, 10, 40]));
    expect(learned).toMatchObject({ task: "regression", centers: [4, 25] }); // as numpy's quantile has it
    const { rule, scores } = scoreBaseline(quantile, learned, ofNumbers([3, 8], [25, 25]));
    expect(rule).toBe("always the 0.75 quantiles of the training rows");
    expect(scores).toMatchObject({ pinball_y: (0.25 * 1 + 0.75 * 4) / 2, pinball_z: 0 });
  });

  it("of the largest numbers there are is finite", () => {
    const values = [1e150, 1e150, -1e150, 1e150];
    const learned = learnBaseline(numbers, ofNumbers(values, values));
    if (learned.task !== "regression") throw new Error("it is a regression");
    expect(learned.centers[0]! / 0.5e150).toBeCloseTo(1, 12);
  });

  it("ranks nothing, also where networks have different constants, and where nothing can be ranked stays undefined", () => {
    const learned = learnBaseline(classes, ofClasses(0, 1, 1, 2));
    const baseline = {
      ...ofClasses(0, 0, 1, 1),
      probabilities: Float32Array.of(0.8, 0.1, 0.1, 0.8, 0.1, 0.1, 0.1, 0.8, 0.1, 0.1, 0.8, 0.1),
    };
    const rocAuc = (truth: Truth) => scorePredictions(classes, learned, truth, { baseline }).baseline.scores.rocAuc;
    expect(rocAuc(ofClasses(0, 2, 1, 1))).toBe(0.5);
    expect(rocAuc(ofClasses(1, 1, 1, 1))).toBe(Number.NaN);
  });
});

describe("the linear model beside it", () => {
  const X = Float32Array.of(1, 2, 3, 4, 5, 6);
  const truth = ofNumbers([2, 4, 6, 8, 10, 12], [1, 1, 2, 2, 3, 3]);
  const state = learnBaselines(numbers, { X, columns: [number], truth });

  it("is scored on any rows, as the baseline is", () => {
    const { baseline, linear } = scoreBaselines(numbers, state, { X, columns: [number], truth });
    if (!linear || "leftOut" in linear) throw new Error("there is one");
    expect(linear.rule).toBe("ridge regression");
    // a penalty of 1 on a standardized input of 6 rows draws the slope in by a seventh
    expect(linear.scores.rmse_y).toBeCloseTo(baseline.scores.rmse_y! / 7, 7);
  });

  it("keeps its scores for who inspects the model", () => {
    const scored = scoreBaselines(numbers, state, { X, columns: [number], truth });
    const { scores } = withScores(state, scored);
    expect(scores).toEqual({
      baseline: scored.baseline.scores,
      linear: expect.objectContaining({ rmse_y: expect.any(Number) }),
    });
  });

  it("must be of the network's inputs and outputs; a state without one is of any", () => {
    expect(baselinesFit(state, numbers, [number])).toBe(true);
    expect(baselinesFit(state, numbers, [number, number])).toBe(false);
    expect(baselinesFit({ ...state, linear: { leftOut: "why" } }, numbers, [number, number])).toBe(true);
    expect(
      baselinesFit({ ...state, linear: { rows: 6, coefficients: [[1]], intercepts: [0] } }, numbers, [number]),
    ).toBe(false);
    const none = { leftOut: "why" };
    const ofClass: BaselineState = { task: "classification", shares: [0.5, 0.25, 0.25], linear: none };
    expect(baselinesFit(ofClass, classes, [number])).toBe(true);
    expect(baselinesFit({ ...ofClass, shares: [0.5, 0.5] }, classes, [number])).toBe(false);
    expect(scoreBaselines(numbers, { ...state, linear: none }, { X, columns: [number], truth }).linear).toEqual(none);
  });
});
