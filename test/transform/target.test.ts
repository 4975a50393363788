import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { columnOf, type Table } from "../../src/data/table.js";
import { type LossChoice, taskOfLoss } from "../../src/model/losses.js";
import { decideTask, findTask } from "../../src/train/task.js";
import { inOrder } from "../../src/transform/categories.js";
import { learnClasses } from "../../src/transform/classes.js";
import type { ScaleOptions } from "../../src/transform/options.js";
import { predictionCells, predictionHeader } from "../../src/transform/output.js";
import { Sample } from "../../src/transform/sample.js";
import { learnScaler, type ScalerName, scalingOf, targetScalerNames } from "../../src/transform/scalers.js";
import {
  applyTarget,
  countClipped,
  extendedBy,
  invertTarget,
  learnTargets,
  predicts,
  rowsWithTarget,
  type TargetState,
  targetColumns,
  targetNames,
  targetState,
  truthOf,
} from "../../src/transform/target.js";
import { cells, columns, refusal, tableOf } from "../data/source.js";
import { dataSettings } from "../train/settings.js";

const NA = Number.NaN;
const decide = (
  setting: Parameters<typeof decideTask>[0],
  named: Parameters<typeof columns>[0],
  loss: LossChoice | "auto" = "auto",
) => decideTask(setting, columns(named).columns, "t.csv", taskOfLoss(loss));
const classesOf = (target: TargetState) => (target.task === "classification" ? target.classes : undefined);
const learnedClasses = (values: Parameters<typeof columns>[0][string]) =>
  learnClasses(columns({ y: values }).columns[0]!, "t.csv");

describe("the positive class", () => {
  const learned = (values: readonly string[] | readonly number[], positive: string | number) =>
    classesOf(learnClasses(columns({ y: values }).columns[0]!, "t.csv", { positive }));

  it("is the second of two, whichever it would be by order", () => {
    expect(learned(["no", "yes", "no"], "no")).toEqual(["yes", "no"]);
    expect(learned(["no", "yes", "no"], "yes")).toEqual(["no", "yes"]);
    expect(learned([1, 0, 1], 0)).toEqual(["1", "0"]);
    expect(learned([1, 0, 1], "0.0")).toEqual(["1", "0"]); // as the table may have it
  });

  it("is one of two classes that there are", async () => {
    const details = { setting: "data.positive" };
    for (const [values, positive] of [
      [["a", "b"], "c"],
      [["a", "b", "c"], "c"],
    ] as const) {
      expect(await refusal(() => learned(values, positive))).toMatchObject({ kind: "usage", details });
    }
    const table = columns({ x: [1, 2, 3], y: [1, 2, 3] });
    expect(await refusal(() => findTask(table, dataSettings({ positive: 1 }), "auto"))).toMatchObject({
      kind: "usage",
      details,
    });
  });
});

