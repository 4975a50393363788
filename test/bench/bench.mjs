// Times nnfit as a whole process, and where they are installed its peers, in turn: `npm run bench`.
// Writes RESULTS.md beside this file. Needs `npm run build`; no part of the test suite.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Memory } from "../../dist/engine/memory.js";
import { seededRandom } from "../../dist/engine/random.js";
import { record } from "../../dist/engine/tape.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const bin = join(root, "bin/nnfit.js");
const peer = join(root, "../shared/peers/fit.py"); // what a user would run instead, where it is there
const python = "/usr/bin/python3";
const folder = mkdtempSync(join(tmpdir(), "nnfit-bench-"));
const PAIRS = Number(process.argv[2] ?? 3);

const jobs = {
  S: { rows: 20_000, features: 8, classes: 0, hidden: [64, 64], batch: 32, optimizer: "sgd", rate: 0.01, floor: 5 },
  M: {
    rows: 100_000,
    features: 54,
    classes: 7,
    hidden: [256, 256],
    batch: 256,
    optimizer: "adam",
    rate: 0.001,
    floor: 1.3,
  },
  L: {
    rows: 50_000,
    features: 100,
    classes: 0,
    hidden: [1024, 1024, 1024],
    batch: 1024,
    optimizer: "adam",
    rate: 0.001,
    floor: 0.45,
  },
};
const epochsOf = { S: 5, M: 5, L: 1 };

/** The table of make_table.py in kind: columns of different size and offset, a target that depends on all of them. */
function writeTable(path, { rows, features, classes }) {
  const random = seededRandom(7, "split");
  const scale = Array.from({ length: features }, () => Math.exp(2 * random.normal()));
  const offset = Array.from({ length: features }, () => 10 * random.normal());
  const mix = Array.from({ length: features }, () =>
    Array.from({ length: 4 }, () => random.normal() / Math.sqrt(features)),
  );
  const lines = [[...scale.map((_, i) => `x${i}`), "y"].join(",")];
  for (let row = 0; row < rows; row++) {
    const z = scale.map(() => random.normal());
    const hidden = [0, 1, 2, 3].map((h) => Math.tanh(z.reduce((sum, value, i) => sum + value * mix[i][h], 0)));
    const signal = hidden.reduce((sum, value) => sum + value, 0) + 0.5 * random.normal();
    const y =
      classes > 0
        ? `c${Math.min(classes - 1, Math.max(0, Math.floor(((signal + 4) / 8) * classes)))}`
        : (1000 + 50 * signal).toFixed(3);
    lines.push([...z.map((value, i) => (value * scale[i] + offset[i]).toFixed(4)), y].join(","));
  }
  writeFileSync(path, `${lines.join("\n")}\n`);
}

function timed(command, args) {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(
    "/usr/bin/env",
    ["sh", "-c", 'ulimit -c 0; exec "$@"', "sh", command, ...args],
    {
      encoding: "utf8",
      maxBuffer: 2 ** 28,
      cwd: folder,
    },
  );
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr.slice(-500)}`);
  return { seconds: (performance.now() - started) / 1000, out: stdout };
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const has = (module) => existsSync(peer) && spawnSync(python, ["-c", `import ${module}, pandas`]).status === 0;
const peers = ["torch", "sklearn"].filter(has);
const say = (line = "") => {
  console.log(line);
  report.push(line);
};
const report = [];

function train(name, threads) {
  const { hidden, batch, optimizer, rate } = jobs[name];
  const config = {
    data: { train: `${name}.csv`, target: "y", validation: 0 },
    model: { hidden },
    training: { epochs: epochsOf[name], batchSize: batch, optimizer: { name: optimizer, learningRate: rate } },
    output: name,
  };
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(config));
  const { seconds, out } = timed(process.execPath, [
    bin,
    "train",
    `${name}.json`,
    "--threads",
    String(threads),
    "--json",
  ]);
  return { wall: seconds, ...JSON.parse(out) };
}

function trainPeer(kind, name, threads) {
  const { hidden, batch, optimizer, rate } = jobs[name];
  const args = [
    peer,
    kind,
    `${name}.csv`,
    "y",
    "--hidden",
    hidden.join(","),
    "--batch",
    String(batch),
    "--epochs",
    String(epochsOf[name]),
  ];
  const { seconds, out } = timed(python, [
    ...args,
    "--optimizer",
    optimizer,
    "--lr",
    String(rate),
    "--threads",
    String(threads),
  ]);
  return { wall: seconds, ...JSON.parse(out) };
}

const perSecond = (value) => Math.round(value).toLocaleString("en");
const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: root, encoding: "utf8" }).trim();
say("# Speed");
say();
say(
  `\`npm run bench\` at ${commit}, Node ${process.version}, ${cpus().length} × ${cpus()[0].model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB; medians of ${PAIRS} runs in turn. On a shared machine only ratios within one run mean something.`,
);
say();
say("| job | what | training rows/s | wall seconds | start + read + prepare + fit + save |");
say("|---|---|---|---|---|");
for (const name of Object.keys(jobs)) {
  writeTable(join(folder, `${name}.csv`), jobs[name]);
  const runs = new Map();
  const add = (label, run) => runs.set(label, [...(runs.get(label) ?? []), run]);
  for (let pair = 0; pair < PAIRS; pair++) {
    for (const threads of [1, cpus().length]) {
      add(`nnfit, ${threads} threads`, train(name, threads));
      for (const kind of peers) {
        if (kind === "sklearn" && name !== "S") continue; // far slower there
        add(`${kind}, ${threads} threads`, trainPeer(kind, name, threads));
      }
    }
  }
  const best = (isNnfit) =>
    Math.max(
      0,
      ...[...runs].filter(([label]) => label.startsWith("nnfit") === isNnfit).map(([, all]) => median(all.map(rate))),
    );
  const rate = (run) => run.rowsPerSecond ?? run.rows_per_s;
  for (const [label, all] of runs) {
    const parts = Object.keys(all[0].seconds).map((part) => median(all.map(({ seconds }) => seconds[part])).toFixed(2));
    say(
      `| ${name} | ${label} | ${perSecond(median(all.map(rate)))} | ${median(all.map(({ wall }) => wall)).toFixed(2)} | ${parts.join(" + ")} |`,
    );
  }
  const wall = (isNnfit) =>
    Math.min(
      ...[...runs]
        .filter(([label]) => label.startsWith("nnfit") === isNnfit)
        .map(([, all]) => median(all.map(({ wall }) => wall))),
    );
  if (peers.length > 0) {
    say(
      `| ${name} | **nnfit against the faster peer** | **${(best(true) / best(false)).toFixed(2)}×** (floor ${jobs[name].floor}×) | ${(wall(false) / wall(true)).toFixed(2)}× less | |`,
    );
  }
}

