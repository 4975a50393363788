import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** Tests run the sources, and also processes and threads of the last build, which has to be of these sources. */
export default function refuseOldBuild(): void {
  const built = statSync("dist/bundle/main.cjs", { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const sources = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  const changed = sources.find((file) => statSync(join("src", file)).mtimeMs > built);
  if (changed !== undefined) throw new Error(`the build is older than src/${changed}: npm run build`);
}