describe("the task", () => {
  it("is a regression for numbers, and for several columns of numbers", () => {
    expect(decide("auto", { y: [1, 2, 3] })).toEqual({ task: "regression" });
    expect(decide("auto", { y: [1, 2], z: [0, 1] })).toEqual({ task: "regression" });
  });

  it("may be the mean of counts, where no loss is named", () => {
    const counts = Array.from({ length: 100 }, (_, i) => [0, 0, 0, 1, 1, 2, 3][i % 7]!);
    const isToldOf = (y: readonly number[], ...more: [Parameters<typeof decide>[0]?, LossChoice?]) =>
      /counts something, model.loss: "poisson"/.test(decide(more[0] ?? "auto", { y }, more[1]).because ?? "");
    expect(decide("auto", { y: counts }).because).toBe(
      'the target has 4 different values, 0, 1, 2 and 3; to predict a class, set "task": "classification"; if it counts something, model.loss: "poisson" predicts its mean, which is never negative',
    );
    expect(decide("auto", { y: counts.map((y, i) => y * (i % 11)) }).because).toBe(
      'the target is a whole number from 0 on in every row; if it counts something, model.loss: "poisson" predicts its mean, which is never negative',
    );
    expect(isToldOf(counts, "regression")).toBe(true);
    expect(isToldOf(counts, "auto", { name: "mse" })).toBe(false);
    expect(isToldOf(counts, "classification")).toBe(false);
    expect(isToldOf(counts.map((y) => y + 1))).toBe(false); // none is 0
    expect(isToldOf(counts.map((y) => y - 1))).toBe(false);
    expect(isToldOf(counts.map((y) => y / 2))).toBe(false);
    expect(isToldOf(counts.map((y) => Math.min(y, 1)))).toBe(false);
    expect(isToldOf(counts.slice(0, 19))).toBe(false);
    expect(isToldOf(Array.from({ length: 100 }, (_, i) => i % 10))).toBe(false); // digits
    expect(isToldOf(counts.map((y) => 20 - y - (y > 1 ? y : 0)))).toBe(false); // grades, few of them low
  });

  it("is a regression for two different numbers, or a few, where a loss of a regression is named", () => {
    const few = Array.from({ length: 100 }, (_, i) => i % 3);
    for (const y of [[1, 0, 1, 1], few]) {
      const table = columns({ x: y, y });
      expect(findTask(table, dataSettings(), "auto", { name: "poisson" })).toMatchObject({ task: "regression" });
      expect(findTask(table, dataSettings(), "auto", { name: "poisson" }).because).toBeUndefined();
      expect(findTask(table, dataSettings(), "auto", "auto").because).toBeDefined();
    }
    expect(decide("auto", { y: ["a", "b"] }, { name: "poisson" }).task).toBe("classification"); // whose loss is an error then
    expect(decide("auto", { y: [0, 1, 1] }, { name: "binaryCrossEntropy" }).task).toBe("classification");
    expect(decide("classification", { y: [0, 1, 1] }, { name: "poisson" }).task).toBe("classification");
  });

  it("is asked for where numbers have zeros before them, which codes would lose", async () => {
    const read = async (of: object) => {
      const table = await tableOf("x,y\n1,00501\n2,501\n3,10001\n4,7030\n", of);
      return decideTask("auto", [columnOf(table, "y")!], "t.csv");
    };
    expect(await refusal(() => read({}))).toMatchObject({
      kind: "usage",
      message: 'the target "y" may be a number or a code: zeros stand before some of its values',
      details: { have: '"00501"' },
    });
    expect(await read({ types: { y: "number" } })).toEqual({ task: "regression" });
    expect(await read({ types: { y: "category" } })).toEqual({ task: "classification" });
  });

  it("is a classification for words", () => {
    expect(decide("auto", { y: ["a", "b", "c"] })).toEqual({ task: "classification" });
  });

  it("is a classification for two different numbers, said aloud with how to have it otherwise", () => {
    const { task, because } = decide("auto", { y: [10, 9, 9, NA, 10] });
    expect(task).toBe("classification");
    expect(because).toContain("9 and 10");
    expect(because).toContain('"task": "regression"');
  });

  it("is what the config says, where that can be", () => {
    expect(decide("regression", { y: [0, 1] })).toEqual({ task: "regression" });
    expect(decide("classification", { y: [1, 2, 3] })).toEqual({ task: "classification" });
  });

  it("is refused: a regression of words, alone or among numbers", async () => {
    for (const setting of ["regression", "auto"] as const) {
      const error = await refusal(() => decide(setting, { z: [1, 2], y: ["a", "b"] }));
      expect(error).toMatchObject({ kind: "data", details: { at: "t.csv" } });
      expect(error.message).toContain('"y"');
    }
    expect((await refusal(() => decide("regression", { y: ["a", "b"] }))).kind).toBe("data");
  });

  it("is refused: a classification of several targets", async () => {
    expect(await refusal(() => decide("classification", { y: ["a", "b"], z: ["c", "d"] }))).toMatchObject({
      kind: "usage",
      details: { setting: "task" },
    });
  });
});

describe("classes", () => {
  it("are in the order of their numbers where all are numbers", () => {
    expect(classesOf(learnedClasses([10, 9, -1, 100, 9]))).toEqual(["-1", "9", "10", "100"]);
    expect(classesOf(learnedClasses(["10", "9", "1e1", "-0.5"]))).toEqual(["-0.5", "9", "10", "1e1"]);
  });

  it("are in the order of code points otherwise, not of UTF-16 units", () => {
    // U+1F600 comes after U+FF5E, though its first unit, D83D, comes before
    expect(classesOf(learnedClasses(["😀", "～", "b", "B", "a", "é", "10", "9"]))).toEqual([
      "10",
      "9",
      "B",
      "a",
      "b",
      "é",
      "～",
      "😀",
    ]);
  });

  it("are in the order of their numbers with decimal commas too", () => {
    expect(inOrder(["10,5", "9,5", "-1"])).toEqual(["-1", "9,5", "10,5"]);
    expect(inOrder(["10,5", "9.5"])).toEqual(["10,5", "9.5"]);
  });

  it("have one order, whatever order they come in", () => {
    const word = fc.oneof(
      fc.integer().map(String),
      fc.string({ unit: "grapheme" }),
      fc.constantFrom("1", "01", "1.0", "1e0"),
    );
    fc.assert(
      fc.property(fc.uniqueArray(word, { maxLength: 12 }), (words) => {
        const ordered = inOrder(words);
        expect(inOrder(words.toReversed())).toEqual(ordered);
        expect(ordered.toSorted()).toEqual(words.toSorted());
      }),
    );
  });

  it("have to be two at least", async () => {
    const error = await refusal(() => learnedClasses(["a", "a", undefined]));
    expect(error).toMatchObject({ kind: "data", details: { at: "t.csv" } });
    expect(error.message).toContain('"a" in every row');
  });
});

