import { describe, expect, it } from "vitest";
import { effectiveSettings } from "../../src/config/effect.js";
import { configSchema } from "../../src/config/schema.js";

const effective = (more: object = {}, data: object = {}) =>
  effectiveSettings(configSchema.parse({ data: { train: "t.csv", target: "y", ...data }, ...more }));

describe("the settings that change what is learned", () => {
  it.each([
    ["the preset's name, whose values are there themselves", { preset: "fast" }],
    ["where the run goes", { output: "elsewhere" }],
    ["how often it is saved", { training: { checkpoint: { everySeconds: 1 } } }],
  ])("are without %s", (_, more) => {
    expect(effective(more)).toEqual(effective());
  });

  it.each([
    ["the backend, as BLAS has bits of its own", { training: { backend: "blas" } }],
    ["the seed", { training: { seed: 2 } }],
    ["a scaler", { scale: { inputs: "minmax" } }],
  ])("have %s", (_, more) => {
    expect(effective(more)).not.toEqual(effective());
  });

  it("tell that rows are of a table, not where it is", () => {
    const held = effective({}, { validation: "a.csv" });
    expect(effective({}, { train: "other.csv", validation: "b.csv" })).toEqual(held);
    expect(held).not.toEqual(effective());
    expect(held.get("data.validation")).toBe("a table");
    expect(held.get("training.seed")).toBe("1");
  });
});
