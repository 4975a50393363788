import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { systemBlas } from "../engine/blas.js";
import { config, contents, folder, json, nnfit, text, works } from "./nnfit.js";

const blas = await systemBlas();
const few = ["--set", "training.epochs=20"];

describe.concurrent("nnfit train --backend blas", () => {
  it("trains what the kernels train, within rounding, and says what computes", async ({ skip }) => {
    if (typeof blas === "string") return skip(blas);
    const cwd = folder();
    const train = async (backend: string) => {
      const out = ["--out", backend, "--backend", backend, "--json"];
      const told = await works(["train", config("iris"), ...few, ...out], { cwd });
      type Result = { backend: string; threads: number; scores: Record<string, number> };
      return { ...told, result: json<Result>(told.out) };
    };
    const [foreign, own] = [await train("blas"), await train("wasm")];
    expect(foreign.err).toContain(`engine    ${blas.name} (not bit-identical across machines)`);
    expect(own.err).not.toMatch(/^ *engine/m);
    expect([foreign.result.backend, own.result.backend]).toEqual(["blas", "wasm"]);
    expect(foreign.result.scores.logLoss).toBeCloseTo(own.result.scores.logLoss!, 4);
    const kept = (run: string) => json<{ training: { backend: string } }>(text(cwd, run, "config.json"));
    expect([kept("blas"), kept("wasm")].map(({ training }) => training.backend)).toEqual(["blas", "wasm"]);
    const { out } = await works(["predict", join(cwd, "blas")], {
      input: "sepal_length_cm,sepal_width_cm,petal_length_cm,petal_width_cm\n5.1,3.5,1.4,0.2\n",
    });
    expect(out).toBe("prediction\nsetosa\n");
  });

  it("without the library that NNFIT_BLAS names is a usage error, and writes nothing", async ({ skip }) => {
    if (typeof blas === "string" && blas.includes("koffi")) return skip(blas);
    const cwd = folder();
    const env = { NNFIT_BLAS: "/nonexistent" };
    const { code, out, err } = await nnfit(["train", config("iris"), "--backend", "blas"], { cwd, env });
    expect(code).toBe(2);
    expect(out).toBe("");
    const [message, ...details] = err.trimEnd().split("\n");
    expect(message).toBe("error: the library that NNFIT_BLAS names can't be used");
    expect(details.map((line) => line.slice(2, 6).trim())).toEqual(["at", "have", "try"]);
    expect(details[0]).toContain("--backend blas");
    expect(details[1]).toContain("/nonexistent");
    expect(details[2]).toContain("--backend wasm");
    expect(contents(cwd)).toEqual({});
  });

  it("of another name is a usage error that says which there are", async () => {
    const { code, err } = await nnfit(["train", config("iris"), "--backend", "blass"], { cwd: folder() });
    expect(code).toBe(2);
    expect(err).toContain("--backend blass");
    expect(err).toMatch(/wasm.*blas/);
  });
});
