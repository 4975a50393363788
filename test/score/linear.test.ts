import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/engine/random.js";
import { gram } from "../../src/score/curvature.js";
import { type Design, designOf, type Method, storedPerRow } from "../../src/score/design.js";
import { type LinearState, learnLinear, predictLinear } from "../../src/score/linear.js";
import { type Coefficients, generalized, logistic, ridge } from "../../src/score/regressions.js";
import { estimandOf, type GeneralizedLinear } from "../../src/transform/estimands.js";
import type { TargetState } from "../../src/transform/target.js";
import { rowCountOf, type Truth } from "../../src/transform/truth.js";

/**
 * Made once with scikit-learn 1.2.1: Ridge(), LogisticRegression(tol=1e-12) and, of counts, which have a distribution,
 * PoissonRegressor(alpha=1 / rows, tol=1e-13, max_iter=100000), columns of numbers standardized before,
 * those of 0 and 1 as they are; with weights, where it has some, as sample_weight or class_weight="balanced" of fit.
 */
type Case = { readonly of: string; readonly X: number[][]; readonly weights?: number[] } & (
  | { readonly y: number[][]; readonly predicted: number[][]; readonly distribution?: "poisson" }
  | { readonly y: number[]; readonly probabilities: number[][] }
);
// the file holds what the type says
const cases = JSON.parse(readFileSync(new URL("linear.json", import.meta.url), "utf8")) as Case[];

const numbers = (count: number): TargetState => ({
  task: "regression",
  targets: Array.from({ length: count }, (_, t) => ({ name: `y${t}`, scaler: { name: "none" } })),
});
const classes = (count: number): TargetState => ({
  task: "classification",
  name: "y",
  type: "category",
  classes: Array.from({ length: count }, (_, c) => `c${c}`),
});
const ofNumbers = (...columns: number[][]): Truth => ({
  task: "regression",
  values: columns.map((column) => Float64Array.from(column)),
});
const ofClasses = (values: readonly number[]): Truth => ({ task: "classification", classes: Int32Array.from(values) });
const flat = (rows: readonly (readonly number[])[]) => Float32Array.from(rows.flat());

/** So many columns of numbers. */
const numberColumns = (count: number) => Array.from({ length: count }, () => ({ kind: "number" }) as const);

function learned(target: TargetState, X: Float32Array, truth: Truth, weights?: readonly number[]): LinearState {
  const rows = truth.task === "regression" ? truth.values[0]!.length : truth.classes.length;
  const columns = numberColumns(X.length / rows);
  const state = learnLinear(target, { X, columns, truth, weights: weights && Float64Array.from(weights) });
  if (typeof state === "string") throw new Error(state);
  return state;
}

/** All rows of so many columns of numbers. */
const inputsOf = (X: Float32Array, width: number) => {
  return { X, columns: numberColumns(width), rows: Uint32Array.from({ length: X.length / width }, (_, row) => row) };
};

const predicted = (state: LinearState, target: TargetState, X: Float32Array) =>
  predictLinear(state, target, { X, columns: numberColumns(state.coefficients[0]!.length) });

/** The largest difference, as a share of the largest value. */
function off(found: ArrayLike<number>, expected: readonly number[]): number {
  expect(found.length).toBe(expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, i) => Math.abs(found[i]! - value))) / largest;
}

describe("the linear model is scikit-learn's", () => {
  it.each(cases)("$of", (given) => {
    const X = flat(given.X);
    if ("predicted" in given) {
      const { distribution } = given;
      const target = { ...numbers(given.y.length), ...(distribution && { distribution }) };
      const predictions = predicted(learned(target, X, ofNumbers(...given.y), given.weights), target, X);
      if (predictions.task !== "regression") throw new Error("it is a regression");
      for (const [t, values] of predictions.values.entries()) {
        expect(off(values, given.predicted[t]!)).toBeLessThan(distribution ? 1e-5 : 1e-7); // which is minimized in steps
      }
    } else {
      const target = classes(given.probabilities[0]!.length);
      const predictions = predicted(learned(target, X, ofClasses(given.y), given.weights), target, X);
      if (predictions.task !== "classification") throw new Error("it is a classification");
      expect(off(predictions.probabilities, given.probabilities.flat())).toBeLessThan(1e-4);
      expect([...predictions.classes]).toEqual(given.probabilities.map((p) => p.indexOf(Math.max(...p))));
    }
  });
});

