import { expect, it } from "vitest";
import { evaluationRows } from "../../src/predict/evaluate.js";

it("rows are evaluated a thousand at a time, and fewer where many numbers are made of each", () => {
  const wide = (columns: number) => ({
    inputs: 4 * columns,
    input: {
      columns: Array.from({ length: columns }, () => ({ kind: "numericEmbedding" as const })),
      numbers: { name: "pbld" as const, hidden: 16, outputs: 4, frequency: 0.1, bins: 0, minValues: 3 },
      unknown: 0,
    },
  });
  expect(evaluationRows({ inputs: 54 })).toBe(1024);
  expect(evaluationRows({ inputs: 54, tabm: 32 })).toBe(32);
  expect(evaluationRows(wide(100))).toBe(1024);
  expect(evaluationRows(wide(3000))).toBe(Math.floor(2 ** 22 / (16 * 3000)));
  expect(evaluationRows(wide(1_000_000))).toBe(1);
});
