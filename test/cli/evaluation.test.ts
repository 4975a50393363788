import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { modelAgainst } from "../../src/cli/against.js";
import { evaluate } from "../../src/cli/evaluation.js";
import { findModel } from "../../src/cli/locate.js";
import { folder, works } from "./nnfit.js";

vi.mock(import("../../src/score/bootstrap.js"), async (original) => ({
  ...(await original()),
  bootstrap() {
    throw new Error("the intervals of the first model came first");
  },
}));

it("what is wrong with the table for the other model is found before anything that takes long", async () => {
  const cells = Array.from({ length: 40 }, (_, i) => `${i % 7},${(i * 3) % 5},${i}`);
  const cwd = folder({
    "t.csv": ["a,b,y", ...cells].join("\n"),
    "new.csv": ["a,y", "1,2", "2,3"].join("\n"),
    "c.json": '{ "preset": "none", "data": { "train": "t.csv", "target": "y" }, "training": { "epochs": 1 } }',
  });
  await works(["train", "c.json", "--out", "a", "--set", 'data.ignore=["b"]'], { cwd });
  await works(["train", "c.json", "--out", "b"], { cwd });
  const [path, rows] = [join(cwd, "a"), join(cwd, "new.csv")];
  const model = findModel(path);
  const other = modelAgainst(join(cwd, "b"), rows, model, undefined);
  const options = { delimiter: "auto", encoding: "auto", skipLines: 0, intervals: true } as const;
  await expect(evaluate(model, path, rows, options, other)).rejects.toThrow('lacks the column "b"');
  await expect(evaluate(model, path, rows, options, undefined)).rejects.toThrow("came first");
});