say();
say("| start and predict | median seconds |");
say("|---|---|");
const ten = `${readFileSync(join(folder, "M.csv"), "utf8").split("\n").slice(0, 11).join("\n")}\n`;
writeFileSync(join(folder, "ten.csv"), ten);
const commands = {
  "node -e 0": ["-e", "0"],
  "nnfit --version": [bin, "--version"],
  "nnfit predict, ten rows": [bin, "predict", "M", "ten.csv"],
  "nnfit predict, M's table": [bin, "predict", "M", "M.csv", "--out", "out.csv"],
};
const seconds = Object.fromEntries(Object.keys(commands).map((name) => [name, []]));
for (let pair = 0; pair < PAIRS; pair++) {
  for (const [name, args] of Object.entries(commands)) seconds[name].push(timed(process.execPath, args).seconds);
}
for (const [name, values] of Object.entries(seconds)) say(`| ${name} | ${median(values).toFixed(3)} |`);

say();
say("| product, one thread | best µs | GFLOP/s |");
say("|---|---|---|");
const memory = new Memory(1);
for (const [rows, inputs, outputs] of [
  [32, 64, 64],
  [256, 54, 256],
  [256, 256, 256],
  [256, 256, 7],
  [1024, 1024, 1024],
]) {
  const X = memory.matrix(rows, inputs, true);
  const W = memory.matrix(outputs, inputs);
  const dY = memory.matrix(rows, outputs, true);
  const dW = memory.matrix(outputs, inputs);
  for (const { data } of [X, W, dY]) for (let i = 0; i < data.length; i++) data[i] = ((i * 7919) % 1000) / 1000 - 0.5;
  const products = {
    X·Wᵀ: (tape) => tape.matmulT(X, W),
    dY·W: (tape) => tape.matmul(dY, W),
    dYᵀ·X: (tape) => tape.tmatmul(dY, X, dW),
  };
  for (const [label, product] of Object.entries(products)) {
    const program = record(memory, rows, product);
    let best = Number.POSITIVE_INFINITY;
    for (const until = performance.now() + 400; performance.now() < until; ) {
      const started = performance.now();
      program.play(rows);
      best = Math.min(best, performance.now() - started);
    }
    say(
      `| ${label}, ${rows} × ${inputs} × ${outputs} | ${(best * 1000).toFixed(1)} | ${((2 * rows * inputs * outputs) / best / 1e6).toFixed(1)} |`,
    );
  }
}
say();
say("Baseline SIMD without fused multiply-add can do 16 operations a cycle and core: 39 GFLOP/s at 2.45 GHz.");
rmSync(folder, { recursive: true });
writeFileSync(fileURLToPath(new URL("RESULTS.md", import.meta.url)), `${report.join("\n")}\n`);
