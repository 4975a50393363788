import { type Command, Option } from "commander";
import { eventsJsonSchema } from "../artifact/events.js";
import { version } from "../artifact/version.js";
import { jsonSchema, reference } from "../config/reference.js";
import { printResult } from "./failure.js";
import { example } from "./usage.js";

interface SchemaOptions {
  readonly markdown?: boolean;
  readonly events?: boolean;
  readonly json?: boolean;
}

export function configure(command: Command): Command {
  return command
    .option("--events", "print the JSON Schema of a line of events.ndjson")
    .option("--markdown", "print the reference as Markdown")
    .addOption(
      new Option("--json", "print one JSON object with the schema and the version of nnfit").conflicts("markdown"),
    )
    .addHelpText("before", example("nnfit schema > nnfit.schema.json", "nnfit schema --markdown"))
    .action(schemaAction);
}

function schemaAction({ markdown, events, json }: SchemaOptions): void {
  const schema = () => (events ? eventsJsonSchema() : jsonSchema());
  if (json) printResult({ version: 1, nnfit: version, schema: JSON.parse(schema()) });
  else process.stdout.write(markdown && !events ? `${reference()}\n` : schema());
}
