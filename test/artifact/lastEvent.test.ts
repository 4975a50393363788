import { utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { wroteItsModel } from "../../src/artifact/lastEvent.js";
import { folder } from "../cli/nnfit.js";

const start = '{"version":1,"event":"start"}\n';
const end = (scores: number) => {
  const named = Object.fromEntries(Array.from({ length: scores }, (_, i) => [`rmse_target_${i}`, i / 7]));
  return `${JSON.stringify({ version: 1, event: "end", status: "done", model: "runs/c/model.safetensors", scores: named })}\n`;
};

/** A run folder whose model is older than its events, unless it is said to be newer. */
function run(events: string | undefined, isNewer = false): string {
  const cwd = folder({ "model.safetensors": "", ...(events === undefined ? {} : { "events.ndjson": events }) });
  utimesSync(join(cwd, "model.safetensors"), 0, isNewer ? 4e9 : 1e9);
  return cwd;
}

it.each([
  ["done, however long its last line is", start + end(5000), true],
  ["done", start + end(1), true],
  ["stopped", `${start}{"version":1,"event":"end","status":"stopped","exitCode":130}\n`, false],
  ["killed", start, false],
  ["killed within a line", `${start}{"version":1,"event":"ep`, false],
  ["killed at once", "", false],
  ["of an earlier version, without events", undefined, true],
])("a training that is %s has written the model that is there: or not", (_, events, wrote) => {
  expect(wroteItsModel(run(events))).toBe(wrote);
});

it("a model that is newer than the events is of neither", () => {
  const cwd = run(start, true);
  expect(wroteItsModel(cwd)).toBe(true);
  writeFileSync(join(cwd, "events.ndjson"), start);
  utimesSync(join(cwd, "events.ndjson"), 0, 5e9);
  expect(wroteItsModel(cwd)).toBe(false);
});
