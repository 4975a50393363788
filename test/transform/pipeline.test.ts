import { describe, expect, it } from "vitest";
import { takeRows } from "../../src/data/table.js";
import { seededRandom } from "../../src/engine/random.js";
import { applyPipeline, isBent } from "../../src/transform/apply.js";
import { inputColumns, placesOf, widthOf } from "../../src/transform/inputColumns.js";
import { learnPipeline, pipelineState } from "../../src/transform/pipeline.js";
import { binOf, categoryProfile, numberProfile } from "../../src/transform/profile.js";
import { columns, refusal } from "../data/source.js";

type Table = Parameters<typeof learnPipeline>[0];
type Options = Partial<Parameters<typeof learnPipeline>[1]>;
const learn = (table: Table, options: Options = {}) =>
  learnPipeline(table, { noInputs: [], ignored: [], scale: "none", ...options });
const learned = (table: Table, options: Options = {}) => learn(table, options).pipeline;

const NA = Number.NaN;
const none = undefined;

/** The rows of what the pipeline makes of a table. */
function rowsOf(pipeline: ReturnType<typeof learned>, table: Table): number[][] {
  const X = applyPipeline(pipeline, table);
  const width = widthOf(pipeline);
  expect(X).toHaveLength(table.rows * width);
  return Array.from({ length: table.rows }, (_, row) => [...X.subarray(row * width, (row + 1) * width)]);
}

const training = columns({
  size: [2, NA, 4, 6, 100],
  age: [1, 3, 1, 3, 2],
  kind: ["b", "a", none, "b", "a"],
  grade: ["10", "9", "10", "9", "9"],
  y: [1, 2, 3, 4, 5],
});
const fresh = columns({
  y: [NA, NA, NA],
  grade: ["9", none, "8"],
  kind: [none, "c", "a"],
  age: [NA, 5, 1],
  size: [NA, 8, -2],
});

describe("the inputs of the network", () => {
  it("are numbers, an indicator where training rows lacked one, and the code of a category, in column order", () => {
    const pipeline = learned(training, { noInputs: ["y"] });
    expect(widthOf(pipeline)).toBe(2 + 1 + 1 + 1);
    expect(rowsOf(pipeline, training)).toEqual([
      // size, lacks; age; a, b or other; 9 or 10
      [2, 0, 1, 1, 1],
      [5, 1, 3, 0, 0],
      [4, 0, 1, 2, 1],
      [6, 0, 3, 1, 0],
      [100, 0, 2, 0, 0],
    ]);
    expect(inputColumns(pipeline)).toEqual([
      { kind: "number" },
      { kind: "flag" },
      { kind: "number" },
      { kind: "code", categories: 2, other: true },
      { kind: "code", categories: 2, other: false },
    ]);
  });

  it("of new rows: the median of the training rows for a missing number, and a category never seen has no other's place", () => {
    expect(rowsOf(learned(training, { noInputs: ["y"] }), fresh)).toEqual([
      [5, 1, 2, 2, 0],
      [8, 0, 5, 2, -1],
      [-2, 0, 1, 0, -1],
    ]);
  });

  it("have, one-hot, a place for each category and for the unknown one", () => {
    const pipeline = learned(training, { noInputs: ["y"] });
    const described = inputColumns(pipeline);
    expect(described.reduce((sum, column) => sum + placesOf(column), 0)).toBe(8); // size, lacks; age; a, b, other; 9, 10
  });

  it("are scaled by what each column was given, learned from the training rows alone", () => {
    const scale = { size: "maxabs", "*": "minmax" } as const;
    const pipeline = learned(training, { noInputs: ["y"], scale });
    expect(rowsOf(pipeline, training).map((row) => row.slice(0, 3))).toEqual(
      [
        [0.02, 0, 0],
        [0.05, 1, 1],
        [0.04, 0, 0],
        [0.06, 0, 1],
        [1, 0, 0.5],
      ].map((row) => row.map(Math.fround)),
    );
    expect(rowsOf(pipeline, fresh)[1]!.slice(0, 3)).toEqual([0.08, 0, 2].map(Math.fround));
    expect(rowsOf(learned(training, { noInputs: ["y"], scale: { age: "minmax" } }), training)[0]!.slice(0, 3)).toEqual(
      // standard for a column that the setting does not name: (2 − 28) / √1730 of 2, 4, 6 and 100
      [Math.fround(-26 / Math.sqrt(1730)), 0, 0],
    );
  });

  it("become float32 only after they are scaled: time stamps keep their seconds", () => {
    const stamps = Array.from({ length: 100 }, (_, i) => 1.7e9 + i);
    const rows = rowsOf(learned(columns({ stamps }), { scale: "minmax" }), columns({ stamps }));
    expect(rows.map(([u]) => u)).toEqual(stamps.map((_, i) => Math.fround(i / 99)));
  });

  it("are the same for a state that was written and read", () => {
    const pipeline = learned(training, { noInputs: ["y"], scale: "quantileNormal" });
    const again = pipelineState.parse(JSON.parse(JSON.stringify(pipeline)));
    expect(again).toEqual(pipeline);
    expect(applyPipeline(again, fresh)).toEqual(applyPipeline(pipeline, fresh));
  });

  it("of a column of words: a missing one has no place of its own where training rows had none missing", () => {
    const pipeline = learned(columns({ kind: ["x", "y", "x"] }));
    expect(rowsOf(pipeline, columns({ kind: ["x", none, "z", "y"] }))).toEqual([[0], [-1], [-1], [1]]);
  });

  it("of an empty column of new rows: the median, or no category", () => {
    const pipeline = learned(columns({ size: [1, 2, 9], kind: ["x", "y", "x"] }));
    const nothing = { ...columns({ size: [NA, NA] }) };
    const empty = { ...nothing, columns: [...nothing.columns, ...columns({ kind: [none, none] }).columns] };
    expect(rowsOf(pipeline, empty)).toEqual([
      [2, -1],
      [2, -1],
    ]);
  });
});

