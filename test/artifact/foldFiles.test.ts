import { describe, expect, it } from "vitest";
import type { RunFolder } from "../../src/artifact/folder.js";
import { saveFolds } from "../../src/artifact/foldFiles.js";
import type { FoldResult } from "../../src/folds/crossValidation.js";
import { columns } from "../data/source.js";

/** The lines of each file that the folds are written to. */
function written(table: Parameters<typeof saveFolds>[1], results: readonly object[]) {
  const files: Record<string, string[]> = {};
  const folder = {
    writeConfig() {},
    write: (name: string, bytes: Buffer) => {
      files[name] = bytes.toString().trimEnd().split("\n");
    },
  };
  // nothing else of the folder or the folds is looked at
  saveFolds(folder as unknown as RunFolder, table, table, results as unknown as FoldResult[]);
  return files;
}

describe("the file of predictions out of fold", () => {
  it("has each fold's probabilities with the temperature of that fold", () => {
    const fold = (number: number, test: number[], temperature: number) => ({
      fold: { number, test: Uint32Array.from(test) },
      outcome: {
        target: { task: "classification", name: "y", type: "category", classes: ["no", "yes"], temperature },
        rowCounts: {},
      },
      judgement: { scores: {} },
      outputs: Float32Array.of(0.25, 0.75, 0.9, 0.1),
    });
    const files = written(columns({ y: ["yes", "no", "yes", "no"] }), [fold(0, [0, 3], 1), fold(1, [1, 2], 0.5)]);
    const [header, ...lines] = files["out-of-fold.csv"]!;
    expect(header).toBe("row,line,fold,truth,prediction,probability_no,probability_yes");
    const rows = lines.map((line) => line.split(","));
    expect(rows.map((cells) => cells.slice(0, 5).join())).toEqual([
      "1,2,1,yes,yes",
      "2,3,2,no,yes",
      "3,4,2,yes,no",
      "4,5,1,no,no",
    ]);
    // a temperature of 1/2 squares the odds: of 1 to 3 to 1 to 9, of 9 to 1 to 81 to 1
    const probabilities = [0.75, 9 / 10, 1 / 82, 0.1].map((probability) => expect.closeTo(probability, 7));
    expect(rows.map((cells) => Number(cells[6]))).toEqual(probabilities);
  });
});
