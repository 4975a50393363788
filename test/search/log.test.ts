import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { digestOfTables, type Origin, SearchLog } from "../../src/search/log.js";
import type { FinishedJob } from "../../src/search/trials.js";
import { refusal } from "../data/source.js";

const folder = mkdtempSync(join(tmpdir(), "nnfit-search-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "trials.jsonl");
beforeEach(() => rmSync(path, { force: true }));

const origin: Origin = { nnfit: "1.2.3", config: "c", ranges: "r", table: "t" };
const job = (trial: number): FinishedJob => ({
  trial,
  share: 1 / 3,
  values: { "model.hidden": [3, trial], "training.optimizer": { name: "adam" } },
  epochs: 7,
  keptEpoch: 2,
  stopped: "patience",
  loss: 0.1 + trial / 3,
  scores: { rmse: 2, r2: null },
  seconds: 1.5,
});

/** Opens the log, adds some trials, closes it; returns what was there before. */
function opened(jobs: readonly FinishedJob[] = [], from: Origin = origin): readonly FinishedJob[] {
  const log = new SearchLog(path, "runs/s/trials.jsonl", from);
  for (const job of jobs) log.append(job);
  log.close();
  return log.finished;
}

describe("the file of trials", () => {
  it("gives back what was written, in its order, to the last digit", () => {
    expect(opened([job(4), job(0)])).toEqual([]);
    expect(opened([job(1)])).toEqual([job(4), job(0)]);
    expect(opened()).toEqual([job(4), job(0), job(1)]);
  });

  it("forgets a line that was not finished, whatever byte the process was killed at", () => {
    opened([job(0), job(1)]);
    const bytes = readFileSync(path);
    const lastLine = bytes.lastIndexOf("\n", bytes.length - 2) + 1;
    for (let end = lastLine; end < bytes.length; end++) {
      writeFileSync(path, bytes.subarray(0, end));
      expect(opened([job(1)])).toEqual([job(0)]);
      expect(readFileSync(path).equals(bytes)).toBe(true);
    }
  });

  it("begins anew, if not even its first line was finished", () => {
    opened();
    const bytes = readFileSync(path);
    for (const end of [0, 1, bytes.length - 1]) {
      writeFileSync(path, bytes.subarray(0, end));
      expect(opened()).toEqual([]);
      expect(readFileSync(path).equals(bytes)).toBe(true);
    }
  });

  it.each([
    ["nnfit", "another version of nnfit"],
    ["config", "other settings"],
    ["ranges", "other ranges"],
    ["table", "another table"],
  ])("of other %s is not gone on with, and stays as it is", async (key, what) => {
    opened([job(0)]);
    const bytes = readFileSync(path);
    const error = await refusal(() => opened([job(1)], { ...origin, [key]: "other" }));
    expect(error).toMatchObject({ kind: "usage", details: { at: "runs/s/trials.jsonl", have: `trials of ${what}` } });
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  it.each(["not JSON", '{"trial":1}', ""])("says which line is damaged: %j", async (line) => {
    opened([job(0)]);
    appendFileSync(path, `${line}\n${JSON.stringify(job(1))}\n`);
    expect(await refusal(() => opened())).toMatchObject({
      kind: "files",
      details: { at: "runs/s/trials.jsonl:3" },
    });
  });
});

describe("the digest of tables", () => {
  const table = (changes: object = {}) => ({
    rows: 2,
    source: "a.csv",
    lines: Int32Array.of(2, 3),
    columns: [
      { type: "number" as const, name: "x", values: Float64Array.of(1, Number.NaN), ...changes },
      { type: "category" as const, name: "y", codes: Int32Array.of(0, 1), categories: ["a", "b"] },
    ],
  });

  it("is of the cells and names, not of where the table was", () => {
    const digest = digestOfTables([table()]);
    expect(digestOfTables([{ ...table(), source: "b.csv", lines: Int32Array.of(4, 5) }])).toBe(digest);
    expect(digestOfTables([table({ values: Float64Array.of(1, 0) })])).not.toBe(digest);
    expect(digestOfTables([table({ name: "z" })])).not.toBe(digest);
    expect(digestOfTables([table(), table()])).not.toBe(digest);
  });
});
