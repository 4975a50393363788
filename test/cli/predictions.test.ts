import { describe, expect, it } from "vitest";
import { PredictionLines } from "../../src/cli/predictions.js";
import type { Column, Table } from "../../src/data/table.js";
import type { PipelineState } from "../../src/transform/pipeline.js";
import type { TargetState } from "../../src/transform/target.js";
import { numbersLike } from "../artifact/model.js";

const options = { beside: {}, reasons: false, lenient: true, csvSafe: false };

async function predicted(of: PredictionLines, column: Column, outputs: readonly number[]): Promise<string[]> {
  const table: Table = { source: "t.csv", rows: outputs.length, columns: [column], lines: Int32Array.of(2, 3, 4) };
  async function* blocks() {
    yield { block: { header: [column.name], table, kept: [] }, outputs: Float32Array.from(outputs) };
  }
  let text = "";
  for await (const lines of of.lines(blocks())) text += lines;
  return text.trimEnd().split("\n");
}

describe("the lines of predictions", () => {
  const numbers: PipelineState = [
    { name: "x", type: "number", scaler: { name: "none" }, fill: 0, indicator: false, profile: numbersLike(0, 9) },
  ];
  const target: TargetState = {
    task: "regression",
    targets: [{ name: "y", scaler: { name: "none" }, range: [0, 10] }],
  };

  it("count as clipped the rows that have a prediction, and no others", async () => {
    const predictions = new PredictionLines({ pipeline: numbers, target }, options);
    const unreadable = new Map([[1, "many"]]);
    const column: Column = { type: "number", name: "x", values: Float64Array.of(1, Number.NaN, 3), unreadable };
    expect(await predicted(predictions, column, [20, 20, 5])).toEqual(["prediction", "10", '""', "5"]);
    expect(predictions.counts).toEqual({ rows: 3, withoutPrediction: 1, clipped: 1 });
    expect(predictions.sentences().join("\n")).toContain("1 row has a prediction clipped");
  });

  it("mark as text what a spreadsheet would take for a formula, also in the reasons", async () => {
    const [state] = numbers;
    const pipeline = [{ ...state!, name: "=x" }];
    const column: Column = { type: "number", name: "=x", values: Float64Array.of(1, Number.NaN, 3) };
    const reasonsOf = async (csvSafe: boolean) =>
      predicted(new PredictionLines({ pipeline, target }, { ...options, reasons: true, csvSafe }), column, [1, 2, 3]);
    expect(await reasonsOf(false)).toEqual(["prediction,reasons", "1,", "2,=x is missing", "3,"]);
    expect(await reasonsOf(true)).toEqual(["prediction,reasons", "1,", "2,'=x is missing", "3,"]);
  });
});
