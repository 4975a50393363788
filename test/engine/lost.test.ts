import { once } from "node:events";
import type { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Memory } from "../../src/engine/memory.js";
import { record } from "../../src/engine/tape.js";
import { startThread, threadError } from "../../src/engine/threads.js";

/** The threads that the engine has started, and whether those it starts from now on never run. */
const threads = vi.hoisted(() => ({
  started: [] as Worker[],
  neverRun: false,
  refusal: undefined as Error | undefined,
}));

vi.mock("node:worker_threads", async (original) => {
  const module = await original<typeof import("node:worker_threads")>();
  class Watched extends module.Worker {
    constructor(...args: ConstructorParameters<typeof module.Worker>) {
      super(...args);
      threads.started.push(this);
    }
  }
  class Absent {
    on() {}
    unref() {}
    terminate() {}
  }
  const Started = new Proxy(Watched, {
    construct: (_, args) => {
      if (threads.refusal) throw threads.refusal;
      return threads.neverRun ? new Absent() : new Watched(...(args as ConstructorParameters<typeof module.Worker>)); // as it was called
    },
  });
  return { ...module, Worker: Started };
});

const aFault = expect.objectContaining({ kind: "fault" });
/** 50 ms */
const PATIENCE = 50_000_000n;

/** A memory with threads that have worked, and a program to play on it. */
function working(count: number) {
  threads.started.length = 0;
  const memory = new Memory(count, PATIENCE);
  const x = memory.matrix(1, 400);
  const program = record(memory, 1, (tape) => tape.add(x, 1));
  program.play(1);
  expect(program.result.data.every((value) => value === 1)).toBe(true);
  return { memory, program };
}

/** Lets whole seconds pass in no time where the engine waits for a thread to be ready. */
function hurry(): void {
  vi.spyOn(Atomics, "wait").mockReturnValue("timed-out");
}

/** Lets an hour pass in the next wait for a thread to be ready, as for a process that is stopped meanwhile. */
function stopForAnHour(): void {
  const now = Date.now();
  vi.spyOn(Atomics, "wait").mockImplementationOnce(() => {
    vi.spyOn(Date, "now").mockReturnValue(now + 3_600_000);
    return "timed-out";
  });
}

afterEach(() => {
  vi.restoreAllMocks();
  threads.neverRun = false;
});

describe("threads", () => {
  it("end when the memory is closed", async () => {
    const { memory } = working(4);
    expect(threads.started.length).toBe(3);
    const ends = threads.started.map((thread) => once(thread, "exit", { signal: AbortSignal.timeout(5000) }));
    memory.close();
    expect(await Promise.all(ends)).toEqual([[0], [0], [0]]);
  });

  it("that went home are a fault, not a wait without end", () => {
    const { memory, program } = working(2);
    memory.close();
    expect(() => program.play(1)).toThrow(aFault);
  });

  it("of which one has died are a fault, each time", async () => {
    const { memory, program } = working(4);
    await threads.started[1]!.terminate();
    for (let time = 0; time < 3; time++) expect(() => program.play(1)).toThrow(aFault);
    memory.close();
  });

  it("of which one has died can't be given code: a fault", async () => {
    const { memory } = working(3);
    await threads.started[0]!.terminate();
    const x = memory.matrix(1, 4);
    hurry();
    expect(() => record(memory, 1, (tape) => tape.square(x))).toThrow(aFault);
    memory.close();
  });

  it("are not lost where the process was stopped while they start, or are given code", () => {
    stopForAnHour();
    const { memory } = working(2);
    const x = memory.matrix(1, 4);
    stopForAnHour();
    expect(() => record(memory, 1, (tape) => tape.square(x))).not.toThrow();
    memory.close();
  });

  it("that the system refuses are a fault with its reason", () => {
    threads.refusal = new Error("EAGAIN");
    const details = expect.objectContaining({ have: "EAGAIN" });
    expect(() => startThread("worker", undefined)).toThrow(expect.objectContaining({ kind: "fault", details }));
    threads.refusal = undefined;
    const failure = Object.assign(new Error("EMFILE"), { code: "ERR_WORKER_INIT_FAILED" });
    expect(threadError(failure)).toMatchObject({ kind: "fault", details: { have: "EMFILE" } });
    const other = new Error("something else");
    expect(threadError(other)).toBe(other);
  });

  it("that can't be started are a fault", () => {
    threads.neverRun = true;
    hurry();
    expect(() => new Memory(2)).toThrow(aFault);
  });
});
