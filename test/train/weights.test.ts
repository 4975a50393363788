import { describe, expect, it } from "vitest";
import { readColumns, type WantedColumn } from "../../src/data/read.js";
import { type Table, takeRows } from "../../src/data/table.js";
import { Memory } from "../../src/engine/memory.js";
import { modelOptions } from "../../src/model/options.js";
import type { EpochReport } from "../../src/train/bestEpoch.js";
import { trainInTurn } from "../../src/train/interleave.js";
import { trainingOptions } from "../../src/train/options.js";
import { type Prepared, prepare } from "../../src/train/prepare.js";
import { findTask } from "../../src/train/task.js";
import { engineFor, train } from "../../src/train/train.js";
import { balanced, classFactors } from "../../src/train/weights.js";
import { scaleOptions } from "../../src/transform/options.js";
import type { TargetState } from "../../src/transform/target.js";
import { byDefault, columns, refusal, sourceOf, tableOf } from "../data/source.js";
import { dataSettings } from "./settings.js";

interface Options {
  target?: string | string[];
  weight?: string | null;
  validation?: number | string;
  model?: object;
  training?: object;
  scale?: object;
}

const noTable = () => Promise.reject(new Error("no validation table is named"));

/** Full batches, and nothing scaled, so that a row which is there twice changes nothing else. */
function prepared(
  table: Table,
  { target = "y", weight = null, validation = 0, model, training, scale }: Options,
  read: (wanted: readonly WantedColumn[]) => Promise<Table> = noTable,
): Promise<Prepared> {
  const options = {
    data: dataSettings({ target, validation, weight }),
    scale: scaleOptions.parse({ inputs: "none", target: "none", ...scale }),
    model: modelOptions.parse({ hidden: [6], activation: "tanh", ...model }),
    training: trainingOptions.parse({ epochs: 30, batchSize: "full", ...training }),
  };
  return prepare(findTask(table, options.data, "auto"), options, read);
}

async function run(table: Table, options: Options) {
  const ready = await prepared(table, options);
  const reports: EpochReport[] = [];
  const engine = await engineFor(ready, { threads: 1 });
  const outcome = await train(ready, engine, { progress() {}, report: (report) => reports.push(report) });
  return { ready, reports, outcome, weights: outcome.members[0]!.weights };
}

const SIZE = 12;
const number = (i: number) => ((i * 7919) % 101) / 50 - 1;
const numbers = (from: number) => Array.from({ length: SIZE }, (_, i) => number(from + 13 * i));
const words = (...names: string[]) => numbers(7).map((value, i) => names[value > 0.4 ? 1 : i % names.length]!);
const twice = [1, 4, 8];
const never = [0, 5, 9];
const weights = Array.from({ length: SIZE }, (_, i) => (twice.includes(i) ? 2 : never.includes(i) ? 0 : 1));
/** The same rows, some twice and some not at all. */
const repeated = Uint32Array.from(weights.flatMap((times, row) => Array<number>(times).fill(row)));

const tasks: [string, Table, Options][] = [
  [
    "mse of two targets",
    columns({ x: numbers(1), z: numbers(2), y: numbers(3), v: numbers(4) }),
    { target: ["y", "v"] },
  ],
  ["quantile", columns({ x: numbers(1), y: numbers(3) }), { model: { loss: { name: "quantile", q: 0.3 } } }],
  [
    "poisson",
    columns({ x: numbers(1), y: numbers(3).map((value) => Math.round(3 + 3 * value)) }),
    { model: { loss: "poisson" }, scale: { target: "maxabs" } },
  ],
  ["binaryCrossEntropy", columns({ x: numbers(1), z: numbers(2), y: words("a", "b") }), {}],
  [
    "crossEntropy of three classes",
    columns({ x: numbers(1), z: numbers(2), y: words("a", "b", "c") }),
    { model: { loss: { name: "crossEntropy", smoothing: 0.1 } } },
  ],
];

const apart = (a: Float32Array, b: Float32Array) =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