describe("rows without a target", () => {
  it("are dropped, where any of several targets is missing", () => {
    const table = columns({ x: [1, 2, 3, 4], y: [5, NA, 6, 7], kind: ["a", "b", undefined, "c"] });
    expect(cells(rowsWithTarget(table, ["y"]), "x")).toEqual([1, 3, 4]);
    expect(cells(rowsWithTarget(table, ["y", "kind"]), "x")).toEqual([1, 4]);
    expect([...rowsWithTarget(table, ["y", "kind"]).lines]).toEqual([2, 5]);
    expect(rowsWithTarget(table, ["x"])).toBe(table);
  });

  it("too large to be scaled is an error that names the number", async () => {
    const table = columns({ y: [1, -1e151, 3] });
    expect(await refusal(() => learnTargets(table, ["y"], { target: "standard", clamp: false }))).toMatchObject({
      kind: "data",
      message: 'the column "y" has numbers too large to scale',
      details: { at: "t.csv", have: "-1e+151", try: expect.stringContaining("can be up to 1e+150") },
    });
  });

  it("negative, where it is counted, is an error with its line; and so is a scaler that does more than divide", async () => {
    const counts = { distribution: "poisson" } as const;
    const learn = (values: number[], target: ScaleOptions["target"]) =>
      learnTargets(columns({ y: values }), ["y"], { target, clamp: false }, counts);
    const target = learn([0, 3, 1], "auto");
    expect(target).toMatchObject({ ...counts, targets: [{ scaler: { name: "rms", center: 0 } }] });
    expect(await refusal(() => truthOf(target, columns({ y: [1, -2] })))).toMatchObject({
      kind: "data",
      details: { at: 't.csv:3, column "y"', have: "-2" },
    });
    expect(learn([0, 3], { y: "maxabs" })).toMatchObject({ targets: [{ scaler: { name: "maxabs" } }] });
    for (const scaler of targetScalerNames.filter((name) => name !== "rms" && name !== "maxabs")) {
      expect(await refusal(() => learn([0, 3], scaler)), scaler).toMatchObject({
        kind: "usage",
        details: { setting: "scale.target", try: '"auto", "maxabs", "rms"' },
      });
    }
  });

  it("too small for its error to be told is an error", async () => {
    const tiny = columns({ y: [1e-200, 3e-200, 2e-200] });
    expect(await refusal(() => learnTargets(tiny, ["y"], { target: "standard", clamp: false }))).toMatchObject({
      kind: "data",
      message: 'the target "y" varies too little for errors to be computed',
      details: { have: "1e-200 to 3e-200" },
    });
  });

  it("too large for its error to be told is one with its line, also in rows that are judged", async () => {
    const target = learnTargets(columns({ y: [1, 2] }), ["y"], { target: "standard", clamp: false });
    expect(await refusal(() => truthOf(target, columns({ y: [1, 1e160] })))).toMatchObject({
      kind: "data",
      details: { at: 't.csv:3, column "y"', have: "1e+160" },
    });
  });

  it("may not be all", async () => {
    const table = columns({ x: [1, 2], y: [NA, NA] });
    expect(await refusal(() => rowsWithTarget(table, ["y"]))).toMatchObject({
      kind: "data",
      message: 'no row has a target: "y" is empty throughout',
      details: { at: "t.csv" },
    });
  });

  it("may not be all between them, and no column is called empty that is not", async () => {
    const table = columns({ y: [1, NA], z: [NA, 2] });
    const error = await refusal(() => rowsWithTarget(table, ["y", "z"]));
    expect(error.kind).toBe("data");
    expect(error.message).not.toContain("is empty throughout");
  });
});

