import type { Command } from "commander";
import { memoryText } from "../train/preflight.js";
import { type Examination, examine } from "./examination.js";
import { checkFailure, printResult } from "./failure.js";
import { endWith } from "./report.js";
import { count, labelled, print } from "./text.js";
import { example } from "./usage.js";

interface DoctorOptions {
  readonly json?: boolean;
}

export function configure(command: Command): Command {
  return command
    .option("--json", "print one JSON object")
    .addHelpText("before", example("nnfit doctor", "nnfit doctor --json"))
    .action(doctorAction);
}

async function doctorAction({ json }: DoctorOptions): Promise<void> {
  const found = await examine({ folder: process.cwd(), library: process.env.NNFIT_BLAS });
  const { ok, ...parts } = found;
  const failure = ok ? undefined : checkFailure("some checks failed on this machine", { have: whatFails(parts) });
  if (json) printResult({ version: 1, ok, ...parts }, failure);
  else {
    const { nnfit, node, system, processor, threads, memory, blas, folder, selfTest } = parts;
    const lines = {
      nnfit,
      node,
      system,
      processor: `${processor}, ${count(threads, "thread")}`,
      memory: `${memoryText(memory.available)} available of ${memoryText(memory.total)}`,
      blas: blas.name ?? `${blas.error} (only "backend": "blas" needs it)`,
      folder: `${folder.path}: ${folder.error ?? "can be written"}`,
      "self-test": selfTest.map(({ name, ok, error }) => `${name}: ${ok ? "ok" : (error ?? "failed")}`).join("; "),
    };
    for (const [label, text] of Object.entries(lines)) print(labelled(label, text, 9));
    print([ok ? "all checks passed" : "some checks failed: see above"]);
  }
  if (failure) endWith(failure);
}

function whatFails({ selfTest, folder }: Pick<Examination, "selfTest" | "folder">): string {
  const failed = selfTest
    .filter(({ ok }) => !ok)
    .map(({ name, error }) => `self-test of ${name}: ${error ?? "failed"}`);
  return [...failed, ...(folder.error === undefined ? [] : [`${folder.path}: ${folder.error}`])].join("; ");
}
