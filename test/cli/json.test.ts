import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { systemBlas } from "../engine/blas.js";
import { folder, json, nnfit, put } from "./nnfit.js";

/** A row of a table of docs/json.md. */
interface Field {
  /** its parts: `columns[].worse.<score>` is columns, [], worse, <score> */
  readonly path: readonly string[];
  readonly types: readonly string[];
  readonly canBeAbsent: boolean;
}

const EVERY_COMMAND = "Every command";
const manual = readFileSync(fileURLToPath(new URL("../../docs/json.md", import.meta.url)), "utf8");
const documented = new Map(manual.split(/^## /m).map((section) => [section.split("\n")[0]!, fieldsIn(section)]));

function fieldsIn(section: string): Field[] {
  const rows = section.matchAll(/^\| (`\S+`(?: `\S+`)*) \| ([a-z ]+) \| (.*)\|$/gm);
  return [...rows].flatMap(([, names, types, meaning]) =>
    [...names!.matchAll(/`(\S+)`/g)].map(([, name]) => ({
      path: name!.replaceAll("[]", ".[]").split("."),
      types: types!.split(" or "),
      canBeAbsent: /\babsent\b/i.test(meaning!),
    })),
  );
}

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isOfType: Readonly<Record<string, (value: unknown) => boolean>> = {
  any: () => true,
  array: Array.isArray,
  boolean: (value) => typeof value === "boolean",
  integer: Number.isInteger,
  null: (value) => value === null,
  number: (value) => typeof value === "number",
  object: isObject,
  string: (value) => typeof value === "string",
};

/** A value somewhere in a printed object. */
interface Place {
  readonly path: readonly string[];
  readonly value: unknown;
}

function placesIn(value: unknown, path: readonly string[] = []): Place[] {
  const isArray = Array.isArray(value);
  const parts = isArray || isObject(value) ? Object.entries(value) : [];
  return [{ path, value }, ...parts.flatMap(([key, part]) => placesIn(part, [...path, isArray ? "[]" : key]))];
}

const isName = (part: string) => part.startsWith("<");

/** Whether a path is that of a pattern, or goes on from there. */
function begins(path: readonly string[], pattern: readonly string[]): boolean {
  return pattern.every((part, i) => part === path[i] || (isName(part) && i < path.length));
}

/** The field that a path is documented by: its own, or one above it of which no parts are listed. */
function fieldAt(fields: readonly Field[], path: readonly string[]): Field | undefined {
  return fields.find(
    (field) => begins(path, field.path) && (path.length === field.path.length || field.types.includes("any")),
  );
}

const textOf = (path: readonly string[]) => path.join(".").replaceAll(".[]", "[]");

/** What is not documented of an object, or not as it is. */
function faults(fields: readonly Field[], printed: object): string[] {
  return placesIn(printed).flatMap(({ path, value }) => {
    const field = fieldAt(fields, path);
    if (field?.types.some((type) => isOfType[type]!(value))) return [];
    if (field) return [`${textOf(path)} is ${JSON.stringify(value)}`];
    return Array.isArray(value) || isObject(value) ? [] : [`${textOf(path)} is not documented`];
  });
}

/** Fields that are not there, though what holds them is, and nothing says that they may be absent. */
function lacking(fields: readonly Field[], printed: object): string[] {
  const places = placesIn(printed);
  return fields.flatMap(({ path, canBeAbsent }) => {
    const end = path.findLastIndex((part) => part !== "[]" && !isName(part));
    const own = path.slice(0, end + 1); // what comes after may be empty
    const [holder, name] = [own.slice(0, -1), own.at(-1)!];
    const lacks = ({ path, value }: Place) =>
      path.length === holder.length && begins(path, holder) && isObject(value) && !(name in value);
    return !canBeAbsent && places.some(lacks) ? [textOf(own)] : [];
  });
}

/** More inputs and targets than a linear model may have. */
const names = Array.from({ length: 5100 }, (_, column) => `c${column}`);
const targetNames = Array.from({ length: 20 }, (_, t) => `y${t}`);
const wideHeader = [...names, ...targetNames];
const wide = Array.from({ length: 20 }, (_, row) => wideHeader.map((_, column) => (row * (column + 3)) % 9973));
const two = (number: number) => String(number).padStart(2, "0");
const rows = Array.from({ length: 40 }, (_, i) => {
  const inputs = [
    i === 5 ? "" : i % 7,
    (i * 5) % 11,
    i % 3 ? "red" : "blue",
    `2024-${two(1 + (i % 12))}-${two(1 + (i % 28))}`,
  ];
  return [...inputs, `shop ${i % 8}`, i % 2 ? "yes" : "no", "xyz"[i % 3], 1 + (i % 7), i % 5];
});
const lines = (header: string, rows: readonly (readonly unknown[])[]) =>
  [header, ...rows.map((row) => row.join()), ""].join("\n");
const table = lines("a,b,colour,day,shop,two,three,y,z", rows);
const commas = rows.map((_, i) =>
  [`1.${100 + ((i * 7) % 31)},5`, `${two(1 + (i % 28))}/${two(1 + (i % 12))}/2023`, i % 9].join(";"),
);

/** Mostly zeros, and some amounts in some unit. */
const amounts = (unit: number) =>
  lines(
    "amount,two",
    Array.from({ length: 200 }, (_, i) => [i % 4 ? 0 : (1 + i) / unit, i % 3 ? "yes" : "no"]),
  );

const config = (data: object, more: object = {}) =>
  JSON.stringify({ data: { train: "t.csv", ...data }, model: { hidden: [3] }, training: { epochs: 2 }, ...more });
const ofTwo = { target: "two", ignore: ["shop", "three", "y", "z"] };
const ofY = { target: "y", ignore: ["shop", "two", "three", "z"] };
const search = {
  "model.hidden": { choice: [[2], [3]] },
  "training.optimizer.learningRate": { log: [0.01, 0.1] },
  runs: 2,
};
const cwd = folder({
  "t.csv": table,
  "moved.csv": table,
  "wide.csv": lines(wideHeader.join(), wide),
  "commas.csv": ["amount;day;y", ...commas, ""].join("\n"),
  "yes.csv": lines(
    "a,b,colour,day,two",
    rows.filter((row) => row[5] === "yes").map((row) => [...row.slice(0, 4), "yes"]),
  ),
  "odd.csv": "a,b,colour,day\nx,1,red,2024-03-01\n1e9,1,green,2024-03-01\n,1,red,2024-03-01\n",
  "green.csv": "a,b,colour,day,two\n1e9,1,green,2024-03-01,yes\n,1,red,2024-03-01,no\n",
  "lacking.csv": "a,b,colour,more\n1,2,red,4\n",
  "two.json": config(ofTwo),
  "moved.json": config({ ...ofTwo, train: "moved.csv" }),
  "three.json": config(
    { target: "three", ignore: ["two", "y", "z"], groups: "shop" },
    { training: { epochs: 2, calibrate: true } },
  ),
  "y.json": config(ofY, { training: { epochs: 0 } }),
  "targets.json": config(
    { target: ["y", "z"], ignore: ["shop", "two", "three"] },
    { model: { hidden: [3], members: 2 }, scale: { clamp: true } },
  ),
  "wide.json": config({ train: "wide.csv", target: targetNames }),
  "commas.json": config(
    { train: "commas.csv", target: "y", decimal: ",", thousands: ".", time: "day" },
    { task: "regression", model: { hidden: [3], tabm: 2 } },
  ),
  "amounts.csv": amounts(1),
  "cents.csv": amounts(100),
  "amounts.json": config({ train: "amounts.csv", target: "two" }),
  "numbered.csv": lines(
    "n,a,two",
    rows.map(([a, , , , , two], i) => [i + 1, a, two]),
  ),
  "numbered.json": config({ train: "numbered.csv", target: "two" }),
  "search.json": config(ofY, { search }),
  "hopeless.json": config(ofY, {
    search: { ...search, "training.optimizer.learningRate": { log: [1e20, 1e30] } },
  }),
});

const broken = `
  import threads from "node:worker_threads";
  threads.Worker = class { constructor() { throw new Error("broken") } };
  process.cwd = () => "/nowhere";`;
const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(broken)}`;

/** A command line, and what is in its environment. */
type Call = readonly [line: string, env?: Readonly<Record<string, string>>];

/** By the headings of docs/json.md, in turns: each needs what those before have written. */
const turns: readonly Readonly<Record<string, readonly Call[]>>[] = [
  {
    train: [
      ["train two.json --set data.threshold=0.4"],
      ["train moved.json"],
      ["train three.json"],
      ["train y.json"],
      ['train y.json --set model.loss={"name":"quantile"} --out runs/quantile'],
      ["train y.json --set model.loss=poisson --set training.calibrate=true --out runs/counts"],
      ["train targets.json --fail-if rmse_y>0"],
      ["train wide.json"],
      ["train commas.json"],
      ["train amounts.json"],
    ],
    doctor: [["doctor"], ["doctor", { NODE_OPTIONS, NNFIT_BLAS: "/nowhere" }]],
    schema: [["schema"]],
  },
  {
    [EVERY_COMMAND]: [
      ["train two.json --set training.epochs=many"],
      ["train numbered.json --set model.loss=mse"],
      ["predict runs/two t.csv"],
    ],
    "train --resume, if the training was complete": [["train wide.json --resume"]],
    "train --folds": [
      ["train two.json --folds 2 --out runs/folds"],
      ["train targets.json --folds 2 --keep --out runs/kept"],
      ["train wide.json --folds 2 --out runs/wide-folds"],
      ['train y.json --folds 2 --set model.loss={"name":"quantile"} --out runs/quantile-folds'],
      ["train y.json --folds 2 --set model.loss=poisson --out runs/counts-folds"],
    ],
    search: [["search search.json"], ["search hopeless.json"]],
    predict: [["predict runs/two odd.csv --on-error null --out p.csv"]],
    evaluate: [
      ["evaluate runs/two t.csv --importance"],
      ["evaluate runs/two yes.csv --threshold 0.3"],
      ["evaluate runs/two green.csv"],
      ["evaluate runs/three t.csv --against runs/three"],
      ["evaluate runs/y t.csv --importance --fail-if rmse>0"],
      ["evaluate runs/targets t.csv --no-intervals --against runs/targets"],
      ["evaluate runs/wide wide.csv"],
      ["evaluate runs/quantile t.csv --no-intervals"],
      ["evaluate runs/counts t.csv --no-intervals"],
    ],
    check: [
      ["check runs/three t.csv"],
      ["check runs/two odd.csv"],
      ["check runs/two lacking.csv"],
      ["check runs/amounts cents.csv"],
    ],
    inspect: ["two", "three", "y", "targets", "wide", "commas", "quantile", "counts", "amounts"].map(
      (run): Call => [`inspect runs/${run}`],
    ),
    verify: [["verify runs/two"], ["verify runs/moved"]],
  },
];

const computes = /^(?:train|search|verify)/;
const printed = new Map<string, object[]>();
beforeAll(async () => {
  for (const turn of turns) {
    const calls = Object.entries(turn).map(async ([heading, calls]) => {
      printed.set(heading, await Promise.all(calls.map(objectOf)));
    });
    await Promise.all(calls);
    put(cwd, { "moved.csv": table.replace(/^3,/gm, "4,") }); // so that verify finds other bytes for runs/moved
  }
});

async function objectOf([line, env]: Call): Promise<object> {
  const threads = computes.test(line) ? ["--threads", "1"] : [];
  const { out } = await nnfit([...line.split(" "), ...threads, "--json"], { cwd, env: env ?? {} });
  return json<object>(out);
}

const everywhere = documented.get(EVERY_COMMAND) ?? [];
const fieldsOf = (heading: string) => [...new Set([...everywhere, ...(documented.get(heading) ?? [])])];
const headings = turns.flatMap((turn) => Object.keys(turn));
/** What only a machine with a BLAS library prints. */
const ofOtherMachines = typeof (await systemBlas()) === "string" ? ["blas.name"] : [];

/** What is found in all objects of a heading, once. */
function foundIn(heading: string, find: (fields: readonly Field[], printed: object) => string[]): string[] {
  return [...new Set(printed.get(heading)!.flatMap((object) => find(fieldsOf(heading), object)))];
}

describe("docs/json.md", () => {
  it("has a table for each command here, and no other", () => {
    const withFields = [...documented].filter(([, fields]) => fields.length > 0).map(([heading]) => heading);
    expect(withFields.sort()).toEqual([...headings].sort());
  });

  it.each(headings)("has every field that is printed, with its type: %s", (heading) => {
    expect(foundIn(heading, faults)).toEqual([]);
  });

  it.each(headings)("says of every field that is not always printed when it is absent: %s", (heading) => {
    expect(foundIn(heading, lacking)).toEqual([]);
  });

  it.each(headings)("has no field that is never printed: %s", (heading) => {
    const places = printed.get(heading)!.flatMap((object) => placesIn(object));
    const seen = new Set(places.map(({ path }) => fieldAt(fieldsOf(heading), path)));
    const unseen = documented.get(heading)!.filter((field) => !seen.has(field));
    expect(unseen.map(({ path }) => textOf(path)).filter((name) => !ofOtherMachines.includes(name))).toEqual([]);
  });
});