describe("the linear model", () => {
  const [ridgeCase] = cases;
  const X = flat(ridgeCase!.X);
  const width = ridgeCase!.X[0]!.length;
  const y = ridgeCase!.X.map((row, i) => row[0]! - row[2]! + Math.sin(i));

  it("predicts the same after a way through JSON", () => {
    const target = classes(3);
    const state = learned(target, X, ofClasses(y.map((value) => (value < -1 ? 0 : value < 1 ? 1 : 2))));
    expect(predicted(JSON.parse(JSON.stringify(state)), target, X)).toEqual(predicted(state, target, X));
  });

  it("doesn't depend on how an input of numbers, or a target, is scaled", () => {
    const valuesOf = (X: Float32Array, y: number[]) => {
      const predictions = predicted(learned(numbers(1), X, ofNumbers(y)), numbers(1), X);
      if (predictions.task !== "regression") throw new Error("it is a regression");
      return [...predictions.values[0]!];
    };
    const usual = valuesOf(X, y);
    const stretched = X.map((x, at) => (at % width === 0 ? x * 2 ** -20 : x));
    expect(off(valuesOf(stretched, y), usual)).toBeLessThan(1e-6);
    const large = y.map((value) => value * 2 ** 600);
    expect(
      off(
        valuesOf(X, large).map((value) => value / 2 ** 600),
        usual,
      ),
    ).toBeLessThan(1e-6);
  });

  it("takes codes as one-hot columns, and one without a place as none", () => {
    const columns = [{ kind: "number" }, { kind: "code", categories: 3, other: false }] as const;
    const X = Float32Array.of(1, 0, 2, 1, 3, 2, 4, -1, 5, 1, 6, 0);
    const rows = [...Array(6).keys()].map((row) => [
      X[2 * row]!,
      ...[0, 1, 2].map((code) => Number(X[2 * row + 1] === code)),
    ]);
    const truth = ofNumbers([3, 1, 4, 1, 5, 9]);
    const state = learnLinear(numbers(1), { X, columns, truth });
    expect(state).toEqual(learned(numbers(1), flat(rows), truth));
    if (typeof state === "string") throw new Error(state);
    expect(predictLinear(state, numbers(1), { X, columns })).toEqual(predicted(state, numbers(1), flat(rows)));
  });

  it("has probabilities of its own temperature, not the network's", () => {
    const truth = ofClasses(y.map((value) => Number(value > 0)));
    const state = learned(classes(2), X, truth);
    const tempered = { ...classes(2), temperature: 3 } as TargetState;
    expect(predicted(state, tempered, X)).toEqual(predicted(state, classes(2), X));
  });

  it("gives a class that no row has a small probability", () => {
    const predictions = predicted(
      learned(classes(3), X, ofClasses(y.map((value) => (value < 0 ? 0 : 2)))),
      classes(3),
      X,
    );
    if (predictions.task !== "classification") throw new Error("it is a classification");
    const ofSecond = predictions.probabilities.filter((_, at) => at % 3 === 1);
    expect(Math.max(...ofSecond)).toBeLessThan(0.01);
    expect(predictions.classes).not.toContain(1);
  });

  it("is fitted to evenly spaced rows of a long table", () => {
    const rows = 150_000;
    const X = Float32Array.from({ length: rows }, (_, row) => row / rows);
    const state = learned(numbers(1), X, ofNumbers(Array.from(X, (x) => 3 * x + 1)));
    expect(state.rows).toBe(100_000);
    expect(state.coefficients[0]![0]).toBeCloseTo(3, 3); // the penalty draws it in by 1e-5
    expect(state.intercepts[0]).toBeCloseTo(1, 3);
  });

  it("is fitted to fewer rows the more there is to multiply in one", () => {
    const taken = (width: number, targets: number) => {
      const X = Float32Array.from({ length: 100 * width }, (_, i) => (i * 7919) % 1013);
      const y = Array.from({ length: 100 }, (_, i) => i % 7);
      const state = learnLinear(
        numbers(targets),
        { X, columns: numberColumns(width), truth: ofNumbers(...Array(targets).fill(y)) },
        1000,
      );
      return typeof state === "string" ? state : state.rows;
    };
    expect(taken(4, 1)).toBe(Math.ceil(1000 / (8 + 4)));
    expect(taken(10, 1)).toBe(Math.ceil(1000 / (50 + 10)));
    expect(taken(10, 5)).toBe(Math.ceil(1000 / (50 + 50)));
    expect(taken(2, 1)).toBe(100);
  });

  it("learns with the weights of rows beside one another, whatever they are on average, and of those rows that are taken", () => {
    const x = Array.from({ length: 100 }, (_, row) => (row * 37) % 100);
    const fitted = (y: number[], weights: number[], mostWork?: number) => {
      const of = { X: Float32Array.from(x), columns: numberColumns(1), truth: ofNumbers(y) };
      const state = learnLinear(numbers(1), { ...of, weights: Float64Array.from(weights) }, mostWork);
      if (typeof state === "string") throw new Error(state);
      return [state.rows, ...state.coefficients[0]!, ...state.intercepts];
    };
    const y = x.map((value) => 1000 + value);
    const weights = x.map((_, row) => 0.2 + 0.4 * (row % 5)); // on average 1
    const alike = fitted(y, weights);
    expect(alike[2]).toBeCloseTo(1000, -1); // the penalty draws the slope in by a hundredth
    for (const times of [1e-3, 1.1, 3]) {
      const found = fitted(
        y,
        weights.map((weight) => times * weight),
      );
      expect(found).toEqual(alike.map((value) => expect.closeTo(value, 9)));
    }
    const [half, ones] = [x.map((_, row) => (row < 50 ? 2 : 0)), x.map((_, row) => (row < 50 ? 1 : 5))];
    expect(fitted(ones, half, 30)).toEqual([20, expect.closeTo(0, 9), expect.closeTo(1, 9)]);
  });

  it("of a quantile has that share of its rows below its predictions", () => {
    const [{ X: rows }] = cases as [Case];
    const X = flat(rows);
    const y = rows.map((row, i) => row[0]! + ((i * 17) % 40) / 10);
    for (const quantile of [0.1, 0.9]) {
      const target = { ...numbers(1), quantile } as TargetState;
      const predictions = predicted(learned(target, X, ofNumbers(y)), target, X);
      if (predictions.task !== "regression") throw new Error("it is a regression");
      const below = y.filter((value, row) => value < predictions.values[0]![row]!).length / y.length;
      expect(Math.abs(below - quantile)).toBeLessThan(0.04);
    }
  });

  it("is left out, and says why, where it would be too large or is not defined", () => {
    const none = (target: TargetState, width: number, truth: Truth, fill = 0) => {
      const X = new Float32Array(width * rowCountOf(truth)).fill(fill);
      return learnLinear(target, { X, columns: numberColumns(width), truth });
    };
    const many = Array.from({ length: 2000 }, (_, row) => row % 2);
    expect(none(numbers(1), 1201, ofNumbers(many), 2)).toBe("more than 1200 inputs");
    expect(none(numbers(1), 2001, ofNumbers(many), 2)).toBe("more than 1200 inputs");
    expect(none(numbers(1), 1301, ofNumbers(many.slice(0, 900)))).not.toBeTypeOf("string");
    expect(none(classes(2), 5000, ofClasses(many.slice(0, 400)))).not.toBeTypeOf("string");
    const code = [{ kind: "code", categories: 5000, other: true }] as const;
    const coded = { X: Float32Array.from(many, (_, row) => row % 4000), columns: code, truth: ofNumbers(many) };
    expect(learnLinear(numbers(1), coded)).toMatchObject({ rows: 2000 });
    expect(learnLinear(classes(2), { ...coded, truth: ofClasses(many) })).toMatchObject({ rows: 2000 });
    expect(none(classes(100), 1000, ofClasses([0, 1]))).toBe("more than 100000 weights");
    expect(none(numbers(1), 2, ofNumbers([1, 2]), Number.POSITIVE_INFINITY)).toBe("its weights are not finite");
    const counts = { ...numbers(1), distribution: "poisson" } as TargetState;
    expect(none(counts, 601, ofNumbers(many), 2)).toBe("more than 600 inputs");
    expect(none(counts, 601, ofNumbers([1, 2]))).not.toBeTypeOf("string");
    expect(none(counts, 600, ofNumbers([1, 2]))).not.toBeTypeOf("string");
    expect(none(counts, 2, ofNumbers([1e308, 1e308]))).toBe("its fit does not converge");
  });
});