describe("a target of numbers", () => {
  const table = columns({ y: [1, 2, 3, 6], z: [-10, 0, 10, 40] });
  const names = ["z", "y"];
  const target = learnTargets(table, names, { target: { y: "minmax", "*": "maxabs" }, clamp: false });

  it("is scaled by what each was given, row by row in the order of the config", () => {
    expect([...applyTarget(target, truthOf(target, table))]).toEqual(
      [-0.25, 0, 0, 0.2, 0.25, 0.4, 1, 1].map(Math.fround),
    );
    expect(targetNames(target)).toEqual(names);
    expect(targetColumns(target)).toEqual([
      { name: "z", type: "number" },
      { name: "y", type: "number" },
    ]);
    expect(targetState.parse(JSON.parse(JSON.stringify(target)))).toEqual(target);
  });

  it("is another in another order, or with a column more or less", () => {
    expect(predicts(target, ["z", "y"])).toBe(true);
    for (const others of [["y", "z"], ["z"], ["z", "y", "x"]]) expect(predicts(target, others)).toBe(false);
  });

  it("comes back in its own units", () => {
    const truth = truthOf(target, table);
    const back = invertTarget(target, applyTarget(target, truth));
    if (truth.task !== "regression" || back.task !== "regression") throw new Error("these are numbers");
    for (const [t, values] of truth.values.entries()) {
      expect([...back.values[t]!]).toEqual([...values].map((value) => expect.closeTo(value, 5)));
    }
  });

  it.each(targetScalerNames)("scaled by %s comes back within the digits of a float32", (name) => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: -1e6, max: 1e6 }), { minLength: 2, maxLength: 30 }), (y) => {
        const table = columns({ y });
        const target = learnTargets(table, ["y"], { target: name, clamp: false });
        const back = invertTarget(target, applyTarget(target, truthOf(target, table)));
        if (back.task !== "regression") throw new Error("these are numbers");
        const size = Math.max(...y.map(Math.abs));
        for (const [row, value] of back.values[0]!.entries())
          expect(Math.abs(value - y[row]!) / size).toBeLessThan(1e-5);
      }),
    );
  });

  it.each(targetScalerNames)("scaled by %s is a number whatever the network puts out", (name) => {
    const { invert } = scalingOf(learnScaler(name, new Sample(Float64Array.of(1, 10, 1000, 1e6))));
    for (const output of [3e38, -3e38]) expect(Number.isFinite(invert(output))).toBe(true);
  });

  it("is kept within the range of the training rows where that is asked for", () => {
    const kept = learnTargets(table, names, { target: "standard", clamp: true });
    const { targets } = kept as Extract<typeof kept, { task: "regression" }>;
    expect(targets.map(({ range }) => range)).toEqual([
      [-10, 40],
      [1, 6],
    ]);
    const back = invertTarget(kept, Float32Array.of(-9, -9, 9, 9, 0, 0));
    if (back.task !== "regression") throw new Error("these are numbers");
    expect(back.values.map((values) => [...values])).toEqual([
      [-10, 40, 10],
      [1, 6, 3],
    ]);
    expect(targetState.parse(JSON.parse(JSON.stringify(kept)))).toEqual(kept);
  });

  it("of more training rows is kept within the range of both, or within none", () => {
    const rangesAfter = (y: number[], clamp: boolean, kept = true) => {
      const before = learnTargets(table, names, { target: "standard", clamp: kept });
      const after = extendedBy(before, columns({ y, z: [0, 50] }), clamp);
      return after.task === "regression" && after.targets.map(({ range }) => range);
    };
    expect(rangesAfter([-5, 4], true)).toEqual([
      [-10, 50],
      [-5, 6],
    ]);
    expect(rangesAfter([-5, 4], false)).toEqual([undefined, undefined]);
    expect(rangesAfter([-5, 4], true, false)).toEqual([undefined, undefined]);
  });

  it("is counted as clipped once a row, and not where a row has no prediction", () => {
    const kept = learnTargets(table, names, { target: "none", clamp: true }); // -10 to 40 and 1 to 6
    const outputs = Float32Array.of(41, 7, 0, 3, -11, 3, 40, 0.5);
    expect(countClipped(kept, outputs, new Set())).toBe(3);
    expect(countClipped(kept, outputs, new Set([0, 1]))).toBe(2);
  });

  it("that is always the same can't be learned", async () => {
    const error = await refusal(() =>
      learnTargets(columns({ y: [3, 3] }), ["y"], { target: "standard", clamp: false }),
    );
    expect(error.kind).toBe("data");
    expect(error.message).toContain('"y" is 3 in every training row');
  });

  it("is scaled by names that are targets", async () => {
    expect(await refusal(() => learnTargets(table, ["y"], { target: { z: "minmax" }, clamp: false }))).toMatchObject({
      kind: "usage",
      details: { setting: "scale.target", have: "y" },
    });
  });
});

