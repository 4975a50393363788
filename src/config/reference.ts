import * as z from "zod";
import { activations } from "../model/activations.js";
import { initializers } from "../model/initializers.js";
import { losses } from "../model/losses.js";
import { numericEmbeddings } from "../model/numericEmbeddings.js";
import { metrics } from "../score/metrics.js";
import { judges } from "../search/judges.js";
import { methods } from "../search/methods.js";
import { ranges } from "../search/ranges.js";
import { optimizers } from "../train/optimizers.js";
import { schedules } from "../train/schedules.js";
import { scalers } from "../transform/scalers.js";
import { type Place, wholeConfig } from "./places.js";

/** The JSON Schema of a config, as editors use it. */
export function jsonSchema(): string {
  return `${JSON.stringify({ title: "nnfit config", ...wholeConfig() }, undefined, 2)}\n`;
}

interface Described {
  readonly about: string;
  readonly options?: z.ZodObject;
}

const families: Readonly<Record<string, { setting: string; members: Readonly<Record<string, Described>> }>> = {
  activations: { setting: "model.activation", members: activations },
  losses: { setting: "model.loss", members: losses },
  initializers: { setting: "model.initializer", members: initializers },
  "embeddings of numbers": { setting: "model.numericEmbedding", members: numericEmbeddings },
  scalers: { setting: "scale.inputs, scale.target", members: scalers },
  optimizers: { setting: "training.optimizer", members: optimizers },
  schedules: { setting: "training.schedule", members: schedules },
  metrics: { setting: "reported by train and evaluate", members: metrics },
  ranges: { setting: "search", members: ranges },
  methods: { setting: "search.method", members: methods },
  judges: { setting: "search.judge", members: judges },
};

/** Every setting and every member of every family, in Markdown. */
export function reference(): string {
  const settings = rows(wholeConfig()).map(([name, fallback, about]) => `| \`${name}\` | ${fallback} | ${about} |`);
  const tables = Object.entries(families).flatMap(([title, { setting, members }]) => [
    "",
    `**${title[0]!.toUpperCase()}${title.slice(1)}** (${setting})`,
    "",
    "| name | what it is | options |",
    "|---|---|---|",
    ...Object.entries(members).map(
      ([name, { about, options }]) => `| \`${name}\` | ${cellText(about)} | ${optionText(options)} |`,
    ),
  ]);
  return [`| setting | default | what it is |`, "|---|---|---|", ...settings, ...tables].join("\n");
}

/** The settings below a schema: name, default, what it is. */
function rows({ properties = {}, additionalProperties: others }: Place, prefix = ""): string[][] {
  const named = typeof others === "object" ? { ...properties, "<path>": others } : properties;
  return Object.entries(named)
    .filter(([name]) => name !== "$schema")
    .flatMap(([name, schema]) => {
      if (schema.properties && name !== "<path>") return rows(schema, `${prefix}${name}.`);
      const fallback = schema.default === undefined ? "" : `\`${JSON.stringify(schema.default)}\``;
      return [[`${prefix}${name}`, fallback, cellText(`${schema.description ?? ""}${boundsText(schema)}`)]];
    });
}

function optionText(options: z.ZodObject | undefined): string {
  if (!options) return "";
  const { properties = {} } = z.toJSONSchema(options, { io: "input" }) as Place;
  return Object.entries(properties)
    .map(
      ([name, { default: fallback, description = "", ...bounds }]) =>
        `\`${name}\`${fallback === undefined ? "" : ` ${JSON.stringify(fallback)}`}: ${cellText(`${description}${boundsText(bounds)}`)}`,
    )
    .join("<br>");
}

/** A number beyond is none that anybody would set. */
const LARGE = 2 ** 31 - 1;

/** How small and large a number may be, each of a list, or one in the place of something else. */
function boundsText({ items, anyOf = [], ...own }: Place): string {
  const bounds = boundsOf(own);
  if (bounds) return ` (${bounds})`;
  const each = items && boundsOf(items);
  if (each) return ` (each ${each})`;
  const number = anyOf.map(boundsOf).find((bounds) => bounds);
  return number ? ` (a number: ${number})` : "";
}

function boundsOf({ type, minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Place): string | undefined {
  const least = type === "integer" && exclusiveMinimum !== undefined ? exclusiveMinimum + 1 : minimum;
  const bounds = [
    ...(exclusiveMinimum === undefined || least !== undefined ? [] : [`above ${exclusiveMinimum}`]),
    ...(least === undefined || least <= -LARGE ? [] : [`at least ${least}`]),
    ...(exclusiveMaximum === undefined ? [] : [`below ${exclusiveMaximum}`]),
    ...(maximum === undefined || maximum >= LARGE ? [] : [`at most ${maximum}`]),
  ];
  return bounds.length > 0 ? bounds.join(", ") : undefined;
}

function cellText(text: string): string {
  return text.replaceAll("|", "\\|");
}
