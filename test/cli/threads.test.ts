import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { folder, json, start, text } from "./nnfit.js";
import { ended, written } from "./processes.js";

/** Enough arithmetic for four threads in each batch, and an epoch of a fraction of a second. */
function wide(epochs: number): string {
  const rows = Array.from({ length: 600 }, (_, i) => `${i % 17},${i % 29},${i % 31},${(i * i) % 97}`);
  return folder({
    "t.csv": ["a,b,c,y", ...rows].join("\n"),
    "c.json": JSON.stringify({
      data: { train: "t.csv", target: "y", validation: 0 },
      task: "regression",
      model: { hidden: [256, 256] },
      training: { epochs, batchSize: 100, optimizer: { name: "sgd", learningRate: 0.001 } },
    }),
  });
}

function train(cwd: string) {
  const child = start(["train", "c.json", "--threads", "4", "--json"], { cwd });
  onTestFinished(() => void child.kill("SIGKILL")); // where the test failed before its end
  return child;
}

describe("nnfit train --threads 4", () => {
  it("ends as soon as it has told its result: no thread keeps it", async () => {
    const cwd = wide(2);
    const child = train(cwd);
    child.stderr.resume();
    const result = await written(child.stdout, /\n/);
    expect(await ended(child, 2)).toEqual({ code: 0, signal: null });
    expect(json<object>(result)).toMatchObject({ threads: 4, epochs: 2 });
  });

  // Windows has no signals: there kill ends a process at once, whatever it does.
  it.skipIf(process.platform === "win32")("is stopped by Ctrl-C in the middle of an epoch, soon", async () => {
    const cwd = wide(100_000);
    const child = train(cwd);
    child.stdout.resume();
    await written(child.stderr, /^epoch +2\//m);
    child.stderr.resume();
    child.kill("SIGINT");
    expect(await ended(child, 2)).toEqual({ code: 130, signal: null });
    expect(text(join(cwd, "runs", "c", "history.csv"))).toMatch(/^epoch,loss\n1,/); // what was done is there
  });
});