describe("however its equations are solved, a linear model is the same:", () => {
  // more rows than columns, so that all ways can; numbers, flags, and codes of which some have no place
  const random = seededRandom(3, "split");
  const columns = [
    { kind: "number" },
    { kind: "flag" },
    { kind: "code", categories: 12, other: false },
    { kind: "number" },
  ] as const;
  const rows = Uint32Array.from({ length: 60 }, (_, i) => (i * 7) % 60);
  const X = Float32Array.from({ length: 60 * 4 }, (_, at) => {
    const of = [
      () => 1000 + random.normal(),
      () => Math.floor(2 * random.uniform()),
      () => Math.floor(13 * random.uniform()) - 1,
      () => random.normal(),
    ];
    return of[at % 4]!();
  });
  const z = Float64Array.from(rows, (row) => X[4 * row]! - 1000 + Math.sin(X[4 * row + 2]!) - X[4 * row + 3]!);
  const weights = Float64Array.from(rows, (_, r) => [0.5, 1, 1.5][r % 3]!);
  const by = (method: Method) => designOf({ X, columns, rows }, { weights, method });
  const poisson = estimandOf({ task: "regression", distribution: "poisson" }).linear;
  const fits: Record<string, (design: Design) => Coefficients> = {
    ridge: (design) => ridge(design, [z, z.map((value) => value ** 2)], 1),
    logistic: (design) =>
      logistic(
        design,
        Int32Array.from(z, (value) => Number(value > 0)),
        1,
      ),
    multinomial: (design) =>
      logistic(
        design,
        Int32Array.from(z, (value) => Math.min(Math.max(Math.round(value), -1), 1) + 1),
        3,
      ),
    Poisson: (design) =>
      generalized(
        design,
        [z.map((value) => Math.round(Math.exp(value)))],
        poisson as GeneralizedLinear & typeof poisson,
      )!,
  };

  it.each(Object.entries(fits))("%s", (_, fitted) => {
    const { weights: w, intercepts } = fitted(by("byColumns"));
    for (const method of ["byRows", "bySteps"] as const) {
      const other = fitted(by(method));
      expect(off(other.weights, [...w]), method).toBeLessThan(1e-4);
      expect(off(other.intercepts, [...intercepts]), method).toBeLessThan(1e-4);
    }
  });

  it("Poisson, also where numbers go together", () => {
    const X = Float32Array.from({ length: 400 * 3 }, () => random.normal());
    for (let row = 0; row < 400; row++) {
      X[3 * row + 1] = X[3 * row]! + 0.03 * X[3 * row + 1]!;
      X[3 * row + 2] = Math.floor(40 * random.uniform());
    }
    const columns = [{ kind: "number" }, { kind: "number" }, { kind: "code", categories: 40, other: false }] as const;
    const all = { X, columns, rows: Uint32Array.from({ length: 400 }, (_, row) => row) };
    const y = Float64Array.from({ length: 400 }, (_, row) =>
      Math.round(Math.exp(X[3 * row]! + Math.sin(X[3 * row + 2]!))),
    );
    const fitted = (method: Method) =>
      generalized(designOf(all, { method }), [y], poisson as typeof poisson & GeneralizedLinear);
    expect(off(fitted("bySteps")!.weights, [...fitted("byColumns")!.weights])).toBeLessThan(1e-4);
  });

  it("ridge of many columns that tell of one another, which takes many steps", () => {
    const width = 60;
    const size = 200;
    const walks = Float32Array.from({ length: size * width }, () => random.normal());
    for (let at = 0; at < walks.length; at++) if (at % width > 0) walks[at]! = walks[at - 1]! + 0.1 * walks[at]!;
    const z = Float64Array.from({ length: size }, () => random.normal());
    const [byColumns, bySteps] = (["byColumns", "bySteps"] as const).map((method) =>
      ridge(designOf(inputsOf(walks, width), { method }), [z], 1),
    );
    expect(off(bySteps!.weights, [...byColumns!.weights])).toBeLessThan(1e-8);
  });

  it("ridge in all digits", () => {
    const { weights: w } = fits.ridge!(by("byColumns"));
    for (const method of ["byRows", "bySteps"] as const)
      expect(off(fits.ridge!(by(method)).weights, [...w])).toBeLessThan(1e-9);
  });
});

