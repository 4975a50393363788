import { describe, expect, it } from "vitest";
import { Memory } from "../../src/engine/memory.js";
import { seededRandom } from "../../src/engine/random.js";
import { record } from "../../src/engine/tape.js";
import { inputFor, takes } from "../../src/model/inputs.js";
import { Network } from "../../src/model/network.js";
import { modelOptions } from "../../src/model/options.js";
import { tensorsOf } from "../../src/model/parts.js";
import type { NetworkSpec } from "../../src/model/spec.js";
import type { InputColumn } from "../../src/transform/inputColumns.js";
import { numbersFrom, uniformFrom } from "../engine/reference.js";
import { plainNetwork } from "./plain.js";
import { differences } from "./reference.js";

const number = { kind: "number" } as const;
const flag = { kind: "flag" } as const;
const code = (categories: number, other = false): InputColumn => ({ kind: "code", categories, other });
const columns = [number, flag, code(2), code(3, true), code(9), code(2, true)];
const forOptions = (categories: object, of: readonly InputColumn[] = columns) =>
  inputFor(of, modelOptions.parse({ categories }), () => new Float32Array());

describe("how the columns of X become inputs", () => {
  it("by default: a place for each category and for the unknown one, where there is one", () => {
    const places = (n: number) => ({ kind: "oneHot", places: n });
    expect(forOptions({})).toEqual({
      inputs: 1 + 1 + 2 + 4 + 9 + 3,
      input: {
        columns: [number, number, places(2), places(4), places(9), places(3)],
        numbers: { name: "none" },
        unknown: 0,
      },
    });
  });

  it("columns of more categories than oneHotUpTo have an embedding, two categories a sign if it is asked for", () => {
    expect(forOptions({ oneHotUpTo: 3, embedding: 5, binary: "sign" })).toEqual({
      inputs: 1 + 1 + 1 + 4 + 5 + 1,
      input: {
        columns: [
          number,
          number,
          { kind: "sign" },
          { kind: "oneHot", places: 4 },
          { kind: "categoryEmbedding", places: 9, width: 5 },
          { kind: "sign" },
        ],
        numbers: { name: "none" },
        unknown: 0,
      },
    });
    expect(forOptions({ oneHotUpTo: 0 }, [code(2, true)])).toMatchObject({ input: { columns: [{ places: 3 }] } });
  });

  it("numbers alone go on as they are, and the network records nothing for them", () => {
    expect(forOptions({}, [number, flag])).toEqual({ inputs: 2 });
  });

  it("fit the columns that they were made for, and no others", () => {
    const made = forOptions({ oneHotUpTo: 3, binary: "sign" });
    expect(takes(made, columns)).toBe(true);
    expect(takes({ inputs: columns.length }, columns)).toBe(false); // it says nothing of codes
    expect(takes({ ...made, inputs: 99 }, columns)).toBe(false);
    expect(takes(made, columns.slice(1))).toBe(false);
    expect(takes(made, columns.with(4, code(8)))).toBe(false);
    expect(takes(made, columns.with(2, code(3)))).toBe(false);
    expect(takes(made, columns.with(0, code(2)))).toBe(false);
  });
});

const ROWS = 12;
const settings: Omit<NetworkSpec, "inputs"> = {
  hidden: [5],
  outputs: 2,
  ...plainNetwork,
  activation: { name: "tanh" },
  initializer: { name: "heNormal" },
  loss: { name: "mse" },
};

/** A network on random rows of `columns`, some with codes that have no place. */
function example(spec: Pick<NetworkSpec, "inputs"> & Partial<NetworkSpec>, of: readonly InputColumn[] = columns) {
  const memory = new Memory();
  const network = new Network(memory, { ...settings, ...spec });
  network.initialize(seededRandom(4, "weights"));
  const [uniform, any] = [uniformFrom(3), numbersFrom(3)];
  const X = memory.matrix(ROWS, of.length, true);
  const y = memory.matrix(ROWS, 2, true);
  const cell = (column: InputColumn) =>
    column.kind === "code" ? Math.floor((column.categories + 2) * uniform()) - 1 : any() / 16;
  X.data.set(Array.from({ length: ROWS }, () => of.map(cell)).flat());
  y.data.set(Float32Array.from(y.data, () => any() / 16));
  const program = record(memory, ROWS, (tape) => {
    const { Y: yHat, backward } = network.forward(tape, X, "training");
    backward(network.loss.gradient(tape, yHat, y));
    return { yHat, loss: network.loss.value(tape, yHat, y) };
  });
  const play = () => {
    program.play(ROWS);
    return program.result;
  };
  return { memory, network, X, y, play };
}

