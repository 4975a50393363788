// Times nnfit as a whole process and, where they are installed, its peers in turn, several times each:
//
//     npm run bench                      all jobs, 5 times
//     npm run bench -- --pairs 3 --jobs S,M
//
// Needs `npm run build`. A run of all jobs is written to RESULTS.md beside this file. No part of the test suite.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { seededRandom } from "../../dist/engine/random.js";
import { products, singleCoreLimit } from "./products.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const bin = join(root, "bin/nnfit.cjs");
const script = join(root, "../shared/peers/fit.py"); // what a user would run instead, where it is there
const python = "/usr/bin/python3";
const folder = mkdtempSync(join(tmpdir(), "nnfit-bench-"));

const small = { rows: 20_000, features: 8, classes: 0, hidden: [64, 64], batch: 32, optimizer: "sgd", rate: 0.01 };
const jobs = {
  S: { ...small, epochs: 5 },
  // the same for longer: a fifth of a second of S's five epochs is what V8 compiles, and the scores at the end
  S25: { ...small, epochs: 25 },
  M: {
    rows: 100_000,
    features: 54,
    classes: 7,
    hidden: [256, 256],
    batch: 256,
    optimizer: "adam",
    rate: 1e-3,
    epochs: 5,
  },
  L: {
    rows: 50_000,
    features: 100,
    classes: 0,
    hidden: [1024, 1024, 1024],
    batch: 1024,
    optimizer: "adam",
    rate: 1e-3,
    epochs: 1,
  },
};
const { values: flags } = parseArgs({ options: { pairs: { type: "string" }, jobs: { type: "string" } } });
const PAIRS = Number(flags.pairs ?? 5);
const chosen = flags.jobs?.split(",") ?? Object.keys(jobs);
const threadCounts = [...new Set([1, cpus().length])];

const report = [];
const say = (line = "") => {
  console.log(line);
  report.push(line);
};
const row = (...cells) => say(`| ${cells.join(" | ")} |`);
const heading = (title, ...columns) => {
  say();
  say(`## ${title}`);
  say();
  row(...columns);
  row(...columns.map(() => "---"));
};
const median = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(values.length - 1) >> 1] + sorted[values.length >> 1]) / 2;
};
const whole = (value) => Math.round(value).toLocaleString("en");
const times = (ratio) => `${ratio.toFixed(2)}×`;

// ── the tables ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** Columns of different size and offset, and a target that depends on all of them. */
function writeTable(path, { rows, features, classes }) {
  const random = seededRandom(7, "split");
  const each = (make) => Array.from({ length: features }, make);
  const scale = each(() => Math.exp(2 * random.normal()));
  const offset = each(() => 10 * random.normal());
  const mix = each(() => Array.from({ length: 4 }, () => random.normal() / Math.sqrt(features)));
  const lines = [[...scale.map((_, i) => `x${i}`), "y"].join(",")];
  for (let r = 0; r < rows; r++) {
    const z = scale.map(() => random.normal());
    const hidden = [0, 1, 2, 3].map((h) => Math.tanh(z.reduce((sum, value, i) => sum + value * mix[i][h], 0)));
    const signal = hidden.reduce((sum, value) => sum + value, 0) + 0.5 * random.normal();
    const place = Math.min(classes - 1, Math.max(0, Math.floor(((signal + 4) / 8) * classes)));
    const y = classes > 0 ? `c${place}` : (1000 + 50 * signal).toFixed(3);
    lines.push([...z.map((value, i) => (value * scale[i] + offset[i]).toFixed(4)), y].join(","));
  }
  writeFileSync(path, `${lines.join("\n")}\n`);
}

// ── the commands ───────────────────────────────────────────────────────────────────────────────────────────────────

/** Makes a Node process tell its peak memory, in KiB, on its descriptor 3. */
const tellsMemory = `data:text/javascript,import{writeSync}from"fs";import{isMainThread}from"worker_threads";if(isMainThread)process.on("exit",()=>{try{writeSync(3,""+process.resourceUsage().maxRSS)}catch{}})`;

