import { describe, expect, it } from "vitest";
import { DIGEST, type Examination, examine } from "../../src/cli/examination.js";
import { contents, folder, json, nnfit } from "./nnfit.js";

describe("nnfit doctor", () => {
  it("says what it finds, that the weights have the bits that they have everywhere, and leaves nothing behind", async () => {
    const cwd = folder();
    const { code, out, err } = await nnfit(["doctor"], { cwd });
    expect(err).toBe("");
    expect(out).toMatch(/^ {2}node +v\d+\.\d+\.\d+$/m);
    expect(out).toMatch(/^ {2}processor +.+, \d+ threads?$/m);
    expect(out).toMatch(/^ {2}memory +\d+\.\d GiB available of \d+\.\d GiB$/m);
    expect(out).toMatch(/^ {2}folder +.+: can be written$/m);
    expect(out).toMatch(/^ {2}self-test +one thread: ok; two threads: ok\nall checks passed$/m);
    expect(code).toBe(0);
    expect(contents(cwd)).toEqual({});
  });

  it("says it as one object of JSON, and misses no BLAS library where none is found", async () => {
    const { code, out } = await nnfit(["doctor", "--json"], {
      cwd: folder(),
      env: { NNFIT_BLAS: "/no/such/library.so" },
    });
    const { version, ok, selfTest, node, blas, memory, threads } = json<Examination & { version: number }>(out);
    expect({ code, version, ok, node }).toEqual({ code: 0, version: 1, ok: true, node: process.version });
    expect(blas.error).toContain("can't");
    expect(memory.total).toBeGreaterThan(memory.available / 2);
    expect(threads).toBeGreaterThan(0);
    expect(selfTest).toEqual([
      { name: "one thread", ok: true, digest: DIGEST },
      { name: "two threads", ok: true, digest: DIGEST },
    ]);
  });

  it("finds other bits, and a folder that can't be written", async () => {
    const cwd = folder();
    const found = await examine({ folder: `${cwd}/no-folder`, library: undefined, expected: "other" });
    expect(found.ok).toBe(false);
    expect(found.folder.error).toContain("its folder does not exist");
    expect(found.selfTest.map(({ ok, error }) => [ok, error])).toEqual([
      [false, "different bits from other machines"],
      [false, "different bits from other machines"],
    ]);
  });
});
