import { createHash } from "node:crypto";
import type { Model } from "../../src/artifact/model.js";
import { version } from "../../src/artifact/version.js";
import { dataOptions } from "../../src/data/options.js";
import { activationChoice } from "../../src/model/activations.js";
import { trainingOptions } from "../../src/train/options.js";
import type { NumberProfile } from "../../src/transform/profile.js";

/** What a column of numbers from one to another, evenly spread, is like. */
export function numbersLike(smallest: number, largest: number): NumberProfile {
  const deciles = Array.from({ length: 9 }, (_, k) => smallest + ((k + 1) * (largest - smallest)) / 10);
  const bins = Array.from({ length: 19 }, (_, bin) => (bin % 2 === 0 ? 0.1 : 0));
  return { smallest, largest, missing: 0, deciles, bins };
}

/** A small model: two columns, one hidden layer of two units, one target. */
export const smallModel: Model = {
  version,
  pipeline: [
    {
      name: "size",
      type: "number",
      fill: 0.1,
      indicator: false,
      scaler: { name: "standard", center: 0.1, scale: 3 },
      profile: numbersLike(0, 1),
    },
    {
      name: "Größe 😀",
      type: "category",
      categories: ["a", '"b"\n'],
      other: false,
      profile: { shares: [0.5, 0.5], missing: 0, other: 0, unplaced: { rows: 0, variance: 0 } },
    },
  ],
  target: { task: "regression", targets: [{ name: "y", scaler: { name: "minmax", center: -1e-9, scale: 1e6 / 3 } }] },
  network: {
    inputs: 3,
    input: {
      columns: [{ kind: "number" }, { kind: "oneHot", places: 2 }],
      numbers: { name: "none" },
      unknown: 0,
    },
    hidden: [2],
    outputs: 1,
    activation: activationChoice.parse({ name: "leakyRelu", slope: 0.3 }),
    initializer: { name: "heNormal" },
    loss: { name: "mse" },
    parametric: false,
    scaling: false,
    parametrization: "standard",
    dropout: 0,
  },
  missing: dataOptions.shape.missing.parse(undefined),
  training: {
    options: trainingOptions.parse({}),
    trainingRows: 8,
    validationRows: 2,
    epochs: 3,
    keptEpoch: 2,
    stopped: "all epochs done",
    loss: 0.1,
    judgedLoss: 0.2,
    scores: { rmse: 1 / 3 },
  },
  members: 1,
  weights: [Float32Array.from({ length: 3 * 2 + 2 + 2 * 1 + 1 }, (_, i) => Math.fround(i / 7 - 0.5))],
};

/** A file with a right checksum, whatever its header says. */
export function sealed(header: string | Buffer, data: Buffer): Buffer {
  const bytes = typeof header === "string" ? Buffer.from(header, "latin1") : header;
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  const file = Buffer.concat([length, bytes, data]);
  const at = file.indexOf('"checksum":"') + '"checksum":"'.length;
  file.fill("0", at, at + 64);
  file.write(createHash("sha256").update(file).digest("hex"), at);
  return file;
}
