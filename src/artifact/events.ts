import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { fileError } from "../errors.js";
import type { Fingerprint } from "../train/fingerprint.js";
import { systemFiles } from "./files.js";
import { GrowingFile } from "./growing.js";
import { parseJson } from "./json.js";
import { EVENTS_FILE } from "./lastEvent.js";
import { Listener } from "./listener.js";
import { version } from "./version.js";

const score = z.number().nullable().describe("null if it is not finite");
const scores = z.record(z.string(), score);
const head = <Name extends string>(name: Name) => ({
  version: z.literal(1).describe("of this format"),
  event: z.literal(name),
  time: z.iso.datetime().describe("when it was written"),
});

const schemas = [
  z
    .strictObject({
      ...head("start"),
      nnfit: z.string().describe("its version"),
      task: z.enum(["regression", "classification"]),
      members: z.int().positive().describe("number of networks"),
      trainingRows: z.int().positive(),
      epochs: z.int().min(0).describe("to be done"),
      data: z.record(z.string(), z.string()).describe("what training learns from: a digest of each part"),
      resumed: z
        .strictObject({
          checkpoint: z.string().describe("the checkpoint that training continues from"),
          epoch: z.int().min(0).describe("epochs that were reported before it; later ones are reported again"),
        })
        .optional(),
    })
    .describe("training starts or continues"),
  z
    .strictObject({
      ...head("epoch"),
      epoch: z.int().positive(),
      loss: score.describe("the mean of its batches' losses, weighted by rows, in scaled units"),
      validation: z.strictObject({ loss: score, scores }).optional(),
    })
    .describe("every network has done this epoch or will not do it: means over those that have"),
  z
    .strictObject({
      ...head("checkpoint"),
      file: z.string(),
      epoch: z.int().min(0).describe("epochs reported so far"),
    })
    .describe("a checkpoint to continue from has been written"),
  z
    .strictObject({ ...head("warning"), message: z.string(), at: z.string().optional() })
    .describe("something is wrong, but training continues"),
  z
    .strictObject({
      ...head("end"),
      status: z.enum(["done", "stopped", "failed"]).describe("stopped: by a signal; --resume continues"),
      exitCode: z.int(),
      model: z.string().optional().describe("the model file, if one was written"),
      epochs: z.int().min(0).optional().describe("done"),
      keptEpoch: z.int().min(0).optional().describe("the epoch whose weights the model has"),
      scores: scores.optional(),
      error: z.strictObject({ kind: z.string(), message: z.string() }).optional(),
    })
    .describe("training has ended"),
] as const;

/** A line of events.ndjson. */
export const eventSchema = z.discriminatedUnion("event", [...schemas]);
export type TrainingEvent = z.output<typeof eventSchema>;
type Without<E> = E extends unknown ? Omit<E, "version" | "time"> : never;
/** What happened; version and time are added. */
export type Happening = Without<TrainingEvent>;

/** The JSON Schema of a line of events.ndjson. */
export function eventsJsonSchema(): string {
  const schema = z.toJSONSchema(eventSchema);
  return `${JSON.stringify({ title: "nnfit event", ...schema }, undefined, 2)}\n`;
}

interface EventsOptions {
  /** where they go too */
  readonly descriptor?: number | undefined;
  /** told if they can't be written there any more, though somebody listens */
  readonly lost?: (error: unknown) => void;
}

/** The events of a run, one line of JSON each. They are added to what is there: those of the run that goes on, or nothing. */
export class Events {
  private readonly file: GrowingFile;
  private readonly listener: Listener | undefined;

  /** `name` is how people are told the folder. */
  constructor(
    folder: string,
    name: string,
    private readonly now: () => Date,
    { descriptor, lost = () => {} }: EventsOptions,
    files = systemFiles,
  ) {
    const path = join(folder, EVENTS_FILE);
    const before = existsSync(path) ? read(path, `${name}/${EVENTS_FILE}`) : "";
    const whole = before.slice(0, before.lastIndexOf("\n") + 1); // the last line may have been cut short
    this.file = new GrowingFile(path, `${name}/${EVENTS_FILE}`, whole, files);
    if (descriptor !== undefined) this.listener = new Listener(descriptor, lost);
  }

  add(happening: Happening): void {
    const event = { version: 1, ...happening, time: this.now().toISOString() };
    const line = `${JSON.stringify(event)}\n`;
    this.file.append(line);
    this.listener?.tell(line);
  }

  /** Where somebody listens, waits until all is heard, or `briefly`. */
  close({ briefly = false } = {}): void {
    this.file.close();
    this.listener?.close({ briefly });
  }
}

/** How the last run in a folder ended, and what it learned from, as far as its events say. `name` is how people are told the folder. */
export function lastRun(folder: string, name = folder): { readonly status?: string; readonly data?: Fingerprint } {
  const path = join(folder, EVENTS_FILE);
  if (!existsSync(path)) return {};
  const lines = read(path, `${name}/${EVENTS_FILE}`).trimEnd().split("\n");
  const parse = (line: string | undefined) => eventSchema.safeParse(parseJson(line ?? "")).data;
  const last = parse(lines.at(-1));
  const start = parse(lines.findLast((line) => line.includes('"event":"start"')));
  return {
    ...(last?.event === "end" && { status: last.status }),
    ...(start?.event === "start" && { data: start.data }),
  };
}

/** What the last run in a folder learned from, if it was done. */
export function doneRun(folder: string, name = folder): { readonly data: Fingerprint } | undefined {
  const { status, data } = lastRun(folder, name);
  return status === "done" && data ? { data } : undefined;
}

function read(path: string, name: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw fileError("read the events", name, error);
  }
}

export function startEvent(of: Omit<Extract<Happening, { event: "start" }>, "event" | "nnfit">): Happening {
  return { event: "start", nnfit: version, ...of };
}
