import { Command, Option } from "commander";
import { version } from "../artifact/version.js";
import { printResult } from "./failure.js";
import { example } from "./usage.js";

interface SchemaOptions {
  readonly markdown?: boolean;
  readonly events?: boolean;
  readonly json?: boolean;
}

export function schemaCommand(): Command {
  return new Command("schema")
    .description("print the JSON Schema of a config, or a reference of all settings")
    .option("--events", "print the JSON Schema of a line of events.ndjson")
    .option("--markdown", "print the reference as Markdown")
    .addOption(
      new Option("--json", "print one JSON object with the schema and the version of nnfit").conflicts("markdown"),
    )
    .addHelpText("before", example("nnfit schema > nnfit.schema.json", "nnfit schema --markdown"))
    .action(schemaAction);
}

async function schemaAction({ markdown, events, json }: SchemaOptions): Promise<void> {
  const { eventsJsonSchema } = await import("../artifact/events.js");
  const { jsonSchema, reference } = await import("../config/reference.js");
  const schema = () => (events ? eventsJsonSchema() : jsonSchema());
  if (json) printResult({ version: 1, nnfit: version, schema: JSON.parse(schema()) });
  else process.stdout.write(markdown && !events ? `${reference()}\n` : schema());
}
