import { describe, expect, it } from "vitest";
import { folder, nnfit } from "./nnfit.js";

const rows = Array.from({ length: 60 }, (_, i) => i);
const table = (cell: (row: number, column: "a" | "b" | "y") => number) =>
  ["a,b,y", ...rows.map((row) => [cell(row, "a"), cell(row, "b"), cell(row, "y")].join(","))].join("\n");
const tame = (row: number, column: "a" | "b" | "y") => ((row * { a: 7, b: 11, y: 13 }[column]) % 60) / 30 - 1;
const wild = (at: "a" | "b" | "y", value: number) =>
  table((row, column) => (row === 33 && column === at ? value : tame(row, column)));

/** What training says on standard error, of the error alone. */
async function failure(
  content: string,
  config: { args?: string[]; scale?: object; model?: object; training?: object } = {},
) {
  const c = {
    preset: "none",
    data: { train: "t.csv", target: "y", validation: 0 },
    scale: config.scale ?? {},
    model: { hidden: [8], ...config.model },
    training: { epochs: 50, batchSize: 4, shuffle: false, optimizer: { name: "sgd" }, ...config.training },
  };
  const cwd = folder({ "t.csv": content, "c.json": JSON.stringify(c) });
  const { code, err } = await nnfit(["train", "c.json", ...(config.args ?? [])], { cwd });
  expect(code).toBe(7);
  return err.slice(err.indexOf("error: training diverged"));
}

describe.concurrent("the error of a training that diverged", () => {
  it("names the column and the line of a wild cell, and how to draw it in", async () => {
    const err = await failure(wild("b", 1e6), { scale: { inputs: "none" } });
    expect(err).toMatch(/^ {2}at {4}epoch \d+, batch \d+\n {8}t\.csv:\d+, \d+, \d+, \d+\n {2}have /m);
    expect(err).toMatch(/^ {8}input "b" at t\.csv:35: 1000000, scaled 1000000, the largest of /m);
    expect(err).toMatch(
      /^ {2}try {3}correcting the cell at t\.csv:35, .*"scale": \{"inputs":\{"\*":"none","b":"robustSmooth"\}\}$/m,
    );
    expect(err).not.toContain("learningRate");
  });

  it("blames the steps where the data are ordinary, and names the layer and its gradient", async () => {
    const optimizer = { name: "sgd", learningRate: 40000 };
    const err = await failure(table(tame), { training: { optimizer } });
    expect(err).toMatch(
      /^ {8}layers\.\d\.(weight|bias): the batch's largest gradient, of norm [\d.e+-]+ with the (initial weights|weights of epoch \d+) \(norm [\d.e+]+\)$/m,
    );
    expect(err).toMatch(
      /^ {2}try {3}a smaller training\.optimizer\.learningRate: it is 40000, try 0\.05, or .*training\.clipNorm: 1$/m,
    );
    const clipped = await failure(table(tame), {
      training: { optimizer: { ...optimizer, learningRate: 1e39 }, clipNorm: 1 },
    });
    expect(clipped).toMatch(/try 0\.05$/m);
  });

  it("says that a target lacks scaling", async () => {
    const content = table((row, column) => tame(row, column) * (column === "y" ? 1e25 : 1));
    const err = await failure(content, { scale: { target: "none" } });
    expect(err).toMatch(/^ {8}target "y" at t\.csv:\d+: -?[\d.e+]+, scaled -?[\d.e+]+, the largest of these rows$/m);
    expect(err).toMatch(/^ {2}try {3}scaling the target: "scale": \{"target":"standard"\}$/m);
  });

  it("proposes another loss for a target with a wild cell", async () => {
    const err = await failure(wild("y", 1e30), { scale: { target: "none" } });
    expect(err).toMatch(/^ {2}try {3}correcting the cell at t\.csv:35, .*"loss": "huber"\}$/m);
    const robust = await failure(wild("y", 1e38), {
      scale: { target: "none" },
      model: { loss: { name: "huber", delta: 100 } },
    });
    expect(robust).toMatch(/^ {2}try {3}correcting the cell at t\.csv:35, or "scale": \{"target":"quantileNormal"\}$/m);
  });

  it("tells how to scale both, where neither is", async () => {
    const content = table((row, column) => tame(row, column) * { a: 1e9, b: 1, y: 1e12 }[column]);
    const err = await failure(content, { scale: { inputs: "none", target: "none" } });
    expect(err).toMatch(
      /^ {2}try {3}scaling the column: "scale": \{"inputs":\{"\*":"none","a":"standard"\}\}\n {8}scaling the target: "scale": \{"target":"standard"\}$/m,
    );
  });

  it("names the line of the whole table where a fold fails", async () => {
    const err = await failure(wild("b", 1e20), { scale: { inputs: "none" }, args: ["--folds", "3"] });
    expect(err).toMatch(/^ {2}at {4}fold \d, epoch 1, batch \d+\n {8}t\.csv:\d+, /m);
    expect(err).toMatch(/^ {8}input "b" at t\.csv:35: 100000000000000000000, scaled 1\.000e\+20, the largest of /m);
  });
});
