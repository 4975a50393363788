import { beforeAll, describe, expect, it } from "vitest";
import { folder, json, works } from "./nnfit.js";

const amounts = [3, 10, 30, 100, 300, 1000];
const rows = Array.from({ length: 24 }, (_, i) => ({
  size: i % 6 === 5 ? "" : String(i),
  place: ["north", "south", ""][i % 3],
  amount: amounts[i % 6]!,
  price: 5000 + 13 * i,
}));
const cwd = folder({
  "t.csv": ["size,place,amount,price", ...rows.map((row) => Object.values(row).join(","))].join("\n"),
  "c.json": `{
    "data": { "train": "t.csv", "target": "price", "validation": 0 },
    "scale": { "inputs": { "amount": "log1pStandard", "*": "robust" } },
    "model": { "hidden": [40, 30], "activation": { "name": "leakyRelu", "slope": 0.2 }, "loss": "huber" },
    "training": { "epochs": 2, "seed": 7, "batchSize": "full", "optimizer": { "name": "adam", "learningRate": 0.003 } }
  }`,
});
let told: string;
beforeAll(async () => {
  await works(["train", "c.json"], { cwd });
  told = (await works(["inspect", "runs/c"], { cwd })).out;
});

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const prices = rows.map(({ price }) => price);
const center = mean(prices);
const scale = Math.sqrt(mean(prices.map((price) => (price - center) ** 2)));
const inputs = 2 + 3 + 1; // size and its flag, two places and one for a missing one, amount
const weights = inputs * 40 + 40 + 40 * 30 + 30 + 30 + 1;

describe.concurrent("nnfit inspect", () => {
  it("tells columns, their types, how they are scaled and their range in training", () => {
    expect(told).toMatch(
      /^ {2}size +number +robust center \S+ scale \S+ +0 to 22; missing cells are \S+ and flagged$/m,
    );
    expect(told).toMatch(/^ {2}place +category +one-hot: north, south, and one for any other or missing$/m);
    expect(told).toMatch(/^ {2}amount +number +log1pStandard center \S+ scale \S+ +3 to 1000$/m);
  });

  it("tells of categories that are no places but an embedding or a sign", async () => {
    const told = async (setting: string) => {
      const run = ["--out", `runs/${setting}`];
      await works(["train", "c.json", "--set", `model.categories.${setting}`, ...run], { cwd });
      return (await works(["inspect", `runs/${setting}`], { cwd })).out;
    };
    const embedded = await told("oneHotUpTo=1");
    expect(embedded).toMatch(/^ {2}place +category +embedding of 8: north, south, and one for any other or missing$/m);
    expect(embedded).toContain("11 → 40 → 30 → 1");
    expect(await told('binary="sign"')).toMatch(
      /^ {2}place +category +north −1, south 1, and any other or missing 0$/m,
    );
  });

  it("tells the target's scaler and its inverse", () => {
    const [, u, c] = told.match(/^ {2}price .*inverse: u · (\S+) \+ (\S+)$/m) ?? [];
    expect(Number(u) / scale).toBeCloseTo(1, 4);
    expect(Number(c) / center).toBeCloseTo(1, 4);
  });

  it("tells the network and the training", () => {
    expect(told).toContain(`${weights.toLocaleString("en")} weights`);
    expect(told).toContain(`${inputs} → 40 → 30 → 1`);
    expect(told).toMatch(/activation leakyRelu \(slope 0\.2\)/);
    expect(told).toMatch(/loss huber \(delta 1\)/);
    expect(told).toMatch(/adam \(learningRate 0\.003, /);
    expect(told).toMatch(/24 rows, .*, seed 7/);
    expect(told).toContain("24 rows, 1 batch of all rows, seed 7");
    expect(told).toMatch(/2 epochs, weights of epoch 2/);
    expect(told).toMatch(/scores +rmse \S+, mae \S+, r2 \S+, medianAbsoluteError \S+, mape \S+ on 24 training rows/);
  });

  it("tells what the network was compared with, and leaves a linear model's weights out", async () => {
    const deviation = scale.toPrecision(5);
    expect(told).toContain(`baseline  rmse ${deviation} (always the mean of the training rows)`);
    expect(told).toMatch(/^linear {4}rmse \S+ \(ridge regression\)$/m);
    const { out } = await works(["inspect", "runs/c", "--json"], { cwd });
    const { training } = json<{ training: { baseline: { linear: unknown; scores: { linear: { rmse: number } } } } }>(
      out,
    );
    expect(training.baseline.linear).toEqual({ rows: 24 });
    expect(told).toContain(`linear    rmse ${training.baseline.scores.linear.rmse.toPrecision(5)} `);
  });

  it("knows a model by its folder, its file and its config", async () => {
    for (const model of ["runs/c/model.safetensors", "c.json"]) {
      expect((await works(["inspect", model], { cwd })).out).toBe(told);
    }
  });

  it("gives with --json the same as data, without the weights", async () => {
    interface Inspection {
      readonly parameters: number;
      readonly pipeline: readonly { readonly name: string; readonly type: string }[];
      readonly target: { readonly targets: readonly { readonly name: string; readonly scaler: object }[] };
    }
    const { out, err } = await works(["inspect", "runs/c", "--json"], { cwd });
    const { parameters, pipeline, target, ...more } = json<Inspection>(out);
    expect(err).toBe("");
    expect(parameters).toBe(weights);
    expect(pipeline.map(({ name, type }) => [name, type])).toEqual([
      ["size", "number"],
      ["place", "category"],
      ["amount", "number"],
    ]);
    expect(target.targets[0]).toMatchObject({ name: "price", scaler: { name: "standard" } });
    expect(Object.keys(more)).not.toContain("weights");
    expect(out.match(/\d+\.\d+/g)!.length).toBeLessThan(weights / 10); // numbers of the description, not of the network
  });
});