describe("a Poisson regression", () => {
  const of = estimandOf({ task: "regression", distribution: "poisson" }).linear;
  if (of.fit !== "generalized") throw new Error("it is one");
  const random = seededRandom(5, "split");

  /** A count of this mean. */
  function count(mean: number): number {
    let left = -Math.log(1 - random.uniform());
    let events = 0;
    for (; left < mean && events < 1e4; events++) left -= Math.log(1 - random.uniform());
    return events;
  }

  const skewed = (width: number, effect: number) => {
    const X = Array.from({ length: 500 }, () => Array.from({ length: width }, () => Math.exp(random.normal())));
    return { X, z: X.map((row) => row.reduce((sum, x, j) => sum + (j % 2 ? effect : -effect) * x, 0)) };
  };
  const categories = (count: number) => {
    const X = Array.from({ length: 500 }, (_, row) =>
      Array.from({ length: count }, (_, c) => Number((row * row) % count === c)),
    );
    return { X, z: X.map((row) => 5 * Math.sin(row.indexOf(1))) };
  };

  it.each([
    ["skewed inputs", skewed(5, 0.2)],
    ["more of them", skewed(20, 0.15)],
    ["larger effects", skewed(10, 0.6)],
    ["rare categories of very different means", categories(50)],
  ])("is where the slope of its loss is 0, with %s", (_, { X, z }) => {
    const y = Float64Array.from(z, (z) => count(Math.min(Math.exp(z), 1000)));
    const weights = y.map((_, row) => 0.5 + (row % 3) / 2);
    const design = designOf(inputsOf(flat(X), X[0]!.length), { weights });
    const { weights: w, intercepts } = generalized(design, [y], of)!;
    const slopes = new Float64Array(w); // of |w|²/2
    let sizes = 0;
    let total = 0;
    for (const [row, values] of X.entries()) {
      const x = values.map((value, j) => (value - design.centers[j]!) / design.scales[j]! - design.means[j]!);
      const error = weights[row]! * (Math.exp(x.reduce((sum, x, j) => sum + x * w[j]!, intercepts[0]!)) - y[row]!);
      for (const [j, value] of x.entries()) slopes[j]! += error * value;
      sizes += Math.abs(error);
      total += error;
    }
    expect(Math.max(...slopes.map(Math.abs), Math.abs(total)) / sizes).toBeLessThan(1e-4);
  });
});

