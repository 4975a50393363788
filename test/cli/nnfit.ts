import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { parse } from "csv-parse/sync";
import { afterAll } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
export const bin = join(root, "bin", "nnfit.cjs");
export const config = (name: string) => join(root, "configs", `${name}.json`);
export const dataset = (name: string) => join(root, "datasets", `${name}.csv`);

export interface Outcome {
  readonly code: number | null;
  /** standard output */
  readonly out: string;
  /** standard error */
  readonly err: string;
}

export interface Surroundings {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** of standard input, whole or in the chunks that it comes in */
  readonly input?: string | Iterable<Uint8Array>;
  /** another node executable */
  readonly node?: string;
}

/** This process's environment without what a developer may have set there for other reasons. */
export function environment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { NO_COLOR: _, FORCE_COLOR: __, NODE_OPTIONS: ___, CI: ____, ...rest } = process.env;
  const ours = Object.entries(rest).filter(([name]) => !name.startsWith("GITHUB_"));
  return { ...Object.fromEntries(ours), ...more } as Record<string, string>; // the process gives no undefined ones
}

/** Starts the real command line. */
export function start(args: readonly string[], { cwd, env, node = process.execPath }: Surroundings = {}) {
  return spawn(node, [bin, ...args], { cwd, env: environment(env) });
}

/** Runs the real command line to its end. */
export async function nnfit(args: readonly string[], surroundings: Surroundings = {}): Promise<Outcome> {
  const { input = "" } = surroundings;
  const child = start(args, surroundings);
  child.stdin.on("error", () => {}); // it may end before it has read all
  Readable.from(typeof input === "string" ? [input] : input, { objectMode: true }).pipe(child.stdin);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (bytes: Buffer) => out.push(bytes));
  child.stderr.on("data", (bytes: Buffer) => err.push(bytes));
  const code = await new Promise<number | null>((resolve, reject) => child.on("close", resolve).on("error", reject));
  return { code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() };
}

/** The same, for a command that has to work. */
export async function works(args: readonly string[], surroundings?: Surroundings): Promise<Outcome> {
  const outcome = await nnfit(args, surroundings);
  if (outcome.code !== 0) throw new Error(`nnfit ${args.join(" ")}: exit code ${outcome.code}\n${outcome.err}`);
  return outcome;
}

const folders: string[] = [];
afterAll(() => {
  for (const path of folders.splice(0)) rmSync(path, { recursive: true, force: true, maxRetries: 3 });
});

export type Files = Readonly<Record<string, string | Uint8Array>>;

/** A temporary folder with some files, removed after the tests of this file. */
export function folder(files: Files = {}): string {
  const path = mkdtempSync(join(realpathSync(tmpdir()), "nnfit-"));
  folders.push(path);
  put(path, files);
  return path;
}

/** Writes files into a folder. */
export function put(path: string, files: Files): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  }
}

/** Every file below a folder, with the digest of its bytes. */
export function contents(path: string): Record<string, string> {
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory());
  const names = files.map(({ parentPath, name }) => join(parentPath, name)).sort();
  return Object.fromEntries(names.map((name) => [name.slice(path.length + 1).replaceAll("\\", "/"), digest(name)]));
}

export function digest(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

/** The digest of a run folder's model. */
export function modelDigest(run: string): string {
  return digest(join(run, "model.safetensors"));
}

export function text(...path: string[]): string {
  return readFileSync(join(...path), "utf8");
}

export function json<Value>(content: string): Value {
  return JSON.parse(content) as Value; // the test that asks knows what it is
}

/** The records of a CSV text, by column. */
export function records(csv: string): Record<string, string>[] {
  return parse(csv, { columns: true }) as Record<string, string>[]; // columns are named by the header
}

export function cells(csv: string): string[][] {
  return parse(csv) as string[][]; // without `columns`
}

/** The cells of one column as numbers. */
export function numbers(csv: string, column: string): number[] {
  return records(csv).map((record) => Number(record[column]));
}

/** The words of a command line as a shell would take them. */
export function words(command: string): string[] {
  return (command.match(/"[^"]*"|'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^(["'])(.*)\1$/, "$2"));
}

/** What a process has in memory, where the system tells it; else 0. */
export function residentMegabytes(pid: number): number {
  const file = `/proc/${pid}/status`;
  if (!existsSync(file)) return 0;
  return Number(readFileSync(file, "utf8").match(/VmRSS:\s+(\d+) kB/)?.[1] ?? 0) / 1000;
}
