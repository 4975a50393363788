// Trainings that are killed (kill -9) at random instants, half of them while a checkpoint is being written, and then go
// on: node test/torture/kill.mjs [--rounds N]. No file may be unreadable after a kill, and what there is at the end must be
// what a training leaves that was never killed. One round is one kill.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("../..", import.meta.url));
const bin = join(root, "bin", "nnfit.cjs");
const { loadCheckpoint, loadModel } = await import("../../dist/artifact/model.js");
/** After so many kills a training goes on to its end. */
const KILLS = 6;
/** A start takes about so long, and a training with a checkpoint at every update. */
const START_MILLISECONDS = 150;
const TRAINING_MILLISECONDS = 600;

const home = mkdtempSync(join(realpathSync(tmpdir()), "nnfit-kill-"));
process.on("exit", () => rmSync(home, { recursive: true, force: true, maxRetries: 3 }));
const rows = Array.from({ length: 40 }, (_, i) => `${i % 17},${(i * i) % 29},${(i * 7) % 31}`);
writeFileSync(join(home, "t.csv"), `${["a,b,y", ...rows].join("\n")}\n`);
const training = {
  ...{ epochs: 12, batchSize: 8, optimizer: "adam", patience: 9 },
  checkpoint: { everySeconds: 1e-6 },
};
const modelFiles = ["config.json", "events.ndjson", "history.csv", "model.safetensors"];
const foldFiles = ["config.json", "folds.csv", "out-of-fold.csv"];
const trainings = {
  single: { model: { hidden: [8], dropout: 0.2 }, args: [], files: modelFiles },
  ensemble: { model: { hidden: [8], dropout: 0.2, members: 3 }, args: ["--threads", "2"], files: modelFiles },
  folds: { model: { hidden: [8], dropout: 0.2 }, args: ["--threads", "2", "--folds", "3"], files: foldFiles },
};
for (const [name, { model }] of Object.entries(trainings)) {
  const config = { data: { train: "t.csv", target: "y" }, task: "regression", model, training };
  writeFileSync(join(home, `${name}.json`), JSON.stringify(config));
}

/** Trains, and is killed when `kill` says so. Whether it came to its end. */
async function train(name, folder, args, kill = () => {}) {
  const child = spawn(process.execPath, [bin, "train", `${name}.json`, "--out", folder, ...args], { cwd: home });
  let told = "";
  child.stderr.on("data", (bytes) => {
    told += bytes;
  });
  const ended = new Promise((resolve) => child.on("close", (...end) => resolve(end)));
  kill(() => child.kill("SIGKILL"), ended);
  const [code, signal] = await ended;
  assert.ok(code === 0 || signal === "SIGKILL", `exit code ${code}: ${told}`);
  return code === 0;
}

/** At any time of a start and a training. */
function atRandom(kill, ended) {
  const timer = setTimeout(kill, Math.random() * (START_MILLISECONDS + TRAINING_MILLISECONDS));
  ended.then(() => clearTimeout(timer));
}

/** At one of the first moments at which a checkpoint is half written. */
const whileWriting = (folder) => (kill, ended) => {
  let left = 1 + Math.floor(Math.random() * 12);
  let seen = "";
  const look = setInterval(() => {
    const half = checkpointsOf(folder).find((file) => file.endsWith(".tmp"));
    if (half && half !== seen) left--;
    seen = half ?? seen;
    if (half && left <= 0) kill();
  }, 1);
  ended.then(() => clearInterval(look));
};

/** A training that is done takes its checkpoints away, at any moment. */
function filesOf(folder) {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (error.code === "ENOENT") return [];
    throw error;
  }
}

/** Paths, also of those that are half written; of folds too. */
function checkpointsOf(folder) {
  const folders = ["checkpoints", ...filesOf(join(folder, "folds")).map((fold) => join("folds", fold))];
  return folders.flatMap((name) => filesOf(join(folder, name)).map((file) => join(folder, name, file)));
}

function expectReadable(folder) {
  for (const path of checkpointsOf(folder)) if (!path.endsWith(".tmp")) loadCheckpoint(path);
  for (const file of filesOf(folder)) {
    const path = join(folder, file);
    if (file === "config.json") JSON.parse(readFileSync(path, "utf8"));
    if (file === "model.safetensors") loadModel(path);
    if (file === "history.csv") assert.match(readFileSync(path, "utf8"), /^epoch,loss(,\w+)*\n(\d+(,[^,\n]+)+\n)*$/);
  }
}

/** What a training that nobody kills ends with. */
const resultOf = (folder, { files }) =>
  files.filter((file) => !/config|events/.test(file)).map((file) => readFileSync(join(folder, file)));
const wholes = {};

let current;
/** Does one round, and throws where a promise is broken. */
export async function killRound() {
  try {
    await killAndLook();
  } catch (error) {
    current = undefined;
    rmSync(join(home, "run"), { recursive: true, force: true });
    throw error;
  }
}

async function killAndLook() {
  if (!current) {
    const name = ["single", "single", "ensemble", "folds"][Math.floor(4 * Math.random())];
    if (!wholes[name]) {
      await train(name, "whole", [...trainings[name].args, "--threads", "1"]);
      wholes[name] = resultOf(join(home, "whole"), trainings[name]);
      rmSync(join(home, "whole"), { recursive: true });
    }
    current = { name, kills: 0 };
  }
  const { name } = current;
  const folder = join(home, "run");
  const args = () => [
    ...trainings[name].args,
    ...(checkpointsOf(folder).some((file) => !file.endsWith(".tmp")) ? ["--resume"] : []),
  ];
  let isDone = await train(name, "run", args(), Math.random() < 0.5 ? atRandom : whileWriting(folder));
  expectReadable(folder);
  current.kills++;
  if (!isDone && current.kills < KILLS) return;
  isDone ||= await train(name, "run", args());
  assert.ok(isDone);
  for (const [i, bytes] of resultOf(folder, trainings[name]).entries())
    assert.ok(bytes.equals(wholes[name][i]), "other bytes");
  assert.deepEqual(filesOf(folder).sort(), trainings[name].files);
  rmSync(folder, { recursive: true });
  current = undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { rounds } = parseArgs({ options: { rounds: { type: "string", default: "1000" } } }).values;
  let broken = 0;
  for (let round = 0; round < Number(rounds); round++) {
    try {
      await killRound();
    } catch (error) {
      broken++;
      console.error(error);
    }
  }
  console.log(`kill -9: ${rounds} rounds, ${broken} promises broken`);
  process.exitCode = broken > 0 ? 1 : 0;
}
