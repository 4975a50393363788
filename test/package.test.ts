import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { dataset, folder, text } from "./cli/nnfit.js";

const npm = (args: string[], cwd: string) =>
  execFileSync("npm", args, { cwd, encoding: "utf8", shell: process.platform === "win32" });

it("the package has all that a training, its threads and a prediction need, and nothing twice", () => {
  const cwd = folder({});
  const root = dirname(import.meta.dirname);
  const [packed] = JSON.parse(npm(["pack", "--json", "--ignore-scripts", "--pack-destination", cwd], root));
  const files: string[] = packed.files.map(({ path }: { path: string }) => path);
  expect(files.filter((file) => /\.(ts|test|map|cpuprofile)$/.test(file) || file.startsWith("test/"))).toEqual([]);
  expect(files.filter((file) => file.startsWith("dist/") && !file.startsWith("dist/bundle/")).sort()).toEqual([
    "dist/data/scan.wasm",
    "dist/engine/kernels.wasm",
  ]);

  execFileSync("tar", ["-xzf", packed.filename], { cwd });
  mkdirSync(join(cwd, "package/node_modules"), { recursive: true });
  symlinkSync(join(root, "node_modules/jsonc-parser"), join(cwd, "package/node_modules/jsonc-parser"), "junction");
  const nnfit = (...args: string[]) =>
    execFileSync(process.execPath, [join(cwd, "package/bin/nnfit.cjs"), ...args], {
      cwd,
      encoding: "utf8",
      stdio: "pipe",
    });
  for (const [run, members] of [
    ["one", 1],
    ["several", 3],
  ] as const) {
    const settings = [`model.members=${members}`, "model.hidden=[256,256]", "training.epochs=1"];
    const set = settings.flatMap((setting) => ["--set", setting]);
    nnfit("train", "package/configs/iris.json", "--out", run, "--threads", "2", ...set);
    expect(nnfit("predict", run, dataset("iris"), "--threads", "2").trim().split("\n")).toHaveLength(151);
  }
  expect(text(cwd, "one", "config.json")).toContain('"members": 1');
});
