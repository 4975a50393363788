import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { cells, folder, works } from "../cli/nnfit.js";

// A reader that knows of a model what docs/model-file.md says, and uses nothing of nnfit.

type Tensors = Readonly<Record<string, { readonly shape: number[]; readonly data: number[] }>>;

interface Scaler {
  readonly name: string;
  readonly center: number;
  readonly scale: number;
  readonly values: number[];
  readonly normals: number[];
}
interface State {
  readonly name: string;
  readonly type: "number" | "category" | "date";
  readonly categories: string[];
  readonly other: boolean;
  readonly fill: number;
  readonly indicator: boolean;
  readonly cycles: string[];
  readonly scaler: Scaler | null;
}
interface Input {
  readonly columns: {
    readonly kind: string;
    readonly places: number;
    readonly width: number;
    readonly edges: number[];
  }[];
  readonly numbers: { readonly name: string; readonly hidden: number; readonly outputs: number; readonly bins: number };
}
/** Each of its parts has some of these fields. */
interface Description {
  readonly pipeline: State[];
  readonly members?: number;
  readonly network: {
    readonly input: Input;
    readonly hidden: number[];
    readonly activation: { readonly name: string };
    readonly tabm?: number;
    readonly loss: { readonly name: string };
  };
  readonly target:
    | { readonly task: "classification"; readonly temperature?: number }
    | {
        readonly task: "regression";
        readonly distribution?: "poisson";
        readonly targets: {
          readonly scaler: Scaler;
          readonly range?: [number, number];
          readonly residuals?: {
            readonly distances: { readonly predicted: number; readonly distance: number }[];
            readonly bands: { readonly from: number; readonly quantiles: (number | null)[] }[];
          };
        }[];
      };
}
interface Header {
  readonly __metadata__: { readonly nnfit: string };
}
type Places = Readonly<Record<string, { readonly shape: number[]; readonly data_offsets: [number, number] }>>;

function read(path: string): { description: Description; tensors: Tensors } {
  const file = readFileSync(path);
  const start = 8 + Number(file.readBigUInt64LE());
  const { __metadata__, ...places } = JSON.parse(file.toString("utf8", 8, start)) as Header & Places;
  const entries = Object.entries<Places[string]>(places).map(([name, { shape, data_offsets }]) => {
    const [from, to] = data_offsets;
    const data = Array.from({ length: (to - from) / 4 }, (_, i) => file.readFloatLE(start + from + 4 * i));
    return [name, { shape, data }] as const;
  });
  return { description: JSON.parse(__metadata__.nnfit) as Description, tensors: Object.fromEntries(entries) };
}

const DAY = 86_400_000;
const turns: Record<string, (days: number) => number> = {
  year: (days) => between(days, (date) => [date.getUTCFullYear(), 0], 12),
  month: (days) => between(days, (date) => [date.getUTCFullYear(), date.getUTCMonth()], 1),
  week: (days) => ((days + 3) / 7) % 1,
  day: (days) => days % 1,
};
function between(days: number, beginning: (date: Date) => [year: number, month: number], months: number): number {
  const [year, month] = beginning(new Date(days * DAY));
  const [from, to] = [Date.UTC(year, month) / DAY, Date.UTC(year, month + months) / DAY];
  return (days - from) / (to - from);
}

function scaled(x: number, { name, center, scale, values, normals }: Scaler): number {
  const z = (x - center) / scale;
  switch (name) {
    case "none":
      return x;
    case "robustSmooth":
      return z / Math.sqrt(1 + (z / 3) ** 2);
    case "log1pStandard":
      return (Math.sign(x) * Math.log1p(Math.abs(x)) - center) / scale;
    case "quantileNormal": {
      const slope = (normals.at(-1)! - normals[0]!) / (values.at(-1)! - values[0]!);
      const above = values.findIndex((value) => value >= x);
      if (above < 0) return normals.at(-1)! + slope * (x - values.at(-1)!);
      if (above === 0) return normals[0]! + slope * (x - values[0]!);
      const share = (x - values[above - 1]!) / (values[above]! - values[above - 1]!);
      return normals[above - 1]! + share * (normals[above]! - normals[above - 1]!);
    }
    default:
      return z;
  }
}

function columnsOf(state: State, cell: string): number[] {
  if (state.type === "category") {
    const place = state.categories.indexOf(cell);
    return [place >= 0 ? place : state.other ? state.categories.length : -1];
  }
  const flag = state.indicator ? [Number(cell === "")] : [];
  if (state.type === "number") return [scaled(cell === "" ? state.fill : Number(cell), state.scaler!), ...flag];
  const days = Date.parse(cell) / DAY;
  const cycles = state.cycles.flatMap((name) => {
    if (cell === "") return [0, 0, 0, 0];
    const t = 2 * Math.PI * turns[name]!(days);
    return [Math.cos(t), Math.sin(t), Math.cos(2 * t), Math.sin(2 * t)];
  });
  const since = state.scaler ? [scaled(cell === "" ? 0 : days - state.fill, state.scaler)] : [];
  return [...since, ...cycles, ...flag];
}

