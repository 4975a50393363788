import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadConfig, resolvedConfig } from "../../src/config/load.js";
import type { TableFacts } from "../../src/config/presets.js";
import type { Values } from "../../src/search/trials.js";
import { refusal } from "../data/source.js";

const folder = mkdtempSync(join(tmpdir(), "nnfit-config-"));
afterAll(() => rmSync(folder, { recursive: true }));

const facts: TableFacts = { rows: 100, numbers: 10, task: "regression" };

/** Two lines of data, the parts of a config, and a search, a line for each of its keys. */
function load(search: object | undefined, parts: object = {}) {
  const path = join(folder, "c.json");
  const content = { data: { train: "t.csv", target: "y" }, ...parts, ...(search ? { search } : {}) };
  writeFileSync(path, JSON.stringify(content, undefined, 1));
  return loadConfig(path, { workingDirectory: folder });
}
const wrong = (search: object) => refusal(() => load(search));
const drawn = (parts: object, values: Values) =>
  load(undefined, parts).configFor(facts, values) as unknown as Record<"model" | "training" | "scale", object>; // by part

describe("the ranges of a config", () => {
  it("are known by path; what stands beside them has defaults", () => {
    const range = { log: [0.1, 1] };
    expect(load({ "training.optimizer.learningRate": range, by: "rmse" }).search).toEqual({
      by: "rmse",
      judge: { name: "validation" },
      method: { name: "random" },
      seed: 1,
      ranges: new Map([["training.optimizer.learningRate", range]]),
    });
    expect(load(undefined).search.ranges.size).toBe(0);
  });

  it("are no part of the config that a training is of", () => {
    const range = { "model.dropout": { linear: [0, 0.5] } };
    expect(load(range).config).toEqual(load(undefined).config);
    expect(JSON.parse(resolvedConfig(load(range).config))).not.toHaveProperty("search");
  });

  it.each([
    ["training.optimiser.learningRate", "training.optimizer.learningRate"],
    ["training.learningRate", "training.optimizer.learningRate"],
    ["model.hiden", "model.hidden"],
    ["epochs", "training.epochs"],
    ["zzzzzzzzzz", undefined],
    ["runz", "runs"],
    ["training", undefined],
  ])("an unknown path, %s, is an error that suggests the nearest", async (path, suggestion) => {
    expect(await wrong({ [path]: { choice: [1] } })).toMatchObject({
      kind: "usage",
      message: `there is no setting "${path}" to search`,
      details: { at: `search.${path}, c.json:7`, try: suggestion && `"${suggestion}"` },
    });
  });

  it.each([
    "model.hidden",
    "model.loss.delta",
    "scale.inputs",
    "scale.inputs.age",
    "training.schedule.learningRate",
    "training.optimizer",
    "training.optimizer.betas",
  ])("%s can be searched", (path) => {
    expect(load({ [path]: { choice: [1] } }).search.ranges.size).toBe(1);
  });

  it.each(["data.validation", "data.train", "task", "preset", "output", "training.seed", "model.members"])(
    "%s can't: an error says why",
    async (path) => {
      const error = await wrong({ [path]: { choice: [1] } });
      expect(error.message).toMatch(new RegExp(`^${path.replace(".", "\\.")} can't be searched: \\w`));
      expect(error.details.at).toBe(`search.${path}, c.json:7`);
    },
  );

  it.each([
    [{ lg: [1, 2] }, 'there is no setting "lg" in search.training.epochs', '"log"'],
    [{ log: [2, 1] }, "the first bound must be below the second", undefined],
    [{ log: [0, 1] }, "search.training.epochs.log.0 must be more than 0", undefined],
    [{ integer: [0.5, 1] }, "search.training.epochs.integer.0 must be a whole number", undefined],
    [{ linear: [1] }, "search.training.epochs.linear", undefined],
    [{ choice: [] }, "at least 1 entry", undefined],
    [{}, "one of log, linear, integer, choice", undefined],
    [{ log: [1, 2], choice: [1] }, "one of log, linear, integer, choice", undefined],
    [7, "search.training.epochs must be an object", undefined],
  ])("a range like %j is refused, with its line", async (range, message, suggestion) => {
    const error = await wrong({ "training.epochs": range });
    expect(error.kind).toBe("usage");
    expect(error.message).toContain(message);
    expect(error.details.at).toMatch(/^search\.training\.epochs.*, c\.json:[78]$/);
    expect(error.details.try).toBe(suggestion);
  });
});

describe("drawn values", () => {
  it("stand in the place of the config's own, a part of a setting after the setting", () => {
    const { model, training } = drawn(
      { model: { hidden: [3], activation: "tanh" }, training: { optimizer: "adam" } },
      {
        "training.optimizer.learningRate": 0.25,
        "model.hidden": [7, 7],
        "training.epochs": 12,
        "model.loss": { name: "huber" },
        "model.loss.delta": 3,
      },
    );
    expect(model).toMatchObject({
      hidden: [7, 7],
      activation: { name: "tanh" },
      loss: { name: "huber", delta: 3 },
    });
    expect(training).toMatchObject({ epochs: 12, optimizer: { name: "adam", learningRate: 0.25 } });
  });

  it("leave the preset as it is without them, and the preset's other values", () => {
    const rest = drawn({}, {});
    const { training } = drawn({}, { "training.optimizer.learningRate": 0.25, "model.hidden": [7] });
    expect(rest).toHaveProperty("preset", "balanced");
    expect(training).toEqual({
      ...rest.training,
      optimizer: { ...(rest.training as { optimizer: object }).optimizer, learningRate: 0.25 },
    });
  });

  it("are copies: another trial's don't meet them", () => {
    const loaded = load(undefined, { model: { hidden: [3] } });
    const first = { name: "huber" };
    loaded.configFor(facts, { "model.loss": first, "model.loss.delta": 3 });
    expect(first).toEqual({ name: "huber" });
    expect(loaded.configFor(facts, { "model.loss": first }).model.loss).toEqual({ name: "huber", delta: 1 });
    expect(loaded.configFor(facts).model.loss).toBe("auto");
  });

  it("that the config does not take are reported by their path and the line of their range", async () => {
    const loaded = load({ "training.batchSize": { integer: [0, 64] }, "model.loss": { choice: ["mse"] } });
    const error = await refusal(() => loaded.configFor(facts, { "training.batchSize": 0 }));
    expect(error).toMatchObject({
      kind: "usage",
      message: "training.batchSize must be more than 0",
      details: { at: "search.training.batchSize, c.json:7", have: "0" },
    });
    expect(loaded.locateDrawn("model.loss")).toBe("search.model.loss, c.json:13");
    expect(loaded.locateDrawn("data.target")).toBe("data.target, c.json:4");
  });
});
