import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { takeLock } from "../../src/artifact/lock.js";
import { contents, dataset, folder, json, nnfit, numbers, put, records, start, text, words, works } from "./nnfit.js";

/** y = 3a − b and noise, of eighty rows. */
const table = [
  "a,b,y",
  ...Array.from({ length: 80 }, (_, i) => {
    const [a, b] = [(i * 37) % 80, (i * 11) % 23];
    return `${a},${b},${3 * a - b + ((i * 7) % 5)}`;
  }),
].join("\n");

const base = {
  data: { train: "t.csv", target: "y", validation: 0.25 },
  model: { hidden: [4] },
  training: { epochs: 9, batchSize: 16, optimizer: { name: "sgd", learningRate: 0.00001 } },
};
const ranges = {
  "training.optimizer.learningRate": { log: [0.0001, 0.3] },
  "model.hidden": { choice: [[], [4], [8, 8]] },
  "model.activation": { choice: ["relu", "tanh"] },
  "training.batchSize": { integer: [4, 30] },
};

const searchFolder = (search: object = { ...ranges, runs: 12 }, changes: object = {}) =>
  folder({ "t.csv": table, "c.json": JSON.stringify({ ...base, search, ...changes }, undefined, 1) });

interface Result {
  version: number;
  trainings: number;
  trials: number;
  complete: boolean;
  by: string;
  best: { config: string; trial: number; scores: Record<string, number>; values: Record<string, unknown> };
}
const results = ["trials.csv", "best.json"];
const bytesOf = (cwd: string, run = "runs/c-search") => results.map((name) => text(cwd, run, name));