/** The rows of a matrix times x. */
const times = (data: number[], x: number[], rows: number, from = 0) =>
  Array.from({ length: rows }, (_, r) => x.reduce((sum, value, c) => sum + data[from + r * x.length + c]! * value, 0));
const part = (data: number[], e: number, size: number) => data.slice(e * size, (e + 1) * size);

function inputsOf({ columns, numbers }: Input, X: number[], tensor: (name: string) => number[]): number[] {
  let embedded = -1;
  return columns.flatMap(({ kind, places, width, edges }, c) => {
    const x = X[c]!;
    if (kind === "number") return [x];
    if (kind === "sign") return [x === 0 ? -1 : x === 1 ? 1 : 0];
    if (kind === "oneHot") return Array.from({ length: places }, (_, place) => Number(place === x));
    if (kind === "categoryEmbedding") {
      return x < 0 ? new Array<number>(width).fill(0) : part(tensor(`categories.${c}.weight`), x, width);
    }
    const e = ++embedded;
    const { name, hidden, outputs } = numbers;
    /** for each of so many outputs, how far x is through each bin by the bins' weights */
    const bends = (outputs: number) => {
      const bins = tensor("numbers.bins").length / (tensor("numbers.bias").length || 1);
      const through = Array.from({ length: bins }, (_, b) => {
        if (b >= edges.length - 1) return 0;
        const share = (x - edges[b]!) / (edges[b + 1]! - edges[b]!);
        return Math.min(b === edges.length - 2 ? Infinity : 1, Math.max(b === 0 ? -Infinity : 0, share));
      });
      return times(tensor("numbers.bins"), through, outputs, e * outputs * bins);
    };
    if (name === "pbld") {
      const [frequency, phase] = ["frequency", "phase"].map((of) => part(tensor(`numbers.${of}`), e, hidden)) as [
        number[],
        number[],
      ];
      const H = frequency.map((w, h) => Math.cos(2 * Math.PI * w * x + phase[h]!));
      const bias = part(tensor("numbers.bias"), e, outputs - 1);
      const bent = numbers.bins > 0 ? bends(outputs - 1) : bias.map(() => 0);
      const waves = times(tensor("numbers.weight"), H, outputs - 1, e * (outputs - 1) * hidden);
      return [x, ...waves.map((y, o) => y + bias[o]! + bent[o]!)];
    }
    const [weight, bias] = ["weight", "bias"].map((of) => part(tensor(`numbers.${of}`), e, outputs)) as [
      number[],
      number[],
    ];
    const bent = bends(outputs);
    return weight.map((w, o) => w * x + bias[o]! + bent[o]!);
  });
}