describe.each(tasks)("weights of rows, with %s", (_, table, options) => {
  const withWeights = (values: number[]): Table => ({
    ...table,
    columns: [...columns({ w: values }).columns, ...table.columns],
  });

  it("of 2 and 0 are the row twice, and the row left out", async () => {
    const weighted = await run(withWeights(weights), { ...options, weight: "w" });
    const repeating = await run(takeRows(table, repeated), options);
    const plain = await run(table, options);
    expect(apart(weighted.weights, repeating.weights)).toBeLessThan(2e-6);
    expect(apart(weighted.weights, plain.weights)).toBeGreaterThan(1e-3);
    for (const [epoch, { loss }] of weighted.reports.entries())
      expect(loss).toBeCloseTo(repeating.reports[epoch]!.loss, 6);
    expect(weighted.outcome.judgement.loss).toBeCloseTo(repeating.outcome.judgement.loss, 6);
  });

  it("of 0 leave a row out altogether, whatever is in it", async () => {
    const wild = withWeights(weights);
    const garbage = {
      ...wild,
      columns: wild.columns.map((column) =>
        column.type === "number" && column.name !== "w"
          ? { ...column, values: column.values.map((value, row) => (weights[row] === 0 ? 1e6 : value)) }
          : column,
      ),
    };
    const left = Uint32Array.from(weights.keys()).filter((row) => weights[row] !== 0);
    const scaled = { ...options, validation: 0.3, weight: "w" };
    const [zero, without] = [await run(garbage, scaled), await run(takeRows(wild, left), scaled)];
    expect(zero.weights).toEqual(without.weights);
    expect(zero.reports).toEqual(without.reports);
    expect(zero.outcome.judgement).toEqual(without.outcome.judgement);
    const held = await prepared(wild, { ...options, validation: "v.csv", weight: "w" }, async () => garbage);
    expect(held.members[0]!.validation).toHaveLength(left.length);
  });

  it("all the same give the bits of none, in batches too", async () => {
    const training = { batchSize: 5, epochs: 4 };
    const same = await run(withWeights(weights.map(() => 3)), { ...options, weight: "w", training });
    const plain = await run(table, { ...options, training });
    expect(same.weights).toEqual(plain.weights);
    expect(same.reports).toEqual(plain.reports);
  });
});

