import { expect, it } from "vitest";
import { wroteItsModel } from "../../src/artifact/lastEvent.js";
import { folder } from "../cli/nnfit.js";

const start = '{"version":1,"event":"start"}\n';
const end = (scores: number) => {
  const named = Object.fromEntries(Array.from({ length: scores }, (_, i) => [`rmse_target_${i}`, i / 7]));
  return `${JSON.stringify({ version: 1, event: "end", status: "done", model: "runs/c/model.safetensors", scores: named })}\n`;
};

function run(events: string | undefined): string {
  return folder({ "model.safetensors": "", ...(events === undefined ? {} : { "events.ndjson": events }) });
}

it.each([
  ["done, however long its last line is", start + end(5000), true],
  ["done", start + end(1), true],
  ["stopped", `${start}{"version":1,"event":"end","status":"stopped","exitCode":130}\n`, false],
  ["killed", start, false],
  ["killed within a line", `${start}{"version":1,"event":"ep`, false],
  ["killed at once", "", false],
  ["of folds, without events", undefined, true],
])("a training that is %s has written the model that is there: or not", (_, events, wrote) => {
  expect(wroteItsModel(run(events))).toBe(wrote);
});
