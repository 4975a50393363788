import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folder, json, modelDigest, nnfit, numbers, records, text, works } from "./nnfit.js";

/** Few rows are "yes", and each says how much it counts. */
const rows = Array.from({ length: 60 }, (_, i) => {
  const x = ((i * 7919) % 101) / 50 - 1;
  const z = ((i * 104729) % 89) / 44 - 1;
  return `${x},${z},${1 + (i % 4)},${x + z > 0.8 ? "yes" : "no"}`;
});
const table = ["x,z,w,y", ...rows].join("\n");
const config = {
  data: { train: "t.csv", target: "y", weight: "w", validation: 0.25 },
  model: { hidden: [8], members: 2 },
  training: { epochs: 6, bestBy: "f1", classWeights: "balanced", schedule: { warmUp: { epochs: 1 } } },
};
const files = (changes: object = {}) => ({ "t.csv": table, "c.json": JSON.stringify({ ...config, ...changes }) });
const set = (...values: string[]) => values.flatMap((value) => ["--set", value]);

describe("nnfit train with weights", () => {
  it("says by what, and what a model was trained with", async () => {
    const cwd = folder(files());
    const { err } = await works(["train", "c.json", ...set("training.schedule.learningRate=plateau")], { cwd });
    expect(err).toMatch(/^ {2}weights +rows by w; classes balanced$/m);
    expect(err).toMatch(/^ {2}inputs +2 numbers: x, z$/m);
    const { out } = await works(["inspect", "runs/c"], { cwd });
    expect(out).toMatch(/^ +learningRate by the schedule plateau \(factor 0\.1, patience 10, /m);
    expect(out).toMatch(/^ +learningRate warmed up in 1 epoch$/m);
    expect(out).toMatch(/^ +class weights balanced$/m);
    const again = await works(["train", "c.json", ...set('training.classWeights={"yes":4}')], { cwd });
    expect(again.err).toMatch(/^ {2}weights +rows by w; classes yes 4$/m);
    const resolved = json<typeof config>(text(cwd, "runs", "c", "config.json"));
    expect(resolved).toMatchObject({ data: { weight: "w" }, training: { classWeights: { yes: 4 }, bestBy: "f1" } });
  });

  it("keeps the epoch that is best by a score that is else told at the end, and writes it down", async () => {
    const cwd = folder(files({ model: { hidden: [8] } }));
    const { err } = await works(["train", "c.json"], { cwd });
    const history = text(cwd, "runs", "c", "history.csv");
    expect(history.split("\n")[0]).toBe("epoch,loss,val_loss,val_accuracy,val_logLoss,val_f1");
    const scores = numbers(history, "val_f1");
    const best = scores.lastIndexOf(Math.max(...scores));
    expect(err).toContain(`kept epoch ${best + 1}, the best by f1`);
    expect(err).toMatch(new RegExp(`^epoch 1/6 .* val_f1 ${Number(records(history)[0]!.val_f1).toPrecision(5)}$`, "m"));
  });

  it("makes the same bytes on any number of threads, and others than without weights", async () => {
    const cwd = folder(files());
    const digest = async (out: string, ...options: string[]) => {
      await works(["train", "c.json", "--out", out, ...options], { cwd });
      return modelDigest(join(cwd, out));
    };
    const one = await digest("one", "--threads", "1");
    expect(await digest("two", "--threads", "2")).toBe(one);
    expect(await digest("none", ...set("data.weight=null", 'data.ignore=["w"]'))).not.toBe(one);
    expect(await digest("rows", ...set("training.classWeights=none"))).not.toBe(one);
  });

  it("needs no weights to predict and to evaluate", async () => {
    const cwd = folder({ ...files(), "new.csv": "z,x,y\n0.5,0.9,yes\n-0.5,0.1,no\n" });
    await works(["train", "c.json"], { cwd });
    expect((await works(["predict", "runs/c", "new.csv"], { cwd })).out.split("\n")).toHaveLength(4);
    const { out } = await works(["evaluate", "runs/c", "new.csv", "--json"], { cwd });
    expect(json<{ rows: number }>(out).rows).toBe(2);
  });

  it("tells the line and the column of a weight that can't be", async () => {
    const cwd = folder({ ...files(), "t.csv": table.replace(/^(.*\n.*\n[^,]*,[^,]*,)\d/, "$1-2") });
    const { code, err } = await nnfit(["train", "c.json"], { cwd });
    expect(code).toBe(4);
    expect(err).toContain("error: the weight of a row is -2");
    expect(err).toContain('  at    t.csv:3, column "w"');
  });

  it("tells the setting that is at fault", async () => {
    const cwd = folder(files());
    const train = async (...values: string[]) => nnfit(["train", "c.json", ...set(...values)], { cwd });
    const label = await train('training.classWeights={"yes":2,"nope":1}');
    expect(label.code).toBe(2);
    expect(label.err).toContain('"nope" is not a class of the target "y"');
    expect(label.err).toMatch(/ {2}have {2}no, yes\n {2}try {3}"no"/);
    const column = await train("data.weight=ww");
    expect(column.code).toBe(2);
    expect(column.err).toContain('  try   "w"');
    const negative = await train('training.classWeights={"yes":-2}');
    expect(negative.code).toBe(2);
    expect(negative.err).toContain("training.classWeights.yes must be at least 0");
    const word = await train("training.classWeights=balance");
    expect(word.err).toContain('  try   "balanced"');
    const warmUp = await train('training.schedule.warmUp={"epoch":2}');
    expect(warmUp.code).toBe(2);
    expect(warmUp.err).toContain('there is no setting "epoch" in training.schedule.warmUp');
    expect(warmUp.err).toContain('  try   "epochs"');
    const updates = await train('training.schedule.warmUp={"updates":1.5}');
    expect(updates.err).toContain("training.schedule.warmUp.updates must be a whole number");
    const share = await train("training.schedule.warmUp=5");
    expect(share.err).toContain("training.schedule.warmUp must be less than 1");
  });
});
