import { expect, it } from "vitest";
import { works } from "./nnfit.js";

it("each command has the usage that the list of commands says, and its help", async () => {
  const { out } = await works(["--help"]);
  const listed = [...out.matchAll(/^ {2}((\w+) (?:\[options\].*?)) {2,}\S/gm)].map(([, usage, name]) => [
    name!,
    usage!,
  ]);
  expect(listed.map(([name]) => name)).toContain("train");
  expect(listed).toHaveLength(9);
  for (const [name, usage] of listed) {
    const help = await works([name!, "--help"]);
    expect(help.out).toContain(`Usage: nnfit ${usage}\n`);
    expect((await works(["help", name!])).out).toBe(help.out);
  }
});
