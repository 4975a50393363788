import { mkdtempSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { systemFiles } from "../../src/artifact/files.js";

describe("a folder", () => {
  const root = mkdtempSync(join(tmpdir(), "nnfit-files-"));

  it("is made with those above it, and left as it is where it is there", () => {
    const deep = join(root, "a", "b", "c");
    systemFiles.makeFolder(deep);
    writeFileSync(join(deep, "mine"), "");
    systemFiles.makeFolder(deep);
    expect(statSync(join(deep, "mine")).isFile()).toBe(true);
  });

  it("is not made where a file is in the way", () => {
    writeFileSync(join(root, "file"), "");
    expect(() => systemFiles.makeFolder(join(root, "file"))).toThrow("EEXIST");
    expect(() => systemFiles.makeFolder(join(root, "file", "below"))).toThrow("ENOTDIR");
  });

  it.skipIf(process.platform !== "linux")("is not made in /proc, where Node's own way has no end", () => {
    expect(() => systemFiles.makeFolder("/proc/none/such")).toThrow("ENOENT");
  });

  it("is removed only if nothing is in it", () => {
    const own = join(root, "own");
    systemFiles.makeFolder(own);
    writeFileSync(join(own, "mine"), "");
    systemFiles.removeFolder(own);
    expect(systemFiles.isFolder(own)).toBe(true);
    systemFiles.remove(join(own, "mine"));
    systemFiles.removeFolder(own);
    systemFiles.removeFolder(own);
    expect(systemFiles.isFolder(own)).toBe(false);
  });
});