const activations: Record<string, (x: number) => number> = {
  relu: (x) => Math.max(x, 0),
  mish: (x) => x * Math.tanh(Math.log1p(Math.exp(x))),
  selu: (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
};

/** Those of each network that the tensors with this prefix are of. */
function outputsOf({ network }: Description, tensors: Tensors, prefix: string, X: number[]): number[][] {
  const tensor = (name: string) => tensors[prefix + name]!.data;
  const scaling = tensors[`${prefix}scaling`]?.data;
  const inputs = inputsOf(network.input, X, tensor).map((value, i) => value * (scaling?.[i] ?? 1));
  const f = activations[network.activation.name]!;
  const k = network.tabm ?? 1;
  return Array.from({ length: k }, (_, i) => {
    let x = inputs;
    /** the i-th of k equal parts */
    const own = (name: string): number[] | undefined => {
      const data = tensors[prefix + name]?.data;
      return data && part(data, i, data.length / k);
    };
    for (let layer = 0; layer <= network.hidden.length; layer++) {
      const isLast = layer === network.hidden.length;
      const of = (name: string) => own(`layers.${layer}.${name}`);
      const [r, s, bias] = [of("r"), of("s"), of("bias")!];
      const weight = isLast ? of("weight")! : tensor(`layers.${layer}.weight`);
      const products = times(weight, r ? x.map((value, j) => value * r[j]!) : x, bias.length);
      x = products.map((y, o) => y * (s?.[o] ?? 1) + bias[o]!);
      if (isLast) break;
      const alpha = own(`activations.${layer}.alpha`);
      x = x.map((y, o) => y + (alpha?.[o] ?? 1) * (f(y) - y));
    }
    return x;
  });
}

const softmax = (x: number[]) => {
  const exps = x.map((value) => Math.exp(value - Math.max(...x)));
  return exps.map((value) => value / exps.reduce((sum, each) => sum + each));
};

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
const probabilities = (x: number[]) => (x.length === 1 ? [sigmoid(-x[0]!), sigmoid(x[0]!)] : softmax(x));

function predictionsOf({ target, network }: Description, outputs: number[]): number[] {
  if (target.task === "classification") return probabilities(outputs);
  return network.loss.name === "poisson" ? outputs.map((yHat) => Math.exp(Math.min(yHat, 5))) : outputs;
}

/** The number that is predicted of a row, or the probabilities of the classes. */
function predicted(path: string, row: Record<string, string>): number[] {
  const { description, tensors } = read(path);
  const { pipeline, target, members = 1 } = description;
  const X = pipeline.flatMap((state) => columnsOf(state, row[state.name]!)).map(Math.fround);
  const all = Array.from({ length: members }, (_, m) =>
    outputsOf(description, tensors, members > 1 ? `members.${m}.` : "", X),
  )
    .flat()
    .map((outputs) => predictionsOf(description, outputs));
  const mean = all[0]!.map((_, o) => all.reduce((sum, outputs) => sum + outputs[o]!, 0) / all.length);
  if (target.task === "classification") return softmax(mean.map((p) => Math.log(p) / (target.temperature ?? 1)));
  const { scaler, range, residuals } = target.targets[0]!;
  const inverted = (u: number) => {
    const y = u * scaler.scale + scaler.center;
    return range ? Math.min(Math.max(y, range[0]), range[1]) : y;
  };
  const u = mean[0]!;
  const ends = [100 - PERCENT, 100 + PERCENT].map((i) => {
    const { distances, bands } = residuals!;
    const distance = along(
      u,
      distances.map(({ predicted }) => predicted),
      distances.map(({ distance }) => distance),
    );
    const { quantiles } = bands.filter(({ from }) => from <= u).at(-1) ?? bands[0]!;
    const quantile = quantiles[i - 1]!;
    const away = quantile * distance;
    return target.distribution === "poisson" ? Math.max(u + away * Math.sqrt(u), 0) : u + away;
  });
  return [u, ...ends].map(inverted);
}

/** Along the lines between points, at the first or last one's height beyond them. */
function along(x: number, xs: number[], ys: number[]): number {
  const next = xs.findIndex((each) => each >= x);
  if (next <= 0) return ys.at(next)!;
  return ys[next - 1]! + ((x - xs[next - 1]!) / (xs[next]! - xs[next - 1]!)) * (ys[next]! - ys[next - 1]!);
}

/** Of the intervals that are tried. */
const PERCENT = 80;

const header = ["size", "amount", "kind", "town", "flag", "due", "price", "grade"];
const rows = Array.from({ length: 160 }, (_, i) => {
  const due = new Date(Date.UTC(2022, 0, 1) + 5.25 * i * DAY).toISOString().slice(0, 16);
  const size = i % 13 === 5 ? "" : String((i * 37) % 101);
  return [
    ...[size, String(Math.round(1000 * Math.exp(((i * 29) % 50) / 10)) / 1000), "xyz"[i % 3]!],
    ...[`t${(i * i) % 23}`, i % 2 ? "yes" : "no", i % 17 === 3 ? "" : due],
    ...[String(((i * 37) % 101) + 20 * (i % 3) + ((i * 7) % 10)), ["low", "mid", "high"][(i * 5) % 3]!],
  ];
});

it.each([
  ["a regression of a preset", { target: "price", ignore: ["grade"] }, { preset: "fast" }],
  ["classes of a preset", { target: "grade", ignore: ["price"] }, { preset: "fast" }],
  [
    "two classes by one output",
    { target: "flag", ignore: ["grade", "price"] },
    { preset: "none", model: { hidden: [8], members: 2 } },
  ],
  [
    "networks that share weights",
    { target: "grade", ignore: ["price"] },
    { preset: "none", model: { hidden: [8, 6], tabm: 3, members: 2, parametric: true } },
  ],
  [
    "networks that share weights, of the logarithm of a mean",
    { target: "price", ignore: ["grade"] },
    { preset: "none", model: { hidden: [8], tabm: 3, members: 2, loss: "poisson" } },
  ],
  [
    "a single network with other scalers and piecewise-linear embeddings",
    { target: "price", ignore: ["grade"] },
    {
      preset: "none",
      scale: { inputs: { "*": "standard", amount: "log1pStandard", size: "quantileNormal" } },
      model: { hidden: [8], numericEmbedding: { name: "piecewiseLinear", bins: 6, outputs: 3 } },
    },
  ],
])("the page on the model file is enough to predict with it: %s", async (_, data, config) => {
  const cwd = folder({
    "t.csv": [header, ...rows].map((cells) => cells.join(",")).join("\n"),
    "c.json": JSON.stringify({
      ...config,
      data: { train: "t.csv", ...data },
      training: { epochs: 6, calibrate: data.target === "flag" || JSON.stringify(config).includes("poisson") },
    }),
  });
  await works(["train", "c.json"], { cwd });
  const isClass = data.target !== "price";
  const { out } = await works(
    ["predict", "runs/c", "t.csv", ...(isClass ? ["--proba"] : ["--interval", String(PERCENT)])],
    { cwd },
  );
  const told = cells(out).slice(1);
  for (const [i, row] of rows.entries()) {
    const named = Object.fromEntries(header.map((name, c) => [name, row[c]!]));
    const numbers = predicted(join(cwd, "runs/c/model.safetensors"), named);
    const expected = (isClass ? told[i]!.slice(1) : told[i]!).map(Number);
    for (const [o, number] of numbers.entries()) {
      expect(Math.abs(number - expected[o]!), `row ${i}`).toBeLessThan(1e-4 * Math.max(1, Math.abs(number)));
    }
    if (i > 60) break; // each reads the file anew
  }
});