function timed(command, args) {
  const started = performance.now();
  const { status, stdout, stderr, output } = spawnSync(command, args, {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr.slice(-500)}`);
  return { wall: (performance.now() - started) / 1000, out: stdout, megabytes: Number(output[3]) / 1024 };
}

const nnfit = (...args) => timed(process.execPath, [bin, ...args]);
const withMemory = (...args) => timed(process.execPath, ["--import", tellsMemory, bin, ...args]);

function train(name, threads) {
  const { hidden, batch, optimizer, rate, epochs } = jobs[name];
  const config = {
    data: { train: `${name}.csv`, target: "y", validation: 0 },
    model: { hidden },
    training: { epochs, batchSize: batch, optimizer: { name: optimizer, learningRate: rate } },
    output: name,
  };
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(config));
  const { wall, out } = nnfit("train", `${name}.json`, "--threads", String(threads), "--json");
  const { seconds, rowsPerSecond } = JSON.parse(out);
  return { wall, seconds, rate: rowsPerSecond };
}

function trainPeer(kind, name, threads) {
  const { hidden, batch, optimizer, rate, epochs } = jobs[name];
  const options = { hidden: hidden.join(","), batch, epochs, optimizer, lr: rate, threads };
  const flags = Object.entries(options).flatMap(([flag, value]) => [`--${flag}`, String(value)]);
  const { wall, out } = timed(python, [script, kind, `${name}.csv`, "y", ...flags]);
  const { seconds, rows_per_s } = JSON.parse(out);
  return { wall, seconds, rate: rows_per_s };
}

const has = (module) => existsSync(script) && spawnSync(python, ["-c", `import ${module}, pandas`]).status === 0;
const peers = ["torch", "sklearn"].filter(has);

// ── what is measured ───────────────────────────────────────────────────────────────────────────────────────────────

const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: root, encoding: "utf8" }).trim();
say("# Speed");
say();
say(
  `\`npm run bench\` at ${commit}, Node ${process.version}, ${cpus().length} × ${cpus()[0].model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB. Medians of ${PAIRS} runs in turn; on a shared machine only ratios within one run mean something.`,
);

heading("Training, whole processes", "job", "what", "rows/s in training", "wall seconds", "parts of it");
for (const name of chosen) {
  writeTable(join(folder, `${name}.csv`), jobs[name]);
  const runs = new Map();
  const add = (label, run) => runs.set(label, [...(runs.get(label) ?? []), run]);
  for (let pair = 0; pair < PAIRS; pair++) {
    for (const threads of threadCounts) {
      add(`nnfit, ${threads} threads`, train(name, threads));
      for (const kind of peers) {
        if (kind === "sklearn" && !name.startsWith("S")) continue; // far slower there
        add(`${kind}, ${threads} threads`, trainPeer(kind, name, threads));
      }
    }
  }
  const figures = [...runs].map(([label, all]) => ({
    label,
    isNnfit: label.startsWith("nnfit"),
    rate: median(all.map(({ rate }) => rate)),
    wall: median(all.map(({ wall }) => wall)),
    parts: Object.keys(all[0].seconds).map(
      (part) => `${part} ${median(all.map(({ seconds }) => seconds[part])).toFixed(2)}`,
    ),
  }));
  for (const { label, rate, wall, parts } of figures) row(name, label, whole(rate), wall.toFixed(2), parts.join(", "));
  const [own, others] = [true, false].map((isNnfit) => figures.filter((figure) => figure.isNnfit === isNnfit));
  if (others.length > 0) {
    const best = (of) => Math.max(...of.map(({ rate }) => rate));
    const least = (of) => Math.min(...of.map(({ wall }) => wall));
    row(
      name,
      "**nnfit against the best of the others**",
      `**${times(best(own) / best(others))}**`,
      `**${times(least(others) / least(own))} less**`,
      "",
    );
  }
}

if (chosen.includes("M")) {
  heading("Reading and predicting M's table, starting", "what", "median seconds", "peak MiB", "");
  const text = readFileSync(join(folder, "M.csv"), "utf8");
  writeFileSync(join(folder, "ten.csv"), `${text.split("\n").slice(0, 11).join("\n")}\n`);
  writeFileSync(join(folder, "quoted.csv"), text.replaceAll(/\b[a-z]\w*/g, '"$&"')); // as R's write.csv does
  const pandas = (table) => {
    const code = `import pandas,time;t=time.perf_counter();pandas.read_csv("${table}");print(time.perf_counter()-t)`;
    return { wall: Number(timed(python, ["-c", code]).out) };
  };
  const reads = (...settings) => {
    const { out } = nnfit("train", "M.json", "--set", "training.epochs=0", ...settings, "--out", "untrained", "--json");
    return { wall: JSON.parse(out).seconds.read };
  };
  const predicting = ["torch", "M.csv", "y", "--hidden", "256,256", "--epochs", "0", "--predict", "peer.csv"];
  const commands = {
    "node -e 0": () => timed(process.execPath, ["-e", "0"]),
    "nnfit --version": () => nnfit("--version"),
    "nnfit predict, ten rows": () => nnfit("predict", "M", "ten.csv"),
    "nnfit reads the table": () => reads(),
    "nnfit reads it with quotes": () => reads("--set", "data.train=quoted.csv"),
    "nnfit predict, the table": () => withMemory("predict", "M", "M.csv", "--out", "out.csv"),
    ...(has("pandas") && {
      "pandas.read_csv": () => pandas("M.csv"),
      "pandas.read_csv, with quotes": () => pandas("quoted.csv"),
    }),
    ...(has("torch") && { "Python script, reads, predicts, writes": () => timed(python, [script, ...predicting]) }),
  };
  const runs = Object.fromEntries(Object.keys(commands).map((name) => [name, []]));
  for (let pair = 0; pair < PAIRS; pair++) for (const name of Object.keys(commands)) runs[name].push(commands[name]());
  const of = (name) => median((runs[name] ?? []).map(({ wall }) => wall));
  const against = {
    "nnfit --version": () => `${times(of("nnfit --version") / of("node -e 0"))} node's own start`,
    "nnfit predict, ten rows": () => `${times(of("nnfit predict, ten rows") / of("node -e 0"))} node's own start`,
    "pandas.read_csv": () => `${times(of("pandas.read_csv") / of("nnfit reads the table"))} nnfit's time`,
    "pandas.read_csv, with quotes": () =>
      `${times(of("pandas.read_csv, with quotes") / of("nnfit reads it with quotes"))} nnfit's time`,
    "Python script, reads, predicts, writes": () =>
      `${times(of("Python script, reads, predicts, writes") / of("nnfit predict, the table"))} nnfit's time`,
  };
  for (const [name, all] of Object.entries(runs)) {
    const peak = median(all.map(({ megabytes }) => megabytes || 0));
    row(name, of(name).toFixed(3), peak ? peak.toFixed(0) : "", against[name]?.() ?? "");
  }
}

const limit = singleCoreLimit();
heading(
  `Products on one thread, which can do ${limit.toFixed(1)} GFLOP/s`,
  "product",
  "best µs",
  "GFLOP/s",
  "of the limit",
);
for (const { label, microseconds, gigaflops } of products()) {
  row(label, microseconds.toFixed(1), gigaflops.toFixed(1), `${((100 * gigaflops) / limit).toFixed(0)} %`);
}
say();
say(
  "The limit is what a loop of multiplications and additions in registers alone does, in the SIMD that every WebAssembly has: four floats at a time, no fused multiply-add.",
);

rmSync(folder, { recursive: true });
if (!flags.jobs) writeFileSync(fileURLToPath(new URL("RESULTS.md", import.meta.url)), `${report.join("\n")}\n`);