describe("a target of classes", () => {
  const table = columns({ y: ["b", "a", "c", "a"] });
  const target = learnedClasses(["c", "a", "b"]);

  it("is the number of the class, and comes back as its name", () => {
    const truth = truthOf(target, table);
    expect(truth).toEqual({ task: "classification", classes: Int32Array.of(1, 0, 2, 0) });
    expect([...applyTarget(target, truth)]).toEqual([1, 0, 2, 0]);
    const outputs = Float32Array.of(0.2, 0.5, 0.3, 0.6, 0.3, 0.1, 0.25, 0.25, 0.5);
    const back = invertTarget(target, outputs);
    expect(back).toEqual({ task: "classification", classes: Int32Array.of(1, 0, 2), probabilities: outputs });
    expect(targetColumns(target)).toEqual([{ name: "y", type: "category", classes: ["a", "b", "c"] }]);
  });

  it("is the first of those that are equally probable", () => {
    const back = invertTarget(target, Float32Array.of(0.2, 0.4, 0.4, 0.4, 0.4, 0.2));
    expect(back.task === "classification" && [...back.classes]).toEqual([1, 0]);
  });

  it("may be numbers, and is read as such", () => {
    const numbers = learnedClasses([3, 1, 2]);
    expect(numbers).toEqual({ task: "classification", name: "y", type: "number", classes: ["1", "2", "3"] });
    expect(truthOf(numbers, columns({ y: [2, 3] }))).toEqual({ task: "classification", classes: Int32Array.of(1, 2) });
  });

  it("that the model does not know is refused with its line", async () => {
    const other: Table = columns({ y: ["a", "d"] });
    expect(await refusal(() => truthOf(target, other))).toMatchObject({
      kind: "data",
      details: { at: 't.csv:3, column "y"', have: "a, b, c" },
    });
  });
});

describe("the header of predictions", () => {
  const regression = (...names: string[]): TargetState => ({
    task: "regression",
    targets: names.map((name) => ({ name, scaler: { name: "none" } })),
  });

  it("is prediction, or prediction_<target> for several, and probability_<class> if wanted", () => {
    expect(predictionHeader(regression("price"))).toEqual(["prediction"]);
    expect(predictionHeader(regression("price"), { probabilities: true })).toEqual(["prediction"]);
    expect(predictionHeader(regression("a", "b c"))).toEqual(["prediction_a", "prediction_b c"]);
    const classes = learnedClasses([10, 9]);
    expect(predictionHeader(classes)).toEqual(["prediction"]);
    expect(predictionHeader(classes, { probabilities: true })).toEqual([
      "prediction",
      "probability_9",
      "probability_10",
    ]);
  });
});

