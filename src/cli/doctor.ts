import { Command } from "commander";
import { CHECK_FAILED } from "./exit.js";
import { labelled } from "./text.js";
import { example } from "./usage.js";

interface DoctorOptions {
  readonly json?: boolean;
}

export function doctorCommand(): Command {
  return new Command("doctor")
    .description("tell what nnfit finds on this machine, and whether it computes the same bits here as everywhere")
    .option("--json", "print one JSON object")
    .addHelpText("before", example("nnfit doctor", "nnfit doctor --json"))
    .action(doctorAction);
}

async function doctorAction({ json }: DoctorOptions): Promise<void> {
  const { examine } = await import("./examination.js");
  const found = await examine({ folder: process.cwd(), library: process.env.NNFIT_BLAS });
  const { ok, ...parts } = found;
  if (json) console.log(JSON.stringify({ version: 1, ok, ...parts }));
  else {
    const { nnfit, node, system, processor, threads, memory, blas, folder, selfTest } = parts;
    const lines = {
      nnfit,
      node,
      system,
      processor: `${processor}, ${threads} to compute with at once`,
      memory: `${gibibytes(memory.available)} available of ${gibibytes(memory.total)}`,
      blas: blas.name ?? `${blas.error} (only "backend": "blas" needs it)`,
      folder: `${folder.path}: ${folder.error ?? "can be written"}`,
      "self-test": selfTest.map(({ name, ok, error }) => `${name}: ${ok ? "ok" : (error ?? "failed")}`).join("; "),
    };
    for (const [label, text] of Object.entries(lines)) console.log(labelled(label, text, 9));
    console.log(ok ? "all is well" : "not all is well: see above");
  }
  if (!ok) process.exitCode = CHECK_FAILED;
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