describe("nnfit search", () => {
  it("finds values that are better than the config's own, and says how to train them: to the same score", async () => {
    const cwd = searchFolder();
    const own = json<{ scores: { rmse: number } }>((await works(["train", "c.json", "--json"], { cwd })).out);
    const { out, err } = await works(["search", "c.json", "--json"], { cwd });
    const found = json<Result>(out);
    expect(found).toMatchObject({ version: 1, trials: 12, trainings: 12, complete: true, by: "rmse" });
    expect(found.best.scores.rmse).toBeLessThan(own.scores.rmse / 2);

    const command = words(err.match(/nnfit (train .*)/)?.[1] ?? "");
    const trained = json<{ scores: object; model: string }>((await works([...command, "--json"], { cwd })).out);
    expect(trained.scores).toEqual(found.best.scores);
    expect(trained.model).toBe("runs/c-search/best/model.safetensors");
    expect(Object.keys(contents(join(cwd, "runs", "c-search")))).toEqual([
      "best.json",
      "best/config.json",
      "best/events.ndjson",
      "best/history.csv",
      "best/model.safetensors",
      "trials.csv",
      "trials.jsonl",
    ]);
  });

  it("writes a table of the trials, the best first, within the ranges", async () => {
    const cwd = searchFolder();
    const { err } = await works(["search", "c.json"], { cwd });
    const csv = text(cwd, "runs/c-search/trials.csv");
    const scores = numbers(csv, "rmse");
    expect(scores).toEqual([...scores].sort((a, b) => a - b));
    expect(numbers(csv, "trial").sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, i) => i));
    for (const record of records(csv)) {
      expect(Number(record["training.batchSize"])).toBeGreaterThanOrEqual(4);
      expect(Number(record["training.batchSize"])).toBeLessThanOrEqual(30);
      expect(["[]", "[4]", "[8,8]"]).toContain(record["model.hidden"]);
      expect(["relu", "tanh"]).toContain(record["model.activation"]);
      expect(record.epochs).toBe("9");
    }
    expect(err.match(/^done +\d+\/12 {2}trial \d+ {2}epochs 9 {2}rmse \S+ {2}activation/gm)?.length).toBe(12);
    const best = records(csv)[0]!;
    expect(err).toContain(`best      trial ${best.trial}: rmse ${Number(best.rmse).toPrecision(5)}`);
  });

  it("gives the best config every other value of the source, its paths right wherever the folder is", async () => {
    const cwd = searchFolder({ ...ranges, runs: 3 }, { data: { ...base.data, validation: "sub/held.csv" } });
    put(cwd, { "sub/held.csv": table });
    await works(["search", "c.json", "--out", "a/b"], { cwd });
    const best = json<{ data: object; training: object; output: string }>(text(cwd, "a/b/best.json"));
    expect(best.data).toMatchObject({ train: "../../t.csv", validation: "../../sub/held.csv", target: "y" });
    expect(best.training).toMatchObject({ epochs: 9, optimizer: { name: "sgd" } });
    expect(best.output).toBe("best");
    await works(["train", "a/b/best.json"], { cwd });
    expect(Object.keys(contents(join(cwd, "a/b/best")))).toContain("model.safetensors");
  });

  it("judges by a table of its own, whichever of its columns a trial learns from", async () => {
    const kinds = Array.from({ length: 40 }, (_, i) => `${i % 7},${"abcdefgh"[i % 8]},${(i * 5) % 11}`);
    const rows = (lines: readonly string[]) => `${["a,kind,y", ...lines].join("\n")}\n`;
    const search = { "model.categories.minRows": { choice: [30, 1] }, runs: 4 };
    const data = { train: "t.csv", target: "y", validation: "held.csv" };
    const cwd = searchFolder(search, { data });
    put(cwd, { "t.csv": rows(kinds), "held.csv": rows(kinds.slice(0, 20)) });
    expect((await works(["search", "c.json"], { cwd })).err).toMatch(/best +trial \d/);
    put(cwd, { "held.csv": rows(kinds.slice(1, 20)) });
    const others = await nnfit(["search", "c.json"], { cwd });
    expect([others.code, others.err]).toEqual([2, expect.stringContaining("trials of another table")]);
    const same = (lines: readonly string[], cell: string) =>
      rows(lines.map((line) => line.replace(/,(?=\d+$)/, `,${cell},`)));
    const wider = (text: string) => text.replace("a,kind,y", "a,kind,same,y");
    put(cwd, { "t.csv": wider(same(kinds, "1")), "held.csv": wider(same(kinds.slice(0, 20), "none")) });
    await works(["search", "c.json", "--out", "same"], { cwd }); // a column that no trial learns from may hold anything
    put(cwd, { "t.csv": rows(kinds) });
    put(cwd, { "held.csv": rows(kinds.slice(0, 20)).replace("kind", "sort") });
    const lacking = await nnfit(["search", "c.json", "--out", "lacking"], { cwd });
    expect([lacking.code, lacking.err]).toEqual([4, expect.stringContaining('the table lacks the column "kind"')]);
  });

  it.each(["random", "halving"])("by %s finds the same with one thread and with two", async (method) => {
    const cwd = searchFolder({ ...ranges, method, runs: 12 });
    await Promise.all([1, 2].map((n) => works(["search", "c.json", "--out", `of${n}`, "--threads", `${n}`], { cwd })));
    expect(bytesOf(cwd, "of2")).toEqual(bytesOf(cwd, "of1"));
  });

  it("trains the same values once, however often they are drawn", async () => {
    const cwd = searchFolder({ "model.hidden": { choice: [[4], [5]] }, runs: 8 });
    await works(["search", "c.json", "--threads", "2"], { cwd });
    const jobs = text(cwd, "runs/c-search/trials.jsonl").trimEnd().split("\n").slice(1);
    const trials = jobs.map((line) => json<{ values: object; scores: object; seconds: number }>(line));
    expect(trials).toHaveLength(8);
    expect(trials.filter(({ seconds }) => seconds > 0)).toHaveLength(2);
    const scoresOf = new Map(trials.map(({ values, scores }) => [JSON.stringify(values), scores]));
    for (const { values, scores } of trials) expect(scores).toEqual(scoresOf.get(JSON.stringify(values)));
  });

  it("by halving trains few with all epochs, and one of those is the best", async () => {
    const cwd = searchFolder({ ...ranges, method: { name: "halving", eta: 2, rungs: 3 }, runs: 8 });
    await works(["search", "c.json"], { cwd });
    const csv = text(cwd, "runs/c-search/trials.csv");
    expect(numbers(csv, "epochs")).toEqual([9, 9, 5, 5, 5, 5, 3, 3, 3, 3, 3, 3, 3, 3]);
    const best = json<{ training: { epochs: number; batchSize: number } }>(text(cwd, "runs/c-search/best.json"));
    expect(best.training.epochs).toBe(9);
    expect(best.training.batchSize).toBe(numbers(csv, "training.batchSize")[0]);
  });

  it("judges by folds as a cross-validation does", async () => {
    const search = { ...ranges, judge: { name: "folds", folds: 3 }, runs: 3 };
    const cwd = searchFolder(search, { data: { ...base.data, validation: 0 } });
    const { out, err } = await works(["search", "c.json", "--json"], { cwd });
    expect(err).toMatch(/^ +judge +rmse on \d+ rows, mean over 3 folds$/m);
    const crossValidated = await works(["train", "runs/c-search/best.json", "--folds", "3", "--json"], { cwd });
    type Scores = { scores: Record<string, number> };
    expect(json<{ best: Scores }>(out).best.scores).toEqual(json<Scores>(crossValidated.out).scores);
  });

  it("refuses folds that the table can't be cut into before any is trained", async () => {
    const cwd = searchFolder({ ...ranges, judge: { name: "folds", folds: 999 } });
    const { code, err } = await nnfit(["search", "c.json"], { cwd });
    expect([code, err]).toEqual([4, expect.stringContaining("999")]);
    expect(readdirSync(cwd)).not.toContain("runs");
  });

  it("judges an ensemble of a preset, whose values it keeps", async () => {
    const search = { "model.dropout": { choice: [0.1] }, "training.epochs": { choice: [2] }, runs: 1 };
    const cwd = folder({
      "c.json": JSON.stringify({ data: { train: dataset("iris"), target: "species" }, search }),
    });
    const { out } = await works(["search", "c.json", "--json"], { cwd });
    expect(json<Result>(out).by).toBe("accuracy"); // the preset's bestBy
    const best = json<object>(text(cwd, "runs/c-search/best.json"));
    expect(best).toMatchObject({ preset: "balanced", model: { dropout: 0.1, members: 8 }, training: { epochs: 2 } });
  });
});

