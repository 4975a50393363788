import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, it } from "vitest";
import { eventsJsonSchema } from "../src/artifact/events.js";
import { presets } from "../src/config/presets.js";
import { jsonSchema, reference } from "../src/config/reference.js";

// `npm run docs` writes what these tests compare with.

const root = fileURLToPath(new URL("../", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");
const guides = readdirSync(join(root, "docs")).map((name) => `docs/${name}`);
const documents = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "datasets/README.md", ...guides];
const GENERATED = /(<!-- generated: (\w+) -->\n).*?(<!-- end -->)/gs;

it("the JSON Schema in configs/ is the one of the code", async () => {
  await expect(jsonSchema()).toMatchFileSnapshot("../configs/nnfit.schema.json");
});

it("the JSON Schema of events in configs/ is the one of the code", async () => {
  await expect(eventsJsonSchema()).toMatchFileSnapshot("../configs/nnfit.events.schema.json");
});

const blocks: Record<string, string> = {};
beforeAll(() => {
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
  const help = execFileSync(process.execPath, [bin, "--help"], { encoding: "utf8" });
  rmSync(folder, { recursive: true });

  const printed = stderr.replaceAll(/\S*nnfit-\w+\/iris/g, "runs/iris").replace(/in [\d.]+ s;/, "in 5.0 s;");
  const lines = printed.trimEnd().split("\n");
  const epochs = lines.filter((line) => line.startsWith("epoch"));
  const shown = lines.flatMap((line) => {
    const epoch = epochs.indexOf(line);
    if (epoch < 2 || epoch === epochs.length - 1) return [line];
    return epoch === 2 ? ["…"] : [];
  });
  const config = read("configs/iris.json").replaceAll(/^\/\/.*\n/gm, "");
  Object.assign(blocks, {
    config: fenced(config.trimEnd(), "json"),
    train: fenced(shown.join("\n")),
    predict: fenced(predictions.split("\n").slice(0, 3).join("\n")),
    check: fenced(check.stdout + check.stderr.trimEnd()),
    presets: presetTable(),
    commands: commandTable(help),
    tables: read("test/tables/RESULTS.md").trimEnd(),
    reference: reference(),
  });
}, 60_000);

const withBlocks = documents.filter((path) => read(path).includes("<!-- generated:"));
it.each(withBlocks)(
  "the settings, commands, output and scores in %s are what the code has and prints",
  async (path) => {
    const names: string[] = [];
    const document = read(path).replace(GENERATED, (_, begin: string, name: string, end: string) => {
      names.push(name);
      return `${begin}\n${blocks[name]}\n\n${end}`;
    });
    expect(Object.keys(blocks)).toEqual(expect.arrayContaining(names));
    await expect(document).toMatchFileSnapshot(`../${path}`);
  },
);

it("each generated part stands in a document", () => {
  const named = withBlocks.flatMap((path) => [...read(path).matchAll(GENERATED)].map(([, , name]) => name));
  expect(named.sort()).toEqual(Object.keys(blocks).sort());
});

it.each(documents)("every relative link in %s leads to a file, and to a heading that it has", (path) => {
  const links = [...read(path).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)];
  for (const [link, target, heading] of links) {
    const file = target === "" ? path : join(dirname(path), target!);
    expect(existsSync(join(root, file)), link).toBe(true);
    if (heading !== undefined) expect(anchors(read(file)), link).toContain(heading);
  }
});

/** The names that GitHub gives the headings of a document. */
function anchors(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

function fenced(text: string, language = "text"): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

/** How the presets lay a training out, by ranges of table sizes within which the number of epochs alone may change. */
function presetTable(): string {
  const ranges = [
    ["up to 2,000", 1, 2_000],
    ["to 20,000", 2_001, 20_000],
    ["to 250,000", 20_001, 250_000],
    ["more", 250_001, 1e9],
  ] as const;
  const names = ["fast", "balanced", "best"] as const;
  const rows = ranges.map(([label, fewest, most]) => {
    const cells = names.map((name) => {
      const [first, last] = [fewest, most].map((count) => layout(name, count)) as [Layout, Layout];
      const fixed = ({ epochs: _, ...rest }: Layout) => rest;
      expect(fixed(first)).toEqual(fixed(last));
      const epochs = first.epochs === last.epochs ? `${first.epochs}` : `${first.epochs} to ${last.epochs}`;
      return `${first.members} × ${first.layers}, ${epochs} epochs, batches of ${first.batchSize.toLocaleString("en")}`;
    });
    return `| ${[label, ...cells].join(" | ")} |`;
  });
  const header = `| rows | ${names.map((name) => `\`${name}\``).join(" | ")} |`;
  return [header, `|${"---|".repeat(names.length + 1)}`, ...rows].join("\n");
}

interface Layout {
  readonly members: number;
  readonly layers: string;
  readonly epochs: number;
  readonly batchSize: number;
}

function layout(name: "fast" | "balanced" | "best", rows: number): Layout {
  const { model, training } = presets[name].values({
    rows,
    numbers: 10,
    task: "regression",
    ownLoss: undefined,
    weightsClasses: false,
    weightsRows: false,
    isInTime: false,
  }) as {
    model: { members: number; hidden: readonly number[] };
    training: { epochs: number; batchSize: number };
  }; // a preset's values are not typed
  const [units, ...others] = new Set(model.hidden);
  expect(others).toEqual([]);
  expect([1, 3]).toContain(model.hidden.length);
  const layers = `${units}${model.hidden.length === 1 ? " in one layer" : ""}`;
  return { members: model.members, layers, ...pick(training) };
}

function pick({ epochs, batchSize }: { epochs: number; batchSize: number }) {
  return { epochs, batchSize };
}

/** The commands as `nnfit --help` has them, a line each. */
function commandTable(help: string): string {
  const [, list = ""] = help.split("\nCommands:\n");
  const entries = list.replaceAll(/\n {4,}/g, " ").split("\n");
  const rows = entries.flatMap((entry) => {
    const [, usage, about] = /^ {2}(\S.*?) {2,}(.*)$/.exec(entry) ?? [];
    return usage === undefined || usage.startsWith("help ") ? [] : [`| \`nnfit ${usage}\` | ${about} |`];
  });
  return ["| command | what it does |", "|---|---|", ...rows].join("\n");
}
