import { describe, expect, it } from "vitest";
import { fitTemperature, tempered } from "../../src/transform/temperature.js";

/** softmax of logits [rows, classes] */
function softmax(logits: readonly (readonly number[])[]): Float32Array {
  return Float32Array.from(
    logits.flatMap((row) => {
      const powers = row.map(Math.exp);
      const sum = powers.reduce((a, b) => a + b, 0);
      return powers.map((power) => power / sum);
    }),
  );
}
const logits = [
  [2, -1, 0.5],
  [0, 0.3, -4],
  [-1, 3, 1],
  [0.1, 0, 0.2],
];

describe("a temperature", () => {
  it.each([0.25, 0.7, 1, 3])("of %d does what dividing the logits by it does", (temperature) => {
    const expected = softmax(logits.map((row) => row.map((z) => z / temperature)));
    const found = tempered(softmax(logits), 3, temperature);
    for (const [i, p] of found.entries()) expect(p).toBeCloseTo(expected[i]!, 6);
  });

  it("leaves a probability of 0 at 0, and the order of the classes", () => {
    expect([...tempered(Float32Array.of(0, 1), 2, 5)]).toEqual([0, 1]);
    const row = tempered(softmax(logits), 3, 10);
    expect(row[0]! > row[2]! && row[2]! > row[1]!).toBe(true);
  });
});

describe("the temperature that fits", () => {
  /** Of each of some predictions as often as it says, true classes: calibrated rows. */
  function calibrated(share: number, rows: number) {
    const truth = Int32Array.from({ length: rows }, (_, row) => Number(row < share * rows));
    const probabilities = Float32Array.from({ length: 2 * rows }, (_, i) => (i % 2 === 1 ? share : 1 - share));
    return { truth, probabilities };
  }

  it("undoes one that the probabilities were given", () => {
    const { truth, probabilities } = calibrated(0.8, 10_000);
    for (const temperature of [0.5, 1, 2, 4]) {
      expect(fitTemperature(tempered(probabilities, 2, temperature), truth)).toBeCloseTo(1 / temperature, 2);
    }
  });

  it("is where the log-loss is least, the one row of which nothing is known aside", () => {
    const truth = Int32Array.from({ length: 4000 }, (_, row) => [0, 1, 1, row % 3][row % 4]!);
    const probabilities = softmax(Array.from({ length: 4000 }, (_, row) => logits[row % 4]!));
    const best = fitTemperature(probabilities, truth);
    const logLoss = (temperature: number) => {
      const p = tempered(probabilities, 3, temperature);
      return truth.reduce((sum, y, row) => sum - Math.log(p[3 * row + y]!), 0);
    };
    for (const factor of [0.9, 0.97, 1.03, 1.1]) expect(logLoss(best * factor)).toBeGreaterThan(logLoss(best));
  });

  it("is fitted to rows as they count: one of weight 3 like three rows", () => {
    const truth = Int32Array.from({ length: 5000 }, (_, row) => Number(row % 5 === 0));
    const sure = (rows: number) => Float32Array.from({ length: 2 * rows }, (_, at) => (at % 2 ? 0.1 : 0.9));
    const repeated = Int32Array.from([...truth].flatMap((y) => (y === 1 ? [y, y, y] : [y])));
    const weighted = fitTemperature(sure(5000), truth, (row) => (truth[row] === 1 ? 3 : 1));
    expect(weighted / fitTemperature(sure(repeated.length), repeated)).toBeCloseTo(1, 2); // but for the one row more
    expect(weighted).toBeGreaterThan(2 * fitTemperature(sure(5000), truth));
  });

  it("is found where a network is a hundred times too sure", () => {
    const { truth, probabilities } = calibrated(0.6, 1000);
    expect(fitTemperature(tempered(probabilities, 2, 0.01), truth)).toBeCloseTo(100, 0);
  });

  it("does not make few right predictions certain", () => {
    const truth = Int32Array.of(0, 1, 1, 0);
    const right = Float32Array.of(0.9, 0.1, 0.2, 0.8, 0.1, 0.9, 0.7, 0.3);
    const temperature = fitTemperature(right, truth);
    expect(temperature).toBeLessThan(1);
    expect(Math.max(...tempered(right, 2, temperature))).toBeLessThan(0.99);
  });
});
