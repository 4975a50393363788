import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const source = fileURLToPath(new URL("../src/", import.meta.url));

/** Later rooms may import earlier ones, never the reverse. */
const rooms = [
  "",
  "engine",
  "data",
  "transform",
  "score",
  "model",
  "predict",
  "train",
  "folds",
  "artifact",
  "search",
  "config",
  "cli",
];

const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter(
  (path) => path.endsWith(".ts") && !path.endsWith(".d.ts") && !path.includes("assembly"),
);
const roomOf = (path: string) => (path.includes(sep) ? path.split(sep)[0]! : "");

/** The files of src that a file imports. */
function imports(path: string): string[] {
  const text = readFileSync(join(source, path), "utf8");
  return [...text.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)].map(([, target]) =>
    relative(source, join(source, dirname(path), target!)).replace(/\.js$/, ".ts"),
  );
}

it.each(files)("%s imports no later room", (path) => {
  const room = rooms.indexOf(roomOf(path));
  expect(room).toBeGreaterThanOrEqual(0);
  const later = imports(path).filter((target) => rooms.indexOf(roomOf(target)) > room);
  expect(later).toEqual([]);
});

it("no files import each other in a circle", () => {
  const done = new Set<string>();
  const visit = (path: string, above: readonly string[]): void => {
    expect(above, `a circle: ${[...above, path].join(" → ")}`).not.toContain(path);
    if (done.has(path)) return;
    for (const target of imports(path).filter((target) => files.includes(target))) visit(target, [...above, path]);
    done.add(path);
  };
  const entries = [
    ["cli", "main.ts"],
    ["predict", "predictionThread.ts"],
    ["train", "thread.ts"],
    ["search", "trialThread.ts"],
    ["engine", "worker.ts"],
  ];
  for (const entry of entries) visit(join(...entry), []);
});

/** What a room knows nothing of, and the files that have to all the same. */
const unknown: [what: string, pattern: RegExp, rooms: readonly string[], exceptions: readonly string[]][] = [
  ["the terminal", /\bconsole\.|\bprocess\.(exit|std)/, rooms.slice(0, -1), []],
  ["files", /"node:fs/, ["", "transform", "score", "model", "predict", "train", "folds"], []],
  ["files", /"node:fs/, ["engine"], ["kernels.ts"]],
  [
    "what differs by machine",
    /\bMath\.(exp|expm1|log|log1p|log2|log10|pow|sin|cos|tan|tanh|cbrt|random)\(/,
    ["engine", "transform", "score", "model", "predict", "train", "folds"],
    [],
  ],
];

it.each(unknown)("of %s (%s) nothing is known in %j", (_, pattern, ofRooms, exceptions) => {
  const knowing = files.filter((path) => {
    const isException = exceptions.some((name) => path.endsWith(sep + name));
    return ofRooms.includes(roomOf(path)) && !isException && pattern.test(readFileSync(join(source, path), "utf8"));
  });
  expect(knowing).toEqual([]);
});

it("starting the command line loads no library of schemas: a command loads what it needs when it runs", () => {
  const loaded = new Set<string>();
  const visit = (path: string): void => {
    if (loaded.has(path)) return;
    loaded.add(path);
    const text = readFileSync(join(source, path), "utf8");
    // imports that are not of types alone; those within functions have parentheses
    for (const [, names, target] of text.matchAll(/^(?:import|export) (?!type )([^;]*?) ?from "([^"]+)";/gm)) {
      const onlyTypes =
        /^\{[^}]*\}$/.test(names!) &&
        names!
          .slice(1, -1)
          .split(",")
          .every((name) => /^\s*(type\s|$)/.test(name));
      if (onlyTypes) continue;
      expect(["zod", "csv-parse", "cli-progress", "jsonc-parser"], `${path} imports it`).not.toContain(target);
      if (target!.startsWith("."))
        visit(relative(source, join(source, dirname(path), target!)).replace(/\.js$/, ".ts"));
    }
  };
  visit(join("cli", "main.ts"));
  expect(loaded.size).toBeGreaterThan(8);
});

it.each(files)(
  "%s takes what it needs of zod: { z }, or a dynamic import, would have all of it bundled and loaded",
  (path) => {
    const text = readFileSync(join(source, path), "utf8");
    const imports = [...text.matchAll(/^.*["']zod["'].*$/gm)].map(([line]) => line);
    expect(imports.filter((line) => !/^import (type )?\* as z from "zod";$/.test(line))).toEqual([]);
  },
);