describe("a search whose ranges have values that don't go together", () => {
  const counts = `a,y\n${Array.from({ length: 40 }, (_, i) => `${i},${i % 5}\n`).join("")}`;
  const ranges = { "model.loss": { choice: ["mse", "poisson"] }, "scale.target": { choice: ["rms", "standard"] } };
  const put = (search: object) =>
    folder({
      "t.csv": counts,
      "c.json": JSON.stringify({ ...base, task: "regression", search: { ...ranges, ...search } }),
    });
  const why = "the loss is of the logarithm of a mean, so that the target can only be divided by its size";

  it.each([
    ["random", { runs: 12 }],
    ["halving", { runs: 12, method: "halving" }],
  ])("refuses the trials that draw them, and goes on: %s", async (_, search) => {
    const cwd = put(search);
    const { err, out } = await works(["search", "c.json", "--json"], { cwd });
    expect(err).toContain(`refused: ${why} ("standard" for "y")  loss poisson, target standard\n`);
    const { refused, trials, best } = json<Result & { refused: number }>(out);
    expect([refused > 0, refused + trials, best.scores.rmse! > 0]).toEqual([true, 12, true]);
    expect(err).toMatch(
      new RegExp(`^ {2}refused {3}${refused} trials with values that don't go together, .*${why}`, "m"),
    );
    const jobs = records(text(cwd, "runs/c-search/trials.csv"));
    const isRefused = (job: (typeof jobs)[number]) =>
      job["model.loss"] === "poisson" && job["scale.target"] === "standard";
    expect(jobs.filter(({ stopped }) => stopped === "refused")).toEqual(jobs.filter(isRefused));
    const before = bytesOf(cwd);
    await works(["search", "c.json"], { cwd });
    expect(bytesOf(cwd)).toEqual(before);
  });

  const orders = (values: string[]) => [values, values.toReversed()];
  it.each(
    orders(["mse", "poisson"]).flatMap((losses) => orders(["rms", "standard"]).map((scales) => ({ losses, scales }))),
  )("goes on in whatever order they stand: $losses, $scales", async ({ losses, scales }) => {
    const cwd = put({ "model.loss": { choice: losses }, "scale.target": { choice: scales }, runs: 12 });
    const { out } = await works(["search", "c.json", "--json"], { cwd });
    const { refused, trials } = json<Result & { refused: number }>(out);
    expect([refused > 0, trials > 0, refused + trials]).toEqual([true, true, 12]);
  });

  it.each(orders(["mse", "huber"]).flatMap((losses) => orders(["rms", "standard"]).map((scales) => [losses, scales])))(
    "but ends where a value goes with no other: %j, %j",
    async (losses, scales) => {
      const wrong = {
        "model.loss": { choice: ["poisson", ...losses, "crossEntropy"] },
        "scale.target": { choice: scales },
      };
      const { code, err } = await nnfit(["search", "c.json"], { cwd: put(wrong) });
      expect([code, err]).toEqual([2, expect.stringContaining("error: the loss crossEntropy is not for ")]);
      expect(err).toContain("at    search.model.loss, c.json:1");
    },
  );

  it("says why, where it refuses all", async () => {
    const cwd = put({ runs: 1, seed: 3 });
    const { code, err } = await nnfit(["search", "c.json"], { cwd });
    expect(code).toBe(2);
    expect(err).toContain("error: every trial of the search drew values that don't go together\n");
    expect(err).toContain(`  have  trial 0: ${why} ("standard" for "y")\n`);
  });

  it("ends at what concerns all trials", async () => {
    const cwd = put({ runs: 12 });
    const env = { NNFIT_BLAS: "/nowhere.so" };
    const { code, err } = await nnfit(["search", "c.json", "--set", "training.backend=blas"], { cwd, env });
    expect([code, err]).toEqual([2, expect.stringContaining("training.backend")]);
    expect(err).not.toContain("refused");
  });
});