describe("what is learned", () => {
  const states = Object.fromEntries(learned(training, { noInputs: ["y"] }).map((state) => [state.name, state]));

  it("of numbers: the median of the present ones, and whether any is missing", () => {
    expect(states.size).toEqual({
      name: "size",
      type: "number",
      fill: 5,
      indicator: true,
      scaler: { name: "none" },
      profile: expect.anything(),
    });
    expect(states.age).toMatchObject({ fill: 2, indicator: false });
  });

  it("of words: the categories, numbers among themselves in their own order, and whether others need a place", () => {
    expect(states.kind).toMatchObject({ name: "kind", type: "category", categories: ["a", "b"], other: true });
    expect(states.grade).toMatchObject({ name: "grade", type: "category", categories: ["9", "10"], other: false });
  });

  it("to hold new rows against: range, deciles and shares, missing cells among them", () => {
    const numbers = [NA, ...Array.from({ length: 19 }, (_, i) => (i * 7) % 19)]; // 0 to 18
    const words = ["a", none, ...Array.from({ length: 18 }, (_, i) => (i % 3 ? "b" : "a"))];
    const [number, word] = learned(columns({ numbers, words }));
    expect(number!.profile).toEqual({
      smallest: 0,
      largest: 18,
      missing: 0.05,
      deciles: [1, 3, 5, 7, 9, 11, 13, 15, 17],
      bins: [...Array(9).fill([0.1, 0]).flat(), 0.05],
    });
    expect(word!.profile).toEqual({
      shares: [7 / 20, 12 / 20],
      missing: 0.05,
      other: 0,
      unplaced: { rows: 0, variance: 0 },
    });
  });

  it("a value that many rows have is a bin of its own", () => {
    const numbers = [1, ...Array<number>(18).fill(2), 3];
    const { deciles, bins } = numberProfile.parse(learned(columns({ numbers }))[0]!.profile);
    expect(deciles).toEqual(Array(9).fill(2));
    expect(bins.filter((share) => share > 0)).toEqual([0.05, 0.9, 0.05]);
    expect([1.9, 2, 2.1].map((x) => bins[binOf(deciles, x)])).toEqual([0.05, 0.9, 0.05]);
  });

  it("comes from the training rows alone", () => {
    const whole = columns({ size: [1, 2, 3, 1e6, NA], kind: ["a", "b", "a", "z", none] });
    const [size, kind] = learned(takeRows(whole, Uint32Array.of(0, 1, 2)), { scale: "standard" });
    const scale = Math.sqrt(2 / 3);
    expect(size).toEqual({
      name: "size",
      type: "number",
      fill: 2,
      indicator: false,
      scaler: { name: "standard", center: 2, scale: expect.closeTo(scale, 12) },
      profile: expect.objectContaining({ smallest: 1, largest: 3, missing: 0 }),
    });
    expect(kind).toEqual({
      name: "kind",
      type: "category",
      categories: ["a", "b"],
      other: false,
      profile: { shares: [2 / 3, 1 / 3], missing: 0, other: 0, unplaced: { rows: 1, variance: 3 } },
    });
  });

  it("is no more than the 100,000 commonest categories; the rarer ones share the place of the unknown", () => {
    const [most, rare, rows] = [100_000, 50, 250_000];
    const codes = Int32Array.from({ length: rows }, (_, row) => (row < rare ? most + row : row % most));
    const categories = Array.from({ length: most + rare }, (_, code) => `c${String(code).padStart(6, "0")}`);
    const { columns: all, ...table } = columns({ kind: ["x"] });
    const pipeline = learned({ ...table, rows, columns: [{ ...all[0]!, type: "category", codes, categories }] });
    expect(inputColumns(pipeline)).toEqual([{ kind: "code", categories: most, other: true }]);
    expect(categoryProfile.parse(pipeline[0]!.profile).other).toBe(rare / rows);
    const placed = rowsOf(pipeline, columns({ kind: ["c100007", "never seen", "c000000", "c099999"] })).flat();
    expect(placed).toEqual([most, most, 0, most - 1]);
  });

  it("keeps all of them without a place for others, where all have one", () => {
    const words = Array.from({ length: 1001 }, (_, i) => `w${i}`);
    const code = { kind: "code", categories: 1001, other: false };
    expect(inputColumns(learned(columns({ kind: [...words, ...words] })))).toEqual([code]);
  });
});

