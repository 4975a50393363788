import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { eventsJsonSchema } from "../src/artifact/events.js";
import { jsonSchema, reference } from "../src/config/reference.js";

// `npm run docs` writes what these tests compare with.

const root = fileURLToPath(new URL("../", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");

it("the JSON Schema in configs/ is the one of the code", async () => {
  await expect(jsonSchema()).toMatchFileSnapshot("../configs/nnfit.schema.json");
});

it("the JSON Schema of events in configs/ is the one of the code", async () => {
  await expect(eventsJsonSchema()).toMatchFileSnapshot("../configs/nnfit.events.schema.json");
});

it("the README's settings, output and scores are what the code has and prints", async () => {
  const folder = mkdtempSync(join(tmpdir(), "nnfit-"));
  const bin = join(root, "bin/nnfit.cjs");
  const run = join(folder, "iris");
  const { stderr } = spawnSync(process.execPath, [bin, "train", "configs/iris.json", "--out", run], {
    cwd: root,
    encoding: "utf8",
  });
  const predictions = execFileSync(process.execPath, [bin, "predict", run, "datasets/iris.csv"], {
    cwd: root,
    encoding: "utf8",
    stdio: "pipe",
  });
  const setosas = read("datasets/iris.csv").split("\n").slice(0, 51).join("\n");
  const check = spawnSync(process.execPath, [bin, "check", run], { cwd: root, encoding: "utf8", input: setosas });
  rmSync(folder, { recursive: true });

  const printed = stderr.replaceAll(/\S*nnfit-\w+\/iris/g, "runs/iris").replace(/in [\d.]+ s;/, "in 5 s;");
  const lines = printed.trimEnd().split("\n");
  const epochs = lines.filter((line) => line.startsWith("epoch"));
  const shown = lines.flatMap((line) => {
    const epoch = epochs.indexOf(line);
    if (epoch < 3 || epoch === epochs.length - 1) return [line];
    return epoch === 3 ? ["…"] : [];
  });
  const blocks: Record<string, string> = {
    train: fenced(shown.join("\n")),
    predict: fenced(predictions.split("\n").slice(0, 3).join("\n")),
    check: fenced(check.stdout + check.stderr.trimEnd()),
    tables: read("test/tables/RESULTS.md").trimEnd(),
    reference: reference(),
  };
  const readme = read("README.md").replace(
    /(<!-- generated: (\w+) -->\n).*?(<!-- end -->)/gs,
    (_, begin: string, name: string, end: string) => `${begin}\n${blocks[name]}\n\n${end}`,
  );
  await expect(readme).toMatchFileSnapshot("../README.md");
});

function fenced(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\``;
}