describe("a search that was stopped", () => {
  const long = () => searchFolder({ ...ranges, runs: 12 }, { training: { ...base.training, epochs: 600 } });

  // Windows has no signals that a process could answer
  const signals = process.platform === "win32" ? (["SIGKILL"] as const) : (["SIGKILL", "SIGINT", "SIGTERM"] as const);
  it.each(signals)("by %s goes on where it was, to the same table and best config", async (signal) => {
    const [whole, cut] = [long(), long()];
    await works(["search", "c.json", "--threads", "2"], { cwd: whole });

    const child = start(["search", "c.json", "--threads", "2"], { cwd: cut });
    let told = "";
    child.stderr.on("data", (bytes: Buffer) => {
      told += bytes;
      if (!child.killed && /^done +3\//m.test(told)) child.kill(signal); // a second signal would end it at once
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect(code).toBe({ SIGKILL: null, SIGINT: 130, SIGTERM: 143 }[signal]);
    const kept = text(cut, "runs/c-search/trials.jsonl").trimEnd().split("\n").slice(1);
    expect(kept.length).toBeGreaterThanOrEqual(3);
    expect(kept.length).toBeLessThan(12);
    if (signal === "SIGKILL") {
      const written = records(text(cut, "runs/c-search/trials.csv"));
      expect(written.length).toBeGreaterThanOrEqual(1);
      expect(json<{ data: object }>(text(cut, "runs/c-search/best.json")).data).toMatchObject({ target: "y" });
    } else {
      expect(records(text(cut, "runs/c-search/trials.csv")).length).toBe(kept.length);
      expect(told).toMatch(/stopped +\d+ trainings/);
      expect(told).toMatch(/go on +nnfit search c\.json .*\S$/m);
    }

    const { err } = await works(["search", "c.json"], { cwd: cut });
    expect(err).toContain(`${kept.length} trainings done earlier`);
    expect(
      text(cut, "runs/c-search/trials.jsonl")
        .split("\n")
        .slice(1, 1 + kept.length),
    ).toEqual(kept);
    expect(bytesOf(cut)).toEqual(bytesOf(whole));
  });

  it("is done, if it is started again when all is: nothing is trained, and more --runs add to it", async () => {
    const cwd = searchFolder({ ...ranges, runs: 3 });
    await works(["search", "c.json"], { cwd });
    const before = bytesOf(cwd);
    const again = json<Result & { trainings: number }>((await works(["search", "c.json", "--json"], { cwd })).out);
    expect(again.trainings).toBe(3);
    expect(text(cwd, "runs/c-search/trials.jsonl").split("\n").length).toBe(5);
    expect(bytesOf(cwd)).toEqual(before);
    const { err } = await works(["search", "c.json", "--runs", "5"], { cwd });
    expect(err.match(/^done/gm)?.length).toBe(2);
    const after = bytesOf(cwd);
    const fewer = await works(["search", "c.json", "--runs", "1"], { cwd });
    expect(fewer.err).toContain("done      0 trainings");
    expect(bytesOf(cwd)).toEqual(after); // what was found is not lost
  });

  it("is another one when the config, the ranges or the table changed", async () => {
    const cwd = searchFolder({ ...ranges, runs: 2 });
    await works(["search", "c.json"], { cwd });
    const other = await nnfit(["search", "c.json", "--set", "training.clipNorm=1"], { cwd });
    expect([other.code, other.err]).toEqual([2, expect.stringContaining("trials of other settings")]);
    const often = await works(["search", "c.json", "--set", "training.checkpoint.everySeconds=60"], { cwd });
    expect(often.err).toContain("done      0 trainings"); // it changes no trial
    writeFileSync(join(cwd, "t.csv"), `${table}\n1,2,3\n`);
    const changed = await nnfit(["search", "c.json"], { cwd });
    expect([changed.code, changed.err]).toEqual([2, expect.stringContaining("trials of another table")]);
    await works(["search", "c.json", "--out", "anew"], { cwd });
  });

  it("ends after the minutes that it has, with what is done by then", async () => {
    const cwd = searchFolder({ ...ranges, minutes: 0.0001 });
    const { out } = await works(["search", "c.json", "--json", "--threads", "1"], { cwd });
    const found = json<Result>(out);
    expect(found.complete).toBe(false);
    expect(found.trainings).toBeGreaterThanOrEqual(1);
    expect(found.trainings).toBeLessThan(40);
  });
});

describe.concurrent("nnfit search refuses", () => {
  it.each([
    ["a config without ranges", {}, {}, /no ranges to search[\s\S]*"log"/, 2],
    ["ranges of values that no config has", { "model.dropout": { linear: [0, 2] } }, {}, /model\.dropout must be/, 2],
    [
      "one of several values",
      { "model.activation": { choice: ["relu", "rleu"] } },
      {},
      /at {4}search\.model\.activation, c\.json:\d+[\s\S]*"relu"/,
      2,
    ],
    ["a score of the other task", { ...ranges, by: "accuracy" }, {}, /accuracy is not available for a regression/, 2],
    [
      "a loss that is not the same for all",
      { by: "loss", "model.loss": { choice: ["mse", "mae"] } },
      {},
      /model\.loss changes what the loss means[\s\S]*search\.by/,
      2,
    ],
    ["no rows to judge by", ranges, { data: { ...base.data, validation: 0 } }, /needs rows to judge by/, 2],
    [
      "what only a training finds wrong, by the range",
      { "model.loss": { choice: ["crossEntropy"] } },
      {},
      /is not for a regression[\s\S]*at {4}search\.model\.loss, c\.json:\d+/,
      2,
    ],
    [
      "the same of one of several values, before any is trained",
      { by: "rmse", "model.loss": { choice: ["mse", "mae", "crossEntropy"] }, "model.hidden": { choice: [[4], [5]] } },
      {},
      /is not for a regression[\s\S]*at {4}search\.model\.loss, c\.json:\d+/,
      2,
    ],
    [
      "to name a best, where all diverged",
      { "training.optimizer.learningRate": { log: [1e20, 1e30] }, runs: 2 },
      {},
      /every training of the search diverged/,
      7,
    ],
  ] as const)("%s", async (_, search, changes, message, code) => {
    const cwd = searchFolder(search, changes);
    const outcome = await nnfit(["search", "c.json"], { cwd });
    expect(outcome.err).toMatch(message);
    expect(outcome.code).toBe(code);
    expect(Object.keys(contents(cwd))).not.toContain("runs/c-search/best.json");
    if (code === 2) expect(Object.keys(contents(cwd)).filter((file) => file.startsWith("runs"))).toEqual([]);
  });

  it("finds no best where no training has the score", async () => {
    const rows = Array.from({ length: 20 }, (_, i) => `${i},${i % 2 ? "a" : "b"}\n`).join("");
    const data = { train: "k.csv", target: "y", validation: "v.csv" };
    const search = { by: "rocAuc", "model.hidden": { choice: [[], [4]] } };
    const cwd = folder({
      "k.csv": `x,y\n${rows}`,
      "v.csv": "x,y\n1,a\n3,a\n",
      "c.json": JSON.stringify({ ...base, data, search }),
    });
    const { code, err } = await nnfit(["search", "c.json"], { cwd });
    expect([code, err]).toEqual([4, expect.stringContaining("no training of the search has the score rocAuc")]);
    expect(err).toContain("rocAuc is not defined for the rows that judge");
    expect(err).not.toContain("diverged");
  });

  it.each([
    ["--runs", "0"],
    ["--runs", "x"],
    ["--minutes", "-1"],
    ["--minutes", ""],
  ])("%s %s", async (option, value) => {
    expect((await nnfit(["search", "c.json", option, value], { cwd: searchFolder() })).code).toBe(2);
  });

  it("a folder that another search is using", async () => {
    const cwd = searchFolder({ ...ranges, runs: 2 });
    await works(["search", "c.json"], { cwd });
    const before = contents(join(cwd, "runs/c-search"));
    const lock = takeLock(join(cwd, "runs/c-search"), "runs/c-search");
    const { code, err } = await nnfit(["search", "c.json", "--runs", "3"], { cwd });
    expect({ code, err }).toEqual({ code: 5, err: expect.stringContaining("another run is using the output folder") });
    lock.release();
    expect(contents(join(cwd, "runs/c-search"))).toEqual(before);
    await works(["search", "c.json", "--runs", "3"], { cwd });
    expect(readdirSync(join(cwd, "runs/c-search"))).not.toContain("run.lock");
  });

  it("a damaged file of trials, and names the line", async () => {
    const cwd = searchFolder({ ...ranges, runs: 2 });
    await works(["search", "c.json"], { cwd });
    const path = join(cwd, "runs/c-search/trials.jsonl");
    writeFileSync(path, readFileSync(path, "utf8").replace('"trial":0', '"trial":-1'));
    const { code, err } = await nnfit(["search", "c.json"], { cwd });
    expect(code).toBe(5);
    expect(err).toMatch(/damaged[\s\S]*runs\/c-search\/trials\.jsonl:[23]/);
  });

  it("writes over nobody's files, such as the table or the config itself", async () => {
    const config = { ...base, data: { ...base.data, train: "trials.csv" }, search: { ...ranges, runs: 2 } };
    const cwd = folder({ "trials.csv": table, "c.json": JSON.stringify(config) });
    const refused = await nnfit(["search", "c.json", "--out", "."], { cwd });
    expect(refused.code).toBe(2);
    expect(refused.err).toContain("error: the folder holds a trials.csv that was not written by a search");
    expect(text(cwd, "trials.csv")).toBe(table);
    put(cwd, {
      "t.csv": table,
      "best.json": JSON.stringify({ ...config, data: base.data }),
      "trials.csv": "trial,share\n",
    });
    expect((await nnfit(["search", "best.json", "--out", "."], { cwd })).err).toContain("trials.csv");
    put(cwd, { "trials.csv": "trial,share,epochs,kept_epoch,stopped,loss,rmse\n" });
    const own = await nnfit(["search", "best.json", "--out", "."], { cwd });
    expect(own.err).toContain("error: the folder holds a best.json that was not written by a search");
    await works(["search", "best.json", "--out", "found"], { cwd });
    await works(["search", "best.json", "--out", "found", "--runs", "3"], { cwd });
    const resolved = JSON.stringify({
      ...json<object>(text(cwd, "found", "best.json")),
      search: { ...ranges, runs: 2 },
    });
    put(cwd, { "again/best.json": resolved });
    const itself = await nnfit(["search", "again/best.json", "--out", "again"], { cwd });
    expect([itself.code, itself.err]).toEqual([2, expect.stringContaining("holds a best.json")]);
    expect(text(cwd, "again", "best.json")).toBe(resolved);
  });
});
