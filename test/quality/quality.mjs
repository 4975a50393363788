// How good the presets are on real tables, beside the recorded scores of what people run instead.
//
//   npm run quality -- [--tables DIR] [--presets balanced,fast] [--only pima,vowel] [--seeds 0,1,2]
//                      [--set path=value]… [--leave-one-out]
//
// DIR has a folder for each table, in it one for each seed with train.csv and test.csv, and a README.md with the
// targets and the peers' scores. Without it there is nothing to measure, and the command says so.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { parse } from "csv-parse/sync";
import { ablations } from "./ablations.mjs";
import { readPeers } from "./peers.mjs";
import { comparison, meansOf, settingsTable } from "./report.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const { values: options } = parseArgs({
  options: {
    tables: { type: "string", default: join(root, "..", "shared", "tables") },
    presets: { type: "string", default: "fast,balanced,best" },
    only: { type: "string" },
    seeds: { type: "string", default: "0,1,2" },
    set: { type: "string", multiple: true, default: [] },
    "leave-one-out": { type: "boolean", default: false },
  },
});
if (!existsSync(options.tables)) {
  console.error(`There are no tables in ${options.tables}; --tables names a folder that has some.`);
  process.exit(1);
}
const peers = readPeers(readFileSync(join(options.tables, "README.md"), "utf8"));
const names = options.only?.split(",") ?? Object.keys(peers.targets);
const seeds = options.seeds.split(",");
const folder = mkdtempSync(join(tmpdir(), "nnfit-quality-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const nnfit = (...args) =>
  execFileSync(process.execPath, [join(root, "bin/nnfit.cjs"), ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    maxBuffer: 2 ** 28,
  });

/** Trains on one split and scores on its test rows. */
function measure(table, seed, preset, settings) {
  const part = (name) => join(options.tables, table, seed, `${name}.csv`);
  const config = join(folder, "config.json");
  const run = join(folder, "run");
  const target = peers.targets[table];
  writeFileSync(config, JSON.stringify({ preset, data: { train: part("train"), target } }));
  const set = [...options.set, ...settings].flatMap((setting) => ["--set", setting]);
  const start = performance.now();
  nnfit("train", config, "--out", run, ...set);
  const seconds = (performance.now() - start) / 1000;
  const { scores } = JSON.parse(nnfit("evaluate", run, part("test"), "--json", "--no-intervals"));
  if (scores.accuracy !== undefined) return { seconds, error: 1 - scores.accuracy, logLoss: scores.logLoss };
  return { seconds, error: scores.rmse / deviation(part("test"), target) };
}

function deviation(path, target) {
  const values = parse(readFileSync(path, "utf8"), { columns: true }).map((row) => Number(row[target]));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

function measureAll(label, preset, settings = []) {
  const results = {};
  for (const table of names) {
    results[table] = meansOf(seeds.map((seed) => measure(table, seed, preset, settings)));
    const { error, logLoss, seconds } = results[table];
    const parts = [label, table, `error ${error.toFixed(4)}`, logLoss && `log-loss ${logLoss.toFixed(4)}`];
    console.error([...parts, `${seconds.toFixed(1)} s`].filter(Boolean).join("  "));
  }
  return results;
}

const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: root, encoding: "utf8" }).trim();
console.log(
  `Node ${process.version}, ${cpus().length} × ${cpus()[0].model.trim()}, commit ${commit}, seeds ${seeds.join(", ")}.\n`,
);
const presets = options.presets.split(",");
const measured = Object.fromEntries(presets.map((preset) => [preset, measureAll(preset, preset)]));
console.log(comparison(measured, peers, names));
if (options["leave-one-out"]) {
  const preset = presets[0];
  const left = Object.entries(ablations).map(([name, settings]) => [
    name,
    measureAll(`without ${name}`, preset, settings),
  ]);
  console.log(settingsTable(preset, measured[preset], Object.fromEntries(left), names));
}
