import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

it("keeps its promises where nothing goes well: two rounds of what `npm run torture` does in hundreds", () => {
  const torture = fileURLToPath(new URL("torture.mjs", import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [torture, "--rounds", "2"], { encoding: "utf8" });
  expect(stderr).toBe("");
  const lines = stdout.trimEnd().split("\n");
  for (const line of lines) expect(line).toMatch(/: (2 rounds, 0 promises broken|left out, because .+)$/);
  expect(lines).toHaveLength(7);
  expect(status).toBe(0);
}, 120_000);
