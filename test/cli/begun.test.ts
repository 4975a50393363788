import { expect, it } from "vitest";
import type { Checkpoints, FoundCheckpoint } from "../../src/artifact/checkpoints.js";
import { version } from "../../src/artifact/version.js";
import { begunWith } from "../../src/cli/begun.js";
import { refusal } from "../data/source.js";

it("a checkpoint of another version of nnfit is not gone on with, as its updates may be others", async () => {
  const origin = { config: { training: { epochs: 3 } }, data: { "number of rows": "60" } };
  const refused = { what: "the run was started with another", at: "runs/c", try: "a new run", anew: "a new run" };
  const begun = (of: string) => {
    const found = { ...origin, model: { version: of } } as unknown as FoundCheckpoint; // no more of it is looked at
    return begunWith(origin, { newest: () => found } as unknown as Checkpoints, refused);
  };
  expect(begun(version)).toMatchObject(origin);
  expect(await refusal(() => begun("0.0.1"))).toMatchObject({
    kind: "usage",
    details: { at: "runs/c", have: `nnfit: 0.0.1, now ${version}` },
  });
});
