import { type ChildProcess, execFileSync } from "node:child_process";
import { closeSync, openSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text as whole } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { folder, json, text, works } from "./nnfit.js";
import { ended, ownNumbers, startAsFirst, written } from "./processes.js";

const table = `${["a,b", ...Array.from({ length: 40 }, (_, i) => `${i},${(i * 7) % 40}`)].join("\n")}\n`;
const config = { data: { train: "t.csv", target: "b" }, model: { hidden: [4] }, training: { epochs: 2 } };
const large = { model: { hidden: [1500, 1500], members: 2 }, training: { epochs: 1000, batchSize: "full" } };

let cwd: string;
beforeAll(async () => {
  cwd = folder({
    "t.csv": table,
    "c.json": JSON.stringify(config),
    "large.json": JSON.stringify({ ...config, ...large }),
  });
  await works(["train", "c.json"], { cwd });
});

function first(args: readonly string[], stdio?: Parameters<typeof startAsFirst>[1]["stdio"]) {
  const started = startAsFirst(args, { cwd, ...(stdio && { stdio }) });
  onTestFinished(async () => {
    if (started.child.exitCode === null) await started.signal("SIGKILL");
  });
  return started;
}

/** Until a command waits for more of its input. */
async function waiting(child: ChildProcess, input: string) {
  child.stdin!.write(input);
  await wait(1_500);
}

describe.runIf(ownNumbers)("as the first process of a container", () => {
  it.each([
    ["evaluate", ["evaluate", "runs/c", "-"]],
    ["predict", ["predict", "runs/c", "-"]],
  ])("%s ends at a signal", async (_, args) => {
    const { child, signal } = first(args);
    await waiting(child, table);
    await signal("SIGTERM");
    expect(await ended(child, 5)).toEqual({ code: 143, signal: null });
  });

  it("train ends at a signal while it reads its table", async () => {
    execFileSync("mkfifo", [join(cwd, "slow.csv")]);
    const { child, signal } = first(["train", "c.json", "--set", "data.train=slow.csv", "--out", "slow"]);
    const pipe = openSync(join(cwd, "slow.csv"), "w"); // waits until it reads
    writeFileSync(pipe, "a,b\n1,2\n");
    await signal("SIGINT");
    expect(await ended(child, 5)).toEqual({ code: 130, signal: null });
    closeSync(pipe);
    expect(readdirSync(cwd)).not.toContain("slow");
  });

  it("predict --out ends at a signal, and leaves nothing of the file", async () => {
    const { child, signal } = first(["predict", "runs/c", "-", "--out", "p.csv", "--json"]);
    const out = whole(child.stdout!);
    child.stdin!.write(table);
    while (!readdirSync(cwd).some((name) => name.startsWith("p.csv."))) await wait(20);
    await signal("SIGTERM");
    expect(await ended(child, 5)).toEqual({ code: 143, signal: null });
    expect(json(await out)).toMatchObject({ error: { code: "stopped", exit: 143 } });
    expect(readdirSync(cwd).filter((name) => name.startsWith("p.csv"))).toEqual([]);
  });

  it("train stops at one signal with a checkpoint, and at a second one at once", async () => {
    const begun = async (out: string) => {
      const run = first(["train", "large.json", "--threads", "2", "--out", out]);
      await written(run.child.stderr!, /^epoch +1\//m);
      run.child.stderr!.resume();
      return run;
    };
    const once = await begun("once");
    await once.signal("SIGTERM");
    expect(await ended(once.child, 60)).toEqual({ code: 143, signal: null });
    expect(readdirSync(join(cwd, "once", "checkpoints"))).toHaveLength(1);
    const twice = await begun("twice");
    await twice.signal("SIGINT");
    await wait(30);
    await twice.signal("SIGINT");
    expect(await ended(twice.child, 5)).toEqual({ code: 130, signal: null });
  }, 120_000);

  it("everything else is as it is elsewhere: exit codes, standard input, events", async () => {
    const failed = first(["predict", "runs/none", "t.csv"]);
    expect(await ended(failed.child, 20)).toEqual({ code: 6, signal: null });
    const predicted = first(["predict", "runs/c", "-"]);
    predicted.child.stdin!.end(table);
    expect((await whole(predicted.child.stdout!)).split("\n")).toHaveLength(42);
    const events = openSync(join(cwd, "events"), "w");
    const told = ["ignore", "ignore", "ignore", "ignore", "ignore", events] as const;
    const trained = first(["train", "c.json", "--events", "5"], [...told]);
    closeSync(events);
    expect(await ended(trained.child, 20)).toEqual({ code: 0, signal: null });
    expect(text(cwd, "events")).toBe(text(cwd, "runs", "c", "events.ndjson"));
  });
});