describe("a network that takes codes", () => {
  it("has the bits of one that is given the places one-hot", () => {
    const spec = forOptions({});
    const { network, X, play } = example(spec);
    const { yHat } = play();
    const plain = new Network(new Memory(), { ...settings, inputs: spec.inputs });
    plain.weights = network.weights;
    const rows = Array.from({ length: ROWS }, (_, r) => [
      ...X.data.subarray(r * columns.length, (r + 1) * columns.length),
    ]);
    const places = (value: number, n: number) => Array.from({ length: n }, (_, place) => Number(place === value));
    const expanded = rows.map(([a, b, c, d, e, f]) => [
      a!,
      b!,
      ...places(c!, 2),
      ...places(d!, 4),
      ...places(e!, 9),
      ...places(f!, 3),
    ]);
    const wide = plain.memory.matrix(ROWS, spec.inputs, true);
    wide.data.set(expanded.flat());
    const program = record(plain.memory, ROWS, (tape) => plain.forward(tape, wide).Y);
    program.play(ROWS);
    expect(yHat.data).toEqual(program.result.data);
  });

  it("learns a row for each category of an embedding: the gradients of finite differences", () => {
    const spec = forOptions({ oneHotUpTo: 2, embedding: 3, binary: "sign" });
    const { network, play } = example({ ...spec, scaling: true });
    expect(network.tensors.slice(0, 3)).toEqual([
      { name: "categories.3.weight", kind: "categoryEmbedding", shape: [4, 3] },
      { name: "categories.4.weight", kind: "categoryEmbedding", shape: [9, 3] },
      { name: "scaling", kind: "scaling", shape: [spec.inputs] },
    ]);
    const weights = network.weights;
    play();
    const gradient = network.parameters.gradient.data.slice();
    const byWeights = differences(weights, (moved) => {
      network.weights = moved;
      return play().loss.value;
    });
    for (const [i, difference] of byWeights.entries()) expect(gradient[i], `weight ${i}`).toBeCloseTo(difference, 3);
    const tables = gradient.subarray(0, (4 + 9) * 3);
    expect(Math.max(...tables.map(Math.abs))).toBeGreaterThan(0.05); // or the differences would say nothing
    expect(tables.some((g) => g === 0)).toBe(true); // of categories in no row
  });

  it("has those gradients too where codes count as unknown", () => {
    const of = [number, code(3, true), code(4, true)];
    const { network, play } = example(forOptions({ unknown: 0.5, oneHotUpTo: 3, embedding: 2 }, of), of);
    network.input!.set(99);
    const weights = network.weights;
    play();
    const gradient = network.parameters.gradient.data.slice();
    const byWeights = differences(weights, (moved) => {
      network.weights = moved;
      return play().loss.value;
    });
    for (const [i, difference] of byWeights.entries()) expect(gradient[i], `weight ${i}`).toBeCloseTo(difference, 3);
  });

  it("takes a code without a place as zeros, in an embedding too", () => {
    const spec = forOptions({ oneHotUpTo: 0, embedding: 2 }, [code(3)]);
    const memory = new Memory();
    const network = new Network(memory, { ...settings, ...spec, hidden: [], outputs: 1 });
    network.weights = Float32Array.of(...[1, 2, 3, 4, 5, 6], ...[10, 100], 7); // the table, W, b
    const X = memory.matrix(5, 1, true);
    X.data.set([0, 2, -1, 3, 1]);
    const program = record(memory, 5, (tape) => network.forward(tape, X).Y);
    program.play(5);
    expect([...program.result.data]).toEqual([217, 657, 7, 7, 437]);
  });
});

describe("codes that count as unknown while the network learns", () => {
  const rate = 0.3;
  const of = [number, code(9, true), code(2, true), code(1, true)];
  const spec = forOptions({ unknown: rate, oneHotUpTo: 8, embedding: 2, binary: "sign" }, of);
  const rows = 4000;

  /** What the first layer is given of rows of 0.5 and the codes 3, 1 and 0. */
  function inputs(bits: number, phase: "training" | "prediction", threads = 1): number[][] {
    const memory = new Memory(threads);
    const network = new Network(memory, { ...settings, ...spec });
    const table = Float32Array.from({ length: 20 }, (_, i) => i);
    network.weights = Float32Array.from([...table, ...Array(network.weights.length - 20).fill(0)]);
    const X = memory.matrix(rows, of.length, true);
    X.data.set(Array.from({ length: rows }, () => [0.5, 3, 1, 0]).flat());
    network.input!.set(bits);
    const program = record(memory, rows, (tape) => network.input!.forward(tape, X, phase).Y);
    program.play(rows);
    const { data, columns } = program.result;
    memory.close();
    return Array.from({ length: rows }, (_, r) => [...data.subarray(r * columns, (r + 1) * columns)]);
  }
  const seen = [0.5, 6, 7, 1, 1, 0];
  const unseen = [0.5, 18, 19, 0, 0, 1];

  it("are so many of each column, and no numbers; each on its own", () => {
    const made = inputs(12345, "training");
    const isUnknown = [1, 3, 4].map((at) => made.map((row) => row[at] === unseen[at]));
    for (const [row, values] of made.entries()) {
      const expected = seen.map((x, at) => (isUnknown[at < 3 ? 0 : at === 3 ? 1 : 2]![row] ? unseen[at] : x));
      expect(values).toEqual(expected);
    }
    const share = (flags: boolean[]) => flags.filter(Boolean).length / rows;
    const near = 4 * Math.sqrt((rate * (1 - rate)) / rows);
    for (const flags of isUnknown) expect(Math.abs(share(flags) - rate)).toBeLessThan(near);
    const both = isUnknown[0]!.map((flag, row) => flag && isUnknown[1]![row]!);
    expect(Math.abs(share(both) - rate * rate)).toBeLessThan(near);
  });

  it("are others for other bits, the same for the same and for any threads, and none once it predicts", () => {
    expect(inputs(1, "training")).toEqual(inputs(1, "training", 3));
    expect(inputs(1, "training")).not.toEqual(inputs(2, "training"));
    expect(new Set(inputs(1, "prediction").map(String))).toEqual(new Set([String(seen)]));
  });
});

it("tables of categories begin standard normal", () => {
  const spec = forOptions({ oneHotUpTo: 0, embedding: 8 }, [code(999, true)]);
  const network = new Network(new Memory(), { ...settings, ...spec });
  network.initialize(seededRandom(1, "weights"));
  const [table] = tensorsOf(network.spec);
  expect(table!.shape).toEqual([1000, 8]);
  const values = [...network.weights.subarray(0, 8000)];
  const mean = values.reduce((a, b) => a + b) / 8000;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 8000;
  expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(8000));
  expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / 8000));
});