describe("the place of unknown categories", () => {
  const kind = ["x", "y", "x", "y", "rare", "x", "y", "z", "z", "x"];

  it("is there without need, where it is asked for", () => {
    const pipeline = learned(columns({ kind }), { categories: { unknown: true, minRows: 1 } });
    expect(inputColumns(pipeline)).toEqual([{ kind: "code", categories: 4, other: true }]);
    expect(rowsOf(pipeline, columns({ kind: ["never seen", none, "x"] }))).toEqual([[4], [4], [1]]);
  });

  it("is shared by categories of fewer training rows than minRows", () => {
    const pipeline = learned(columns({ kind }), { categories: { unknown: false, minRows: 3 } });
    expect(pipeline[0]).toMatchObject({
      categories: ["x", "y"],
      other: true,
      profile: { shares: [0.4, 0.3], other: expect.closeTo(0.3) },
    });
    expect(rowsOf(pipeline, columns({ kind: ["rare", "z", "new", "y"] }))).toEqual([[2], [2], [2], [1]]);
  });

  it("is not there where every category has minRows", () => {
    const pipeline = learned(columns({ kind: ["x", "y", "x", "y"] }), { categories: { unknown: false, minRows: 2 } });
    expect(pipeline[0]).toMatchObject({ categories: ["x", "y"], other: false });
  });

  it("is not all of a column: one of rare categories alone is left out", () => {
    const words = columns({ kind, size: kind.map((_, i) => i) });
    const { pipeline, leftOut } = learn(words, { categories: { unknown: true, minRows: 5 } });
    expect(pipeline).toHaveLength(1);
    expect(leftOut).toEqual([{ name: "kind", why: "every category is in fewer than 5 training rows" }]);
  });
});

