import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { arch, availableParallelism, cpus, platform, release, totalmem } from "node:os";
import { join } from "node:path";
import { version } from "../artifact/version.js";
import { writeWhole } from "../artifact/write.js";
import { configSchema } from "../config/schema.js";
import type { Table } from "../data/table.js";
import { findBlas } from "../engine/blas.js";
import { seededRandom } from "../engine/random.js";
import { NnfitError } from "../errors.js";
import { availableMemory } from "../train/preflight.js";
import { prepare } from "../train/prepare.js";
import { findTask } from "../train/task.js";
import { engineFor, train } from "../train/train.js";

/** A self-test: a network is trained, and its weights have to have the bits that they have everywhere. */
export interface SelfTest {
  readonly name: string;
  readonly ok: boolean;
  /** SHA-256 of the weights */
  readonly digest?: string;
  readonly error?: string;
}

export interface Examination {
  /** nothing is wrong; a BLAS library may be missing */
  readonly ok: boolean;
  readonly nnfit: string;
  readonly node: string;
  readonly system: string;
  readonly processor: string;
  readonly threads: number;
  /** bytes */
  readonly memory: { readonly total: number; readonly available: number };
  readonly blas: { readonly name?: string; readonly error?: string };
  readonly folder: { readonly path: string; readonly error?: string };
  readonly selfTest: readonly SelfTest[];
}

export interface Surroundings {
  /** where runs would be written */
  readonly folder: string;
  /** a BLAS library's path, over the system's */
  readonly library: string | undefined;
  /** what the self-tests' weights have to be */
  readonly expected?: string;
}

/** SHA-256 of the weights after the training below, on every machine. Where it changes, so do all models. */
export const DIGEST = "021226219d2c41314520093f773210b684fb6263c81e43c5dadbde02f4cf129f";

const selfTests = { "one thread": 1, "two threads": 2 };

/** What nnfit finds on this machine, and whether it works there as it should. */
export async function examine({ folder, library, expected = DIGEST }: Surroundings): Promise<Examination> {
  const selfTest: SelfTest[] = [];
  for (const [name, threads] of Object.entries(selfTests)) selfTest.push(await tested(name, threads, expected));
  const written = writable(folder);
  return {
    ok: selfTest.every(({ ok }) => ok) && written === undefined,
    nnfit: version,
    node: process.version,
    system: `${platform()} ${release()}, ${arch()}`,
    processor: cpus()[0]?.model.trim() ?? "unknown",
    threads: availableParallelism(),
    memory: { total: totalmem(), available: availableMemory() },
    blas: await blasFound(library),
    folder: { path: folder, ...(written !== undefined && { error: written }) },
    selfTest,
  };
}

async function tested(name: string, threads: number, expected: string): Promise<SelfTest> {
  try {
    const digest = await trainedDigest(threads);
    const ok = digest === expected;
    return { name, ok, digest, ...(!ok && { error: "different bits from other machines" }) };
  } catch (error) {
    return { name, ok: false, error: messageOf(error) };
  }
}

/** Numbers and words, missing cells, all kinds of layers: what most trainings use. */
async function trainedDigest(threads: number): Promise<string> {
  const config = configSchema.parse({
    data: { train: "self-test", target: "y" },
    model: { hidden: [96, 64], activation: "gelu", dropout: 0.1, parametric: true, scaling: true },
    training: { epochs: 6, optimizer: "adamw", schedule: { learningRate: "cosine" } },
  });
  const task = findTask(knownTable(), config.data, config.task);
  const prepared = await prepare(task, config, () => Promise.reject(new Error("not needed")));
  const { members } = await train(prepared, await engineFor(prepared, { threads }), { progress() {}, report() {} });
  const hash = createHash("sha256");
  for (const { weights } of members) hash.update(Buffer.from(weights.buffer, weights.byteOffset, weights.byteLength));
  return hash.digest("hex");
}

const ROWS = 4_000;

function knownTable(): Table {
  const random = seededRandom(1, "split");
  const draw = () => Float64Array.from({ length: ROWS }, () => random.uniform());
  const [a, b, noise] = [draw(), draw(), draw()];
  const codes = Int32Array.from(draw(), (x) => Math.floor(x * 4) - 1);
  const y = a.map((x, row) => x * b[row]! + 0.1 * codes[row]! + 0.01 * noise[row]!);
  a.fill(Number.NaN, 0, 40);
  return {
    source: "the self-test's table",
    rows: ROWS,
    lines: Int32Array.from({ length: ROWS }, (_, row) => row + 2),
    columns: [
      { type: "number", name: "a", values: a },
      { type: "number", name: "b", values: b },
      { type: "category", name: "kind", codes, categories: ["x", "y", "z"] },
      { type: "number", name: "y", values: y },
    ],
  };
}

/** What is wrong with writing into a folder, if anything is. */
function writable(folder: string): string | undefined {
  const probe = join(folder, `.nnfit-doctor.${process.pid}`);
  try {
    writeWhole(probe, Buffer.from("nnfit"));
    rmSync(probe);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

async function blasFound(library: string | undefined): Promise<Examination["blas"]> {
  try {
    const { name } = await findBlas({ threads: "auto", library });
    return { name };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

function messageOf(error: unknown): string {
  if (error instanceof NnfitError) return error.message;
  return error instanceof Error ? `a bug in nnfit: ${error.message}` : String(error);
}