describe("weights", () => {
  const table = (w: number[], y = words("a", "b", "c")) => columns({ x: numbers(1), w, y });
  const spread = weights.map((weight, i) => (weight || 0.5) + 0.25 * (i % 3));

  it("are on average 1, by the rows that are learned from and by those that judge", async () => {
    const { members } = await prepared(table(spread), { weight: "w", validation: 0.3 });
    const [{ training, validation, trainingWeights, judgingWeights }] = members as [(typeof members)[number]];
    for (const [rows, made] of [
      [training, trainingWeights!.each],
      [validation, judgingWeights!.each],
    ] as const) {
      const mean = rows.reduce((sum, row) => sum + spread[row]!, 0) / rows.length;
      expect([...made]).toEqual([...rows].map((row) => expect.closeTo(spread[row]! / mean, 6)));
    }
    const without = await prepared(table(spread), { validation: 0.3 });
    expect(Object.keys(without.members[0]!)).toEqual(["number", "training", "validation", "judging"]);
  });

  it("are no input, whatever their column is like", async () => {
    expect((await prepared(table(spread), { weight: "w" })).pipeline.map(({ name }) => name)).toEqual(["x"]);
    expect((await prepared(table(spread), {})).pipeline.map(({ name }) => name)).toEqual(["x", "w"]);
    const asWords = columns({ x: numbers(1), w: spread.map(String), y: numbers(3) });
    const { pipeline, members } = await prepared(asWords, { weight: "w" });
    expect(pipeline.map(({ name }) => name)).toEqual(["x"]);
    expect(members[0]!.trainingWeights).toEqual(
      (await prepared(table(spread, words("a", "b")), { weight: "w" })).members[0]!.trainingWeights,
    );
  });

  it("are refused as words that are no numbers with the table's decimal point", async () => {
    const w = spread.map((_, i) => (i === 3 ? "1,500" : "200"));
    const table = columns({ x: numbers(1), w, y: numbers(3) });
    expect((await refusal(() => prepared(table, { weight: "w" }))).message).toContain('the weight of a row is "1,500"');
  });

  it("of any size are no matter", async () => {
    const of = async (factor: number, classWeights: object = {}) =>
      (await prepared(table(spread.map((weight) => weight * factor)), { weight: "w", training: { classWeights } }))
        .members[0]!.trainingWeights!;
    const plain = await of(1);
    for (const factor of [2 ** 1020, 2 ** -1020]) expect(await of(factor)).toEqual(plain);
    expect(await of(2 ** 1020, { a: 1e300, b: 1e300, c: 1e300 })).toEqual(plain);
  });

  it("of classes are scikit-learn's where they are to be balanced", () => {
    // compute_class_weight("balanced", classes=["a", "b", "c"], y=["a"] * 7 + ["b"] * 2 + ["c"] * 3)
    const classOf = Int32Array.from([0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 2]);
    const all = Uint32Array.from(classOf.keys());
    const expected = [0.571428571, 2, 1.333333333].map((weight) => expect.closeTo(weight, 8));
    expect(balanced(classOf, all, 3)).toEqual(expected);
    expect(balanced(classOf, all, 4)).toEqual([...expected, 0]); // one that no row has
    const target: TargetState = { task: "classification", name: "y", type: "category", classes: ["a", "b"] };
    const truth = { task: "classification", classes: Int32Array.of(0, 0, 0, 1, 1, 1, 1) } as const;
    const weightOf = classFactors("balanced", target, truth)!(Uint32Array.of(0, 1, 2, 3)); // the others are held out
    expect([weightOf(0), weightOf(3)]).toEqual([expect.closeTo(2 / 3), 2]);
  });

  it("of rows and classes are multiplied, and those of classes don't judge", async () => {
    const classWeights = { b: 3, c: 0.5 };
    const y = words("a", "b", "c");
    const both = await prepared(table(spread, y), { weight: "w", training: { classWeights } });
    const products = spread.map((weight, i) => weight * ({ a: 1, ...classWeights }[y[i]!] ?? 0));
    const mean = products.reduce((sum, weight) => sum + weight, 0) / SIZE;
    expect([...both.members[0]!.trainingWeights!.each]).toEqual(products.map((each) => expect.closeTo(each / mean, 5)));
    const rowsOnly = await prepared(table(spread, y), { weight: "w" });
    expect(both.members[0]!.judgingWeights).toEqual(rowsOnly.members[0]!.judgingWeights);
    const classesOnly = await prepared(table(spread, y), { training: { classWeights: "balanced" } });
    expect(classesOnly.members[0]!.judgingWeights).toBeUndefined();
    const ofClass = (name: string) =>
      y.reduce((sum, label, i) => sum + (label === name ? classesOnly.members[0]!.trainingWeights!.each[i]! : 0), 0);
    for (const name of ["a", "b", "c"]) expect(ofClass(name)).toBeCloseTo(SIZE / 3, 5);
  });

  it("weigh the validation loss by rows, and no score", async () => {
    const training = { epochs: 0 };
    const weighted = await run(table(spread), { weight: "w", validation: 0.4, training });
    const plain = await run(
      { ...table(spread), columns: [0, 2].map((i) => table(spread).columns[i]!) },
      {
        validation: 0.4,
        training,
      },
    );
    expect(weighted.outcome.judgement.scores).toEqual(plain.outcome.judgement.scores);
    const { truth } = weighted.ready.rows;
    if (truth.task !== "classification") throw new Error("these are classes");
    const rows = weighted.outcome.judgedRows;
    const losses = [...rows].map(
      (row, i) => -Math.log(weighted.outcome.members[0]!.outputs[3 * i + truth.classes[row]!]!),
    );
    const total = [...rows].reduce((sum, row) => sum + spread[row]!, 0);
    const expected = [...rows].reduce((sum, row, i) => sum + (spread[row]! * losses[i]!) / total, 0);
    expect(weighted.outcome.judgement.loss).toBeCloseTo(expected, 5);
    expect(plain.outcome.judgement.loss).not.toBeCloseTo(expected, 3);
  });

  it("of several members are each one's own", async () => {
    const { members } = await prepared(table(spread), { weight: "w", validation: 0.4, model: { members: 2 } });
    for (const { training, trainingWeights } of members) {
      expect(trainingWeights!.each).toHaveLength(training.length);
      expect(trainingWeights!.each.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(training.length, 5);
    }
    const ready = await prepared(table(spread), { weight: "w", validation: 0.4, model: { members: 2 } });
    const alone = (number: number) => {
      const memory = new Memory();
      const events = [...trainInTurn(memory, ready, [ready.members[number]!]).events];
      const last = events.at(-1);
      return last?.kind === "outcome" ? last.outcome.weights : undefined;
    };
    const together = await train(ready, await engineFor(ready, { threads: 1 }), { progress() {}, report() {} });
    expect(together.members.map(({ weights }) => weights)).toEqual([alone(0), alone(1)]);
  });

  it("make the loss of several members that over all of their rows", async () => {
    const groups = spread.map((_, i) => `g${i % 2}`);
    const uneven = spread.map((weight, i) => (i % 2 ? weight : weight / 100));
    const table = columns({ x: numbers(1), g: groups, w: uneven, y: numbers(3) });
    const options = { weight: "w", groups: "g", validation: 0.5, model: { members: 2 }, training: { epochs: 1 } };
    const { ready, outcome, reports } = await run(table, options);
    const [y, outputs] = [ready.rows.y, outcome.members.map(({ outputs }) => outputs)];
    let [sum, total] = [0, 0];
    for (const [m, { judging }] of ready.members.entries()) {
      for (const [i, row] of judging.entries()) {
        sum += uneven[row]! * (outputs[m]![i]! - y[row]!) ** 2;
        total += uneven[row]!;
      }
    }
    expect(outcome.judgement.loss).toBeCloseTo(sum / total, 5);
    expect(reports[0]!.validation!.loss).toBeCloseTo(sum / total, 5);
    const learned = ready.members.map(({ training }) => training.reduce((sum, row) => sum + uneven[row]!, 0));
    const losses = outcome.members.map(({ loss }, m) => loss * learned[m]!);
    expect(reports[0]!.loss).toBeCloseTo((losses[0]! + losses[1]!) / (learned[0]! + learned[1]!), 5);
  });

  it("are read from a validation table too", async () => {
    const validation = (text: string) => (wanted: readonly WantedColumn[]) =>
      readColumns(sourceOf(text), byDefault, wanted);
    const options = { weight: "w", validation: "v.csv" };
    const { members } = await prepared(table(spread), options, validation("y,w,x\na,1,0\nb,3,1\n"));
    expect([...members[0]!.judgingWeights!.each]).toEqual([0.5, 1.5]);
    const lacking = await refusal(() => prepared(table(spread), options, validation("y,x\na,0\n")));
    expect(lacking).toMatchObject({ kind: "data", message: 'the table lacks the column "w"' });
    const negative = await refusal(() => prepared(table(spread), options, validation("y,w,x\na,1,0\nb,-3,1\n")));
    expect(negative.details.at).toBe('t.csv:3, column "w"');
  });
});

describe("weights that can't be are refused", () => {
  const rows = (w: string[]) => `x,w,y\n${w.map((weight, i) => `${i},${weight},${i % 2 ? "no" : "yes"}\n`).join("")}`;
  const refused = async (w: string[], options: Options = {}) =>
    refusal(async () => prepared(await tableOf(rows(w)), { weight: "w", ...options }));

  it.each([
    ["missing", ["1", "", "1", "1"], "is missing"],
    ["negative", ["1", "-0.5", "1", "1"], "is -0.5"],
    ["a word", ["1", "much", "1", "1"], 'is "much"'],
    ["infinite", ["1", "Infinity", "1", "1"], 'is "Infinity"'],
    ["beyond a double", ["1", "1e999", "1", "1"], 'is "1e999"'],
  ])("%s, with line and column", async (_, w, message) => {
    const error = await refused(w);
    expect(error).toMatchObject({ kind: "data", details: { at: 't.csv:3, column "w"' } });
    expect(error.message).toContain(message);
  });

  it("all zero: of a table, or of its classes", async () => {
    const none = await refused(["0", "0", "0", "0"]);
    expect(none).toMatchObject({ kind: "data", details: { at: "t.csv" } });
    const classes = await refused(["1", "1", "1", "1"], { training: { classWeights: { yes: 0, no: 0 } } });
    expect(classes.message).toBe("all rows to learn from have weight 0, so none would count");
  });

  it("the target", async () => {
    expect(await refused(["1", "1"], { weight: "y" })).toMatchObject({
      kind: "usage",
      details: { setting: "data.weight" },
    });
  });

  it("of a class that there is not, or of no classes", async () => {
    expect(await refused(["1", "1"], { training: { classWeights: { yes: 2, nope: 1 } } })).toMatchObject({
      kind: "usage",
      message: '"nope" is not a class of the target "y"',
      details: { setting: "training.classWeights", have: "no, yes", try: '"no"' },
    });
    const numbers = async () =>
      prepared(await tableOf("x,y\n1,1\n2,2\n3,3\n"), { training: { classWeights: "balanced" } });
    expect(await refusal(numbers)).toMatchObject({ kind: "usage", details: { setting: "training.classWeights" } });
  });
});