describe("a design", () => {
  const X = Float32Array.from({ length: 19 * 5 }, (_, i) =>
    i % 5 < 2 ? Number((i * 37) % 11 < 3) : ((i * 53) % 17) - 4,
  );
  const columns = [0, 1, 2, 3, 4].map((j) => [...X.filter((_, i) => i % 5 === j)]);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

  it("stores no zero of a column of zeros and ones", () => {
    const ones = columns.slice(0, 2).flat().filter(Boolean).length;
    expect(designOf(inputsOf(X, 5)).values.length).toBe(ones + 3 * 19);
    expect(storedPerRow(inputsOf(X, 5))).toBeCloseTo(ones / 19 + 3, 12);
  });

  it("standardizes a column that holds other numbers beside zeros and ones", () => {
    for (const column of [
      [3, 0.5, 1],
      [1, 0, 7],
      [0.5, 0, 1],
    ])
      expect(designOf(inputsOf(Float32Array.from(column), 1)).scales[0]).not.toBe(1);
  });

  it("has the products of its columns, those of numbers standardized, all less their means", () => {
    const centered = columns.map((column, j) => {
      const less = column.map((x) => x - mean(column));
      const deviation = Math.sqrt(mean(less.map((x) => x * x)));
      return j < 2 ? less : less.map((x) => x / deviation);
    });
    const G = gram(designOf(inputsOf(X, 5)));
    for (let i = 0; i < 5; i++) {
      for (let j = 0; j <= i; j++) {
        expect(G[i * 5 + j]).toBeCloseTo(19 * mean(centered[i]!.map((x, row) => x * centered[j]![row]!)), 10);
      }
    }
  });
});
