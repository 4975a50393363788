import { Command } from "commander";
import { example } from "./usage.js";

export function schemaCommand(): Command {
  return new Command("schema")
    .description("print the JSON Schema of a config, or a reference of all settings")
    .option("--events", "print the JSON Schema of a line of events.ndjson")
    .option("--markdown", "print the reference, in Markdown")
    .addHelpText("before", example("nnfit schema > nnfit.schema.json", "nnfit schema --markdown"))
    .action(async ({ markdown, events }: { markdown?: boolean; events?: boolean }) => {
      if (events) {
        const { eventsJsonSchema } = await import("../artifact/events.js");
        process.stdout.write(eventsJsonSchema());
        return;
      }
      const { jsonSchema, reference } = await import("../config/reference.js");
      process.stdout.write(markdown ? `${reference()}\n` : jsonSchema());
    });
}