describe("the cells of predictions", () => {
  const cellOf = (name: ScalerName, values: readonly number[], output: number) => {
    const target: TargetState = {
      task: "regression",
      targets: [{ name: "y", scaler: learnScaler(name, new Sample(Float64Array.from(values))) }],
    };
    return predictionCells(target, Float32Array.of(output))[0]![0]!;
  };
  const shift = (values: number[]) => values.map((value) => value + 5e5);
  const output = fc.oneof(
    fc.float({ min: -4, max: 4, noNaN: true }),
    fc.float({ min: Math.fround(-0.01), max: Math.fround(0.01), noNaN: true }),
  );
  const column = fc
    .uniqueArray(fc.integer({ min: -1000, max: 1000 }), { minLength: 3, maxLength: 20 })
    .chain((values) =>
      fc.constantFrom(
        values,
        shift(values),
        values.map((value) => value * 1e9),
        values.map((value) => value / 1e9),
      ),
    );

  it.each(targetScalerNames)("have the digits that tell float32 outputs apart and no more, scaled by %s", (name) => {
    fc.assert(
      fc.property(column, output, (values, u) => {
        const cell = cellOf(name, values, u);
        const { apply, invert } = scalingOf(learnScaler(name, new Sample(Float64Array.from(values))));
        // half the distance to the next float32 output; scaled outputs nearer to zero than 1/64 are alike in 1/2³⁰
        const half = Math.max(Math.abs(u), name === "none" ? 0 : 2 ** -6) * 2 ** -24;
        expect(Math.abs(apply(Number(cell)) - u), cell).toBeLessThanOrEqual(1.1 * half + 1e-15);
        const digits = cell.replace(/e.*|[-.]/g, "").replace(/^0+|0+$/g, "").length;
        const told = Math.abs(invert(u + half) - invert(u));
        const most = Math.max(Math.ceil(Math.log10(Math.abs(invert(u)) / told)) + 1, 1);
        // digits before the point are always there
        if (told > 0 && told < 1) expect(digits, cell).toBeLessThanOrEqual(most + 1);
      }),
    );
  });

  it("are short where the value is", () => {
    expect(cellOf("minmax", [0, 200], 0.5)).toBe("100");
    expect(cellOf("minmax", [0, 1], 0.75)).toBe("0.75");
    expect(cellOf("minmax", [1.7e9, 1.7e9 + 86_400], 0.25)).toBe("1700021600");
    expect(cellOf("maxabs", [-3, 0], 0)).toBe("0");
    expect(cellOf("maxabs", [-3, 0], -1e-12)).toBe("0");
  });

  it("keep their digits where the target's unit is very small or very large", () => {
    for (const unit of [1e-27, 1e-19, 1e19, 1e27]) {
      for (const name of targetScalerNames.filter((name) => name !== "none")) {
        const cell = cellOf(
          name,
          [1, 2, 4].map((x) => x * unit),
          0.3,
        );
        const exact = scalingOf(
          learnScaler(name, new Sample(Float64Array.from([1, 2, 4].map((x) => x * unit)))),
        ).invert(0.3);
        expect(Math.abs(Number(cell) / exact - 1), `${name}, ${unit}: ${cell}`).toBeLessThan(1e-6);
      }
    }
  });

  it("of counts have their digits, however small they are", () => {
    const target = learnTargets(
      columns({ y: [0, 3, 1] }),
      ["y"],
      { target: "auto", clamp: false },
      { distribution: "poisson" },
    );
    for (const output of [1.5e-11, 1.5, 1.5e2].map(Math.fround)) {
      const [[cell]] = predictionCells(target, Float32Array.of(output)) as [[string]];
      expect(Number(cell) / (output * Math.sqrt(10 / 3))).toBeCloseTo(1, 6);
    }
  });

  it("of a target that is not scaled have their digits, however small they are", () => {
    for (const output of [1.5e-11, 1.5, 1.5e11].map(Math.fround)) {
      expect(Number(cellOf("none", [1, 2, 4], output)) / output).toBeCloseTo(1, 6);
    }
    expect(cellOf("none", [1, 2, 4], 0)).toBe("0");
  });

  it("are a number for each target, row by row", () => {
    const target = learnTargets(columns({ y: [0, 10], z: [0, 1000] }), ["y", "z"], { target: "minmax", clamp: false });
    const cells = predictionCells(target, Float32Array.of(0.5, 0.25, 1, 2));
    expect(cells).toEqual([
      ["5", "250"],
      ["10", "2000"],
    ]);
  });

  it("are the class, and with probabilities all of them in the order of the header", () => {
    const target = learnedClasses(["a", "b", "c"]);
    const outputs = Float32Array.of(0.125, 0.5, 0.375);
    expect(predictionCells(target, outputs)).toEqual([["b"]]);
    expect(predictionCells(target, outputs, { probabilities: true })).toEqual([["b", "0.125", "0.5", "0.375"]]);
    const binary = learnedClasses(["no", "yes"]);
    expect(predictionCells(binary, Float32Array.of(0.25, 0.75), { probabilities: true })).toEqual([
      ["yes", "0.25", "0.75"],
    ]);
  });

  it("have probabilities to the digits of a float32", () => {
    fc.assert(
      fc.property(fc.float({ min: 0, max: 1, noNaN: true }), (p) => {
        const binary = learnedClasses(["no", "yes"]);
        const [[, , cell]] = predictionCells(binary, Float32Array.of(1 - p, p), { probabilities: true }) as [
          [string, string, string],
        ];
        expect(Math.abs(Number(cell) - p)).toBeLessThanOrEqual(2 ** -24 * p);
        expect(cell.replace(/e.*|[-.]/g, "").replace(/^0+/, "").length).toBeLessThanOrEqual(9);
      }),
    );
  });
});