describe("columns that are left out", () => {
  it("are named with the reason", () => {
    const table = columns({
      id: ["a", "b", "c", "d", "e"],
      nearlyId: ["a", "b", "c", "d", "a"],
      same: [7, 7, 7, 7, 7],
      sameWord: ["x", "x", "x", "x", "x"],
      empty: [NA, NA, NA, NA, NA],
      emptyWords: [none, none, none, none, none],
      unwanted: [1, 2, 3, 4, 5],
      good: [1, 2, 3, 4, 5],
      y: [1, 1, 1, 1, 1],
    });
    const { pipeline, leftOut } = learn(table, { noInputs: ["y"], ignored: ["unwanted"] });
    expect(pipeline.map(({ name }) => name)).toEqual(["nearlyId", "good"]);
    expect(leftOut).toEqual([
      { name: "id", why: "an identifier: 5 different words in 5 training rows" },
      { name: "same", why: "the same in every training row: 7" },
      { name: "sameWord", why: "the same in every training row: x" },
      { name: "empty", why: "empty in the training rows" },
      { name: "emptyWords", why: "empty in the training rows" },
      { name: "unwanted", why: "ignored by the config" },
    ]);
  });

  it("are not those that are the same where they are present: that they are missing may tell something", () => {
    const { pipeline, leftOut } = learn(columns({ size: [7, NA, 7, 7], kind: ["x", "x", none, "x"] }));
    expect(leftOut).toEqual([]);
    expect(rowsOf(pipeline, columns({ size: [7, NA], kind: ["x", none] }))).toEqual([
      [7, 0, 0],
      [7, 1, 1],
    ]);
  });

  it("are identifiers from nine different words in ten rows on", () => {
    const ten = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    const other = [1, 2, 1, 2, 1, 2, 1, 2, 1, 2];
    expect(learn(columns({ other, id: [...ten, "a"] })).leftOut).toHaveLength(1);
    expect(learn(columns({ other, id: [...ten.slice(1), "b", "c"] })).leftOut).toEqual([]);
    const given = { unknown: false, minRows: 1, given: ["id"] };
    expect(learn(columns({ other, id: [...ten, "a"] }), { categories: given }).leftOut).toEqual([]);
  });

  it.each(["customer_id", "ID", "Patient Id", "userId", "kunden-id", "uuid"])(
    "are numbers in %s, if they are whole and each row has its own",
    (name) => {
      const leftOut = (id: readonly number[], given: readonly string[] = []) =>
        learn(columns({ other: [1, 2, 1, 2], [name]: id }), { categories: { unknown: false, minRows: 1, given } })
          .leftOut;
      expect(leftOut([107, 102, 3, 14])).toEqual([
        { name, why: "an identifier: 4 different numbers in 4 training rows" },
      ]);
      expect(leftOut([107, 102, 3, 14], [name])).toEqual([]);
      expect(leftOut([107, 102, 3, 107])).toEqual([]);
      expect(leftOut([107, 102, 3, 14.5])).toEqual([]);
      expect(leftOut([107, 102, 3, NA])).toEqual([]);
    },
  );

  it.each(["paid", "width", "grid", "Covid", "number", "idea"])("are no numbers in %s", (name) => {
    expect(learn(columns({ other: [1, 2, 1, 2], [name]: [107, 102, 3, 14] })).leftOut).toEqual([]);
  });

  it("may not be all", async () => {
    const error = await refusal(() => learn(columns({ id: ["a", "b"], y: [1, 2] }), { noInputs: ["y"] }));
    expect(error).toMatchObject({ kind: "data", message: "no column is left to learn from", details: { at: "t.csv" } });
    expect(error.details.have).toContain("id: an identifier");
    expect(error.details.try).toBe('data.types: { "id": "category" }, if its words recur in new rows');
    const numbers = await refusal(() => learn(columns({ id: [1, 2], y: [1, 2] }), { noInputs: ["y"] }));
    expect(numbers.details.try).toBe('data.types: { "id": "number" }, if its numbers mean something');
    expect((await refusal(() => learn(columns({ y: [1, 2] }), { noInputs: ["y"] }))).details.have).toBe(
      "the target alone",
    );
  });
});

describe("names in a config", () => {
  it("of columns to ignore have to be in the table", async () => {
    expect(await refusal(() => learn(training, { noInputs: ["y"], ignored: ["siez"] }))).toMatchObject({
      kind: "usage",
      message: 'no column "siez" in t.csv',
      details: { setting: "data.ignore", have: "size, age, kind, grade, y", try: '"size"' },
    });
  });

  it("of columns to scale have to be in the table", async () => {
    const scale = { siez: "robust", "*": "none" } as const;
    expect(await refusal(() => learn(training, { noInputs: ["y"], scale }))).toMatchObject({
      kind: "usage",
      message: 'no column "siez" in t.csv',
      details: { setting: "scale.inputs", try: '"size"' },
    });
  });

  it("of columns to scale are no names of options: a scaler has none", async () => {
    const scale = { name: "robust" } as const;
    expect(await refusal(() => learn(training, { noInputs: ["y"], scale }))).toMatchObject({
      message: 'no column "name" in t.csv',
      details: { setting: "scale.inputs", try: '"robust" alone' },
    });
  });

  it("of columns to scale have to be numbers, and the error does not deny that the column is there", async () => {
    const error = await refusal(() => learn(training, { noInputs: ["y"], scale: { kind: "robust" } }));
    expect(error).toMatchObject({ kind: "usage", details: { setting: "scale.inputs" } });
    expect(error.message).not.toContain('no column "kind" in');
  });
});

it("numbers are bent where squashing moves some of them far off a straight line", () => {
  const random = seededRandom(1, "split");
  const drawn = Array.from({ length: 3000 }, () => random.normal());
  const bends = (values: number[], scale: Options["scale"] = "robustSmooth") =>
    isBent(learned(columns({ x: values, kind: values.map((_, i) => i % 3) }), { scale }));
  expect(bends(drawn)).toBe(false);
  expect(bends(drawn.map((_, i) => i))).toBe(false);
  expect(bends(drawn.map(Math.exp))).toBe(true);
  expect(bends([...drawn, 1000])).toBe(true);
  expect(bends([...drawn, 1000], "standard")).toBe(false);
  expect(bends(drawn.map((_, i) => Math.floor(i / 2990)))).toBe(true); // nearly all are 0
});
